"""A folder as one object in the store: the same bytes for the same content, on every system.

The contents of the files one after the other, then an index in JSON, then the index's length in
eight bytes. What a working folder shows of the user's own data is noted by name only: the folder
into which it is restored shows it too, and a step that reads it depends on it itself.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, NamedTuple

from thruway.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FOLDER_FORMAT = "folder"
_LENGTH = 8
_CHUNK = 1 << 20


class Entry(NamedTuple):
    """One piece of a stored folder.

    Attributes:
        kind: `own` is a file or folder of the user's data, `link` one inside the folder.
        detail: digest of a file's content, target of a link.
        size: bytes of a file.
    """

    kind: Literal["folder", "file", "own", "link"]
    detail: str = ""
    size: int = 0


@dataclass(frozen=True)
class Packing:
    """How a folder is written.

    Attributes:
        folder: the folder.
        data: the user's folder that stands behind it, which may not exist.
        top: links that lead to a place inside are kept as links.
    """

    folder: Path
    data: Path
    top: Path

    def write(self, handle: Any) -> str:
        """Write the object and return the name of its format."""
        index = {name: self._entry(name, handle) for name in self._names("")}
        text = json.dumps(index).encode()
        handle.write(text + len(text).to_bytes(_LENGTH, "big"))
        return FOLDER_FORMAT

    def _names(self, prefix: str) -> Iterator[str]:
        for entry in sorted(os.scandir(self.folder / prefix), key=lambda entry: entry.name):
            name = prefix + entry.name
            yield name
            if entry.is_dir() and (not entry.is_symlink() or self._leads_away(name)):
                yield from self._names(f"{name}/")

    def _leads_away(self, name: str) -> bool:
        """Say whether a link shows something that restoring would not show."""
        path = self.folder / name
        return not self._is_own(path, self.data / name) and not self._is_inside(path)

    def _is_inside(self, path: Path) -> bool:
        return path.resolve().is_relative_to(self.top.resolve())

    def _is_own(self, path: Path, original: Path) -> bool:
        if not original.exists():
            return False
        if path.is_symlink():
            return path.resolve() == original.resolve()
        if path.is_dir() or original.is_dir():
            return False
        here, there = path.stat(), original.stat()
        # Small files are copied into a working folder, with their time.
        return (here.st_size, here.st_mtime_ns) == (there.st_size, there.st_mtime_ns)

    def _entry(self, name: str, handle: Any) -> Entry:
        path = self.folder / name
        if self._is_own(path, self.data / name):
            return Entry("own")
        if path.is_symlink() and (self._is_inside(path) or not path.exists()):
            target = Path(os.path.abspath(path.parent / path.readlink()))  # noqa: PTH100 - links kept
            return Entry("link", Path(os.path.relpath(target, path.parent)).as_posix())
        if path.is_dir():
            return Entry("folder")
        return Entry("file", *_append(path, handle))


def _append(path: Path, handle: Any) -> tuple[str, int]:
    content, size = hashlib.sha256(), 0
    with path.open("rb") as source:
        while chunk := source.read(_CHUNK):
            content.update(chunk)
            handle.write(chunk)
            size += len(chunk)
    return content.hexdigest(), size


def index_of(packed: Path) -> dict[str, Entry]:
    """Return what a stored folder holds, by posix name relative to it.

    Raises:
        StorageError: it is not such an object.
    """
    with packed.open("rb") as handle:
        return _index(handle)


def _index(handle: BinaryIO) -> dict[str, Entry]:
    try:
        handle.seek(-_LENGTH, os.SEEK_END)
        length = int.from_bytes(handle.read(_LENGTH), "big")
        handle.seek(-_LENGTH - length, os.SEEK_END)
        found: dict[str, list[Any]] = json.loads(handle.read(length))
    except (OSError, ValueError) as error:
        raise StorageError("a stored folder cannot be read", detail=str(error)) from error
    handle.seek(0)
    index = {name: Entry(*entry) for name, entry in found.items()}
    for name in index:
        _check_inside(name, index)
    return index


def _check_inside(name: str, index: Mapping[str, Entry]) -> None:
    """Refuse a name that would be written outside of the folder, over a link or by itself."""
    path = PurePosixPath(name)
    above = [index.get(parent.as_posix()) for parent in path.parents]
    linked = any(entry is not None and entry.kind == "link" for entry in above)
    if path.is_absolute() or ".." in path.parts or PureWindowsPath(name).anchor or linked:
        raise StorageError(f"a stored folder holds `{name}`, which is not inside of it")


def restore(packed: Path, target: Path) -> None:
    """Make a folder what a stored one was; what else is in it goes.

    Args:
        packed: the object.
        target: where to; every folder on the way to it is real.
    """
    with packed.open("rb") as handle:
        index = _index(handle)
        _make_folder(target)
        _clear(target, index)
        for name, entry in index.items():
            _put(target / name, entry, handle)


def _clear(folder: Path, index: Mapping[str, Entry], prefix: str = "") -> None:
    for found in os.scandir(folder):
        name = prefix + found.name
        entry = index.get(name)
        if entry is None or entry.kind in ("file", "link"):
            _remove(Path(found.path))
        elif entry.kind == "folder" and found.is_dir():
            _make_folder(Path(found.path))
            _clear(Path(found.path), index, f"{name}/")


def _put(place: Path, entry: Entry, handle: BinaryIO) -> None:
    if entry.kind == "folder":
        _make_folder(place)
    elif entry.kind == "link":
        place.symlink_to(entry.detail)
    elif entry.kind == "file":
        with place.open("wb") as file:
            left = entry.size
            while left:
                chunk = handle.read(min(left, _CHUNK))
                if not chunk:
                    raise StorageError("a stored folder ends too early", where=str(place))
                left -= file.write(chunk)


def _make_folder(place: Path) -> None:
    """Make a real folder; one that is linked as a whole becomes a folder of links."""
    from thruway.kit.ambient.protection import _unfold

    if place.is_symlink() and place.is_dir():
        _unfold(place)
    elif place.is_symlink() or place.is_file():
        place.unlink()
    place.mkdir(parents=True, exist_ok=True)


def _remove(place: Path) -> None:
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink()


def member_of(token: str, folder: str) -> str | None:
    """Return the name of a path inside a stored folder, "" for the folder itself, else None.

    >>> member_of("models/a/b.pkl", "models"), member_of("models", "./models"), member_of("x", "y")
    ('a/b.pkl', '', None)
    """
    path, outer = PurePosixPath(os.path.normpath(token)), PurePosixPath(os.path.normpath(folder))
    if not path.is_relative_to(outer):
        return None
    inner = path.relative_to(outer).as_posix()
    return "" if inner == "." else inner
