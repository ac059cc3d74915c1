"""Who else hears of a run: a protocol for lineage systems, and one that hears nothing."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from thruway.kit.dag import Dag
    from thruway.kit.project import ProjectConfig
    from thruway.run.lineage.lineage import Execution
    from thruway.run.types import State

_SWITCHES = ("THRUWAY_OPENLINEAGE", "OPENLINEAGE_URL", "OPENLINEAGE_CONFIG")


class RunEvents(Protocol):
    """Hears of executions with what they took and gave; never decides anything."""

    def run_started(self, run: str, params: Mapping[str, str]) -> None:
        """A run began."""

    def run_joined(self, run: str, executions: Sequence[Execution]) -> None:
        """Another part of a run begins, that began elsewhere; the executions are done."""

    def step_started(self, execution: Execution) -> None:
        """A step is being executed."""

    def step_ended(self, execution: Execution, state: State, error: str = "") -> None:
        """A step gave what is in its record, or failed."""

    def run_ended(self, state: State, error: str = "") -> None:
        """The run is over."""


class NoEvents:
    """Hears nothing."""

    def run_started(self, run: str, params: Mapping[str, str]) -> None:
        """Hear nothing."""

    def run_joined(self, run: str, executions: Sequence[Execution]) -> None:
        """Hear nothing."""

    def step_started(self, execution: Execution) -> None:
        """Hear nothing."""

    def step_ended(self, execution: Execution, state: State, error: str = "") -> None:
        """Hear nothing."""

    def run_ended(self, state: State, error: str = "") -> None:
        """Hear nothing."""


def events_of(project: ProjectConfig, dag: Dag, warn: Callable[[str], None]) -> RunEvents:
    """Return who is to hear of a run, as the environment says.

    `THRUWAY_OPENLINEAGE` is an address or a file; `OPENLINEAGE_URL` and `OPENLINEAGE_CONFIG` are
    those of the OpenLineage client, and mean what they mean to it.

    Args:
        project: whose run it is.
        dag: the pipeline.
        warn: is told, once, when nobody can be reached.
    """
    asked = any(os.environ.get(name) for name in _SWITCHES)
    if not asked or os.environ.get("OPENLINEAGE_DISABLED", "").lower() == "true":
        return NoEvents()
    # Imported here: it brings a client of its own.
    from thruway.run.events.openlineage import OpenLineageEvents

    return OpenLineageEvents(project, dag, os.environ.get("THRUWAY_OPENLINEAGE", ""), warn)
