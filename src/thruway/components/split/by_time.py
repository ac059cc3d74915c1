"""The newest rows apart, and a gap before them."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

from thruway.components.split.checks import too_few
from thruway.errors import DataError, UsageError

if TYPE_CHECKING:
    import narwhals as nw

__all__ = ["by_time"]


def by_time(frame: nw.DataFrame[Any], name: str, evals: int, tests: int, gap: Any) -> Any:
    """Return the part of each row; -1 for those in a gap. Rows of one time stay together."""
    import numpy as np

    times = _times(frame, name)
    rows = len(times)
    if evals + tests >= rows:
        raise too_few(rows)
    order = np.sort(times)
    places: Any = np.zeros(rows, dtype=np.int8)
    width = _gap(frame, name, gap, times.dtype)
    start = order[rows - tests] if tests else None
    begin = order[rows - tests - evals] if evals else None
    for part, edge, later in ((1, begin, start), (2, start, None)):
        if edge is None:
            continue
        inside = times >= edge
        if later is not None:
            inside &= times < later
        places[inside] = part
        if width is not None:
            places[(times < edge) & (times >= edge - width)] = -1
    return places


def _times(frame: nw.DataFrame[Any], name: str) -> Any:
    import narwhals as nw

    column = frame[name]
    if column.dtype.is_numeric():
        return column.to_numpy()
    if column.dtype == nw.Date:
        column = column.cast(nw.Datetime("us"))
    if not column.dtype.is_temporal():
        values = column.to_list()
        if values and all(isinstance(one, dt.date) for one in values):
            import numpy as np

            return np.asarray([np.datetime64(one, "us") for one in map(_naive, values)])
        raise DataError(
            f"column `{name}` holds no times but {column.dtype}",
            fix=f"read it as such: ingest(…, schema={{{name!r}: 'datetime'}})",
        )
    if getattr(column.dtype, "time_zone", None):
        column = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return column.to_numpy()


def _naive(moment: dt.date) -> dt.date:
    if isinstance(moment, dt.datetime) and moment.tzinfo is not None:
        return moment.astimezone(dt.UTC).replace(tzinfo=None)
    return moment


def _gap(frame: nw.DataFrame[Any], name: str, gap: Any, dtype: Any) -> Any:
    import numpy as np

    if gap is None:
        return None
    numbers = dtype.kind in "iuf"
    if numbers != (isinstance(gap, int | float) and not isinstance(gap, bool)):
        raise UsageError(
            f"the gap {gap!r} does not fit column `{name}`, which is {frame[name].dtype}",
            fix="give a number" if numbers else 'give a timedelta, or a text like "7D"',
        )
    if numbers:
        width: Any = gap
    else:
        width = np.timedelta64(_timedelta(gap), "us")
    if width < type(width)(0):
        raise UsageError("a gap cannot be negative", fix="give how long it is")
    return width


def _timedelta(gap: Any) -> dt.timedelta:
    if isinstance(gap, dt.timedelta):
        return gap
    units = {
        "D": "days",
        "h": "hours",
        "H": "hours",
        "min": "minutes",
        "s": "seconds",
        "W": "weeks",
    }
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]+)\s*", str(gap))
    if match is None or match[2] not in units:
        raise UsageError(f"{gap!r} is no span of time", fix='write it like "7D", "12h" or "30min"')
    return dt.timedelta(**{units[match[2]]: float(match[1])})
