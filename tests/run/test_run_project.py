"""What a run does, the same over both executors."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from thruway.errors import StepFailed, StorageError, TypeMismatch, UsageError
from thruway.kit.project import load_project
from thruway.run import (
    RunOptions,
    describe_artifact,
    describe_run,
    explain_key,
    list_runs,
    run_project,
)

SOURCE = Path(__file__).resolve().parents[2] / "src"


LINE = """
    from pathlib import Path
    from helper import scale

    class Loaded(NamedTuple):
        rows: list
        count: int

    @step
    def load(csv: str = "x.csv") -> Loaded:
        rows = [int(line) for line in Path(csv).read_text().split()]
        print("loaded", len(rows))
        return Loaded(rows, len(rows))

    @step
    def total(rows: list, *, C: float = 1.0) -> float:
        value = scale(sum(rows)) * C
        print("total", value)
        return value

    @pipeline
    def flow(csv: str = "x.csv", C: float = 1.0):
        rows, count = load(csv)
        value = total(rows, C=C)
        return value, count
"""


@pytest.fixture
def line(toy):
    toy.write(LINE)
    (toy.dir / "helper.py").write_text("def scale(x):\n    # twice\n    return 2 * x\n")
    (toy.data / "x.csv").write_text("1 2 3")
    return toy


def test_a_line_runs_and_is_cached(line):
    result, heard = line.run()
    assert (result.state, result.load("value"), result.load("count")) == ("COMPLETE", 12.0, 3)
    assert heard.text == "loaded 3\ntotal 12.0\n"
    assert heard.reasons == dict.fromkeys(["load", "total"], "it never ran before")
    again, heard = line.run()
    assert (again.state, again.load("value")) == ("CACHED", 12.0)
    assert heard.text == "loaded 3\ntotal 12.0\n"
    assert heard.reasons == {"load": "", "total": ""}
    assert again.step("total").outputs == result.step("total").outputs


def change_helper(line):
    line.edit("2 * x", "3 * x", "helper.py")


def change_comment(line):
    line.edit("# twice", "# two times", "helper.py")


def change_data(line):
    file = line.data / "x.csv"
    times = file.stat()
    file.write_text("1 2 4")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))


def change_data_order(line):
    (line.data / "x.csv").write_text("3 2 1")


def append_space(line):
    (line.data / "x.csv").write_text("1 2 3 ")


EDITS = [
    (change_helper, "load=CACHED total=COMPLETE", 18.0, "the code of `helper.scale` changed"),
    (change_comment, "load=CACHED total=CACHED", 12.0, ""),
    (change_data, "load=COMPLETE total=COMPLETE", 14.0, "input `rows` changed"),
    (change_data_order, "load=COMPLETE total=COMPLETE", 12.0, "input `rows` changed"),
    (append_space, "load=COMPLETE total=CACHED", 12.0, ""),  # early cut-off
]


@pytest.mark.parametrize(
    ("edit", "states", "value", "reason"), EDITS, ids=lambda v: getattr(v, "__name__", "")
)
def test_what_an_edit_makes_run_again(line, edit, states, value, reason):
    line.run()
    edit(line)
    result, heard = line.run()
    assert " ".join(f"{s}={v}" for s, v in heard.states.items()) == states
    assert result.load("value") == value
    assert heard.reasons["total"] == reason


def test_parameters_are_part_of_the_key(line):
    line.run()
    result, heard = line.run(params={"C": 2.0})
    assert (heard.states, result.load("value")) == ({"load": "CACHED", "total": "COMPLETE"}, 24.0)
    assert heard.reasons["total"] == "parameter `C` was 1.0, is 2.0"
    assert line.states() == "load=CACHED total=CACHED"
    assert line.states(params={"C": 1}) == "load=CACHED total=COMPLETE"
    assert line.states(seed=1) == "load=COMPLETE total=COMPLETE"


def test_unknown_parameters_and_steps_are_refused(line):
    for options in ({"params": {"c": 1}}, {"only": "nope"}, {"only": "load", "from_step": "load"}):
        with pytest.raises(UsageError):
            line.run(**options)


def test_force_and_no_cache(line):
    line.run()
    assert line.states(force=True) == "load=COMPLETE total=COMPLETE"
    assert line.states(no_cache=True) == "load=COMPLETE total=COMPLETE"
    assert line.states(from_step="total") == "load=CACHED total=COMPLETE"


def test_only_takes_the_newest_result_of_the_steps_before(line):
    with pytest.raises(UsageError, match="no result yet"):
        line.run(only="total")
    line.run()
    line.edit('print("loaded"', 'print("Loaded"')
    line.edit("* C", "* C * 10")
    result, heard = line.run(only="total")
    assert heard.states == {"load": "CACHED", "total": "COMPLETE"}
    assert result.load("value") == 120.0
    assert any("the code of `toy.load` changed" in text for text in heard.warnings)


def test_a_diamond_with_an_in_place_change(toy):
    toy.write("""
        @step
        def make() -> list:
            return [3, 1, 2]

        @step
        def order(items: list) -> list:
            items.sort()
            return items

        @step
        def first(items: list) -> int:
            return items[0]

        @pipeline
        def flow():
            items = make()
            ordered = order(items)
            head = first(items)
            tail = first(ordered)
            return head, tail, items
    """)
    result, _ = toy.run()
    assert [result.load(name) for name in ("head", "tail", "items")] == [3, 1, [3, 1, 2]]


def test_outputs_that_share_keep_sharing(toy):
    toy.write("""
        class Made(NamedTuple):
            one: list
            two: dict

        @step
        def make() -> Made:
            one = [1]
            return Made(one, {"inside": one})

        @step
        def use(one: list, two: dict) -> int:
            one.append(2)
            return len(two["inside"])

        @step
        def look(two: dict) -> int:
            return len(two["inside"])

        @pipeline
        def flow():
            one, two = make()
            used = use(one, two)
            seen = look(two)
            return used, seen
    """)
    result, _ = toy.run()
    assert (result.load("used"), result.load("seen")) == (2, 1)
    hashes = {ref.hash for ref in result.step("make").outputs.values()}
    assert len(hashes) == 1


def test_equal_values_of_two_steps_stay_two(toy):
    toy.write("""
        @step
        def left() -> list:
            return []

        @step
        def both(a: list, b: list) -> int:
            a.append(1)
            return len(b)

        @pipeline
        def flow():
            a = left()
            b = left()
            n = both(a, b)
            return n
    """)
    result, _ = toy.run()
    assert result.load("n") == 0


def test_a_random_stream_travels(toy):
    toy.write("""
        import random

        class Drawn(NamedTuple):
            x: float
            state: PythonRandom

        @step
        def draw() -> Drawn:
            random.seed(7)
            return Drawn(random.random(), PythonRandom.capture())

        @step
        def more(state: PythonRandom) -> float:
            state.restore()
            return random.random()

        @step
        def fresh() -> float:
            return random.random()

        @pipeline
        def flow():
            x, state = draw()
            y = more(state)
            z = fresh()
            return x, y, z
    """)
    import random

    expected = random.Random(7)
    before = random.getstate()
    result, _ = toy.run()
    assert [result.load("x"), result.load("y")] == [expected.random(), expected.random()]
    assert result.load("z") == random.Random(0).random()  # the ambient seed, in each step
    assert random.getstate() == before


FILES = """
    import os
    from pathlib import Path

    class Written(NamedTuple):
        report: File
        csv: File

    @step
    def write() -> Written:
        os.makedirs("out", exist_ok=True)
        with open("out/report.txt", "w") as handle:
            handle.write("hello")
        with open("x.csv", "a") as handle:
            handle.write(" 4")
        return Written(File("out/report.txt"), File("x.csv"))

    @step
    def read(report: File, csv: File) -> str:
        return Path("out/report.txt").read_text() + Path(report).read_text() + Path("x.csv").read_text()

    @pipeline
    def flow():
        report, csv = write()
        text = read(report, csv)
        return text, report
"""


def test_files_travel_and_land_in_outputs(toy):
    toy.write(FILES)
    (toy.data / "x.csv").write_text("1 2 3")
    result, _ = toy.run()
    assert result.load("text") == "hellohello1 2 3 4"
    assert (toy.data / "x.csv").read_text() == "1 2 3"  # never written
    written = {
        p.relative_to(result.outputs).as_posix(): p.read_text() for p in result.outputs.rglob("*.*")
    }
    assert written == {"out/report.txt": "hello", "x.csv": "1 2 3 4"}
    (result.outputs / "x.csv").write_text("damaged")
    again, heard = toy.run()
    assert heard.reasons == {"write": "", "read": ""}
    assert (again.outputs / "x.csv").read_text() == "1 2 3 4"
    assert again.load("report").read_text() == "hello"
    toy.edit('Path("x.csv").read_text()', 'Path("x.csv").read_text() + "!"')
    result, heard = toy.run()
    assert heard.states == {"write": "CACHED", "read": "COMPLETE"}
    assert result.load("text") == "hellohello1 2 3 4!"
    assert not list((toy.dir / ".thruway").glob("work/*"))


def test_a_failing_step_says_where(toy):
    toy.write("""
        @step
        def bad(x: int = 0) -> float:
            print("before")
            return 1 / x

        @pipeline
        def flow():
            y = bad()
            return y
    """)
    for _ in range(2):  # a failure is never cached
        with pytest.raises(StepFailed) as caught:
            toy.run()
        assert caught.value.what == "step `bad` raised ZeroDivisionError: division by zero"
        assert caught.value.where == "step bad, toy.py:7"
        assert "return 1 / x" in caught.value.detail
        assert "thruway/run" not in caught.value.detail.replace("\\", "/")
    executions = describe_run(toy.dir / ".thruway", "latest")["executions"]
    assert [(e["state"], e["stdout"]) for e in executions] == [("FAILED", "before\n")]
    assert not list((toy.dir / ".thruway").glob("work/*"))


def test_a_worker_that_dies(apart):
    apart.write("""
        import os, signal

        @step
        def dies(how: str) -> int:
            if how == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            os._exit(3)

        @pipeline
        def flow(how: str = "kill"):
            n = dies(how)
            return n
    """)
    with pytest.raises(StepFailed, match="killed by SIGKILL"):
        apart.run()
    with pytest.raises(StepFailed, match="ended with status 3"):
        apart.run(params={"how": "exit"})


def test_a_step_is_tried_again(local):
    local.write("""
        from pathlib import Path

        @step(retries=2)
        def flaky() -> int:
            count = Path("count.txt")
            tries = len(count.read_text()) if count.exists() else 0
            count.write_text("x" * (tries + 1))
            return 10 // tries

        @pipeline
        def flow():
            n = flaky()
            return n
    """)
    result, heard = local.run()
    assert result.load("n") == 10
    assert "tried again" in heard.warnings[0]


UNSTORABLE = """
    @step
    def make() -> object:
        return (x for x in [1, 2])

    @step
    def use(items: object) -> int:
        return sum(items)

    @pipeline
    def flow():
        items = make()
        n = use(items)
        return n
"""


def test_what_cannot_be_stored_stays_in_memory(local):
    local.write(UNSTORABLE)
    result, heard = local.run()
    assert result.load("n") == 3
    assert "generator" in heard.warnings[0]
    assert local.states() == "make=COMPLETE use=COMPLETE"


def test_what_cannot_be_stored_is_refused_between_processes(apart):
    apart.write(UNSTORABLE)
    with pytest.raises(StorageError) as caught:
        apart.run()
    assert "`return` of step `make`" in caught.value.what
    assert "generator" in caught.value.what


def test_types_are_checked_before_the_first_step(toy):
    toy.write("""
        @step
        def make() -> str:
            raise RuntimeError("not reached")

        @step
        def use(n: int) -> int:
            return n

        @pipeline
        def flow():
            text = make()
            n = use(text)
            return n
    """)
    with pytest.raises(TypeMismatch):
        toy.run()


@pytest.mark.parametrize("content", [b"", b"garbage"])
def test_a_damaged_object_is_made_anew(line, content):
    result, _ = line.run()
    address = result.step("load").outputs["rows"].hash
    file = line.dir / ".thruway" / "objects" / address[:2] / address[2:]
    file.chmod(0o644)
    file.write_bytes(content)
    again, heard = line.run()
    assert heard.states == {"load": "COMPLETE", "total": "CACHED"}
    assert "damaged" in heard.reasons["load"]
    assert again.load("value") == 12.0


def test_what_cannot_be_read_here_is_made_anew(toy, tmp_path):
    """`keeper` keeps what it makes in a box where `boxes` is installed, as pandas does in Arrow."""
    site = tmp_path / "site-packages"
    for name, text in {
        "boxes": "class Box(list):\n    pass\n",
        "keeper": "try:\n    from boxes import Box as make\nexcept ImportError:\n    make = list\n",
    }.items():
        (site / name).mkdir(parents=True)
        (site / name / "__init__.py").write_text(text)
        (site / f"{name}-1.0.dist-info").mkdir()
        (site / f"{name}-1.0.dist-info" / "METADATA").write_text(f"Name: {name}\nVersion: 1.0\n")
        (site / f"{name}-1.0.dist-info" / "top_level.txt").write_text(name)
    toy.write("""
        import keeper

        @step
        def load() -> list:
            return keeper.make([1, 2])

        @step
        def value(rows: list) -> float:
            return float(len(rows))

        @pipeline
        def flow():
            rows = load()
            length = value(rows)
            return length
    """)

    def run(expected):
        done = subprocess.run(
            [sys.executable, "-c", REASONS, str(toy.dir), str(int(toy.isolate))],
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(SOURCE), str(site)])},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout.splitlines() == expected, done.stderr

    run(["load COMPLETE it never ran before", "value COMPLETE it never ran before", "2.0"])
    run(["load CACHED ", "value CACHED ", "2.0"])
    shutil.rmtree(site / "boxes")
    shutil.rmtree(site / "boxes-1.0.dist-info")
    reason = "what it gave is read with `boxes`, which is not installed"
    run(
        [
            f"load COMPLETE {reason}",
            "value COMPLETE input `rows` changed; package boxes is gone",
            "2.0",
        ]
    )
    run(["load CACHED ", "value CACHED ", "2.0"])


REASONS = """
import sys
from thruway.kit.project import load_project
from thruway.run import RunOptions, run_project
options = RunOptions(isolate=sys.argv[2] == "1")
done = run_project(load_project(sys.argv[1]), options)
for step in done.steps:
    print(step.name, step.state, step.reason)
print(done.load("length"))
"""


def test_a_large_damaged_object_is_found_when_it_is_read(line, monkeypatch):
    monkeypatch.setattr("thruway.run.engine.answers._VERIFIED_ON_HIT", 0)
    result, _ = line.run()
    address = result.step("load").outputs["rows"].hash
    file = line.dir / ".thruway" / "objects" / address[:2] / address[2:]
    file.chmod(0o644)
    file.write_bytes(b"garbage")
    line.edit("* C", "* C * 10")
    again, heard = line.run()
    assert heard.states == {"load": "COMPLETE", "total": "COMPLETE"}
    assert "gone or damaged" in heard.warnings[0]
    assert again.load("value") == 120.0


def test_two_runs_at_once(line):
    failures, values = [], []

    def go():
        try:
            done = subprocess.run(
                [sys.executable, "-c", RUN, str(line.dir), str(int(line.isolate))],
                env={**os.environ, "PYTHONPATH": str(SOURCE)},
                capture_output=True,
                text=True,
                check=True,
            )
            values.append(done.stdout.split()[-1])
        except subprocess.CalledProcessError as error:
            failures.append(error.stderr)

    threads = [threading.Thread(target=go) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (failures, values) == ([], ["12.0"] * 3)
    assert len(list_runs(line.dir / ".thruway")) == 3
    assert line.states() == "load=CACHED total=CACHED"


RUN = """
import sys
from thruway.kit.project import load_project
from thruway.run import RunOptions, run_project
options = RunOptions(isolate=sys.argv[2] == "1")
print(run_project(load_project(sys.argv[1]), options).load("value"))
"""


def test_a_cached_run_imports_nothing_heavy(local):
    local.write("""
        import pandas as pd

        @step
        def make() -> pd.DataFrame:
            return pd.DataFrame({"a": [1]})

        @step
        def count(frame: pd.DataFrame) -> int:
            return len(frame)

        @pipeline
        def flow():
            frame = make()
            value = count(frame)
            return value
    """)
    code = RUN + "\nprint(sorted({'pandas', 'numpy', 'toy'} & set(sys.modules)))"
    command = [sys.executable, "-c", code, str(local.dir), "0"]
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    for expected in ("['numpy', 'pandas', 'toy']", "[]"):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        assert done.stdout.strip().splitlines()[-1] == expected


def test_the_probe_sees_names_text_and_files(toy):
    toy.write("""
        @step
        def work(n: int = 2) -> int:
            items = [n]
            with open("a.txt", "w") as handle:
                handle.write("x")
            print("hello")
            def inner():
                return 5
            if n > 1:
                deep = n * 10
                return deep
            return 0

        @pipeline
        def flow():
            n = work()
            return n
    """)
    result, _ = toy.run(probe=True, keep=frozenset({("work", "items"), ("work", "inner")}))
    record = result.step("work").record
    assert sorted(record.names) == ["deep", "handle", "inner", "items", "n"]
    assert record.stdout == "hello\n"
    assert list(record.files) == ["a.txt"]
    assert record.ports["return"] == record.names["deep"].digest
    from thruway.run.store.store import Store

    assert Store(result.store).load(record.names["items"].artifact) == [2]
    assert record.names["inner"].artifact is None
    assert record.names["inner"].reason


def test_what_the_store_knows(line):
    store = line.dir / ".thruway"
    assert list_runs(store) == []
    first, _ = line.run()
    line.run(params={"C": 3.0})
    assert [(r["state"], r["steps"], r["cached"]) for r in list_runs(store)] == [
        ("COMPLETE", 2, 1),
        ("COMPLETE", 2, 0),
    ]
    assert explain_key(store, "total") == "parameter `C` was 1.0, is 3.0"
    value = first.step("total").outputs["return"]
    artifact = describe_artifact(store, value.hash[:10])
    assert (artifact["member"], artifact["present"]) == ("return", True)
    assert [(e["step"], e["kind"]) for e in artifact["events"]] == [("total", "OUTPUT")]
    run = describe_run(store, first.run)
    assert [e["step"] for e in run["executions"]] == ["load", "total"]
    assert run["executions"][0]["reads"].keys() == {"file:x.csv"}
    with pytest.raises(UsageError):
        describe_run(store, "nope")


def test_a_frame_that_a_later_step_needs_is_not_changed(toy):
    toy.write("""
        import pandas as pd

        class Spoiled(NamedTuple):
            n: int
            part: pd.DataFrame

        @step
        def make() -> pd.DataFrame:
            return pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]})

        @step
        def spoil(frame: pd.DataFrame) -> Spoiled:
            frame.iloc[0, 0] = 100.0
            frame["new"] = 1
            frame.index.name = "changed"
            frame.columns = list("pqr")
            frame = frame.drop(index=1)
            return Spoiled(len(frame), frame)

        @step
        def look(frame: pd.DataFrame) -> str:
            return repr(frame.to_dict()) + str(frame.index.name)

        @pipeline
        def flow():
            frame = make()
            n, part = spoil(frame)
            text = look(frame)
            again = look(part)
            return n, text, again
    """)
    result, _ = toy.run()
    assert result.load("text") == "{'a': {0: 1.0, 1: 2.0}, 'b': {0: 'x', 1: 'y'}}None"
    assert result.load("again") == "{'p': {0: 100.0}, 'q': {0: 'x'}, 'r': {0: 1}}changed"


def test_steps_of_functions_of_libraries(toy):
    pytest.importorskip("sklearn")
    toy.write("""
        import json
        import math
        from sklearn.model_selection import train_test_split
        from sklearn.preprocessing import minmax_scale

        scale = step(minmax_scale, role="transform")
        parts = step(train_test_split, role="split", cache=False)
        root = step(math.sqrt)
        text = step(json.dumps, role="report")

        @step
        def rows() -> list:
            return [[0.0], [2.0], [4.0], [8.0]]

        @step
        def longest(train: list, test: list) -> float:
            return float(len(train))

        @pipeline
        def flow():
            scaled = scale(rows(), feature_range=(0, 1))
            train, test = parts(scaled, test_size=0.25, random_state=0)
            side = root(longest(train, test))
            said = text(side, indent=None)
            return scaled, said
    """)
    result, heard = toy.run()
    assert result.load("scaled").ravel().tolist() == [0.0, 0.25, 0.5, 1.0]
    assert result.load("said") == "1.7320508075688772"
    _, heard = toy.run()
    assert [s for s, state in heard.states.items() if state == "COMPLETE"] == ["parts"]


def test_a_project_beside_data_that_has_a_module_of_its_name(local, tmp_path):
    """Run in one process after the other project: what runs is the module that is keyed."""
    local.write(
        """
        @step
        def one() -> str:
            return "the project's"

        @pipeline
        def flow():
            return one()
        """
    )
    other = tmp_path / "data"
    shutil.copy(local.dir / "toy.py", other)
    shutil.copy(local.dir / "pyproject.toml", other)
    text = (other / "toy.py").read_text().replace("the project's", "the other's")
    (other / "toy.py").write_text(text)
    (other / "pyproject.toml").write_text('[tool.thruway]\npipeline = "toy:flow"\n')
    assert run_project(load_project(other)).load("one") == "the other's"
    result, _ = local.run()
    assert result.load("one") == "the project's"
    assert run_project(load_project(other), RunOptions(force=True)).load("one") == "the other's"
