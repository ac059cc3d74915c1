"""Steps of a run that another engine drives: each alone, and all together as a local run."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from thruway.errors import GateFailed, StepFailed, UsageError
from thruway.kit.project import load_project
from thruway.run import EngineRun, Part, RunOptions, describe_run, finish_parts, list_runs, run_part
from thruway.run.lineage.lineage import Lineage

STEPS = """
    import os
    from thruway import map_over, when
    from thruway.kit.gate import Gate

    class Parts(NamedTuple):
        train: list
        test: list

    @step
    def load(n: int) -> list:
        return list(range(n))

    @step
    def part(rows: list) -> Parts:
        return Parts(rows[:-2], rows[-2:])

    @step
    def fit(train: list, C: float = 1.0) -> float:
        return sum(train) * C

    @step
    def judge(model: float, test: list) -> float:
        return model - sum(test)

    @step
    def good(model: float) -> bool:
        return model > 5

    @step
    def push(model: float) -> str:
        return f"pushed {model}"

    @step
    def hold(model: float) -> str:
        return f"held {model}"

    @step
    def tell(what: str) -> str:
        return f"It was {what}."

    @step
    def double(item: int, by: float = 2.0) -> float:
        return item * by

    @step
    def half(item: float) -> float:
        return item / 2

    @step
    def pack(rows: list) -> tuple:
        return tuple(rows)

    @step
    def total(all: list) -> float:
        return float(sum(all))

    @step
    def check(n: int) -> Gate:
        return Gate("fail", ("too few",)) if n < 3 else Gate("pass")

    @step
    def after(gate: Gate, n: int) -> int:
        return n

    @step
    def save(n: int) -> File:
        with open("made.txt", "w") as handle:
            handle.write(str(n))
        return File("made.txt")

    @step
    def read(made: File) -> str:
        return made.read_text() if hasattr(made, "read_text") else open(made).read()
"""

FLOWS = {
    "line": "rows = load(n)\n    model = fit(rows, C=C)\n    return model",
    "diamond": (
        "parts = part(load(n))\n    model = fit(parts.train, C=C)\n"
        "    score = judge(model, parts.test)\n    return model, score"
    ),
    "condition": (
        "model = fit(load(n), C=C)\n    ok = good(model)\n"
        "    said = tell(when(ok, push, hold, model=model))\n    return said"
    ),
    "mapped over values": "all = map_over(double, [1, 2, 3], by=C)\n    return total(all)",
    "mapped over a list": "all = map_over(double, load(n))\n    return total(all)",
    "mapped over a tuple": "all = map_over(double, pack(load(n)))\n    return total(all), all",
    "mapped over a map": "all = map_over(half, map_over(double, load(n)))\n    return total(all)",
    "files": "text = read(save(n))\n    return text",
}


def flow(local, shape):
    body = FLOWS[shape]
    text = f"\n    @pipeline\n    def flow(n: int = 6, C: float = 1.0):\n        {body.replace(chr(10) + '    ', chr(10) + '        ')}\n"
    local.write(STEPS + text)
    return load_project(local.dir)


def drive(project, of, options=None):
    """Run every step as an engine would, in the order of the pipeline."""
    for node in project.dag().nodes:
        one(project, of, node, options)
    return finish_parts(project, of)


def one(project, of, node, options=None):
    if not node.mapped:
        return run_part(project, Part(of, node.name), options)
    count = run_part(project, Part(of, node.name, "items"), options).count
    for index in range(count):
        run_part(project, Part(of, node.name, "item", index), options)
    return run_part(project, Part(of, node.name, "gather"), options)


def hashes(project, run):
    return {
        f"{each['step']}.{port}": ref["hash"]
        for each in describe_run(project.storage, run)["executions"]
        for port, ref in each["outputs"].items()
    }


@pytest.mark.parametrize("shape", FLOWS)
@pytest.mark.parametrize("n", [6, 3])
def test_the_artifacts_are_those_of_a_local_run(local, shape, n):
    project = flow(local, shape)
    options = RunOptions(params={"n": n, "C": 0.5}, no_cache=True)
    run, state = drive(project, EngineRun("engine", "one", "http://there"), options)
    assert state == "COMPLETE"
    driven = hashes(project, run)
    result, _ = local.run(params={"n": n, "C": 0.5}, executor="processes", no_cache=True)
    assert driven == hashes(project, result.run)
    record = describe_run(project.storage, run)
    assert (record["state"], record["engine"], record["engine_run"]) == (
        "COMPLETE",
        "engine",
        "one",
    )
    assert record["engine_link"] == "http://there"
    assert {name: ref.hash for name, ref in result.results.items()} == {
        name: driven[f"{step}.{port}"] for name, (step, port) in record["results"].items()
    }


@pytest.mark.parametrize("shape", ["diamond", "condition", "mapped over a tuple"])
def test_a_second_run_is_answered_by_the_cache(local, shape):
    project = flow(local, shape)
    drive(project, EngineRun("engine", "one"))
    run, _ = drive(project, EngineRun("engine", "two"))
    states = {e["step"]: e["state"] for e in describe_run(project.storage, run)["executions"]}
    ran = {step for step, state in states.items() if state == "COMPLETE"}
    assert ran <= {"double"}  # the list of what the cached calls gave
    # And a local run by what an engine ran, and the other way round.
    _, heard = local.run(executor="processes")
    assert {s for s, state in heard.states.items() if state == "COMPLETE"} <= {"double"}


def test_a_step_that_is_run_again_takes_the_place_of_the_one_before(local):
    project = flow(local, "line")
    of = EngineRun("engine", "one")
    drive(project, of)
    again = run_part(project, Part(of, "fit"), RunOptions(force=True))
    assert again.result.state == "COMPLETE"
    assert finish_parts(project, of)[1] == "COMPLETE"
    assert len(list_runs(project.storage)) == 1


def test_a_step_that_fails_and_is_tried_again(local, monkeypatch):
    project = flow(local, "line")
    local.edit(
        "return sum(train) * C", "assert os.environ['GOOD'] == 'yes'\n    return sum(train) * C"
    )
    of = EngineRun("engine", "one")
    run_part(project, Part(of, "load"))
    monkeypatch.setenv("GOOD", "no")
    with pytest.raises(StepFailed, match="step `fit` raised AssertionError"):
        run_part(project, Part(of, "fit"))
    assert finish_parts(project, of)[1] == "FAILED"
    monkeypatch.setenv("GOOD", "yes")
    assert run_part(project, Part(of, "fit")).result.state == "COMPLETE"
    assert finish_parts(project, of)[1] == "COMPLETE"


def test_a_gate_that_fails_ends_its_step_and_what_takes_it_is_never_run(local):
    local.write(
        STEPS
        + """
    @pipeline
    def flow(n: int = 2):
        gate = check(n)
        return after(gate, n)
    """
    )
    project = load_project(local.dir)
    of = EngineRun("engine", "one")
    with pytest.raises(GateFailed, match="too few"):
        run_part(project, Part(of, "check"))
    with pytest.raises(UsageError, match="whose gate failed"):
        run_part(project, Part(of, "after"))
    assert finish_parts(project, of)[1] == "FAILED"


def test_two_runs_at_once_and_two_steps_at_once(local):
    project = flow(local, "mapped over a list")
    runs = [EngineRun("engine", str(number)) for number in range(2)]
    for of in runs:
        run_part(project, Part(of, "load"))
        run_part(project, Part(of, "double", "items"))
    parts = [Part(of, "double", "item", index) for index in range(6) for of in runs]
    program = (
        "import sys, json\nfrom thruway.kit.project import load_project\n"
        "from thruway.run import EngineRun, Part, run_part\n"
        "of, index = sys.argv[2:]\n"
        "run_part(load_project(sys.argv[1]), Part(EngineRun('engine', of), 'double', 'item', int(index)))\n"
    )

    def call(part):
        words = [sys.executable, "-c", program, str(local.dir), part.of.id, str(part.index)]
        return subprocess.run(words, capture_output=True, text=True, check=False)

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(call, parts))
    assert [each.stderr for each in done] == [""] * 12
    for of in runs:
        run_part(project, Part(of, "double", "gather"))
        run_part(project, Part(of, "total"))
        assert finish_parts(project, of)[1] == "COMPLETE"
    assert len(list_runs(project.storage)) == 2


WRONG = [
    (Part(EngineRun("e", "1"), "none"), "has no step `none`"),
    (Part(EngineRun("e", "1"), "total"), "step `total` needs `double`, which has no result"),
    (Part(EngineRun("e", "1"), "double"), "step `double` is mapped"),
    (Part(EngineRun("e", "1"), "load", "items"), "step `load` is not mapped"),
    (Part(EngineRun("e", "1"), "double", "item", 3), "were not counted"),
    (Part(EngineRun("e", "1"), "double", "gather"), "were not counted"),
]


@pytest.mark.parametrize(
    ("part", "words"), WRONG, ids=lambda v: v if isinstance(v, str) else v.node
)
def test_what_makes_no_sense(local, part, words):
    project = flow(local, "mapped over a tuple")
    of = EngineRun("e", "1")
    if part.node != "none":
        run_part(project, Part(of, "load"))
        run_part(project, Part(of, "pack"))
    with pytest.raises(UsageError, match=words):
        run_part(project, part)


def test_an_item_that_is_not_there(local):
    project = flow(local, "mapped over values")
    with pytest.raises(UsageError, match="has 3 items, and no item 3"):
        run_part(project, Part(EngineRun("e", "1"), "double", "item", 3))


def test_the_end_of_a_run_of_which_nothing_is_known(local):
    project = flow(local, "line")
    with pytest.raises(UsageError, match="no step of this run is in the store"):
        finish_parts(project, EngineRun("engine", "none"))


def test_what_is_handed_on_are_references(local):
    project = flow(local, "line")
    done = run_part(project, Part(EngineRun("engine", "one"), "load"))
    text = json.dumps(done.dump())
    assert json.loads(text)["outputs"]["return"]["hash"] == done.result.outputs["return"].hash


@pytest.mark.parametrize("n", [6, 3])
def test_an_engine_may_leave_out_a_branch_itself(local, n):
    project, of = flow(local, "condition"), EngineRun("engine", "left out")
    options = RunOptions(params={"n": n})
    left_out = "hold" if n == 6 else "push"
    for node in project.dag().nodes:
        if node.name != left_out:
            one(project, of, node, options)
    run, state = finish_parts(project, of)
    assert state == "COMPLETE"
    done = describe_run(project.storage, run)["executions"]
    assert [each["step"] for each in done if each["state"] == "SKIPPED"] == [left_out]
    result, _ = local.run(params={"n": n}, executor="processes", no_cache=True)
    assert hashes(project, run) == hashes(project, result.run)


def test_a_branch_that_nobody_takes_is_recorded_at_the_end(local):
    local.write(
        f"{STEPS}\n    @pipeline\n    def flow(n: int = 3):\n        model = fit(load(n))\n"
        "        when(good(model), push, model=model)\n        return model\n"
    )
    project, of = load_project(local.dir), EngineRun("engine", "nobody")
    for name in ("load", "fit", "good"):
        run_part(project, Part(of, name))
    run, state = finish_parts(project, of)
    assert state == "COMPLETE"
    states = {e["step"]: e["state"] for e in describe_run(project.storage, run)["executions"]}
    assert states["push"] == "SKIPPED"


def test_a_branch_that_many_see_is_skipped_once(local, monkeypatch):
    """Two tasks that begin at the same moment both see that a step is left out."""
    local.write(
        f"{STEPS}\n    @pipeline\n    def flow(n: int = 3):\n        model = fit(load(n))\n"
        "        when(good(model), push, model=model)\n"
        "        return fit(load(n), C=2.0), fit(load(n), C=3.0)\n"
    )
    project, of = load_project(local.dir), EngineRun("engine", "many")
    for name in ("load", "load_2", "load_3", "fit", "good"):
        run_part(project, Part(of, name))
    both, skip = threading.Barrier(2), Lineage.skip

    def skip_together(*arguments):
        both.wait(30)
        skip(*arguments)

    monkeypatch.setattr(Lineage, "skip", skip_together)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda name: run_part(project, Part(of, name)), ["fit_2", "fit_3"]))
    assert finish_parts(project, of)[1] == "COMPLETE"
    with Lineage(project.storage) as lineage:
        rows = lineage.query("SELECT step FROM execution WHERE state = 'SKIPPED'")
    assert rows == [{"step": "push"}]


def test_a_branch_that_should_have_run_is_not_taken_for_skipped(local):
    project, of = flow(local, "condition"), EngineRun("engine", "forgotten")
    for node in project.dag().nodes[:3]:
        one(project, of, node)
    with pytest.raises(UsageError, match="needs `push`"):
        run_part(project, Part(of, "tell"))
    assert finish_parts(project, of)[1] == "FAILED"
