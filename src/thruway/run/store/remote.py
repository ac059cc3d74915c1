"""Objects under a URL that fsspec knows (`s3://…`, `gs://…`, `file://…`), shared by machines.

The extra `thruway[remote]` brings fsspec; what it needs for a kind of URL (`s3fs`, `gcsfs`) and
how it is reached (endpoint, credentials) is the user's environment's business: see fsspec's
`FSSPEC_…` variables. An object is there whole or not at all: object stores make a single upload
atomic, elsewhere it is uploaded under another name and renamed.
"""

from __future__ import annotations

import contextlib
import json
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from thruway.errors import StorageError
from thruway.run.store.hashing import DIGEST_DIGITS
from thruway.run.store.objects import TEMPORARY, Entry

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

_ATOMIC = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "oss", "oci"})
"""Protocols whose single upload is there whole or not at all."""
_MARKER = "thruway.json"
_LAYOUT = 1
_CONNECT_SECONDS, _READ_SECONDS, _ATTEMPTS = 5, 60, 2
_INSTALL = "install the packages: pip install 'thruway[remote]', and for s3:// also s3fs"
_LOOK = "look whether bucket and endpoint are right, and the credentials in the environment"


class RemoteObjects:
    """Objects under a URL; see `objects.Objects`."""

    def __init__(self, url: str) -> None:
        self.place = url
        with self._named():
            from fsspec.core import url_to_fs

            files, root = url_to_fs(url, use_listings_cache=False, **_patience(url))
        self._files: Any = files
        self._root = str(root).rstrip("/")
        protocols = (files.protocol,) if isinstance(files.protocol, str) else files.protocol
        self._atomic = bool(_ATOMIC & set(protocols))

    def prepare(self) -> None:
        """Look whether the place can be used, and mark it as ours.

        Raises:
            StorageError: it cannot be reached, or holds what we cannot read.
        """
        path = f"{self._root}/{_MARKER}"
        with self._named():
            try:
                found = json.loads(self._files.cat_file(path))
            except FileNotFoundError:
                found = {"layout": _LAYOUT}
                self._make_parent(path)
                self._files.pipe_file(path, json.dumps(found).encode())
        layout = found.get("layout") if isinstance(found, dict) else None
        if layout != _LAYOUT:
            raise StorageError(
                f"the store was made by a newer Thruway: its layout is {layout}, this one knows "
                f"{_LAYOUT}",
                where=self.place,
                fix="update Thruway, or give another `store` in [tool.thruway]",
            )

    def size(self, address: str) -> int | None:
        """Return the bytes of an object; None if it is not there."""
        with self._named():
            try:
                return int(self._files.info(self._path(address))["size"])
            except FileNotFoundError:
                return None

    def get(self, address: str, target: Path) -> bool:
        """Copy an object into a local file; False if it is not there."""
        with self._named():
            try:
                self._files.get_file(self._path(address), str(target))
            except FileNotFoundError:
                return False
        return True

    def put(self, address: str, source: Path) -> None:
        """Copy a local file there, whole or not at all."""
        path = self._path(address)
        with self._named():
            self._make_parent(path)
            if self._atomic:
                self._files.put_file(str(source), path)
                return
            temporary = f"{self._root}/objects/{TEMPORARY}{uuid.uuid4().hex}"
            try:
                self._files.put_file(str(source), temporary)
                self._files.mv(temporary, path)
            except BaseException:
                with contextlib.suppress(Exception):  # it may not have come into being
                    self._files.rm_file(temporary)
                raise

    def entries(self) -> Iterator[Entry]:
        """Give all that is there, and what killed writers left behind."""
        with self._named():
            try:
                found = self._files.find(f"{self._root}/objects", detail=True)
            except FileNotFoundError:
                found = {}
        for path, about in found.items():
            *_, folder, name = str(path).split("/")
            address = "" if name.startswith(TEMPORARY) else folder + name
            if not address or len(address) == DIGEST_DIGITS:
                yield Entry(address, str(path), int(about["size"]), _changed(about))

    def remove(self, names: Collection[str], before: float) -> frozenset[str]:
        """Remove entries by their names, unless they were written anew; return which are gone."""
        with self._named():
            old = frozenset(name for name in names if self._is_older(name, before))
            if old:
                self._files.rm(sorted(old))
        return old

    def _is_older(self, name: str, before: float) -> bool:
        try:
            return _changed(self._files.info(name)) < before
        except FileNotFoundError:
            return False

    def drop(self, address: str) -> None:
        """Remove an object that turned out to be damaged, if that is allowed."""
        with contextlib.suppress(StorageError), self._named():
            self._files.rm_file(self._path(address))

    def note(self, name: str, text: str) -> None:
        """Leave a small text beside the objects, if it is not there."""
        path = f"{self._root}/{name}"
        with self._named():
            if not self._files.exists(path):
                self._make_parent(path)
                self._files.pipe_file(path, text.encode())

    def notes(self, folder: str) -> dict[str, str]:
        """Return the texts in a folder beside the objects, by their names."""
        with self._named():
            try:
                found = self._files.find(f"{self._root}/{folder}")
            except FileNotFoundError:
                return {}
            return {
                str(path).rpartition("/")[2]: self._files.cat_file(path).decode() for path in found
            }

    def _path(self, address: str) -> str:
        return f"{self._root}/objects/{address[:2]}/{address[2:]}"

    def _make_parent(self, path: str) -> None:
        if not self._atomic:
            self._files.makedirs(path.rpartition("/")[0], exist_ok=True)

    @contextlib.contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except StorageError:
            raise
        except ImportError as error:
            raise StorageError(str(error), where=self.place, fix=_INSTALL) from error
        except Exception as error:  # every library behind fsspec raises its own
            raise StorageError(
                f"the store cannot be used: {_reason(error)}", where=self.place, fix=_LOOK
            ) from error


def _patience(url: str) -> dict[str, Any]:
    """Return options by which a server that does not answer is given up in seconds."""
    from fsspec.config import conf

    if not url.startswith(("s3:", "s3a:")) or "config_kwargs" in conf.get("s3", {}):
        return {}
    config = {
        "connect_timeout": _CONNECT_SECONDS,
        "read_timeout": _READ_SECONDS,
        "retries": {"max_attempts": _ATTEMPTS},
    }
    return {"config_kwargs": config}


def _reason(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    text = lines[0] if lines else ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _changed(about: dict[str, Any]) -> float:
    """Return when an entry was written; now, where that is not told."""
    for name in ("LastModified", "mtime", "last_modified", "updated", "created"):
        found = about.get(name)
        if isinstance(found, datetime):
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
        if isinstance(found, int | float):
            return float(found)
    return datetime.now(UTC).timestamp()
