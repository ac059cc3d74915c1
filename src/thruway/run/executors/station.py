"""What runs on the workers of a cluster: each of their threads keeps processes for steps.

These functions are called by Dask on a worker; `cluster` is the other side.
"""

from __future__ import annotations

import os
import shutil
import socket
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from thruway.run.executors.interpreter import About, about_this
from thruway.run.executors.isolated import Processes
from thruway.version import __version__

if TYPE_CHECKING:
    from thruway.kit.dag import Dag
    from thruway.run.executors.limits import Limit
    from thruway.run.step.job import Done, Job

_open: dict[tuple[str, int], tuple[Processes, Path]] = {}
_lock = threading.Lock()


def about() -> tuple[str, About]:
    """Return the version of Thruway here, and what steps would run with."""
    return __version__, about_this()


def sees(config: str) -> bool:
    """Say whether the folder of a run is to be seen here."""
    return Path(config).is_file()


def execute(config: str, order: Job | Dag, limit: Limit) -> Done:
    """Run one job in a process of its own and return what came of it.

    Args:
        config: file with what all steps of the run have in common.
        order: a step, or a pipeline whose types are to be checked.
        limit: what the process is held to, from now on.
    """
    processes = _here(config)
    processes.send(0, order, type(limit)(limit.what, limit.timeout, limit.memory))
    ended = processes.wait()
    assert ended is not None
    return ended[1]


def end(config: str) -> None:
    """End what a run has here."""
    with _lock:
        ours = [at for at in _open if at[0] == config]
        closing = [_open.pop(at) for at in ours]
    for processes, folder in closing:
        processes.close()
        shutil.rmtree(folder, ignore_errors=True)


def _here(config: str) -> Processes:
    at = config, threading.get_ident()
    with _lock:
        if at not in _open:
            name = f"{socket.gethostname()}-{os.getpid()}-{at[1]}"
            folder = Path(config).parent / name
            folder.mkdir(parents=True, exist_ok=True)
            _open[at] = Processes(folder, Path(config), sys.executable), folder
        return _open[at][0]
