"""The working folder of a run, and the files that its steps have written so far.

The folder mirrors the data folder, so that paths in the user's code keep working, and nothing of
the user's is written. It is made only when a step is executed; a run that is answered by the
cache needs none. Files of steps that were answered by the cache are put into it all the same.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from thruway.kit.ambient.skipped import is_skipped
from thruway.kit.values.fingerprint import fingerprint_file
from thruway.run.job import Place
from thruway.run.store import Store, copy_atomically, digest_bytes, digest_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from thruway.kit.project import ProjectConfig
    from thruway.run.types import ArtifactRef


class Scratch:
    """The working folder of one run.

    Attributes:
        files: token of every file written so far in this run → artifact, the last one wins.
    """

    def __init__(self, project: ProjectConfig, store: Store, run: Callable[[], str]) -> None:
        self.project = project
        self.data = project.data
        self.store = store
        self.files: dict[str, ArtifactRef] = {}
        self._run = run
        self._place: Place | None = None

    def place(self) -> Place:
        """Return the working folder, made now if there was none."""
        if self._place is None:
            self._place = self._make()
            for token, reference in self.files.items():
                self._put_back(token, reference, self._place.cwd)
        return self._place

    def _make(self) -> Place:
        from thruway.kit.ambient.workspace import mirror

        root = self.store.root / "work" / self._run()
        root.mkdir(parents=True, exist_ok=True)
        made = mirror(self.data, root, self.project.climb)
        return Place(self.project.roots, self.store.root, made.cwd, made.top)

    def add(self, files: Mapping[str, ArtifactRef], *, written: bool) -> None:
        """Note files of a step; `written` says that they are in the working folder already."""
        self.files |= files
        if self._place is not None and not written:
            for token, reference in files.items():
                self._put_back(token, reference, self._place.cwd)

    def _put_back(self, token: str, reference: ArtifactRef, cwd: Path) -> None:
        target = cwd / token
        if target.is_file() and not target.is_symlink() and digest_file(target) == reference.hash:
            return
        if not PurePosixPath(token).is_absolute():
            unfold_links(target, cwd)
        self.store.restore(reference.hash, target)

    def present(self, token: str) -> Path:
        """Return where a file or folder is now, for a step that would run next."""
        name = token.partition(":")[2]
        written = self.files.get(name)
        if written is not None and token.startswith("file:"):
            return self.store.path(written.hash)
        return self.data / name

    def digest(self, token: str) -> str:
        """Return the digest of what a token stands for now, "" when there is nothing.

        Content counts, never the time or size of a file. A folder counts by its names.
        """
        path = self.present(token)
        try:
            if token.startswith("dir:"):
                return self._listing(path, token.partition(":")[2])
            return fingerprint_file(path) if path.is_file() else ""
        except OSError:
            return ""

    def _listing(self, folder: Path, token: str) -> str:
        names = {entry.name for entry in os.scandir(folder) if not self._ours(entry)}
        prefix = f"{token}/".removeprefix("./")
        for file in self.files:
            if file.startswith(prefix):
                names.add(file.removeprefix(prefix).partition("/")[0])
        return digest_bytes("\0".join(sorted(names)).encode("utf-8", "surrogateescape"))

    def _ours(self, entry: os.DirEntry[str]) -> bool:
        """Leave out what a step never sees, and the folder into which a run copies files."""
        return (entry.is_dir() and is_skipped(entry)) or Path(entry.path) == self.project.outputs

    def publish(self, outputs: Path) -> None:
        """Copy every file written in this run to the folder of outputs."""
        for token, reference in self.files.items():
            name = output_name(token)
            target = outputs / name
            if not name or (target.is_file() and digest_file(target) == reference.hash):
                continue
            copy_atomically(self.store.path(reference.hash), target)

    def close(self) -> None:
        """Remove the working folder; links in it are removed, not what they point to."""
        if self._place is not None:
            shutil.rmtree(self._place.protect, ignore_errors=True)
            with contextlib.suppress(OSError):
                self._place.protect.parent.rmdir()
            self._place = None


def sweep(store: Store, running: frozenset[str]) -> None:
    """Remove working folders that runs left behind when they were killed."""
    folder = store.root / "work"
    if folder.is_dir():
        for entry in folder.iterdir():
            if entry.name.removesuffix("-tasks") not in running:
                shutil.rmtree(entry, ignore_errors=True)


def output_name(token: str) -> str:
    """Return the path under `outputs/` of a file; "" for one at an absolute path.

    >>> output_name("plots/a.png"), output_name("../b.csv"), output_name("/tmp/c")
    ('plots/a.png', 'up/b.csv', '')
    """
    path = PurePosixPath(token)
    if path.is_absolute() or Path(token).anchor:  # the second: a drive letter on Windows
        return ""
    return str(PurePosixPath(*("up" if part == ".." else part for part in path.parts)))


def unfold_links(target: Path, cwd: Path) -> None:
    """Make real every linked folder on the way to a file, so that nothing behind is written."""
    from thruway.kit.ambient.protection import _unfold

    relative = os.path.relpath(target.parent, cwd)
    here = cwd
    for part in Path(relative).parts:
        here = here.parent if part == ".." else here / part
        if here.is_symlink() and here != cwd:
            _unfold(here)
