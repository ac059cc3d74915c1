"""What columns are worth to a model: how much worse it gets when one is shuffled.

Source: Breiman, "Random Forests" (2001); Fisher, Rudin and Dominici, "All Models are Wrong, but
Many are Useful" (2019). scikit-learn's `permutation_importance` is the same for its estimators and
pandas; this is for any model and any frame. Columns that say the same share their worth: each
looks worth little alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from thruway.components.evaluate.columns import column
from thruway.components.evaluate.encoding import coded, numeric
from thruway.components.evaluate.predictions import at_rows, dropped_by, predicted
from thruway.components.evaluate.types import Importance

if TYPE_CHECKING:
    from collections.abc import Callable

    import narwhals as nw

    from thruway.components.evaluate.metric import Answers, Context
    from thruway.components.evaluate.question import Question

_REPEATS = 3
_MOST_ROWS = 2_000
_LEAST_ROWS = 100
_MOST_COLUMNS = 500
_PREDICTIONS = 1_000_000
"""Rows that are predicted in all, at most: it bounds the cost."""

Score = "Callable[[Answers, Context], float | None]"
_PREFERRED = {
    "classification": ("roc_auc", "accuracy"),
    "regression": ("r2", "mae"),
    "forecasting": ("mae",),
    "ranking": ("ndcg",),
}


def metric_for(task: str, measured: Any) -> str:
    """Return the metric that importance is counted in: the first that these rows have."""
    return next((name for name in _PREFERRED[task] if name in measured), "")


@dataclass(frozen=True)
class Shuffling:
    """What is asked of the model again.

    Attributes:
        model: the model.
        q: what was asked.
        score: the metric, higher is better; None where rows have none.
        seed: of the shuffling.
    """

    model: Any
    q: Question
    score: Callable[[Answers, Context], float | None]
    seed: int


def importance_of(
    frame: nw.DataFrame[Any], names: list[str], answers: Answers, how: Shuffling
) -> tuple[tuple[Importance, ...], str]:
    """Return the columns, best first, or a note why there are none.

    Args:
        frame: the examples; at most 2,000 of them are used.
        names: the columns that the model takes.
        answers: of these examples, for weights and groups.
        how: what is asked again.
    """
    import numpy as np

    if len(names) > _MOST_COLUMNS:
        why = f"there are {len(names):,} columns, and at most {_MOST_COLUMNS:,} are tried"
        return (), f"importance was not computed: {why}"
    random = np.random.default_rng(how.seed)
    affordable = _PREDICTIONS // (_REPEATS * max(len(names), 1))
    most = max(_LEAST_ROWS, min(_MOST_ROWS, affordable))
    at = random.permutation(len(frame))
    at = np.sort(at[:most] if answers.groups is None else _whole_groups(answers.groups, at, most))
    some = frame[at.tolist()]
    answers = answers.at(at)
    start = _scored(some, answers, how)
    if start is None:
        return (), "importance was not computed: the metric is not defined for these rows"
    found = [_of_column(some, name, start, answers, how, random) for name in names]
    ordered = sorted((one for one in found if one), key=lambda one: (-one.mean, one.column))
    return tuple(ordered), ""


def _whole_groups(groups: Any, at: Any, most: int) -> Any:
    """Return rows of as many whole groups as are affordable: a ranking needs all its items."""
    import numpy as np

    sizes = np.bincount(groups)
    order = np.unique(groups[at], return_index=True)
    drawn = order[0][np.argsort(order[1])]
    fits = drawn[np.cumsum(sizes[drawn]) <= most]
    return np.flatnonzero(np.isin(groups, fits if len(fits) else drawn[:1]))


def _of_column(
    frame: nw.DataFrame[Any],
    name: str,
    start: float,
    answers: Answers,
    how: Shuffling,
    random: Any,
) -> Importance | None:
    import numpy as np

    lost = []
    for _ in range(_REPEATS):
        shuffled = frame.get_column(name)[random.permutation(len(frame)).tolist()]
        score = _scored(_with(frame, name, shuffled), answers, how)
        if score is not None:
            lost.append(start - score)
    if not lost:
        return None
    return Importance(name, float(np.mean(lost)), float(np.std(lost)))


def _with(frame: nw.DataFrame[Any], name: str, values: Any) -> nw.DataFrame[Any]:
    """Return the frame with another column; pandas would align it by the index."""
    import narwhals as nw

    if frame.implementation.is_pandas():
        native = frame.to_native().copy()
        native[name] = values.to_native().array
        return nw.from_native(native, eager_only=True)
    return frame.with_columns(values.alias(name))


def _scored(frame: nw.DataFrame[Any], answers: Answers, how: Shuffling) -> float | None:
    import numpy as np

    found = predicted(how.model, frame, np.arange(len(frame)), how.q, who="model")
    stay = ~dropped_by(found)
    if not stay.any():
        return None
    labels = column(frame, how.q.label, "label")[0][stay]
    if how.q.task == "classification":
        sides, _ = coded(labels, at_rows(found, stay), None, how.q)
    else:
        sides, _ = numeric(labels.astype(float), at_rows(found, stay), None, how.q)
    kept = answers.at(stay)
    again, context = sides[0]
    return how.score(replace(again, weights=kept.weights, groups=kept.groups), context)
