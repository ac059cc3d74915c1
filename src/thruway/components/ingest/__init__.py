"""Examples from wherever they are: files, folders, spans, addresses, databases.

`ingest` gives a frame; with `chunk_rows`, frames one after the other (`Chunks`). `span_of` and
`fingerprint` say what would be read, without reading it into a frame.

The readers are in the modules of their libraries; which files are meant, in `sources` and `spans`;
what a schema says, in `kinds`; and what is wrong with a file that cannot be read, in `problems`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from thruway.components.ingest import filters, sources, sql
from thruway.components.ingest.asks import MISSING, Ask, Format, Frames, format_of
from thruway.components.ingest.chunked import Chunks, make, without_partition
from thruway.components.ingest.fingerprints import (
    FileRecord,
    InputFingerprint,
    fingerprint,
    of_files,
)
from thruway.components.ingest.joined import joined, with_partition
from thruway.components.ingest.kinds import kinds_of
from thruway.components.ingest.spans import Span, SpanChoice, is_pattern
from thruway.errors import DataError, UsageError

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from thruway.components.ingest.filters import Condition

__all__ = ["Chunks", "FileRecord", "InputFingerprint", "Span", "fingerprint", "ingest", "span_of"]


def ingest(
    source: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    connection: str | None = None,
    format: Format | None = None,  # noqa: A002 - the word of the field
    schema: Any = None,
    span: SpanChoice = None,
    version: int | None = None,
    last: int = 1,
    frames: Frames = "pandas",
    columns: Sequence[str] | None = None,
    where: Condition | Sequence[Condition] | None = None,
    chunk_rows: int | None = None,
    missing: Sequence[str] = (),
    standard_missing: bool = True,
    encoding: str = "utf-8",
    separator: str = "",
    parameters: Mapping[str, object] | None = None,
    expect: InputFingerprint | None = None,
    options: Mapping[str, object] | None = None,
    storage: Mapping[str, object] | None = None,
) -> Any:
    r"""Return the examples of a source as a frame; the one of pandas is as pandas would read it.

    Args:
        source: a path, an address (fsspec's kinds), a folder, a glob, a list of these; a pattern
            with `{SPAN}` or `{YYYY}-{MM}-{DD}`, and perhaps `{VERSION}`; with `connection`, a query
            or the name of a table.
        connection: URL of a database, as SQLAlchemy writes it; `$NAME` is taken from the
            environment.
        format: `csv`, `parquet`, `jsonl`, `arrow` or `excel`; by the name unless given.
        schema: what columns are: a dict of column → dtype, a schema of Thruway, a model of pandera.
            Dates that are not ISO 8601 need their form: `"date:%d/%m/%Y"`.
        span: of a pattern: a number, a date, or (first, last); None for the newest.
        version: of the span; None for the newest.
        last: so many spans, up to `span`.
        frames: the library: `pandas`, `polars` or `pyarrow`.
        columns: that are wanted, in this order.
        where: rows that are kept, as `[("age", ">=", 18), ("city", "in", ["Rome"])]`.
        chunk_rows: gives `Chunks` of so many rows instead of one frame, for data larger than
            memory.
        missing: texts that stand for a missing value, besides the usual ones.
        standard_missing: whether the usual ones (`""`, `NA`, `null`, …) do.
        encoding: of text files.
        separator: of a CSV; a comma unless given, a tab for `.tsv`.
        parameters: of a query, for its `:name`.
        expect: what `fingerprint` saw: the step runs again when it is another, and what is read is
            checked against it.
        options: handed to the reader of the library as they are.
        storage: handed to fsspec.

    Raises:
        DataError: there is nothing, or it cannot be read: says the line and what to do.
        UsageError: the arguments make no sense together, or a library is not installed.

    Example:
        >>> import pathlib, tempfile
        >>> file = pathlib.Path(tempfile.mkdtemp(), "ages.csv")
        >>> _ = file.write_text("name,age\nAda,36\nEmmy,?\n")
        >>> ingest(file, missing=["?"])["age"].tolist()
        [36.0, nan]
    """
    if frames not in {"pandas", "polars", "pyarrow"}:
        raise UsageError(f"`{frames}` are no frames", fix="use pandas, polars or pyarrow")
    ask = Ask(
        "sql" if connection is not None else "",
        kinds_of(schema),
        tuple(columns or ()),
        filters.checked(where),
        (*(MISSING if standard_missing else ()), *missing),
        encoding,
        separator,
        dict(options or {}),
        dict(storage or {}),
    )
    if connection is not None:
        if not isinstance(source, str) or span is not None or format is not None:
            raise UsageError(
                "with `connection`, the source is a query or a table",
                fix="give it as text, without `span` and `format`",
            )
        if expect is not None:
            _check(expect, fingerprint(source, connection=connection, parameters=parameters))
        if chunk_rows is not None:
            return make((source,), (), ask, chunk_rows, frames, connection, parameters)
        return sql.read(source, connection, ask, frames, parameters)
    found = sources.find(source, span, version, last, storage)
    if expect is not None:
        _check(expect, of_files(found.files, storage))
    return _of_files(found, ask, format, chunk_rows, frames)


def _of_files(
    found: sources.Found, ask: Ask, given: Format | None, chunk_rows: int | None, frames: Frames
) -> Any:
    import dataclasses

    formats = dict.fromkeys(format_of(file, given) for file in found.files)
    if len(formats) > 1:
        raise DataError(
            f"the files are of several formats: {', '.join(formats)}",
            fix="name those of one by a glob, such as `folder/*.csv`",
        )
    ask = dataclasses.replace(ask, format=next(iter(formats)))
    if chunk_rows is not None:
        return make(found.files, found.partitions, ask, chunk_rows, frames)
    parts = [
        _of_file(file, said, ask, frames)
        for file, said in zip(found.files, found.partitions, strict=True)
    ]
    return joined(parts, found.files, frames)


def _of_file(file: str, said: tuple[tuple[str, str], ...], ask: Ask, frames: Frames) -> Any:
    from thruway.components.ingest import with_arrow, with_pandas, with_polars

    read = {"pandas": with_pandas, "polars": with_polars, "pyarrow": with_arrow}[frames].read
    if not said:
        return read(file, ask)
    frame = with_partition(read(file, without_partition(ask, said)), said, frames)
    frame = filters.kept(frame, ask.where)
    if not ask.columns:
        return frame
    return frame[list(ask.columns)] if frames == "pandas" else frame.select(list(ask.columns))


def _check(expected: InputFingerprint, found: InputFingerprint) -> None:
    if expected.digest == found.digest:
        return
    before = {one.file: one.digest for one in expected.files}
    other = [one.file for one in found.files if before.get(one.file) != one.digest]
    raise DataError(
        "the source is not what was expected",
        where=f"{', '.join(f'`{one}`' for one in other[:3])} changed" if other else "",
        fix="take its fingerprint again",
    )


def span_of(
    pattern: str,
    *,
    span: SpanChoice = None,
    version: int | None = None,
    storage: Mapping[str, object] | None = None,
) -> Span:
    """Return which span and version a pattern means now: the newest, unless they are given.

    Args:
        pattern: with `{SPAN}` or `{YYYY}-{MM}-{DD}`, and perhaps `{VERSION}`.
        span: a number or a date.
        version: of it.
        storage: for fsspec.

    Raises:
        DataError: there is none.
        UsageError: it is no pattern.
    """
    if not is_pattern(pattern):
        raise UsageError(f"`{pattern}` has no spans", fix="write {SPAN} where they differ")
    return sources.find(pattern, span, version, 1, storage).spans[-1]
