"""What `thruway run` prints: a line per step, then the results and where they are."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from thruway.run.types import RunResult, State

_SIGNS = {"COMPLETE": "done", "CACHED": "cached", "FAILED": "FAILED"}


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
            print(f"run {run}: {len(steps)} steps", file=sys.stderr)

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
        print(f"  {step:<{self._width}}  {sign:<6} {seconds:7.2f} s{why}", file=sys.stderr)

    def output(self, step: str, text: str) -> None:
        """Echo what the step printed, verbatim."""
        del step
        sys.stdout.write(text)
        sys.stdout.flush()

    def warned(self, step: str, text: str) -> None:
        """Print a warning."""
        if not self._quiet:
            print(f"  {step}: warning: {text}", file=sys.stderr)

    def run_finished(self, result: RunResult) -> None:
        """Nothing: `run_text` prints the results."""


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
