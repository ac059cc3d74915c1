"""A log of served requests as a frame: JSON lines are read, nested inputs become columns."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import narwhals as nw

from thruway.components.statistics.sources import tabled
from thruway.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_NESTED = ("inputs", "input", "features", "instances", "instance")
_OUTPUTS = ("predictions", "outputs")


def frame_of(
    log: Any, files: Sequence[str] = (".jsonl", ".ndjson", ".json", ".log")
) -> tuple[nw.DataFrame[Any], list[str]]:
    """Return a log as a frame, and notes about what of it could not be read.

    Args:
        log: a frame; or a path of JSON lines, or of a folder of such files.
        files: endings of the files of a folder.

    Raises:
        DataError: nothing can be read.
    """
    if not isinstance(log, str | Path):
        return tabled(log, "log"), []
    path = Path(log)
    paths = sorted(p for p in path.iterdir() if p.suffix in files) if path.is_dir() else [path]
    if not paths:
        raise DataError(
            "the folder has no log", where=str(path), fix=f"give files that end in {files[0]}"
        )
    rows: list[dict[str, Any]] = []
    bad: list[str] = []
    for one in paths:
        try:
            with one.open(encoding="utf-8") as lines:
                rows += _rows(lines, one.name, bad)
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is no text"
            raise DataError(f"the log cannot be read: {why}", where=str(one)) from error
    if not rows:
        what = f"no line of the log is a JSON object: {bad[0]}" if bad else "the log is empty"
        raise DataError(what, where=str(path), fix="write one JSON object for each request")
    notes = [f"{len(bad):,} lines of the log are no JSON objects: {bad[0]}"] if bad else []
    return _table(rows), notes


def _rows(lines: Iterable[str], file: str, bad: list[str]) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except json.JSONDecodeError:
            found = None
        if isinstance(found, dict):
            yield from flattened(found)
        else:
            bad.append(f"{file}, line {number}")


def flattened(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the rows of a request: its inputs as columns, beside all else that it says.

    >>> list(flattened({"request_id": 7, "inputs": [{"x": 1}, {"x": 2}], "predictions": [3, 4]}))
    [{'request_id': 7, 'x': 1, 'prediction': 3}, {'request_id': 7, 'x': 2, 'prediction': 4}]
    """
    nested = next((one for one in _NESTED if isinstance(request.get(one), dict | list)), None)
    if nested is None:
        yield request
        return
    rest = {name: value for name, value in request.items() if name != nested}
    inputs = request[nested]
    rows = (
        [inputs] if isinstance(inputs, dict) else [one for one in inputs if isinstance(one, dict)]
    )
    outputs = next((one for one in _OUTPUTS if isinstance(rest.get(one), list)), None)
    results = rest.pop(outputs) if outputs else []
    for number, row in enumerate(rows):
        found = {**rest, **row}
        if number < len(results):
            found["prediction"] = results[number]
        yield found


def _table(rows: list[dict[str, Any]]) -> nw.DataFrame[Any]:
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: [row.get(name) for row in rows] for name in names}
    try:
        import pandas as pd
    except ImportError:
        return _polars(columns)
    return nw.from_native(pd.DataFrame(columns), eager_only=True)


def _polars(columns: dict[str, list[Any]]) -> nw.DataFrame[Any]:
    try:
        import polars as pl
    except ImportError as error:
        raise UsageError(
            "reading a log needs pandas or polars", fix="install one: pip install pandas"
        ) from error
    found = {name: pl.Series(name, values, strict=False) for name, values in columns.items()}
    return nw.from_native(pl.DataFrame(found), eager_only=True)
