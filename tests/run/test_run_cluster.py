"""Steps on a Dask cluster: one of our own, and a real scheduler with two workers."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time

import pytest

from thruway.errors import StepFailed, UsageError

pytest.importorskip("distributed")

FAN = """
    import os
    import time
    import numpy as np

    @step
    def items(n: int) -> list:
        return list(range(n))

    @step
    def work(item: int) -> tuple:
        time.sleep(0.2)
        return item * item, os.getppid()

    @step
    def gather(parts: list) -> dict:
        return {"sum": sum(one for one, _ in parts), "workers": len({pid for _, pid in parts})}

    @step
    def array(n: int) -> np.ndarray:
        return np.arange(n, dtype="f8")

    @pipeline
    def flow(n: int = 6):
        parts = map_over(work, items(n))
        found = gather(parts)
        line = array(n)
        return found, line
"""

START = "import sys; from distributed.cli import dask_scheduler, dask_worker; "


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Start a scheduler and two workers of their own, as a user would; give the address."""
    folder = tmp_path_factory.mktemp("cluster")
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


def _address(file) -> str:
    from distributed import Client

    for _ in range(100):
        if file.exists():
            break
        time.sleep(0.1)
    with Client(scheduler_file=str(file)) as client:
        client.wait_for_workers(2, timeout=30)
        return "dask://" + client.scheduler.address.removeprefix("tcp://")


def test_the_same_artifacts_as_in_this_process(local, cluster):
    address, _ = cluster
    local.write(FAN)
    here, _ = local.run()
    there, heard = local.run(executor=address, no_cache=True)
    assert here.results["line"].hash == there.results["line"].hash
    assert (there.load("found")["sum"], there.load("found")["workers"]) == (55, 2)
    assert heard.states["work[5]"] == "COMPLETE"
    again, _ = local.run(executor=address)
    assert again.state == "CACHED"


def test_an_error_there_says_what_it_says_here(local, cluster):
    address, _ = cluster
    local.write(FAN)
    local.edit("item * item", "item // (item - 3)")
    with pytest.raises(StepFailed) as caught:
        local.run(executor=address)
    assert (
        caught.value.what
        == "step `work[3]` raised ZeroDivisionError: integer division or modulo by zero"
    )
    assert "toy.py:15" in caught.value.where


def test_a_cluster_of_our_own(local):
    local.write(FAN)
    result, _ = local.run(executor="dask", jobs=2)
    assert result.load("found")["sum"] == 55


def test_no_scheduler(local):
    local.write(FAN)
    with pytest.raises(UsageError, match="no Dask scheduler at"):
        local.run(executor="dask://127.0.0.1:1")


def test_an_executor_that_is_not_known(local):
    local.write(FAN)
    with pytest.raises(UsageError, match="there is no executor `ray`"):
        local.run(executor="ray")


def test_a_worker_that_is_killed(local, cluster):
    address, workers = cluster
    local.write(FAN)
    local.edit("time.sleep(0.2)", "time.sleep(0.4)")
    import threading

    killer = threading.Timer(2.0, workers[1].kill)
    killer.start()
    result, _ = local.run(executor=address, params={"n": 14})
    killer.join()
    assert workers[1].wait(5) == -signal.SIGKILL
    assert result.load("found")["sum"] == sum(i * i for i in range(14))
