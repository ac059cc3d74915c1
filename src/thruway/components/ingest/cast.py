"""Columns made what the schema says; a value that is not is named with its row.

`first_bad` finds it by halving: a prefix that converts holds none.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from thruway.components.ingest.problems import misfit
from thruway.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable

    from thruway.components.ingest.asks import Ask
    from thruway.components.ingest.kinds import Kind

__all__ = ["cast_arrow", "cast_pandas", "cast_polars", "first_bad"]


def first_bad(rows: int, convert: Callable[[int, int], object]) -> int | None:
    """Return the first row that does not convert; None when all do.

    Args:
        rows: how many there are.
        convert: converts rows from one up to another, or raises.

    >>> first_bad(5, lambda start, stop: [1 / n for n in [3, 2, 0, 1, 0][start:stop]])
    2
    """
    start, stop = 0, rows
    while start < stop:
        middle = (start + stop + 1) // 2
        try:
            convert(start, middle)
        except Exception:  # whatever the library raises: it does not convert
            if middle - start == 1:
                return start
            stop = middle
        else:
            start = middle
            if middle == rows:
                return None
    return start if start < rows else None


def _made(column: Any, convert: Callable[[Any], Any], name: str, kind: Kind, ask: Ask) -> Any:
    """Return a column converted, of any library.

    Raises:
        DataError: a value does not fit: says which, in which row. The file is added by `explained`.
    """
    try:
        return convert(column)
    except Exception as error:  # each library has several for it
        pieces = column.iloc if hasattr(column, "iloc") else column
        row = first_bad(len(column), lambda start, stop: convert(pieces[start:stop]))
        if row is None:
            raise DataError(f"column `{name}` cannot be made {kind.name}: {error}") from error
        value = pieces[row]
        value = value.as_py() if hasattr(value, "as_py") else value
        raise misfit(ask, name, kind, value, f"row {row + 1}") from error


def cast_pandas(frame: Any, ask: Ask) -> Any:
    """Return a DataFrame whose columns are what the schema says.

    Raises:
        DataError: a value does not fit, or is missing where the kind keeps none.
    """
    changed = {}
    for name, kind in ask.kinds.items():
        if name not in frame.columns:
            continue
        column = frame[name]
        if kind.whole and not kind.nullable and bool(column.isna().any()):
            if kind.lenient:
                changed[name] = _made(column, _pd().to_numeric, name, kind, ask).astype("float64")
                continue
            row = int(column.isna().to_numpy().argmax())
            raise DataError(
                f"column `{name}` is {kind.name} in the schema, and a value is missing",
                where=f"row {row + 1}",
                fix=f'use "{kind.pandas.replace("int", "Int").replace("uI", "UI")}", which keeps '
                'missing values, or "float64"',
            )
        convert = _pandas_converter(kind)
        if convert is None or str(column.dtype) == str(kind.pandas):
            continue
        changed[name] = _made(column, convert, name, kind, ask)
    return frame.assign(**changed) if changed else frame


def _pandas_converter(kind: Kind) -> Callable[[Any], Any] | None:
    if kind.name in {"date", "datetime"}:
        return lambda column: moments(column, kind)
    if kind.name == "duration":
        return lambda column: _pd().to_timedelta(column)
    if kind.name == "string":
        return lambda column: _texts(column, kind)
    if kind.whole:
        return lambda column: _integers(column, kind)
    if kind.name == "bool":
        return lambda column: _bools(column, kind)
    if kind.name == "category":
        return lambda column: _categories(column, kind)
    return lambda column: _pd().to_numeric(column).astype(kind.pandas)


def _pd() -> Any:
    import pandas as pd

    return pd


def moments(column: Any, kind: Kind) -> Any:
    """Return a column of texts or times as times: of the zone of the kind, if it has one."""
    pd = _pd()
    if column.dtype.kind == "M" or str(column.dtype).startswith("datetime64"):
        made = column
    elif kind.written:
        made = pd.to_datetime(column, format=kind.written)
    else:
        made = _iso(column)
    aware = getattr(made.dt, "tz", None) is not None
    if kind.zone:
        return made.dt.tz_convert(kind.zone) if aware else made.dt.tz_localize(kind.zone)
    return made.dt.normalize() if kind.name == "date" and not aware else made


def _iso(column: Any) -> Any:
    """Return texts of ISO 8601 as times; what was not one raises."""
    import datetime as dt

    pd = _pd()
    values = column.dropna()
    parsed = {one: one if isinstance(one, dt.date) else dt.datetime.fromisoformat(str(one).strip())
              for one in values.unique()}  # fmt: skip
    zoned = {getattr(one, "tzinfo", None) is not None for one in parsed.values()}
    if len(zoned) > 1:
        raise ValueError("some have a time zone, and some have none")
    if str(pd.__version__).startswith("1."):
        return pd.to_datetime(column, utc=True in zoned)
    return pd.to_datetime(column, format="ISO8601", utc=True in zoned)


def _texts(column: Any, kind: Kind) -> Any:
    if kind.nullable:
        return column.astype("string")
    made = column.astype(object).map(str, na_action="ignore")
    pd = _pd()
    return made.astype(str) if pd.Series(["a"]).dtype != object else made


def _integers(column: Any, kind: Kind) -> Any:
    if str(column.dtype) in {"object", "str", "string"}:
        # Not by way of floats, in which large ones and missing ones do not go together.
        return _whole([one if missing else _exactly(one) for one, missing in
                       zip(column, column.isna(), strict=True)], column, kind)  # fmt: skip
    made = _pd().to_numeric(column)
    if made.dtype.kind == "f":
        present = made.dropna()
        if not bool((present == present.round()).all()):
            raise ValueError("it has a fraction")
    low, high = made.min(), made.max()
    whole = made.astype(kind.pandas)
    if len(made.dropna()) and (int(whole.min()) != int(low) or int(whole.max()) != int(high)):
        raise ValueError("it is too large")
    return whole


def _whole(values: list[Any], column: Any, kind: Kind) -> Any:
    """Return exact integers, and what is missing among them, as a column."""
    import numpy as np

    pd = _pd()
    limits = np.iinfo(kind.name)
    missing = column.isna().to_numpy()
    present = [0 if gone else one for one, gone in zip(values, missing, strict=True)]
    if present and not limits.min <= min(present) <= max(present) <= limits.max:
        raise ValueError("it is too large")
    array = np.array(present, dtype=kind.name)
    made = pd.arrays.IntegerArray(array, missing) if kind.nullable else array
    return pd.Series(made, index=column.index, name=column.name)


def _exactly(value: Any) -> int:
    number = int(value)
    if isinstance(value, float) and number != value:
        raise ValueError("it has a fraction")
    return number


def _bools(column: Any, kind: Kind) -> Any:
    words = {"true": True, "True": True, "TRUE": True, "false": False, "False": False,
             "FALSE": False, 1: True, 0: False}  # fmt: skip
    if not bool(column.dropna().isin(list(words)).all()):
        raise ValueError("it is no bool")
    made = column.map(words, na_action="ignore")
    if bool(made.isna().any()) and not kind.nullable:
        return made.astype(object) if kind.lenient else made.astype("boolean")
    return made.astype(kind.pandas)


def _categories(column: Any, kind: Kind) -> Any:
    if kind.categories and not bool(column.dropna().isin(kind.categories).all()):
        raise ValueError("it is no category of the schema")
    return column.astype(kind.pandas)


def cast_polars(frame: Any, ask: Ask) -> Any:
    """Return a DataFrame of polars whose columns are what the schema says.

    Raises:
        DataError: a value does not fit.
    """
    import polars as pl

    for name, kind in ask.kinds.items():
        if name not in frame.columns or frame[name].dtype == kind.polars:
            continue
        made = _made(frame[name], partial(_polars, kind=kind), name, kind, ask)
        frame = frame.with_columns(pl.Series(name, made))
    return frame


def _polars(column: Any, kind: Kind) -> Any:
    import polars as pl

    if kind.name not in {"date", "datetime"} or column.dtype not in {pl.String, pl.Utf8}:
        if kind.name == "bool" and column.dtype == pl.String:
            return column.replace_strict(
                {"true": True, "True": True, "TRUE": True, "false": False, "False": False,
                 "FALSE": False}, return_dtype=pl.Boolean,
            )  # fmt: skip
        made = column.cast(kind.polars, strict=True)
        if kind.whole and column.dtype.is_float() and not (made == column).all():
            raise ValueError("it has a fraction")  # polars cuts it off
        return made
    import datetime as dt

    read = (
        (lambda text: dt.datetime.strptime(text, kind.written))  # noqa: DTZ007 - the zone is set below
        if kind.written
        else dt.datetime.fromisoformat
    )
    parsed = {text: read(text.strip()) for text in column.drop_nulls().unique()}
    zoned = {one.tzinfo is not None for one in parsed.values()}
    if len(zoned) > 1:
        raise ValueError("some have a time zone, and some have none")
    if kind.name == "date":
        dates = {text: one.date() for text, one in parsed.items()}
        return column.replace_strict(dates, return_dtype=pl.Date)
    if zoned == {True}:
        parsed = {text: one.astimezone(dt.UTC) for text, one in parsed.items()}
        made = column.replace_strict(parsed, return_dtype=pl.Datetime("us", "UTC"))
        return made.dt.convert_time_zone(kind.zone) if kind.zone else made
    made = column.replace_strict(parsed, return_dtype=pl.Datetime("us"))
    return made.dt.replace_time_zone(kind.zone) if kind.zone else made


def cast_arrow(table: Any, ask: Ask) -> Any:
    """Return a table of Arrow whose columns are what the schema says.

    Raises:
        DataError: a value does not fit.
    """
    for position, name in enumerate(table.column_names):
        kind = ask.kinds.get(name)
        if kind is None or table.schema.field(name).type == kind.arrow:
            continue
        made = _made(table.column(name), partial(_arrow, kind=kind), name, kind, ask)
        table = table.set_column(position, name, made)
    return table


def _arrow(column: Any, kind: Kind) -> Any:
    import datetime as dt

    import pyarrow as pa

    if kind.name not in {"date", "datetime"} or not pa.types.is_string(column.type):
        if kind.name == "category":
            return column.cast(pa.string()).dictionary_encode()
        return column.cast(kind.arrow)
    values = [
        one
        if one is None
        else dt.datetime.strptime(one, kind.written)  # noqa: DTZ007 - the zone is set below
        if kind.written
        else dt.datetime.fromisoformat(one.strip())
        for one in column.to_pylist()
    ]
    zoned = {one.tzinfo is not None for one in values if one is not None}
    if len(zoned) > 1:
        raise ValueError("some have a time zone, and some have none")
    if kind.name == "date":
        return pa.chunked_array([pa.array([one and one.date() for one in values], pa.date32())])
    import pyarrow.compute as pc

    if zoned == {True}:
        # Made moments of UTC here: Arrow was seen to drop the offset of another zone.
        moments = [one and one.astimezone(dt.UTC).replace(tzinfo=None) for one in values]
        naive = pa.chunked_array([pa.array(moments, pa.timestamp("us"))])
        made = pc.assume_timezone(naive, "UTC")
        return made.cast(kind.arrow) if kind.zone else made
    made = pa.chunked_array([pa.array(values, pa.timestamp("us"))])
    if not kind.zone:
        return made
    return pc.assume_timezone(made, kind.zone)
