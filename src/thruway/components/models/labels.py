"""Labels: what they say about the task, and how they are written for models that want numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from thruway.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from thruway.components.models.types import Task

MOST_CLASSES = 20


def task_of_labels(labels: Any) -> Task:
    """Return what labels are for: classes are text, booleans, few integers, or 0.0 and 1.0.

    >>> task_of_labels(["a", "b"]), task_of_labels([1.5, 2.0]), task_of_labels([0, 1, 1])
    ('classification', 'regression', 'classification')
    """
    array = np.asarray(labels)
    if array.dtype.kind in "OUSTb":
        return _of_objects(array)
    if array.dtype.kind not in "iuf":
        return "regression"  # dates and durations have an order and a distance
    distinct = np.unique(array[~np.isnan(array)] if array.dtype.kind == "f" else array)
    if array.dtype.kind in "iu":
        return "classification" if len(distinct) <= MOST_CLASSES else "regression"
    return "classification" if set(distinct.tolist()) <= {0.0, 1.0} else "regression"


def _of_objects(array: NDArray[Any]) -> Task:
    values = [value for value in array.ravel().tolist() if not is_missing(value)]
    if values and all(isinstance(value, float | int) for value in values):
        if all(isinstance(value, bool) for value in values):
            return "classification"
        return task_of_labels(np.asarray(values))
    return "classification"


def is_missing(value: Any) -> bool:
    """Return whether a value says that there is none: None, NaN, NaT, NA.

    >>> [is_missing(value) for value in (None, float("nan"), "", 0)]
    [True, True, False, False]
    """
    if value is None:
        return True
    try:
        return bool(value != value)  # noqa: PLR0124 - what is unlike itself is missing
    except (TypeError, ValueError):  # pandas.NA refuses to be a boolean; an array is a value
        return type(value).__name__ == "NAType"


def as_codes(labels: NDArray[Any], classes: list[Any]) -> NDArray[Any]:
    """Return the place of each label among the classes, (n_rows,).

    Raises:
        DataError: a label is none of the classes.
    """
    places = {value: place for place, value in enumerate(classes)}
    try:
        return np.fromiter((places[one] for one in labels.tolist()), np.int64, len(labels))
    except KeyError as error:
        raise DataError(
            f"the label {error.args[0]!r} is none that the model was trained on",
            where=f"classes: {', '.join(map(repr, classes[:MOST_CLASSES]))}",
            fix="leave these rows out, or train with examples of it",
        ) from error
