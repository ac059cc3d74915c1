"""The examples, what is right and what was predicted, made ready to be judged."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from thruway.components.evaluate.columns import array, column
from thruway.components.evaluate.encoding import coded, numeric
from thruway.components.evaluate.forecasting import naive_scale
from thruway.components.evaluate.numbers import numbers
from thruway.components.evaluate.predictions import at_rows, dropped_by, given, predicted
from thruway.components.evaluate.rows import read
from thruway.components.evaluate.task import task_of
from thruway.components.frames import wrapped
from thruway.errors import DataError, UsageError

if TYPE_CHECKING:
    import narwhals as nw

    from thruway.components.evaluate.metric import Answers, Context
    from thruway.components.evaluate.predictions import Predictions
    from thruway.components.evaluate.question import Question
    from thruway.components.evaluate.types import TaskName


_NO_HISTORY = (
    "MASE is counted in the naive forecast's error on these examples: without `history` the one of "
    "the training data is not known"
)


@dataclass(frozen=True)
class Side:
    """One of the two that are judged: the model or the baseline."""

    answers: Answers
    context: Context


@dataclass(frozen=True)
class Case:
    """All that metrics are computed from.

    Attributes:
        task: what kind of predictions they are.
        frame: the examples that are judged, in the order of the answers.
        model: its answers.
        baseline: those of the baseline model; None without one.
        dropped: reason → rows that were left out.
        notes: what a reader should know.
        question: what was asked, with the label by the name of its column.
    """

    task: TaskName
    frame: nw.DataFrame[Any]
    model: Side
    baseline: Side | None = None
    dropped: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    question: Question | None = None


class _Rows:
    """Positions of the rows that are left, and why others are not."""

    def __init__(self, at: Any) -> None:
        self.at = at
        self.dropped: dict[str, int] = {}

    def drop(self, gone: Any, reason: str) -> Any:
        """Leave rows out; return which stay, of those that were left."""
        stay = ~gone
        lost = int(gone.sum())
        if lost:
            self.dropped[reason] = self.dropped.get(reason, 0) + lost
            self.at = self.at[stay]
        if not len(self.at):
            why = "; ".join(f"{reason}: {count:,} rows" for reason, count in self.dropped.items())
            raise DataError(
                "no example is left to judge by", why, "give examples with a label and a prediction"
            )
        return stay


def case_of(examples: Any, model: Any, baseline: Any, q: Question) -> Case:
    """Return the case of some examples and models.

    Raises:
        DataError: no row is left, or labels and predictions do not fit.
        UsageError: nothing says what was predicted.
    """
    frame, q = read(examples, q)
    if not len(frame):
        raise DataError("the examples have no rows", fix="look at the step that makes them")
    rows = _Rows(_in_order(frame, q))
    labels, none = column(frame, q.label, "label")
    rows.drop(none[rows.at], f"the label `{q.label}` is missing")
    groups = _groups(frame, q, rows)
    weights = _weights(frame, q, rows)
    task, note = task_of(model, labels[rows.at], q)
    q = replace(q, task=task)
    if task != "classification":
        labels = numbers(
            labels, ~none, f"the label `{q.label}`", "say task='classification' for classes"
        )
        rows.drop(_infinite(labels[rows.at]), f"the label `{q.label}` is infinite")
    main, other = _predictions(frame, model, baseline, rows, q)
    side = coded if task == "classification" else numeric
    sides, notes = side(labels[rows.at], main, other, q)
    shared: dict[str, Any] = {
        "groups": None if groups is None else _from_zero(groups[rows.at]),
        "weights": None if weights is None else weights[rows.at],
    }
    made = [Side(replace(answers, **shared), context) for answers, context in sides]
    if weights is not None and not shared["weights"].sum() > 0:
        raise DataError("all weights are zero", "argument `weights`", "give some weight")
    if task == "forecasting":
        made, more = _scaled(made, frame, q)
        notes = (*notes, *more)
    rival = made[1] if len(made) > 1 else None
    said = (*((note,) if note else ()), *notes)
    return Case(task, frame[rows.at.tolist()], made[0], rival, rows.dropped, said, q)


def _in_order(frame: nw.DataFrame[Any], q: Question) -> Any:
    """Return the positions of the rows; in the order of time, where it is named."""
    import numpy as np

    if q.time is None:
        return np.arange(len(frame))
    values, none = column(frame, q.time, "time")
    if none.any():
        raise DataError(
            f"the time `{q.time}` is missing in {int(none.sum()):,} rows",
            fix="leave those rows out, or say their time",
        )
    return np.argsort(values, kind="stable")


def _groups(frame: nw.DataFrame[Any], q: Question, rows: _Rows) -> Any:
    import numpy as np

    if q.group is None:
        return None
    values, none = column(frame, q.group, "group")
    rows.drop(none[rows.at], f"the group `{q.group}` is missing")
    return _from_zero(np.asarray([str(value) for value in values.tolist()]))


def _from_zero(codes: Any) -> Any:
    import numpy as np

    return np.unique(codes, return_inverse=True)[1].ravel()


def _weights(frame: nw.DataFrame[Any], q: Question, rows: _Rows) -> Any:
    if q.weights is None:
        return None
    if isinstance(q.weights, str):
        found, none = column(frame, q.weights, "weights")
    else:
        found, none = array(q.weights, len(frame), "weights")
    rows.drop(none[rows.at], "the weight is missing")
    values = numbers(found, ~none, "`weights`")
    kept = values[rows.at]
    if (kept < 0).any() or _infinite(kept).any():
        raise DataError(
            "a weight is negative or infinite", "argument `weights`", "weights are zero or more"
        )
    return values


def _infinite(values: Any) -> Any:
    import numpy as np

    return ~np.isfinite(values)


def _predictions(
    frame: nw.DataFrame[Any], model: Any, baseline: Any, rows: _Rows, q: Question
) -> tuple[Predictions, Predictions | None]:
    if q.prediction is not None or q.probability is not None:
        main = given(frame, rows.at, q)
    elif model is None:
        raise UsageError(
            "nothing says what was predicted",
            fix="give a model, or prediction='column', or probability='column'",
        )
    else:
        main = predicted(model, frame, rows.at, q, who="model")
    other = None if baseline is None else predicted(baseline, frame, rows.at, q, who="baseline")
    stay = rows.drop(dropped_by(main), "the prediction of the model is missing or infinite")
    main = at_rows(main, stay)
    if other is None:
        return main, None
    other = at_rows(other, stay)
    stay = rows.drop(dropped_by(other), "the prediction of the baseline is missing or infinite")
    return at_rows(main, stay), at_rows(other, stay)


def _scaled(
    sides: list[Side], frame: nw.DataFrame[Any], q: Question
) -> tuple[list[Side], tuple[str, ...]]:
    """Return the sides with the error of the naive forecast, which MASE is counted in."""
    history = frame if q.history is None else wrapped(q.history, "history")
    at = _in_order(history, q)
    values, none = column(history, q.label, "label")
    series = None
    if q.group is not None:
        named = column(history, q.group, "group")[0]
        series = _from_zero([str(value) for value in named.tolist()])[at]
    scale, why = naive_scale(numbers(values, ~none, "`history`")[at], series, q.season)
    made = [Side(side.answers, replace(side.context, scale=scale, no_scale=why)) for side in sides]
    return made, (_NO_HISTORY,) if q.history is None else ()
