"""The same function for many items, in this process or in several, in order and with little memory.

What all calls share (a model, a frame) is written to a file once, and read once by each worker.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import pickle
import tempfile
from typing import TYPE_CHECKING, Any, TypeVar

from thruway.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")
R = TypeVar("R")


@contextlib.contextmanager
def workers(shared: Any, n_jobs: int = 1) -> Iterator[Workers]:
    """Give what calls functions with `shared` as their first argument.

    Args:
        shared: written once, when the first other process needs it.
        n_jobs: processes; 1 is this one. Negative counts from the number of cores: -1 is all.

    Raises:
        UsageError: `n_jobs` is 0.
    """
    count = jobs(n_jobs)
    with contextlib.ExitStack() as stack:
        yield Workers(shared, count, stack)


class Workers:
    """Calls a function for many items; made by `workers`."""

    def __init__(self, shared: Any, n_jobs: int, stack: contextlib.ExitStack) -> None:
        self._shared, self._n_jobs, self._stack, self._path = shared, n_jobs, stack, ""

    def each(self, function: Callable[[Any, T], R], items: Iterable[T]) -> Iterator[R]:
        """Yield `function(shared, item)` for each item, in their order.

        With several jobs, at most twice as many items are held as there are jobs.

        Args:
            function: of a module, not of another function, so that a worker finds it.
            items: taken as they are needed.
        """
        if self._n_jobs == 1:
            for item in items:
                yield function(self._shared, item)
            return
        import joblib

        work = joblib.Parallel(n_jobs=self._n_jobs, backend="loky", batch_size=1)
        coming = iter(items)
        while window := list(itertools.islice(coming, 2 * self._n_jobs)):
            calls = [joblib.delayed(_call)(function, self._written(), item) for item in window]
            yield from work(calls)

    def _written(self) -> str:
        if not self._path:
            folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="thruway-"))
            self._path = os.path.join(folder, "shared")  # noqa: PTH118 - a key of a cache
            with open(self._path, "wb") as handle:  # noqa: PTH123 - the same
                _dump(self._shared, handle)
        return self._path


def jobs(n_jobs: int) -> int:
    """Return a number of processes for what a user wrote.

    >>> jobs(3)
    3
    """
    if n_jobs == 0:
        raise UsageError("`n_jobs` is 0", fix="1 is this process, -1 is one for each core")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return n_jobs if n_jobs > 0 else max(1, (cores or 1) + 1 + n_jobs)


def _dump(shared: Any, handle: Any) -> None:
    # Classes and functions of a notebook have no module that a worker could import.
    try:
        import cloudpickle
    except ImportError:  # joblib brings one along
        from joblib.externals import cloudpickle

    cloudpickle.dump(shared, handle, protocol=pickle.HIGHEST_PROTOCOL)


def _call(function: Callable[[Any, T], R], path: str, item: T) -> R:
    return function(_shared(path), item)


@functools.lru_cache(maxsize=1)
def _shared(path: str) -> Any:
    with contextlib.closing(open(path, "rb")) as handle:  # noqa: PTH123 - a cache's key
        return pickle.load(handle)
