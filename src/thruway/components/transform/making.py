"""From what a transformer makes (an array, sparse or not, a frame) to a frame like the input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from thruway.components.frames import duplicated
from thruway.components.models import tables
from thruway.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MOST_BYTES = 4 << 30
"""A sparse result is not made dense beyond this."""


def framed(made: Any, names: list[str] | None, table: Any) -> Any:
    """Return the result as a frame (narwhals), in the library of the input, with its index.

    Args:
        made: what the transformer returned.
        names: of the columns, when it is an array and they are known.
        table: the input (narwhals).

    Raises:
        DataError: it has other rows than the input, or is no table.
    """
    import narwhals as nw

    if hasattr(made, "toarray"):
        made = _dense(made)
    if isinstance(made, np.ndarray):
        array = made.reshape(-1, 1) if made.ndim == 1 else made
        _check_rows(len(array), len(table))
        return nw.from_native(_of_array(array, _names(names, array, table), table), eager_only=True)
    twice = duplicated(made)
    if twice:
        raise DataError(
            f"the transformer makes several columns called `{twice[0]}`",
            fix="give its parts different names (in a ColumnTransformer: "
            "verbose_feature_names_out=True)",
        )
    try:
        frame: Any = nw.from_native(made)
    except TypeError as error:
        raise DataError(
            f"the transformer made a {type(made).__qualname__}, which is no table",
            fix="return a frame or an array with one row for each row that it is given",
        ) from error
    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect()
    _check_rows(len(frame), len(table))
    return _in_library_of(table, frame)


def arrayed(made: Any, table: Any) -> Any:
    """Return the result as an array (n_rows, n_columns), sparse if the transformer made it so.

    Raises:
        DataError: it has other rows than the input.
    """
    if not (isinstance(made, np.ndarray) or hasattr(made, "toarray")):
        import narwhals as nw

        made = nw.from_native(made, eager_only=True).to_numpy()
    _check_rows(made.shape[0], len(table))
    return made


def _dense(made: Any) -> NDArray[Any]:
    size = made.shape[0] * made.shape[1] * made.dtype.itemsize
    if size > _MOST_BYTES:
        raise DataError(
            f"the transformer makes a sparse matrix of {made.shape[1]:,} columns, which as a frame "
            f"takes {size / (1 << 30):,.0f} GB",
            fix='say output="array" to keep it sparse, or make fewer columns',
        )
    dense: NDArray[Any] = made.toarray()
    return dense


def _check_rows(made: int, given: int) -> None:
    if made != given:
        raise DataError(
            f"the transformer made {made:,} rows of {given:,}",
            fix="it makes one row for each row, in their order; leave rows out before `split`",
        )


def _names(names: list[str] | None, array: NDArray[Any], table: Any) -> list[str]:
    count = array.shape[1]
    if names is not None and len(names) == count:
        return names
    if count == len(table.columns):
        return [str(name) for name in table.columns]
    return [f"x{number}" for number in range(count)]


def _of_array(array: NDArray[Any], names: list[str], table: Any) -> Any:
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(
            f"the transformer makes several columns called `{twice}`",
            fix="give its parts different names (in a ColumnTransformer: "
            "verbose_feature_names_out=True)",
        )
    if table.implementation.is_pandas():
        import pandas as pd

        frame = pd.DataFrame(array, columns=names, index=table.to_native().index)
        return frame.infer_objects() if array.dtype == object else frame
    import narwhals as nw

    columns = {name: _typed(array[:, place]) for place, name in enumerate(names)}
    return nw.from_dict(columns, backend=table.implementation).to_native()


def _typed(column: NDArray[Any]) -> Any:
    # Python's own values say what they are; an object array does not.
    return column.tolist() if column.dtype == object else np.ascontiguousarray(column)


def _in_library_of(table: Any, frame: Any) -> Any:
    import narwhals as nw

    if table.implementation.is_pandas():
        native = tables.in_pandas(frame)
        index = table.to_native().index
        if native.index.equals(index):
            return nw.from_native(native, eager_only=True)
        if index.is_unique and len(native.index.difference(index)) == 0:
            # Rows in another order, with their labels: put back.
            return nw.from_native(native.reindex(index), eager_only=True)
        return nw.from_native(native.set_axis(index, axis=0), eager_only=True)
    if frame.implementation == table.implementation:
        return frame
    arrow = frame.to_arrow()
    if table.implementation.is_polars():
        import polars as pl

        return nw.from_native(pl.DataFrame(pl.from_arrow(arrow)), eager_only=True)
    return nw.from_native(arrow, eager_only=True)
