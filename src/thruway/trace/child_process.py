"""One child interpreter: started in a group of its own, listened to, ended without remains."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, Self

from thruway.errors import InterpreterError
from thruway.kit.ambient.children import command, environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_UNUSABLE = 8  # bootstrap's exit status for an interpreter that is too old
_OURS = 70  # the child's exit status when the observer itself raised
_PAUSE = 0.02
_GRACE = 5.0  # seconds for exit handlers, once the result is there
_TAIL = 4000
_POSIX = os.name == "posix"


def find_interpreter(python: str | None) -> str:
    """Return the path of the interpreter to use.

    Raises:
        InterpreterError: there is no such program.
    """
    if python is None:
        return sys.executable
    found = shutil.which(os.path.expanduser(python))  # noqa: PTH111 - a bare name stays bare
    if found is None:
        raise InterpreterError(
            f"There is no interpreter {python!r}.",
            fix="give --python the path of a Python 3.11 or later that has your packages",
        )
    # The child starts in another folder; links stay, since a virtual environment is known by them.
    return os.path.abspath(found)  # noqa: PTH100 - `resolve` would follow them


class ChildProcess:
    """A running child; a context manager that leaves nothing of it behind."""

    def __init__(self, python: str, cwd: Path, folder: Path) -> None:
        """Start the child.

        Args:
            python: path of the interpreter.
            cwd: where the child runs.
            folder: holds `job.json`; the child's events and output go there too.
        """
        self._python = python
        self._events = folder / "events"
        self._log = folder / "log"
        self._seen = 0
        self._rest = b""
        line = command(python, "thruway.trace.child.main", str(folder / "job.json"))
        with self._log.open("wb") as output:
            self._process = self._start(line, cwd, output)

    def _start(self, line: list[str], cwd: Path, output: Any) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                line,
                cwd=cwd,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=_POSIX,
            )
        except OSError as error:
            raise InterpreterError(
                f"The interpreter {self._python} cannot be started: {error.strerror}.",
                fix="give --python the path of a Python 3.11 or later that has your packages",
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> None:
        """End the child and all that it started."""
        if _POSIX:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        else:
            self._process.kill()
        self._process.wait()

    def events(self, timeout: float | None) -> Iterator[dict[str, Any]]:
        """Yield what the child reports until it ends.

        Raises:
            TimeoutError: it ran longer than `timeout` seconds.
        """
        start = time.monotonic()
        finished: float | None = None
        while True:
            ended = self._process.poll() is not None
            for event in self._new_events():
                if event.get("event") == "end":
                    finished = time.monotonic()
                yield event
            if ended:
                return
            now = time.monotonic()
            if finished is not None and now - finished > _GRACE:
                return  # threads or exit handlers that do not come to an end
            if finished is None and timeout is not None and now - start > timeout:
                raise TimeoutError
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_PAUSE)

    def _new_events(self) -> Iterator[dict[str, Any]]:
        try:
            with self._events.open("rb") as handle:
                handle.seek(self._seen)
                text = handle.read()
        except FileNotFoundError:
            return
        self._seen += len(text)
        *lines, self._rest = (self._rest + text).split(b"\n")
        for line in lines:
            yield json.loads(line)

    def tail(self) -> str:
        """Return the end of what the child wrote to its standard error."""
        with self._log.open("rb") as handle:
            size = handle.seek(0, os.SEEK_END)
            handle.seek(max(0, size - _TAIL))
            return handle.read().decode("utf-8", "replace")

    def death(self, where: str) -> InterpreterError:
        """Return the error that says how the child ended without a result.

        Args:
            where: the statement that was running, as text; "" when none was.
        """
        status = self._process.wait()
        if status == _UNUSABLE and not where:
            text = self.tail().strip().removeprefix("thruway: ")
            return InterpreterError(
                text or f"The interpreter {self._python} cannot be used.",
                fix="give --python the path of a Python 3.11 or later that has your packages",
            )
        if status == _OURS or (status > 0 and not where):
            return InterpreterError(
                "Thruway itself failed while it observed your program.",
                where,
                "please report it with the lines below",
                self.tail(),
            )
        if status < 0:
            return InterpreterError(
                f"The interpreter that ran your program was killed by {_signal(-status)}.",
                where,
                _advice(-status),
                self.tail(),
            )
        return InterpreterError(
            f"The interpreter that ran your program ended with status {status}, too early.",
            where,
            "look for os._exit() in the program, or run it once with plain Python",
            self.tail(),
        )


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _advice(number: int) -> str:
    if number == signal.SIGKILL:
        return "this is what the system does when memory runs out: try less data"
    if number in {signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL}:
        return "a compiled library crashed: run the program once with plain Python"
    return "run the program once with plain Python"
