"""What is wrong with a file that a library could not read: which line, which value, what to do.

The libraries each say it differently, or not at all. So the file is gone through once more, with
Python's own `csv` and `json`, up to the first thing that is wrong. Only then, not when all is well.
"""

from __future__ import annotations

import codecs
import csv
import datetime as dt
import difflib
import io
import json
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

from thruway.components.places import bare, unpacked
from thruway.errors import DataError, ThruwayError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from thruway.components.ingest.asks import Ask
    from thruway.components.ingest.kinds import Kind

__all__ = ["absent", "explained", "fits", "heading", "misfit", "once", "ragged", "required"]

_BOOLS = {"true", "false", "True", "False", "TRUE", "FALSE"}
_RANGES = {
    f"{sign}int{width}": (0, 2**width - 1) if sign else (-(2 ** (width - 1)), 2 ** (width - 1) - 1)
    for sign in ("", "u")
    for width in (8, 16, 32, 64)
}


@contextmanager
def explained(place: str, ask: Ask) -> Iterator[None]:
    """Turn whatever a library raises about a file into a DataError that says what to do."""
    try:
        yield
    except DataError as error:
        raise _placed(error, place) from error.__cause__
    except ThruwayError:
        raise
    except MemoryError as error:
        raise _too_large(place) from error
    except Exception as error:  # three libraries, each with its own
        if "out of memory" in str(error) or type(error).__name__ == "ArrowMemoryError":
            raise _too_large(place) from error
        try:
            said = _explanation(place, ask, error) or _plain(place, ask, error)
        except OSError:  # a file elsewhere that cannot be read any more
            said = _plain(place, ask, error)
        raise _placed(said, place) from error


def _placed(error: DataError, place: str) -> DataError:
    """Return an error that says the file, too: a column says its row or line only."""
    if bare(place) in str(error):
        return error
    where = f"`{bare(place)}`" + (f", {error.where}" if error.where else "")
    return DataError(error.what, where, error.fix, error.detail)


def _too_large(place: str) -> DataError:
    return DataError(
        f"`{bare(place)}` does not fit into memory",
        fix="read it in pieces: `chunk_rows=100_000`; or fewer columns: `columns=[…]`",
    )


def _plain(place: str, ask: Ask, error: Exception) -> DataError:
    text = next(iter(str(error).strip().splitlines()), type(error).__name__)
    return DataError(
        f"`{bare(place)}` cannot be read as {ask.format}: {text}",
        fix="check that the file is whole, and that `format` and `options` fit it",
    )


def _explanation(place: str, ask: Ask, error: Exception) -> DataError | None:
    if ask.format not in {"csv", "jsonl"}:
        return None
    with unpacked(place, ask.storage) as handle:
        head = handle.read(4)
    if not head:
        return DataError(f"`{bare(place)}` is empty", fix="check whoever wrote it")
    found = _undecodable(place, ask)
    if found is not None or ask.format == "jsonl":
        return found or _bad_json(place, ask)
    return _bad_csv(place, ask, error)


def heading(place: str, ask: Ask) -> None:
    """Look at the first two lines of a CSV, before it is read.

    A library that is told which columns to read does not say which others there are; and pandas
    takes the first column for an index when the lines have more fields than the heading.

    Raises:
        DataError: a column is not there, or there are too many fields.
    """
    if {"header", "names", "skiprows", "index_col", "quoting", "escapechar"} & set(ask.options):
        return
    with _text(place, ask) as lines:
        rows = csv.reader(lines, delimiter=ask.between(place))
        head = next(rows, [])
        first = next(filter(None, islice(rows, 100)), [])
        missing = absent(place, [*ask.wanted(), *required(ask)], once(head)) if head else None
        if missing is not None:
            raise missing
        if len(first) > len(head) > 0:
            raise DataError(
                f"`{bare(place)}` has {len(first)} fields in a line, and {len(head)} columns",
                where=f"line {rows.line_num}, the first after the heading",
                fix="with pandas: `options={'skiprows': 1}` for a line before the heading, "
                "`{'header': None}` for no heading, `{'index_col': 0}` for row names without one",
            )


def required(ask: Ask) -> list[str]:
    """Return the columns that the schema says are there, of those that are asked for."""
    wanted = ask.wanted()
    return [
        name for name, kind in ask.kinds.items() if kind.required and (not wanted or name in wanted)
    ]


def once(names: list[str]) -> list[str]:
    """Return names without doubles, as pandas makes them: `a`, `a.1`."""
    taken: set[str] = set()
    made = []
    for name in names:
        new, number = name, 0
        while new in taken:
            number += 1
            new = f"{name}.{number}"
        taken.add(new)
        made.append(new)
    return made


def absent(place: str, names: Iterable[str], there: Iterable[str]) -> DataError | None:
    """Return what to say about columns that are asked for and not there; None when all are."""
    every = [str(one) for one in there]
    gone = [name for name in names if name not in every]
    if not gone:
        return None
    close = difflib.get_close_matches(gone[0], every, 1)
    listed = ", ".join(f"`{one}`" for one in every[:12]) + (" …" if len(every) > 12 else "")
    return DataError(
        f"`{bare(place)}` has no column `{gone[0]}`"
        + (f", and {len(gone) - 1} more are missing" if len(gone) > 1 else ""),
        where=f"it has {listed or 'none'}",
        fix=f"did you mean `{close[0]}`?" if close else "check the names of columns",
    )


def _undecodable(place: str, ask: Ask) -> DataError | None:
    """Return which byte is not of the encoding, and which encoding it may be."""
    try:
        decoder = codecs.getincrementaldecoder(ask.encoding)()
    except LookupError:
        return DataError(
            f"`{ask.encoding}` is no encoding that Python knows", fix='use "utf-8", "cp1252", …'
        )
    line, seen = 1, 0
    with unpacked(place, ask.storage) as handle:
        start = handle.read(4)
        handle_of = iter(lambda: handle.read(1 << 20), b"")
        block = start
        while block:
            try:
                decoder.decode(block)
            except UnicodeDecodeError as error:
                line += block.count(b"\n", 0, error.start)
                bad = block[error.start : error.start + 1]
                return DataError(
                    f"`{bare(place)}` is not {ask.encoding}: byte 0x{bad.hex()} cannot be read",
                    where=f"line {line}, byte {seen + error.start}",
                    fix=f'say how it is encoded: `encoding="{_likely(start)}"`',
                )
            line += block.count(b"\n")
            seen += len(block)
            block = next(handle_of, b"")
    return None


def _likely(start: bytes) -> str:
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\x00" in start:
        return "utf-16-le" if start[1:2] == b"\x00" else "utf-16-be"
    return "cp1252"


def _bad_json(place: str, ask: Ask) -> DataError | None:
    with _text(place, ask) as lines:
        for number, line in enumerate(lines, 1):
            if number == 1 and line.lstrip().startswith("["):
                return None
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except ValueError as error:
                return DataError(
                    f"`{bare(place)}` has a line that is no JSON: {error}",
                    where=f"line {number}: {line.strip()[:60]}",
                    fix="correct the line; each must be one object on one line",
                )
            if not isinstance(record, dict):
                return DataError(
                    f"`{bare(place)}` has a line that is no object",
                    where=f"line {number}: {line.strip()[:60]}",
                    fix='write each row as {"column": value, …}',
                )
    return None


def _bad_csv(place: str, ask: Ask, error: Exception) -> DataError | None:
    """Return the first line with too many fields, or the first value of a wrong kind."""
    short = "Expected" in str(error) and "columns, got" in str(error)  # Arrow takes no short ones
    with _text(place, ask) as lines:
        rows = csv.reader(lines, delimiter=ask.between(place))
        line = 1
        head: list[str] = []
        try:
            head = next(rows, [])
            line = rows.line_num + 1
            for row in rows:
                wrong = _bad_row(place, ask, head, row, line, short)
                if wrong is not None:
                    return wrong
                line = rows.line_num + 1
        except csv.Error as fault:
            return DataError(
                f"`{bare(place)}` has a line that cannot be read: {fault}", where=f"line {line}"
            )
    if "EOF inside string" in str(error) or "quote" in str(error).lower():
        return DataError(
            f"`{bare(place)}` has a quote that is never closed",
            fix="correct it, or read quotes as text: `options={'quoting': 3}`",
        )
    return None


def _bad_row(
    place: str, ask: Ask, head: list[str], row: list[str], line: int, short: bool
) -> DataError | None:
    if len(row) > len(head) or (short and row and len(row) < len(head)):
        return ragged(place, ask, line, len(row), len(head))
    for name, value in zip(head, row, strict=False):
        kind = ask.kinds.get(name)
        if kind is None or (ask.columns and name not in ask.wanted()):
            continue
        if not kind.forced and not kind.timed:
            continue
        if value in ask.missing:
            if kind.whole and not kind.nullable and not kind.lenient:
                return DataError(
                    f"column `{name}` is {kind.name} in the schema, and a value is missing",
                    where=f"line {line}",
                    fix=f'use "{kind.name.replace("uint", "UInt").replace("int", "Int")}", '
                    'which keeps missing values, or "float64"',
                )
        elif not fits(kind, value):
            return misfit(ask, name, kind, value, f"line {line}")
    return None


def ragged(place: str, ask: Ask, line: int, found: int, expected: int) -> DataError:
    """Return what to say about a line with too many or too few fields."""
    return DataError(
        f"`{bare(place)}` has {found} fields in a line, and {expected} columns",
        where=f"line {line}",
        fix=f"correct it: a text with `{ask.between(place)}` in it needs quotes; with pandas, "
        "`options={'on_bad_lines': 'skip'}` leaves such lines out",
    )


def misfit(ask: Ask, column: str, kind: Kind, value: object, where: str) -> DataError:
    """Return what to say about a value that is not of the kind of its column."""
    if kind.timed and not kind.written:
        fix = f"say how it is written: schema={{{column!r}: '{kind.name}:%d/%m/%Y'}}"
    elif ask.format in {"csv", "excel"}:
        fix = f"if it stands for a missing value: missing=[{str(value)!r}]; else correct it, or "
        fix += "the schema"
    else:
        fix = "correct it, or the schema"
    said = f"{kind.name} as `{kind.written}`" if kind.written else kind.name
    return DataError(
        f"column `{column}` holds {str(value)[:60]!r}, which is no {said}",
        where=where,
        fix=fix,
    )


def fits(kind: Kind, text: str) -> bool:
    """Return whether a text can be read as a kind."""
    text = text.strip()
    try:
        if kind.whole:
            low, high = _RANGES[kind.name]
            return low <= int(text) <= high
        if kind.name.startswith("float"):
            float(text)
        elif kind.name == "bool":
            return text in _BOOLS
        elif kind.name == "category":
            return not kind.categories or text in kind.categories
        elif kind.name in {"date", "datetime"}:
            _moment(kind, text)
    except ValueError:
        return False
    return True


def _moment(kind: Kind, text: str) -> dt.datetime:
    if kind.written:
        return dt.datetime.strptime(text, kind.written)  # noqa: DTZ007 - only whether it can be read
    return dt.datetime.fromisoformat(text)


@contextmanager
def _text(place: str, ask: Ask) -> Iterator[Any]:
    encoding = "utf-8-sig" if ask.encoding.lower() in {"utf-8", "utf8"} else ask.encoding
    with (
        unpacked(place, ask.storage) as handle,
        io.TextIOWrapper(handle, encoding, newline="") as text,
    ):
        yield text
