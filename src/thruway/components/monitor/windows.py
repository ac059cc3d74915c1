"""Windows of a log: stretches of time, or of a number of requests."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from thruway.components.statistics.reading import read
from thruway.errors import DataError, UsageError

if TYPE_CHECKING:
    import narwhals as nw
    from numpy.typing import NDArray

_UNITS = {
    "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 7 * 86400, "s": 1,
}  # fmt: skip
_MONDAY = 4 * 86400  # 1970 began on a Thursday: weeks begin four days later


def seconds_of(window: str) -> int:
    """Return how long a window is.

    Raises:
        UsageError: it does not say.

    >>> seconds_of("12h")
    43200
    """
    match = re.fullmatch(r"\s*(\d+)\s*(min|[smhdw])\s*", window)
    if match is None or int(match[1]) < 1:
        raise UsageError(
            f"`window` is {window!r}",
            fix="say a time, such as '1h', '1d' or '2w', a number of rows, or None",
        )
    return int(match[1]) * _UNITS[match[2]]


def windows_of(
    log: nw.DataFrame[Any], timestamp: str, window: str | int | None
) -> list[tuple[str, NDArray[np.int64]]]:
    """Return the windows of a log: name, and the numbers of its rows; in the order of time.

    Raises:
        DataError: the times are none.
        UsageError: the window says neither a time nor a number of rows.
    """
    if window is None:
        return [("all", np.arange(len(log)))] if len(log) else []
    if isinstance(window, int):
        return _of_rows(log, timestamp, window)
    width = seconds_of(window) * 1_000_000
    if timestamp not in log.columns:
        raise UsageError(
            f"the log has no column `{timestamp}` with the times of the requests",
            fix="name it: timestamp=…; or make windows of rows: window=1000",
        )
    times, held = moments(log[timestamp], timestamp)
    start = _MONDAY * 1_000_000 if window.strip().endswith("w") else 0
    numbers = (times - start) // width
    found = []
    for number in np.unique(numbers[held]).tolist():
        begin = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=number * width + start)
        name = f"{begin:%Y-%m-%d}" if width % 86_400_000_000 == 0 else f"{begin:%Y-%m-%d %H:%M:%S}"
        found.append((name, np.flatnonzero(held & (numbers == number))))
    return found


def _of_rows(
    log: nw.DataFrame[Any], timestamp: str, size: int
) -> list[tuple[str, NDArray[np.int64]]]:
    if size < 1:
        raise UsageError(f"`window` is {size}", fix="give a number of rows of at least 1")
    order = np.arange(len(log))
    if timestamp in log.columns:
        times, held = moments(log[timestamp], timestamp)
        order = np.argsort(np.where(held, times, np.iinfo(np.int64).max), kind="stable")
    return [
        (f"{start + 1}-{min(start + size, len(log))}", order[start : start + size])
        for start in range(0, len(log), size)
    ]


def moments(series: nw.Series[Any], name: str) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return times as microseconds since 1970, and which rows have one.

    Args:
        series: datetimes; or seconds, or milliseconds, since 1970; or texts in ISO form.
        name: of the column, for the message.
    """
    column = read(series)
    held: NDArray[np.bool_] = ~series.is_null().to_numpy().astype(bool)
    times: NDArray[np.int64] = np.zeros(len(series), dtype=np.int64)
    if column.type == "datetime" and column.numbers is not None:
        times[held] = column.numbers
    elif column.type in {"int", "float"} and column.numbers is not None:
        times[held] = _since_1970(column.numbers)
    elif column.type == "string":
        times[held] = _of_texts(column.present.to_list(), name)
    elif held.any():
        raise DataError(
            f"the times in `{name}` are of the type {column.type}",
            fix="give datetimes, texts in ISO form, or seconds since 1970",
        )
    return times, held


def _since_1970(numbers: NDArray[Any]) -> NDArray[np.int64]:
    largest = float(np.abs(numbers).max()) if len(numbers) else 0.0
    # Seconds until the year 5138 are below 10^11, milliseconds since 1973 above.
    unit = 1_000_000 if largest < 1e11 else 1_000 if largest < 1e14 else 1
    return (numbers.astype(np.float64) * unit).astype(np.int64)


def _of_texts(texts: list[str], name: str) -> list[int]:
    found = []
    for text in texts:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError as error:
            raise DataError(
                f"in `{name}`, {text!r} is no time",
                fix="write times in ISO form: 2026-03-01T12:00:00+00:00",
            ) from error
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        since = moment - datetime(1970, 1, 1, tzinfo=UTC)
        found.append((since.days * 86400 + since.seconds) * 1_000_000 + since.microseconds)
    return found
