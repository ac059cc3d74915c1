"""Curves of probabilities, in few enough points to be kept, and the counts of predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from thruway.components.evaluate.classification import BINS, binned
from thruway.components.evaluate.columns import plain
from thruway.components.evaluate.types import ClassResult, Confusion

if TYPE_CHECKING:
    from thruway.components.evaluate.case import Side
    from thruway.components.evaluate.types import Points

_MOST = 200


def curves_of(side: Side, before: str = "") -> dict[str, Points]:
    """Return the curves of one side, those that there are.

    Args:
        side: model or baseline.
        before: goes before their names.
    """
    answers, context = side.answers, side.context
    ordered = answers.scores if answers.probabilities is None else answers.probabilities
    if ordered is None:
        return {}
    found = {}
    if answers.probabilities is not None:
        found[f"{before}calibration"] = _calibration(side)
    if context.positive is None:
        return found
    from sklearn import metrics

    hits = answers.truth == context.positive
    scores = ordered[:, context.positive]
    if hits.any() and not hits.all():
        false, true, _ = metrics.roc_curve(hits, scores, sample_weight=answers.weights)
        precision, recall, _ = metrics.precision_recall_curve(
            hits, scores, sample_weight=answers.weights
        )
        found[f"{before}roc"] = thinned(false, true)
        found[f"{before}precision_recall"] = thinned(recall[::-1], precision[::-1])
    return found


def _calibration(side: Side) -> Points:
    """Return (mean claimed probability, share that came true) of each bin that has rows."""
    import numpy as np

    bins, claimed, true = binned(side.answers, side.context)
    given = side.answers.weights
    weights = np.ones(len(bins)) if given is None else given
    total = np.bincount(bins, weights, BINS)
    there = total > 0
    means = [np.bincount(bins, weights * v, BINS)[there] / total[there] for v in (claimed, true)]
    return thinned(*means)


def thinned(x: Any, y: Any) -> Points:
    """Return at most 200 points of a curve, evenly along its length; its ends are kept."""
    import numpy as np

    points = np.column_stack([x, y])
    if len(points) > _MOST:
        steps = np.abs(np.diff(points, axis=0)).sum(axis=1)
        length = np.r_[0.0, np.cumsum(steps)]
        wanted = np.linspace(0, length[-1], _MOST)
        at = np.unique(np.searchsorted(length, wanted).clip(0, len(points) - 1))
        points = points[np.unique(np.r_[0, at, len(points) - 1])]
    return tuple((float(a), float(b)) for a, b in points)


def confusion_of(side: Side) -> Confusion:
    """Return the counts of predictions, as scikit-learn counts them."""
    from sklearn import metrics

    answers, context = side.answers, side.context
    codes = range(len(context.classes))
    counts = metrics.confusion_matrix(
        answers.truth, answers.predicted, labels=list(codes), sample_weight=answers.weights
    ).astype(float)
    classes = tuple(plain(value) for value in context.classes)
    each = tuple(_class_result(classes[at], counts, at) for at in codes)
    return Confusion(classes, tuple(tuple(row) for row in counts.tolist()), each)


def _class_result(label: Any, counts: Any, at: int) -> ClassResult:
    hits = float(counts[at, at])
    support, chosen = float(counts[at].sum()), float(counts[:, at].sum())
    return ClassResult(
        label,
        support,
        hits / chosen if chosen else None,
        hits / support if support else None,
        2 * hits / (support + chosen) if support + chosen else None,
    )
