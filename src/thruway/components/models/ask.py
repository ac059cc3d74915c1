"""The five questions that components ask of a model."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from thruway.components.models import tables
from thruway.components.models.adapters import adapter_of, functions, trained_models
from thruway.components.models.adapters.recognise import root_of
from thruway.components.models.labels import task_of_labels
from thruway.components.models.types import Kind, Task
from thruway.errors import DataError, ThruwayError, UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from thruway.components.models.types import Adapter

_WHITE = re.compile(r"\s")


def predict(model: Any, examples: Any, *, kind: Kind = "predict") -> NDArray[Any]:
    """Return what a model says about each row.

    Args:
        model: an estimator, a booster, a torch or Keras model, a `TrainedModel`, or a function
            from a frame to predictions.
        examples: a frame of pandas, polars or Arrow, or an array. The columns that the model was
            trained on are taken by name, others are left aside; a model that knows no names gets
            all columns, in their order.
        kind: `predict` (labels or values), `predict_proba`, or `decision_function` (margins or
            logits, where the model has them).

    Returns:
        (n_rows,), or (n_rows, n_outputs) where the model puts out several.

    Raises:
        DataError: columns are missing or are no numbers, the model is not fitted, or has no answer
            of that kind.
        UsageError: there is no such kind.
    """
    if kind not in get_args(Kind):
        raise UsageError(
            f"`kind` is `{kind}`", fix=f"say one of {tables.quoted(list(get_args(Kind)))}"
        )
    found = _answer(model, examples, kind)
    if found is None:
        raise DataError(
            f"the model {name_of(model)} has no `{kind}`",
            fix="ask for `predict`, or train a model that has it",
        )
    return found


def predict_proba(model: Any, examples: Any) -> NDArray[Any] | None:
    """Return the probability of each class, (n_rows, n_classes), in the order of `classes_of`.

    None for a model that gives none: a regressor, a support vector machine, a plain function.
    For these, `predict(..., kind="decision_function")` may have scores.

    Raises:
        DataError: as `predict`.
    """
    return _answer(model, examples, "predict_proba")


def classes_of(model: Any) -> list[Any] | None:
    """Return the labels of a classifier in the order of its probabilities, else None."""
    return adapter_of(model).classes(model)


def features_of(model: Any) -> list[str] | None:
    """Return the columns that a model was trained on; None when it does not know their names."""
    return adapter_of(model).features(model)


def task_of(model: Any, labels: Any = None) -> Task:
    """Return what a model is for.

    Args:
        model: see `predict`.
        labels: the true ones: they decide where the model does not say, as a function does not.
            Text, booleans and at most 20 distinct integers are classes.

    Raises:
        UsageError: the model does not say, and there are no labels.
    """
    said = adapter_of(model).task(model)
    if said is not None:
        return said
    if labels is None:
        raise UsageError(
            f"the model {name_of(model)} does not say whether it classifies",
            fix="give the labels too, or set `classes_` on it",
        )
    return task_of_labels(labels)


def name_of(model: Any) -> str:
    """Return what a model is called in messages."""
    return f"`{getattr(model, '__qualname__', type(model).__qualname__)}`"


def _answer(model: Any, examples: Any, kind: Kind) -> NDArray[Any] | None:
    adapter = adapter_of(model)
    names = adapter.features(model)
    if tables.is_sparse(examples):
        return adapter.answer(model, kind, examples)
    table = tables.of_examples(examples, names)
    if names is not None and adapter is not trained_models:  # which chooses by itself
        table = tables.selected(table, spelled(model, names, table.columns))
    if not len(table) and adapter is not trained_models:
        return _nothing(adapter, model, kind)
    found = _asked(adapter, model, kind, table)
    if found is not None and (found.ndim == 0 or len(found) != len(table)):
        said = "one answer" if found.ndim == 0 else f"{len(found)} answers"
        raise DataError(
            f"the model {name_of(model)} gave {said} for {len(table)} rows",
            fix="a model answers once for each row, in their order",
        )
    return found


def spelled(model: Any, names: list[str], columns: list[str]) -> list[str]:
    """Return the names of a model as the frame spells them: LightGBM writes spaces as `_`."""
    if root_of(model) != "lightgbm" or set(names) <= set(columns):
        return names
    there = {_WHITE.sub("_", str(column)): column for column in columns}
    return [name if name in columns else there.get(name, name) for name in names]


def _asked(adapter: Adapter, model: Any, kind: Kind, table: Any) -> NDArray[Any] | None:
    if adapter is functions:  # the user's own code: its errors are the user's
        return adapter.answer(model, kind, adapter.prepare(model, table))
    try:
        return adapter.answer(model, kind, adapter.prepare(model, table))
    except ThruwayError:
        raise
    except Exception as error:  # each library says in its own way what it cannot take
        raise _refusal(model, table, error) from error


def _refusal(model: Any, table: Any, error: Exception) -> DataError:
    if type(error).__name__ == "NotFittedError":
        return DataError(f"the model {name_of(model)} is not fitted", fix="fit it first")
    first = (str(error).strip() or type(error).__name__).splitlines()[0]
    odd = tables.not_numeric(table)
    where = f"no numbers: {tables.quoted(odd)}" if odd else ""
    return DataError(
        f"the model {name_of(model)} cannot predict from `examples`: {first}",
        where=where,
        fix="give it the columns it was trained on, with the same types",
    )


def _nothing(adapter: Adapter, model: Any, kind: Kind) -> NDArray[Any] | None:
    """Return the answer for no rows, for which libraries raise."""
    names = adapter.classes(model)
    if kind == "predict":
        return np.empty(0) if names is None else np.asarray(names)[:0]
    if kind == "predict_proba":
        return None if names is None else np.empty((0, len(names)))
    several = names is not None and len(names) > 2
    return np.empty((0, len(names))) if names and several else np.empty(0)
