"""The executors of a run, each made when a first step needs it; what is cached needs none."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from thruway.errors import StorageError, UsageError
from thruway.run.executors.interpreter import About, about
from thruway.run.executors.room import Need
from thruway.run.types import EXECUTORS

if TYPE_CHECKING:
    from collections.abc import Callable

    from thruway.kit.dag import Dag
    from thruway.run.step.job import Done, Job
    from thruway.run.step.scratch import Scratch
    from thruway.run.types import RunOptions


class Executors:
    """Hands jobs to the executor that the options ask for.

    A step that declares a timeout or how much memory it may hold gets a process of its own in any
    case: nothing in the same process could stop it.
    """

    def __init__(self, scratch: Scratch, dag: Dag, options: RunOptions) -> None:
        self._scratch = scratch
        self._dag = dag
        self._options = options
        self._made: dict[str, Any] = {}
        self._at: dict[int, str] = {}
        self._tickets = 0
        if options.where.partition(":")[0] not in EXECUTORS:
            raise UsageError(
                f"there is no executor `{options.where}`",
                fix=f"use one of: {', '.join(EXECUTORS)}, dask://host:port",
            )

    @property
    def total(self) -> Need | None:
        """What the executor has by itself; None if it has what this machine has."""
        if not self._options.where.startswith("dask"):
            return None
        found = self._made.get(self._options.where)
        return found.total if found is not None else Need(1.0, 1 << 60, 1.0)

    def about(self) -> About | None:
        """Return what steps run with; None when it is what this process has."""
        options = self._options
        if options.where.startswith("dask://"):
            found: About = self._get(options.where).about
            return found
        other = options.python if options.apart else ""
        return about(other) if other not in ("", sys.executable) else None

    def start(self, job: Job, needed: Callable[[tuple[str, str]], bool]) -> int:
        """Begin a job and return its ticket; see `job.Executor`."""
        self._tickets += 1
        name = "processes" if self.moves(job) else self._options.where
        self._at[self._tickets] = name
        self._get(name).start(self._tickets, job, needed)
        return self._tickets

    def moves(self, job: Job) -> bool:
        """Say whether a job runs in a process although the others run in this one.

        Raises:
            StorageError: it takes what cannot be stored, and so cannot go there.
        """
        if self._options.where != "in-process" or not job.limited:
            return False
        for name, source in job.inputs.items():
            if source.artifact.unstored:
                raise StorageError(
                    f"step `{job.node}` declares a limit, so it runs in a process of its own, and "
                    f"its input `{name}` cannot go there: {source.artifact.unstored}",
                    where=f"step {job.node}, input {name}",
                    fix="give it what can be stored, or take its `timeout` and `memory` away",
                )
        return True

    def wait(self, seconds: float | None = None) -> tuple[int, Done] | None:
        """Return the ticket of a step that has ended, and what came of it; see `job.Executor`."""
        # In this process one job goes on at a time; elsewhere all are with one executor.
        name = next(reversed(self._at.values()))
        ended: tuple[int, Done] | None = self._get(name).wait(seconds)
        if ended is not None:
            del self._at[ended[0]]
        return ended

    def check_types(self) -> None:
        """Check what meets at the ports."""
        self._get(self._options.where).check_types(self._dag)

    def close(self) -> None:
        """Stop everything that still runs."""
        for executor in self._made.values():
            executor.close()

    def _get(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    def _make(self, name: str) -> Any:
        # Each brings its own imports; a run needs one of them, or none.
        if name == "in-process":
            from thruway.run.executors.inprocess import InProcessExecutor

            return InProcessExecutor(self._scratch, self._dag, self._options)
        if name == "processes":
            from thruway.run.executors.isolated import IsolatedExecutor

            return IsolatedExecutor(self._scratch, self._dag, self._options)
        from thruway.run.executors.cluster import ClusterExecutor

        return ClusterExecutor(self._scratch, self._dag, self._options)
