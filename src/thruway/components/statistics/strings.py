"""Statistics of a column of strings: they are counted once, and the rest is told of the counts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from thruway.components.statistics import sketches
from thruway.components.statistics.letters import Letters, letters_of, of_list
from thruway.components.statistics.numeric import most_frequent
from thruway.components.statistics.types import Kind, Text

if TYPE_CHECKING:
    from numpy.typing import NDArray

LISTED = 1000
"""A column of strings lists its values and counts when it has at most so many distinct ones."""
SAMPLES = 5
_PROBED = 5000  # so many strings say whether most are different ones


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
    if _many_different(present):
        return _of_many(present, samples)
    unique, counts = counted(present)
    looked = _Looked(samples)
    for letters in letters_of(unique):
        looked.add(letters, counts[looked.strings : looked.strings + len(letters.lengths)])
        if len(unique) > LISTED:
            looked.hashes.append(sketches.smallest(letters.hashes()))
    text = looked.text(rows)
    if len(unique) <= LISTED:
        return FoundText(text, len(unique), _ordered(unique.to_list(), counts.tolist()))
    places, bound = most_frequent(np.arange(len(unique)), counts, LISTED)
    frequent = unique[[place for place, _ in places]].to_list() if places else []
    values = _ordered(frequent, [many for _, many in places])
    hashes = np.unique(np.concatenate(looked.hashes))[: sketches.HASHES]
    return FoundText(text, len(unique), values, False, bound, sketches.packed(hashes))


def _many_different(present: nw.Series[Any]) -> bool:
    """Tell whether most strings are different ones, by the first: a key, or text."""
    if present.dtype != nw.String or len(present) <= _PROBED:
        return False
    return len(set(present[:_PROBED].to_list())) > _PROBED / 2


def _of_many(present: nw.Series[Any], samples: tuple[str, ...]) -> FoundText:
    """Return the statistics of strings of which most are different: their hashes are counted.

    This costs a third of counting the strings. That any two of a million different strings have
    the same 64 bits has a probability of one in thirty millions.
    """
    looked = _Looked(samples)
    parts = []
    for letters in letters_of(present):
        looked.add(letters, None)
        parts.append(letters.hashes())
    hashes = np.concatenate(parts)
    ordered = np.sort(hashes)
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    unique, counts = ordered[starts], np.diff(np.concatenate([starts, [len(ordered)]]))
    frequent, bound = most_frequent(unique, counts, LISTED)
    names = _named(present, hashes, np.array([one for one, _ in frequent], dtype=np.uint64))
    values = _ordered([names[one] for one, _ in frequent], [many for _, many in frequent])
    text = looked.text(len(present))
    if len(unique) <= LISTED:
        return FoundText(text, len(unique), values)
    sketch = sketches.packed(sketches.smallest(unique))
    return FoundText(text, len(unique), values, False, bound, sketch)


def _named(
    present: nw.Series[Any], hashes: NDArray[np.uint64], wanted: NDArray[np.uint64]
) -> dict[int, str]:
    """Return the strings that have certain hashes."""
    if not len(wanted):
        return {}
    asked: NDArray[np.bool_] = np.zeros(1 << 16, dtype=bool)
    asked[wanted >> np.uint64(48)] = True
    likely = np.flatnonzero(asked[hashes >> np.uint64(48)])
    rows = likely[np.isin(hashes[likely], wanted)]
    found, first = np.unique(hashes[rows], return_index=True)
    return dict(zip(found.tolist(), present[rows[first].tolist()].to_list(), strict=True))


def counted(present: nw.Series[Any]) -> tuple[nw.Series[Any], NDArray[np.int64]]:
    """Return the distinct strings of a column, in no order, and how often each occurs."""
    try:
        frame = present.alias("value").value_counts(sort=False, name="count")
    except UnicodeEncodeError:  # half of a surrogate pair, which only objects of pandas hold
        return _counted_one_by_one(present)
    counts: NDArray[np.int64] = frame["count"].to_numpy().astype(np.int64)
    unique = frame["value"]
    if unique.dtype != nw.String or unique.implementation.is_pandas_like():
        unique = unique.cast(nw.String)
    if len(counts) and counts.min() == 0:  # categories that do not occur
        kept = np.flatnonzero(counts)
        unique, counts = unique[kept.tolist()], counts[kept]
    return unique, counts


def _counted_one_by_one(
    present: nw.Series[Any],
) -> tuple[nw.Series[Any], NDArray[np.int64]]:
    import pandas as pd

    found = Counter(present.to_list())
    unique = nw.from_native(pd.Series(list(found), dtype=object), series_only=True)
    return unique, np.array(list(found.values()), dtype=np.int64)


def _ordered(values: list[str], counts: list[int]) -> tuple[tuple[str, int], ...]:
    """Return values with their counts: the most frequent first, else as in the alphabet."""
    pairs = zip(values, counts, strict=True)
    return tuple(sorted(pairs, key=lambda one: (-one[1], one[0])))


class _Looked:
    """Gathers what strings look like, some at a time."""

    def __init__(self, samples: tuple[str, ...]) -> None:
        self.strings = 0
        self.hashes: list[NDArray[np.uint32]] = []
        self._samples = samples
        self._lengths: list[int] = []
        self._sums = dict.fromkeys(("chars", "words", "empty", "blank", "padded", "numbers"), 0)

    def add(self, letters: Letters, counts: NDArray[np.int64] | None) -> None:
        """Look at some more strings, each of which occurs so often; None: once."""
        looks = letters.looked_at()
        self.strings += len(looks.chars)
        self._lengths += [int(looks.chars.min()), int(looks.chars.max())]
        self._sums["words"] += looks.words(counts)
        for name, each in (
            ("chars", looks.chars),
            ("empty", looks.chars == 0),
            ("blank", looks.blank),
            ("padded", looks.padded),
            ("numbers", looks.numbers),
        ):
            self._sums[name] += int(each.sum() if counts is None else each @ counts)

    def text(self, rows: int) -> Text:
        """Return what all of them look like."""
        return Text(
            shortest=min(self._lengths),
            longest=max(self._lengths),
            mean_length=self._sums["chars"] / rows,
            mean_words=self._sums["words"] / rows,
            empty=self._sums["empty"],
            blank=self._sums["blank"],
            padded=self._sums["padded"],
            numbers=self._sums["numbers"],
            samples=self._samples,
        )


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
