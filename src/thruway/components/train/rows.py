"""The rows to learn from: features, labels and weights, checked before a library sees them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from thruway.components.models import tables
from thruway.components.models.labels import MOST_CLASSES, is_missing
from thruway.errors import DataError, UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from thruway.components.models import Task


@dataclass(frozen=True)
class Rows:
    """Rows with their labels.

    Attributes:
        table: without label and weights (narwhals).
        labels: (n_rows,), none missing.
        weights: (n_rows,), or None.
        notes: what was left out.
    """

    table: Any
    labels: NDArray[Any]
    weights: NDArray[Any] | None
    notes: tuple[str, ...] = ()


def labelled(examples: Any, label: Any, weight: Any, name: str) -> Rows:
    """Return the rows that have a label.

    Args:
        examples: a frame or an array.
        label: name of a column, or one value a row.
        weight: name of a column, one value a row, or None.
        name: of the examples, for messages.

    Raises:
        DataError: no such column, no rows, weights that are none.
    """
    table = tables.of_examples(examples)
    labels = _one_a_row(table, label, name, "label")
    weights = None if weight is None else _weights(_one_a_row(table, weight, name, "sample_weight"))
    inner = {one for one in (label, weight) if isinstance(one, str)}
    table = table.select(*[column for column in table.columns if column not in inner])
    if not len(labels):
        raise DataError(f"`{name}` has no rows", fix="check what was left out before")
    missing = _missing(labels)
    lost = int(missing.sum())
    if not lost:
        return Rows(table, labels, weights)
    if lost == len(labels):
        raise DataError(
            f"all labels of `{name}` are missing", fix="give it rows whose label is known"
        )
    kept = ~missing
    return Rows(
        table.filter(kept.tolist()),
        _tidy(labels[kept]),
        None if weights is None else weights[kept],
        (f"{lost:,} of {len(labels):,} rows of `{name}` have no label and are left out",),
    )


def check_labels(rows: Rows, task: Task, name: str, among: list[Any] | None = None) -> Rows:
    """Return the rows with labels that fit the task.

    Args:
        rows: see there.
        task: what will be learnt.
        name: of the examples, for messages.
        among: the classes known already, from a base model or from the training rows.

    Raises:
        DataError: one class only, numbers with fractions as classes, text to regress on, …
    """
    if task == "regression":
        return Rows(rows.table, _numbers(rows.labels, name), rows.weights, rows.notes)
    labels = rows.labels
    kinds = {type(one).__name__ for one in labels.tolist()} if labels.dtype == object else set()
    if len(kinds - {"int", "float", "bool"}) and len(kinds) > 1:
        raise DataError(
            f"the labels of `{name}` are of several types: {', '.join(sorted(kinds))}",
            fix="write them in one way",
        )
    if labels.dtype.kind == "f" and bool(np.any(labels != np.floor(labels))):
        raise DataError(
            f"the labels of `{name}` are numbers with fractions, and the estimator classifies",
            fix="train a regressor, or make classes of them",
        )
    if labels.dtype.kind in "mM":
        raise DataError(f"the labels of `{name}` are dates", fix="make classes or numbers of them")
    if among is None:
        _check_several(labels, name)
    return rows


def known_rows(rows: Rows, classes: list[Any], name: str) -> Rows:
    """Return the rows whose label is among the classes; says how many are not."""
    there = set(classes)
    known = np.fromiter((one in there for one in rows.labels.tolist()), bool, len(rows.labels))
    if known.all():
        return rows
    if not known.any():
        raise DataError(
            f"no label of `{name}` is one that the model was trained on",
            where=f"classes: {', '.join(map(repr, classes[:MOST_CLASSES]))}",
            fix="take the rows from the same data",
        )
    note = f"{int((~known).sum()):,} rows of `{name}` have a label that training has not, left out"
    return Rows(
        rows.table.filter(known.tolist()),
        rows.labels[known],
        None if rows.weights is None else rows.weights[known],
        (*rows.notes, note),
    )


def classes_in(labels: NDArray[Any]) -> list[Any]:
    """Return the distinct labels, sorted."""
    found: list[Any] = np.unique(labels).tolist()
    return found


def _check_several(labels: NDArray[Any], name: str) -> None:
    found = classes_in(labels)
    if len(found) < 2:
        raise DataError(
            f"all labels of `{name}` are {found[0]!r}: there is nothing to tell apart",
            fix="give it rows of at least two classes, or check how they were split",
        )


def _one_a_row(table: Any, given: Any, name: str, argument: str) -> NDArray[Any]:
    if isinstance(given, str):
        if given not in table.columns:
            close = tables.nearest(given, table.columns)
            raise DataError(
                f"`{name}` has no column `{given}`, the `{argument}`",
                where=f"columns: {tables.quoted(table.columns)}",
                fix=f"do you mean `{close}`?" if close else "name a column that is there",
            )
        return _tidy(_of_series(table[given]))
    values = np.asarray(given)
    if values.ndim != 1:
        raise UsageError(
            f"`{argument}` is neither the name of a column nor one value a row",
            fix="give the name of the column",
        )
    if len(values) != len(table):
        raise UsageError(
            f"`{argument}` has {len(values):,} values for {len(table):,} rows of `{name}`",
            fix="give one value a row, or the name of the column",
        )
    return _tidy(values)


def _of_series(series: Any) -> NDArray[Any]:
    kind = series.dtype
    if kind.is_numeric() and not series.is_null().any() and not str(kind).startswith("Decimal"):
        return np.asarray(series.to_numpy())
    if kind.is_temporal():
        return np.asarray(series.to_numpy())
    found: NDArray[Any] = np.empty(len(series), dtype=object)
    found[:] = series.to_list()
    return found


def _tidy(values: NDArray[Any]) -> NDArray[Any]:
    """Return labels as numbers or booleans where all are, else as Python's own objects."""
    if values.dtype.kind in "US":
        return values.astype(object)
    if values.dtype != object:
        return values
    kinds = {type(one) for one in values.tolist() if not is_missing(one)}
    if _missing(values).any():
        return values
    if kinds <= {bool, np.bool_}:
        return values.astype(bool)
    if kinds <= {int, np.int64}:
        return values.astype(np.int64)
    if kinds <= {int, float, np.float64, np.int64}:
        return values.astype(np.float64)
    return values


def _missing(values: NDArray[Any]) -> NDArray[Any]:
    if values.dtype.kind == "f":
        return np.isnan(values)
    if values.dtype.kind in "mM":
        return np.isnat(values)
    if values.dtype != object:
        return np.zeros(len(values), dtype=bool)
    return np.fromiter((is_missing(one) for one in values.tolist()), bool, len(values))


def _numbers(labels: NDArray[Any], name: str) -> NDArray[Any]:
    if labels.dtype.kind in "mM":
        raise DataError(
            f"the labels of `{name}` are dates, and the estimator regresses",
            fix="make numbers of them: days since a day of your choice",
        )
    try:
        found = labels.astype(np.float64)
    except (TypeError, ValueError) as error:
        odd = next((one for one in labels.tolist() if not _is_number(one)), None)
        raise DataError(
            f"the label {odd!r} of `{name}` is no number, and the estimator regresses",
            fix="train a classifier, or make numbers of the labels",
        ) from error
    if not np.isfinite(found).all():
        raise DataError(
            f"{int((~np.isfinite(found)).sum()):,} labels of `{name}` are infinite",
            fix="leave these rows out, or put a number there",
        )
    return labels if labels.dtype.kind in "iuf" else found


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _weights(values: NDArray[Any]) -> NDArray[Any]:
    try:
        found: NDArray[Any] = values.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise DataError("sample weights are no numbers", fix="give one number a row") from error
    if not np.isfinite(found).all() or (found < 0).any() or not found.any():
        raise DataError(
            "sample weights are missing, infinite, negative, or all zero",
            fix="give each row a weight of zero or more",
        )
    return found
