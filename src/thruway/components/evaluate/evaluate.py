"""The component `evaluate`: its arguments, checked, and the record put together."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from thruway.components.evaluate.bootstrap import Resampling
from thruway.components.evaluate.case import case_of
from thruway.components.evaluate.columns import plain
from thruway.components.evaluate.curves import confusion_of, curves_of
from thruway.components.evaluate.custom import Metrics, sorted_out
from thruway.components.evaluate.importance import Shuffling, importance_of, metric_for
from thruway.components.evaluate.judge import TABLES, Judge
from thruway.components.evaluate.predictions import feature_names, is_model
from thruway.components.evaluate.question import Question
from thruway.components.evaluate.slicing import Cut, Slicer, by_value, cuts
from thruway.components.evaluate.task import checked
from thruway.components.evaluate.types import Evaluation, TaskName
from thruway.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from thruway.components.evaluate.case import Case
    from thruway.components.evaluate.judge import Part
    from thruway.components.evaluate.types import Importance
    from thruway.components.frames import Frame

_MOST_DRAWS = 100_000


def evaluate(
    examples: Any,
    model: Any,
    label: Any,
    *,
    baseline: Any = None,
    task: TaskName | None = None,
    metrics: Metrics | None = None,
    slices: Sequence[Slicer] | Slicer = (),
    weights: Any = None,
    positive: Any = None,
    threshold: float | None = None,
    features: Sequence[str] | None = None,
    prediction: Any = None,
    probability: Any = None,
    group: str | None = None,
    k: int = 10,
    quantile: float = 0.5,
    time: str | None = None,
    horizon: str | None = None,
    history: Frame | None = None,
    season: int = 1,
    confidence: float = 0.95,
    n_bootstrap: int = 200,
    stratify: bool = False,
    seed: int = 0,
    importance: bool | str = True,
    min_rows: int = 10,
) -> Evaluation:
    """Return what a model is worth on examples that it has not seen.

    Metrics of the task with bootstrap intervals, for all rows and for slices of them; compared
    with a baseline on the same rows. What cannot be computed is listed with the reason.

    Args:
        examples: rows with what the model takes: a frame of pandas, polars or Arrow, an array; or
            what else the model takes (texts, a sparse matrix), with the labels apart.
        model: what has `predict` (and `predict_proba`); or a column of predictions, or an array
            of them; None when they are given with `prediction` or `probability`.
        label: column of what is right, or the values themselves, one for each row in their order
            (`evaluate(X_test, model, y_test)`). Rows without it are left out, and counted.
        baseline: another model, a column or an array, judged on the same rows.
        task: `classification`, `regression`, `ranking` or `forecasting`; by default what the model
            is, or else what the label looks like.
        metrics: names, to compute these only; functions `(y_true, y_pred) -> float`, which may
            take `sample_weight` and `y_proba` by name; or {name: function} beside the task's own.
        slices: each a column (numbers of more than 10 values in 4 bins), `{column: bins}` (a
            number of bins of equal size, or edges), a function of the frame that gives a value for
            each row, or a tuple of these to cross them. At most the 50 largest of each kind.
        weights: column or array of weights, zero or more.
        positive: the class that precision, recall and the curves are about; by default the second
            of the two.
        threshold: from which probability on the positive class is predicted; by default the model
            decides.
        features: columns that the model takes; by default those that it was fitted on, or all that
            have no other meaning here.
        prediction: column or array of predictions, instead of the model's.
        probability: the same of the positive class's probability; of several classes
            `{class: column}`, or an array with a column for each class in sorted order.
        group: for a ranking, column of the query; for forecasts, of the series. Its rows are drawn
            together by the bootstrap: also for other tasks, where rows belong together.
        k: how many places of a ranking count for NDCG.
        quantile: that is predicted, for the pinball loss.
        time: column that forecasts are ordered by.
        horizon: column of how far ahead a forecast looks: each value becomes a slice.
        history: what was known before, with the label (and `group`, `time`): MASE divides by the
            naive forecast's error there.
        season: how many steps back the naive forecast looks: 1, or 12 for monthly data.
        confidence: of the intervals.
        n_bootstrap: how often the rows are drawn again; 0 for no intervals.
        stratify: draw as many rows of each class as there are.
        seed: of the bootstrap, and of the shuffling for importance.
        importance: how much worse the model gets when a column is shuffled, on at most 2,000 rows;
            the name of a metric to count it in that one.
        min_rows: slices of fewer rows are listed without metrics.

    Raises:
        DataError: the model and the examples do not fit; no row is left to judge by.
        UsageError: arguments that make no sense together.

    Example:
        >>> import pandas as pd
        >>> rows = pd.DataFrame({"paid": [0, 0, 1, 1], "risk": [0.1, 0.4, 0.35, 0.8]})
        >>> found = evaluate(rows, None, "paid", probability="risk", n_bootstrap=0)
        >>> found["roc_auc"], found["accuracy"]
        (0.75, 0.75)

    Source: the Evaluator of TFX and its Model Analysis; metrics by scikit-learn.
    """
    q = Question(
        label, task, positive, threshold, weights, group, time, horizon, history, season, k,
        quantile, None if features is None else tuple(features), prediction, probability,
    )  # fmt: skip
    checked(q)
    _check_numbers(confidence, n_bootstrap, min_rows)
    case = case_of(examples, model, baseline, q)
    q = replace(case.question or q, task=case.task)
    wanted, own = sorted_out(metrics, list(TABLES[case.task].directions))
    judge = Judge(case, wanted, own, _resampling(case, n_bootstrap, seed, stratify), confidence)
    ways = [*_horizons(case, q), *cuts(case.frame, slices)]
    parts = judge.judged(ways, min_rows)
    worth: tuple[Importance, ...] = ()
    counted_in = note = ""
    if importance and is_model(model) and q.raw is None:
        counted_in = importance if isinstance(importance, str) else ""
        worth, counted_in, note = _importance(judge, parts[0], model, q, seed, counted_in)
    return _record(judge, parts, ways, q, worth, counted_in, note)


def _check_numbers(confidence: float, n_bootstrap: int, min_rows: int) -> None:
    if not 0 < confidence < 1:
        raise UsageError(f"confidence={confidence} is none", fix="between 0 and 1, as 0.95")
    if not 0 <= n_bootstrap <= _MOST_DRAWS:
        raise UsageError(
            f"n_bootstrap={n_bootstrap} is no number of draws", fix=f"0 to {_MOST_DRAWS:,}"
        )
    if min_rows < 1:
        raise UsageError(f"min_rows={min_rows} is no number of rows", fix="at least 1")


def _resampling(case: Case, n_draws: int, seed: int, stratify: bool) -> Resampling:
    """Return how rows are drawn: as they belong together."""
    answers = case.model.answers
    if answers.groups is not None:
        return Resampling(n_draws, seed, clusters=answers.groups)
    if case.task == "forecasting":
        return Resampling(n_draws, seed, block=max(1, round(len(answers) ** (1 / 3))))
    strata = answers.truth if stratify and case.task == "classification" else None
    return Resampling(n_draws, seed, strata=strata)


def _horizons(case: Case, q: Question) -> list[Cut]:
    return [] if q.horizon is None else [by_value(case.frame, q.horizon, "horizon")]


def _importance(
    judge: Judge, whole: Part, model: Any, q: Question, seed: int, asked: str
) -> tuple[tuple[Importance, ...], str, str]:
    import numpy as np

    name = asked or metric_for(judge.case.task, whole.measured[0].values)
    ways = judge.table.directions
    if asked and asked not in ways:
        raise UsageError(
            f"importance cannot be counted in {asked!r}", fix=f"one of {', '.join(ways)}"
        )
    if not name:
        return (), "", "importance was not computed: no metric to count it in"
    sign = -1.0 if ways[name] is False else 1.0

    def score(answers: Any, context: Any) -> float | None:
        ones = np.ones((1, len(answers))) if answers.weights is None else answers.weights[None]
        found = judge.table.redraw(answers, context, ones).get(name)
        return None if found is None or not np.isfinite(found[0]) else sign * float(found[0])

    names = feature_names(model, judge.case.frame, q)
    how = Shuffling(model, q, score, seed)
    found, note = importance_of(judge.case.frame, names, judge.case.model.answers, how)
    return found, name if found else "", note


def _record(
    judge: Judge,
    parts: list[Part],
    ways: list[Cut],
    q: Question,
    worth: tuple[Importance, ...],
    counted_in: str,
    note: str,
) -> Evaluation:
    case, whole = judge.case, parts[0]
    context = case.model.context
    many = [
        f"{cut.left_out:,} more slices by {cut.by} have fewer rows than those listed"
        for cut in ways
        if cut.left_out
    ]
    curves = curves_of(case.model) if context.classes else {}
    if context.classes and case.baseline is not None:
        curves |= curves_of(case.baseline, "baseline ")
    return Evaluation(
        task=case.task,
        label=q.label,
        rows=len(case.frame),
        dropped=case.dropped,
        metrics=judge.estimates(whole, 0),
        not_computed=whole.measured[0].reasons,
        higher_is_better=judge.directions(),
        slices=judge.slices(parts),
        gaps=judge.gaps(parts),
        baseline=judge.estimates(whole, 1) if case.baseline is not None else {},
        comparisons=judge.comparisons(parts),
        classes=tuple(map(plain, context.classes)),
        positive=None if context.positive is None else plain(context.classes[context.positive]),
        confusion=confusion_of(case.model) if context.classes else None,
        curves=curves,
        importance=worth,
        importance_metric=counted_in,
        confidence=judge.confidence,
        n_bootstrap=judge.how.n_draws,
        notes=(*case.notes, *many, *((note,) if note else ())),
    )
