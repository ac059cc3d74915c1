"""Steps on a Dask cluster: one of our own, and a real scheduler with two workers."""

from __future__ import annotations

import signal

import pytest
from dask_cluster import dask_cluster

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


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Give the address of a scheduler with two workers, and these."""
    with dask_cluster(tmp_path_factory.mktemp("cluster")) as started:
        yield started


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
