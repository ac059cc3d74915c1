"""Metrics of forecasts: those of numbers, and the error against the naive forecast's.

Source: Hyndman and Koehler, "Another look at measures of forecast accuracy" (2006): MASE divides
by the mean absolute error, in the history, of the forecast that says what was one season ago.
"""

from __future__ import annotations

from typing import Any

from thruway.components.evaluate import regression
from thruway.components.evaluate.metric import Answers, Context, Measured, Table

DIRECTIONS = {"mae": False, "mase": False, **regression.DIRECTIONS}


def measure(answers: Answers, context: Context) -> Measured:
    """Return the metrics of some rows."""
    found = regression.measure(answers, context)
    found.put("mase", context.no_scale, lambda: found.values["mae"] / (context.scale or 1.0))
    return found


def redraw(answers: Answers, context: Context, draws: Any) -> dict[str, Any]:
    """Return the same metrics for draws of the rows; `draws` of shape (n_draws, n_rows)."""
    found = regression.redraw(answers, context, draws)
    if context.scale:
        found["mase"] = found["mae"] / context.scale
    return found


def naive_scale(values: Any, series: Any, season: int) -> tuple[float | None, str]:
    """Return the mean absolute error of the naive forecast, or why there is none.

    Args:
        values: of the history, in the order of time within each series.
        series: code of the series of each value; None for one.
        season: how many steps back the naive forecast looks.
    """
    import numpy as np

    codes = np.zeros(len(values), dtype=int) if series is None else series
    order = np.argsort(codes, kind="stable")
    ordered, owners = values[order], codes[order]
    same = owners[season:] == owners[:-season]
    steps = np.abs(ordered[season:] - ordered[:-season])[same]
    steps = steps[np.isfinite(steps)]
    if not len(steps):
        return None, f"the history has no two values {season} steps apart"
    scale = float(steps.mean())
    return (scale, "") if scale > 0 else (None, "the history never changes from season to season")


TABLE = Table(DIRECTIONS, measure, redraw)
