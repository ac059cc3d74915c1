"""Strings as bytes in one array: what is asked of all of them is then a few steps over it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from thruway.components.statistics import sketches

if TYPE_CHECKING:
    from collections.abc import Iterator

    import narwhals as nw
    from numpy.typing import NDArray

CHUNK = 1 << 16
"""Strings at a time, so that what is computed for each byte stays small."""
_NUMBER = re.compile(rb"\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\s*")
_STARTS: NDArray[np.bool_] = np.zeros(256, dtype=bool)
_STARTS[[*b"0123456789+-. \t\n\r\f\v"]] = True


@dataclass(frozen=True)
class Letters:
    """Strings, one behind the other.

    Attributes:
        data: their bytes in UTF-8.
        ends: where each ends, and before all the place where the first begins; shape (n + 1,).
    """

    data: NDArray[np.uint8]
    ends: NDArray[np.int64]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Bytes of each."""
        return np.diff(self.ends)

    def hashes(self) -> NDArray[np.uint64]:
        """Return 64 bits for each, the same in every process and for every library."""
        data = self.data[self.ends[0] : self.ends[-1]]
        return sketches.hashes_of_text(data, self.ends[:-1] - self.ends[0], self.lengths)

    def looked_at(self) -> Looks:
        """Return what each string looks like."""
        data = self.data[self.ends[0] : self.ends[-1]]
        starts, ends = self.ends[:-1] - self.ends[0], self.ends[1:] - self.ends[0]
        lengths = ends - starts
        plain = not len(data) or int(data.max()) < 0x80
        chars = lengths if plain else lengths - _sums((data & 0xC0) == 0x80, starts, ends)
        space = data <= 0x20  # and control characters
        begins = ~space
        begins[1:] &= space[:-1]
        held = np.flatnonzero(lengths) if bool((lengths == 0).any()) else slice(None)
        first, last = starts[held], ends[held] - 1
        begins[first] = ~space[first]
        outside: NDArray[np.bool_] = np.zeros(len(lengths), dtype=bool)
        outside[held] = space[first] | space[last]
        numbers: NDArray[np.bool_] = np.zeros(len(lengths), dtype=bool)
        numbers[held] = _STARTS[data[first]]
        asked = outside.copy()
        if not plain:
            asked[held] |= (data[first] >= 0x80) | (data[last] >= 0x80)
        blank: NDArray[np.bool_] = np.zeros(len(lengths), dtype=bool)
        likely = np.flatnonzero(numbers & (lengths < 64))
        numbers[:] = False
        raw = data.tobytes() if len(likely) or asked.any() else b""
        for place in likely.tolist():
            numbers[place] = _NUMBER.fullmatch(raw, starts[place], ends[place]) is not None
        # Also the spaces that are no ASCII, those of web pages.
        for place in np.flatnonzero(asked).tolist():
            text = raw[starts[place] : ends[place]].decode("utf-8", "surrogatepass")
            blank[place], outside[place] = not text.strip(), text.strip() != text
        return Looks(chars, blank, outside & ~blank, numbers, begins, starts, ends)


@dataclass(frozen=True)
class Looks:
    """What each of some strings looks like.

    Attributes:
        chars: how many characters.
        blank: spaces only.
        padded: begins or ends with a space, and is not blank.
        numbers: reads as a number.
        begins: bytes where a word begins, of all strings.
        starts: first byte of each string.
        ends: behind the last one.
    """

    chars: NDArray[np.int64]
    blank: NDArray[np.bool_]
    padded: NDArray[np.bool_]
    numbers: NDArray[np.bool_]
    begins: NDArray[np.bool_]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]

    def words(self, counts: NDArray[np.int64] | None) -> int:
        """Return how many parts between spaces there are; each string as often as it occurs."""
        if counts is None:
            return int(np.count_nonzero(self.begins))
        return int(_sums(self.begins, self.starts, self.ends) @ counts)


def _sums(
    flags: NDArray[np.bool_], starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return how many flags are set between each start and its end."""
    reached = np.concatenate([[0], np.cumsum(flags, dtype=np.int64)])
    found: NDArray[np.int64] = reached[ends] - reached[starts]
    return found


def letters_of(values: nw.Series[Any]) -> Iterator[Letters]:
    """Yield the strings of a series, of which none is missing, some at a time."""
    for start in range(0, len(values), CHUNK):
        part = values[start : start + CHUNK]
        yield _of_arrow(part) or of_list(part.to_list())


def of_list(values: list[str]) -> Letters:
    """Return strings as bytes in one array."""
    joined = "".join(values)
    found = joined.encode("utf-8", "surrogatepass")
    if len(found) == len(joined):
        lengths = np.fromiter(map(len, values), dtype=np.int64, count=len(values))
    else:
        sizes = (len(one.encode("utf-8", "surrogatepass")) for one in values)
        lengths = np.fromiter(sizes, dtype=np.int64, count=len(values))
    return Letters(np.frombuffer(found, dtype=np.uint8), np.concatenate([[0], np.cumsum(lengths)]))


def _of_arrow(part: nw.Series[Any]) -> Letters | None:
    """Return the strings as Arrow has them, which copies nothing; None without Arrow."""
    try:
        import pyarrow as pa

        found = part.to_arrow()
        if isinstance(found, pa.ChunkedArray):
            found = found.combine_chunks()
        if not pa.types.is_large_string(found.type) and not pa.types.is_string(found.type):
            found = found.cast(pa.large_string())
    except (ImportError, ValueError, TypeError, NotImplementedError):
        return None  # no Arrow; or text that is none, such as half of a surrogate pair
    _, ends, data = found.buffers()
    width = np.int64 if pa.types.is_large_string(found.type) else np.int32
    places = np.frombuffer(ends, dtype=width)[found.offset : found.offset + len(found) + 1]
    held = np.frombuffer(data, dtype=np.uint8) if data is not None else np.empty(0, np.uint8)
    return Letters(held, places.astype(np.int64))
