"""Steps in processes and folders of their own: what they see, at what time, and what is kept."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from thruway.errors import StepFailed
from thruway.run import describe_run

# What a step is given ---------------------------------------------------------------------------


def test_a_missing_file_port_is_noticed(apart):
    apart.write("""
        from pathlib import Path

        @step
        def write() -> int:
            Path("note.txt").write_text("hello")
            return 1

        @step
        def read(n: int) -> str:
            return Path("note.txt").read_text()

        @pipeline
        def flow():
            n = write()
            text = read(n)
            return text
    """)
    with pytest.raises(StepFailed, match="FileNotFoundError"):
        apart.run()


def test_a_step_sees_the_data_as_the_user_has_it(apart):
    (apart.data / "deep").mkdir()
    (apart.data / "deep" / "x.csv").write_text("1")
    (apart.data / "y.parquet").write_text("2")
    apart.write("""
        import os
        from pathlib import Path

        @step
        def change() -> int:
            Path("deep/x.csv").write_text("changed")
            os.remove("y.parquet")
            return 1

        @step
        def look(n: int) -> str:
            return Path("deep/x.csv").read_text() + Path("y.parquet").read_text()

        @pipeline
        def flow():
            n = change()
            text = look(n)
            return text
    """)
    result, _ = apart.run()
    assert result.load("text") == "12"
    assert (apart.data / "deep" / "x.csv").read_text() == "1"


FOLDERS = """
    import os
    from pathlib import Path

    class Made(NamedTuple):
        models: File
        n: int

    @step
    def make() -> Made:
        os.makedirs("models/empty", exist_ok=True)
        Path("models/a.txt").write_text("a")
        return Made(File("models"), 1)

    @step
    def fill(models: File) -> Made:
        assert os.path.isdir(models / Path("empty"))
        os.remove("models/a.txt")
        Path("models/empty/b.txt").write_text("b")
        Path("models/c.txt").write_text("c")
        return Made(File("models"), 2)

    @step
    def look(models: File) -> list:
        return sorted(p.as_posix() + (":" + p.read_text() if p.is_file() else "")
                      for p in Path("models").rglob("*"))

    @pipeline
    def flow():
        first, _ = make()
        second, _ = fill(first)
        names = look(second)
        before = look(first)
        return names, before
"""
BEFORE = ["models/a.txt:a", "models/empty"]
AFTER = ["models/c.txt:c", "models/empty", "models/empty/b.txt:b"]


def test_a_folder_travels(toy):
    toy.write(FOLDERS)
    result, _ = toy.run()
    assert (result.load("names"), result.load("before")) == (AFTER, BEFORE)
    assert set(toy.states().replace("=", " ").split()[1::2]) == {"CACHED"}


def test_a_folder_that_the_user_has_already(toy):
    (toy.data / "models").mkdir()
    (toy.data / "models" / "old.txt").write_text("old")
    (toy.data / "models" / "old.json").write_text("{}")  # small enough to be copied, not linked
    toy.write(FOLDERS)
    result, _ = toy.run()
    old = ["models/old.json:{}", "models/old.txt:old"]
    assert result.load("names") == sorted(AFTER + old)
    assert result.load("before") == sorted(BEFORE + old)
    assert sorted(p.name for p in (toy.data / "models").iterdir()) == ["old.json", "old.txt"]
    (toy.data / "models" / "old.txt").write_text("new")
    again, heard = toy.run()
    assert again.load("names") == sorted([*AFTER, old[0], "models/old.txt:new"])
    assert heard.states["make"] == "CACHED"  # it never read it
    (toy.data / "models" / "more.txt").write_text("more")
    again, heard = toy.run()
    assert "models/more.txt:more" in again.load("names")
    assert heard.reasons["make"] == "the folder `models` changed"


# Probed runs ------------------------------------------------------------------------------------

SHOWN = """
    from thruway import display

    @step
    def show(n: int = 2) -> int:
        print("before")
        display([n])
        print("after", end="")
        display("x")
        return n

    @step
    def more(n: int) -> int:
        print("more")
        return n + 1

    @pipeline
    def flow(n: int = 2):
        m = show(n)
        k = more(m)
        return k
"""


def test_a_probed_run_fills_the_cache(toy):
    toy.write(SHOWN)
    expected = "before\n[2]\nafter'x'\nmore\n"
    probed, heard = toy.run(probe=True, force=True)
    record = probed.step("show").record
    assert (record.stdout, record.displays) == ("before\nafter", ("[2]", "'x'"))
    assert heard.text == expected
    plain, heard = toy.run()
    assert (plain.state, heard.text, plain.load("k")) == ("CACHED", expected, 3)
    fresh, heard = toy.run(force=True)
    assert (fresh.state, heard.text) == ("COMPLETE", expected)
    assert fresh.step("show").outputs == probed.step("show").outputs
    assert toy.states(probe=True) == "show=COMPLETE more=COMPLETE"


def test_a_probed_run_without_the_cache_adds_nothing(toy):
    toy.write(SHOWN)
    toy.run(probe=True, no_cache=True)
    assert toy.states() == "show=COMPLETE more=COMPLETE"


def test_a_probed_failure_is_not_kept(toy):
    toy.write(SHOWN)
    toy.edit('print("more")', "raise ValueError")
    with pytest.raises(StepFailed):
        toy.run(probe=True)
    with pytest.raises(StepFailed):
        toy.run()
    toy.edit("raise ValueError", 'print("more")')
    assert toy.states() == "show=CACHED more=COMPLETE"


# Several at the same time -----------------------------------------------------------------------

BRANCHES = """
    import time
    from pathlib import Path

    def meet(folder: str, me: str, other: str) -> None:
        Path(folder, me).write_text("")
        for _ in range(400):
            if Path(folder, other).exists():
                return
            time.sleep(0.05)
        raise RuntimeError("alone")

    @step
    def start() -> int:
        return 1

    @step
    def left(n: int, folder: str) -> int:
        meet(folder, "left", "right")
        time.sleep(0.3)
        print("left")
        return n + 1

    @step
    def right(n: int, folder: str, fails: bool) -> int:
        meet(folder, "right", "left")
        print("right")
        if fails:
            raise ValueError("no")
        return n + 2

    @step
    def join(a: int, b: int) -> int:
        return a * b

    @pipeline
    def flow(folder: str, fails: bool = False):
        n = start()
        a = left(n, folder)
        b = right(n, folder, fails)
        c = join(a, b)
        return c
"""


def test_branches_run_at_the_same_time(apart, tmp_path):
    apart.write(BRANCHES)
    result, heard = apart.run(jobs=2, params={"folder": str(tmp_path)})
    assert result.load("c") == 6
    assert list(heard.states) == ["start", "right", "left", "join"]  # as they end
    assert heard.text == "left\nright\n"  # as they are written
    assert [step.name for step in result.steps] == ["start", "left", "right", "join"]
    executions = describe_run(result.store, "latest")["executions"]
    assert [e["step"] for e in executions] == ["start", "left", "right", "join"]
    assert apart.run(jobs=2, params={"folder": str(tmp_path)})[0].state == "CACHED"


def test_where_processes_cannot_be_forked(apart, tmp_path, monkeypatch):
    monkeypatch.setattr("thruway.run.executors.isolated.sys.platform", "darwin")
    apart.write(BRANCHES)
    result, heard = apart.run(jobs=2, params={"folder": str(tmp_path)})
    assert (result.load("c"), heard.text) == (6, "left\nright\n")


def test_a_branch_that_fails_lets_the_other_finish(apart, tmp_path):
    apart.write(BRANCHES)
    with pytest.raises(StepFailed, match="ValueError: no"):
        apart.run(jobs=2, params={"folder": str(tmp_path), "fails": True})
    executions = describe_run(apart.dir / ".thruway", "latest")["executions"]
    assert [(e["step"], e["state"]) for e in executions] == [
        ("start", "COMPLETE"),
        ("left", "COMPLETE"),
        ("right", "FAILED"),
    ]
    result, heard = apart.run(jobs=2, params={"folder": str(tmp_path)})
    assert heard.states["left"] == "CACHED"
    assert result.load("c") == 6


# Standard error ---------------------------------------------------------------------------------


def test_standard_error_is_kept_apart(toy):
    toy.write("""
        import sys

        @step
        def talk(fails: bool) -> int:
            sys.stderr.write("x" * 100_000 + "\\n")
            print("out")
            print("the end", file=sys.stderr)
            if fails:
                raise ValueError("no")
            return 1

        @pipeline
        def flow(fails: bool = False):
            n = talk(fails)
            return n
    """)
    _, heard = toy.run()
    assert heard.text == "out\n"
    execution = describe_run(toy.dir / ".thruway", "latest")["executions"][0]
    assert execution["stdout"] == "out\n"
    assert execution["stderr"].endswith("x\nthe end\n")
    assert len(execution["stderr"]) == 64 * 1024
    with pytest.raises(StepFailed) as caught:
        toy.run(params={"fails": True})
    assert caught.value.detail.endswith("the end")
    assert "ValueError: no" in caught.value.detail


def test_what_a_crash_leaves_on_standard_error(apart):
    apart.write("""
        import os

        @step
        def crash() -> int:
            os.write(2, b"from below")
            os.abort()

        @pipeline
        def flow():
            n = crash()
            return n
    """)
    with pytest.raises(StepFailed, match="SIGABRT") as caught:
        apart.run()
    assert "from below" in caught.value.detail


# Another interpreter ----------------------------------------------------------------------------


@pytest.mark.skipif("THRUWAY_TEST_PYTHON" not in os.environ, reason="names no other Python")
def test_another_interpreter_with_other_libraries(apart):
    apart.write("""
        import pandas as pd

        class Made(NamedTuple):
            frame: pd.DataFrame
            version: str

        @step
        def make() -> Made:
            frame = pd.DataFrame({"a": [1.5, None, 3.0], "b": pd.Categorical(list("xyx"))})
            frame.index = pd.to_datetime(["2020-01-01", "2020-01-02", "2020-01-04"])
            print("made")
            return Made(frame, pd.__version__)

        @step
        def total(frame: pd.DataFrame) -> float:
            return float(frame["a"].sum())

        @pipeline
        def flow():
            frame, version = make()
            value = total(frame)
            return value, version, frame
    """)
    python = os.environ["THRUWAY_TEST_PYTHON"]
    for options in ({"probe": True, "force": True, "jobs": 2}, {}):
        result, heard = apart.run(python=python, **options)
        assert result.load("value") == 4.5
        assert heard.text == "made\n"
    assert result.state == "CACHED"
    assert "3 × 2 frame: a, b" in result.results["frame"].preview
    assert result.results["frame"].type == "pandas.DataFrame"


def test_nothing_is_left_behind(apart):
    apart.write(FOLDERS)
    apart.run(jobs=2)
    assert not list((apart.dir / ".thruway").glob("work*/*"))
    assert not list(Path(apart.dir / ".thruway" / "objects").glob(".new-*"))
