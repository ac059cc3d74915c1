"""Give the workspace files of its own before the program starts another program.

The links of a workspace are guarded by Python's audit events, which another process does not
raise: `wget -O data.csv` or `sed -i` would write through a link into the user's own file. So
before the first such process, every link gives way to a copy. What there is no room to copy is
taken out of the workspace: a missing file is an error that is seen, a lost one is not.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Self

from thruway.kit.ambient import audit

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHARE_OF_DISK = 0.5


class OwnCopies:
    """Waits for the first process that the program starts."""

    def __init__(self, workspace: Path) -> None:
        self._workspace = workspace
        self._done = False

    def start(self) -> Self:
        """Begin to wait."""
        audit.guard(self._before)
        return self

    def stop(self) -> None:
        """Stop waiting."""
        audit.unguard(self._before)

    def _before(self, touch: audit.Touch) -> None:
        if touch.kind == "process" and not self._done:
            self._done = True
            replace_links(self._workspace)


def replace_links(workspace: Path, room: int | None = None) -> None:
    """Replace every link below a folder by a copy, the smallest files first.

    Args:
        workspace: the folder.
        room: bytes that may be used; by default half of what is free on the disk.
    """
    if room is None:
        room = int(shutil.disk_usage(workspace).free * _SHARE_OF_DISK)
    for size, link in sorted(_links(workspace)):
        room -= size
        _replace(link, copy=room >= 0)


def _links(folder: Path) -> Iterator[tuple[int, Path]]:
    """Yield links to files with the sizes of these; links to folders become folders of links."""
    for entry in list(os.scandir(folder)):
        path = Path(entry.path)
        if entry.is_symlink() and entry.is_dir():
            _unfold(path)
        if path.is_dir() and not path.is_symlink():
            yield from _links(path)
        elif entry.is_symlink():
            yield (path.stat().st_size if path.exists() else 0), path


def _unfold(link: Path) -> None:
    target = link.resolve()
    link.unlink()
    link.mkdir()
    if link.is_relative_to(target):
        return  # a folder that holds the workspace itself
    try:
        entries = list(os.scandir(target))
    except OSError:  # not ours to read: the program could not either
        return
    for entry in entries:
        (link / entry.name).symlink_to(entry.path)


def _replace(link: Path, *, copy: bool) -> None:
    target = link.resolve()
    link.unlink()
    if not copy:
        sys.stderr.write(f"thruway: no room to copy {link.name}, which was left out\n")
    elif target.is_file():
        shutil.copy2(target, link)
        link.chmod(link.stat().st_mode | 0o200)
