"""The process behind isolated steps: imports once what all steps need, then forks one per step.

Started as `bootstrap.py thruway.run.executors.worker <config>`; runs under any interpreter with
nothing but the standard library. Lines of JSON arrive on standard input and leave on standard
output; both are moved aside first, so that nothing that a step prints can get between them.
What a step is given and what it gave are files beside the store.
"""

from __future__ import annotations

import atexit
import contextlib
import faulthandler
import importlib
import json
import os
import select
import signal
import sys
import threading
import traceback
import warnings
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from thruway.errors import StorageError, ThruwayError
from thruway.kit.dag import Dag
from thruway.kit.project import StoreConfig
from thruway.run.executors import wire
from thruway.run.modules import project_imports
from thruway.run.step.job import Done, Failed, Job, Place
from thruway.run.step.outputs import load_inputs
from thruway.run.step.probe import Probe
from thruway.run.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from thruway.kit.project import ProjectConfig
    from thruway.run.step.linktree import LinkTree

_CRASHED = 70
_FAREWELL_SECONDS = 10


@dataclass(frozen=True)
class Config:
    """What all steps of a run have in common.

    Attributes:
        project: whose steps they are.
        store: folder of the store.
        data: the user's folder, which every working folder mirrors.
        tree: how to make a working folder.
        preload: modules to import before the first fork.
        probed: module → step functions to rewrite; empty unless probing.
        program: what steps see as `sys.argv[0]`.
    """

    project: ProjectConfig
    store: Path
    data: Path
    tree: LinkTree
    preload: tuple[str, ...]
    probed: Mapping[str, frozenset[str]]
    program: str = ""


def main(arguments: list[str]) -> int:
    """Serve steps until standard input ends; or answer `--about`; or run one `--step`."""
    if arguments[0] == "--about":
        from thruway.run.executors.interpreter import about_this

        sys.stdout.write(json.dumps(asdict(about_this())) + "\n")
        return 0
    if arguments[0] == "--step":
        config, line = arguments[1:]
        task = _Task(*json.loads(line))
        threading.Thread(target=_end_with_parent, args=(sys.stdin.buffer,), daemon=True).start()
        _become_step(task, close_input=False)
        _run_task(wire.receive(Path(config)), task)
        return 0
    return _Zygote(wire.receive(Path(arguments[0]))).serve()


class _Task(NamedTuple):
    """Where everything of one task is; see `launch.Task`."""

    number: int
    order: str
    answer: str
    printed: str
    errors: str
    folder: str


def _end_with_parent(parent: BinaryIO) -> None:
    parent.read()
    os._exit(_CRASHED)


class _Zygote:
    """Forks a process for each task and tells how it ended."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._orders = os.dup(0)
        self._answers = os.dup(1)
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        os.dup2(nothing, 1)
        self._wake, wakes = os.pipe()
        os.set_blocking(wakes, False)
        os.set_blocking(self._wake, False)
        signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
        self._tasks: dict[int, int] = {}

    def serve(self) -> int:
        """Serve until the parent closes its end, or is gone."""
        _preload(self._config.preload)
        pending = b""
        try:
            while True:
                ready, _, _ = select.select([self._orders, self._wake], [], [])
                if self._wake in ready:
                    with contextlib.suppress(BlockingIOError):
                        os.read(self._wake, 4096)
                    self._reap()
                if self._orders in ready:
                    received = os.read(self._orders, 1 << 16)
                    if not received:
                        return 0
                    *lines, pending = (pending + received).split(b"\n")
                    for line in lines:
                        number, *rest = json.loads(line)
                        if rest:
                            self._order(_Task(number, *rest))
                        else:
                            self._stop(number)
        finally:
            self._kill_all()

    def _order(self, task: _Task) -> None:
        process = os.fork()
        if process:
            with contextlib.suppress(OSError):
                os.setpgid(process, process)
            self._tasks[process] = task.number
            self._tell(task.number, "pid", process)
            return
        self._child(task)

    def _stop(self, number: int) -> None:
        for process, task in self._tasks.items():
            if task == number:
                _kill_group(process)

    def _tell(self, *answer: object) -> None:
        os.write(self._answers, json.dumps(answer).encode() + b"\n")

    def _child(self, task: _Task) -> None:
        status = _CRASHED
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            with contextlib.suppress(OSError):
                os.setpgid(0, 0)
            _die_with_parent()
            for number in (self._orders, self._answers, self._wake):
                os.close(number)
            _become_step(task, close_input=True)
            _run_task(self._config, task)
            status = 0
        except BaseException:  # the process ends here whatever it is: the parent reads the log
            traceback.print_exc()
        finally:
            _farewell(status)

    def _reap(self) -> None:
        for process in list(self._tasks):
            found, status = os.waitpid(process, os.WNOHANG)
            if found:
                number = self._tasks.pop(process)
                _kill_group(process)  # what the step started and left behind
                self._tell(number, os.waitstatus_to_exitcode(status))

    def _kill_all(self) -> None:
        for process in self._tasks:
            _kill_group(process)
            with contextlib.suppress(OSError):
                os.waitpid(process, 0)


def _preload(names: tuple[str, ...]) -> None:
    # Ours too: imported, and asked what does not change, once here instead of in every fork.
    from thruway.kit import branch, fanout, pipeline
    from thruway.kit.ambient.ignored import prefixes
    from thruway.run.step import perform

    del branch, fanout, pipeline, perform
    prefixes()
    for name in names:
        # What cannot be imported fails again in the step that needs it, with its traceback.
        with contextlib.suppress(Exception), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            importlib.import_module(name)


def _kill_group(process: int) -> None:
    with contextlib.suppress(OSError):
        os.killpg(process, signal.SIGKILL)


def _die_with_parent() -> None:
    """Ask Linux to kill this process when the one that forked it ends."""
    if sys.platform == "linux":
        with contextlib.suppress(Exception):
            import ctypes

            ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)


def _become_step(task: _Task, *, close_input: bool) -> None:
    """Send what goes past `sys.stdout` to files; crashes leave their stack in that of errors."""
    for file, stream in ((task.printed, 1), (task.errors, 2)):
        number = os.open(file, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        os.dup2(number, stream)
        os.close(number)
    if close_input:
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
    sys.stdin = os.fdopen(os.open(os.devnull, os.O_RDONLY), encoding="utf-8")
    faulthandler.enable()


def _farewell(status: int) -> None:
    """End without running the parent's leftovers, but give libraries the chance to tidy up."""
    with contextlib.suppress(BaseException):
        signal.alarm(_FAREWELL_SECONDS)
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(status)


def _run_task(config: Config, task: _Task) -> None:
    probe = Probe()
    # In a proof no object may have the address that it had in another step, by chance.
    held = _spread(task.number) if config.probed else []
    cwd = config.tree.grow(Path(task.folder))
    os.chdir(cwd)
    roots = config.project.roots_in(cwd)
    place = Place(
        roots,
        config.store,
        config.data,
        cwd,
        Path(task.folder),
        own_process=True,
        program=config.program,
    )
    with project_imports(roots, config.probed, probe):
        order = wire.receive(Path(task.order))
        store = Store(StoreConfig(config.store, trust=config.project.trust))
        done = _check(order) if isinstance(order, Dag) else _step(order, place, probe, store)
        wire.answer(Path(task.answer), replace(done, values={}, cause=None))
    del held


def _spread(number: int) -> list[bytes]:
    """Return small objects of every size, more or fewer for each step: what comes later moves."""
    return [bytes(size) for size in range(1, 500, 8) for _ in range(1 + 7 * (number % 17))]


def _check(dag: Dag) -> Done:
    from thruway.kit.ports.check import check_types

    try:
        check_types(dag)
    except ThruwayError as error:
        failure = Failed(type(error).__name__, error.what, error.where, error.fix, error.detail)
        return Done(failure=failure)
    return Done()


def _step(job: Job, place: Place, probe: Probe, store: Store) -> Done:
    from thruway.run.step.perform import perform

    for variable, value in job.environment.items():
        if value is None:
            os.environ.pop(variable, None)
        else:
            os.environ[variable] = value

    artifacts = {name: source.artifact for name, source in job.inputs.items()}
    nodes = {name: source.node for name, source in job.inputs.items()}
    try:
        inputs = load_inputs(store, artifacts, nodes, place.cwd, job.trusted)
    except StorageError as error:
        return Done(failure=Failed("Missing", error.what, error.where, error.fix))
    return perform(job, {**inputs, **job.values}, place, probe, strict=True)
