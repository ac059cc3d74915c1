"""Progress on long work: one line on a terminal that moves, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from thruway.program.types import Statement
    from thruway.run.events.reporter import Reporter
    from thruway.trace.reporter import ObserveReporter

_PHASES = {
    "reading": "reading",
    "observing": "observing one run of the original",
    "planning": "finding the steps",
    "writing": "writing the project",
    "proving": "proving: every step in its own process",
    "repairing": "joining steps that do not compute the same apart",
}
_SLOW = 1.0


class _Line:
    """Standard error as one moving line, or as plain lines."""

    def __init__(self, *, quiet: bool) -> None:
        self.quiet = quiet
        self.moving = sys.stderr.isatty()

    def say(self, text: str) -> None:
        """Write a line that stays."""
        if not self.quiet:
            self.clear()
            print(text, file=sys.stderr, flush=True)

    def move(self, text: str) -> None:
        """Write a line that the next one replaces; nothing where lines cannot move."""
        if not self.quiet and self.moving:
            print(f"\r\x1b[2K  {text[:100]}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Take away the moving line."""
        if not self.quiet and self.moving:
            print("\r\x1b[2K", end="", file=sys.stderr, flush=True)


class _Observing:
    def __init__(self, line: _Line) -> None:
        self._line = line
        self._total = 0
        self._done = 0

    def observing(self, statements: int) -> None:
        """The child begins."""
        self._total, self._done = statements, 0

    def statement_started(self, statement: Statement) -> None:
        """One statement begins."""
        self._line.move(f"{self._done}/{self._total} {statement.place}")

    def statement_finished(self, statement: Statement, seconds: float) -> None:
        """One statement is done."""
        self._done += 1
        if seconds > _SLOW:
            self._line.move(f"{self._done}/{self._total} {statement.place} took {seconds:.1f} s")


class Watcher:
    """Progress of a migration, shown."""

    def __init__(self, *, quiet: bool) -> None:
        """Show nothing when `quiet`."""
        from thruway.ui.running import RunPrinter

        self._line = _Line(quiet=quiet)
        self._began = time.perf_counter()
        self.observing: ObserveReporter | None = _Observing(self._line)
        self.running: Reporter | None = RunPrinter(quiet=quiet, moving=self._line.move)

    def phase(self, name: str, detail: str = "") -> None:
        """Say which phase begins."""
        text = _PHASES.get(name, name)
        seconds = time.perf_counter() - self._began
        self._line.say(f"{seconds:5.1f} s  {text}{f': {detail}' if detail else ''}")

    def close(self) -> None:
        """Leave a clean line."""
        self._line.clear()


@contextmanager
def progress(*, quiet: bool) -> Iterator[Watcher]:
    """Show progress on standard error while the block runs."""
    watcher = Watcher(quiet=quiet)
    try:
        yield watcher
    finally:
        watcher.close()
