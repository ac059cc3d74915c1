"""Statistics of a whole from those of its parts.

Counts, smallest and largest values, histograms, the number of distinct values and complete lists of
values come out as those of the whole; means and deviations to the last digits of a float; quantiles
within the stated error, which is 1/800 more for each level of merges: so it is better to merge many
parts in one call than one after the other.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from math import fsum, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from thruway.components.statistics import numeric, sketches, strings
from thruway.components.statistics.types import (
    ColumnStatistics,
    Kind,
    Numbers,
    SplitStatistics,
    Statistics,
    Text,
    Type,
    Value,
    Weighted,
)
from thruway.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def merge_statistics(*parts: Statistics) -> Statistics:
    """Return the statistics of a whole from those of its parts, split by split.

    A column that a part does not have is missing in all of its rows; a slice likewise.

    Args:
        parts: statistics of rows that do not overlap; many at once are more exact than one after
            the other.

    Raises:
        UsageError: nothing was given.

    >>> import polars as pl
    >>> from thruway.components import statistics
    >>> first, second = pl.DataFrame({"x": [1, 2]}), pl.DataFrame({"x": [3]})
    >>> both = merge_statistics(statistics(first), statistics(second))
    >>> both["x"].numbers.mean, both == statistics(pl.DataFrame({"x": [1, 2, 3]}))
    (2.0, True)
    """
    if not parts:
        raise UsageError("there is nothing to merge", fix="give at least one Statistics")
    names = dict.fromkeys(name for part in parts for name in part.splits)
    return Statistics(
        {
            name: merged_splits([part.splits[name] for part in parts if name in part.splits])
            for name in names
        }
    )


def merged_splits(parts: Sequence[SplitStatistics]) -> SplitStatistics:
    """Return the statistics of one split from those of its parts."""
    if len(parts) == 1:
        return parts[0]
    names = dict.fromkeys(name for part in parts for name in part.columns)
    columns = {
        name: merged_columns([part.columns.get(name) or _absent(name, part) for part in parts])
        for name in names
    }
    found = dict.fromkeys(name for part in parts for name in part.slices)
    slices = {
        name: merged_splits([part.slices[name] for part in parts if name in part.slices])
        for name in found
    }
    ordered = sorted(slices.items(), key=lambda one: (-one[1].rows, one[0]))
    left_out: Counter[str] = Counter()
    for part in parts:
        left_out.update(part.unsliced)
    weights = [part.weight for part in parts if part.weight is not None]
    return SplitStatistics(
        sum(part.rows for part in parts),
        columns,
        dict(ordered),
        fsum(weights) if len(weights) == len(parts) else None,
        dict(left_out),
    )


def _absent(name: str, part: SplitStatistics) -> ColumnStatistics:
    weighted = None if part.weight is None else Weighted(0.0, part.weight)
    return ColumnStatistics(name, "empty", "empty", "", part.rows, part.rows, weighted=weighted)


def merged_columns(parts: Sequence[ColumnStatistics]) -> ColumnStatistics:
    """Return the statistics of one column from those of its parts."""
    held = [part for part in parts if part.type != "empty" and part.count]
    # Parts without a value say what type it would be, when no other does.
    held = held or [part for part in parts if part.type != "empty"] or [parts[0]]
    kind = _type({part.type for part in held})
    if len({part.type for part in held}) > 1:
        held = [_as(part, kind) for part in held]
    numbers = merged_numbers(held)
    values, complete, bound = _values(held, kind)
    hashes = "" if complete else _hashes(held)
    distinct, exact = len(values), True
    if not complete:
        distinct, exact = sketches.distinct_of_hashes(sketches.unpacked(hashes)), False
    infinite = sum(one.infinite[0] for one in held), sum(one.infinite[1] for one in held)
    distinct += sum(map(bool, infinite))
    if len(held) == 1:
        distinct, exact = held[0].distinct, held[0].distinct_exact
    found = ColumnStatistics(
        held[0].name,
        kind,
        held[0].kind,
        held[0].dtype,
        sum(part.rows for part in parts),
        sum(part.missing for part in parts),
        sum(part.nan for part in parts),
        infinite,
        distinct,
        exact,
        values,
        complete,
        bound,
        _ranked(numbers, values, complete) if numbers else None,
        _text(held),
        merged_lengths(held),
        _weighted(parts),
        _types(held, kind),
        held[0].zone,
        hashes,
    )
    return replace(found, kind=_kind(held, found))


def _type(found: set[Type]) -> Type:
    if len(found) == 1:
        return next(iter(found))
    return "float" if found == {"int", "float"} else "mixed"


def _kind(held: Sequence[ColumnStatistics], found: ColumnStatistics) -> Kind:
    if found.type in {"string", "mixed"} and found.text:
        return strings.kind_of(found.distinct, found.count, found.text.mean_words, found.complete)
    if found.type == "mixed":
        return "categorical" if found.complete else "other"
    return next((part.kind for part in held if part.kind != "empty"), "empty")


def _types(held: Sequence[ColumnStatistics], kind: Type) -> dict[str, int]:
    if kind != "mixed":
        return {}
    found: Counter[str] = Counter()
    for part in held:
        found.update(part.types or {_PYTHON.get(part.type, part.type): part.count})
    return dict(sorted(found.items()))


_PYTHON: dict[Type, str] = {"string": "str"}


def _as(part: ColumnStatistics, kind: Type) -> ColumnStatistics:
    """Return a part as one of the type that all parts have in common."""
    if kind != "mixed" or part.type == "mixed":
        return part
    # The sketch is of the numbers, not of their text: what is distinct stays about right.
    values = tuple((str(value), many) for value, many in part.values)
    return replace(part, values=values, numbers=None)


# -- numbers ----------------------------------------------------------------------------------


def merged_numbers(held: Sequence[ColumnStatistics]) -> Numbers | None:
    """Return what the numbers of all parts are like; their ranks come with `_ranked`."""
    return _merged_numbers([part.numbers for part in held if part.numbers], _tables(held))


def merged_lengths(held: Sequence[ColumnStatistics]) -> Numbers | None:
    """Return what the lengths of the lists of all parts are like."""
    return _merged_numbers([part.lengths for part in held if part.lengths], None)


def _tables(held: Sequence[ColumnStatistics]) -> dict[int, tuple[tuple[Value, int], ...]]:
    numbers = [part for part in held if part.numbers]
    return {place: part.values for place, part in enumerate(numbers) if part.complete}


def _merged_numbers(
    found: list[Numbers], tables: dict[int, tuple[tuple[Value, int], ...]] | None
) -> Numbers | None:
    if len(found) < 2:
        return found[0] if found else None
    low, high = min(one.min for one in found), max(one.max for one in found)
    count = sum(one.count for one in found)
    mean, std = _moments(found, count)
    parts = [
        (one.points or _points_of((tables or {}).get(place, ())), one.count)
        for place, one in enumerate(found)
    ]
    points, added = sketches.merged_points(parts)
    share = fsum(one.error * one.count for one in found) / count
    quantiles = sketches.quantiles_of_points(points, float(low), float(high))
    return Numbers(
        count=count,
        min=low,
        max=high,
        mean=mean,
        std=std,
        zeros=sum(one.zeros for one in found),
        negative=sum(one.negative for one in found),
        whole=all(one.whole for one in found),
        quantiles=quantiles,
        exact=False,
        histogram=sketches.merged_histogram(
            [one.histogram for one in found], float(low), float(high)
        ),
        points=points,
        error=share + added,
    )


def _points_of(values: Sequence[tuple[Any, int]]) -> tuple[Any, ...]:
    ordered = sorted(values)
    numbers, counts = (np.array(column) for column in zip(*ordered, strict=True))
    return tuple(np.repeat(numbers, counts).tolist())


def _moments(found: Sequence[Numbers], count: int) -> tuple[float, float | None]:
    """Source: Chan, Golub, LeVeque, "Updating formulae and a pairwise algorithm" (1979)."""
    mean = fsum(one.mean * (one.count / count) for one in found)
    if any(one.std is None and one.count > 1 for one in found):
        return mean, None
    try:
        inside = fsum((one.std or 0.0) ** 2 * (one.count - 1) for one in found)
        between = fsum((one.mean - mean) ** 2 * one.count for one in found)
    except OverflowError:  # the squares are larger than any float
        return mean, None
    return mean, sqrt((inside + between) / (count - 1)) if count > 1 else None


def _ranked(numbers: Numbers, values: Sequence[tuple[Any, int]], complete: bool) -> Numbers:
    """Return numbers with the exact ranks, where all values are listed."""
    if not complete or not values:
        return numbers
    table = np.array([one for one, _ in values]), np.array([many for _, many in values])
    order = np.argsort(table[0], kind="stable")
    quantiles = sketches.quantiles_of_table(table[0][order], table[1][order])
    mean, std = sketches.moments_of_table(table[0][order], table[1][order])
    return replace(
        numbers, mean=mean, std=std, quantiles=quantiles, exact=True, points=(), error=0.0
    )


# -- values -----------------------------------------------------------------------------------


def _values(
    held: Sequence[ColumnStatistics], kind: Type
) -> tuple[tuple[tuple[Value, int], ...], bool, int]:
    """Return the most frequent values, whether these are all, and the bound of the rest.

    Source: mergeable summaries, Agarwal et al. (2012): a value that a part does not list occurs in
    it at most as often as the bound of that part says.
    """
    if len(held) == 1:
        return held[0].values, held[0].complete, held[0].bound
    sums: Counter[Value] = Counter()
    for part in held:
        for value, many in part.values:
            sums[value] += many
    bound = sum(part.bound for part in held)
    complete = all(part.complete for part in held)
    most = _most(held, kind)
    ordered = sorted(sums.items(), key=lambda one: (-one[1], one[0]))
    if len(ordered) > most:
        least = ordered[most][1]
        bound += least
        complete = False
    if not complete:  # what is not more frequent than others may be says nothing
        ordered = [one for one in ordered if one[1] > bound]
    return tuple(ordered), complete, bound


def _most(held: Sequence[ColumnStatistics], kind: Type) -> int:
    numeric_ = kind in {"int", "float", "datetime", "duration"}
    few = numeric_ and all(part.kind != "categorical" for part in held)
    return numeric.LISTED if few else strings.LISTED


def _hashes(held: Sequence[ColumnStatistics]) -> str:
    found = np.concatenate([_hashes_of(part) for part in held])
    return sketches.packed(np.unique(found)[: sketches.HASHES])


def _hashes_of(part: ColumnStatistics) -> NDArray[np.uint32]:
    if part.hashes:
        return sketches.unpacked(part.hashes)
    values: list[Any] = [value for value, _ in part.values]
    if not values:
        return np.empty(0, dtype=np.uint32)
    if isinstance(values[0], str):
        return sketches.smallest(strings.hashes_of(values))
    return sketches.smallest(sketches.hashes_of_numbers(np.array(values)))


# -- the rest ---------------------------------------------------------------------------------


def _text(held: Sequence[ColumnStatistics]) -> Text | None:
    parts = [(part.text, part.count) for part in held if part.text]
    if len(parts) < 2:
        return parts[0][0] if parts else None
    texts = [text for text, _ in parts]
    count = sum(many for _, many in parts)
    samples = tuple(one for text in texts for one in text.samples)[: strings.SAMPLES]
    return Text(
        shortest=min(one.shortest for one in texts),
        longest=max(one.longest for one in texts),
        mean_length=fsum(text.mean_length * many for text, many in parts) / count,
        mean_words=fsum(text.mean_words * many for text, many in parts) / count,
        empty=sum(one.empty for one in texts),
        blank=sum(one.blank for one in texts),
        padded=sum(one.padded for one in texts),
        numbers=sum(one.numbers for one in texts),
        samples=samples,
    )


def _weighted(parts: Sequence[ColumnStatistics]) -> Weighted | None:
    held = [part.weighted for part in parts if part.weighted is not None]
    if len(held) < len(parts):
        return None
    count, missing = fsum(one.count for one in held), fsum(one.missing for one in held)
    found = [one for one in held if one.mean is not None and one.count]
    sums: Counter[Value] = Counter()
    for one in held:
        for value, many in one.values:
            sums[value] += many  # type: ignore[assignment]
    ordered = tuple(sorted(sums.items(), key=lambda one: (-one[1], one[0])))
    if not found:
        return Weighted(count, missing, values=ordered)
    total = fsum(one.count for one in found)
    mean = fsum((one.mean or 0.0) * one.count for one in found) / total
    spread = fsum(
        ((one.std or 0.0) ** 2 + ((one.mean or 0.0) - mean) ** 2) * one.count for one in found
    )
    # Weighted quantiles cannot be told from those of the parts.
    return Weighted(count, missing, mean, sqrt(spread / total), {}, ordered)
