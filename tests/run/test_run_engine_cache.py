"""Engines with a cache of their own: what they leave out is what the store answers, or refused."""

from __future__ import annotations

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from thruway.errors import StepFailed, UsageError
from thruway.kit.project import load_project
from thruway.run import (
    EngineRun,
    Part,
    RunOptions,
    begin_parts,
    describe_run,
    finish_parts,
    list_runs,
    run_part,
)
from thruway.run.lineage.lineage import Lineage

FLOW = """
    import random
    from helping import share
    from thruway import when
    from thruway.kit.gate import Gate

    @step
    def load(n: int) -> list:
        return [float(line) for line in open("rows.txt")][:n]

    @step
    def fit(rows: list, C: float) -> float:
        return share(rows) * C

    @step
    def offset(model: float) -> float:
        return model + float(open("offset.txt").read())

    @step
    def double(item: float, by: float) -> float:
        return item * by

    @step
    def total(all: list) -> float:
        return sum(all)

    @step
    def good(model: float) -> bool:
        return model > 2

    @step
    def push(model: float) -> str:
        return "pushed"

    @step
    def hold(model: float) -> str:
        return "held"

    @step(cache=False)
    def tell(what: str) -> str:
        return f"It was {what}."

    @pipeline
    def flow(n: int = 4, C: float = 1.0):
        rows = load(n)
        model = fit(rows, C)
        moved = offset(model)
        sum_ = total(map_over(double, rows, by=C))
        said = tell(when(good(moved), push, hold, model=moved))
        return moved, sum_, said
"""
STEPS = ("load", "fit", "offset", "double", "total", "good", "push", "hold", "tell")


@pytest.fixture
def project(local):
    local.write(FLOW)
    local.write("def share(rows):\n    return sum(rows) / len(rows)\n", "helping.py")
    (local.data / "rows.txt").write_text("1\n2\n3\n4\n5\n6\n")
    (local.data / "offset.txt").write_text("0.5")
    return load_project(local.dir)


class Engine:
    """An engine that leaves out what it did before with the same answer, as its cache has it."""

    def __init__(self, project):
        self.project = project
        self.kept = {}
        self.ran = []

    def run(self, name, **params):
        """Drive a run; return its id and its state. `ran` says which parts were not left out."""
        self.ran = []
        of, options = EngineRun("engine", name), RunOptions(params=params)
        begun = begin_parts(self.project, of, options)
        for node in self.project.dag().nodes:
            answer = begun.answers[node.name] or begun.run
            if not node.mapped:
                self.part(of, node.name, "", 0, answer, options)
                continue
            count = self.part(of, node.name, "items", 0, answer, options)
            for index in range(count):
                self.part(of, node.name, "item", index, answer, options)
            self.part(of, node.name, "gather", 0, answer, options)
        return finish_parts(self.project, of, options=options, engine_cache=True)

    def part(self, of, name, stage, index, answer, options):
        at = (name, stage, index, answer)
        if at not in self.kept:
            self.ran.append(f"{name} {stage}{index or ''}".strip())
            part = Part(of, name, stage, index)
            self.kept[at] = run_part(self.project, part, options, engine_cache=True).count
        return self.kept[at]

    def warm(self, **params):
        """Run until all that can be left out is."""
        for number in range(3):
            found = self.run(f"warm {number} {params}", **params)
        return found


def states(project, run):
    return {e["step"]: e["state"] for e in describe_run(project.storage, run)["executions"]}


def hashes(project, run):
    return {
        f"{each['step']}.{port}": ref["hash"]
        for each in describe_run(project.storage, run)["executions"]
        for port, ref in each["outputs"].items()
        if "[" not in each["step"]
    }


def of_a_local_run(local, **params):
    result, _ = local.run(params=params, executor="processes", no_cache=True)
    return hashes(load_project(local.dir), result.run)


def test_from_the_second_answer_on_the_engine_leaves_a_step_out(project, local):
    engine = Engine(project)
    run, state = engine.run("one")
    assert state == "COMPLETE"
    ran = set(engine.ran)
    first = hashes(project, run)
    engine.run("two")
    assert set(engine.ran) == ran  # answered by the store, and kept by the engine
    run, state = engine.run("three")
    assert engine.ran == ["tell"]  # never cached, by nobody
    assert state == "COMPLETE"
    assert hashes(project, run) == first == of_a_local_run(local)
    found = states(project, run)
    assert {name: found[name] for name in STEPS} == {
        **dict.fromkeys(STEPS, "CACHED"),
        "hold": "SKIPPED",
        "tell": "COMPLETE",
    }
    assert describe_run(project.storage, run)["results"].keys() == {"moved", "sum_", "said"}


EDITS = {
    "a parameter": (lambda _: {"C": 2.0}, {"fit", "offset", "double", "total", "good", "push"}),
    "a step": (
        lambda local: local.edit("share(rows) * C", "share(rows) * C * 2"),
        {"fit", "offset", "good", "push"},
    ),
    "a helper function": (
        lambda local: local.edit("/ len(rows)", "/ len(rows) + 1", "helping.py"),
        {"fit", "offset", "good", "push"},
    ),
    "a step to what gives the same": (
        lambda local: local.edit("return share(rows) * C", "return C * share(rows)"),
        {"fit"},
    ),
    "a file that the first step reads": (
        lambda local: (local.data / "rows.txt").write_text("2\n3\n4\n5\n6\n7\n") and None,
        {"load", "fit", "offset", "double", "total", "good", "push"},
    ),
    "a file that a later step reads": (
        lambda local: (local.data / "offset.txt").write_text("7.5") and None,
        {"offset", "good", "push"},
    ),
    "the other branch": (
        lambda local: (local.data / "offset.txt").write_text("-7.5") and None,
        {"offset", "good", "hold"},
    ),
    "the step for each item": (
        lambda local: local.edit("return item * by", "return item * by + 1"),
        {"double", "total"},
    ),
}


@pytest.mark.parametrize("what", EDITS)
def test_what_changes_is_never_left_out(project, local, what):
    engine = Engine(project)
    engine.warm()
    edit, wanted = EDITS[what]
    params = edit(local) or {}
    engine.project = load_project(local.dir)
    run, state = engine.run("edited", **params)
    assert state == "COMPLETE"
    assert hashes(project, run) == of_a_local_run(local, **params)
    found = states(project, run)
    assert {n for n in STEPS if found[n] == "COMPLETE"} == wanted | {"tell"}
    # And back again.
    again, _ = engine.run("again", **params)
    assert hashes(project, again) == hashes(project, run)


def test_a_store_that_was_emptied_answers_nothing(project):
    engine = Engine(project)
    before, _ = engine.warm()
    want = hashes(project, before)
    shutil.rmtree(project.store)
    run, state = engine.run("emptied")
    assert state == "COMPLETE"
    assert "load" in engine.ran
    assert hashes(project, run) == want


def test_what_the_store_lost_meanwhile_is_refused(project):
    """The engine was told that a step is answered, and then its answer is gone."""
    engine = Engine(project)
    engine.warm()
    of, options = EngineRun("engine", "late"), RunOptions()
    begin_parts(project, of)
    shutil.rmtree(project.store / "objects")
    with pytest.raises(UsageError, match="engine took step `load` from its own cache, and the"):
        run_part(project, Part(of, "total"), engine_cache=True)
    with pytest.raises(UsageError, match="took step `load` from its own cache"):
        finish_parts(project, of, options=options, engine_cache=True)
    assert next(each for each in list_runs(project.storage))["state"] == "FAILED"


def test_without_saying_so_nothing_may_be_left_out(project):
    Engine(project).warm()
    of = EngineRun("engine", "plain")
    with pytest.raises(UsageError, match="needs `load`, which has no result in this run"):
        run_part(project, Part(of, "fit"))
    assert finish_parts(project, of)[1] == "FAILED"


def test_parts_of_a_mapped_step_that_were_left_out(project):
    """An engine may forget some of what it kept, and not all."""
    engine = Engine(project)
    run, _ = engine.warm()
    want = hashes(project, run)
    for forgotten in (("items",), ("item",), ("gather",), ("item", "gather")):
        engine.kept = {
            at: count
            for at, count in engine.kept.items()
            if at[0] != "double" or at[1] not in forgotten or at[2] == 1
        }
        run, state = engine.run(f"without {forgotten}")
        assert state == "COMPLETE", forgotten
        again = {each.rstrip("0123456789") for each in engine.ran}
        assert again == {"tell", *(f"double {stage}" for stage in forgotten)}
        assert hashes(project, run) == want, forgotten


def test_what_two_tasks_take_is_recorded_once(project, monkeypatch):
    """Two tasks that begin at the same moment both see that a step was left out."""
    Engine(project).warm()
    of = EngineRun("engine", "both")
    begin_parts(project, of)
    both, reuse = threading.Barrier(2), Lineage.reuse

    def reuse_together(self, context, position, execution, *arguments, **more):
        if execution.step == "load":
            both.wait(30)
        return reuse(self, context, position, execution, *arguments, **more)

    monkeypatch.setattr(Lineage, "reuse", reuse_together)

    def count(_):
        return run_part(project, Part(of, "fit"), engine_cache=True).result.state

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(count, range(2))) == ["CACHED", "CACHED"]
    (newest, *_) = list_runs(project.storage)
    done = describe_run(project.storage, newest["run"])["executions"]
    assert [each["step"] for each in done].count("load") == 1


def test_what_did_not_begin_after_a_failure_is_not_called_answered(project, local):
    engine = Engine(project)
    engine.warm()
    local.edit("return sum(all)", "raise ValueError(all)")
    engine.project = load_project(local.dir)
    with pytest.raises(StepFailed):
        engine.run("fails")
    of = EngineRun("engine", "fails")
    run, state = finish_parts(engine.project, of, options=RunOptions(), engine_cache=True)
    assert state == "FAILED"
    found = states(project, run)
    assert found["total"] == "FAILED"
    assert not {"good", "push", "tell"} & found.keys()


def test_all_that_the_store_answers_is_one_run(project):
    engine = Engine(project)
    engine.warm()
    count = len(list_runs(project.storage))
    engine.run("another")
    assert len(list_runs(project.storage)) == count + 1
    with pytest.raises(UsageError, match="no parameter `m`"):
        begin_parts(project, EngineRun("engine", "wrong"), RunOptions(params={"m": 1}))
    assert len(list_runs(project.storage)) == count + 1
