"""The executor of a run, made when a first step needs it; what is in the cache needs none."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from thruway.kit.dag import Dag
    from thruway.run.job import Done, Executor, Job
    from thruway.run.scratch import Scratch
    from thruway.run.types import RunOptions


class Executors:
    """Hands jobs to the executor that the options ask for."""

    def __init__(self, scratch: Scratch, dag: Dag, options: RunOptions) -> None:
        self._scratch = scratch
        self._dag = dag
        self._options = options
        self._executor: Executor | None = None
        self._tickets = 0

    def start(self, job: Job, needed: Callable[[tuple[str, str]], bool]) -> int:
        """Begin a job and return its ticket; see `job.Executor`."""
        self._tickets += 1
        self._get().start(self._tickets, job, needed)
        return self._tickets

    def wait(self) -> tuple[int, Done]:
        """Return the ticket of a job that has ended, and what came of it."""
        return self._get().wait()

    def check_types(self) -> None:
        """Check what meets at the ports."""
        self._get().check_types(self._dag)

    def close(self) -> None:
        """Stop everything that still runs."""
        if self._executor is not None:
            self._executor.close()

    def _get(self) -> Executor:
        if self._executor is None:
            self._executor = self._make()
        return self._executor

    def _make(self) -> Executor:
        # Each brings its own imports; a run needs one of them, or none.
        if self._options.apart:
            from thruway.run.isolated import IsolatedExecutor

            return IsolatedExecutor(self._scratch, self._dag, self._options)
        from thruway.run.inprocess import InProcessExecutor

        return InProcessExecutor(self._scratch, self._dag, self._options)
