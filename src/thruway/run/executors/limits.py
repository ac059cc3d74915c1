"""Limits of a step's process: how long it may take, and how much memory it may hold."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from thruway.kit.wording import human_bytes

INTERVAL_SECONDS = 0.1
"""How often the memory of a process is looked at."""


@dataclass(frozen=True)
class Limit:
    """What one process is held to.

    Attributes:
        what: the step, as messages name it.
        timeout: seconds; 0 for any time.
        memory: bytes of resident memory, that of its children included; 0 for any.
        began: when it was started, by `time.monotonic`.
    """

    what: str
    timeout: float = 0.0
    memory: int = 0
    began: float = field(default_factory=time.monotonic)

    def overrun(self, process: int | None) -> tuple[str, str]:
        """Return what limit is passed, and what to do about it; two empty texts if none is."""
        if self.timeout and time.monotonic() - self.began > self.timeout:
            return (
                f"{self.what} took longer than its timeout of {self.timeout:g} s, and was stopped",
                "raise `timeout` in @step, or give the step less to do",
            )
        if self.memory and process is not None:
            held = resident(process)
            if held > self.memory:
                what = (
                    f"{self.what} held {human_bytes(held)} of memory and was stopped: it declares "
                )
                fix = "raise `memory` in @step, or work on the data in parts"
                return f"{what}{human_bytes(self.memory)}", fix
        return "", ""

    @property
    def wait(self) -> float | None:
        """Seconds after which to look again; None if nothing is limited."""
        if self.memory:
            return INTERVAL_SECONDS
        if self.timeout:
            return max(self.began + self.timeout - time.monotonic(), 0.0) + 0.001
        return None


def resident(process: int) -> int:
    """Return the bytes of memory that a process and its children hold; 0 where nobody tells."""
    if Path("/proc/self/statm").is_file():
        return sum(map(_held_on_linux, [process, *_children(process)]))
    try:
        told = subprocess.run(
            ["ps", "-o", "rss=", "-p", str(process)],  # noqa: S607 - of the system
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
        return int(told.stdout.strip() or 0) * 1024
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return 0


def _held_on_linux(process: int) -> int:
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return 0  # it has ended
    return pages * os.sysconf("SC_PAGE_SIZE")


def _children(process: int) -> list[int]:
    found: list[int] = []
    waiting = [process]
    while waiting:
        one = waiting.pop()
        try:
            tasks = os.listdir(f"/proc/{one}/task")  # noqa: PTH208 - names alone
        except OSError:
            continue
        for task in tasks:
            try:
                text = Path(f"/proc/{one}/task/{task}/children").read_text(encoding="ascii")
            except OSError:
                continue
            children = [int(word) for word in text.split()]
            found += children
            waiting += children
    return found
