"""Which kind of task it is: said by the user, by the model, or by the label."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from thruway.components.evaluate.predictions import is_model
from thruway.components.evaluate.types import TaskName
from thruway.components.models.adapters import adapter_of
from thruway.components.models.labels import task_of_labels
from thruway.errors import UsageError

if TYPE_CHECKING:
    from thruway.components.evaluate.question import Question


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
    import numpy as np

    if q.horizon is not None or q.history is not None:
        return "forecasting", ""
    if q.probability is not None:
        return "classification", ""
    said = adapter_of(model).task(model) if is_model(model) else None
    if said is not None:
        return said, ""
    kind = task_of_labels(labels)
    if labels.dtype.kind not in "iuf":
        return kind, ""
    many = f"{len(np.unique(labels)):,} different numbers in the label"
    return kind, f"taken for {kind}, for {many}; say otherwise with `task`"
