"""Statistics of a column of strings: they are counted once, and the rest is told of the counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from thruway.components.statistics import sketches
from thruway.components.statistics.numeric import most_frequent
from thruway.components.statistics.types import Kind, Text

if TYPE_CHECKING:
    from numpy.typing import NDArray

LISTED = 1000
"""A column of strings lists its values and counts when it has at most so many distinct ones."""
SAMPLES = 5
_NUMBER = r"^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$"
_CHUNK = 1 << 17


@dataclass(frozen=True)
class FoundText:
    """What a column of strings holds; fields as in `ColumnStatistics`."""

    text: Text | None
    distinct: int = 0
    values: tuple[tuple[str, int], ...] = ()
    complete: bool = True
    bound: int = 0
    hashes: str = ""


def found_in(present: nw.Series[Any]) -> FoundText:
    """Return the statistics of strings, none of them missing."""
    rows = len(present)
    if not rows:
        return FoundText(None)
    samples = tuple(map(str, present.head(SAMPLES).to_list()))
    unique, counts = counted(present)
    text = _text(unique, counts, rows, samples)
    if len(unique) <= LISTED:
        return FoundText(text, len(unique), _ordered(unique.to_list(), counts.tolist()))
    places, bound = most_frequent(np.arange(len(unique)), counts, LISTED)
    frequent = unique[[place for place, _ in places]].to_list() if places else []
    values = _ordered(frequent, [many for _, many in places])
    hashes = sketches.packed(_hashes(unique))
    return FoundText(text, len(unique), values, False, bound, hashes)


def counted(present: nw.Series[Any]) -> tuple[nw.Series[Any], NDArray[np.int64]]:
    """Return the distinct strings of a column, in no order, and how often each occurs."""
    frame = present.alias("value").value_counts(sort=False, name="count")
    counts: NDArray[np.int64] = frame["count"].to_numpy().astype(np.int64)
    unique = frame["value"]
    if unique.dtype != nw.String or unique.implementation.is_pandas_like():
        unique = unique.cast(nw.String)
    if len(counts) and counts.min() == 0:  # categories that do not occur
        kept = np.flatnonzero(counts)
        unique, counts = unique[kept.tolist()], counts[kept]
    return unique, counts


def _ordered(values: list[str], counts: list[int]) -> tuple[tuple[str, int], ...]:
    """Return values with their counts: the most frequent first, else as in the alphabet."""
    pairs = zip(values, counts, strict=True)
    return tuple(sorted(pairs, key=lambda one: (-one[1], one[0])))


def _text(
    unique: nw.Series[Any], counts: NDArray[np.int64], rows: int, samples: tuple[str, ...]
) -> Text:
    stripped = unique.str.strip_chars()
    lengths: NDArray[np.int64] = unique.str.len_chars().to_numpy().astype(np.int64)
    inner: NDArray[np.int64] = stripped.str.len_chars().to_numpy().astype(np.int64)
    dense = stripped.str.replace_all(" ", "", literal=True).str.len_chars().to_numpy()
    words = np.where(inner > 0, inner - dense.astype(np.int64) + 1, 0)
    reads: NDArray[np.bool_] = stripped.str.contains(_NUMBER).to_numpy().astype(bool)
    return Text(
        shortest=int(lengths.min()),
        longest=int(lengths.max()),
        mean_length=int(lengths @ counts) / rows,
        mean_words=int(words @ counts) / rows,
        empty=int(counts[lengths == 0].sum()),
        blank=int(counts[(lengths > 0) & (inner == 0)].sum()),
        padded=int(counts[(inner > 0) & (inner < lengths)].sum()),
        numbers=int(counts[reads].sum()),
        samples=samples,
    )


def _hashes(unique: nw.Series[Any]) -> NDArray[np.uint32]:
    parts = [
        sketches.smallest(hashes_of(unique[start : start + _CHUNK].to_list()))
        for start in range(0, len(unique), _CHUNK)
    ]
    return np.unique(np.concatenate(parts))[: sketches.HASHES]


def hashes_of(values: list[str]) -> NDArray[np.uint64]:
    """Return 64 bits for each string, the same in every process and for every library."""
    joined = "".join(values)
    found = joined.encode("utf-8", "surrogatepass")
    if len(found) == len(joined):
        lengths = np.fromiter(map(len, values), dtype=np.int64, count=len(values))
    else:
        sizes = (len(one.encode("utf-8", "surrogatepass")) for one in values)
        lengths = np.fromiter(sizes, dtype=np.int64, count=len(values))
    return sketches.hashes_of_text(found, lengths)


def kind_of(distinct: int, count: int, mean_words: float, complete: bool) -> Kind:
    """Return whether strings are categories or text.

    Categories are few, short and occur again: more than 1,000 are text, and so are strings of more
    than 4 words on the average, and those of which more than half occur once.
    """
    if not complete or mean_words > 4:
        return "text"
    return "text" if count >= 20 and distinct > count / 2 else "categorical"
