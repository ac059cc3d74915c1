"""Examples in chunks: of a frame, of files larger than memory, of frames that come one by one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thruway.components.frames import wrapped
from thruway.components.models import tables
from thruway.errors import DataError, UsageError
from thruway.kit.values.fingerprint import fingerprint, fingerprint_file

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_TEXT = {".csv": ",", ".tsv": "\t", ".txt": ","}
_PARQUET = {".parquet", ".pq"}
_PACKED = {".gz", ".bz2", ".xz", ".zst"}


@dataclass(frozen=True)
class Chunk:
    """Some rows.

    Attributes:
        number: from 0.
        start: place of its first row among all.
        frame: of the user's library.
    """

    number: int
    start: int
    frame: Any


@dataclass(frozen=True)
class Source:
    """Where the rows come from.

    Attributes:
        frames: starts reading; each frame has at most the rows of a chunk.
        digest: of the content; empty when it can only be read once.
    """

    frames: Callable[[], Iterator[Any]]
    digest: Callable[[], str]

    def chunks(self) -> Iterator[Chunk]:
        """Yield all rows, in order; at least one chunk, which may be empty."""
        start = 0
        for number, frame in enumerate(self.frames()):
            yield Chunk(number, start, frame)
            start += frame.shape[0]


def source_of(examples: Any, rows: int, needed: Sequence[str] | None) -> Source:
    """Return the source for what a user gave.

    Args:
        examples: a frame, a path, or an iterable of frames.
        rows: of a chunk.
        needed: columns to read; None for all.

    Raises:
        DataError: there is no such file, or columns are missing in it.
        UsageError: it is nothing of these.
    """
    if isinstance(examples, str | os.PathLike):
        return _of_path(Path(examples), rows, needed)
    if isinstance(examples, Iterator | list | tuple) and not hasattr(examples, "columns"):
        return Source(lambda: _cut(iter(examples), rows), lambda: "")
    table = wrapped(examples)
    return Source(
        lambda: _slices(table, rows), lambda: fingerprint(_of_interest(table, needed)).hex
    )


def _of_interest(table: Any, needed: Sequence[str] | None) -> Any:
    names = [name for name in needed or () if name in table.columns]
    return (table.select(*names) if names else table).to_native()


def _slices(table: Any, rows: int) -> Iterator[Any]:
    for start in range(0, max(len(table), 1), rows):
        yield table[start : start + rows].to_native()


def _cut(frames: Iterator[Any], rows: int) -> Iterator[Any]:
    none = True
    for frame in frames:
        table = wrapped(frame)
        if len(table) or none:
            none = False
            yield from _slices(table, rows)
    if none:
        raise DataError("`examples` yields no frame", fix="an iterator can be read once only")


def _of_path(path: Path, rows: int, needed: Sequence[str] | None) -> Source:
    if not path.exists():
        raise DataError("there is no such file of examples", where=str(path), fix="check the path")
    suffixes = [one for one in path.suffixes if one.lower() not in _PACKED]
    suffix = suffixes[-1].lower() if suffixes else ""
    if path.is_dir():
        files = sorted(one for one in path.rglob("*") if _is_part(one, path))
        if not files:
            raise DataError("the folder holds no Parquet files", where=str(path))
        return Source(
            lambda: _parquet(files, rows, needed),
            lambda: fingerprint([fingerprint_file(one) for one in files]).hex,
        )
    if suffix in _PARQUET:
        return Source(lambda: _parquet([path], rows, needed), lambda: fingerprint_file(path))
    if suffix in _TEXT:
        separator = _TEXT[suffix]
        return Source(lambda: _text(path, separator, rows, needed), lambda: fingerprint_file(path))
    raise UsageError(
        f"`{path.name}` is neither Parquet nor CSV",
        where=str(path),
        fix="read it with `ingest`, and give the frame",
    )


def _is_part(file: Path, folder: Path) -> bool:
    hidden = any(part[0] in "._" for part in file.relative_to(folder).parts)
    return file.is_file() and file.suffix.lower() in _PARQUET and not hidden


def _parquet(files: Sequence[Path], rows: int, needed: Sequence[str] | None) -> Iterator[Any]:
    library, parquet = tables.arrow(), tables.arrow("parquet")
    none = True
    for place, path in enumerate(files):
        try:
            # Read ahead, all that was read would be held until the last chunk.
            file = parquet.ParquetFile(path, pre_buffer=False)
        except library.ArrowInvalid as error:
            raise DataError(f"a file is no Parquet: {error}", where=str(path)) from error
        with file:
            _check_there(file.schema_arrow.names, needed, path)
            columns = None if needed is None else list(needed)
            for batch in file.iter_batches(batch_size=rows, columns=columns):
                none = False
                yield _native(library.Table.from_batches([batch]))
            if none and place == len(files) - 1:
                yield _native(file.read(columns=columns))


def _native(table: Any) -> Any:
    """Return an Arrow table in pandas, where that is installed: what most functions are for."""
    try:
        import pandas as pd  # noqa: F401 - whether it is there
    except ImportError:
        return table
    return table.to_pandas()


def _text(path: Path, separator: str, rows: int, needed: Sequence[str] | None) -> Iterator[Any]:
    """Yield chunks whose types were decided on the whole file: `7` in a column of text is text."""
    import pandas as pd

    options: dict[str, Any] = {"sep": separator, "chunksize": rows}
    try:
        names = list(pd.read_csv(path, sep=separator, nrows=0).columns)
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as error:
        raise DataError(f"the file cannot be read: {error}", where=str(path)) from error
    _check_there(names, needed, path)
    if needed is not None:
        options["usecols"] = [name for name in names if name in set(needed)]
    kinds: dict[str, set[str]] = {}
    count = 0
    try:
        with pd.read_csv(path, **options) as chunks:
            for chunk in chunks:
                count += 1
                _note_kinds(chunk, kinds)
        types = {name: kind for name, found in kinds.items() if (kind := _common(found))}
        with pd.read_csv(path, dtype=types, **options) as chunks:
            for chunk in chunks:
                yield chunk.reset_index(drop=True)
    except (pd.errors.ParserError, UnicodeDecodeError) as error:
        raise DataError(f"the file cannot be read: {error}", where=str(path)) from error
    if not count:
        yield pd.read_csv(path, **{**options, "chunksize": None})


def _note_kinds(chunk: Any, kinds: dict[str, set[str]]) -> None:
    for name in chunk.columns:
        column = chunk[name]
        found = kinds.setdefault(name, set())
        if not column.isna().all():
            found.add(column.dtype.kind)


def _common(kinds: set[str]) -> str | None:
    """Return the type that chunks of these kinds have in common; None where pandas finds it."""
    if len(kinds) < 2:
        return None
    return "float64" if kinds <= {"i", "u", "f"} else "str"


def _check_there(names: Sequence[Any], needed: Sequence[str] | None, path: Path) -> None:
    missing = [name for name in needed or () if name not in set(names)]
    if missing:
        raise DataError(
            f"the file lacks {tables.quoted(missing)}, which the model or the keys need",
            where=f"{path}: {tables.quoted(list(names))}",
            fix="give the columns that the model was trained on",
        )
