"""Run every step on a Dask cluster: on this machine, or behind the address of a scheduler.

Each thread of a Dask worker keeps one process that has imported the libraries of all steps and
forks for each step (`station`), so a step there is what it is with `--executor processes`. The
project, its data and its store lie in folders that the workers see under the same path.
"""

from __future__ import annotations

import queue
from typing import TYPE_CHECKING, Any

from thruway.errors import UsageError
from thruway.run.executors import station
from thruway.run.executors.isolated import config_of, limit_of, raise_check
from thruway.run.executors.limits import Limit
from thruway.run.executors.room import Need, processors
from thruway.run.step.job import Done, Failed
from thruway.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable

    from thruway.kit.dag import Dag
    from thruway.run.executors.interpreter import About
    from thruway.run.step.job import Job
    from thruway.run.step.scratch import Scratch
    from thruway.run.types import RunOptions

_CHECK = 0
_CONNECT_SECONDS = 10
_ANY = float(1 << 40)


class ClusterExecutor:
    """Sends jobs to the workers of a Dask cluster.

    Attributes:
        total: what all workers have together.
    """

    def __init__(self, scratch: Scratch, dag: Dag, options: RunOptions) -> None:
        self._client, self._cluster = _connect(options)
        self._ended: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._futures: dict[int, tuple[Any, str]] = {}
        try:
            self.about = _agreed(self._client.run(station.about))
            folder = scratch.work
            folder.mkdir(parents=True, exist_ok=True)
            self._config = folder / "config"
            from thruway.run.executors import wire

            wire.send(self._config, config_of(scratch, dag, probe=options.probe))
            _check_folders(self._client.run(station.sees, str(self._config)), str(self._config))
        except BaseException:
            self._disconnect()
            raise
        workers = self._client.scheduler_info(n_workers=-1)["workers"].values()
        self.total = Need(
            float(sum(worker["nthreads"] for worker in workers)),
            sum(worker["memory_limit"] or 1 << 60 for worker in workers),
            _ANY,
        )

    def check_types(self, dag: Dag) -> None:
        """Check what meets at the ports, on a worker."""
        what = Limit("the check of types")
        future = self._client.submit(
            station.execute, str(self._config), dag, what, pure=False, key=None
        )
        raise_check(_result(future, what.what))

    def start(self, ticket: int, job: Job, needed: Callable[[tuple[str, str]], bool]) -> None:
        """Begin a step; what is needed later is in the store in any case."""
        del needed
        limit = limit_of(job)
        future = self._client.submit(
            station.execute, str(self._config), job, limit, pure=False, key=None
        )
        self._futures[ticket] = (future, limit.what)
        future.add_done_callback(lambda _: self._ended.put(ticket))

    def wait(self, seconds: float | None = None) -> tuple[int, Done] | None:
        """Return the ticket of a step that has ended, and what came of it."""
        try:
            ticket = self._ended.get(timeout=seconds)
        except queue.Empty:
            return None
        future, what = self._futures.pop(ticket)
        return ticket, _result(future, what)

    def close(self) -> None:
        """End the processes of this run on every worker; a cluster of our own, too."""
        try:
            self._client.cancel([future for future, _ in self._futures.values()])
            self._client.run(station.end, str(self._config))
        except Exception:  # noqa: S110 - the cluster may be gone; the run ends in any case
            pass
        self._disconnect()

    def _disconnect(self) -> None:
        self._client.close()
        if self._cluster is not None:
            self._cluster.close()


def _connect(options: RunOptions) -> tuple[Any, Any]:
    try:
        import distributed
    except ImportError as error:
        raise UsageError(
            "the executor `dask` needs the package distributed, which is not installed",
            fix="pip install 'thruway[dask]'",
        ) from error
    _, _, address = options.where.partition("://")
    cluster = None
    if not address:
        cluster = distributed.LocalCluster(
            n_workers=options.jobs or processors(),
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
        )
    try:
        where = cluster or f"tcp://{address}"
        return distributed.Client(where, timeout=_CONNECT_SECONDS, set_as_default=False), cluster
    except (OSError, ValueError, TimeoutError) as error:
        raise UsageError(
            f"there is no Dask scheduler at {address}: {error}",
            where=options.where,
            fix="start one with `dask scheduler`, and workers with `dask worker HOST:PORT`",
        ) from error


def _agreed(answers: dict[str, tuple[str, About]]) -> About:
    """Return what all workers have.

    Raises:
        UsageError: there is no worker, or they differ: then results would depend on which is free.
    """
    if not answers:
        raise UsageError(
            "the Dask cluster has no worker", fix="start one with `dask worker HOST:PORT`"
        )
    first = next(iter(answers))
    for worker, (version, about) in answers.items():
        if version != __version__:
            raise UsageError(
                f"a worker has Thruway {version}, and this is {__version__}",
                where=worker,
                fix="install the same version there",
            )
        if about != answers[first][1]:
            raise UsageError(
                f"two workers differ: {_difference(about, answers[first][1])}",
                where=f"{worker}, {first}",
                fix="give all workers the same environment",
            )
    return answers[first][1]


def _difference(one: About, other: About) -> str:
    if one.python != other.python:
        return f"Python {one.python} and {other.python}"
    names = sorted(
        name
        for name in {*one.packages, *other.packages}
        if one.packages.get(name) != other.packages.get(name)
    )
    shown = [
        f"{name} {one.packages.get(name, 'missing')} and {other.packages.get(name, 'missing')}"
        for name in names[:3]
    ]
    return "; ".join([*shown, *([f"{len(names) - 3} more"] if len(names) > 3 else [])])


def _check_folders(seen: dict[str, bool], config: str) -> None:
    for worker, sees in seen.items():
        if not sees:
            raise UsageError(
                f"a Dask worker does not see the folder of the run: {config}",
                where=worker,
                fix="put project, data and store into a folder that all workers share",
            )


def _result(future: Any, what: str) -> Done:
    try:
        done: Done = future.result()
    except Exception as error:  # whatever a cluster may raise is the end of this job
        text = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        failure = Failed(
            "StepFailed",
            f"the Dask cluster lost {what}: {text}",
            what,
            "look at the logs of the workers; finished steps are kept",
        )
        return Done(failure=failure)
    return done
