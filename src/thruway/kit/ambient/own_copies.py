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
from collections import deque
from pathlib import Path

from thruway.kit.ambient.skipped import is_skipped

_MOST_BYTES = 2 * 2**30
_MOST_ENTRIES = 5_000


_copies: dict[str, tuple[int, int]] = {}


def is_untouched_copy(path: str) -> bool:
    """Return whether a file is a copy made here that nobody has written since."""
    try:
        status = os.stat(path)  # noqa: PTH116 - called for many files
    except OSError:
        return False
    return _copies.get(path) == (status.st_size, status.st_mtime_ns)


def replace_links(workspace: Path, room: int | None = None) -> None:
    """Replace every link below a folder by a copy: near ones first, small ones before large.

    Args:
        workspace: the folder.
        room: bytes that may be used; by default 2 GB, or half of what is free on the disk.
    """
    if room is None:
        room = min(_MOST_BYTES, shutil.disk_usage(workspace).free // 2)
    files, folders = _links(workspace)
    entries = _MOST_ENTRIES
    while files or folders:
        for size, link in sorted(files):
            room -= size
            _replace(link, copy=room >= 0)
        files = []
        if folders:
            link = folders.popleft()
            found = _unfold(link, workspace, entries)
            entries -= len(found)
            files, inner = _links(link) if found else ([], deque())
            folders += inner


def _links(folder: Path) -> tuple[list[tuple[int, Path]], deque[Path]]:
    """Return links to files with the sizes of these, and links to folders."""
    files: list[tuple[int, Path]] = []
    folders: deque[Path] = deque()
    for place, _, _ in os.walk(folder):
        for entry in os.scandir(place):
            if entry.is_symlink() and entry.is_dir():
                folders.append(Path(entry.path))
            elif entry.is_symlink():
                path = Path(entry.path)
                files.append((path.stat().st_size if path.exists() else 0, path))
    return files, folders


def _unfold(link: Path, workspace: Path, most: int) -> list[Path]:
    """Turn a link to a folder into a folder of links; leave it out when that is too much."""
    target = link.resolve()
    try:
        entries = [entry for entry in os.scandir(target) if not is_skipped(entry)]
    except OSError:  # not ours to read: the program could not either
        entries = []
    link.unlink()
    if len(entries) > most:
        _say_left_out(link)
        return []
    link.mkdir()
    inside = [Path(e.path) for e in entries if not workspace.is_relative_to(e.path)]
    for path in inside:
        (link / path.name).symlink_to(path)
    return inside


def _replace(link: Path, *, copy: bool) -> None:
    target = link.resolve()
    link.unlink()
    if not copy:
        _say_left_out(link)
    elif target.is_file():
        shutil.copy2(target, link)
        link.chmod(link.stat().st_mode | 0o200)
        status = link.stat()
        _copies[str(link)] = (status.st_size, status.st_mtime_ns)


def _say_left_out(link: Path) -> None:
    sys.stderr.write(f"thruway: too much to copy: {link.name} was left out\n")
