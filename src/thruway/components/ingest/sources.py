"""Which files a source means: a path, an address, a folder, a glob, a list, a pattern of spans."""

from __future__ import annotations

import glob
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from thruway.components.ingest.spans import Span, is_pattern, matching
from thruway.components.places import bare, filesystem, forget, is_address, is_web
from thruway.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from thruway.components.ingest.spans import SpanChoice

__all__ = ["Found", "Source", "find"]

type_of_source = "a path, an address, a glob, a pattern with {SPAN}, or a list of these"
Source = "str | os.PathLike[str] | Sequence[str | os.PathLike[str]]"


@dataclass(frozen=True)
class Found:
    """The files that a source means now.

    Attributes:
        files: paths and addresses, in the order in which they are read.
        spans: that were chosen, oldest first; none without a pattern.
        partitions: for each file, what the folders above it say: `year=2024` is ("year", "2024").
    """

    files: tuple[str, ...]
    spans: tuple[Span, ...] = ()
    partitions: tuple[tuple[tuple[str, str], ...], ...] = ()


def find(
    source: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    span: SpanChoice = None,
    version: int | None = None,
    last: int = 1,
    storage: Mapping[str, object] | None = None,
) -> Found:
    """Return the files that a source means now.

    Raises:
        DataError: there is none.
        UsageError: it is no source, or spans are asked of what has none.
    """
    given = [source] if isinstance(source, str | os.PathLike) else source
    if isinstance(given, list | tuple):
        forget(map(os.fspath, given), storage)
    if isinstance(source, str | os.PathLike):
        return _find_one(os.fspath(source), span, version, last, storage)
    if not isinstance(source, list | tuple):
        raise UsageError(f"a {type(source).__name__} is no source", fix=f"give {type_of_source}")
    if not source:
        raise UsageError("the list of sources is empty", fix="name at least one file")
    every = [_find_one(os.fspath(one), span, version, last, storage) for one in source]
    return Found(
        tuple(file for found in every for file in found.files),
        tuple(one for found in every for one in found.spans),
        tuple(one for found in every for one in found.partitions),
    )


def _find_one(
    source: str,
    span: SpanChoice,
    version: int | None,
    last: int,
    storage: Mapping[str, object] | None,
) -> Found:
    if is_pattern(source):
        chosen, files = matching(source, span, version, last, lambda one: _glob(one, storage))
        return Found(files, chosen, tuple(() for _ in files))
    if span is not None or version is not None or last != 1:
        raise UsageError(
            f"`{bare(source)}` has no spans",
            fix="write {SPAN}, or {YYYY}-{MM}-{DD}, where they differ; or leave `span` out",
        )
    folder = _files_below(source, storage)
    if folder is not None:
        if not folder:
            raise DataError(f"the folder `{bare(source)}` holds no files")
        return Found(folder, (), tuple(_partition(file, source) for file in folder))
    if glob.has_magic(source) and not is_web(source) and not Path(source).exists():
        files = tuple(file for file in _glob(source, storage) if not _is_folder(file, storage))
        if not files:
            raise DataError(
                f"no file is like `{bare(source)}`", where=_looked(source), fix="check the path"
            )
        return Found(files, (), tuple(() for _ in files))
    if not is_address(source) and not Path(source).exists():
        raise DataError(f"there is no file `{source}`", where=_looked(source), fix=_near(source))
    return Found((source,), (), ((),))


def _glob(pattern: str, storage: Mapping[str, object] | None) -> list[str]:
    if not is_address(pattern):
        return sorted(one.replace(os.sep, "/") for one in glob.glob(pattern, recursive=True))  # noqa: PTH207 - as text, and seen by the engine
    if is_web(pattern):
        raise UsageError("pages of the web cannot be listed", fix="name each of them")
    fs, path = filesystem(pattern, storage)
    return sorted(_full(fs, one, pattern) for one in fs.glob(path))


def _is_folder(place: str, storage: Mapping[str, object] | None) -> bool:
    if is_address(place):
        fs, path = filesystem(place, storage)
        return bool(fs.isdir(path))
    return Path(place).is_dir()


def _files_below(source: str, storage: Mapping[str, object] | None) -> tuple[str, ...] | None:
    """Return the files of a folder and those below it; None when it is none."""
    if is_web(source):
        return None
    if is_address(source):
        fs, path = filesystem(source, storage)
        if not fs.isdir(path):
            return None
        every: Iterable[str] = (_full(fs, one, source) for one in fs.find(path))
        top = source.rstrip("/")
    else:
        if not Path(source).is_dir():
            return None
        every = (
            os.path.join(folder, name).replace(os.sep, "/")  # noqa: PTH118 - as given, not made absolute
            for folder, _, names in os.walk(source)
            for name in names
        )
        top = source.replace(os.sep, "/").rstrip("/")
    # What starts so is a mark of whoever wrote the folder (`_SUCCESS`), or hidden.
    return tuple(
        sorted(
            one
            for one in every
            if not any(part.startswith((".", "_")) for part in one[len(top) + 1 :].split("/"))
        )
    )


def _full(fs: object, path: str, like: str) -> str:
    """Return a path of a file system as an address that begins like the one it was found by."""
    inner = str(fs._strip_protocol(like)).lstrip("/")  # type: ignore[attr-defined]
    if inner and like.rstrip("/").endswith(inner):
        return like.rstrip("/")[: -len(inner)] + path.lstrip("/")
    return str(fs.unstrip_protocol(path))  # type: ignore[attr-defined]


def _partition(file: str, top: str) -> tuple[tuple[str, str], ...]:
    inner = file[len(top.replace(os.sep, "/").rstrip("/")) + 1 :].split("/")[:-1]
    return tuple((key, value) for key, sign, value in (one.partition("=") for one in inner) if sign)


def _looked(source: str) -> str:
    return "" if is_address(source) else f"looked in {Path.cwd()}"


def _near(source: str) -> str:
    import difflib

    folder = Path(source).parent
    names = sorted(one.name for one in folder.iterdir()) if folder.is_dir() else []
    close = difflib.get_close_matches(Path(source).name, names, 1)
    return f"did you mean `{folder / close[0]}`?" if close else "check the path"
