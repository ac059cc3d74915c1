"""A stream of objects and the memory of their arrays, in one file that can be mapped.

    stream | gap | memory | gap | memory | … | index | end

Every piece of memory starts at a multiple of 64 bytes. The index holds where each begins and how
many bytes it has; the end of fixed length holds where the index is. Writing needs no more than
`write`: what comes last describes what came before. The stream comes first, so a file without
pieces begins like any pickle.

A file that is large is mapped: its pages are read when they are touched, and copied when they are
written to; the file never changes. It may be deleted meanwhile. A small one is read.
"""

from __future__ import annotations

import io
import mmap
import os
import struct
import sys
import weakref
from typing import TYPE_CHECKING, Any, BinaryIO, cast

if TYPE_CHECKING:
    import pickle
    from pathlib import Path

_ALIGNMENT = 64
_LEAST = 1 << 14
"""Memory of fewer bytes is written into the stream."""
_MAPPED = 1 << 20
"""Files of fewer bytes are read."""
_MOST_MAPS = 250
_ENTRY = struct.Struct("<QQ")
_END = struct.Struct("<QQQ8s")
_MAGIC = b"TWOBJ\x01\r\n"


class Mapped(mmap.mmap):
    """A private map of a file, on which arrays lie that have nothing to do with each other."""


_maps: weakref.WeakSet[Mapped] = weakref.WeakSet()


class Writer:
    """Writes the stream as it comes, then the pieces of memory that were put beside it."""

    def __init__(self, handle: Any) -> None:
        self._handle = handle
        self._pieces: list[memoryview] = []
        self._size = 0

    def write(self, data: Any) -> int:
        """Write a part of the stream; return its bytes."""
        size = memoryview(data).nbytes
        self._size += size
        self._handle.write(data)
        return size

    def beside(self, buffer: pickle.PickleBuffer) -> bool:
        """Keep a piece of memory for later, or return True to have it in the stream."""
        try:
            raw = buffer.raw()
        except BufferError:  # not in one piece: pickle says so
            return True
        if raw.nbytes < _LEAST:
            return True
        self._pieces.append(raw)
        return False

    def close(self) -> None:
        """Write the memory, the index and the end."""
        stream = self._size
        entries = []
        for piece in self._pieces:
            self._fill()
            entries.append(_ENTRY.pack(self._size, piece.nbytes))
            self.write(piece)
        self._fill()
        index = self._size
        self.write(b"".join(entries) + _END.pack(stream, index, len(entries), _MAGIC))
        self._pieces.clear()

    def _fill(self) -> None:
        gap = -self._size % _ALIGNMENT
        if gap:
            self.write(bytes(gap))


def read(path: Path, *, copied: bool = False) -> tuple[BinaryIO, list[Any]]:
    """Return the stream and the pieces of memory of a file, each writeable and by itself.

    Args:
        path: the file.
        copied: have the stream in memory, where nobody changes it between two readings.

    Raises:
        ValueError: the file is not one that `Writer` wrote, or not whole.
    """
    with path.open("rb") as handle:
        size = os.fstat(handle.fileno()).st_size
        whole = _map(handle, size) if size >= _MAPPED else None
        content = memoryview(handle.read() if whole is None else whole)
    stream, pieces = _table(content)
    found = [content[at : at + long] for at, long in pieces]
    if whole is None:
        return io.BytesIO(content[:stream]), [memoryview(bytearray(piece)) for piece in found]
    return io.BytesIO(content[:stream]) if copied else cast("BinaryIO", whole), found


def _most_maps() -> int:
    """Return how many files may be mapped: each keeps one open, and a program needs some too."""
    import resource

    may, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MOST_MAPS if may < 0 else min(_MOST_MAPS, may // 4)


def _map(handle: BinaryIO, size: int) -> Mapped | None:
    """Map a file for this process alone; None where that is not to be had."""
    if os.name != "posix" or len(_maps) >= _most_maps():
        return None  # elsewhere a mapped file cannot be deleted
    without = {"trackfd": False} if sys.version_info >= (3, 13) else {}
    try:
        made = Mapped(handle.fileno(), size, access=mmap.ACCESS_COPY, **without)
    except (OSError, ValueError):
        return None
    _maps.add(made)
    return made


def _table(content: memoryview) -> tuple[int, list[tuple[int, int]]]:
    """Return how long the stream is, and where the pieces are; (first byte, bytes) of each."""
    size = len(content)
    if size < _END.size:
        raise ValueError("it is cut short")
    stream, index, count, magic = _END.unpack(content[size - _END.size :])
    if magic != _MAGIC or not stream <= index or index + count * _ENTRY.size + _END.size != size:
        raise ValueError("it is cut short, or no file of objects")
    pieces = list(_ENTRY.iter_unpack(content[index : index + count * _ENTRY.size]))
    at = stream
    for start, long in pieces:
        if start < at or start % _ALIGNMENT or start + long > index:
            raise ValueError("its index is wrong")
        at = start + long
    return stream, pieces
