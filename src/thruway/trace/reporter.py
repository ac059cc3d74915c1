"""Who hears how far the observed run has come; silent unless told otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from thruway.program.types import Statement


class ObserveReporter(Protocol):
    """What a listener of an observed run is told."""

    def observing(self, statements: int) -> None:
        """The run begins; so many statements are to come."""

    def statement_started(self, statement: Statement) -> None:
        """A statement begins."""

    def statement_finished(self, statement: Statement, seconds: float) -> None:
        """A statement ended after so many seconds of the user's code."""


class SilentReporter:
    """Says nothing."""

    def observing(self, statements: int) -> None:
        """The run begins; so many statements are to come."""

    def statement_started(self, statement: Statement) -> None:
        """A statement begins."""

    def statement_finished(self, statement: Statement, seconds: float) -> None:
        """A statement ended after so many seconds of the user's code."""
