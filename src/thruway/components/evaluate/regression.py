"""Metrics of numbers.

Source: scikit-learn's definitions; sMAPE in its form from 0 to 2, |error| over the mean of both
absolute values (Makridakis, "Accuracy measures", 1993).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from thruway.components.evaluate.metric import Answers, Context, Measured, Table, ratio, summed

if TYPE_CHECKING:
    from collections.abc import Mapping

DIRECTIONS: Mapping[str, bool | None] = {
    "mae": False,
    "rmse": False,
    "r2": True,
    "median_ae": False,
    "mape": False,
    "smape": False,
    "pinball": False,
    "bias": None,
    "max_error": False,
}


def measure(answers: Answers, context: Context) -> Measured:
    """Return the metrics of some rows."""
    import numpy as np
    from sklearn import metrics

    truth, predicted, weights = answers.truth, answers.predicted, answers.weights
    found = Measured()

    def scored(function: Any, **more: Any) -> Any:
        return lambda: function(truth, predicted, sample_weight=weights, **more)

    squared = scored(metrics.mean_squared_error)
    found.put("mae", "", scored(metrics.mean_absolute_error))
    found.put("rmse", "", lambda: np.sqrt(squared()))
    found.put("r2", _no_r2(truth), scored(metrics.r2_score))
    found.put("median_ae", "", lambda: _median(np.abs(truth - predicted), weights, None)[0])
    found.put("mape", _zeros(truth), scored(metrics.mean_absolute_percentage_error))
    found.put("smape", "", lambda: np.average(row_smape(answers), weights=weights))
    found.put("pinball", "", scored(metrics.mean_pinball_loss, alpha=context.quantile))
    found.put("bias", "", lambda: np.average(predicted - truth, weights=weights))
    found.put("max_error", "", lambda: np.abs(truth - predicted).max())
    return found


def _no_r2(truth: Any) -> str:
    if len(truth) < 2:
        return "it needs two rows"
    return "the label is the same in all rows" if (truth == truth[0]).all() else ""


def _zeros(truth: Any) -> str:
    zeros = int((truth == 0).sum())
    return f"the label is zero in {zeros:,} rows, and a share of zero says nothing" * (zeros > 0)


def row_smape(answers: Answers) -> Any:
    """Return the symmetric relative error of each row: 0 to 2, 0 where both are zero."""
    import numpy as np

    size = (np.abs(answers.truth) + np.abs(answers.predicted)) / 2
    error = np.abs(answers.truth - answers.predicted)
    return np.divide(error, size, out=np.zeros_like(error), where=size > 0)


def redraw(answers: Answers, context: Context, draws: Any) -> dict[str, Any]:
    """Return the same metrics for draws of the rows; `draws` of shape (n_draws, n_rows)."""
    import numpy as np

    truth = answers.truth
    error = truth - answers.predicted
    size = np.abs(error)
    total = draws.sum(axis=1)
    losses = np.maximum(context.quantile * error, (context.quantile - 1) * error)
    mean_squared = ratio(summed(draws, error**2), total)
    found = {
        "mae": ratio(summed(draws, size), total),
        "rmse": np.sqrt(mean_squared),
        "r2": _redraw_r2(truth, mean_squared, draws, total),
        "median_ae": _median(size, answers.weights, draws),
        "smape": ratio(summed(draws, row_smape(answers)), total),
        "pinball": ratio(summed(draws, losses), total),
        "bias": ratio(-summed(draws, error), total),
    }
    if not (truth == 0).any():
        found["mape"] = ratio(summed(draws, size / np.abs(truth)), total)
    return found


def _redraw_r2(truth: Any, mean_squared: Any, draws: Any, total: Any) -> Any:
    import numpy as np

    centred = truth - truth.mean()  # or the squares of large numbers lose all digits
    variance = ratio(summed(draws, centred**2), total) - ratio(summed(draws, centred), total) ** 2
    level = 16 * 2.0**-52 * max(float((centred**2).mean()), 1e-300)
    none = np.full_like(variance, np.nan)
    return 1 - np.divide(mean_squared, variance, out=none, where=variance > level)


def _median(sizes: Any, weights: Any, draws: Any) -> Any:
    """Return the median of each draw: of two in the middle their mean; with weights the lower."""
    import numpy as np

    order = np.argsort(sizes, kind="stable")
    ordered = sizes[order]
    if draws is None:
        draws = np.ones((1, len(sizes))) if weights is None else weights[None]
    counted = np.cumsum(draws[:, order], axis=1)
    total = counted[:, -1]
    if weights is not None:
        return ordered[(counted >= (total / 2)[:, None]).argmax(axis=1)]
    low = (counted > ((total - 1) // 2)[:, None]).argmax(axis=1)
    high = (counted > (total // 2)[:, None]).argmax(axis=1)
    return (ordered[low] + ordered[high]) / 2


TABLE = Table(DIRECTIONS, measure, redraw)
