"""Files from outside, with where they came from: address, hash, size, licence.

`ingest` reads data; `importer` brings a file as it is, a trained model, a vocabulary, a published
data set, and writes down what nobody remembers a year later.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import re
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from thruway.components import html
from thruway.components.places import bare, is_address, opened
from thruway.errors import DataError, UsageError
from thruway.kit.ambient.files import File

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ImportRecord", "Imported", "importer"]

_BLOCK = 1 << 20


@dataclass(frozen=True)
class ImportRecord:
    """Where a file came from.

    Attributes:
        origin: path or address, without passwords.
        sha256: of its bytes, 64 hex digits; of a folder, of the names and bytes below it.
        size: bytes.
        files: how many; 1 unless it is a folder.
        media_type: by its name, "" when that does not say it.
        licence: what the caller says of it.
        properties: what the caller says of it.
        replaces: SHA-256 of what was imported from there before, "" when that was the same or
            nothing.
    """

    origin: str
    sha256: str
    size: int
    files: int = 1
    media_type: str = ""
    licence: str = ""
    properties: Mapping[str, Any] = field(default_factory=dict)
    replaces: str = ""

    def __repr__(self) -> str:
        return f"ImportRecord({self.origin!r}, sha256={self.sha256[:12]}…)"

    def _repr_html_(self) -> str:
        rows = [
            ("from", self.origin),
            ("sha256", self.sha256),
            ("bytes", self.size),
            ("licence", self.licence or "not said"),
            *((str(key), str(value)) for key, value in self.properties.items()),
        ]
        return html.view("Imported", html.table(("", ""), rows))

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return dataclasses.asdict(self)


class Imported(NamedTuple):
    """The file, usable wherever a path is, and where it came from."""

    file: File
    provenance: ImportRecord


def importer(
    path: str | os.PathLike[str],
    *,
    into: str | os.PathLike[str] = "imported",
    reimport: bool = False,
    sha256: str = "",
    licence: str = "",
    properties: Mapping[str, Any] | None = None,
    storage: Mapping[str, object] | None = None,
) -> Imported:
    """Return a file from outside, and where it came from.

    What is on this machine stays where it is. What is elsewhere is copied into a folder, with its
    record beside it, and is not fetched again while both are there and fit.

    Args:
        path: of a file or folder, or the address of a file.
        into: folder for what is fetched.
        reimport: fetch it again, although it is there.
        sha256: that it must have: another one is refused.
        licence: under which it may be used.
        properties: plain data to go with it.
        storage: handed to fsspec.

    Raises:
        DataError: there is none, or it has another hash.
        UsageError: `sha256` is none.
    """
    origin = os.fspath(path)
    if sha256 and not re.fullmatch(r"[0-9a-fA-F]{64}", sha256):
        raise UsageError("`sha256` is no SHA-256", fix="give 64 hex digits")
    said: dict[str, Any] = {"licence": licence, "properties": dict(properties or {})}
    if not is_address(origin):
        record = _of_local(Path(origin), origin)
        _expected(record, sha256)
        return Imported(File(origin), dataclasses.replace(record, **said))
    place = Path(into, _name(origin))
    kept = _kept(place, origin)
    if kept is not None and not reimport and sha256.lower() in {"", kept.sha256}:
        return Imported(File(place.as_posix()), dataclasses.replace(kept, **said))
    record = _fetched(origin, place, sha256, storage)
    before = kept.sha256 if kept is not None and kept.sha256 != record.sha256 else ""
    record = dataclasses.replace(record, replaces=before, **said)
    _beside(place).write_text(json.dumps(record.to_dict(), indent=2) + "\n", encoding="utf-8")
    return Imported(File(place.as_posix()), record)


def _expected(record: ImportRecord, sha256: str) -> None:
    if sha256 and record.sha256 != sha256.lower():
        raise DataError(
            f"`{record.origin}` is not what was expected: its SHA-256 is another",
            where=f"expected {sha256.lower()}, found {record.sha256}",
            fix="look at what changed; then give the new one",
        )


def _of_local(place: Path, origin: str) -> ImportRecord:
    if not place.exists():
        raise DataError(f"there is no file `{origin}`", f"looked in {Path.cwd()}", "check the path")
    if not place.is_dir():
        digest, size = _hash(place)
        return ImportRecord(origin, digest, size, media_type=_media(origin))
    whole, total, count = hashlib.sha256(), 0, 0
    for one in sorted(each for each in place.rglob("*") if each.is_file()):
        digest, size = _hash(one)
        whole.update(f"{one.relative_to(place).as_posix()}\0{digest}\n".encode())
        total, count = total + size, count + 1
    return ImportRecord(origin, whole.hexdigest(), total, count)


def _hash(place: Path) -> tuple[str, int]:
    with place.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest(), place.stat().st_size


def _media(origin: str) -> str:
    import mimetypes

    return mimetypes.guess_type(origin.partition("?")[0])[0] or ""


def _name(origin: str) -> str:
    name = re.sub(r"[^A-Za-z0-9._-]", "_", origin.partition("?")[0].rstrip("/").rsplit("/", 1)[-1])
    return name.lstrip(".") or "imported"


def _beside(place: Path) -> Path:
    return place.with_name(place.name + ".import.json")


def _kept(place: Path, origin: str) -> ImportRecord | None:
    """Return what was written of an earlier import, if the file is still what it says."""
    try:
        said = json.loads(_beside(place).read_text(encoding="utf-8"))
        record = ImportRecord(**said)
    except (OSError, ValueError, TypeError):
        return None
    if record.origin != bare(origin):
        raise DataError(
            f"`{place}` was imported from elsewhere",
            where=record.origin,
            fix="import this one into another folder: into='…'",
        )
    whole = place.is_file() and _hash(place) == (record.sha256, record.size)
    return record if whole else None


def _fetched(
    origin: str, place: Path, sha256: str, storage: Mapping[str, object] | None
) -> ImportRecord:
    """Fetch a file beside its place, look at it, and put it there whole."""
    place.parent.mkdir(parents=True, exist_ok=True)
    whole, size = hashlib.sha256(), 0
    number, aside = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}-")
    try:
        with opened(origin, storage) as source, os.fdopen(number, "wb") as target:
            while block := source.read(_BLOCK):
                whole.update(block)
                size += len(block)
                target.write(block)
        record = ImportRecord(bare(origin), whole.hexdigest(), size, media_type=_media(origin))
        _expected(record, sha256)
        shutil.move(aside, place)
    finally:
        Path(aside).unlink(missing_ok=True)
    return record
