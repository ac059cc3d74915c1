"""Merge three versions of a project: as generated, as generated anew, and the user's.

Files that only one side changed are that side's. What both changed is merged line by line by
`git merge-file`, so that a conflict looks as everywhere else; nothing of either side is lost.
"""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from thruway.errors import ProjectError

if TYPE_CHECKING:
    from collections.abc import Mapping

Action = Literal["unchanged", "updated", "added", "removed", "kept", "merged", "conflict"]
YOURS, NEW = "yours", "new"
_MARKER = re.compile(rb"^<<<<<<< yours\r?$", re.MULTILINE)
_MOST_CONFLICTS = 127


@dataclass(frozen=True)
class Merged:
    """One file after the merge.

    Attributes:
        path: where, relative to the project (posix).
        action: `unchanged`: neither changed it, or both alike. `updated`, `added`, `removed`: as
            the new text wants it. `kept`: as the user has it. `merged`: both.
            `conflict`: look at it.
        content: what is written; None for no file.
        conflicts: places to look at.
        note: in words, where the action does not say it all.
    """

    path: str
    action: Action
    content: bytes | None
    conflicts: int = 0
    note: str = ""

    def dump(self) -> dict[str, str | int]:
        """Return the record for `--json`."""
        return {
            "path": self.path,
            "action": self.action,
            "conflicts": self.conflicts,
            "note": self.note,
        }


def merge_files(
    base: Mapping[str, bytes], new: Mapping[str, bytes], yours: Mapping[str, bytes]
) -> tuple[Merged, ...]:
    """Return every file of the merged project, sorted by path.

    Args:
        base: path → content as it was generated.
        new: path → content as it is generated now.
        yours: path → content as the user has it.
    """
    return tuple(
        merge_file(path, base.get(path), new.get(path), yours.get(path))
        for path in sorted({*base, *new, *yours})
    )


def merge_file(path: str, base: bytes | None, new: bytes | None, yours: bytes | None) -> Merged:
    """Merge one file; None is a file that is not there."""
    as_it_is, yours = yours, _same_ends(yours, new if base is None else base)
    if yours == new:
        return Merged(path, "unchanged", as_it_is)
    if yours == base:
        action: Action = "added" if base is None else "removed" if new is None else "updated"
        return Merged(path, action, new)
    if new == base:
        note = "removed by you" if yours is None else "edited by you" if base else "yours"
        return Merged(path, "kept", as_it_is, note=note)
    if new is None:
        note = "edited by you, and no longer generated: nothing of the program is in it now"
        return Merged(path, "conflict", as_it_is, 1, note)
    if yours is None:
        return Merged(path, "conflict", new, 1, "removed by you, and generated anew with changes")
    return _merge_texts(path, base or b"", new, yours)


def _same_ends(yours: bytes | None, generated: bytes | None) -> bytes | None:
    """Return the text with the ends of lines that were generated: git may have changed them."""
    if yours is None or generated is None or b"\r\n" in generated:
        return yours
    return yours.replace(b"\r\n", b"\n")


def conflicted(files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return the files in which conflicts of an earlier merge are left."""
    return tuple(path for path, content in sorted(files.items()) if _MARKER.search(content))


def _merge_texts(path: str, base: bytes, new: bytes, yours: bytes) -> Merged:
    if any(b"\0" in content for content in (base, new, yours)):
        return Merged(path, "conflict", yours, 1, "not text: it stays as you have it")
    content, conflicts = merge_lines(base, new, yours)
    if conflicts:
        places = f"{conflicts} conflict{'s' if conflicts != 1 else ''}"
        return Merged(path, "conflict", content, conflicts, f"{places}: look for `<<<<<<< yours`")
    if path.endswith(".py") and _parses(yours) and _parses(new) and not _parses(content):
        note = "both changes together are no valid Python"
        return Merged(path, "conflict", content, 1, note)
    return Merged(path, "merged", content, note="your edits and the new text")


def merge_lines(base: bytes, new: bytes, yours: bytes) -> tuple[bytes, int]:
    """Return the merged text and how many conflicts are marked in it.

    Raises:
        ProjectError: git is not installed.
    """
    git = shutil.which("git")
    if git is None:
        raise ProjectError(
            "both you and the new text changed a file, and there is no git to merge them",
            fix="install git, which `thruway sync` merges lines with",
        )
    with tempfile.TemporaryDirectory(prefix="thruway-") as folder:
        places = [Path(folder, name) for name in ("yours", "base", "new")]
        for place, content in zip(places, (yours, base, new), strict=True):
            place.write_bytes(content)
        labels = ["-L", YOURS, "-L", "as generated before", "-L", NEW]
        done = subprocess.run(
            [git, "merge-file", "--stdout", "--quiet", *labels, *map(str, places)],
            cwd=folder,
            capture_output=True,
            check=False,
        )
    # The status is the number of conflicts, at most 127; above, git could not merge at all.
    if done.returncode > _MOST_CONFLICTS or done.returncode < 0:
        raise ProjectError(
            "git could not merge a file", fix=done.stderr.decode(errors="replace").strip()
        )
    return done.stdout, done.returncode


def at_paths(
    files: Mapping[str, bytes], moved: Mapping[str, str], called: Mapping[str, str] | None = None
) -> dict[str, bytes]:
    """Return files with some modules at other paths, and named so wherever they are meant.

    Args:
        files: path → content.
        moved: path of a module → its other path.
        called: name of a step → its other name. No variable is called like a step.
    """
    moved = {old: new for old, new in moved.items() if old != new}
    names = {**moved, **{_module(old): _module(new) for old, new in moved.items()}}
    names |= called or {}
    if not names:
        return dict(files)
    known = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    pattern = re.compile(rf"(?<![\w./])(?:{known})(?!\w)".encode())

    def named(found: re.Match[bytes]) -> bytes:
        return names[found.group().decode()].encode()

    return {moved.get(path, path): pattern.sub(named, text) for path, text in files.items()}


def _module(path: str) -> str:
    return path.removesuffix(".py").replace("/", ".")


def _parses(content: bytes) -> bool:
    try:
        ast.parse(content)
    except (SyntaxError, ValueError):
        return False
    return True
