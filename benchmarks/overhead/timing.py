"""Whole processes, timed: wall and processor time of a program and of all that it starts."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path


@dataclass(frozen=True)
class Spent:
    """Seconds of one process: by the clock on the wall, and of processors (children included)."""

    wall: float
    cpu: float


@dataclass(frozen=True)
class Program:
    """What is started to be timed.

    Attributes:
        words: the command.
        cwd: where.
        variables: its environment.
        before: puts things as they were before the first start; not timed.
    """

    words: list[str]
    cwd: Path
    variables: Mapping[str, str] = field(repr=False)
    before: Callable[[], None] = lambda: None

    def run(self) -> Spent:
        """Run it to its end.

        Raises:
            SystemExit: it ended with another status than 0; says what it printed.
        """
        self.before()
        with tempfile.TemporaryFile() as printed:
            began = time.perf_counter()
            with subprocess.Popen(
                self.words, cwd=self.cwd, env=dict(self.variables), stdout=printed, stderr=printed
            ) as process:
                _, status, usage = os.wait4(process.pid, 0)
                wall = time.perf_counter() - began
                process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                printed.seek(0)
                text = printed.read().decode(errors="replace")[-3000:]
                sys.exit(f"{' '.join(self.words)}\nended with {process.returncode}\n{text}")
        return Spent(wall, usage.ru_utime + usage.ru_stime)


def in_turn(programs: Mapping[str, Program], repeats: int) -> dict[str, list[Spent]]:
    """Time programs one after the other, again and again, after one round that does not count."""
    found: dict[str, list[Spent]] = {name: [] for name in programs}
    for number in range(repeats + 1):
        for name, program in programs.items():
            said(f"round {number} of {repeats}: {name}")
            spent = program.run()
            if number:
                found[name].append(spent)
    return found


def wall(spent: Iterable[Spent]) -> float:
    """Return the median of seconds on the wall."""
    return statistics.median(one.wall for one in spent)


def cpu(spent: Iterable[Spent]) -> float:
    """Return the median of seconds of processors."""
    return statistics.median(one.cpu for one in spent)


def ratio(spent: list[Spent], plain: list[Spent], of: str = "wall") -> float:
    """Return the median of what two programs took of each other, round by round."""
    pairs = zip(spent, plain, strict=True)
    return statistics.median(getattr(one, of) / getattr(other, of) for one, other in pairs)


def said(text: str) -> None:
    """Say what goes on, on standard error."""
    print(text, file=sys.stderr, flush=True)
