"""Where files are: on this machine, or at an address that fsspec reaches.

Nothing here says what the files mean. `http` and `https` are read by Python itself, so that a CSV
of the web needs nothing installed.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import re
import shutil
import tempfile
import urllib.error
import urllib.parse
import urllib.request
import zipfile
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from thruway.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["bare", "filesystem", "forget", "is_address", "is_web", "needed", "opened", "unpacked"]

_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]+(::|://)")
_DAMAGED = (gzip.BadGzipFile, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile)
PACKED = (".gz", ".bz2", ".xz", ".zst", ".zip")


def is_address(place: object) -> bool:
    """Return whether a place is an address rather than a path of this machine.

    >>> is_address("s3://bucket/a.csv"), is_address("C:/a.csv"), is_address("data/a.csv")
    (True, False, False)
    """
    return bool(_SCHEME.match(str(place)))


def is_web(place: str) -> bool:
    """Return whether a place is a page of the web."""
    return place.startswith(("http://", "https://"))


def bare(address: str) -> str:
    """Return an address without the password and the query in it, for records and messages.

    >>> bare("sftp://me:secret@host/a.csv"), bare("https://host/a.csv?token=1")
    ('sftp://me@host/a.csv', 'https://host/a.csv')
    """
    if not is_address(address):
        return address
    parts = urllib.parse.urlsplit(address)
    user, at, host = parts.netloc.rpartition("@")
    query = "" if is_web(address) else parts.query
    return urllib.parse.urlunsplit(
        (parts.scheme, user.partition(":")[0] + at + host, parts.path, query, parts.fragment)
    )


def needed(module: str, why: str, package: str, extra: str = "") -> Any:
    """Return an imported library.

    Args:
        module: dotted name.
        why: "reading from s3://" or alike: what needs it.
        package: what pip calls it.
        extra: of Thruway, that brings it too.

    Raises:
        UsageError: it is not installed; says how to install it.
    """
    import importlib

    try:
        return importlib.import_module(module)
    except ImportError as error:
        also = f', or pip install "thruway[{extra}]"' if extra else ""
        raise UsageError(
            f"{why} needs the library {package}, which is not installed",
            fix=f"install it: pip install {package}{also}",
        ) from error


def filesystem(address: str, storage: Mapping[str, object] | None = None) -> tuple[Any, str]:
    """Return the file system that an address is in, and the path there.

    Raises:
        UsageError: fsspec, or its part for this kind of address, is not installed.
    """
    scheme = address.partition(":")[0]
    fsspec = needed("fsspec", f"`{scheme}://`", "fsspec", "remote")
    try:
        fs, path = fsspec.core.url_to_fs(address, **(storage or {}))
    except ImportError as error:
        raise UsageError(
            f"`{scheme}://` needs a library that is not installed: {error}",
            fix="install what is named there",
        ) from error
    except ValueError as error:
        raise UsageError(
            f"`{bare(address)}` cannot be reached: {error}",
            fix="give a path, or an address of a kind that fsspec knows",
        ) from error
    return fs, str(path)


def forget(places: Iterable[str], storage: Mapping[str, object] | None = None) -> None:
    """Let file systems look anew: they remember what they listed, for as long as a process lives.

    Args:
        places: paths and addresses; each file system is asked once.
        storage: as for `filesystem`.
    """
    seen: set[int] = set()
    for place in places:
        if is_address(place) and not is_web(place):
            fs, _ = filesystem(place, storage)
            if id(fs) not in seen:
                seen.add(id(fs))
                fs.invalidate_cache()


def opened(place: str, storage: Mapping[str, object] | None = None) -> BinaryIO:
    """Return a file, open to be read; its bytes are as they are there.

    Raises:
        DataError: there is no such file, or it cannot be read.
    """
    try:
        if is_web(place):
            return _download(place)
        if is_address(place):
            fs, path = filesystem(place, storage)
            return cast("BinaryIO", fs.open(path, "rb"))
        return Path(place).open("rb")
    except FileNotFoundError as error:
        raise DataError(
            f"there is no file `{bare(place)}`",
            where="" if is_address(place) else f"looked in {Path.cwd()}",
            fix="check the path",
        ) from error
    except OSError as error:
        raise DataError(f"`{bare(place)}` cannot be read: {error}") from error


@contextmanager
def unpacked(place: str, storage: Mapping[str, object] | None = None) -> Iterator[BinaryIO]:
    """Give a file, open to be read; what its name says is packed is unpacked.

    Raises:
        DataError: there is no such file, or it cannot be read.
    """
    named = urllib.parse.urlsplit(place).path if is_web(place) else place
    suffix = os.path.splitext(named)[1]  # noqa: PTH122 - also of addresses
    with opened(place, storage) as handle:
        if suffix not in PACKED:
            yield handle
            return
        try:
            inner = _unpack(suffix, handle)
        except (OSError, zipfile.BadZipFile) as error:
            raise DataError(
                f"`{bare(place)}` cannot be unpacked: {error}", fix="check that it was copied whole"
            ) from error
        try:
            with inner:
                yield inner
        except _DAMAGED as error:
            raise DataError(
                f"`{bare(place)}` cannot be unpacked: {error}", fix="check that it was copied whole"
            ) from error


def _unpack(suffix: str, handle: BinaryIO) -> BinaryIO:
    if suffix == ".gz":
        return cast("BinaryIO", gzip.GzipFile(fileobj=handle))
    if suffix == ".bz2":
        return cast("BinaryIO", bz2.BZ2File(handle))
    if suffix == ".xz":
        return cast("BinaryIO", lzma.LZMAFile(handle))
    if suffix == ".zst":
        zstandard = needed("zstandard", "a file packed with zstd", "zstandard")
        return cast(
            "BinaryIO", io.BufferedReader(zstandard.ZstdDecompressor().stream_reader(handle))
        )
    archive = zipfile.ZipFile(handle)
    names = [name for name in archive.namelist() if not name.endswith("/")]
    if len(names) != 1:
        raise DataError(
            f"an archive holds {len(names)} files, and one is expected",
            where=", ".join(names[:5]),
            fix="unpack it, and give the files",
        )
    return cast("BinaryIO", archive.open(names[0]))


def _download(address: str) -> BinaryIO:
    """Return a page of the web as a temporary file: readers go to and fro in it."""
    whole = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115 - whoever reads closes it
    try:
        request = urllib.request.Request(address, headers={"User-Agent": "thruway"})  # noqa: S310 - http and https only
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - the same
            shutil.copyfileobj(answer, whole)
    except urllib.error.HTTPError as error:
        whole.close()
        error.close()
        if error.code in {404, 410}:
            raise FileNotFoundError(address) from error
        raise
    except BaseException:
        whole.close()
        raise
    whole.seek(0)
    return whole
