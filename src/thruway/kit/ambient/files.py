"""Files that user code opens, makes, moves and removes, seen through Python's audit events.

`FileLog` records them as tokens; `File` is a file that travels between steps. Readers written in
C that open files themselves (HDF5, pyarrow, XGBoost) raise no event: what they write is found
by comparing two scans of the folder (`scanning`), what they read is not seen. `protect` keeps the
user's own files from being written through the links of a workspace.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from thruway.kit.ambient import audit
from thruway.kit.ambient.ignored import is_machinery, prefixes, prefixes_beside
from thruway.kit.ambient.protection import protect, unprotect
from thruway.kit.ambient.scanning import Changes, changed, scan

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Access", "Changes", "File", "FileLog", "changed", "protect", "scan", "unprotect"]

Mode = Literal["read", "write", "update"]


class File(str):
    """A file as a value: its path as text, usable wherever a path is.

    The path is relative to the working folder (posix) when it lies inside. Stored as the
    content and the path; loading it puts the content at that path.

    Example:
        >>> Path(File("out/model.csv")).name
        'model.csv'
    """

    __slots__ = ()

    def __fspath__(self) -> str:
        """Return the path."""
        return str(self)

    def __repr__(self) -> str:
        return f"File({str(self)!r})"

    @property
    def content_digest(self) -> str:
        """Digest of the bytes, 32 hex digits; "" when there is no such file."""
        from thruway.kit.values.fingerprint import fingerprint_file

        with audit.paused():
            path = Path(self)
            return fingerprint_file(path) if path.is_file() else ""

    def read_bytes(self) -> bytes:
        """Return the content."""
        with audit.paused():
            return Path(self).read_bytes()

    def write_bytes(self, content: bytes) -> Self:
        """Put the content at the path, making folders as needed; a link there is replaced."""
        with audit.paused():
            path = Path(self)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            path.write_bytes(content)
        return self


@dataclass(frozen=True)
class Access:
    """What was done to a resource, all accesses of one piece folded into one.

    Attributes:
        resource: `file:<path>`, `dir:<path>`, `outside:network`, `outside:process` or
            `outside:stdin`.
        mode: `read`; `write` when the first access replaced it; `update` when what was there
            before counts and it was changed too.
        path: absolute path, "" for the outside.
    """

    resource: str
    mode: Mode
    path: str = ""


class FileLog:
    """Records the accesses of user code between `start()` and `stop()`.

    Args:
        root: paths inside are written relative to it.
        top: outer folder of a workspace that mirrors parents too; paths inside it are written
            relative to `root` with `..`.
        modules: files of Python that are opened like any other count too.
    """

    def __init__(self, root: Path, top: Path | None = None, *, modules: bool = False) -> None:
        self._modules = modules
        self._roots = _both(root)
        self._tops = _both(top or root)
        # A virtual environment inside the program's folder is not its data; a program that lies
        # inside an ignored folder has data all the same.
        self._beside = prefixes_beside(self._tops[0])
        self._accesses: dict[str, Access] = {}
        self._temporary: set[str] = set()

    def start(self) -> Self:
        """Begin to record."""
        audit.subscribe(self._record)
        return self

    def stop(self) -> None:
        """Stop recording."""
        audit.unsubscribe(self._record)

    def take(self) -> tuple[Access, ...]:
        """Return what was touched since the last call, in order of the first access.

        What was made outside of the program's folder and is gone again is left out.
        """
        accesses, self._accesses = self._accesses, {}
        temporary, self._temporary = self._temporary, set()
        with audit.paused():
            gone = tuple(path for path in temporary if not os.path.lexists(path))
        return tuple(
            access
            for access in accesses.values()
            if not access.path or not _within_any(access.path, gone)
        )

    def token(self, path: str, *, folder: bool = False) -> str:
        """Return the token of a path."""
        full = os.path.normpath(os.path.join(_cwd(), path))  # noqa: PTH118 - as text, in an audit hook
        kind = "dir" if folder else "file"
        for root, top in zip(self._roots, self._tops, strict=True):
            if _within(full, top):
                return f"{kind}:{os.path.relpath(full, root).replace(os.sep, '/')}"
        return f"{kind}:{full.replace(os.sep, '/')}"

    def _record(self, touch: audit.Touch) -> None:
        if touch.kind in {"network", "process", "stdin"}:
            self._fold(f"outside:{touch.kind}", touch.mode, "")
            return
        path = os.path.normpath(os.path.join(_cwd(), touch.path))  # noqa: PTH118 - as text, in an audit hook
        if touch.kind == "entered":
            return
        if touch.kind == "temporary":
            self._temporary.add(path)
            return
        inside = _within_any(path, self._tops)
        if touch.creates and not inside and not os.path.lexists(path):
            self._temporary.add(path)
        ignored = self._beside if inside else prefixes()
        counts = self._modules or touch.mode != "read"
        if is_machinery(path, written=counts) or (path + os.sep).startswith(ignored):
            return
        self._fold(self.token(path, folder=touch.kind == "dir"), touch.mode, path)

    def _fold(self, resource: str, mode: Mode, path: str) -> None:
        earlier = self._accesses.get(resource)
        if earlier is None:
            self._accesses[resource] = Access(resource, mode, path)
        elif earlier.mode == "read" and mode != "read":
            self._accesses[resource] = Access(resource, "update", path)


def _both(folder: Path) -> tuple[str, str]:
    # The working folder is reported with links resolved (`/private/tmp` on macOS).
    return (os.path.abspath(folder), os.path.realpath(folder))  # noqa: PTH100 - as text, links kept


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _within_any(path: str, folders: Iterable[str]) -> bool:
    return any(_within(path, folder) for folder in folders)


def _cwd() -> str:
    try:
        return os.getcwd()  # noqa: PTH109 - as text, in an audit hook
    except OSError:
        return tempfile.gettempdir()
