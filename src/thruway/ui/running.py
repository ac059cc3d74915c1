"""What `thruway run` prints: a line per step, then the results and where they are.

On a terminal, the steps that go on are shown below these lines, with their time; elsewhere lines
are all there is.
"""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from rich.console import RenderableType

    from thruway.run.types import RunResult, State

_SIGNS = {"COMPLETE": "done", "CACHED": "cached", "FAILED": "FAILED", "SKIPPED": "skipped"}
_MOST_SHOWN = 12


class RunPrinter:
    """A reporter of runs: lines on standard error, logs on standard output.

    With `moving`, steps are shown on the one moving line of a longer piece of work.
    """

    def __init__(self, *, quiet: bool = False, moving: Callable[[str], None] | None = None) -> None:
        """Print nothing but logs when `quiet`."""
        self._quiet = quiet
        self._moving = moving
        self._width = 0
        self._total = 0
        self._done = 0

    def run_started(self, run: str, steps: Sequence[str]) -> None:
        """Remember how wide the names are."""
        self._width = max((len(step) for step in steps), default=0)
        self._total = len(steps)
        if not self._quiet and self._moving is None:
            self.say(f"run {run}: {len(steps)} steps")

    def step_started(self, step: str) -> None:
        """Show the step on the moving line."""
        if self._moving is not None:
            self._moving(f"{self._done}/{self._total} {step}")

    def step_finished(self, step: str, state: State, seconds: float, reason: str) -> None:
        """Print the step, what became of it, and why it was not cached."""
        self._done += 1
        if self._quiet or self._moving is not None:
            return
        why = f"  ({reason})" if reason else ""
        sign = _SIGNS.get(state, state)
        self.say(f"  {step:<{self._width}}  {sign:<6} {seconds:7.2f} s{why}")

    def output(self, step: str, text: str) -> None:
        """Echo what the step printed, verbatim."""
        del step
        sys.stdout.write(text)
        sys.stdout.flush()

    def warned(self, step: str, text: str) -> None:
        """Print a warning."""
        if not self._quiet:
            self.say(f"  {step}: warning: {text}")

    def run_finished(self, result: RunResult) -> None:
        """Nothing: `run_text` prints the results."""

    def say(self, text: str) -> None:
        """Print a line of progress."""
        print(text, file=sys.stderr)


class LivePrinter(RunPrinter):
    """A reporter for terminals: what goes on stands below what is done, and moves."""

    def __init__(self) -> None:
        super().__init__()
        from rich.console import Console
        from rich.live import Live

        self._running: dict[str, float] = {}
        self._console = Console(stderr=True, highlight=False)
        self._live = Live(
            console=self._console,
            refresh_per_second=8,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            get_renderable=self._picture,
        )

    def __enter__(self) -> Self:
        """Begin to show."""
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave a clean screen."""
        self._live.stop()

    def step_started(self, step: str) -> None:
        """Show the step below the others."""
        self._running[step] = time.monotonic()

    def step_finished(self, step: str, state: State, seconds: float, reason: str) -> None:
        """Print the step's line, and show it no more."""
        self._running.pop(step, None)
        super().step_finished(step, state, seconds, reason)

    def say(self, text: str) -> None:
        """Print a line above what moves."""
        self._console.print(text, markup=False, soft_wrap=True)

    def _picture(self) -> RenderableType:
        from rich.text import Text

        now = time.monotonic()
        spinner = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"[int(now * 8) % 10]
        shown = list(self._running.items())[:_MOST_SHOWN]
        lines = [f"  {spinner} {name}  {now - began:.1f} s" for name, began in shown]
        if len(self._running) > len(shown):
            lines.append(f"    and {len(self._running) - len(shown)} more")
        lines.append(f"  {self._done} of {self._total} steps")
        return Text("\n".join(lines))


@contextmanager
def run_printer(*, quiet: bool, plain: bool = False) -> Iterator[RunPrinter]:
    """Give a reporter for this terminal, or for what is none; `plain` keeps lines from moving."""
    if quiet or plain or not sys.stderr.isatty():
        yield RunPrinter(quiet=quiet)
        return
    with LivePrinter() as printer:
        yield printer


def direct_text(results: Mapping[str, Any]) -> str:
    """Return the results of a run without a store as text."""
    width = max(map(len, results), default=0)
    return "\n".join(f"  {name:<{width}}  {_one_line(repr(v))}" for name, v in results.items())


def run_text(result: RunResult, *, quiet: bool = False) -> str:
    """Return the results of a run as text."""
    lines = []
    if result.results:
        width = max(len(name) for name in result.results)
        for name, reference in result.results.items():
            lines.append(f"  {name:<{width}}  {_one_line(reference.preview or reference.type)}")
    files = sorted({path for step in result.steps for path in step.files})
    if files:
        lines.append(f"files in {result.outputs}: {', '.join(files)}")
    if not quiet:
        cached = sum(step.state == "CACHED" for step in result.steps)
        lines.append(f"{len(result.steps)} steps, {cached} from the cache; run {result.run}")
    return "\n".join(lines)


def _one_line(text: str, most: int = 100) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"
