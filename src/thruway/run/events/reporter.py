"""Where events of a run go: a protocol, and a reporter that stays silent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from thruway.run.types import RunResult, State


class Reporter(Protocol):
    """Hears what happens while a pipeline runs; never decides anything."""

    def run_started(self, run: str, steps: Sequence[str]) -> None:
        """A run began; the steps are in pipeline order."""

    def step_started(self, step: str) -> None:
        """A step is being executed (not told for cached steps)."""

    def step_finished(self, step: str, state: State, seconds: float, reason: str) -> None:
        """A step is done; `reason` says why the cache could not answer."""

    def output(self, step: str, text: str) -> None:
        """Text that the step printed, verbatim; only with `RunOptions.logs`."""

    def warned(self, step: str, text: str) -> None:
        """Something that a reader should know and that stops nothing."""

    def run_finished(self, result: RunResult) -> None:
        """The run is over, and every step gave its outputs."""


class SilentReporter:
    """A reporter that says nothing."""

    def run_started(self, run: str, steps: Sequence[str]) -> None:
        """Say nothing."""

    def step_started(self, step: str) -> None:
        """Say nothing."""

    def step_finished(self, step: str, state: State, seconds: float, reason: str) -> None:
        """Say nothing."""

    def output(self, step: str, text: str) -> None:
        """Say nothing."""

    def warned(self, step: str, text: str) -> None:
        """Say nothing."""

    def run_finished(self, result: RunResult) -> None:
        """Say nothing."""
