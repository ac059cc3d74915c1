"""Statistics of a column of strings: they are counted once, and the rest is told of the counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from thruway.components.statistics import sketches
from thruway.components.statistics.letters import letters_of, of_list
from thruway.components.statistics.numeric import most_frequent
from thruway.components.statistics.types import Kind, Text

if TYPE_CHECKING:
    from numpy.typing import NDArray

LISTED = 1000
"""A column of strings lists its values and counts when it has at most so many distinct ones."""
SAMPLES = 5
_PROBED = 5000  # when so many strings are all different, all may be


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
    text, found = _looked_at(unique, counts, rows, samples)
    if len(unique) <= LISTED:
        return FoundText(text, len(unique), _ordered(unique.to_list(), counts.tolist()))
    places, bound = most_frequent(np.arange(len(unique)), counts, LISTED)
    frequent = unique[[place for place, _ in places]].to_list() if places else []
    values = _ordered(frequent, [many for _, many in places])
    return FoundText(text, len(unique), values, False, bound, sketches.packed(found))


def counted(present: nw.Series[Any]) -> tuple[nw.Series[Any], NDArray[np.int64]]:
    """Return the distinct strings of a column, in no order, and how often each occurs."""
    if _all_different(present):
        return present, np.ones(len(present), dtype=np.int64)
    frame = present.alias("value").value_counts(sort=False, name="count")
    counts: NDArray[np.int64] = frame["count"].to_numpy().astype(np.int64)
    unique = frame["value"]
    if unique.dtype != nw.String or unique.implementation.is_pandas_like():
        unique = unique.cast(nw.String)
    if len(counts) and counts.min() == 0:  # categories that do not occur
        kept = np.flatnonzero(counts)
        unique, counts = unique[kept.tolist()], counts[kept]
    return unique, counts


def _all_different(present: nw.Series[Any]) -> bool:
    """Tell whether no string occurs twice, which costs a fraction of counting them."""
    if present.dtype != nw.String or len(present) <= _PROBED:
        return False
    probe = present[:_PROBED].to_list()
    return len(set(probe)) == _PROBED and present.n_unique() == len(present)


def _ordered(values: list[str], counts: list[int]) -> tuple[tuple[str, int], ...]:
    """Return values with their counts: the most frequent first, else as in the alphabet."""
    pairs = zip(values, counts, strict=True)
    return tuple(sorted(pairs, key=lambda one: (-one[1], one[0])))


def _looked_at(
    unique: nw.Series[Any], counts: NDArray[np.int64], rows: int, samples: tuple[str, ...]
) -> tuple[Text, NDArray[np.uint32]]:
    """Return what strings are like, and the sketch of their distinct values if these are many."""
    sums = dict.fromkeys(("chars", "words", "empty", "blank", "padded", "numbers"), 0)
    shortest, longest, start = [], [], 0
    hashes = [np.empty(0, dtype=np.uint32)]
    for letters in letters_of(unique):
        looks = letters.looked_at()
        many = counts[start : start + len(looks.chars)]
        start += len(many)
        shortest.append(int(looks.chars.min()))
        longest.append(int(looks.chars.max()))
        sums["chars"] += int(looks.chars @ many)
        sums["words"] += int(looks.words @ many)
        sums["empty"] += int(many[looks.chars == 0].sum())
        sums["blank"] += int(many[looks.blank].sum())
        sums["padded"] += int(many[looks.padded].sum())
        sums["numbers"] += int(many[looks.numbers].sum())
        if len(counts) > LISTED:
            hashes.append(sketches.smallest(letters.hashes()))
    text = Text(
        shortest=min(shortest),
        longest=max(longest),
        mean_length=sums["chars"] / rows,
        mean_words=sums["words"] / rows,
        empty=sums["empty"],
        blank=sums["blank"],
        padded=sums["padded"],
        numbers=sums["numbers"],
        samples=samples,
    )
    return text, np.unique(np.concatenate(hashes))[: sketches.HASHES]


def hashes_of(values: list[str]) -> NDArray[np.uint64]:
    """Return 64 bits for each string, the same in every process and for every library."""
    return of_list(values).hashes()


def kind_of(distinct: int, count: int, mean_words: float, complete: bool) -> Kind:
    """Return whether strings are categories or text.

    Categories are few, short and occur again: more than 1,000 are text, and so are strings of more
    than 4 words on the average, and those of which more than half occur once.
    """
    if not complete or mean_words > 4:
        return "text"
    return "text" if count >= 20 and distinct > count / 2 else "categorical"
