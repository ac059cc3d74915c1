"""Files as tables of Arrow, by its own readers; missing values are written as for pandas."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thruway.components.ingest import filters
from thruway.components.ingest.cast import cast_arrow
from thruway.components.ingest.problems import absent, explained, heading, once, required
from thruway.components.places import is_address, needed, opened, unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from thruway.components.ingest.asks import Ask

__all__ = ["finished", "read", "table", "tables"]

_BUFFER = 1 << 16


def read(place: str, ask: Ask) -> Any:
    """Return a file as a table of Arrow.

    Raises:
        DataError: it cannot be read, or is not what the schema says.
    """
    needed("pyarrow", "a table of Arrow", "pyarrow")
    with explained(place, ask):
        if ask.format == "excel":
            import pyarrow as pa

            from thruway.components.ingest import with_pandas

            return pa.Table.from_pandas(with_pandas.read(place, ask), preserve_index=False)
        if ask.format == "csv":
            heading(place, ask)
        made = table(place, ask) if ask.format in {"arrow", "parquet"} else _text(place, ask)
        return finished(made, place, ask)


def table(place: str, ask: Ask) -> Any:
    """Return a file of Arrow or Parquet as it is."""
    import pyarrow as pa

    if ask.format == "parquet":
        import pyarrow.parquet as pq

        with _random(place, ask) as source:
            missing = absent(place, ask.wanted(), pq.ParquetFile(source).schema_arrow.names)
            if missing is not None:
                raise missing
            return pq.ParquetFile(source).read(columns=list(ask.wanted()) or None)
    with _random(place, ask) as source, _reader(source) as reader:
        if hasattr(reader, "num_record_batches"):
            return reader.read_all()
        return pa.Table.from_batches(list(reader), reader.schema)


def tables(place: str, ask: Ask, rows: int) -> Iterator[Any]:
    """Yield a file of Arrow or Parquet as tables of so many rows, the last one of fewer."""
    import pyarrow as pa

    waiting: list[Any] = []
    held = 0
    for batch in _batches(place, ask, rows):
        start = 0
        while held + batch.num_rows - start >= rows:
            take = rows - held
            yield pa.Table.from_batches([*waiting, batch.slice(start, take)])
            waiting, held, start = [], 0, start + take
        if start < batch.num_rows:
            waiting.append(batch.slice(start))
            held += batch.num_rows - start
    if waiting:
        yield pa.Table.from_batches(waiting)


def _batches(place: str, ask: Ask, rows: int) -> Iterator[Any]:
    if ask.format == "parquet":
        import pyarrow.parquet as pq

        with _random(place, ask) as source:
            # Read when it is needed, a group of rows at a time: nothing is fetched ahead.
            file = pq.ParquetFile(source, pre_buffer=False, buffer_size=_BUFFER)
            columns = list(ask.wanted()) or None
            missing = absent(place, ask.wanted(), file.schema_arrow.names)
            if missing is not None:
                raise missing
            for group in range(file.num_row_groups):
                yield from file.iter_batches(rows, row_groups=[group], columns=columns)
        return
    with _random(place, ask) as source, _reader(source) as reader:
        if hasattr(reader, "num_record_batches"):
            for number in range(reader.num_record_batches):
                yield reader.get_batch(number)
        else:
            yield from reader


@contextmanager
def _random(place: str, ask: Ask) -> Iterator[Any]:
    """Give Arrow what it can jump about in."""
    if is_address(place):
        with opened(place, ask.storage) as handle:
            yield handle
        return
    import pyarrow as pa

    with Path(place).open("rb"), pa.OSFile(place) as mapped:  # the first is seen by the engine
        yield mapped


def _reader(source: Any) -> Any:
    """Return a reader of a file of Arrow: of the file format, or of the stream format."""
    import pyarrow as pa

    try:
        return pa.ipc.open_file(source)
    except pa.ArrowInvalid:
        source.seek(0)
        return pa.ipc.open_stream(source)


def _text(place: str, ask: Ask) -> Any:
    import pyarrow as pa

    with unpacked(place, ask.storage) as handle:
        if ask.format == "csv":
            return _csv(handle, place, ask)
        import json

        import pyarrow.json

        start = handle.read(64)
    with unpacked(place, ask.storage) as handle:
        if start.lstrip().startswith(b"["):
            return pa.Table.from_pylist(json.load(handle))
        kept = [(name, kind.arrow) for name, kind in ask.kinds.items() if kind.name == "string"]
        options = pyarrow.json.ParseOptions(explicit_schema=pa.schema(kept) if kept else None)
        found = pyarrow.json.read_json(handle, parse_options=options, **ask.options)
        found.validate(full=True)  # it takes texts as they are, also those of another encoding
        return found


def _csv(handle: Any, place: str, ask: Ask) -> Any:
    import pyarrow as pa
    from pyarrow import csv

    types = {
        name: pa.string() if kind.timed or kind.name == "category" else kind.arrow
        for name, kind in ask.kinds.items()
        if kind.forced or kind.timed
    }
    found = csv.read_csv(
        handle,
        read_options=csv.ReadOptions(encoding=ask.encoding),
        parse_options=csv.ParseOptions(delimiter=ask.between(place), newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            null_values=list(ask.missing),
            strings_can_be_null=True,
            include_columns=list(ask.wanted()) or None,
            column_types=types,
            **ask.options,
        ),
    )
    if any(map(pa.types.is_binary, found.schema.types)):
        raise ValueError("it holds bytes that are no text")  # becomes: of another encoding
    return found.rename_columns(once(found.column_names))


def finished(made: Any, place: str, ask: Ask) -> Any:
    """Return a table with the columns, types and rows that are asked for."""
    wanted = [*ask.wanted(), *filters.columns_of(ask.where), *required(ask)]
    missing = absent(place, wanted, made.column_names)
    if missing is not None:
        raise missing
    made = filters.kept(cast_arrow(made, ask), ask.where)
    return made.select(list(ask.columns)) if ask.columns else made
