"""Copy on write for the links of a workspace, so that the user's own files are never written.

A guard on the audit events: before a linked file is opened for writing, the link gives way to a
copy (or to nothing, when the old content does not count); before something is made, moved or
removed inside a linked folder, the link gives way to a folder of links. Another program that is
started cannot be guarded, so every link gives way to a copy before it starts.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from thruway.kit.ambient import audit
from thruway.kit.ambient.own_copies import replace_links

if TYPE_CHECKING:
    from collections.abc import Iterator

_roots: list[Path] = []
_settled: set[Path] = set()


def protect(root: Path) -> None:
    """Keep writes below `root` from going through links to files outside."""
    if not _roots:
        audit.guard(_before)
    _roots.extend({Path(os.path.abspath(root)), root.resolve()})  # noqa: PTH100 - links kept


def unprotect(root: Path) -> None:
    """Stop protecting `root`."""
    for known in {Path(os.path.abspath(root)), root.resolve()}:  # noqa: PTH100 - links kept
        _settled.discard(known)
        if known in _roots:
            _roots.remove(known)
    if not _roots:
        audit.unguard(_before)


def _before(touch: audit.Touch) -> None:
    if touch.kind == "process":
        for root in set(_roots) - _settled:
            _settled.add(root)
            replace_links(root)
    if not touch.path or touch.kind == "temporary":
        return
    path = Path.cwd() / touch.path
    for place in _on_the_way(path):
        if _protected(place) and place.is_symlink():
            _unfold(place)
    last = Path(os.path.normpath(path))
    if not touch.follows or not _protected(last) or not last.is_symlink():
        return
    if last.is_dir():
        _unfold(last)
    elif touch.creates:
        last.unlink()
    else:
        _copy(last)


def _on_the_way(path: Path) -> Iterator[Path]:
    """Give the folders that are passed on the way to a path, `..` resolved as text."""
    here = Path(path.anchor)
    for part in path.parts[1:-1]:
        here = here.parent if part == ".." else here / part
        yield here


def _protected(path: Path) -> bool:
    return any(root in path.parents for root in _roots)


def _copy(link: Path) -> None:
    target = link.resolve()
    if not target.exists():
        link.unlink()
        return
    # Beside it first: a reader of the link never meets half a file.
    copy = link.with_name(f".{link.name}.thruway")
    shutil.copy2(target, copy)
    copy.chmod(copy.stat().st_mode | 0o200)
    copy.replace(link)


def _unfold(link: Path) -> None:
    target = link.resolve()
    if not target.is_dir():
        return
    if os.name == "nt":  # there a link to a folder is removed as a folder
        link.rmdir()
    else:
        link.unlink()
    link.mkdir()
    for entry in os.scandir(target):
        (link / entry.name).symlink_to(entry.path, target_is_directory=entry.is_dir())
