"""Run every step in a process and a folder of its own; steps meet only through the store.

On systems that can fork, one process imports the libraries of all steps and forks for each; else
a fresh interpreter is started per step (`launch`). See `worker` for the other side.
"""

from __future__ import annotations

import contextlib
import shutil
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from thruway.errors import PipelineError, TypeMismatch
from thruway.run import wire
from thruway.run.job import Done, Failed, Job
from thruway.run.launch import Launcher, Spawner, Task, Zygote, tail
from thruway.run.modules import probed_steps, third_party_imports
from thruway.run.printed import end_of
from thruway.run.worker import Config

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from thruway.kit.dag import Dag
    from thruway.run.scratch import Scratch
    from thruway.run.types import RunOptions

_CHECK = 0
"""Ticket of the check of types; nothing else goes on beside it."""


class IsolatedExecutor:
    """Sends jobs to processes."""

    def __init__(self, scratch: Scratch, dag: Dag, options: RunOptions) -> None:
        self._folder = scratch.work
        self._folder.mkdir(parents=True, exist_ok=True)
        self._going: dict[int, tuple[Task, int, str, float]] = {}
        self._count = 0
        self._cleaner = ThreadPoolExecutor(1)
        roots = scratch.project.roots
        files = [node.step.file for node in dag.nodes if node.step.file]
        config = Config(
            scratch.project,
            scratch.store.root,
            scratch.data,
            scratch.tree(),
            third_party_imports(files, _first_party(roots)),
            probed_steps(dag) if options.probe else {},
            scratch.project.program,
        )
        path = self._folder / "config"
        wire.send(path, config)
        forks = hasattr(signal, "SIGCHLD") and sys.platform != "darwin"
        kind: Callable[[str, Path], Launcher] = Zygote if forks else Spawner
        self._launcher = kind(options.python or sys.executable, path)

    def check_types(self, dag: Dag) -> None:
        """Check what meets at the ports, in a process that imports the steps."""
        self._send(_CHECK, dag, "the check of types")
        _, done = self.wait()
        failure = done.failure
        if failure is None:
            return
        if failure.kind == "TypeMismatch":
            raise TypeMismatch(failure.what, failure.where, failure.fix, failure.detail)
        if failure.kind == "PipelineError":
            raise PipelineError(failure.what, failure.where, failure.fix, failure.detail)
        # A module that ends its process when it is imported: the step itself will say so.

    def start(self, ticket: int, job: Job, needed: Callable[[tuple[str, str]], bool]) -> None:
        """Begin a step; what is needed later is in the store in any case."""
        del needed
        self._send(ticket, job, f"step `{job.node}`")

    def _send(self, ticket: int, order: Job | Dag, what: str) -> None:
        self._count += 1
        task = Task.of(self._count, self._folder)
        wire.send(task.order, order)
        self._going[task.number] = (task, ticket, what, time.perf_counter())
        self._launcher.start(task)

    def wait(self) -> tuple[int, Done]:
        """Return the ticket of a step that has ended, and what came of it."""
        number, status = self._launcher.wait()
        task, ticket, what, began = self._going.pop(number)
        if task.answer.is_file():
            done: Done = wire.receive(task.answer)
        else:
            failure = _death(what, status, task)
            done = Done(failure=failure, seconds=time.perf_counter() - began)
        done = replace(done, stderr=end_of(task.errors))
        self._cleaner.submit(_remove, task)
        return ticket, done

    def close(self) -> None:
        """End every process."""
        self._launcher.close()
        self._cleaner.shutdown()


def _remove(task: Task) -> None:
    shutil.rmtree(task.folder, ignore_errors=True)
    for file in (task.order, task.answer, task.printed, task.errors):
        file.unlink(missing_ok=True)


def _first_party(roots: tuple[Path, ...]) -> frozenset[str]:
    names: set[str] = set()
    for root in roots:
        with contextlib.suppress(OSError):
            names |= {entry.stem for entry in root.iterdir() if not entry.name.startswith(".")}
    return frozenset(names)


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
