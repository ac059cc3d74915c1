"""Frames and predictions as JSON of the Open Inference Protocol, version 2, and back, exactly.

Each column is one input of shape `[rows]`. Numbers are written so that they come back bit for bit.
Three things the protocol leaves open are done so: a missing value is `null`; an infinity is a text;
a time is a text in ISO 8601. What a column is in its library is said by the signature of the model,
not by the request.

Source: https://github.com/open-inference/open-inference-protocol
"""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING, Any

from thruway.components.frames import wrapped
from thruway.components.packaging.types import Column
from thruway.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from thruway.components.packaging.types import Signature

__all__ = ["array_of", "columns_of", "frame_of", "head", "inputs_of", "output_of"]

_DATATYPES = {
    "Boolean": "BOOL", "Float64": "FP64", "Float32": "FP32",
    **{f"{sign.capitalize()}Int{width}" if sign else f"Int{width}": f"{sign.upper()}INT{width}"
       for sign in ("", "u") for width in (8, 16, 32, 64)},
}  # fmt: skip
_NUMPY = {
    "BOOL": "bool", "FP64": "float64", "FP32": "float32", "FP16": "float16",
    **{f"{sign.upper()}INT{width}": f"{sign}int{width}"
       for sign in ("", "u") for width in (8, 16, 32, 64)},
}  # fmt: skip


def head(examples: Any, rows: int) -> Any:
    """Return the first rows of a frame, in its library."""
    return wrapped(examples)[:rows].to_native()


def columns_of(examples: Any) -> tuple[str, tuple[Column, ...]]:
    """Return the library of a frame, and what its columns are."""
    frame = wrapped(examples)
    library = frame.implementation.name.lower()
    if library not in {"pandas", "polars", "pyarrow"}:
        raise DataError(
            f"a frame of {library} cannot be asked with over HTTP",
            fix="give one of pandas, polars or Arrow",
        )
    return library, tuple(_column(frame[name], library) for name in frame.columns)


def _column(series: Any, library: str) -> Column:
    kind = series.dtype
    native = series.to_native()
    word = str(getattr(native, "dtype", None) or getattr(native, "type", ""))
    datatype = _DATATYPES.get(str(kind), "BYTES")
    if library == "pandas" and word == "category":
        inner = native.cat.categories
        return Column(
            str(series.name), "BYTES" if inner.dtype.kind not in "iufb" else "INT64", "category",
            tuple(_plain(one) for one in inner), bool(native.cat.ordered),
        )  # fmt: skip
    missing = _missing(native, word) if library == "pandas" else "none"
    return Column(str(series.name), datatype, word, missing=missing)


def _missing(native: Any, word: str) -> str:
    """Return how a column of pandas writes a missing value."""
    if word[:1].isupper() or word in {"boolean", "string"}:
        return "NA"
    if word == "object":
        import pandas as pd

        for one in native[native.isna()].head(1):
            return "none" if one is None else "NA" if one is pd.NA else "nan"
    return "nan"


def _plain(value: Any) -> Any:
    """Return a value as JSON has it."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if type(value).__name__ in {"NAType", "NaTType"}:  # the latter is a datetime
        return None
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, dt.timedelta):  # one of pandas knows nanoseconds
        known = getattr(value, "isoformat", None)
        return known() if known is not None else value // dt.timedelta(microseconds=1)
    item = getattr(value, "item", None)
    if callable(item):
        return _plain(item())
    if isinstance(value, float):
        return None if math.isnan(value) else value if math.isfinite(value) else str(value)
    raise DataError(
        f"a {type(value).__name__} cannot be sent as JSON",
        fix="give the model numbers, texts, booleans or times",
    )


def inputs_of(examples: Any, columns: Sequence[Column]) -> list[dict[str, Any]]:
    """Return the inputs of a request for the rows of a frame."""
    frame = wrapped(examples)
    inputs = []
    for column in columns:
        values = frame[column.name].to_list()
        kept = [value if type(value) is float and math.isfinite(value) else _plain(value)
                for value in values]  # fmt: skip
        inputs.append(
            {"name": column.name, "shape": [len(kept)], "datatype": column.datatype, "data": kept}
        )
    return inputs


def frame_of(inputs: Sequence[dict[str, Any]], signature: Signature) -> Any:
    """Return the frame that the inputs of a request are.

    Raises:
        DataError: a column is missing, or has another number of rows.
    """
    sent = {}
    for one in inputs:
        if not isinstance(one, dict) or "name" not in one or "data" not in one:
            raise DataError("an input has no `name` or no `data`", fix="see the protocol")
        sent[str(one["name"])] = _flat(one["data"])
    columns = signature.columns or tuple(
        Column(str(one["name"]), str(one.get("datatype", "BYTES"))) for one in inputs
    )
    missing = [one.name for one in columns if one.name not in sent]
    if missing:
        raise DataError(
            f"the request has no input `{missing[0]}`",
            where=f"inputs: {', '.join(sent) or 'none'}",
            fix=f"send {', '.join(one.name for one in columns[:12])}",
        )
    lengths = {len(sent[one.name]) for one in columns}
    if len(lengths) > 1:
        raise DataError("the inputs have different numbers of rows", fix="send one for each row")
    return _BUILD[signature.library or "pandas"](
        {one.name: sent[one.name] for one in columns}, columns
    )


def _flat(data: Any) -> list[Any]:
    """Return the values of a tensor: nested lists, as for shape `[rows, 1]`, are opened."""
    if not isinstance(data, list):
        raise DataError("the `data` of an input is no list", fix="send one value for each row")
    while data and isinstance(data[0], list):
        data = [one for inner in data for one in inner]
    return list(data)


def _pandas(values: dict[str, list[Any]], columns: Sequence[Column]) -> Any:
    import pandas as pd

    return pd.DataFrame({one.name: _series(values[one.name], one) for one in columns})


def _series(values: list[Any], column: Column) -> Any:
    import pandas as pd

    if column.datatype.startswith("FP") or column.dtype.lower().startswith("float"):
        values = [
            math.inf if one == "inf" else -math.inf if one == "-inf" else one for one in values
        ]
    if column.dtype == "category":
        kind = pd.CategoricalDtype(list(column.categories), ordered=column.ordered)
        return pd.Series(pd.Categorical(values, dtype=kind))
    if column.dtype.startswith(("datetime64", "timedelta64")):
        return _times(values, column)
    if column.dtype in {"object", ""} and column.datatype in {"BYTES", "BOOL"}:
        mark: Any = {"nan": math.nan, "none": None, "NA": pd.NA}[column.missing]
        return pd.Series([mark if one is None else one for one in values], dtype=object)
    return pd.Series(values, dtype=column.dtype or _NUMPY.get(column.datatype, "object"))


def _times(values: list[Any], column: Column) -> Any:
    import pandas as pd

    texts = pd.Series(values, dtype=object)
    if column.dtype.startswith("timedelta"):
        made: Any = pd.to_timedelta(texts)
        return made.astype(column.dtype)
    zoned = "," in column.dtype
    made = pd.to_datetime(texts, utc=zoned)
    if zoned:
        made = made.dt.tz_convert(column.dtype.rpartition(",")[2].strip(" ]"))
    return made.astype(column.dtype)


def _polars(values: dict[str, list[Any]], columns: Sequence[Column]) -> Any:
    import polars as pl

    made = []
    for one in columns:
        kind = _polars_type(one.dtype)
        given = _finite(values[one.name], one.datatype)
        if kind in (pl.Date, pl.Datetime):
            given = [each and _parsed(each, kind == pl.Date) for each in given]
        elif kind == pl.Duration:
            given = [_duration(each) for each in given]
        made.append(pl.Series(one.name, given, dtype=kind))
    return pl.DataFrame(made)


def _finite(values: list[Any], datatype: str) -> list[Any]:
    if not datatype.startswith("FP"):
        return values
    return [float(one) if isinstance(one, str) else one for one in values]


def _duration(microseconds: int | None) -> dt.timedelta | None:
    return None if microseconds is None else dt.timedelta(microseconds=microseconds)


def _parsed(text: str, day: bool) -> dt.date:
    return dt.date.fromisoformat(text) if day else dt.datetime.fromisoformat(text)


def _polars_type(word: str) -> Any:
    import re

    import polars as pl

    unit = re.search(r"time_unit='(\w+)'", word)
    zone = re.search(r"time_zone='?([^')]+)'?", word)
    if word.startswith("Datetime"):
        name = zone[1] if zone and zone[1] != "None" else None
        return pl.Datetime(unit[1] if unit else "us", name)
    if word.startswith("Duration"):
        return pl.Duration(unit[1] if unit else "us")
    found = getattr(pl, word.partition("(")[0], None)
    if found is None:
        raise DataError(f"a column of {word} cannot be sent as JSON")
    return found


def _arrow(values: dict[str, list[Any]], columns: Sequence[Column]) -> Any:
    import pyarrow as pa

    made = {}
    for one in columns:
        kind = _arrow_type(one.dtype)
        given = _finite(values[one.name], one.datatype)
        if pa.types.is_duration(kind):
            given = [_duration(each) for each in given]
        elif pa.types.is_temporal(kind):
            given = [each and _parsed(each, pa.types.is_date(kind)) for each in given]
        made[one.name] = pa.array(given, kind)
    return pa.table(made)


def _arrow_type(word: str) -> Any:
    import re

    import pyarrow as pa

    stamp = re.fullmatch(r"timestamp\[(\w+)(?:, tz=([^\]]+))?\]", word)
    if stamp:
        return pa.timestamp(stamp[1], stamp[2])
    if word.startswith("duration"):
        return pa.duration(word[9:-1])
    if word.startswith("dictionary"):
        return pa.dictionary(pa.int32(), pa.string())
    words = {"date32[day]": "date32", "double": "float64", "float": "float32", "bool": "bool_"}
    return getattr(pa, words.get(word, word))()


_BUILD = {"pandas": _pandas, "polars": _polars, "pyarrow": _arrow}


def output_of(name: str, found: Any) -> dict[str, Any]:
    """Return an answer of a model as an output of a response."""
    import numpy as np

    array = np.asarray(found)
    datatype = {value: key for key, value in _NUMPY.items()}.get(str(array.dtype), "BYTES")
    return {
        "name": name,
        "shape": list(array.shape),
        "datatype": datatype,
        "data": [_plain(one) for one in array.ravel().tolist()],
    }


def array_of(output: dict[str, Any]) -> Any:
    """Return an output of a response as an array.

    Raises:
        UsageError: it is no output.
    """
    import numpy as np

    try:
        kind, shape = output["datatype"], output["shape"]
        values = output["data"]
        if kind.startswith("FP"):
            values = [math.nan if one is None else float(one) for one in values]
        return np.asarray(values, dtype=_NUMPY.get(kind, object)).reshape(shape)
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"this is no output of the protocol: {error}") from error
