"""What goes wrong around a run: it is killed anywhere, disks and clocks misbehave, steps overdo it.

Whatever happens, nothing that was finished is lost, nothing half-written is read, and the next run
gives the right result.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import crashing
import pytest

from thruway.errors import StepFailed
from thruway.kit.project import load_project
from thruway.run import RunOptions, SilentReporter, list_runs, resume_options, run_project
from thruway.run.store.hashing import digest_file

SOURCE = Path(__file__).resolve().parents[2] / "src"
TESTS = Path(__file__).resolve().parent

FLOW = """
import os
import time
from pathlib import Path
from thruway import pipeline, step


def note(name):
    # A folder: a file would be a result of the step.
    os.mkdir(os.path.join(os.environ["EXECUTED"], f"{time.monotonic_ns()}-{name}"))


@step
def first(count: int) -> list[int]:
    note("first")
    Path("made.txt").write_text("made " * 2000)
    return list(range(count))


@step
def second(rows: list[int]) -> bytes:
    note("second")
    print("hello " * 100)
    return bytes(200_000) + bytes(rows)


@step
def third(rows: list[int], data: bytes) -> dict[str, int]:
    note("third")
    return {"sum": sum(rows), "size": len(data)}


@pipeline
def flow(count: int = 10):
    rows = first(count)
    data = second(rows)
    told = third(rows, data)
    return told
"""
RIGHT = {"sum": 45, "size": 200_010}


class Fragile:
    """A project, and what its steps did."""

    def __init__(self, folder: Path):
        self.dir = folder / "project"
        self.dir.mkdir(parents=True)
        (self.dir / "toy.py").write_text(FLOW)
        (self.dir / "pyproject.toml").write_text('[tool.thruway]\npipeline = "toy:flow"\n')
        self.store = self.dir / ".thruway"
        self.notes = folder / "executed"
        self.notes.mkdir()

    @property
    def project(self):
        return load_project(self.dir)

    def executed(self) -> list[str]:
        return [one.name.partition("-")[2] for one in sorted(self.notes.iterdir())]

    def complete(self) -> list[str]:
        """Steps that the lineage knows to be finished."""
        file = self.store / "lineage.db"
        if not file.is_file():
            return []
        with contextlib.closing(sqlite3.connect(file)) as db:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'execution'").fetchone():
                return []
            return [
                row[0] for row in db.execute("SELECT step FROM execution WHERE state = 'COMPLETE'")
            ]

    def check_objects(self) -> None:
        """Every object is what its address says, or has not become one."""
        for file in (self.store / "objects").rglob("*"):
            if file.is_file() and not file.name.startswith(".new-"):
                assert digest_file(file) == file.parent.name + file.name

    def check_recovery(self, *, resume: bool, **options) -> None:
        """The next run is right, and executes nothing again that was finished."""
        before, finished = self.executed(), self.complete()
        self.check_objects()
        runs = list_runs(self.store) if finished else []
        chosen = (
            resume_options(self.project, runs[0]["run"])
            if resume and runs
            else RunOptions(**options)
        )
        result = run_project(self.project, chosen)
        assert result.load("told") == RIGHT
        again = self.executed()[len(before) :]
        assert not set(again) & set(finished)
        assert sorted(again) == sorted({"first", "second", "third"} - set(finished))
        assert (self.dir / "outputs/made.txt").read_text() == "made " * 2000
        assert [run["state"] for run in list_runs(self.store)][:1] == [result.state]
        assert "RUNNING" not in [run["state"] for run in list_runs(self.store)]
        assert not list(self.store.glob("work/*"))
        self.check_objects()


@pytest.fixture
def fragile(tmp_path, monkeypatch):
    monkeypatch.setenv("EXECUTED", str(tmp_path / "executed"))
    return Fragile(tmp_path)


# Killed anywhere --------------------------------------------------------------------------------


def crashed(fragile, at, **options) -> int:
    """Run in a forked child that kills itself at an event; return how many there were if it lives."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        status = 70
        try:
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, 1)
            os.dup2(nothing, 2)
            crash = crashing.arm(at, ".thruway")
            run_project(load_project(fragile.dir), RunOptions(**options))
            os.write(writing, str(crash.count).encode())
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    _, status = os.waitpid(child, 0)
    with os.fdopen(reading) as told:
        count = told.read()
    assert os.waitstatus_to_exitcode(status) == (-signal.SIGKILL if at and not count else 0)
    return int(count or 0)


def sampled(count: int, most: int) -> list[int]:
    """Return numbers from 1 to `count`, at most so many, evenly, the first and last of them."""
    if count <= most:
        return list(range(1, count + 1))
    return sorted({1 + round(index * (count - 1) / (most - 1)) for index in range(most)})


def test_a_runner_that_is_killed_at_any_moment(tmp_path, monkeypatch):
    monkeypatch.setenv("EXECUTED", str(tmp_path / "dry/executed"))
    events = crashed(Fragile(tmp_path / "dry"), 0)
    assert events > 100
    finished = set()
    for number in sampled(events, 120):
        monkeypatch.setenv("EXECUTED", str(tmp_path / f"{number}/executed"))
        fragile = Fragile(tmp_path / str(number))
        crashed(fragile, number)
        finished.add(len(fragile.complete()))
        fragile.check_recovery(resume=bool(number % 2))
    assert finished == {0, 1, 2, 3}


def test_a_runner_that_is_killed_while_workers_go_on(tmp_path, monkeypatch):
    monkeypatch.setenv("EXECUTED", str(tmp_path / "dry/executed"))
    events = crashed(Fragile(tmp_path / "dry"), 0, isolate=True)
    for number in sampled(events, 12):
        monkeypatch.setenv("EXECUTED", str(tmp_path / f"{number}/executed"))
        fragile = Fragile(tmp_path / str(number))
        crashed(fragile, number, isolate=True)
        settle(fragile)
        fragile.check_recovery(resume=bool(number % 2), isolate=True)


def settle(fragile) -> None:
    """Wait until no process of a run is left: they die with the one that began them."""
    for _ in range(400):
        if not any(str(fragile.store) in line for line in command_lines()):
            return
        time.sleep(0.02)
    raise AssertionError("a worker lives on")


def command_lines() -> list[str]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            found.append((process / "cmdline").read_bytes().decode(errors="replace"))
    return found


@pytest.fixture
def killing(tmp_path, monkeypatch):
    """Have the k-th process that the workers' process forks killed at its n-th event."""
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text((TESTS / "crashing.py").read_text())

    def arm(fork: int, at: int, seen: Path | None = None):
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(site), str(SOURCE)]))
        monkeypatch.setenv("CRASH_FORK", str(fork))
        monkeypatch.setenv("CRASH_AT", str(at))
        if seen:
            monkeypatch.setenv("CRASH_SEEN", str(seen))

    def disarm():
        for name in ("CRASH_FORK", "CRASH_AT", "CRASH_SEEN"):
            monkeypatch.delenv(name, raising=False)

    arm.disarm = disarm
    return arm


def test_a_worker_that_is_killed_at_any_moment(tmp_path, monkeypatch, killing):
    for fork, step in ((2, "first"), (3, "second")):  # the first one checks the types
        monkeypatch.setenv("EXECUTED", str(tmp_path / f"{step}/executed"))
        killing(fork, 0, tmp_path / "seen")
        run_project(Fragile(tmp_path / step).project, RunOptions(isolate=True))
        events = int((tmp_path / "seen").read_text())
        assert events >= 5
        for number in sampled(events, 8):
            folder = tmp_path / f"{step}-{number}"
            monkeypatch.setenv("EXECUTED", str(folder / "executed"))
            fragile = Fragile(folder)
            killing(fork, number)
            died = ""
            try:
                run_project(fragile.project, RunOptions(isolate=True))
            except StepFailed as error:
                died = error.what
            killing.disarm()
            if number == events:  # it had answered already
                assert not died
            else:
                assert died == f"the process of step `{step}` was killed by SIGKILL"
                assert fragile.complete() == {"first": [], "second": ["first"]}[step]
            fragile.check_recovery(resume=bool(number % 2), isolate=True)


# Stopped from outside -----------------------------------------------------------------------------

RUN = """
import sys
from thruway.kit.project import load_project
from thruway.run import RunOptions, run_project
options = RunOptions(isolate=sys.argv[2] == "1")
print("begun", flush=True)
run_project(load_project(sys.argv[1]), options)
"""


def started(fragile, *, isolate: bool):
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, str(fragile.dir), str(int(isolate))],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert process.stdout.readline() == b"begun\n"
    return process


@pytest.mark.parametrize("isolate", [False, True], ids=["in-process", "isolated"])
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "terminated"])
def test_a_run_that_is_asked_to_stop(tmp_path, monkeypatch, isolate, how):
    length = 0.9 if isolate else 0.5
    for moment in range(5):
        monkeypatch.setenv("EXECUTED", str(tmp_path / f"{moment}/executed"))
        fragile = Fragile(tmp_path / str(moment))
        process = started(fragile, isolate=isolate)
        time.sleep(moment / 4 * length)
        process.send_signal(how)
        process.wait(20)
        process.stdout.close()
        settle(fragile)
        states = [run["state"] for run in list_runs(fragile.store)]
        if how == signal.SIGINT:
            assert "RUNNING" not in states  # it tidied up itself
        fragile.check_recovery(resume=bool(moment % 2), isolate=isolate)


def test_a_child_that_a_step_leaves_behind(fragile, tmp_path):
    (fragile.dir / "toy.py").write_text(
        FLOW.replace(
            'print("hello " * 100)',
            f'import subprocess\n    child = subprocess.Popen(["sleep", "60"])\n'
            f"    Path({str(tmp_path / 'pid')!r}).write_text(str(child.pid))",
        )
    )
    run_project(fragile.project, RunOptions(isolate=True))
    child = int((tmp_path / "pid").read_text())
    deadline = time.monotonic() + 5
    while Path(f"/proc/{child}").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not Path(f"/proc/{child}").exists()


# Two at once --------------------------------------------------------------------------------------


@pytest.mark.parametrize("isolate", [False, True], ids=["in-process", "isolated"])
def test_two_runs_in_two_processes(fragile, isolate):
    both = [started(fragile, isolate=isolate) for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    for process in both:
        process.stdout.close()
    assert sorted(set(fragile.executed())) == ["first", "second", "third"]
    assert {run["state"] for run in list_runs(fragile.store)} <= {"COMPLETE", "CACHED"}
    fragile.check_objects()
    before = fragile.executed()
    assert run_project(fragile.project, RunOptions(isolate=isolate)).load("told") == RIGHT
    assert fragile.executed() == before


# What is in the store -----------------------------------------------------------------------------


def objects(fragile) -> list[Path]:
    return sorted(file for file in (fragile.store / "objects").rglob("*") if file.is_file())


def cut(file):
    file.write_bytes(file.read_bytes()[:-1])


def emptied(file):
    file.write_bytes(b"")


def flipped(file):
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def replaced(file):
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize(
    "damage", [cut, emptied, flipped, Path.unlink, replaced], ids=lambda d: d.__name__
)
@pytest.mark.parametrize("isolate", [False, True], ids=["in-process", "isolated"])
def test_each_object_that_is_damaged(fragile, damage, isolate):
    run_project(fragile.project, RunOptions(isolate=isolate))
    for file in objects(fragile):
        file.chmod(0o644)
        damage(file)
        assert run_project(fragile.project, RunOptions(isolate=isolate)).load("told") == RIGHT
        assert (fragile.dir / "outputs/made.txt").read_text() == "made " * 2000
        # What was only printed is looked at when it is shown, and made anew with its step.
        run_project(fragile.project, RunOptions(isolate=isolate, logs=True))
        fragile.check_objects()
    log = Told()
    run_project(fragile.project, RunOptions(isolate=isolate, logs=True, force=True), log)
    assert log.text == "hello " * 100 + "\n"


class Told(SilentReporter):
    text = ""

    def output(self, step, text):  # noqa: ARG002 - the protocol's
        self.text += text


def test_a_lineage_that_is_empty(fragile):
    run_project(fragile.project)
    before = objects(fragile)
    (fragile.store / "lineage.db").write_bytes(b"")
    assert run_project(fragile.project).load("told") == RIGHT
    assert objects(fragile) == before
    assert len(fragile.executed()) == 6
    assert fragile.complete() == ["first", "second", "third"]


@pytest.mark.parametrize("name", ["lineage.db-wal", "lineage.db-shm"])
def test_a_journal_that_is_gone(fragile, name):
    crashed(fragile, 180)
    (fragile.store / name).unlink(missing_ok=True)
    assert run_project(fragile.project).load("told") == RIGHT
    assert fragile.complete()


# Too much -----------------------------------------------------------------------------------------


PEAK = """
import sys
from thruway.kit.project import load_project
from thruway.run import RunOptions, run_project
run_project(load_project(sys.argv[1]), RunOptions(isolate=sys.argv[2] == "1", logs=True))
status = open("/proc/self/status").read()
print(int(status.split("VmHWM:")[1].split()[0]) // 1024)
"""


@pytest.mark.parametrize("isolate", [False, True], ids=["in-process", "isolated"])
@pytest.mark.parametrize("stream", ["stdout", "stderr", "descriptor"])
def test_a_step_that_prints_a_gigabyte(fragile, isolate, stream):
    written = {
        "stdout": 'print(text, end="")',
        "stderr": "import sys\n        sys.stderr.write(text)",
        "descriptor": "os.write(2, text.encode())",
    }[stream]
    (fragile.dir / "toy.py").write_text(
        FLOW.replace(
            'print("hello " * 100)',
            f"text = 'x' * 999_999 + chr(10)\n    for _ in range(1000):\n        {written}",
        )
    )
    process = subprocess.run(
        [sys.executable, "-c", PEAK, str(fragile.dir), str(int(isolate))],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    assert int(process.stdout.split()[-1]) < 300  # MB
    size = sum(file.stat().st_size for file in fragile.store.rglob("*") if file.is_file())
    assert size < 50_000_000
    assert run_project(fragile.project).load("told") == RIGHT
    assert len(fragile.executed()) == 3


LEAK = """
from thruway import pipeline, step


@step(memory="300MB", retries=1, backoff=0.01)
def leak(ok: bool) -> int:
    kept = []
    while not ok:
        kept.append(bytearray(10_000_000))
    return 1


@step
def other() -> int:
    return 2


@pipeline
def flow(ok: bool = False):
    one = leak(ok)
    two = other()
    return one, two
"""


def test_a_step_that_leaks_is_stopped_and_the_other_is_kept(fragile):
    (fragile.dir / "toy.py").write_text(LEAK)
    with pytest.raises(StepFailed, match=r"step `leak` held .* of memory and was stopped"):
        run_project(fragile.project, RunOptions(isolate=True))
    assert fragile.complete() == ["other"]
    settle(fragile)
    result = run_project(fragile.project, RunOptions(params={"ok": True}))
    assert [step.state for step in result.steps] == ["COMPLETE", "CACHED"]


# Clocks -------------------------------------------------------------------------------------------

READS = """
import os
import time
from thruway import pipeline, step


@step
def read() -> str:
    with open("data.txt") as handle:
        text = handle.read()
    {meanwhile}
    return text


@pipeline
def flow():
    text = read()
    return text
"""


@pytest.fixture
def reading(fragile):
    (fragile.dir / "toy.py").write_text(READS.format(meanwhile="pass"))
    (fragile.dir / "data.txt").write_text("one")
    return fragile


DAY = 86_400


@pytest.mark.parametrize("jump", [-400 * DAY, -3600, 3600, 400 * DAY])
def test_a_clock_that_jumps_between_runs(reading, monkeypatch, jump):
    assert run_project(reading.project).load("text") == "one"
    now, clock = time.time, time.clock_gettime_ns
    monkeypatch.setattr(time, "time", lambda: now() + jump)
    monkeypatch.setattr(time, "clock_gettime_ns", lambda which: clock(which) + jump * 10**9)
    result = run_project(reading.project)
    assert (result.state, result.load("text")) == ("CACHED", "one")
    (reading.dir / "data.txt").write_text("two")
    os.utime(reading.dir / "data.txt", (0, 0))
    assert run_project(reading.project).load("text") == "two"
    assert run_project(reading.project).load("text") == "two"
    monkeypatch.undo()
    assert list_runs(reading.store)[0]["state"] in ("COMPLETE", "CACHED")
    monkeypatch.setenv("EXECUTED", str(reading.notes))
    assert run_project(reading.project).load("text") == "two"


@pytest.mark.parametrize("jump", [-3600, 3600])
def test_a_clock_that_jumps_while_a_step_reads(reading, monkeypatch, jump):
    """The file changes behind the step's back, and the clock hides when."""
    clock, data = time.clock_gettime_ns, reading.dir / "data.txt"
    meanwhile = f"os.system('printf two > {data}')"
    (reading.dir / "toy.py").write_text(READS.format(meanwhile=meanwhile))
    ahead = max(-jump, 0)

    def jumping(which):
        later = jump if data.read_bytes() == b"two" else 0
        return clock(which) + (ahead + later) * 10**9

    monkeypatch.setattr(time, "clock_gettime_ns", jumping)
    assert run_project(reading.project).load("text") == "one"
    monkeypatch.setattr(time, "clock_gettime_ns", clock)
    assert run_project(reading.project).load("text") == "two"


def test_files_from_the_future(reading):
    ahead = time.time() + 10 * DAY
    os.utime(reading.dir / "data.txt", (ahead, ahead))
    os.utime(reading.dir / "toy.py", (ahead, ahead))
    assert run_project(reading.project).state == "COMPLETE"
    assert run_project(reading.project).state == "CACHED"
    (reading.dir / "data.txt").write_text("two")
    os.utime(reading.dir / "data.txt", (ahead, ahead))
    assert run_project(reading.project).load("text") == "two"
