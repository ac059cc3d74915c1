"""Statistics of an array of numbers.

Few values, and whole numbers of a small range, are sorted or counted, so that all is exact. Many
values are never sorted, which would cost ten times as much as all the rest: they are put into
131,072 bins around their median, finer the nearer to it, whose counts say the ranks; the few values
in the bins that hold a quantile are sorted, so that these are exact too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from thruway.components.statistics import sketches
from thruway.components.statistics.types import Numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray

SORTED = 1 << 14
"""So many values are simply sorted."""
COUNTED = 1 << 16
"""Whole numbers of at most this range, or a quarter of their number, are counted one by one."""
LISTED = 256
"""A numeric column lists its values and counts when it has at most so many distinct ones."""
_BITS = 17
_BINS = 1 << _BITS
_HALF = 1 << (_BITS - 1)
_SHIFT = 32 - _BITS
_HEAVY = 2 * sketches.POINTS  # a bin with more than this share of all values is looked into
_SPIKES = 20  # bins with more than this share are looked at one by one: mostly a single value


@dataclass(frozen=True)
class Found:
    """What an array of numbers holds; fields as in `ColumnStatistics`."""

    numbers: Numbers | None
    nan: int = 0
    infinite: tuple[int, int] = (0, 0)
    distinct: int = 0
    distinct_exact: bool = True
    values: tuple[tuple[Any, int], ...] = ()
    complete: bool = True
    bound: int = 0
    hashes: str = ""


@dataclass(frozen=True)
class _Table:
    """Distinct values, sorted, and how often each occurs."""

    values: NDArray[Any]
    counts: NDArray[np.int64]


@dataclass(frozen=True)
class _Ranks:
    quantiles: dict[str, float]
    points: tuple[float, ...]
    error: float


def found_in(values: NDArray[Any], listed: int = LISTED, exact: bool = False) -> Found:
    """Return the statistics of numbers, of which some may be NaN or infinite.

    Args:
        values: of an integer or float type, shape (n,).
        listed: with at most so many distinct values, all are listed with their counts.
        exact: the number of distinct values, however many: they are sorted.
    """
    if values.dtype.kind == "f":
        values = values.astype(np.float64, copy=False)
    nan, infinite = 0, (0, 0)
    if values.dtype.kind == "f" and not _all_finite(values):
        nan = int(np.count_nonzero(np.isnan(values)))
        infinite = int((values == -np.inf).sum()), int((values == np.inf).sum())
        values = values[np.isfinite(values)]
    if not len(values):
        distinct = sum(map(bool, infinite))
        return Found(None, nan, infinite, distinct)
    table = _table(values) or (_runs(np.sort(values)) if exact else None)
    if table is None:
        return _of_many(values, nan, infinite, listed)
    return _of_table(values, table, nan, infinite, listed)


def _all_finite(values: NDArray[Any]) -> bool:
    with np.errstate(all="ignore"):
        return bool(np.isfinite(values.sum())) or bool(np.isfinite(values).all())


def _table(values: NDArray[Any]) -> _Table | None:
    if len(values) <= SORTED:
        return _runs(np.sort(values))
    if values.dtype.kind in "iu":
        low = int(values.min())
        if int(values.max()) - low < min(max(COUNTED, len(values) // 4), 1 << 22):
            wide = values if values.dtype == np.uint64 else values.astype(np.int64, copy=False)
            counts = np.bincount((wide - wide.dtype.type(low)).astype(np.int64, copy=False))
            held = np.flatnonzero(counts)
            found = held.astype(wide.dtype) + wide.dtype.type(low)
            return _Table(found.astype(values.dtype), counts[held])
    return None


def _runs(ordered: NDArray[Any]) -> _Table:
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    return _Table(ordered[starts], np.diff(np.concatenate([starts, [len(ordered)]])))


def _of_table(
    values: NDArray[Any], table: _Table, nan: int, infinite: tuple[int, int], listed: int
) -> Found:
    few = len(table.values) <= listed
    points = () if few else tuple(sketches.rank_points(table.values, table.counts).tolist())
    quantiles = sketches.quantiles_of_table(table.values, table.counts)
    error = 0.0 if len(points) in {0, len(values)} else 0.5 / len(points)
    ranks = _Ranks(quantiles, points, error)
    drawn = sketches.histogram(table.values, table.counts)
    distinct = len(table.values) + sum(map(bool, infinite))
    shown, bound = most_frequent(table.values, table.counts, listed)
    hashes = "" if few else sketches.packed(_hashes(table.values))
    moments = sketches.moments_of_table(table.values, table.counts) if few else _moments(values)
    numbers = _numbers(values, ranks, drawn, moments)
    return Found(numbers, nan, infinite, distinct, True, shown, few, bound, hashes)


def most_frequent(
    values: NDArray[Any], counts: NDArray[Any], listed: int
) -> tuple[tuple[tuple[Any, int], ...], int]:
    """Return the most frequent values with their counts, and the count of the rest at most.

    When some values that occur equally often have to be left out, all of them are.
    """
    bound = 0
    if len(counts) > listed and int(counts.max()) == 1:
        return (), 1
    if len(counts) > listed:
        bound = int(np.partition(counts, len(counts) - listed - 1)[len(counts) - listed - 1])
        kept = counts > bound
        values, counts = values[kept], counts[kept]
    order = np.argsort(-counts, kind="stable")
    pairs = zip(values[order].tolist(), counts[order].tolist(), strict=True)
    return tuple(pairs), bound


def _hashes(values: NDArray[Any]) -> NDArray[np.uint32]:
    return sketches.smallest_of_numbers(values)


def _numbers(
    values: NDArray[Any], ranks: _Ranks, drawn: Any, moments: tuple[float, float | None]
) -> Numbers:
    mean, std = moments
    return Numbers(
        count=len(values),
        min=values.min().item(),
        max=values.max().item(),
        mean=mean,
        std=std,
        zeros=len(values) - int(np.count_nonzero(values)),
        negative=0 if values.dtype.kind == "u" else int(np.count_nonzero(values < 0)),
        whole=values.dtype.kind != "f" or _whole(values),
        quantiles=ranks.quantiles,
        exact=True,
        histogram=drawn,
        points=ranks.points,
        error=ranks.error,
    )


def _whole(values: NDArray[Any]) -> bool:
    return all(bool((np.floor(part) == part).all()) for part in (values[:1000], values))


def _moments(values: NDArray[Any]) -> tuple[float, float | None]:
    with np.errstate(all="ignore"):
        mean = float(values.mean(dtype=np.float64))
        if not np.isfinite(mean):  # the sum is too large for a float, the mean is not
            mean = float((values / len(values)).sum())
        std = float(values.std(dtype=np.float64, ddof=1)) if len(values) > 1 else None
    return mean, std if std is None or np.isfinite(std) else None


# -- many values ------------------------------------------------------------------------------


def _of_many(values: NDArray[Any], nan: int, infinite: tuple[int, int], listed: int) -> Found:
    hashes = _hashes(values)
    bins = _Bins(values.astype(np.float64, copy=False))
    if len(hashes) <= listed:
        table = bins.table(values)
        return _of_table(values, table or _runs(np.sort(values)), nan, infinite, listed)
    ranks = bins.ranks()
    drawn = sketches.histogram(bins.values)
    return Found(
        _numbers(values, ranks, drawn, _moments(bins.values)),
        nan,
        infinite,
        sketches.distinct_of_hashes(hashes) + sum(map(bool, infinite)),
        distinct_exact=False,
        complete=False,
        bound=len(values),
        hashes=sketches.packed(hashes),
    )


class _Bins:
    """Values in 131,072 bins: the leading 17 bits of their distance to the median, as a float."""

    def __init__(self, values: NDArray[np.float64]) -> None:
        self.values = values
        self.center = float(np.median(values[:: len(values) // 1024]))
        self.places: NDArray[np.int32] = np.empty(len(values), dtype=np.int32)
        start = 0
        for part in sketches.blocks(values):
            self.places[start : start + len(part)] = self._place(part)
            start += len(part)
        self.counts = np.bincount(self.places, minlength=_BINS)
        self.reached = np.cumsum(self.counts)

    def _place(self, values: NDArray[np.float64]) -> NDArray[np.int32]:
        with np.errstate(all="ignore"):  # beyond the range of a short float: the outermost bins
            bits = (values - self.center).astype(np.float32).view(np.int32)
        bits ^= (bits >> 31) & 0x7FFFFFFF  # now ordered as the numbers are
        bits >>= _SHIFT
        bits += _HALF
        return bits

    def _borders(self, places: NDArray[Any]) -> NDArray[np.float64]:
        bits = ((places.astype(np.int64) - _HALF) << _SHIFT).clip(-(1 << 31), (1 << 31) - 1)
        bits = bits.astype(np.int32)
        bits ^= (bits >> 31) & 0x7FFFFFFF
        with np.errstate(all="ignore"):
            found = bits.view(np.float32).astype(np.float64) + self.center
        low, high = self.values.min(), self.values.max()
        # The bins beyond the infinities of short floats are no numbers.
        found = np.where(np.isnan(found), np.where(places < _HALF, low, high), found)
        return np.clip(found, low, high)

    def table(self, values: NDArray[Any]) -> _Table | None:
        """Return distinct values and counts; None when a bin holds two different ones."""
        one = np.zeros(_BINS, dtype=values.dtype)
        one[self.places] = values
        if not bool((one[self.places] == values).all()):
            return None
        held = np.flatnonzero(self.counts)
        return _Table(one[held], self.counts[held])

    def ranks(self) -> _Ranks:
        """Return quantiles, exactly, and points."""
        many = len(self.values)
        where = np.array(sketches.QUANTILES) * (many - 1)
        wanted = ((np.arange(sketches.POINTS) + 0.5) * (many / sketches.POINTS)).astype(np.int64)
        exact = np.unique(np.concatenate([np.floor(where), np.ceil(where)])).astype(np.int64)
        at = dict(zip(exact.tolist(), self._at(exact).tolist(), strict=True))
        lower = np.array([at[int(one)] for one in np.floor(where)])
        upper = np.array([at[int(one)] for one in np.ceil(where)])
        found = sketches.between(lower, upper, where - np.floor(where))
        points = self._near(wanted)
        return _Ranks(sketches.named_quantiles(found), tuple(points.tolist()), 1.0 / _HEAVY)

    def _at(self, ranks: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the values at ranks (from 0), exactly."""
        bins: NDArray[np.int64] = np.searchsorted(self.reached, ranks, side="right")
        held, spikes = self._inside(np.unique(bins))
        return np.array(
            [
                spikes[place] if place in spikes else held[place][rank - self._before(place)]
                for rank, place in zip(ranks.tolist(), bins.tolist(), strict=True)
            ]
        )

    def _near(self, ranks: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return values near ranks: within a bin that is not heavy they are interpolated."""
        bins: NDArray[np.int64] = np.searchsorted(self.reached, ranks, side="right")
        inside = (ranks - (self.reached[bins] - self.counts[bins]) + 0.5) / self.counts[bins]
        low, high = self._borders(bins), self._borders(bins + 1)
        found = sketches.between(low, high, inside)
        heavy = self.counts[bins] * _HEAVY > len(self.values)
        if heavy.any():
            found[heavy] = self._at(ranks[heavy])
        return found

    def _before(self, place: int) -> int:
        return int(self.reached[place] - self.counts[place])

    def _inside(
        self, bins: NDArray[np.int64]
    ) -> tuple[dict[int, NDArray[np.float64]], dict[int, float]]:
        """Return the sorted values of bins, and the value of those that hold only one."""
        spikes: dict[int, float] = {}
        for place in bins[self.counts[bins] * _SPIKES > len(self.values)].tolist():
            held = self.values[self.places == place]
            if held.min() == held.max():
                spikes[place] = float(held[0])
        if len(spikes) == len(bins):
            return {}, spikes
        asked: NDArray[np.bool_] = np.zeros(_BINS, dtype=bool)
        asked[[place for place in bins.tolist() if place not in spikes]] = True
        ordered = np.sort(self.values[asked[self.places]])
        chosen = np.flatnonzero(asked)
        parts = np.split(ordered, np.cumsum(self.counts[chosen])[:-1])
        return dict(zip(chosen.tolist(), parts, strict=True)), spikes
