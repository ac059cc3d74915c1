"""Which kind of task it is: said by the user, by the model, or by the label."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from thruway.components.evaluate.types import TaskName
from thruway.errors import UsageError

if TYPE_CHECKING:
    from thruway.components.evaluate.question import Question

_FEW = 20


def checked(q: Question) -> None:
    """Refuse arguments that make no sense together.

    Raises:
        UsageError: they do not.
    """
    if q.task is not None and q.task not in get_args(TaskName):
        raise UsageError(
            f"there is no task {q.task!r}", fix=f"one of {', '.join(get_args(TaskName))}"
        )
    if q.task == "ranking" and q.group is None:
        raise UsageError(
            "a ranking is judged query by query, and no column says which query a row is of",
            fix="name it: group='query_id'",
        )
    if q.season < 1 or q.k < 1:
        raise UsageError("`season` and `k` are numbers of rows", fix="at least 1")
    if not 0 < q.quantile < 1:
        raise UsageError(f"quantile={q.quantile} is none", fix="between 0 and 1")
    if q.threshold is not None and not 0 <= q.threshold <= 1:
        raise UsageError(f"threshold={q.threshold} is no probability", fix="between 0 and 1")


def task_of(model: Any, labels: Any, q: Question) -> tuple[TaskName, str]:
    """Return the task, and a note where it was guessed from the label."""
    if q.task is not None:
        return q.task, ""
    if q.horizon is not None or q.history is not None:
        return "forecasting", ""
    kind = _said_by(model)
    if kind is not None:
        return kind, ""
    if q.probability is not None or hasattr(model, "classes_"):
        return "classification", ""
    return _guessed(labels)


def _said_by(model: Any) -> TaskName | None:
    if not hasattr(model, "predict"):
        return None
    from sklearn import base

    for kind, test in (("classification", base.is_classifier), ("regression", base.is_regressor)):
        try:
            if test(model):
                return kind  # type: ignore[return-value]
        except Exception:  # noqa: S112 - models of other libraries have no tags
            continue
    return None


def _guessed(labels: Any) -> tuple[TaskName, str]:
    import numpy as np

    if labels.dtype.kind not in "iuf":
        return "classification", ""
    distinct = len(np.unique(labels))
    whole = labels.dtype.kind in "iu" or bool((labels == np.floor(labels)).all())
    task: TaskName = "classification" if whole and distinct <= _FEW else "regression"
    many = f"{distinct:,} different {'whole ' if whole else ''}numbers in the label"
    return task, f"taken for {task}, for {many}; say otherwise with `task`"
