"""What a source holds now, as a short record: to see that it changed, and to say what was read.

Files of this machine count by their content. Those elsewhere by what their store says of them (an
etag, a checksum) where it says that, and by their content where it does not.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thruway.components import html
from thruway.components.ingest import sql
from thruway.components.ingest.asks import Ask
from thruway.components.ingest.sources import find
from thruway.components.places import bare, filesystem, is_address, is_web, opened

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from thruway.components.ingest.spans import SpanChoice

__all__ = ["FileRecord", "InputFingerprint", "fingerprint", "of_files"]

_BLOCK = 1 << 20


@dataclass(frozen=True)
class FileRecord:
    """One file that was looked at.

    Attributes:
        file: path or address, without passwords.
        size: bytes; None where nobody says it.
        digest: of the content (`sha256:…`), or what its store says (`etag:…`).
    """

    file: str
    size: int | None
    digest: str


@dataclass(frozen=True)
class InputFingerprint:
    """What a source holds.

    Attributes:
        digest: of everything below, 32 hex digits: two are equal when the content is.
        files: in the order in which they are read; none of a query.
        spans: numbers of the spans that were chosen; none without a pattern.
        query: of a database, "" for files.
        rows: of the query; None for files.
    """

    digest: str
    files: tuple[FileRecord, ...] = ()
    spans: tuple[int, ...] = ()
    query: str = ""
    rows: int | None = None

    def __repr__(self) -> str:
        what = f"{self.rows} rows" if self.query else f"{len(self.files)} files"
        return f"InputFingerprint({self.digest[:12]}…, {what})"

    def _repr_html_(self) -> str:
        rows = [(one.file, one.size, one.digest[:23] + "…") for one in self.files]
        told = f"<p class='note'>{self.digest}</p>"
        return html.view("Input", told, html.table(("file", "bytes", "content"), rows))

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        import dataclasses

        return dataclasses.asdict(self)


def fingerprint(
    source: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    connection: str | None = None,
    span: SpanChoice = None,
    version: int | None = None,
    last: int = 1,
    parameters: Mapping[str, object] | None = None,
    storage: Mapping[str, object] | None = None,
) -> InputFingerprint:
    """Return what a source holds now, without making a frame of it.

    In a pipeline it makes the engine see a source that is elsewhere: as a step that is not cached
    it looks in every run, and what reads the source takes it as `expect`, so that it runs again
    when the content is another.

    Args:
        source: as for `ingest`.
        connection: of a database; then `source` is a query or a table, and its rows count, in
            order.
        span: as for `ingest`.
        version: as for `ingest`.
        last: as for `ingest`.
        parameters: of the query.
        storage: for fsspec.

    Raises:
        DataError: there is nothing, or it cannot be read.
    """
    if connection is not None:
        return _of_query(str(source), connection, parameters)
    found = find(source, span, version, last, storage)
    made = of_files(found.files, storage)
    return InputFingerprint(made.digest, made.files, tuple(one.span for one in found.spans))


def of_files(files: Iterable[str], storage: Mapping[str, object] | None = None) -> InputFingerprint:
    """Return what files hold now."""
    records = tuple(_record(file, storage) for file in files)
    whole = hashlib.sha256()
    for one in records:  # names do not count: a copy of the data is the same data
        whole.update(f"{one.size}:{one.digest};".encode())
    return InputFingerprint(whole.hexdigest()[:32], records)


def _record(file: str, storage: Mapping[str, object] | None) -> FileRecord:
    if not is_address(file):
        state = Path(file).stat()
        with Path(file).open("rb"):  # seen by the engine, also when the digest is known already
            pass
        digest = _digest(os.path.realpath(file), state.st_size, state.st_mtime_ns)
        return FileRecord(file, state.st_size, digest)
    if not is_web(file):
        fs, path = filesystem(file, storage)
        try:
            info = fs.info(path)
        except FileNotFoundError:
            info = {}
        told = (
            info.get("ETag") or info.get("etag") or info.get("md5Hash") or info.get("content_md5")
        )
        if told:
            return FileRecord(bare(file), info.get("size"), f"etag:{str(told).strip(chr(34))}")
    size, hexed = _content(file, storage)
    return FileRecord(bare(file), size, f"sha256:{hexed}")


@lru_cache(maxsize=4096)
def _digest(path: str, _size: int, _changed: int) -> str:
    return f"sha256:{_content(path, None)[1]}"


def _content(file: str, storage: Mapping[str, object] | None) -> tuple[int, str]:
    whole, size = hashlib.sha256(), 0
    with opened(file, storage) as handle:
        while block := handle.read(_BLOCK):
            whole.update(block)
            size += len(block)
    return size, whole.hexdigest()


def _of_query(
    query: str, connection: str, parameters: Mapping[str, object] | None
) -> InputFingerprint:
    from thruway.kit.values.fingerprint import fingerprint as of_value

    whole, rows = hashlib.sha256(query.encode()), 0
    for frame in sql.chunks(query, connection, Ask("sql"), 10_000, parameters):
        whole.update(of_value(frame).hex.encode())
        rows += len(frame)
    return InputFingerprint(whole.hexdigest()[:32], query=" ".join(query.split()), rows=rows)
