"""What a step declares about how it runs: timeouts and memory that kill, retries, environment, cache."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from thruway.errors import PipelineError, StepFailed, StorageError
from thruway.kit.project import load_project
from thruway.kit.reading.read import read_pipeline

SLEEPER = """
    import os
    import subprocess
    import time

    @step(timeout=1.5)
    def slow(seconds: float, pid_file: str) -> float:
        child = subprocess.Popen(["sleep", "60"])
        with open(pid_file, "w") as handle:
            handle.write(str(child.pid))
        time.sleep(seconds)
        child.kill()
        child.wait()
        return seconds

    @step
    def other() -> int:
        return 7

    @pipeline
    def flow(pid_file: str, seconds: float = 30.0):
        waited = slow(seconds, pid_file)
        n = other()
        return waited, n
"""


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_timeout_kills_the_step_and_what_it_started(toy, tmp_path):
    toy.write(SLEEPER)
    file = tmp_path / "pid"
    began = time.monotonic()
    with pytest.raises(StepFailed) as caught:
        toy.run(params={"pid_file": str(file)})
    assert 1.4 < time.monotonic() - began < 20
    assert caught.value.what == "step `slow` took longer than its timeout of 1.5 s, and was stopped"
    assert "raise `timeout`" in caught.value.fix
    time.sleep(0.2)
    assert not alive(int(file.read_text()))
    result, heard = toy.run(params={"pid_file": str(file), "seconds": 0.1})
    assert (result.load("waited"), heard.states["other"]) == (0.1, "CACHED")


HUNGRY = """
    import time

    @step(memory="600MB")
    def hungry(megabytes: int) -> int:
        held = []
        for _ in range(megabytes // 10):
            held.append(b"x" * 10_000_000)
            time.sleep(0.01)
        return len(held)

    @pipeline
    def flow(megabytes: int = 3000):
        n = hungry(megabytes)
        return n
"""


def test_a_step_that_holds_too_much_is_stopped(toy):
    toy.write(HUNGRY)
    with pytest.raises(StepFailed) as caught:
        toy.run()
    assert caught.value.what.startswith("step `hungry` held ")
    assert caught.value.what.endswith(" of memory and was stopped: it declares 600.0 MB")
    result, _ = toy.run(params={"megabytes": 50})
    assert result.load("n") == 5


FLAKY = """
    import os
    import time

    @step(retries=2, backoff=0.4)
    def flaky(file: str) -> int:
        with open(file, "a") as handle:
            handle.write(f"{time.monotonic()}\\n")
        with open(file) as handle:
            tries = len(handle.readlines())
        if tries < 3:
            raise OSError(f"try {tries}")
        return tries

    @step
    def beside(file: str) -> float:
        return time.monotonic()

    @pipeline
    def flow(file: str):
        tries = flaky(file)
        when = beside(file)
        return tries, when
"""


def test_tries_wait_longer_and_longer_and_others_go_on(toy, tmp_path):
    file = tmp_path / "tries"
    toy.write(FLAKY)
    result, heard = toy.run(params={"file": str(file)}, jobs=2)
    assert result.load("tries") == 3
    assert heard.warnings[:2] == [
        "flaky: step `flaky` raised OSError: try 1; tried again in 0.4 s",
        "flaky: step `flaky` raised OSError: try 2; tried again in 0.8 s",
    ]
    one, two, three = (float(line) for line in file.read_text().split())
    assert two - one > 0.35
    assert three - two > 0.75
    if toy.isolate:
        assert result.load("when") < three


ENV = """
    import os

    @step(env=("GREETING",))
    def greet() -> str:
        return os.environ.get("GREETING", "nothing")

    @step
    def length(text: str) -> int:
        return len(text)

    @pipeline
    def flow():
        text = greet()
        n = length(text)
        return text, n
"""


def test_a_declared_variable_is_part_of_the_key(toy, monkeypatch):
    toy.write(ENV)
    monkeypatch.setenv("GREETING", "hello")
    assert toy.run()[0].load("text") == "hello"
    monkeypatch.setenv("GREETING", "ahoy!")
    result, heard = toy.run()
    assert (result.load("text"), result.load("n")) == ("ahoy!", 5)
    assert heard.reasons["greet"] == "environment variable GREETING changed"
    monkeypatch.delenv("GREETING")
    result, heard = toy.run()
    assert result.load("text") == "nothing"
    monkeypatch.setenv("GREETING", "hello")
    assert toy.states() == "greet=CACHED length=CACHED"
    database = (toy.dir / ".thruway" / "lineage.db").read_bytes()
    assert b"hello" not in database.replace(b"'hello'", b"")  # the value is not written down


def test_a_step_that_is_never_cached(toy):
    toy.write(ENV)
    toy.edit('@step(env=("GREETING",))', "@step(cache=False)")
    toy.run()
    _, heard = toy.run()
    assert heard.states == {"greet": "COMPLETE", "length": "CACHED"}
    assert heard.reasons["greet"] == "it says `cache=False`"


def test_what_is_only_in_memory_cannot_go_to_a_process(local):
    local.write("""
        import threading

        @step
        def lock() -> object:
            return threading.Lock()

        @step(timeout=5)
        def use(lock: object) -> int:
            return 1

        @pipeline
        def flow():
            one = lock()
            n = use(one)
            return n
    """)
    with pytest.raises(StorageError, match="declares a limit, so it runs in a process of its own"):
        local.run()


WRONG = [
    ("retries=-1", "`retries` of a step is a whole number from 0, not -1", "write retries=2"),
    ("retries=1.5", "`retries` of a step is a whole number from 0, not 1.5", "write retries=2"),
    ("timeout=0", "`timeout` of a step is seconds above 0, or None, not 0", "write timeout=60.0"),
    ('memory="lots"', "`memory` of a step is bytes, or a text with a unit, not 'lots'", '"2GB"'),
    ("cpus=0", "`cpus` of a step is a number above 0, not 0", "write cpus=2"),
    ('env="HOME"', "`env` of a step is a tuple of names", 'write env=("HOME",)'),
    ("cache=1", "`cache` of a step is True or False, not 1", "write cache=False"),
    ("tries=2", "`tries` is not an option of @step", "use one of: role, retries"),
    ("timeout=LIMIT", "`timeout` of a step is not a literal: LIMIT", "write the value"),
    ("**MORE", "`**` of a step is not a literal: MORE", "write"),
]


@pytest.mark.parametrize(("option", "what", "fix"), WRONG)
def test_options_that_are_none(local, option, what, fix):
    local.write(f"""
        LIMIT, MORE = 3, {{}}

        @step({option})
        def one() -> int:
            return 1

        @pipeline
        def flow():
            n = one()
            return n
    """)
    with pytest.raises(PipelineError) as caught:
        read_pipeline(load_project(local.dir))
    assert what in caught.value.what
    assert fix in caught.value.fix
    assert "toy.py, line " in caught.value.where


def test_the_cluster_is_given_the_variables_too(local, monkeypatch):
    pytest.importorskip("distributed")
    local.write(ENV)
    monkeypatch.setenv("GREETING", "from here")
    assert local.run(executor="dask", jobs=1)[0].load("text") == "from here"
    assert os.environ["GREETING"] == "from here"
