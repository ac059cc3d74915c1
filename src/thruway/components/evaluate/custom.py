"""Metrics of the user: functions of what is right and what was predicted."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from thruway.errors import UsageError

if TYPE_CHECKING:
    from thruway.components.evaluate.metric import Answers, Context, Measured

Metrics = Sequence[str | Callable[..., float]] | Mapping[str, Callable[..., float]]
"""Names of ours, functions, or both; or name → function."""

_EXTRA = ("sample_weight", "y_proba")


@dataclass(frozen=True)
class Custom:
    """A metric of the user.

    Attributes:
        name: of the function, or the one that it was given.
        function: called with what is right and what was predicted; and by name with
            `sample_weight` and `y_proba`, if it takes them.
        higher_is_better: by scikit-learn's convention for names: `…_score` is better when higher,
            `…_error`, `…_loss` and `…_deviance` when lower; None for other names.
        extra: what it takes beside.
    """

    name: str
    function: Callable[..., float]
    higher_is_better: bool | None
    extra: tuple[str, ...]


def sorted_out(
    metrics: Metrics | None, known: Sequence[str]
) -> tuple[tuple[str, ...] | None, list[Custom]]:
    """Return which metrics are wanted (None: all of the task) and the user's own.

    A mapping, and functions alone, add to the task's; names choose among them.

    Raises:
        UsageError: there is no metric of that name.
    """
    if metrics is None:
        return None, []
    if isinstance(metrics, Mapping):
        return None, [_custom(function, name) for name, function in metrics.items()]
    every = [metrics] if isinstance(metrics, str) or callable(metrics) else list(metrics)
    own = [_custom(one, "") for one in every if callable(one)]
    names = [one for one in every if not callable(one)]
    for name in names:
        if name not in known:
            raise UsageError(
                f"there is no metric {name!r} of this task",
                where="argument `metrics`",
                fix=f"one of {', '.join(known)}, or a function (y_true, y_pred) -> float",
            )
    return ((*names, *(one.name for one in own)) if names else None), own


def _custom(function: Any, name: str) -> Custom:
    if not callable(function):
        raise UsageError(
            f"the metric {name!r} is no function",
            where="argument `metrics`",
            fix="give a function (y_true, y_pred) -> float",
        )
    called = name or getattr(function, "__name__", type(function).__name__)
    try:
        parameters = tuple(inspect.signature(function).parameters)
    except (TypeError, ValueError):  # some functions of C say nothing
        parameters = ()
    extra = tuple(one for one in _EXTRA if one in parameters)
    return Custom(called, function, _direction(getattr(function, "__name__", called)), extra)


def _direction(name: str) -> bool | None:
    if name.endswith("_score"):
        return True
    return False if name.endswith(("_error", "_loss", "_deviance")) else None


def measure_custom(
    found: Measured, own: Sequence[Custom], answers: Answers, context: Context, *, strict: bool
) -> None:
    """Add the user's metrics of some rows.

    Args:
        found: takes them.
        own: the metrics.
        answers: of the rows.
        context: of the side.
        strict: a function that raises is an error; otherwise (for a slice) a reason.

    Raises:
        UsageError: the function raised.
    """
    for one in own:
        if "y_proba" in one.extra and answers.probabilities is None:
            found.reasons[one.name] = context.no_probabilities
            continue
        try:
            value = _called(one, answers, context, answers.weights)
        except Exception as error:  # it is the user's function
            said = f"it raised {type(error).__name__}: {error}"
            if strict:
                raise UsageError(
                    f"the metric `{one.name}` cannot be computed: {said}",
                    where="argument `metrics`",
                    fix="try it alone: it is called with the labels and the predictions",
                ) from error
            found.reasons[one.name] = said
        else:
            found.put(one.name, "", lambda v=value: v)  # type: ignore[misc]


def redraw_custom(
    own: Sequence[Custom], answers: Answers, context: Context, draws: Any, measured: Measured
) -> dict[str, Any]:
    """Return the user's metrics of draws; rows that were drawn twice are there twice."""
    import numpy as np

    found = {}
    rows = np.arange(len(answers))
    wanted = [one for one in own if one.name in measured.values]
    if not wanted:
        return {}
    drawn = [answers.at(np.repeat(rows, draw.astype(int))) for draw in draws]
    for one in wanted:
        values = np.full(len(draws), np.nan)
        for at, each in enumerate(drawn):
            try:
                values[at] = _called(one, each, context, each.weights)
            except Exception:  # noqa: S112 - a draw may lack a class; it has no value then
                continue
        found[one.name] = values
    return found


def _called(one: Custom, answers: Answers, context: Context, weights: Any) -> float:
    extra: dict[str, Any] = {}
    if "sample_weight" in one.extra:
        extra["sample_weight"] = weights
    if "y_proba" in one.extra:
        chances = answers.probabilities
        extra["y_proba"] = chances if context.positive is None else chances[:, context.positive]
    return float(one.function(answers.labels, answers.guesses, **extra))
