"""Run steps in this process: the overhead of a function call, and of storing what it gives.

Values are handed over in memory. To a step it must look as if it came from the store all the
same: when a step changes a value that a later step still needs, the copy in memory is dropped
and the later step gets it from the store.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from thruway.errors import StorageError
from thruway.kit.ambient.children import BACKEND
from thruway.kit.ambient.files import File
from thruway.kit.values import sharing
from thruway.kit.values.fingerprint import fingerprint
from thruway.kit.values.reach import copy_on_write, reach
from thruway.run.modules import probed_steps, project_imports
from thruway.run.step.job import Done, Failed, Input, Job, Place
from thruway.run.step.outputs import place_files
from thruway.run.step.perform import perform
from thruway.run.step.probe import Probe
from thruway.run.step.settings import settings_kept
from thruway.run.store.store import PATH_FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from thruway.kit.dag import Dag
    from thruway.run.step.linktree import LinkTree
    from thruway.run.step.scratch import Scratch
    from thruway.run.types import RunOptions

ObjectKey = tuple[str, str]
_FEW = 64
_IMMUTABLE = (int, float, complex, bool, str, bytes, type(None), range, File)


class InProcessExecutor:
    """Calls the steps, one after the other."""

    def __init__(self, scratch: Scratch, dag: Dag, options: RunOptions) -> None:
        self._scratch = scratch
        self._place = place = scratch.place()
        self._store = scratch.store
        self._trees: dict[str, LinkTree] = {}
        probed = probed_steps(dag) if options.probe else {}
        self._probe = Probe()
        self._debug = options.debug
        self._memory: dict[ObjectKey, dict[str, Any]] = {}
        self._digests: dict[ObjectKey, str] = {}
        self._ended: deque[tuple[int, Done]] = deque()
        self._open = contextlib.ExitStack()
        self._open.enter_context(
            project_imports(
                place.roots, probed, self._probe, anew=scratch.project.local is not None
            )
        )

    def check_types(self, dag: Dag) -> None:
        """Check what meets at the ports; this imports the steps."""
        from thruway.kit.ports.check import check_types

        with settings_kept(), _backend():
            check_types(dag)

    def start(self, ticket: int, job: Job, needed: Callable[[ObjectKey], bool]) -> None:
        """Run one step; `needed` says whether a later step takes something of an object."""
        self._ended.append((ticket, self._perform(job, needed)))

    def wait(self, seconds: float | None = None) -> tuple[int, Done] | None:
        """Return the ticket of a step that has ended, and what came of it: it always has."""
        del seconds
        return self._ended.popleft()

    def _perform(self, job: Job, needed: Callable[[ObjectKey], bool]) -> Done:
        try:
            arguments = {**self._gather(job), **job.values}
        except StorageError as error:
            return Done(failure=Failed("Missing", error.what, error.where, error.fix))
        if job.fan == "split":
            return perform(job, arguments, self._place, self._probe, strict=True)
        watched = self._watched(job, needed)
        lent = self._lend(arguments, job, watched)
        before = {at: self._digest(at) for at in watched if at not in lent}
        with settings_kept(), _backend(), self._at(job) as place:
            done = perform(job, arguments, place, self._probe, strict=bool(job.fan))
        if done.failure is not None:
            if self._debug and done.cause is not None:
                open_debugger(done.cause)
            # It may be tried again: then with what the store has.
            self._forget(source.object for source in job.inputs.values())
            return done
        notes = self._drop_changed(before)
        self._drop_shared(done, watched)
        self._remember(job, done, needed)
        return replace(done, warnings=(*done.warnings, *notes))

    @contextlib.contextmanager
    def _at(self, job: Job) -> Iterator[Place]:
        """Give the folder that steps share; one of its own to the call for one item."""
        if not job.fan:
            self._trees.clear()
            yield self._place
            return
        whole = job.node.partition("[")[0]
        if whole not in self._trees:
            self._trees[whole] = self._scratch.tree()
        folder = self._scratch.work / "item"
        try:
            yield replace(self._place, cwd=self._trees[whole].grow(folder), protect=folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        """Let go of every value and of the project's modules."""
        self._open.close()
        self._memory.clear()
        self._digests.clear()

    def _gather(self, job: Job) -> dict[str, Any]:
        references = {name: source.artifact for name, source in job.inputs.items()}
        values: dict[str, Any] = dict(place_files(self._store, references, self._place.cwd))
        for name, source in job.inputs.items():
            if name in values:
                continue
            artifact = source.artifact
            if source.object not in self._memory:
                self._memory[source.object] = self._store.load_object(
                    artifact.hash, artifact.format, trusted=artifact.hash in job.trusted
                )
            values[name] = self._memory[source.object][artifact.member]
        return values

    def _watched(self, job: Job, needed: Callable[[ObjectKey], bool]) -> list[ObjectKey]:
        """Return objects that this step is given and that are needed after it as they are."""
        given = {source.object for source in job.inputs.values() if source.object in self._memory}
        return [
            at
            for at in sorted(given)
            if needed(at)
            and not all(type(value) in _IMMUTABLE for value in self._memory[at].values())
        ]

    def _lend(
        self, arguments: dict[str, Any], job: Job, watched: Iterable[ObjectKey]
    ) -> frozenset[ObjectKey]:
        """Replace arguments by lazy copies where these keep changes from the original.

        Looking for changes costs two reads of all the data; a lazy copy costs nothing.
        """
        lent = frozenset(at for at in watched if _lendable(self._memory[at]))
        for name, source in job.inputs.items():
            if source.object in lent:
                arguments[name] = arguments[name].copy(deep=False)
        return lent

    def _digest(self, at: ObjectKey) -> str:
        if at not in self._digests:
            self._digests[at] = _content(self._memory[at])
        return self._digests[at]

    def _drop_changed(self, before: Mapping[ObjectKey, str]) -> list[str]:
        notes: list[str] = []
        for at, digest in before.items():
            if digest and _content(self._memory[at]) == digest:
                continue
            if _only_in_memory(at):
                # There is no copy to fall back on: plain Python semantics, and said so.
                if digest:
                    names = ", ".join(f"`{name}`" for name in self._memory[at])
                    notes.append(f"{names} was changed in place, and a later step gets it so")
                self._digests.pop(at, None)
            else:
                self._forget([at])
        return notes

    def _drop_shared(self, done: Done, watched: list[ObjectKey]) -> None:
        """Drop inputs whose parts live on in the outputs: in the store they are apart."""
        alive = [at for at in watched if at in self._memory and not _only_in_memory(at)]
        if not alive:
            return
        given = {
            f"in {number}": tuple(self._memory[at].values()) for number, at in enumerate(alive)
        }
        values = {**given, **{f"out {port}": value for port, value in done.values.items()}}
        for group in sharing.groups(values):
            if any(name.startswith("out ") for name in group):
                self._forget(alive[int(name[3:])] for name in group if name.startswith("in "))

    def _remember(self, job: Job, done: Done, needed: Callable[[ObjectKey], bool]) -> None:
        for port, artifact in done.outputs.items():
            at = Input(job.node, artifact).object
            if artifact.format not in PATH_FORMATS:
                self._memory.setdefault(at, {})[port] = done.values[port]
        mine = {source.object for source in job.inputs.values()}
        mine |= {Input(job.node, artifact).object for artifact in done.outputs.values()}
        # All of them, unless they are so many that looking would take longer than the steps.
        for at in list(self._memory) if len(self._memory) <= _FEW else mine:
            if at in self._memory and not needed(at):
                del self._memory[at]
                self._digests.pop(at, None)

    def _forget(self, objects: Iterable[ObjectKey]) -> None:
        """Drop values that the store can give again."""
        for at in objects:
            if not _only_in_memory(at):
                self._memory.pop(at, None)
            self._digests.pop(at, None)


def open_debugger(error: BaseException) -> None:
    """Open pdb where a step raised; it goes on when the user leaves it."""
    import pdb  # noqa: T100 - asked for with --pdb
    import traceback

    traceback.print_exception(error)
    pdb.post_mortem(error.__traceback__)


def _lendable(values: Mapping[str, Any]) -> bool:
    """Say whether a value is a frame that pandas copies before it is written, whole and alone."""
    pd = sys.modules.get("pandas")
    if pd is None or len(values) != 1 or not copy_on_write():
        return False
    (value,) = values.values()
    if type(value) not in (pd.DataFrame, pd.Series):
        return False
    found = reach(value)
    return found.complete and found.objects <= {id(value)}


def _only_in_memory(at: ObjectKey) -> bool:
    return at[1].startswith("memory:")


def _content(values: Mapping[str, Any]) -> str:
    """Return a digest of an object's values; "" when it cannot look into all of them."""
    parts = []
    for name, value in sorted(values.items()):
        try:
            digest = fingerprint(value)
        except Exception:  # a value of the user may fail in any way: then nothing is known of it
            return ""
        if digest.opaque:
            return ""
        parts.append(f"{name}={digest.hex}")
    return ";".join(parts)


@contextlib.contextmanager
def _backend() -> Iterator[None]:
    """Give matplotlib our backend unless the user chose one; `settings_kept` takes it back."""
    os.environ.setdefault("MPLBACKEND", BACKEND)
    yield
