"""Run every step in a process and a folder of its own; steps meet only through the store.

On systems that can fork, one process imports the libraries of all steps and forks for each; else
a fresh interpreter is started per step (`launch`). See `worker` for the other side.
"""

from __future__ import annotations

import shutil
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from thruway.errors import PipelineError, TypeMismatch
from thruway.run.executors import wire
from thruway.run.executors.launch import Launcher, Spawner, Task, Zygote, tail
from thruway.run.executors.limits import Limit
from thruway.run.executors.worker import Config
from thruway.run.modules import probed_steps
from thruway.run.preload import third_party_imports
from thruway.run.step.job import Done, Failed, Job
from thruway.run.step.printed import end_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from thruway.kit.dag import Dag
    from thruway.run.step.scratch import Scratch
    from thruway.run.types import RunOptions

_CHECK = 0
"""Ticket of the check of types; nothing else goes on beside it."""


class IsolatedExecutor:
    """Sends jobs to processes of this machine."""

    def __init__(self, scratch: Scratch, dag: Dag, options: RunOptions) -> None:
        folder = scratch.work
        folder.mkdir(parents=True, exist_ok=True)
        config = folder / "config"
        wire.send(config, config_of(scratch, dag, probe=options.probe))
        self._processes = Processes(folder, config, options.python or sys.executable)

    def check_types(self, dag: Dag) -> None:
        """Check what meets at the ports, in a process that imports the steps."""
        self._processes.send(_CHECK, dag, Limit("the check of types"))
        ended = self._processes.wait()
        assert ended is not None
        raise_check(ended[1])

    def start(self, ticket: int, job: Job, needed: Callable[[tuple[str, str]], bool]) -> None:
        """Begin a step; what is needed later is in the store in any case."""
        del needed
        self._processes.send(ticket, job, limit_of(job))

    def wait(self, seconds: float | None = None) -> tuple[int, Done] | None:
        """Return the ticket of a step that has ended, and what came of it."""
        return self._processes.wait(seconds)

    def close(self) -> None:
        """End every process."""
        self._processes.close()


def config_of(scratch: Scratch, dag: Dag, *, probe: bool) -> Config:
    """Return what the processes of a run have in common."""
    files = [node.step.file for node in dag.nodes if node.step.file]
    # A worker sees the folder of the store only; no address or password goes there.
    project = replace(scratch.project, objects="", lineage="")
    return Config(
        project,
        scratch.store.root,
        scratch.data,
        scratch.tree(),
        third_party_imports(files, scratch.project.roots),
        probed_steps(dag) if probe else {},
        scratch.project.program,
    )


def limit_of(job: Job) -> Limit:
    """Return what the process of a job is held to."""
    return Limit(f"step `{job.node}`", job.timeout, job.memory)


def raise_check(done: Done) -> None:
    """Raise what a check of types found.

    Raises:
        PipelineError: the types do not fit.
    """
    failure = done.failure
    if failure is None:
        return
    if failure.kind == "TypeMismatch":
        raise TypeMismatch(failure.what, failure.where, failure.fix, failure.detail)
    if failure.kind == "PipelineError":
        raise PipelineError(failure.what, failure.where, failure.fix, failure.detail)
    # A module that ends its process when it is imported: the step itself will say so.


class Processes:
    """Processes for jobs: one that has imported everything and forks, or fresh ones.

    Args:
        folder: for orders and answers, and for the working folders.
        config: file with a `Config`.
        python: the interpreter.
    """

    def __init__(self, folder: Path, config: Path, python: str) -> None:
        self._folder = folder
        self._going: dict[int, tuple[Task, int, Limit]] = {}
        self._stopped: dict[int, Failed] = {}
        self._count = 0
        self._cleaner = ThreadPoolExecutor(1)
        forks = hasattr(signal, "SIGCHLD") and sys.platform != "darwin"
        kind: Callable[[str, Path], Launcher] = Zygote if forks else Spawner
        self._launcher = kind(python, config)

    def send(self, ticket: int, order: Job | Dag, limit: Limit) -> None:
        """Begin a job, or a check of types."""
        self._count += 1
        task = Task.of(self._count, self._folder)
        wire.send(task.order, order)
        self._going[task.number] = (task, ticket, limit)
        self._launcher.start(task)

    def wait(self, seconds: float | None = None) -> tuple[int, Done] | None:
        """Return the ticket of a job that has ended, and what came of it.

        None when none has ended within the time.
        """
        until = None if seconds is None else time.monotonic() + seconds
        ended = self._launcher.wait(self._patience(until))
        while ended is None:
            if until is not None and time.monotonic() >= until:
                return None
            self._stop_overrunning()
            ended = self._launcher.wait(self._patience(until))
        number, status = ended
        task, ticket, limit = self._going.pop(number)
        stopped = self._stopped.pop(number, None)
        if task.answer.is_file():
            done: Done = wire.receive(task.answer)
        else:
            failure = stopped or _death(limit.what, status, task)
            done = Done(failure=failure, seconds=time.monotonic() - limit.began)
        done = replace(done, stderr=end_of(task.errors))
        self._cleaner.submit(_remove, task)
        return ticket, done

    def _patience(self, until: float | None) -> float | None:
        waits = [limit.wait for *_, limit in self._going.values()]
        waits.append(None if until is None else max(until - time.monotonic(), 0.0))
        return min((wait for wait in waits if wait is not None), default=None)

    def _stop_overrunning(self) -> None:
        for number, (_, _, limit) in self._going.items():
            what, fix = limit.overrun(self._launcher.process(number))
            if what and number not in self._stopped:
                self._stopped[number] = Failed("StepFailed", what, limit.what, fix)
                self._launcher.stop(number)

    def close(self) -> None:
        """End every process."""
        self._launcher.close()
        self._cleaner.shutdown()


def _remove(task: Task) -> None:
    shutil.rmtree(task.folder, ignore_errors=True)
    for file in (task.order, task.answer, task.printed, task.errors):
        file.unlink(missing_ok=True)


def _death(what: str, status: int, task: Task) -> Failed:
    """Return the failure for a process that ended without an answer."""
    how, fix = f"ended with status {status}", "do not call `os._exit` or `exit` in a step"
    if status < 0:
        name = _signal_name(-status)
        how, fix = f"was killed by {name}", "look at the library that crashed"
        if name == "SIGKILL":
            fix = "it may have run out of memory: make its data smaller, or use a larger machine"
    return Failed(
        "StepFailed",
        f"the process of {what} {how}",
        what,
        fix,
        tail(task.errors) or tail(task.printed),
    )


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
