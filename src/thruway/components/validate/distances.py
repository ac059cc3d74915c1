"""Distances between the values of a column in two data sets, from their statistics.

| measure | of | from | exact |
|---|---|---|---|
| l_infinity | categories | counts of the values | when all values are listed |
| jensen_shannon | categories; numbers | the same; histograms on one grid | likewise; of the grid |
| psi | categories; numbers | the same; 20 values, or deciles | likewise; the rank error |
| ks | numbers | ranks | when all values are listed, or there are at most 400 |
| chi_square | categories; numbers | as psi | as psi |

Sources: J. Lin, "Divergence measures based on the Shannon entropy" (1991); B. Yurdakul and J.
Naranjo, "Statistical properties of the population stability index" (2020), for PSI and what it is
by chance; the limits of Kolmogorov and Smirnov; K. Pearson's test of homogeneity.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from thruway.components.statistics import sketches

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from thruway.components.statistics import ColumnStatistics, Numbers

MEASURES = ("l_infinity", "jensen_shannon", "psi", "ks", "chi_square")
BINS = 10
REST = "values that are not listed"


@dataclass(frozen=True)
class Distance:
    """A distance, whether it is exact, and what chance alone may reach with so many rows."""

    value: float
    exact: bool
    chance: float | None = None


@dataclass(frozen=True)
class _Counts:
    """How often each of the same cells occurs in both."""

    new: NDArray[np.float64]
    old: NDArray[np.float64]
    exact: bool


def comparable(new: ColumnStatistics, old: ColumnStatistics) -> str:
    """Return why two columns cannot be compared; "" when they can."""
    for side, column in (("the data", new), ("the baseline", old)):
        if not column.count:
            return f"no values in {side}"
    if bool(_numeric(new)) != bool(_numeric(old)):
        return f"{new.type} in the data, {old.type} in the baseline"
    if not _numeric(new) and not (new.values and old.values):
        return "too many different values to list any"
    return ""


def measures_of(column: ColumnStatistics) -> tuple[str, ...]:
    """Return which measures there are for a column."""
    if _numeric(column):
        return ("jensen_shannon", "psi", "ks", "chi_square")
    return ("l_infinity", "jensen_shannon", "psi", "chi_square")


def distance(
    measure: str, new: ColumnStatistics, old: ColumnStatistics, alpha: float | None
) -> Distance | None:
    """Return a distance between two columns that are comparable; None when it has no meaning.

    Args:
        measure: one of `MEASURES`.
        new: the column.
        old: what it is compared with.
        alpha: how seldom chance alone goes beyond `chance`; None: not computed.
    """
    if _numeric(new):
        if measure == "l_infinity":
            return None
        if measure == "ks":
            return _ks(new, old, alpha)
        counts = _on_one_grid(new, old) if measure == "jensen_shannon" else _in_cells(new, old)
    elif measure == "ks":
        return None
    else:
        counts = _of_values(new, old)
    return _OF_COUNTS[measure](counts, alpha)


def _numeric(column: ColumnStatistics) -> Numbers | None:
    return column.numbers if column.kind in {"numeric", "datetime"} else None


# -- cells ------------------------------------------------------------------------------------


def _of_values(new: ColumnStatistics, old: ColumnStatistics) -> _Counts:
    left, right = _counted(new), _counted(old)
    cells = list(dict.fromkeys([*left, *right]))
    exact = new.complete and old.complete
    return _Counts(
        np.array([left.get(one, 0) for one in cells], dtype=float),
        np.array([right.get(one, 0) for one in cells], dtype=float),
        exact,
    )


def _counted(column: ColumnStatistics) -> dict[Any, int]:
    found: dict[Any, int] = dict(column.values)
    rest = column.count - sum(found.values())
    return {**found, REST: rest} if rest > 0 else found


def _on_one_grid(new: ColumnStatistics, old: ColumnStatistics) -> _Counts:
    """Return the counts of the bars that both histograms have on the finest grid they share."""
    left, right = _numbers(new), _numbers(old)
    low, high = float(min(left.min, right.min)), float(max(left.max, right.max))
    power = max(sketches.exponent(low, high), left.histogram.exponent, right.histogram.exponent)
    ours = sketches.coarsened(left.histogram, power)
    theirs = sketches.coarsened(right.histogram, power)
    cells = sorted({*ours, *theirs})
    return _Counts(
        np.array([ours.get(one, 0) for one in cells], dtype=float),
        np.array([theirs.get(one, 0) for one in cells], dtype=float),
        True,
    )


def _in_cells(new: ColumnStatistics, old: ColumnStatistics) -> _Counts:
    """Return the counts of the values themselves where these are few, else of tenths."""
    few = new.complete and old.complete
    if few and len(dict(new.values).keys() | dict(old.values).keys()) <= 2 * BINS:
        return _of_values(new, old)
    return _in_deciles(new, old)


def _in_deciles(new: ColumnStatistics, old: ColumnStatistics) -> _Counts:
    """Return the counts in the tenths of the baseline; fewer cells where a value is frequent."""
    ordered, reached = _ranks(old)
    places = np.searchsorted(reached, np.arange(1, BINS) / BINS * reached[-1], side="left")
    edges = np.unique(ordered[np.minimum(places, len(ordered) - 1)])
    exact = new.complete and old.complete
    return _Counts(_between(new, edges), _between(old, edges), exact)


def _between(column: ColumnStatistics, edges: NDArray[Any]) -> NDArray[np.float64]:
    count = _numbers(column).count
    below = np.concatenate([[0.0], _below(column, edges), [1.0]])
    found: NDArray[np.float64] = np.diff(below) * count
    return found


def _below(column: ColumnStatistics, edges: NDArray[Any]) -> NDArray[np.float64]:
    """Return the share of the values that are at most each edge."""
    ordered, reached = _ranks(column)
    places = np.searchsorted(ordered, edges, side="right")
    found: NDArray[np.float64] = np.concatenate([[0.0], reached])[places] / reached[-1]
    return found


def _ranks(column: ColumnStatistics) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Return sorted values, and how many (or what share) are at most each."""
    numbers = _numbers(column)
    if numbers.points:
        points = np.asarray(numbers.points)
        return points, np.arange(1, len(points) + 1, dtype=float)
    ordered = sorted(column.values)
    return (
        np.array([value for value, _ in ordered]),
        np.cumsum([many for _, many in ordered]).astype(float),
    )


def _numbers(column: ColumnStatistics) -> Numbers:
    assert column.numbers is not None
    return column.numbers


# -- measures ---------------------------------------------------------------------------------


def _ks(new: ColumnStatistics, old: ColumnStatistics, alpha: float | None) -> Distance:
    edges = np.union1d(_ranks(new)[0], _ranks(old)[0])
    value = float(np.abs(_below(new, edges) - _below(old, edges)).max())
    exact = all(len(_numbers(one).points) in {0, _numbers(one).count} for one in (new, old))
    chance = None
    if alpha is not None:
        rows = 1 / _numbers(new).count + 1 / _numbers(old).count
        chance = math.sqrt(-math.log(alpha / 2) / 2 * rows)
    return Distance(value, exact, chance)


def _l_infinity(counts: _Counts, alpha: float | None) -> Distance:
    new, old = counts.new / counts.new.sum(), counts.old / counts.old.sum()
    chance = None
    if alpha is not None:
        from scipy.special import ndtri

        pooled = (counts.new + counts.old) / (counts.new.sum() + counts.old.sum())
        spread = float(np.sqrt(pooled * (1 - pooled)).max()) * math.sqrt(_rows(counts))
        chance = -float(ndtri(alpha / 2 / len(pooled))) * spread
    return Distance(float(np.abs(new - old).max()), counts.exact, chance)


def _jensen_shannon(counts: _Counts, alpha: float | None) -> Distance:
    new, old = counts.new / counts.new.sum(), counts.old / counts.old.sum()
    middle = (new + old) / 2
    value = (_divergence(new, middle) + _divergence(old, middle)) / 2
    # An eighth of Σ (p - q)² / m in nats where cells are well filled, a quarter in bits at most.
    chance = _by_chance(counts, alpha)
    return Distance(value, counts.exact, None if chance is None else chance / 4)


def _divergence(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    held = one > 0
    return max(0.0, float((one[held] * np.log2(one[held] / other[held])).sum()))


def _psi(counts: _Counts, alpha: float | None) -> Distance:
    """Half a row is added to each cell, so that an empty one does not make it infinite."""
    new = (counts.new + 0.5) / (counts.new.sum() + 0.5 * len(counts.new))
    old = (counts.old + 0.5) / (counts.old.sum() + 0.5 * len(counts.old))
    value = float(((new - old) * np.log(new / old)).sum())
    return Distance(value, counts.exact, _by_chance(counts, alpha))


def _chi_square(counts: _Counts, alpha: float | None) -> Distance | None:  # noqa: ARG001 - alike
    """Return the p-value of the test that both are samples of one population."""
    # `scipy.stats` has both in one call, and takes a second to import.
    from scipy.special import chdtrc

    held = counts.new + counts.old > 0
    cells = int(held.sum())
    if cells < 2:
        return Distance(1.0, counts.exact)
    table = np.array([counts.new[held], counts.old[held]])
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    statistic = float(((table - expected) ** 2 / expected).sum())
    return Distance(float(chdtrc(cells - 1, statistic)), counts.exact)


def _by_chance(counts: _Counts, alpha: float | None) -> float | None:
    """Return what Σ (p - q)² / p stays below, but for a share alpha, when nothing has changed."""
    cells = int((counts.new + counts.old > 0).sum())
    if alpha is None:
        return None
    if cells < 2:
        return 0.0
    from scipy.special import chdtri

    return float(chdtri(cells - 1, alpha)) * _rows(counts)


def _rows(counts: _Counts) -> float:
    return float(1 / counts.new.sum() + 1 / counts.old.sum())


_OF_COUNTS: dict[str, Callable[[_Counts, float | None], Distance | None]] = {
    "l_infinity": _l_infinity,
    "jensen_shannon": _jensen_shannon,
    "psi": _psi,
    "chi_square": _chi_square,
}
