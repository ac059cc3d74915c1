"""Metrics of classes and of their probabilities, for two classes and for more.

With two classes precision, recall, F1 and the curves are those of the positive class; with more
they are means over the classes (`macro`), and the curves are one class against the rest.

Source: scikit-learn's definitions. Expected calibration error: Guo et al., "On Calibration of
Modern Neural Networks" (2017), ten bins of equal width; with two classes, of the probability of
the positive one.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from thruway.components.evaluate.metric import Answers, Context, Measured, Table, ratio, summed

if TYPE_CHECKING:
    from collections.abc import Iterator

BINS = 10
_RATES = {"selection_rate": None, "false_positive_rate": False}
_SMALLEST = 2.220446049250313e-16  # as scikit-learn clips: the spacing of floats at one

DIRECTIONS: dict[str, bool | None] = {
    "roc_auc": True,
    "pr_auc": True,
    "accuracy": True,
    "balanced_accuracy": True,
    "precision": True,
    "recall": True,
    "f1": True,
    "matthews": True,
    "log_loss": False,
    "brier": False,
    "ece": False,
    **_RATES,
}
OF_PROBABILITIES = ("roc_auc", "pr_auc", "log_loss", "brier", "ece")


def measure(answers: Answers, context: Context) -> Measured:
    """Return the metrics of some rows."""
    found = Measured()
    _measure_probabilities(found, answers, context)
    _measure_classes(found, answers, context)
    if context.positive is not None:
        _measure_rates(found, answers, context)
    return found


def _measure_classes(found: Measured, answers: Answers, context: Context) -> None:
    import numpy as np
    from sklearn import metrics

    truth, predicted, weights = answers.truth, answers.predicted, answers.weights
    binary = context.positive is not None
    present = np.unique(truth)
    kind: dict[str, Any] = {
        "sample_weight": weights,
        "zero_division": 0,
        "average": "binary" if binary else "macro",
        "pos_label": context.positive if binary else 1,
    }
    alone = _one_class(present, context)
    no_hits = no_rows = no_either = ""
    if binary:
        name = context.classes[context.positive or 0]
        none_predicted = not (predicted == context.positive).any()
        none_there = not (truth == context.positive).any()
        no_hits = f"nothing was predicted as {name!r}" if none_predicted else ""
        no_rows = f"no row is {name!r}" if none_there else ""
        no_either = f"no row is {name!r}, and none predicted so" if no_hits and no_rows else ""

    def scored(function: Any, **more: Any) -> Any:
        return lambda: function(truth, predicted, **more)

    found.put("accuracy", "", scored(metrics.accuracy_score, sample_weight=weights))
    every = {"labels": present, "average": "macro", "sample_weight": weights, "zero_division": 0}
    found.put("balanced_accuracy", alone, scored(metrics.recall_score, **every))
    found.put("precision", no_hits, scored(metrics.precision_score, **kind))
    found.put("recall", no_rows, scored(metrics.recall_score, **kind))
    found.put("f1", no_either, scored(metrics.f1_score, **kind))
    found.put("matthews", alone, scored(metrics.matthews_corrcoef, sample_weight=weights))


def _measure_rates(found: Measured, answers: Answers, context: Context) -> None:
    import numpy as np

    chosen = answers.predicted == context.positive
    others = answers.truth != context.positive
    weights = np.ones(len(answers)) if answers.weights is None else answers.weights
    none = "" if others.any() else "every row is of the positive class"
    found.put("selection_rate", "", lambda: (weights * chosen).sum() / weights.sum())
    found.put(
        "false_positive_rate",
        none,
        lambda: (weights * chosen * others).sum() / (weights * others).sum(),
    )


def _measure_probabilities(found: Measured, answers: Answers, context: Context) -> None:
    import numpy as np
    from sklearn import metrics

    if answers.probabilities is None:
        found.reasons |= dict.fromkeys(OF_PROBABILITIES, context.no_probabilities)
        if answers.scores is None:
            return
    weights = answers.weights
    alone = _one_class(np.unique(answers.truth), context)
    pairs = list(_one_against_rest(answers, context))
    alone = alone or ("" if pairs else "the model knows none of the classes that the rows have")

    def over(function: Any) -> Any:
        return lambda: np.mean([function(y, p, sample_weight=weights) for y, p in pairs])

    for name, area in (
        ("roc_auc", metrics.roc_auc_score),
        ("pr_auc", metrics.average_precision_score),
    ):
        found.reasons.pop(name, None)
        found.put(name, alone, over(area))
    if answers.probabilities is None:
        return
    # By row, as the draws need them: scikit-learn's own clip otherwise in each version.
    for name, losses in (("log_loss", row_losses), ("brier", row_briers)):
        each = losses(answers, context)
        found.put(name, "", partial(np.average, each, weights=weights))
    ones = np.ones((1, len(answers))) if weights is None else weights[None]
    found.put("ece", "", lambda: _redraw_ece(answers, context, ones)[0])


def row_losses(answers: Answers, context: Context) -> Any:  # noqa: ARG001 - one of two alike
    """Return minus the logarithm of the probability of what is right, for each row."""
    import numpy as np

    right = answers.probabilities[np.arange(len(answers)), answers.truth]
    return -np.log(np.clip(right, _SMALLEST, 1 - _SMALLEST))


def row_briers(answers: Answers, context: Context) -> Any:
    """Return the squared error of the probabilities, for each row.

    With two classes of the positive one's, as usual; with more, summed over the classes.
    """
    import numpy as np

    if context.positive is not None:
        hit = answers.truth == context.positive
        squared = (answers.probabilities[:, context.positive] - hit) ** 2
    else:
        right = np.zeros_like(answers.probabilities)
        right[np.arange(len(answers)), answers.truth] = 1.0
        squared = ((answers.probabilities - right) ** 2).sum(axis=1)
    return squared


def binned(answers: Answers, context: Context) -> tuple[Any, Any, Any]:
    """Return for each row its bin, the probability that was claimed, and whether it came true."""
    import numpy as np

    if context.positive is not None:
        claimed = answers.probabilities[:, context.positive]
        true = (answers.truth == context.positive).astype(float)
    else:
        claimed = answers.probabilities.max(axis=1)
        true = (answers.probabilities.argmax(axis=1) == answers.truth).astype(float)
    return np.minimum((claimed * BINS).astype(int), BINS - 1), claimed, true


def _one_class(present: Any, context: Context) -> str:
    return f"the rows have one class only: {context.classes[present[0]]!r}" * (len(present) < 2)


def _one_against_rest(answers: Answers, context: Context) -> Iterator[tuple[Any, Any]]:
    """Give (whether it is the class, probability of it) for each class that can be judged."""
    import numpy as np

    ordered = answers.scores if answers.probabilities is None else answers.probabilities
    if context.positive is not None:
        if context.known[context.positive]:
            yield answers.truth == context.positive, ordered[:, context.positive]
        return
    for code in np.unique(answers.truth):
        if context.known[code]:
            yield answers.truth == code, ordered[:, code]


def redraw(answers: Answers, context: Context, draws: Any) -> dict[str, Any]:
    """Return the same metrics for draws of the rows; `draws` of shape (n_draws, n_rows)."""
    found = _redraw_classes(answers, context, draws)
    if answers.probabilities is not None:
        total = draws.sum(axis=1)
        found["log_loss"] = ratio(summed(draws, row_losses(answers, context)), total)
        found["brier"] = ratio(summed(draws, row_briers(answers, context)), total)
        found["ece"] = _redraw_ece(answers, context, draws)
    if answers.probabilities is None and answers.scores is None:
        return found
    areas = [_areas(y, p, draws) for y, p in _one_against_rest(answers, context)]
    if areas:
        found["roc_auc"] = _mean([area for area, _ in areas])
        found["pr_auc"] = _mean([precision for _, precision in areas])
    return found


def _mean(areas: list[Any]) -> Any:
    """Return the mean over the classes that a draw has; NaN where it has none."""
    import numpy as np

    every = np.stack(areas)
    return ratio(np.nansum(every, axis=0), np.isfinite(every).sum(axis=0))


def _areas(hits: Any, scores: Any, draws: Any) -> tuple[Any, Any]:
    """Return the areas under the ROC and the precision-recall curve of each draw."""
    import numpy as np

    order = np.argsort(-scores, kind="stable")
    ordered = scores[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])  # ties count as one
    drawn = draws[:, order]
    hit = np.cumsum(np.add.reduceat(drawn * hits[order], starts, axis=1), axis=1)
    miss = np.cumsum(np.add.reduceat(drawn * ~hits[order], starts, axis=1), axis=1)
    hits_all, misses_all = hit[:, -1], miss[:, -1]
    before = np.concatenate([np.zeros((len(draws), 1)), hit[:, :-1]], axis=1)
    steps = np.diff(miss, axis=1, prepend=0.0)
    area = ratio((steps * (hit + before) / 2).sum(axis=1), hits_all * misses_all)
    precision = np.divide(hit, hit + miss, out=np.zeros_like(hit), where=hit + miss > 0)
    averaged = ratio(((hit - before) * precision).sum(axis=1), hits_all)
    return area, np.where(misses_all > 0, averaged, np.nan)


def _redraw_ece(answers: Answers, context: Context, draws: Any) -> Any:
    import numpy as np

    bins, claimed, true = binned(answers, context)
    order = np.argsort(bins, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(bins[order]) > 0])
    off = np.add.reduceat(draws[:, order] * (claimed - true)[order], starts, axis=1)
    return ratio(np.abs(off).sum(axis=1), draws.sum(axis=1))


def _redraw_classes(answers: Answers, context: Context, draws: Any) -> dict[str, Any]:
    import numpy as np
    from scipy import sparse

    count = len(context.classes)
    cells, at = np.unique(answers.truth * count + answers.predicted, return_inverse=True)
    rows = np.arange(len(answers))
    member = sparse.csr_matrix((np.ones(len(rows)), (rows, at.ravel())), (len(rows), len(cells)))
    counts = np.asarray((member.T @ draws.T).T)
    true, guessed = cells // count, cells % count
    classes = np.arange(count)
    is_true, is_guessed = true[:, None] == classes, guessed[:, None] == classes
    support, chosen, hits = (
        np.einsum("dc,ck->dk", counts, which.astype(float))
        for which in (is_true, is_guessed, is_true & is_guessed)
    )
    total = draws.sum(axis=1)
    found = {
        "accuracy": ratio(hits.sum(axis=1), total),
        "balanced_accuracy": _balanced(support, hits),
        "matthews": _matthews(support, chosen, hits, total),
    }
    if context.positive is None:
        return found | _macro(support, chosen, hits)
    at_positive = (support[:, context.positive], chosen[:, context.positive])
    return found | _binary(*at_positive, hits[:, context.positive], total)


def _balanced(support: Any, hits: Any) -> Any:
    import numpy as np

    there = (support > 0).sum(axis=1)
    recalls = np.divide(hits, support, out=np.zeros_like(hits), where=support > 0)
    return np.where(there > 1, ratio(recalls.sum(axis=1), there), np.nan)


def _matthews(support: Any, chosen: Any, hits: Any, total: Any) -> Any:
    import numpy as np

    covariance = hits.sum(axis=1) * total - (support * chosen).sum(axis=1)
    of_truth = total**2 - (support**2).sum(axis=1)
    of_guess = total**2 - (chosen**2).sum(axis=1)
    below = np.sqrt(of_truth * of_guess)
    value = np.divide(covariance, below, out=np.zeros_like(below), where=below > 0)
    return np.where((support > 0).sum(axis=1) > 1, value, np.nan)


def _binary(support: Any, chosen: Any, hits: Any, total: Any) -> dict[str, Any]:
    return {
        "precision": ratio(hits, chosen),
        "recall": ratio(hits, support),
        "f1": ratio(2 * hits, support + chosen),
        "selection_rate": ratio(chosen, total),
        "false_positive_rate": ratio(chosen - hits, total - support),
    }


def _macro(support: Any, chosen: Any, hits: Any) -> dict[str, Any]:
    import numpy as np

    there = (support > 0) | (chosen > 0)
    count = there.sum(axis=1)

    def mean(above: Any, below: Any) -> Any:
        each = np.divide(above, below, out=np.zeros_like(above), where=below > 0)
        return ratio((each * there).sum(axis=1), count)

    return {
        "precision": mean(hits, chosen),
        "recall": mean(hits, support),
        "f1": mean(2 * hits, support + chosen),
    }


TABLE = Table(DIRECTIONS, measure, redraw)
