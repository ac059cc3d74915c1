"""A packed model served by a process of its own, with nothing of this one's in it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from thruway.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from thruway.components.packaging.types import Manifest

__all__ = ["HERE", "NotServed", "Served", "environment"]

HERE = Path(__file__).parents[2]
"""The package itself."""
_START = (
    "import sys\n"
    "root = sys.argv.pop(1)\n"
    "root in sys.path or sys.path.insert(0, root)\n"
    "from thruway.components.packaging.serving import main\n"
    "main()\n"
)


class NotServed(Exception):  # noqa: N818 - what happened; it becomes the reason of a gate
    """The process did not start, died, or did not answer."""


def environment(folder: Path, manifest: Manifest, timeout: float) -> str:
    """Make an environment with only what the model says it needs; return its interpreter.

    Raises:
        NotServed: what it needs cannot be installed.
        UsageError: environments cannot be made here.
    """
    home = folder / "environment"
    done = subprocess.run(
        [sys.executable, "-I", "-m", "venv", str(home)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise UsageError(
            "an environment cannot be made: `python -m venv` fails",
            fix="install it (Debian: python3-venv), or use fresh_environment=False",
            detail=done.stderr[-2000:],
        )
    python = str(next(one for one in _interpreters(home) if one.exists()))
    lines = [one for one in manifest.requirements if not one.startswith("thruway")]
    if lines:
        file = folder / "needed.txt"
        file.write_text("\n".join(lines), encoding="utf-8")
        words = [python, "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                 "-r", str(file)]  # fmt: skip
        try:
            done = subprocess.run(
                words, capture_output=True, text=True, check=False, timeout=timeout
            )
        except subprocess.TimeoutExpired as error:
            raise NotServed(f"installing took more than {timeout:g} s") from error
        if done.returncode:
            raise NotServed(f"its requirements cannot be installed: {_last(done.stderr)}")
    # Thruway itself, and nothing that happens to lie beside it.
    shutil.copytree(
        HERE,
        folder / "only" / "thruway",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    return python


def _interpreters(home: Path) -> Iterator[Path]:
    yield home / "bin" / "python"
    yield home / "Scripts" / "python.exe"


def _last(text: str) -> str:
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"


class Served:
    """A served model; used in `with`. What it says goes over HTTP on this machine."""

    def __init__(self, packed: Path, python: str, root: str, timeout: float) -> None:
        self._packed = packed
        self._python = python
        self._root = root
        self._timeout = timeout
        self.ready: dict[str, Any] = {}

    def __enter__(self) -> Self:
        """Start it and wait until it is ready.

        Raises:
            NotServed: it is not, in time.
        """
        self._errors = tempfile.TemporaryFile()
        words = [self._python, "-I", "-c", _START, self._root, str(self._packed)]
        # A folder of its own: what lies where this process runs is not there when it is served.
        self._cwd = tempfile.mkdtemp(prefix="thruway-served-")
        clean = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
        self._process = subprocess.Popen(
            words, cwd=self._cwd, env=clean, text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=self._errors,
        )  # fmt: skip
        try:
            self.ready = self._wait()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        self._connection = http.client.HTTPConnection(
            "127.0.0.1", self.ready["port"], timeout=self._timeout
        )
        return self

    def _wait(self) -> dict[str, Any]:
        lines: queue.Queue[str] = queue.Queue()
        stdout = self._process.stdout
        assert stdout is not None

        def read() -> None:
            for line in stdout:
                lines.put(line)
            lines.put("")

        threading.Thread(target=read, daemon=True).start()
        end = time.monotonic() + self._timeout
        while True:
            try:
                line = lines.get(timeout=max(end - time.monotonic(), 0.001))
            except queue.Empty:
                raise NotServed(f"it was not ready after {self._timeout:g} s") from None
            if not line:
                self._process.wait()
                raise NotServed(f"it cannot be loaded: {self._said()}")
            try:  # other lines are what loading the model printed
                found = json.loads(line)
            except ValueError:
                continue
            if isinstance(found, dict) and "port" in found:
                return found

    def _said(self) -> str:
        """Return the last thing that the process said on standard error: what, and what to do."""
        self._errors.seek(0)
        text = self._errors.read().decode(errors="replace")
        lines = [line for line in text.splitlines() if line.strip()]
        raised = [line for line in lines if line[:1].strip() and ": " in line]
        return (raised or lines or ["it said nothing"])[-1][:500]

    def ask(self, path: str, body: bytes | None = None) -> tuple[int, bytes, float]:
        """Return status, content and seconds of an answer.

        Raises:
            NotServed: there is none.
        """
        start = time.perf_counter()
        try:
            self._connection.request(
                "GET" if body is None else "POST", path, body, {"Content-Type": "application/json"}
            )
            answer = self._connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=1)
                raise NotServed(f"it died: {self._said()}") from error
            raise NotServed(f"it did not answer: {type(error).__name__}: {error}") from error
        return answer.status, content, time.perf_counter() - start

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the process."""
        if hasattr(self, "_connection"):
            self._connection.close()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._errors.close()
        shutil.rmtree(self._cwd, ignore_errors=True)
