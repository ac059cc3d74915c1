"""Run every step in a process of its own; steps meet only through the store.

On systems that can fork, one process imports the libraries of all steps and forks for each; else
a fresh interpreter is started per step. See `worker` for the other side.
"""

from __future__ import annotations

import contextlib
import json
import pickle
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, Protocol

from thruway.errors import InterpreterError, PipelineError, TypeMismatch
from thruway.kit.ambient import children
from thruway.run.job import Done, Failed, Job, Place
from thruway.run.modules import third_party_imports
from thruway.run.store import write_atomically
from thruway.run.worker import Config, read_done

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from thruway.kit.dag import Dag
    from thruway.run.types import RunOptions

_GOODBYE_SECONDS = 5.0
_TAIL_LINES = 12


class Launcher(Protocol):
    """Starts the process of one task and waits for its end."""

    def run(self, task: Path, result: Path, log: Path) -> int:
        """Return the exit status; negative for a signal."""

    def close(self) -> None:
        """End every process that still runs."""


class IsolatedExecutor:
    """Sends jobs to processes."""

    def __init__(self, place: Place, dag: Dag, options: RunOptions) -> None:
        self._folder = place.store / "work" / f"{place.protect.name}-tasks"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._count = 0
        files = [node.step.file for node in dag.nodes if node.step.file]
        probed = {node.step.module: node.step.qualname for node in dag.nodes}
        config = Config(
            place,
            third_party_imports(files, _first_party(place)),
            probed if options.probe else {},
        )
        path = self._folder / "config.pickle"
        write_atomically(path, pickle.dumps(config, protocol=4))
        python = options.python or sys.executable
        forks = hasattr(signal, "SIGCHLD") and sys.platform != "darwin"
        kind: Callable[[str, Path, Path], Launcher] = Zygote if forks else Spawner
        self._launcher = kind(python, path, place.cwd)

    def check_types(self, dag: Dag) -> None:
        """Check what meets at the ports, in a process that imports the steps."""
        done = self._send(dag, "the check of types")
        failure = done.failure
        if failure is None:
            return
        if failure.kind == "TypeMismatch":
            raise TypeMismatch(failure.what, failure.where, failure.fix, failure.detail)
        if failure.kind == "PipelineError":
            raise PipelineError(failure.what, failure.where, failure.fix, failure.detail)
        # A module that ends its process when it is imported: the step itself will say so.

    def perform(self, job: Job, needed: Callable[[tuple[str, str]], bool]) -> Done:
        """Run one step; what is needed later is in the store in any case."""
        del needed
        return self._send(job, f"step `{job.node}`")

    def _send(self, order: Job | Dag, what: str) -> Done:
        self._count += 1
        task, result, log = (
            self._folder / f"{self._count}.{suffix}" for suffix in ("task", "done", "log")
        )
        write_atomically(task, pickle.dumps(order, protocol=4))
        began = time.perf_counter()
        status = self._launcher.run(task, result, log)
        if result.is_file():
            with result.open("rb") as handle:
                return read_done(handle)
        failure = _death(what, status, log)
        return Done(failure=failure, seconds=time.perf_counter() - began)

    def close(self) -> None:
        """End every process and remove what was passed to them."""
        self._launcher.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def _first_party(place: Place) -> frozenset[str]:
    names: set[str] = set()
    for root in place.roots:
        with contextlib.suppress(OSError):
            names |= {entry.stem for entry in root.iterdir() if not entry.name.startswith(".")}
    return frozenset(names)


def _death(what: str, status: int, log: Path) -> Failed:
    """Return the failure for a process that ended without an answer."""
    how, fix = f"ended with status {status}", "do not call `os._exit` or `exit` in a step"
    if status < 0:
        name = _signal_name(-status)
        how, fix = f"was killed by {name}", "look at the library that crashed"
        if name == "SIGKILL":
            fix = "it may have run out of memory: make its data smaller, or use a larger machine"
    return Failed("StepFailed", f"the process of {what} {how}", what, fix, _tail(log))


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _tail(log: Path) -> str:
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join(lines[-_TAIL_LINES:])


class Zygote:
    """One process that forks for each task."""

    def __init__(self, python: str, config: Path, cwd: Path) -> None:
        self._python = python
        self._errors = config.with_name("zygote.log")
        self._answers: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._number = 0
        with self._errors.open("wb") as errors:
            try:
                self._process = subprocess.Popen(
                    children.command(python, "thruway.run.worker", str(config)),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    cwd=cwd,
                    env=children.environment(),
                    start_new_session=True,  # Ctrl-C reaches us only, and we end it in order
                )
            except OSError as error:
                raise _unusable(python, error.strerror or str(error)) from error
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(json.loads(line))
        self._answers.put(None)

    def run(self, task: Path, result: Path, log: Path) -> int:
        """Return how the forked process ended."""
        self._number += 1
        order = {"id": self._number, "task": str(task), "result": str(result), "log": str(log)}
        self._tell(order)
        answer = self._answers.get()
        if answer is None:
            raise _unusable(self._python, _tail(self._errors))
        return int(answer["status"])

    def _tell(self, order: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()
        except OSError as error:
            raise _unusable(self._python, _tail(self._errors)) from error

    def close(self) -> None:
        """Let it end its steps and itself; it does so as soon as its input ends."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        _wait(self._process)
        self._reader.join(_GOODBYE_SECONDS)
        assert self._process.stdout is not None
        self._process.stdout.close()


class Spawner:
    """A fresh interpreter for each task, where processes cannot be forked."""

    def __init__(self, python: str, config: Path, cwd: Path) -> None:
        self._python = python
        self._config = config
        self._cwd = cwd
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, task: Path, result: Path, log: Path) -> int:
        """Return how the process ended."""
        paths = [str(self._config), str(task), str(result), str(log)]
        command = children.command(self._python, "thruway.run.worker", "--step", *paths)
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=self._cwd,
                env=children.environment(),
            )
        except OSError as error:
            raise _unusable(self._python, error.strerror or str(error)) from error
        try:
            return self._process.wait()
        finally:
            self.close()

    def close(self) -> None:
        """End the process if it still runs."""
        if self._process is not None:
            self._process.kill()
            assert self._process.stdin is not None
            self._process.stdin.close()
            _wait(self._process)
            self._process = None


def _wait(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(_GOODBYE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _unusable(python: str, reason: str) -> InterpreterError:
    return InterpreterError(
        f"the interpreter cannot run steps: {(reason.splitlines() or ['it ended'])[-1]}",
        where=python,
        fix="give another one with --python, Python 3.11 or later",
        detail=reason,
    )
