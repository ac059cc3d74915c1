"""A scheduler of Dask with two workers, each a process, as a user would start them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time


@contextlib.contextmanager
def dask_cluster(folder):
    """Give the address of the scheduler, and the processes of its two workers."""
    file = folder / "scheduler.json"
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    common = {"cwd": folder, "env": env, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    scheduler = subprocess.Popen(
        [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0",
         "--no-dashboard", "--scheduler-file", str(file)], **common)  # fmt: skip
    workers = [
        subprocess.Popen(
            [sys.executable, "-m", "distributed.cli.dask_worker", "--scheduler-file", str(file),
             "--nthreads", "1", "--no-dashboard", "--no-nanny", "--name", name], **common)
        for name in ("one", "two")
    ]  # fmt: skip
    try:
        yield _address(file), workers
    finally:
        for process in (*workers, scheduler):
            process.send_signal(signal.SIGTERM)
        for process in (*workers, scheduler):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()
            process.wait()


def _address(file) -> str:
    from distributed import Client

    for _ in range(100):
        if file.exists():
            break
        time.sleep(0.1)
    with Client(scheduler_file=str(file)) as client:
        client.wait_for_workers(2, timeout=30)
        return "dask://" + client.scheduler.address.removeprefix("tcp://")
