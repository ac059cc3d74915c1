"""Processes for tasks: forked from one that has imported everything, or started one by one.

Every task ends in one answer on a queue, so that several can go on at the same time.
"""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import threading
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from thruway.errors import InterpreterError
from thruway.kit.ambient import children

if TYPE_CHECKING:
    from pathlib import Path

_GOODBYE_SECONDS = 5.0
_TAIL_LINES = 40


class Task(NamedTuple):
    """Where everything of one task is.

    Attributes:
        number: counts the tasks of a run.
        order: file with what is to be done.
        answer: file for what came of it.
        printed: file for what goes past `sys.stdout`.
        errors: file for standard error.
        folder: the working folder, which the process makes.
    """

    number: int
    order: Path
    answer: Path
    printed: Path
    errors: Path
    folder: Path

    @classmethod
    def of(cls, number: int, folder: Path) -> Task:
        """Return the places of a task in the folder of a run."""
        order, answer, printed, errors = (
            folder / f"{number}.{what}" for what in ("order", "answer", "out", "err")
        )
        return cls(number, order, answer, printed, errors, folder / str(number))

    def dump(self) -> str:
        """Return it as a line."""
        return json.dumps([self.number, *map(str, self[1:])])


class Launcher(Protocol):
    """Starts the processes of tasks and tells of their ends."""

    def start(self, task: Task) -> None:
        """Begin a task."""

    def wait(self, seconds: float | None = None) -> tuple[int, int] | None:
        """Return the number of a task that has ended, and its status; negative for a signal.

        None when none has ended within the time.
        """

    def process(self, number: int) -> int | None:
        """Return the process of a task; None if it has none yet, or none any more."""

    def stop(self, number: int) -> None:
        """Kill the process of a task, and what it started; `wait` tells of its end."""

    def close(self) -> None:
        """End every process that still runs."""


class Zygote:
    """One process that forks for each task."""

    def __init__(self, python: str, config: Path) -> None:
        self._python = python
        self._errors = config.with_name("zygote.err")
        self._answers: queue.SimpleQueue[tuple[int, int] | None] = queue.SimpleQueue()
        self._running: dict[int, int] = {}
        with self._errors.open("wb") as errors:
            try:
                self._process = subprocess.Popen(
                    children.command(python, "thruway.run.executors.worker", str(config)),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    cwd=config.parent,
                    env=children.environment(),
                    start_new_session=True,  # Ctrl-C reaches us only, and we end it in order
                )
            except OSError as error:
                raise unusable(python, error.strerror or str(error)) from error
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            number, *rest = json.loads(line)
            if len(rest) == 1:
                self._running.pop(number, None)
                self._answers.put((number, rest[0]))
            else:
                self._running[number] = rest[1]
        self._answers.put(None)

    def start(self, task: Task) -> None:
        """Begin a task."""
        self._order(task.dump())

    def stop(self, number: int) -> None:
        """Kill the process of a task."""
        self._order(json.dumps([number]))

    def process(self, number: int) -> int | None:
        """Return the process of a task."""
        return self._running.get(number)

    def _order(self, line: str) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()
        except OSError as error:
            raise unusable(self._python, tail(self._errors)) from error

    def wait(self, seconds: float | None = None) -> tuple[int, int] | None:
        """Return the number of a task that has ended, and its status; None if it took too long."""
        try:
            answer = self._answers.get(timeout=seconds)
        except queue.Empty:
            return None
        if answer is None:
            raise unusable(self._python, tail(self._errors))
        return answer

    def close(self) -> None:
        """Let it end its steps and itself; it does so as soon as its input ends."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        _end(self._process)
        self._reader.join(_GOODBYE_SECONDS)
        assert self._process.stdout is not None
        self._process.stdout.close()


class Spawner:
    """A fresh interpreter for each task, where processes cannot be forked."""

    def __init__(self, python: str, config: Path) -> None:
        self._python = python
        self._config = config
        self._ended: queue.SimpleQueue[tuple[int, int]] = queue.SimpleQueue()
        self._processes: dict[int, subprocess.Popen[bytes]] = {}

    def start(self, task: Task) -> None:
        """Begin a task."""
        command = children.command(
            self._python, "thruway.run.executors.worker", "--step", str(self._config), task.dump()
        )
        try:
            process: subprocess.Popen[bytes] = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,  # it ends itself when this closes
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=self._config.parent,
                env=children.environment(),
            )
        except OSError as error:
            raise unusable(self._python, error.strerror or str(error)) from error
        self._processes[task.number] = process
        threading.Thread(target=self._watch, args=(task.number, process), daemon=True).start()

    def _watch(self, number: int, process: subprocess.Popen[bytes]) -> None:
        self._ended.put((number, process.wait()))

    def wait(self, seconds: float | None = None) -> tuple[int, int] | None:
        """Return the number of a task that has ended, and its status; None if it took too long."""
        try:
            number, status = self._ended.get(timeout=seconds)
        except queue.Empty:
            return None
        _forget(self._processes.pop(number))
        return number, status

    def process(self, number: int) -> int | None:
        """Return the process of a task."""
        found = self._processes.get(number)
        return found.pid if found else None

    def stop(self, number: int) -> None:
        """Kill the process of a task."""
        found = self._processes.get(number)
        if found is not None:
            found.kill()

    def close(self) -> None:
        """End every process that still runs."""
        for process in self._processes.values():
            process.kill()
            _forget(process)
        self._processes.clear()


def _forget(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    _end(process)


def _end(process: subprocess.Popen[Any]) -> None:
    try:
        process.wait(_GOODBYE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def tail(file: Path) -> str:
    """Return the last lines of a file."""
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join(lines[-_TAIL_LINES:])


def unusable(python: str, reason: str) -> InterpreterError:
    """Return the error for an interpreter that cannot be used."""
    return InterpreterError(
        f"the interpreter cannot run steps: {(reason.splitlines() or ['it ended'])[-1]}",
        where=python,
        fix="give another one with --python, Python 3.11 or later",
        detail=reason,
    )
