"""Frames as models take them: their columns by name, in pandas, or as numbers."""

from __future__ import annotations

import difflib
import importlib
from typing import TYPE_CHECKING, Any

import numpy as np

from thruway.components.frames import wrapped
from thruway.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

_SHOWN = 5
_FIRST_WITH_POLARS = (1, 4)


def selected(table: Any, names: Sequence[Any], whose: str = "model") -> Any:
    """Return the columns of those names, in that order.

    Raises:
        DataError: some are missing.
    """
    there = set(table.columns)
    missing = [name for name in names if name not in there]
    if missing:
        raise DataError(
            f"`examples` lacks {quoted(missing)}, which the {whose} was trained on",
            where=f"columns of `examples`: {quoted(list(table.columns))}",
            fix="give it the columns that it was trained on; others are ignored",
        )
    return table if list(table.columns) == list(names) else table.select(*names)


def quoted(names: Sequence[Any]) -> str:
    """Return names for a message.

    >>> quoted(["a", "b"])
    '`a`, `b`'
    """
    shown = ", ".join(f"`{name}`" for name in names[:_SHOWN])
    more = len(names) - _SHOWN
    return f"{shown} and {more:,} more" if more > 0 else shown or "none"


def nearest(name: str, names: Iterable[Any]) -> str | None:
    """Return the name that was probably meant, None if none is near.

    >>> nearest("Age", ["age", "fare"]), nearest("max_itr", ["max_iter"]), nearest("x", ["fare"])
    ('age', 'max_iter', None)
    """
    known = [str(one) for one in names]
    alike = [one for one in known if one.casefold() == name.casefold()]
    return next(iter(alike or difflib.get_close_matches(name, known, 1)), None)


def of_examples(examples: Any, names: Sequence[Any] | None = None) -> Any:
    """Return examples as narwhals sees them; a plain array becomes a frame of the model's names."""
    if isinstance(examples, np.ndarray):
        return wrapped(_of_array(examples, names))
    return wrapped(examples)


def _of_array(array: NDArray[Any], names: Sequence[Any] | None) -> Any:
    import pandas as pd

    if array.ndim != 2:
        raise DataError(
            f"`examples` is an array of {array.ndim} dimensions",
            fix="give it a frame, or an array of rows and columns",
        )
    if names is not None and len(names) != array.shape[1]:
        raise DataError(
            f"`examples` has {array.shape[1]} columns, the model was trained on {len(names)}",
            fix="give it the columns that it was trained on",
        )
    columns = names or [f"x{number}" for number in range(array.shape[1])]
    return pd.DataFrame(array, columns=list(columns))


def is_numeric(table: Any) -> bool:
    """Return whether all columns are numbers or booleans."""
    return not not_numeric(table)


def not_numeric(table: Any) -> list[str]:
    """Return the columns that are neither numbers nor booleans."""
    if not hasattr(table, "schema"):
        return []
    return [
        name
        for name, kind in table.schema.items()
        if not (kind.is_numeric() or str(kind) == "Boolean")
    ]


def framed(made: Any, names: Sequence[Any]) -> Any:
    """Return what a transformer made as narwhals sees it; a sparse matrix stays one."""
    if is_sparse(made):
        return made
    return of_examples(made, names)


def is_sparse(made: Any) -> bool:
    """Return whether it is a sparse matrix or array of SciPy."""
    return hasattr(made, "tocsr")


def unusual(table: Any) -> str:
    """Return which columns hold missing or infinite values, for a message; empty when none do."""
    if not hasattr(table, "to_native"):
        return ""
    missing = [name for name in table.columns if _has_missing(table[name])]
    infinite = [name for name in table.columns if _has_infinite(table[name])]
    said = [
        f"columns with {what} values: {quoted(names)}"
        for what, names in (("missing", missing), ("infinite", infinite))
        if names
    ]
    return "; ".join(said)


def _has_missing(series: Any) -> bool:
    if series.is_null().any():
        return True
    return series.dtype.is_float() and bool(series.is_nan().any())


def _has_infinite(series: Any) -> bool:
    return series.dtype.is_float() and bool(np.isinf(series.to_numpy()).any())


def numbers(table: Any) -> NDArray[Any]:
    """Return all columns as 64-bit floats (n_rows, n_columns); missing is NaN.

    Raises:
        DataError: some are no numbers.
    """
    if is_sparse(table):
        dense: NDArray[Any] = table.toarray()
        return dense
    import narwhals as nw

    wrong = not_numeric(table)
    if wrong:
        raise DataError(
            f"the model takes numbers, and {quoted(wrong)} {are(wrong)} none",
            where=", ".join(f"`{name}`: {table.schema[name]}" for name in wrong[:_SHOWN]),
            fix="encode them before it (a transform_graph), or leave them out",
        )
    if not table.columns:
        return np.empty((len(table), 0))
    same = {str(kind) for kind in table.schema.values()}
    if same != {"Float64"}:
        table = table.with_columns(nw.all().cast(nw.Float64))
    found: NDArray[Any] = np.asarray(table.to_numpy(), dtype=np.float64)
    return found


def are(names: Sequence[Any]) -> str:
    """Return the verb for one or several."""
    return "is" if len(names) == 1 else "are"


def in_pandas(table: Any) -> Any:
    """Return the frame in pandas."""
    if table.implementation.is_pandas():
        return table.to_native()
    try:
        return table.to_pandas()
    except ImportError as error:
        raise UsageError(
            "this model takes frames of pandas; making them needs pandas and pyarrow",
            fix="install it: pip install pandas pyarrow",
        ) from error


def arrow(name: str = "") -> Any:
    """Return the library pyarrow, or a module of it.

    Raises:
        UsageError: it is not installed.
    """
    try:
        return importlib.import_module(f"pyarrow.{name}" if name else "pyarrow")
    except ImportError as error:
        raise UsageError(
            "Parquet and Arrow need the library pyarrow, which is not installed",
            fix="install it: pip install pyarrow",
        ) from error


def for_scikit(table: Any) -> Any:
    """Return the frame in its own library, if this scikit-learn takes it, else in pandas."""
    if table.implementation.is_polars() and _scikit() >= _FIRST_WITH_POLARS:
        return table.to_native()
    return in_pandas(table)


def _scikit() -> tuple[int, ...]:
    try:
        version = importlib.import_module("sklearn").__version__
    except ImportError:
        return _FIRST_WITH_POLARS  # the estimator is somebody else's: it sees what the user sees
    return tuple(int(part) for part in version.split(".")[:2])


def array(found: Any) -> NDArray[Any]:
    """Return what a model said as an array; one column is no table.

    Raises:
        DataError: it is one answer for each of several labels.
    """
    if isinstance(found, list) and any(getattr(one, "ndim", 0) > 1 for one in found):
        raise DataError(
            "the model predicts several labels at once, which components do not take",
            fix="train one model a label",
        )
    result: NDArray[Any] = np.asarray(found)
    return result[:, 0] if result.ndim == 2 and result.shape[1] == 1 else result
