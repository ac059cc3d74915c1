"""Answers on disk: a folder of parts that can be taken up again, or one file.

A part exists whole or not at all: it is written beside and then renamed. The manifest of a folder
says what its parts are of, so that they are never mixed with those of another model or other rows.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from thruway.components.batch_predict.answers import Asker, answered
from thruway.components.frames import wrapped
from thruway.components.models import tables
from thruway.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from thruway.components.batch_predict.chunks import Chunk

MANIFEST = "_manifest.json"


@dataclass(frozen=True)
class Folder:
    """A folder of parts, and what is asked for each.

    Attributes:
        path: of the folder.
        asker: see there.
    """

    path: Path
    asker: Asker


@dataclass(frozen=True)
class Part:
    """A part that is there.

    Attributes:
        rows: in it.
        columns: of it.
    """

    rows: int
    columns: tuple[str, ...]


def opened(path: Path, about: dict[str, Any]) -> None:
    """Make the folder, or check that it is of the same inference.

    Raises:
        UsageError: it holds something else.
    """
    path.mkdir(parents=True, exist_ok=True)
    manifest = path / MANIFEST
    if manifest.exists():
        try:
            found = json.loads(manifest.read_text(encoding="utf-8"))["about"]
        except (ValueError, KeyError, TypeError):
            found = {}
        different = sorted(name for name in about if found.get(name) != about[name])
        if different:
            raise UsageError(
                f"the folder holds another inference: {', '.join(different)} differ",
                where=str(path),
                fix="name another folder, or delete this one",
            )
        for left in path.glob(".*.writing"):  # of a process that was killed
            left.unlink(missing_ok=True)
        return
    if any(path.iterdir()):
        raise UsageError(
            "the folder holds files that are no inference",
            where=str(path),
            fix="name a new folder",
        )
    _write_manifest(path, {"about": about, "complete": False})


def closed(path: Path, about: dict[str, Any], parts: list[Part]) -> None:
    """Write down that all parts are there."""
    rows = sum(part.rows for part in parts)
    done = {"about": about, "complete": True, "rows": rows, "parts": len(parts)}
    _write_manifest(path, done)


def written(folder: Folder, chunk: Chunk) -> Part:
    """Write the part of a chunk, unless it is there.

    Raises:
        DataError: the rows are not what the model takes, or not those of the part that is there.
    """
    parquet = tables.arrow("parquet")
    path = folder.path / f"part-{chunk.number:05d}.parquet"
    if not path.exists():
        table = _arrow(answered(folder.asker, chunk))
        with beside(path) as place:
            parquet.write_table(table, place)
        return Part(table.num_rows, tuple(table.column_names))
    with parquet.ParquetFile(path) as file:
        part = Part(file.metadata.num_rows, tuple(file.schema_arrow.names))
    if part.rows != chunk.frame.shape[0] or not _same_keys(folder, chunk, path):
        raise DataError(
            f"part {chunk.number} is there, and it is of other rows",
            where=str(path),
            fix="name another folder, or delete this one",
        )
    return part


def _same_keys(folder: Folder, chunk: Chunk, path: Path) -> bool:
    parquet = tables.arrow("parquet")
    keys = list(folder.asker.keys)
    if not keys:
        return True
    now = _arrow(wrapped(chunk.frame).select(*keys).to_native())
    return bool(parquet.read_table(path, columns=keys).to_pylist() == now.to_pylist())


@contextlib.contextmanager
def beside(path: Path) -> Iterator[Path]:
    """Give a place to write a file, which takes the place of `path` when all is written."""
    place = path.with_name(f".{path.name}.{os.getpid()}.writing")
    try:
        yield place
        with place.open("rb") as handle:
            os.fsync(handle.fileno())
        place.replace(path)
    finally:
        place.unlink(missing_ok=True)


def to_file(path: Path, frames: Iterator[Any]) -> Part:
    """Write all answers to one file, Parquet or CSV by its name."""
    write = _to_csv if path.suffix.lower() == ".csv" else _to_parquet
    path.parent.mkdir(parents=True, exist_ok=True)
    with beside(path) as place:
        return write(place, frames)


def _to_parquet(place: Path, frames: Iterator[Any]) -> Part:
    parquet = tables.arrow("parquet")
    first = _arrow(next(frames))
    rows = first.num_rows
    with parquet.ParquetWriter(place, first.schema) as writer:
        writer.write_table(first)
        for frame in frames:
            table = _arrow(frame)
            writer.write_table(table.cast(first.schema))
            rows += table.num_rows
    return Part(rows, tuple(first.column_names))


def _to_csv(place: Path, frames: Iterator[Any]) -> Part:
    csv = tables.arrow("csv")
    first = _arrow(next(frames))
    rows = first.num_rows
    with csv.CSVWriter(place, first.schema) as writer:
        writer.write_table(first)
        for frame in frames:
            table = _arrow(frame)
            writer.write_table(table.cast(first.schema))
            rows += table.num_rows
    return Part(rows, tuple(first.column_names))


def _arrow(frame: Any) -> Any:
    table = wrapped(frame)
    if table.implementation.is_pandas():
        return (
            tables.arrow()
            .Table.from_pandas(table.to_native(), preserve_index=False)
            .replace_schema_metadata()
        )
    return table.to_arrow()


def _write_manifest(path: Path, content: dict[str, Any]) -> None:
    with beside(path / MANIFEST) as place:
        place.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
