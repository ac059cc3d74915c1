"""A column of a frame as statistics look at it: its type, which rows have a value, the values.

Here is all that differs between the libraries: what is missing, and what a column of Python
objects holds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from thruway.components.statistics.types import Type

_OF_INFERRED: dict[str, Type] = {
    "string": "string",
    "empty": "empty",
    "boolean": "bool",
    "integer": "int",
    "floating": "float",
    "mixed-integer-float": "float",
    "decimal": "float",
    "bytes": "bytes",
    "datetime": "datetime",
    "datetime64": "datetime",
    "date": "datetime",
    "timedelta": "duration",
    "timedelta64": "duration",
}
"""What pandas finds in a column of objects → type."""


@dataclass(frozen=True)
class Read:
    """A column, read.

    Attributes:
        type: of its values.
        dtype: as its library calls it.
        present: rows that have a value, as a series.
        numbers: the values as numbers, for numbers, times (microseconds) and truths; else None.
        zone: of times.
        types: Python types, where mixed.
        lengths: values of each present row, for lists; `present` and `numbers` are those in them.
        rows: all rows.
        missing: rows without a value.
    """

    type: Type
    dtype: str
    rows: int
    missing: int
    present: nw.Series[Any]
    numbers: NDArray[Any] | None = None
    zone: str = ""
    types: dict[str, int] = field(default_factory=dict)
    lengths: NDArray[Any] | None = None


def read(series: nw.Series[Any]) -> Read:
    """Return a column as statistics look at it."""
    dtype = str(series.to_native().dtype if hasattr(series.to_native(), "dtype") else series.dtype)
    series = _plain(series)
    if dtype.lower() == "null":
        return Read("empty", dtype, len(series), len(series), series.head(0))
    if series.dtype in (nw.Object, nw.Unknown):
        return _objects(series, dtype)
    if series.dtype.is_float() and _means_missing_by_nan(series):
        return _floats(series, dtype)
    missing = int(series.null_count())
    present = series.drop_nulls() if missing else series
    if dtype == "object" and not len(present):
        return Read("empty", dtype, len(series), missing, present)
    return _typed(present, dtype, len(series), missing)


def _typed(present: nw.Series[Any], dtype: str, rows: int, missing: int) -> Read:
    kind = present.dtype
    if kind == nw.Boolean:
        return Read("bool", dtype, rows, missing, present)
    if kind.is_numeric():
        return _numbers(present, dtype, rows, missing)
    if kind in (nw.Datetime, nw.Date):
        zone = str(getattr(kind, "time_zone", None) or "")
        return Read("datetime", dtype, rows, missing, present, _micros(present), zone)
    if kind == nw.Duration:
        stamps: NDArray[np.int64] = present.dt.total_microseconds().to_numpy().astype(np.int64)
        return Read("duration", dtype, rows, missing, present, stamps)
    if kind in (nw.String, nw.Categorical, nw.Enum):
        return Read("string", dtype, rows, missing, present)
    if kind in (nw.List, nw.Array):
        return _lists(present, dtype, rows, missing)
    return Read("bytes" if kind == nw.Binary else "other", dtype, rows, missing, present)


def _numbers(present: nw.Series[Any], dtype: str, rows: int, missing: int) -> Read:
    if present.dtype.is_decimal() or present.dtype in (nw.Int128, nw.UInt128):
        present = present.cast(nw.Float64)
    values = present.to_numpy()
    if values.dtype == object:  # 128 bits, or a library that has objects for nullable numbers
        values = values.astype(np.float64)
    whole = present.dtype.is_integer() and values.dtype.kind in "iu"
    return Read("int" if whole else "float", dtype, rows, missing, present, values)


def _floats(series: nw.Series[Any], dtype: str) -> Read:
    values = series.to_numpy()
    absent = np.isnan(values)
    missing = int(np.count_nonzero(absent))
    if missing:
        values = values[~absent]
    return Read("float", dtype, len(series), missing, series, values)


def _micros(present: nw.Series[Any]) -> NDArray[np.int64]:
    if present.dtype == nw.Date:
        present = present.cast(nw.Datetime("us"))
    return present.dt.timestamp("us").to_numpy().astype(np.int64)


def _lists(present: nw.Series[Any], dtype: str, rows: int, missing: int) -> Read:
    if isinstance(present.dtype, nw.Array) and not present.implementation.is_pyarrow():
        present = present.cast(nw.List(present.dtype.inner))
    lengths: NDArray[np.int64] = present.list.len().to_numpy().astype(np.int64)
    found = read(_flat(present).drop_nulls())
    return Read(
        found.type, dtype, rows, missing, found.present, found.numbers, found.zone, lengths=lengths
    )


def _flat(present: nw.Series[Any]) -> nw.Series[Any]:
    if present.implementation.is_pyarrow():  # narwhals has no `explode` for it
        import pyarrow.compute as pc

        return _series(pc.list_flatten(present.to_native()))
    return present.alias("value").to_frame().explode("value")["value"]


def _means_missing_by_nan(series: nw.Series[Any]) -> bool:
    """Tell whether a column of floats has no other way to say that a value is missing."""
    return series.implementation.is_pandas_like() and isinstance(
        getattr(series.to_native(), "dtype", None), np.dtype
    )


# -- pandas -----------------------------------------------------------------------------------


def _plain(series: nw.Series[Any]) -> nw.Series[Any]:
    """Return categories that are no strings as what they are, and periods as times."""
    native: Any = series.to_native()
    dtype = getattr(native, "dtype", None)
    if not series.implementation.is_pandas_like():
        return series
    if str(dtype).startswith("period["):
        return _series(native.dt.to_timestamp())
    if series.dtype in (nw.Categorical, nw.Enum) and hasattr(dtype, "categories"):
        return _series(native.astype(_nullable(native.cat.categories.dtype, native)))
    if str(dtype).startswith("Sparse["):
        return _series(native.sparse.to_dense())
    return series


def _nullable(dtype: Any, native: Any) -> Any:
    """Return the type of categories, or the one of its kind that has missing values."""
    kind = getattr(dtype, "kind", "")
    if kind in {"i", "u", "b"} and isinstance(dtype, np.dtype) and bool(native.isna().any()):
        return "boolean" if kind == "b" else "Int64"
    return dtype


def _series(native: Any) -> nw.Series[Any]:
    found: nw.Series[Any] = nw.from_native(native, series_only=True)
    return found


def _objects(series: nw.Series[Any], dtype: str) -> Read:
    rows, missing = len(series), int(series.null_count())
    present = series.drop_nulls()
    if not series.implementation.is_pandas_like():
        return Read("other", dtype, rows, missing, present)
    import pandas as pd

    native = present.to_native()
    kind = _OF_INFERRED.get(pd.api.types.infer_dtype(native, skipna=True))
    if kind is None:
        return _mixed(native, dtype, rows, missing)
    if kind == "string":
        return Read("string", dtype, rows, missing, present)
    if kind in {"bytes", "empty"}:
        return Read(kind, dtype, rows, missing, present)
    typed = _converted(native, kind)
    if typed is None:
        return _mixed(native, dtype, rows, missing)
    # A conversion may find further missing values: a Decimal that is NaN.
    return _typed(typed.drop_nulls(), dtype, rows, missing + int(typed.null_count()))


def _converted(native: Any, kind: Type) -> nw.Series[Any] | None:
    """Return objects as a column of their type; None when a value does not fit it."""
    import pandas as pd

    try:
        if kind == "datetime":
            found = pd.to_datetime(native)
        elif kind == "duration":
            found = pd.to_timedelta(native)
        else:
            found = native.astype({"bool": bool, "int": "int64", "float": "float64"}[kind])
    except (ValueError, TypeError, OverflowError):
        return None
    return _series(found)


def _mixed(native: Any, dtype: str, rows: int, missing: int) -> Read:
    import pandas as pd

    kinds = pd.Series([type(one).__name__ for one in native], dtype=object).value_counts()
    types = dict(sorted((str(name), int(many)) for name, many in kinds.items()))
    if set(types) <= {"list", "tuple", "ndarray"}:
        lengths = np.fromiter(map(len, native), dtype=np.int64, count=len(native))
        inner = pd.Series([one for row in native for one in row])
        found = read(_series(inner))
        return Read(found.type, dtype, rows, missing, found.present, found.numbers, lengths=lengths)
    scalar = {"str", "int", "float", "bool", "Decimal", "int64", "float64", "bool_", "str_"}
    kind: Type = "mixed" if set(types) & scalar else "other"
    as_text = pd.Series([str(one) for one in native], dtype=object)
    return Read(kind, dtype, rows, missing, _series(as_text), types=types)
