"""The rows to be judged: a frame with its label, or rows and labels apart, as notebooks have them.

`evaluate(frame, model, "paid")` is `evaluate(X_test, model, y_test)`. Rows that are no
table (a column of texts, a sparse matrix, images) are handed to the model as they are; nothing can
be sliced by their columns.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from thruway.components.evaluate.columns import array
from thruway.components.frames import wrapped
from thruway.components.models.tables import of_examples
from thruway.errors import DataError, UsageError

if TYPE_CHECKING:
    import narwhals as nw

    from thruway.components.evaluate.question import Question


def read(examples: Any, q: Question) -> tuple[nw.DataFrame[Any], Question]:
    """Return the rows with their label as a column, and what is asked, by the name of the column.

    Raises:
        DataError: they are no frame, and the label is said as a column.
        UsageError: there are not as many labels as rows.
    """
    if isinstance(q.label, str | int | float):  # pandas has columns whose names are numbers
        return wrapped(examples), q
    count = _length(examples)
    values, _ = array(q.label, count, "label")
    name = str(getattr(q.label, "name", None) or "label")
    if not _is_table(examples):
        import pandas as pd

        frame = wrapped(pd.DataFrame({name: values}))
        return frame, replace(q, label=name, raw=examples, features=())
    table = of_examples(examples)
    while name in table.columns:
        name += "_"
    return _with(table, name, values), replace(q, label=name)


def _is_table(examples: Any) -> bool:
    if hasattr(examples, "__dataframe__") or hasattr(examples, "collect_schema"):
        return True
    return type(examples).__module__ == "numpy" and examples.ndim == 2


def _length(examples: Any) -> int:
    if hasattr(examples, "collect_schema"):
        return len(wrapped(examples))
    shape = getattr(examples, "shape", None)
    if shape:
        return int(shape[0])
    try:
        return len(examples)
    except TypeError as error:
        raise DataError(
            f"`examples` is a {type(examples).__name__}, which has no rows",
            fix="give a frame, an array, or a list of what the model takes",
        ) from error


def _with(table: nw.DataFrame[Any], name: str, values: Any) -> nw.DataFrame[Any]:
    import narwhals as nw

    native = table.to_native()
    if table.implementation.is_pandas():
        return nw.from_native(native.assign(**{name: values}), eager_only=True)
    listed = values.tolist()
    column = nw.new_series(name, listed, backend=table.implementation)
    return table.with_columns(column)


def taken(rows: Any, at: Any) -> Any:
    """Return some of the rows that are no table.

    Raises:
        UsageError: they cannot be taken by their number.
    """
    if hasattr(rows, "iloc"):
        return rows.iloc[at]
    if isinstance(rows, list | tuple):
        return [rows[number] for number in at.tolist()]
    try:
        return rows[at]
    except (TypeError, IndexError, KeyError) as error:
        raise UsageError(
            f"rows cannot be taken from a {type(rows).__name__}",
            fix="give a frame, an array, or a list of what the model takes",
        ) from error
