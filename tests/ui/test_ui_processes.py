"""Processes: stopped half-way, and two at once."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from observed import write_program

from thruway.ui.main import main

THRUWAY = [sys.executable, "-m", "thruway.ui.main"]


def children_of(process):
    """Ids of the processes below one, as the system lists them."""
    found, pending = set(), [process]
    while pending:
        parent = pending.pop()
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                new = set(map(int, task.read_text().split())) - found
                found |= new
                pending += new
    return found


def is_alive(process):
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def wait_for(what, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.02)
    pytest.fail("it did not happen in time")


# Where the interrupt comes: while the original is observed, and while a step is proven.
WAITS = {
    "observing": "import time, pathlib\n# %%\npathlib.Path(flag).touch()\ntime.sleep(60)",
    "proving": (
        "import time, pathlib\n# %%\ntimes = pathlib.Path(flag + '.once')\n"
        "if times.exists():\n    pathlib.Path(flag).touch()\n    time.sleep(60)\ntimes.touch()"
    ),
}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("phase", WAITS)
def test_ctrl_c_leaves_no_child_and_nothing_half_written(phase, tmp_path):
    home, outside, scratch = (tmp_path / name for name in ("home", "outside", "scratch"))
    outside.mkdir()
    scratch.mkdir()
    flag = outside / "reached"
    write_program(home, f"flag = {str(flag)!r}\n" + WAITS[phase])
    with subprocess.Popen(
        [*THRUWAY, "migrate", "case.ipynb", "-o", "out"], cwd=home, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "TMPDIR": str(scratch)},
    ) as process:  # fmt: skip
        try:
            wait_for(flag.exists)
            children = children_of(process.pid)
            assert children
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 130
    assert "Traceback" not in err
    assert out == ""
    wait_for(lambda: not any(map(is_alive, children)))
    assert list(scratch.iterdir()) == []
    left = {path.name for path in home.iterdir()}
    assert left <= {"case.ipynb", "out"}
    if phase == "observing":
        assert left == {"case.ipynb"}
    else:  # the project was written whole before it was proven, and works
        assert json.loads((home / "out" / "thruway.json").read_text())["proven"] == ""
        assert not list((home / "out" / ".thruway").glob("work/*"))


def test_ctrl_c_is_answered_in_words(tmp_path, monkeypatch, capsys):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("thruway.api.explain", interrupted)
    assert main(["explain", str(tmp_path / "case.ipynb"), "--quiet"]) == 130
    assert "stopped" in capsys.readouterr().err


@pytest.mark.slow
def test_two_runs_at_once_on_one_store(tmp_path):
    write_program(
        tmp_path,
        "# %%\nimport time\nx = [sum([1])]\ntime.sleep(0.5)\n# %%\ny = len(x)\nprint('y', y)",
    )
    words = ["migrate", "case.ipynb", "-o", "out", "--cut", "cells", "--no-verify", "--quiet"]
    subprocess.run([*THRUWAY, *words], cwd=tmp_path, check=True, capture_output=True)
    runs = [
        subprocess.Popen(
            [*THRUWAY, "run", "out", "--logs", "--json", *isolate], cwd=tmp_path, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for isolate in ([], ["--isolate"])
    ]  # fmt: skip
    answers = [run.communicate(timeout=60) for run in runs]
    assert [run.returncode for run in runs] == [0, 0], answers
    assert all("y 1" in out for out, _ in answers)
    done = subprocess.run(
        [*THRUWAY, "runs", "out", "--json"], cwd=tmp_path, check=True, capture_output=True
    )
    states = [run["state"] for run in json.loads(done.stdout)]
    assert len(states) == 2
    assert set(states) <= {"COMPLETE", "CACHED"}


@pytest.mark.slow
def test_a_pipe_that_closes_is_no_error(tmp_path):
    write_program(tmp_path, "\n".join(f"x{n} = [sum([{n}])]" for n in range(300)))
    command = f"{sys.executable} -m thruway.ui.main explain case.ipynb | head -1"
    done = subprocess.run(
        command, shell=True, cwd=tmp_path, text=True, capture_output=True, check=False
    )
    assert done.stdout == "statements\n"
    assert "Traceback" not in done.stderr
