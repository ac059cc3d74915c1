"""Which files and folders a step read and wrote, also past Python's audit events.

Readers written in C open files without telling Python (Parquet, HDF5, XGBoost). A cache that
trusted the audit events alone would be stale after such a file changed, so what may have been
read counts as read: files that a text in the step's code or arguments names, and, once a library
with such readers is loaded, every data file in one of its formats.
"""

from __future__ import annotations

import ast
import contextlib
import os
import re
import sys
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thruway.kit.ambient import audit
from thruway.kit.ambient.files import FileLog
from thruway.kit.ambient.ignored import is_machinery
from thruway.kit.ambient.protection import protect, unprotect
from thruway.kit.ambient.scanning import changed, scan
from thruway.run.step.sight import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from thruway.run.step.job import Place

_NATIVE_LIBRARIES = ("pyarrow", "h5py", "tables", "polars", "duckdb", "netCDF4", "lance")
_NATIVE_FORMATS = frozenset(
    {".parquet", ".pq", ".feather", ".arrow", ".orc", ".h5", ".hdf5", ".hdf", ".nc", ".lance"}
)
_MOST_NATIVE = 500
_WATCHED = ("file:", "dir:", "outside:stdin")
_PATH_LIKE = re.compile(r"[\w.~-][\w ./\\~-]{0,200}")
_MISSING = re.compile(r"[\w./\\~-]*\.[A-Za-z]\w{0,7}")
_MOST_MISSING = 200
_HIDDEN = re.compile(r"(^|/)\.[^/.]")


class FileWatch:
    """Watches the files of one step, and keeps the user's own from being written."""

    def __init__(self, place: Place, code: Iterable[str], arguments: Mapping[str, Any]) -> None:
        self._place = place
        self._code = tuple(code)
        self._arguments = arguments
        self._log = FileLog(place.cwd, place.protect, modules=True)
        self._before = scan(place.cwd)
        self.removed: frozenset[str] = frozenset()

    def start(self) -> None:
        """Begin to record and to protect."""
        protect(self._place.protect)
        self._log.start()

    def stop(self) -> None:
        """Stop both."""
        self._log.stop()
        unprotect(self._place.protect)

    def take(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return tokens read (`file:a.csv`, `dir:data`), and paths of files written.

        What was removed is in `removed` then.
        """
        accesses = self._log.take()
        with audit.paused():
            moved = changed(self._before, scan(self._place.cwd))
            leaked = set(moved.leaked)
            written = [name for name in moved.written if name not in leaked]
            written += [
                access.resource.removeprefix("file:")
                for access in accesses
                if access.mode != "read" and access.resource.startswith("file:")
            ]
            kept = tuple(filter(self._is_result, dict.fromkeys(written)))
            touched = [a.resource.partition(":")[2] for a in accesses if a.mode != "read"]
            gone = (name for name in (*moved.removed, *touched) if name)
            self.removed = frozenset(n for n in gone if not os.path.lexists(self._place.cwd / n))
            reads = [access.resource for access in accesses if access.mode != "write"]
            reads += [token for token in self._maybe_read() if token not in reads]
            reads += [self._log.token(path) for path in self._read_by_modules()]
            fresh = {access.resource for access in accesses if access.mode == "write"} | {
                f"file:{name}" for name in kept if f"file:{name}" not in reads
            }
        needed = (t for t in reads if t not in fresh and t.startswith(_WATCHED))
        return tuple(dict.fromkeys(map(self._portable, needed))), kept

    def _read_by_modules(self) -> Iterator[str]:
        """Give the files that the modules of the step read when they were imported."""
        for name in sorted({_module_of(place) for place in self._code}):
            loader = getattr(sys.modules.get(name), "__loader__", None)
            yield from getattr(loader, "reads", ())

    def _portable(self, token: str) -> str:
        """Return a token that means the same in a copy of the project."""
        kind, _, name = token.partition(":")
        if kind in ("file", "dir") and Path(name).is_absolute() and self._place.roots:
            with contextlib.suppress(ValueError):
                inner = Path(name).relative_to(self._place.roots[0])
                return f"{kind}:{PROJECT}{inner.as_posix()}"
        return token

    def _is_result(self, token: str) -> bool:
        path = self._place.cwd / token
        if is_machinery(str(path), written=True) or (
            Path(token).is_absolute() and _HIDDEN.search(token)
        ):
            return False  # caches that libraries keep in the home folder are not results
        if path.is_symlink():  # one that the step made, and not one that shows the user's data
            return path.is_file() and path.resolve().is_relative_to(self._place.cwd.resolve())
        return path.is_file()

    def _maybe_read(self) -> Iterator[str]:
        missing = 0
        for text in sorted(self._texts()):
            path = self._place.cwd / text
            if is_machinery(str(path)):
                continue
            if path.is_file():
                yield self._log.token(str(path))
            elif _MISSING.fullmatch(text) and not path.exists() and missing < _MOST_MISSING:
                # It may have been looked for: when it appears, the step may do otherwise.
                missing += 1
                yield self._log.token(str(path))
        if any(name in sys.modules for name in _NATIVE_LIBRARIES):
            native = [name for name in self._before if Path(name).suffix.lower() in _NATIVE_FORMATS]
            yield from (f"file:{name}" for name in native[:_MOST_NATIVE])

    def _texts(self) -> set[str]:
        texts = {value for value in _strings(self._arguments) if _PATH_LIKE.fullmatch(value)}
        for place in self._code:
            texts |= _constants(place)
        return texts


def _strings(arguments: Mapping[str, Any]) -> Iterator[str]:
    for value in arguments.values():
        if isinstance(value, str | os.PathLike):
            yield os.fspath(value)
        elif isinstance(value, list | tuple | set) and len(value) <= 1000:
            yield from (item for item in value if isinstance(item, str))


def _module_of(place: str) -> str:
    """Return the loaded module of a place: `churn.shared.clean` is in `churn.shared`."""
    name = place.removesuffix(".*")
    return name if place.endswith(".*") or name in sys.modules else name.rpartition(".")[0]


def _constants(place: str) -> frozenset[str]:
    """Return the texts that could name a file, in one definition (`churn.shared.clean`)."""
    module = _module_of(place)
    definition = place.removesuffix(".*").removeprefix(module).removeprefix(".")
    loaded = sys.modules.get(module)
    file = getattr(loaded, "__file__", None)
    if not file:
        return frozenset()
    # The text that runs, where a module of the project was compiled from it.
    text = getattr(getattr(loaded, "__loader__", None), "text", None)
    return _named_in(text if isinstance(text, bytes) else _content(str(file)), definition)


@lru_cache(maxsize=4096)
def _named_in(text: bytes, definition: str) -> frozenset[str]:
    return frozenset(
        node.value
        for statement in _statements(text)
        if not definition or definition in _bound(statement)
        for node in ast.walk(statement)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and _PATH_LIKE.fullmatch(node.value)
    )


def _content(file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError:
        return b""


@lru_cache(maxsize=256)
def _statements(text: bytes) -> tuple[ast.stmt, ...]:
    try:
        return tuple(ast.parse(text).body)
    except (SyntaxError, ValueError):
        return ()


def _bound(statement: ast.stmt) -> set[str]:
    """Return the names that a top-level statement binds, generously."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    return {
        node.id
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
