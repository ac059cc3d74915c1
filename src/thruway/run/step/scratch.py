"""The working folders of a run, and the files that its steps have written so far.

A working folder mirrors the data folder, so that paths in the user's code keep working, and
nothing of the user's is written. It is made only when a step is executed; a run that is answered
by the cache needs none. Steps in one process share one, and files of steps that were answered by
the cache are put into it all the same; a step in a process of its own has a folder of its own.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from thruway.kit.project import PARENT
from thruway.run.step.job import Place
from thruway.run.step.sight import Sight
from thruway.run.store.hashing import digest_file
from thruway.run.store.store import PATH_FORMATS, Store, copy_atomically

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from thruway.kit.ambient.workspace import Mirror
    from thruway.kit.project import ProjectConfig
    from thruway.run.step.linktree import LinkTree
    from thruway.run.types import ArtifactRef


class Scratch:
    """The working folders of one run.

    Attributes:
        shared: all steps run in one folder; else each in its own, with nothing of other steps
            but what its inputs bring.
        files: token of every file written so far in this run → artifact, the last one wins.
    """

    def __init__(
        self, project: ProjectConfig, store: Store, run: Callable[[], str], *, shared: bool
    ) -> None:
        self.project = project
        self.data = project.data
        self.store = store
        self.shared = shared
        self.files: dict[str, ArtifactRef] = {}
        self._run = run
        self._part = ""
        self._made: Mirror | None = None

    @property
    def work(self) -> Path:
        """Folder of everything that this run needs while it goes on."""
        name = f"{self._run()}.{self._part}" if self._part else self._run()
        return self.store.root / "work" / name

    def of_part(self, part: str) -> None:
        """Keep to folders of a part of the run, whose other parts run at the same time."""
        self._part = part

    def place(self) -> Place:
        """Return the working folder that all steps share, made now if there was none."""
        first = self._made is None
        made = self._mirror()
        if first:
            for token, reference in self.files.items():
                self._put_back(token, reference, made.cwd)
        return Place(
            self.project.roots_in(made.cwd),
            self.store.root,
            self.data,
            made.cwd,
            made.top,
            program=self.project.program,
        )

    def tree(self) -> LinkTree:
        """Return how to make the working folder of a step that runs apart."""
        from thruway.run.step.linktree import look_at

        return look_at(self._mirror())

    def _mirror(self) -> Mirror:
        from thruway.kit.ambient.workspace import mirror

        if self._made is None:
            self._made = mirror(self.data, self.work / "folder", self.project.climb)
            if self.project.local is not None:
                lay_into(self._made, self.project.local)
        return self._made

    def add(self, files: Mapping[str, ArtifactRef], *, written: bool) -> None:
        """Note files of a step; `written` says that they are in the working folder already."""
        self.files |= files
        if self.shared and self._made is not None and not written:
            for token, reference in files.items():
                self._put_back(token, reference, self._made.cwd)

    def _put_back(self, token: str, reference: ArtifactRef, cwd: Path) -> None:
        target = cwd / token
        if target.is_file() and not target.is_symlink() and digest_file(target) == reference.hash:
            return
        unfold_links(target, cwd)
        self.store.restore(reference, target)

    def sight(self, inputs: Iterable[ArtifactRef]) -> Sight:
        """Return what a step with these inputs would find at a path now."""
        given = {ref.path: ref for ref in inputs if ref.format in PATH_FORMATS}
        before = self.files if self.shared else {}
        files = {**before, **given}
        return Sight(self.store, self.data, self.project.outputs, files, self.project.dir)

    def publish(self, files: Mapping[str, ArtifactRef]) -> None:
        """Copy files written in this run to the folder of outputs."""
        for token, reference in files.items():
            name = output_name(token)
            target = self.project.outputs / name
            if not name or (target.is_file() and digest_file(target) == reference.hash):
                continue
            copy_atomically(self.store.local(reference.hash), target)

    def close(self) -> None:
        """Remove the working folders; links in them are removed, not what they point to.

        The folder that holds them stays: another run may be making its own in it.
        """
        shutil.rmtree(self.work, ignore_errors=True)
        self._made = None


def lay_into(made: Mirror, local: Path) -> None:
    """Put the project's copies of modules where the originals lay."""
    for file in sorted(local.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            parts = file.relative_to(local).parts
            target = made.cwd.joinpath(*(".." if part == PARENT else part for part in parts))
            target = Path(os.path.normpath(target))
            unfold_links(target, made.top)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            shutil.copyfile(file, target)


def sweep(store: Store, running: Callable[[], frozenset[str]]) -> None:
    """Remove working folders that runs left behind when they were killed.

    Args:
        store: of the project.
        running: gives the ids of runs that go on; asked once the folders were looked at, so that a
            run which begins just now, and makes its folder, is among them.
    """
    folder = store.root / "work"
    entries = list(folder.iterdir()) if folder.is_dir() else []
    going = running() if entries else frozenset()
    for entry in entries:
        if entry.name.partition(".")[0] not in going:  # after the dot: a part of the run
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
    """Make real every linked folder on the way to a file, so that nothing behind is written.

    A path that is absolute in the user's program is taken as it is.
    """
    from thruway.kit.ambient.protection import _unfold

    if not target.is_relative_to(cwd):
        return
    relative = os.path.relpath(target.parent, cwd)
    here = cwd
    for part in Path(relative).parts:
        here = here.parent if part == ".." else here / part
        if here.is_symlink() and here != cwd:
            _unfold(here)
