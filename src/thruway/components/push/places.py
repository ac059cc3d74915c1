"""Where versions of a model lie: a folder, or an address that fsspec reaches.

```
<destination>/<name>/1/model.json …      versions, each whole or not there
<destination>/<name>/2/…
<destination>/<name>/latest.json         {"version": 2, "before": [1]}
<destination>/<name>/champion.json       other aliases, alike
```

A version in a folder is written aside, flushed, and renamed. An object store has no renaming: a
version there is claimed by a file that only one can make, and counts once its `model.json` is
there, which is written last. An alias is one small file, replaced as a whole; no links, so that
Windows has them too.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from thruway.components.places import bare, filesystem, is_address
from thruway.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Folder", "Place", "Remote", "place_of"]

_CLAIM = ".claim"


class Place(Protocol):
    """Where the versions of one model lie."""

    def address(self, version: int) -> str:
        """Return where a version is."""

    def versions(self) -> list[int]:
        """Return the versions that are whole, oldest first."""

    def read(self, version: int, path: str) -> bytes:
        """Return a file of a version."""

    def add(self, packed: Path, number: Any) -> int:
        """Make a new version of a folder; `number` tells the folder which one it became."""

    def local(self, version: int) -> Path:
        """Return a version as a folder of this machine."""

    def remove(self, version: int) -> None:
        """Remove a version."""

    def pointer(self, alias: str) -> dict[str, Any] | None:
        """Return what an alias says; None when there is none."""

    def point(self, alias: str, said: Mapping[str, Any]) -> None:
        """Replace what an alias says, as a whole."""

    def aliases(self) -> list[str]:
        """Return the aliases that there are."""

    def locked(self) -> Any:
        """Keep others from changing aliases and versions meanwhile, where that can be done."""


def place_of(
    destination: str, name: str | None, storage: Mapping[str, object] | None = None
) -> Place:
    """Return where the versions of a model are; nothing is made yet."""
    if is_address(destination):
        return Remote(destination.rstrip("/") + (f"/{name}" if name else ""), storage)
    return Folder(Path(destination, name) if name else Path(destination))


class Folder:
    """Versions in a folder of this machine, or one that it mounts."""

    def __init__(self, base: Path) -> None:
        self.base = base

    def address(self, version: int) -> str:
        """Return where a version is."""
        return (self.base / str(version)).as_posix()

    def versions(self) -> list[int]:
        """Return the versions that are whole, oldest first."""
        try:
            names = os.listdir(self.base)  # noqa: PTH208 - the engine sees that it is listed
        except FileNotFoundError:
            # It is to be seen by the engine that there is none yet: see `pointer`.
            return []
        return sorted(
            int(one)
            for one in names
            if one.isdecimal() and (self.base / one / "model.json").is_file()
        )

    def read(self, version: int, path: str) -> bytes:
        """Return a file of a version."""
        return (self.base / str(version) / path).read_bytes()

    def add(self, packed: Path, number: Any) -> int:
        """Make a new version of a folder."""
        self.base.mkdir(parents=True, exist_ok=True)
        aside = self.base / f".incoming-{uuid.uuid4().hex}"
        try:
            shutil.copytree(packed, aside)
            while True:
                version = max(self._numbers(), default=0) + 1
                number(aside, version)
                _flush(aside)
                try:
                    os.rename(aside, self.base / str(version))  # noqa: PTH104 - fails if it is there
                except OSError:
                    if not (self.base / str(version)).exists():
                        raise
                    continue  # another was faster
                _flush_folder(self.base)
                return version
        finally:
            shutil.rmtree(aside, ignore_errors=True)

    def _numbers(self) -> list[int]:
        return [int(one.name) for one in self.base.iterdir() if one.name.isdecimal()]

    def local(self, version: int) -> Path:
        """Return a version as a folder of this machine."""
        return self.base / str(version)

    def remove(self, version: int) -> None:
        """Remove a version: first its name, so that nobody finds half of it."""
        gone = self.base / f".removed-{version}-{uuid.uuid4().hex}"
        os.rename(self.base / str(version), gone)  # noqa: PTH104 - as above
        shutil.rmtree(gone, ignore_errors=True)

    def pointer(self, alias: str) -> dict[str, Any] | None:
        """Return what an alias says; None when there is none."""
        try:
            return _said((self.base / f"{alias}.json").read_bytes(), alias)
        except FileNotFoundError:
            return None

    def point(self, alias: str, said: Mapping[str, Any]) -> None:
        """Replace what an alias says, as a whole."""
        self.base.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.base, prefix=f".{alias}-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(said, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, self.base / f"{alias}.json")  # noqa: PTH105 - as above
        _flush_folder(self.base)

    def aliases(self) -> list[str]:
        """Return the aliases that there are."""
        found = self.base.glob("*.json") if self.base.is_dir() else iter(())
        return sorted(one.stem for one in found if not one.name.startswith("."))

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep others from changing aliases and versions meanwhile."""
        self.base.mkdir(parents=True, exist_ok=True)
        with (self.base / ".lock").open("a+b") as handle:
            _lock(handle)
            yield  # closing it, or the end of the process, lets go


def _lock(handle: Any) -> None:
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        handle.seek(0)
        msvcrt.locking(handle.fileno(), msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined]
        return
    fcntl.flock(handle, fcntl.LOCK_EX)


def _flush(folder: Path) -> None:
    for one in folder.rglob("*"):
        if one.is_file():
            with one.open("rb+") as handle:
                os.fsync(handle.fileno())
    for one in (*(each for each in folder.rglob("*") if each.is_dir()), folder):
        _flush_folder(one)


def _flush_folder(folder: Path) -> None:
    if os.name == "nt":
        return  # there is no such thing
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _said(text: bytes, alias: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(text)
        int(found["version"])
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"the alias `{alias}` cannot be read: {error}",
            fix="set it again: roll_back(…, version=…)",
        ) from error
    return found


class Remote:
    """Versions at an address: an object store, a server, memory."""

    def __init__(self, base: str, storage: Mapping[str, object] | None = None) -> None:
        self.base = base
        self.fs, self.path = filesystem(base, storage)
        self.path = self.path.rstrip("/")

    def address(self, version: int) -> str:
        """Return where a version is, without passwords."""
        return f"{bare(self.base)}/{version}"

    def versions(self) -> list[int]:
        """Return the versions that are whole, oldest first."""
        return [one for one in self._numbers() if self.fs.exists(f"{self.path}/{one}/model.json")]

    def _numbers(self) -> list[int]:
        self.fs.invalidate_cache()
        try:
            listed = self.fs.ls(self.path, detail=False)
        except FileNotFoundError:
            return []
        names = (one.rstrip("/").rsplit("/", 1)[-1] for one in listed)
        return sorted(int(one) for one in names if one.isdecimal())

    def read(self, version: int, path: str) -> bytes:
        """Return a file of a version."""
        found: bytes = self.fs.cat_file(f"{self.path}/{version}/{path}")
        return found

    def add(self, packed: Path, number: Any) -> int:
        """Make a new version of a folder; what makes it count is written last."""
        version = max(self._numbers(), default=0) + 1
        while not self._claim(version):
            version += 1
        number(packed, version)
        files = sorted(one for one in packed.rglob("*") if one.is_file())
        files.sort(key=lambda one: one.name == "model.json")
        for one in files:
            path = f"{self.path}/{version}/{one.relative_to(packed).as_posix()}"
            self.fs.makedirs(path.rpartition("/")[0], exist_ok=True)
            self.fs.pipe_file(path, one.read_bytes())
        return version

    def _claim(self, version: int) -> bool:
        """Return whether the version is ours: the file is made only where there is none."""
        self.fs.makedirs(f"{self.path}/{version}", exist_ok=True)
        path = f"{self.path}/{version}/{_CLAIM}"
        if self.fs.exists(path):
            return False
        try:
            self.fs.pipe_file(path, b"", mode="create")
        except FileExistsError:
            return False
        except (TypeError, ValueError, NotImplementedError):  # a store that cannot promise it
            self.fs.pipe_file(path, b"")
        return True

    def local(self, version: int) -> Path:
        """Return a version as a folder of this machine, which is there until the process ends."""
        folder = Path(kept_until_the_end())
        top = f"{self.path}/{version}"
        for path in self.fs.find(top):
            name = str(path)[len(top.lstrip("/")) + str(path).find(top.lstrip("/")) :].lstrip("/")
            if name and name != _CLAIM:
                place = folder / name
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(self.fs.cat_file(path))
        return folder

    def remove(self, version: int) -> None:
        """Remove a version: first what makes it count."""
        self.fs.rm_file(f"{self.path}/{version}/model.json")
        self.fs.rm(f"{self.path}/{version}", recursive=True)

    def pointer(self, alias: str) -> dict[str, Any] | None:
        """Return what an alias says; None when there is none."""
        self.fs.invalidate_cache()
        try:
            return _said(self.fs.cat_file(f"{self.path}/{alias}.json"), alias)
        except FileNotFoundError:
            return None

    def point(self, alias: str, said: Mapping[str, Any]) -> None:
        """Replace what an alias says, as a whole."""
        self.fs.makedirs(self.path, exist_ok=True)
        self.fs.pipe_file(f"{self.path}/{alias}.json", json.dumps(said).encode())

    def aliases(self) -> list[str]:
        """Return the aliases that there are."""
        self.fs.invalidate_cache()
        try:
            listed = self.fs.ls(self.path, detail=False)
        except FileNotFoundError:
            return []
        names = (one.rsplit("/", 1)[-1] for one in listed)
        return sorted(one.removesuffix(".json") for one in names if one.endswith(".json"))

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Nothing keeps others away here; versions are claimed, the last alias counts."""
        yield


def kept_until_the_end() -> str:
    import atexit

    folder = tempfile.mkdtemp(prefix="thruway-model-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
