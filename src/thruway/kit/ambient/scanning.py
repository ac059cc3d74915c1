"""What files a folder holds, and what changed between two looks at it."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from thruway.kit.ambient import audit
from thruway.kit.ambient.skipped import is_skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


@dataclass(frozen=True)
class Entry:
    """A file as it lies there.

    Attributes:
        size: bytes.
        modified: nanoseconds.
        inode: number of the file itself, a link's own when it is one.
        linked: a link to a file elsewhere.
    """

    size: int
    modified: int
    inode: int
    linked: bool = False


@dataclass(frozen=True)
class Changes:
    """What differs between two scans, as posix paths relative to the folder.

    Attributes:
        written: files that are new or different.
        removed: files that are gone.
        leaked: the written ones that are links still: the file elsewhere was written, by code
            that opens files without telling Python.
    """

    written: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    leaked: tuple[str, ...] = ()


def scan(root: Path) -> dict[str, Entry]:
    """Return every file below `root`; linked folders and what is never data are left out."""
    with audit.paused():
        return dict(_files(str(root), ""))


def changed(before: Mapping[str, Entry], after: Mapping[str, Entry]) -> Changes:
    """Return what differs between two scans of one folder."""
    written = sorted(
        path
        for path, entry in after.items()
        # A link that was not there: its folder was linked as a whole and has been unfolded.
        if before.get(path) != entry
        and (path in before or not entry.linked)
        and not _only_copied(before.get(path), entry)
    )
    removed = sorted(path for path in before if path not in after)
    leaked = [
        path
        for path in written
        if path in before and before[path].linked and before[path].inode == after[path].inode
    ]
    return Changes(tuple(written), tuple(removed), tuple(leaked))


def _only_copied(before: Entry | None, after: Entry) -> bool:
    """Whether a link gave way to a copy of what it pointed to (see `own_copies`)."""
    if before is None or not before.linked or after.linked:
        return False
    return (before.size, before.modified) == (after.size, after.modified)


def _files(folder: str, prefix: str) -> Iterator[tuple[str, Entry]]:
    try:
        entries = list(os.scandir(folder))
    except OSError:  # not ours to read
        return
    for entry in entries:
        try:
            if entry.is_dir(follow_symlinks=False):
                if not is_skipped(entry):
                    yield from _files(entry.path, f"{prefix}{entry.name}/")
                continue
            status = entry.stat()
            if stat.S_ISREG(status.st_mode):
                inode = entry.inode()
                linked = entry.is_symlink()
                record = Entry(status.st_size, status.st_mtime_ns, inode, linked)
                yield prefix + entry.name, record
        except OSError:  # a link to nothing, or gone meanwhile
            continue
