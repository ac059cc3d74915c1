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
_STARTS = np.zeros(256, dtype=bool)
_STARTS[[*b"0123456789+-. \t\n\r\f\v"]] = True
_SPACE = np.zeros(256, dtype=bool)
_SPACE[[*b" \t\n\r\f\v\x1c\x1d\x1e\x1f"]] = True


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
        return sketches.hashes_of_text(self.data[self.ends[0] : self.ends[-1]], self.lengths)

    def looked_at(self) -> Looks:
        """Return what each string looks like."""
        data = self.data[self.ends[0] : self.ends[-1]]
        starts, ends = self.ends[:-1] - self.ends[0], self.ends[1:] - self.ends[0]
        lengths = ends - starts
        plain = not bool((data >= 0x80).any())
        chars = lengths if plain else lengths - _sums((data & 0xC0) == 0x80, starts, ends)
        space = _SPACE[data]
        begins = ~space
        begins[1:] &= space[:-1]
        first = starts[lengths > 0]
        begins[first] = ~space[first]
        words = _sums(begins, starts, ends)
        held = np.flatnonzero(lengths)
        outside = np.zeros(len(lengths), dtype=bool)
        outside[held] = space[starts[held]] | space[ends[held] - 1]
        if not plain:
            self._foreign_spaces(held, starts, ends, data, outside, words)
        numbers = np.zeros(len(lengths), dtype=bool)
        likely = held[_STARTS[data[starts[held]]] & (lengths[held] < 64)]
        raw = data.tobytes() if len(likely) else b""
        for place in likely.tolist():
            numbers[place] = _NUMBER.fullmatch(raw, starts[place], ends[place]) is not None
        blank = (lengths > 0) & (words == 0)
        return Looks(chars, words, blank, outside & ~blank, numbers)

    @staticmethod
    def _foreign_spaces(
        held: NDArray[np.int64],
        starts: NDArray[np.int64],
        ends: NDArray[np.int64],
        data: NDArray[np.uint8],
        outside: NDArray[np.bool_],
        words: NDArray[np.int64],
    ) -> None:
        """Notice the spaces that are no ASCII at both ends of strings: those of web pages."""
        asked = held[(data[starts[held]] >= 0x80) | (data[ends[held] - 1] >= 0x80)]
        raw = data.tobytes()
        for place in asked.tolist():
            text = raw[starts[place] : ends[place]].decode("utf-8", "surrogatepass")
            inner = text.strip()
            outside[place] |= len(inner) < len(text)
            if not inner:
                words[place] = 0


@dataclass(frozen=True)
class Looks:
    """What each of some strings looks like.

    Attributes:
        chars: how many characters.
        words: parts between spaces.
        blank: spaces only.
        padded: begins or ends with a space, and is not blank.
        numbers: reads as a number.
    """

    chars: NDArray[np.int64]
    words: NDArray[np.int64]
    blank: NDArray[np.bool_]
    padded: NDArray[np.bool_]
    numbers: NDArray[np.bool_]


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
