"""Statistics of a column whose rows have weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from thruway.components.statistics import sketches
from thruway.components.statistics.types import Weighted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from thruway.components.statistics.reading import Read

LISTED = 100


def weigh(series: nw.Series[Any], column: Read, weights: NDArray[np.float64]) -> Weighted:
    """Return the weighted statistics of a column.

    Args:
        series: the column.
        column: the same, read.
        weights: of all its rows.
    """
    held = _held(series, column)
    count, missing = float(weights[held].sum()), float(weights[~held].sum())
    weights = weights[held]
    if column.numbers is not None and column.type in {"int", "float", "duration"}:
        return _numbers(column.numbers, weights, count, missing)
    if column.type in {"string", "mixed", "bool"}:
        return Weighted(count, missing, values=_values(column, weights))
    return Weighted(count, missing)


def _held(series: nw.Series[Any], column: Read) -> NDArray[np.bool_]:
    if column.missing == 0:
        return np.ones(column.rows, dtype=bool)
    absent: NDArray[np.bool_] = series.is_null().to_numpy().astype(bool)
    return ~absent


def _numbers(
    values: NDArray[Any], weights: NDArray[np.float64], count: float, missing: float
) -> Weighted:
    finite = np.isfinite(values) if values.dtype.kind == "f" else np.ones(len(values), dtype=bool)
    finite &= weights > 0
    values, weights = values[finite].astype(np.float64), weights[finite]
    total = float(weights.sum())
    if not total:
        return Weighted(count, missing)
    mean = float(values @ weights) / total
    spread = float(((values - mean) ** 2) @ weights)
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    places = np.searchsorted(reached, np.array(sketches.QUANTILES) * reached[-1], side="left")
    found = values[order][np.minimum(places, len(values) - 1)]
    return Weighted(count, missing, mean, (spread / total) ** 0.5, sketches.named_quantiles(found))


def _values(column: Read, weights: NDArray[np.float64]) -> tuple[tuple[Any, float], ...]:
    frame = column.present.alias("value").to_frame()
    of_weights = nw.new_series("weight", weights, backend=frame.implementation)
    if column.present.implementation.is_pandas_like():  # that would align by the index
        native: Any = of_weights.to_native()
        native.index = frame.to_native().index
        of_weights = nw.from_native(native, series_only=True)
    sums = frame.with_columns(of_weights).group_by("value").agg(nw.col("weight").sum())
    pairs = zip(sums["value"].to_list(), sums["weight"].to_list(), strict=True)
    cast = bool if column.type == "bool" else str
    ordered = sorted(((cast(a), float(b)) for a, b in pairs), key=lambda one: (-one[1], one[0]))
    return tuple(ordered[:LISTED])
