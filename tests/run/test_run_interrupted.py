"""Runs that are stopped from outside leave nothing behind that is half done."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from thruway.kit.project import load_project
from thruway.run import RunOptions, list_runs, run_project

SOURCE = Path(__file__).resolve().parents[2] / "src"

TOY = """
import os, time
from pathlib import Path
from thruway import pipeline, step

@step
def quick() -> int:
    return 1

@step
def slow(n: int, pid_file: str) -> int:
    if pid_file:
        Path(pid_file + ".new").write_text(str(os.getpid()))
        os.rename(pid_file + ".new", pid_file)
        time.sleep(60)
    return n + 1

@pipeline
def flow(pid_file: str = ""):
    n = quick()
    m = slow(n, pid_file)
    return m
"""

RUN = """
import sys
from thruway.kit.project import load_project
from thruway.run import RunOptions, run_project
options = RunOptions(isolate=sys.argv[2] == "1", params={"pid_file": sys.argv[3]})
run_project(load_project(sys.argv[1]), options)
"""


STATES = {signal.SIGINT: "CANCELED", signal.SIGKILL: "FAILED"}


@pytest.mark.parametrize("isolate", [False, True], ids=["in-process", "isolated"])
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["ctrl-c", "kill"])
def test_a_run_that_is_stopped(tmp_path, isolate, how):
    (tmp_path / "toy.py").write_text(TOY)
    (tmp_path / "pyproject.toml").write_text('[tool.thruway]\npipeline = "toy:flow"\n')
    pid_file = tmp_path / "pid"
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, str(tmp_path), str(int(isolate)), str(pid_file)],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    wait_for(pid_file.is_file)
    step = int(pid_file.read_text())
    process.send_signal(how)
    assert process.wait(10) != 0
    wait_for(lambda: not alive(step))
    result = run_project(load_project(tmp_path), RunOptions(isolate=isolate))
    assert [s.state for s in result.steps] == ["CACHED", "COMPLETE"]
    assert [r["state"] for r in list_runs(tmp_path / ".thruway")] == ["COMPLETE", STATES[how]]
    assert not list((tmp_path / ".thruway").glob("work/*"))
    assert not list((tmp_path / ".thruway").glob("objects/.new-*"))


def wait_for(condition) -> None:
    for _ in range(200):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{process}/stat")
    return not (state.is_file() and state.read_text().rpartition(")")[2].split()[0] == "Z")
