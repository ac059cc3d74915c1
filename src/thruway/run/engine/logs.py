"""The texts of steps, told in the order of the pipeline whatever order they end in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from thruway.run.events.reporter import Reporter
    from thruway.run.step.job import Failed

_ERROR_LINES = 12


class OrderedLogs:
    """Hands texts to a reporter; one that comes early waits for those before it."""

    def __init__(self, names: Sequence[str], reporter: Reporter) -> None:
        self._names = list(names)
        self._reporter = reporter
        self._texts: dict[str, str] = {}

    def add(self, name: str, text: str) -> None:
        """Tell a step's text, now or when it is its turn; each step's once."""
        self._texts[name] = text
        while self._names and self._names[0] in self._texts:
            self._tell(self._names.pop(0))

    def flush(self) -> None:
        """Tell what is left, if steps before it never ended."""
        for name in self._names:
            if name in self._texts:
                self._tell(name)
        self._names.clear()

    def _tell(self, name: str) -> None:
        if self._texts[name]:
            self._reporter.output(name, self._texts[name])


def with_errors(failure: Failed, stderr: str) -> Failed:
    """Return a failure that shows the end of standard error, unless it does already."""
    lines = stderr.rstrip().splitlines()[-_ERROR_LINES:]
    if not lines or lines[-1] in failure.detail:
        return failure
    shown = "\n".join(["its standard error ended with:", *lines])
    return replace(failure, detail=f"{failure.detail}\n{shown}".lstrip("\n"))
