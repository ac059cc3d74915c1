"""Write a project: all of it or nothing, and never over work of the user's.

The files go into a folder beside the target, which then takes the target's name. What the old
project holds and Thruway did not write (the store, the outputs, files of the user) moves along.
A backup that a killed process left behind is put back first.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from thruway.errors import ProjectError
from thruway.project.load import edited_files, load_manifest
from thruway.project.manifest import digest, manifest_text
from thruway.project.packaging_text import with_proof
from thruway.project.places import MANIFEST, README, REPORT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from thruway.project.types import Accepted

_CACHES = frozenset({"__pycache__", ".pytest_cache", ".ruff_cache", ".mypy_cache"})


def write_project(files: Mapping[str, str | bytes], target: Path, *, force: bool = False) -> None:
    """Write every file of a project below `target`.

    Args:
        files: path (relative, posix) → content, as `render` gives them.
        target: folder; it may be missing, empty, or an earlier project.
        force: write over files that were edited since the earlier project was written.

    Raises:
        ProjectError: the folder holds other work, or edited files.
    """
    target = target.resolve()
    try:
        _recover(target)
        check_target(target, files, force=force)
        target.parent.mkdir(parents=True, exist_ok=True)
        _replace(files, target)
    except OSError as error:
        raise ProjectError(
            f"the project could not be written: {error.strerror or error}",
            where=str(error.filename or target),
            fix="choose a folder that you may write to",
        ) from error


def check_target(
    target: Path, files: Mapping[str, str | bytes] | None = None, *, force: bool = False
) -> None:
    """Refuse a folder that a project must not be written to; nothing is written.

    Raises:
        ProjectError: naming what is in the way.
    """
    if not target.exists():
        return
    if not target.is_dir():
        raise ProjectError(f"{target.name} is a file", str(target), "choose another folder")
    if not any(target.iterdir()):
        return
    if not (target / MANIFEST).is_file():
        raise ProjectError(
            f"the folder {target.name} holds other work: it is not a project that Thruway wrote",
            where=str(target),
            fix="choose another folder, or empty this one",
        )
    edited = [*_edited(target), *_unknown(target, files or {})]
    if edited and not force:
        shown = ", ".join(edited[:5]) + (f" and {len(edited) - 5} more" if edited[5:] else "")
        raise ProjectError(
            f"files of this project were edited since it was written: {shown}",
            where=str(target),
            fix="--force writes over them; or choose another folder",
        )


def _edited(target: Path) -> list[str]:
    return [path for path in edited_files(target) if (target / path).exists()]


def _unknown(target: Path, files: Mapping[str, str | bytes]) -> list[str]:
    """Return files of the user's that new files would take the place of."""
    known = load_manifest(target).files
    new = set(files) - {MANIFEST, REPORT}
    return sorted(path for path in new - set(known) if (target / path).exists())


def update_files(
    target: Path, files: Mapping[str, str | bytes], *, verdict: str = "", proven: str = ""
) -> None:
    """Replace some files of a written project, such as its README after a proof.

    Each is replaced whole, and their hashes in `thruway.json` with them.

    Args:
        target: folder of the project.
        files: path → new content.
        verdict: of a proof, kept in `thruway.json`.
        proven: Markdown that takes the place of the README's section on what was proven.

    Raises:
        ProjectError: not a project.
    """
    manifest = load_manifest(target)
    readme = target / README
    if proven and readme.is_file():
        files = {**files, README: with_proof(readme.read_text(encoding="utf-8"), proven)}
    for path, content in files.items():
        _write_whole(target / path, content)
    verdict = verdict or manifest.proven
    known = {path: digest(text) for path, text in files.items() if path not in {REPORT, README}}
    hashes = dict(sorted({**manifest.files, **known}.items()))
    _write_whole(target / MANIFEST, manifest_text(replace(manifest, files=hashes, proven=verdict)))


def record_accepted(target: Path, accepted: tuple[Accepted, ...], verdict: str) -> None:
    """Keep in `thruway.json` which differences from the original were accepted."""
    manifest = replace(load_manifest(target), accepted=accepted, proven=verdict)
    _write_whole(target / MANIFEST, manifest_text(manifest))


def _write_whole(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_bytes(_encoded(content))
    temporary.replace(path)


def _encoded(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


def _replace(files: Mapping[str, str | bytes], target: Path) -> None:
    fresh = Path(tempfile.mkdtemp(prefix=f".{target.name}.new-", dir=target.parent))
    backup = _backup(target)
    try:
        for path, content in files.items():
            place = fresh / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(_encoded(content))
        fresh.chmod(0o777 & ~_umask())
        if target.exists():
            target.rename(backup)
        fresh.rename(target)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        _recover(target)
        raise
    _take_over(backup, target)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _backup(target: Path) -> Path:
    return target.with_name(f".{target.name}.thruway-backup")


def _recover(target: Path) -> None:
    """Finish or undo what an interrupted write left."""
    backup = _backup(target)
    if not backup.is_dir():
        return
    if target.exists():
        _take_over(backup, target)
    else:
        backup.rename(target)


def _take_over(backup: Path, target: Path) -> None:
    """Move what Thruway did not write from the old project into the new one."""
    if not backup.is_dir():
        return
    written: set[str] = {MANIFEST, REPORT}
    with contextlib.suppress(ProjectError):  # an empty folder has no record
        written |= set(load_manifest(backup).files)
    for path in _kept(backup, Path(), written):
        place = target / path
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            (backup / path).rename(place)
    shutil.rmtree(backup, ignore_errors=True)


def _kept(root: Path, folder: Path, written: set[str]) -> Iterator[Path]:
    """Yield files and whole folders below `folder` that hold nothing Thruway wrote."""
    for entry in sorted((root / folder).iterdir()):
        path = folder / entry.name
        if entry.name in _CACHES or path.as_posix() in written:
            continue
        inside = f"{path.as_posix()}/"
        if entry.is_dir() and any(name.startswith(inside) for name in written):
            yield from _kept(root, path, written)
        else:
            yield path
