"""Branches and nested pipelines in a run: what is called, what is skipped, what comes of it."""

from __future__ import annotations

import pytest

from thruway.errors import PipelineError
from thruway.kit.project import load_project
from thruway.run import describe_run, forecast, run_directly
from thruway.run.types import RunOptions

BRANCHES = """
    from thruway import when

    class Verdict(NamedTuple):
        good: bool
        score: float

    @step
    def judge(score: float) -> Verdict:
        return Verdict(score > 0.5, score)

    @step
    def push(score: float) -> str:
        return f"pushed {score}"

    @step
    def hold(score: float) -> str:
        return f"held {score}"

    @step
    def notify(text: str | None) -> str:
        return f"told: {text}"

    @pipeline
    def release(score: float, loud: bool = False):
        verdict = judge(score)
        done = when(verdict.good, push, hold, score=verdict.score)
        extra = when(loud, notify, text=done)
        return done, extra

    @pipeline
    def flow(score: float = 0.9, loud: bool = False):
        done, extra = release(score, loud)
        said = notify(done)
        return said, extra
"""

CASES = [
    ({}, "told: pushed 0.9", None, "push"),
    ({"score": 0.1}, "told: held 0.1", None, "hold"),
    ({"score": 0.1, "loud": True}, "told: held 0.1", "told: held 0.1", "hold notify"),
]


@pytest.mark.parametrize(("params", "said", "extra", "called"), CASES)
def test_what_is_called_and_what_comes_of_it(toy, params, said, extra, called):
    toy.write(BRANCHES)
    result, heard = toy.run(params=params)
    assert (result.load("said"), result.load("extra")) == (said, extra)
    skipped = {f"release.{name}" for name in ("push", "hold", "notify")}
    skipped -= {f"release.{name}" for name in called.split()}
    assert {name for name, state in heard.states.items() if state == "SKIPPED"} == skipped
    again, _ = toy.run(params=params)
    assert (again.state, again.load("said"), again.load("extra")) == ("CACHED", said, extra)
    states = {
        e["step"]: e["state"] for e in describe_run(toy.dir / ".thruway", "latest")["executions"]
    }
    assert {name for name, state in states.items() if state == "SKIPPED"} == skipped


def test_why_it_was_skipped(toy):
    toy.write(BRANCHES)
    _, heard = toy.run()
    assert heard.reasons["release.hold"] == "release.judge.good is True"
    assert heard.reasons["release.notify"] == "$loud is False"


def test_called_directly_and_without_a_store_it_is_the_same(local, monkeypatch):
    local.write(BRANCHES)
    project = load_project(local.dir)
    for params, said, extra, _ in CASES:
        results = run_directly(project, RunOptions(params=params))
        assert results == {"said": said, "extra": extra}
    monkeypatch.syspath_prepend(str(local.dir))
    import toy as module

    assert module.flow(score=0.1, loud=True) == ("told: held 0.1", "told: held 0.1")


def test_plan_knows_what_is_skipped_once_the_condition_is_known(local):
    local.write(BRANCHES)
    project = load_project(local.dir)
    first = {step.name: step.verdict for step in forecast(project).steps}
    assert (first["release.push"], first["release.hold"], first["release.notify"]) == (
        "depends", "depends", "depends")  # fmt: skip
    local.run()
    then = {step.name: step.verdict for step in forecast(project).steps}
    assert (then["release.push"], then["release.hold"], then["release.notify"]) == (
        "cached", "skip", "skip")  # fmt: skip


def test_a_condition_that_is_neither(toy):
    toy.write(BRANCHES)
    toy.edit("Verdict(score > 0.5, score)", "Verdict(int(score > 0.5), score)")
    with pytest.raises(PipelineError, match=r"must be a bool, and is int \(1\)"):
        toy.run()


def test_only_and_from_know_nested_names(toy):
    toy.write(BRANCHES)
    toy.run()
    assert toy.states(only="release.push").endswith("release.push=CACHED")
    assert "release.judge=COMPLETE" in toy.states(from_step="release.judge")
