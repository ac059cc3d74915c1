"""What was predicted: asked of a model, or given as a column or an array."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from thruway.components import models
from thruway.components.evaluate.columns import array, column, in_order
from thruway.components.evaluate.numbers import numbers
from thruway.components.evaluate.rows import taken
from thruway.components.models.ask import spelled
from thruway.components.models.tables import selected
from thruway.errors import DataError, UsageError

if TYPE_CHECKING:
    import narwhals as nw

    from thruway.components.evaluate.question import Question

_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Predictions:
    """What was predicted for the rows, as it was given.

    Attributes:
        values: one for each row; None when there are probabilities only.
        none: which of them are missing.
        probabilities: of shape (n_rows, n_classes), or (n_rows,) for the positive class alone.
        classes: that the columns of the probabilities mean, and that the model knows; () unknown.
        why: there are no probabilities.
        scores: of a decision function, (n_rows, n_classes), where there are no probabilities.
    """

    values: Any = None
    none: Any = None
    probabilities: Any = None
    classes: tuple[Any, ...] = ()
    why: str = ""
    scores: Any = None


def predicted(
    model: Any, frame: nw.DataFrame[Any], at: Any, q: Question, *, who: str
) -> Predictions:
    """Return what a model predicts; it may also be a column of predictions, or an array.

    Args:
        model: or what was predicted.
        frame: the examples.
        at: positions of the rows that are judged.
        q: what is asked.
        who: the argument, for messages.

    Raises:
        DataError: the model cannot predict these rows.
        UsageError: it is nothing that predicts.
    """
    if is_model(model):
        if q.raw is not None:
            return _asked_as_is(model, taken(q.raw, at), q, who)
        return _asked(model, frame[at.tolist()], q, who)
    values, none = (
        column(frame, model, who) if isinstance(model, str) else array(model, len(frame), who)
    )
    return Predictions(values[at], none[at], why="predictions were given, and no model")


def is_model(model: Any) -> bool:
    """Return whether it can be asked: it is neither a column of predictions nor an array."""
    given = model is None or isinstance(model, str | list | tuple)
    return not given and (hasattr(model, "predict") or not hasattr(model, "__array__"))


def given(frame: nw.DataFrame[Any], at: Any, q: Question) -> Predictions:
    """Return predictions and probabilities that were given instead of a model.

    Args:
        frame: the examples.
        at: positions of the rows that are judged.
        q: what is asked.

    Raises:
        DataError: a column is not there.
        UsageError: they do not fit the examples.
    """
    values = none = None
    if isinstance(q.prediction, str):
        values, none = column(frame, q.prediction, "prediction")
    elif q.prediction is not None:
        values, none = array(q.prediction, len(frame), "prediction")
    values = None if values is None else values[at]
    none = None if none is None else none[at]
    if q.probability is None:
        return Predictions(values, none, why="predictions were given without `probability`")
    found, classes = _probabilities(frame, q.probability)
    lost = _lost(found[at])
    none = lost if none is None else none | lost
    return Predictions(values, none, _checked(found[at], lost, "`probability`"), classes)


def _probabilities(frame: nw.DataFrame[Any], asked: Any) -> tuple[Any, tuple[Any, ...]]:
    if isinstance(asked, str):
        values, none = column(frame, asked, "probability")
        return numbers(values, ~none, "`probability`"), ()
    if isinstance(asked, dict):
        classes = in_order(asked)
        columns = [column(frame, asked[one], "probability") for one in classes]
        parts = [numbers(values, ~none, "`probability`") for values, none in columns]
        return np.stack(parts, axis=1), tuple(classes)
    found = np.asarray(asked, dtype=float)
    if found.ndim not in {1, 2} or len(found) != len(frame):
        raise UsageError(
            f"`probability` has shape {found.shape}, and the examples have {len(frame):,} rows",
            fix="give a row for each example, and a column for each class in sorted order",
        )
    return found, ()


def _asked(model: Any, frame: nw.DataFrame[Any], q: Question, who: str) -> Predictions:
    rows = selected(frame, feature_names(model, frame, q)).to_native()
    values, none = array(models.predict(model, rows), len(frame), who)
    if q.task != "classification":
        return Predictions(values, none)
    known = tuple(models.classes_of(model) or ())
    found = models.predict_proba(model, rows)
    if found is None:
        why = f"the model ({type(model).__name__}) has no `predict_proba`"
        return Predictions(values, none, classes=known, why=why, scores=_scores(model, rows, known))
    lost = _lost(found)
    chances = _checked(found.astype(float), lost, f"{who}.predict_proba")
    return Predictions(values, none | lost, chances, known)


def _scores(model: Any, rows: Any, known: tuple[Any, ...]) -> Any:
    """Return what a model computes before it decides, where it has that, one column a class."""
    try:
        found = models.predict(model, rows, kind="decision_function")
    except DataError:  # it has none
        return None
    fits = len(known) == 2 if found.ndim == 1 else found.shape[1] == len(known)
    if not fits or not np.isfinite(found).all():  # a support vector machine, one against one
        return None
    return np.stack([-found, found], axis=1) if found.ndim == 1 else found


def _asked_as_is(model: Any, rows: Any, q: Question, who: str) -> Predictions:
    """Return what a model says to rows that are no table."""
    function = getattr(model, "predict", model)
    try:
        said = function(rows)
        gives = getattr(model, "predict_proba", None) if q.task == "classification" else None
        found = None if gives is None else np.asarray(gives(rows), dtype=float)
    except Exception as error:  # any library, any class of error
        raise DataError(
            f"`{who}` cannot predict these rows: {type(error).__name__}: {error}",
            fix="give it the examples as they were when it was fitted",
        ) from error
    values, none = array(said, len(said), who)
    classes = getattr(model, "classes_", None)
    known = () if classes is None else tuple(classes.tolist())
    if found is None:
        why = f"the model ({type(model).__name__}) has no `predict_proba`"
        return Predictions(values, none, classes=known, why=why)
    lost = _lost(found)
    return Predictions(values, none | lost, _checked(found, lost, who), known)


def _lost(probabilities: Any) -> Any:
    bad = ~np.isfinite(probabilities)
    return bad.any(axis=1) if bad.ndim > 1 else bad


def _checked(probabilities: Any, lost: Any, what: str) -> Any:
    """Return probabilities that are some; those of two columns and more add up to one."""
    kept = probabilities[~lost]
    if ((kept < -_TOLERANCE) | (kept > 1 + _TOLERANCE)).any():
        raise DataError(
            f"{what} holds {kept.min():.4g} to {kept.max():.4g}, which are no probabilities",
            fix="scale them to 0 … 1 first: scores are not probabilities",
        )
    if kept.ndim > 1 and kept.shape[1] > 1:
        off = abs(kept.sum(axis=1) - 1) > _TOLERANCE
        if off.any():
            raise DataError(
                f"{what} does not add up to one in {int(off.sum()):,} rows",
                fix="give the probability of each class; divide by the sum of each row",
            )
    return probabilities.clip(0.0, 1.0)


def feature_names(model: Any, frame: nw.DataFrame[Any], q: Question) -> list[str]:
    """Return the columns that a model is given: those that it was trained on, if it says so."""
    if q.features is not None:
        return list(q.features)
    names = models.features_of(model)
    if names is not None:
        return spelled(model, names, frame.columns)
    return [name for name in frame.columns if name not in q.beside()]


def dropped_by(predictions: Predictions) -> Any:
    """Return which rows have no finite prediction."""
    values = predictions.values
    if values is not None and values.dtype.kind == "f":
        return predictions.none | ~np.isfinite(values)
    return predictions.none


def at_rows(predictions: Predictions, rows: Any) -> Predictions:
    """Return the predictions of some of the rows."""

    def part(values: Any) -> Any:
        return None if values is None else values[rows]

    return replace(
        predictions,
        values=part(predictions.values),
        none=part(predictions.none),
        probabilities=part(predictions.probabilities),
        scores=part(predictions.scores),
    )
