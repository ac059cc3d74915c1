"""Data larger than memory, as frames one after the other, as often as one likes.

A reader that sees a piece at a time decides the types of each piece by itself: a column of
integers becomes one of floats where a value is missing, and a text where one is a text. So the
source is gone through once, and every chunk then has the types that the whole would have had.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from thruway.components import html
from thruway.components.ingest import filters, sql, with_pandas
from thruway.components.ingest.fingerprints import InputFingerprint, fingerprint, of_files
from thruway.components.ingest.joined import with_partition
from thruway.components.places import bare, forget
from thruway.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from thruway.components.ingest.asks import Ask

__all__ = ["Chunks", "make"]

_TYPED = {"parquet", "arrow"}


@dataclass(frozen=True)
class Chunks:
    """The frames of a source, one after the other; each loop begins anew.

    It holds where the data is and what it was, not the data. A loop over a source that is not what
    it was raises, rather than giving half of one thing and half of another.

    Attributes:
        source: files, in the order in which they are read; or one query.
        chunk_rows: rows of a chunk before `where`; the last one of a file has fewer.
        rows: of all chunks.
        columns: names, in order.
        frames: the library.
        fingerprint: what the source held.
        ask: what is read, and how.
        types: column → what it is made in every chunk, where chunks would differ.
        partitions: of each file, what its folders say.
        connection: of the database, "" for files.
        parameters: of the query.
    """

    source: tuple[str, ...]
    chunk_rows: int
    rows: int
    columns: tuple[str, ...]
    frames: str
    fingerprint: InputFingerprint
    ask: Ask
    types: Mapping[str, str] = field(default_factory=dict)
    partitions: tuple[tuple[tuple[str, str], ...], ...] = ()
    connection: str = ""
    parameters: Mapping[str, object] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Any]:
        """Yield the frames.

        Raises:
            DataError: the source is not what it was.
        """
        self.check()
        for frame in _raw(self, self.types):
            yield _native(_settled(frame, self.types), self.frames)

    def check(self) -> None:
        """Raise a DataError when the source is not what it was when this was made."""
        if self.connection:
            return  # its rows are looked at while they are read
        forget(self.source, self.ask.storage)
        now = of_files(self.source, self.ask.storage)
        for before, after in zip(self.fingerprint.files, now.files, strict=True):
            if (before.size, before.digest) != (after.size, after.digest):
                raise DataError(
                    f"`{before.file}` changed since it was looked at",
                    where=f"{before.size} bytes then, {after.size} bytes now",
                    fix="call `ingest` again",
                )

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the whole."""
        return self.rows, len(self.columns)

    def __repr__(self) -> str:
        size = f"{self.rows:,} rows × {len(self.columns)} columns"
        return f"Chunks({size}, {self.chunk_rows:,} at a time)"

    def _repr_html_(self) -> str:
        rows = [(one.file, one.size) for one in self.fingerprint.files]
        told = f"<p>{html.cell(self.rows)} rows, {html.cell(self.chunk_rows)} at a time</p>"
        return html.view("Examples, in chunks", told, html.table(("file", "bytes"), rows))


def make(
    source: tuple[str, ...],
    partitions: tuple[tuple[tuple[str, str], ...], ...],
    ask: Ask,
    chunk_rows: int,
    frames: str,
    connection: str = "",
    parameters: Mapping[str, object] | None = None,
) -> Chunks:
    """Return the chunks of a source, after one look through it.

    Raises:
        DataError: it cannot be read, or has no rows.
        UsageError: fewer than one row at a time; a password would be kept.
    """
    if chunk_rows < 1:
        raise UsageError(f"{chunk_rows} rows at a time are none", fix="give `chunk_rows` 1 or more")
    if connection and sql.holds_password(connection):
        raise UsageError(
            "`connection` holds a password, which would be stored with the chunks",
            fix="keep it in an environment variable: connection='postgresql://me:$PASSWORD@host/db'",
        )
    seen = (
        fingerprint(source[0], connection=connection, parameters=parameters)
        if connection
        else of_files(source, ask.storage)
    )
    first = Chunks(
        source, chunk_rows, 0, (), frames, seen, ask, {}, partitions, connection,
        dict(parameters or {}),
    )  # fmt: skip
    columns, rows, types = _look(first)
    return dataclasses.replace(first, columns=columns, rows=rows, types=types)


def _look(chunks: Chunks) -> tuple[tuple[str, ...], int, dict[str, str]]:
    columns: tuple[str, ...] = ()
    rows = 0
    seen: dict[str, _Seen] = {}
    for frame in _raw(chunks, {}):
        names = tuple(_names(frame))
        if columns and set(names) != set(columns):
            name = min(set(names) ^ set(columns))
            raise DataError(
                f"the files do not have the same columns: `{name}` is in some only",
                fix="read what they share by `columns=[…]`, or read them apart",
            )
        columns = columns or names
        rows += frame.shape[0]
        if hasattr(frame, "dtypes"):
            for name in names:
                seen.setdefault(name, _Seen()).add(frame[name])
    if not columns:
        raise DataError(f"`{bare(chunks.source[0])}` has no rows", fix="check whoever wrote it")
    found = {name: one.settled() for name, one in seen.items() if name not in chunks.ask.kinds}
    return columns, rows, {name: kind for name, kind in found.items() if kind}


class _Seen:
    """What a column was in the chunks so far."""

    def __init__(self) -> None:
        self.kinds: dict[str, None] = {}
        self.all: dict[str, None] = {}
        self.missing = False

    def add(self, column: Any) -> None:
        """Look at the column in one more chunk."""
        dtype = str(column.dtype)
        self.all[dtype] = None
        present = column.notna()
        self.missing = self.missing or not bool(present.all())
        if bool(present.any()):
            self.kinds[_word(column, dtype)] = None

    def settled(self) -> str:
        """Return what the column is as a whole; "" when every chunk says so by itself."""
        kinds = set(self.kinds)
        if not kinds:
            return "" if len(self.all) == 1 else "float64"
        if kinds <= {"int64", "float64"}:
            whole = "float64" if self.missing or "float64" in kinds else "int64"
            return "" if set(self.all) == {whole} else whole
        if kinds == {"bool"}:
            return "object" if self.missing and set(self.all) != {"object"} else ""
        if len(kinds) == 1:
            (kind,) = kinds
            return "" if set(self.all) == {kind} else kind
        return "text"


def _word(column: Any, dtype: str) -> str:
    if dtype != "object":
        return dtype
    import pandas as pd

    return "bool" if pd.api.types.infer_dtype(column, skipna=True) == "boolean" else dtype


def _settled(frame: Any, types: Mapping[str, str]) -> Any:
    if not types or not hasattr(frame, "astype"):
        return frame
    wrong = {
        name: kind
        for name, kind in types.items()
        if kind != "text" and str(frame[name].dtype) != kind
    }
    return frame.astype(wrong) if wrong else frame


def _raw(chunks: Chunks, types: Mapping[str, str]) -> Iterator[Any]:
    as_text = {name: kind for name, kind in types.items() if kind == "text"}
    if chunks.connection:
        parts = sql.chunks(
            chunks.source[0], chunks.connection, chunks.ask, chunks.chunk_rows, chunks.parameters
        )
        for frame in parts:
            yield _as_texts(frame, as_text)
        return
    said = chunks.partitions or ((),) * len(chunks.source)
    for file, partition in zip(chunks.source, said, strict=True):
        for frame, library in _of_file(file, chunks, as_text, partition):
            whole = with_partition(frame, partition, library)
            whole = filters.kept(whole, chunks.ask.where) if partition else whole
            wanted = chunks.ask.columns
            yield _select(whole, wanted, library) if partition and wanted else whole


def _of_file(
    file: str, chunks: Chunks, as_text: Mapping[str, str], partition: tuple[tuple[str, str], ...]
) -> Iterator[tuple[Any, str]]:
    ask = without_partition(chunks.ask, partition)
    if ask.format in _TYPED and chunks.frames != "pandas":
        from thruway.components.ingest import with_arrow

        for table in with_arrow.tables(file, ask, chunks.chunk_rows):
            yield with_arrow.finished(table, file, ask), "pyarrow"
        return
    for frame in with_pandas.chunks(file, ask, chunks.chunk_rows, as_text):
        yield (frame if ask.format == "csv" else _as_texts(frame, as_text)), "pandas"


def without_partition(ask: Ask, partition: tuple[tuple[str, str], ...]) -> Ask:
    """Return what is asked of a file whose folders say some of its columns."""
    names = {name for name, _ in partition}
    if not names:
        return ask
    asked = [name for name in ask.wanted() if name not in names]
    return dataclasses.replace(
        ask,
        columns=tuple(asked),
        where=tuple(one for one in ask.where if one[0] not in names),
        kinds={name: kind for name, kind in ask.kinds.items() if name not in names},
    )


def _as_texts(frame: Any, as_text: Mapping[str, str]) -> Any:
    """Return columns of mixed values as texts."""
    made = {name: frame[name].map(str, na_action="ignore") for name in as_text}
    return frame.assign(**made) if made else frame


def _select(frame: Any, columns: tuple[str, ...], library: str) -> Any:
    return frame[list(columns)] if library == "pandas" else frame.select(list(columns))


def _names(frame: Any) -> list[str]:
    names = getattr(frame, "column_names", None)
    return [str(one) for one in (frame.columns if names is None else names)]


def _native(frame: Any, library: str) -> Any:
    if library == "pandas":
        return frame
    import pyarrow as pa

    table = (
        frame
        if isinstance(frame, pa.Table)
        else pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    )
    if library == "pyarrow":
        return table
    import polars as pl

    return pl.from_arrow(table)
