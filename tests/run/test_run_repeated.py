"""One step called several times: every call is a node of its own, whoever looks at it."""

from __future__ import annotations

import json

import pytest

from thruway.errors import StepFailed
from thruway.run import describe_run, explain_key
from thruway.ui.history import show_text

CALLS = """
    from pathlib import Path

    class Scored(NamedTuple):
        model: list
        score: float

    @step(role="train")
    def fit(data: list, weight: int = 1, name: str = "a") -> Scored:
        if weight < 0:
            raise ValueError("negative")
        kept = [weight * x for x in data]
        Path(f"{name}.txt").write_text(str(weight))
        Path("last.txt").write_text(name)
        print("fit", name)
        return Scored(kept, float(sum(kept)))

    @step
    def load() -> list:
        return [1, 2]

    @step
    def fit_2(data: list) -> int:
        size = len(data)
        return size

    @step
    def best(one: float, two: float) -> float:
        return max(one, two)

    @pipeline
    def flow(weight: int = 3):
        data = load()
        first, one = fit(data)
        second, two = fit(data, weight=weight, name="b")
        size = fit_2(data)
        again = fit(data)
        top = best(one, two)
        return top, size, again.score
"""
NODES = ["load", "fit", "fit_3", "fit_2", "fit_4", "best"]


@pytest.fixture
def calls(toy):
    toy.write(CALLS)
    return toy


def test_every_call_is_a_node(calls):
    result, heard = calls.run()
    assert [step.name for step in result.steps] == NODES
    assert [result.load(name) for name in ("top", "size", "score")] == [9.0, 2, 3.0]
    assert heard.text == "fit a\nfit b\nfit a\n"
    assert heard.states["fit_4"] == "CACHED"  # an equal call, answered within the run
    files = {path.name: path.read_text() for path in result.outputs.iterdir()}
    assert files == {"a.txt": "1", "b.txt": "3", "last.txt": "a"}  # the last call wins
    assert result.load("fit_3.score") == 9.0
    record = {"kind": "run", **describe_run(result.store, "latest")}
    assert [each["step"] for each in record["executions"]] == NODES
    assert "  fit_4  CACHED" in show_text(record)
    json.dumps(result.dump())


def test_equal_calls_share_the_cache(calls):
    calls.run()
    assert set(calls.run()[1].states.values()) == {"CACHED"}
    _, heard = calls.run(params={"weight": 1})
    assert {name for name, state in heard.states.items() if state != "CACHED"} == {"fit_3", "best"}
    assert explain_key(calls.dir / ".thruway", "fit_3") == "parameter `weight` was 3, is 1"
    calls.edit('fit(data, weight=weight, name="b")', "fit(data)")
    assert set(calls.run()[1].states.values()) == {"CACHED"}


def test_a_call_can_be_asked_for(calls):
    calls.run()
    _, heard = calls.run(only="fit_3", params={"weight": 5})
    assert heard.states == {"load": "CACHED", "fit_3": "COMPLETE"}
    _, heard = calls.run(from_step="fit_3")
    assert [name for name, state in heard.states.items() if state == "COMPLETE"] == [
        "fit_3",
        "best",
    ]
    _, heard = calls.run(only="fit_4", force=True)
    assert heard.states == {"load": "CACHED", "fit_4": "COMPLETE"}


def test_a_failing_call_is_named(calls):
    with pytest.raises(StepFailed) as caught:
        calls.run(params={"weight": -1})
    assert caught.value.what == "step `fit_3` raised ValueError: negative"
    assert caught.value.where.startswith("step fit_3, toy.py:")


def test_every_call_is_probed(calls):
    result, _ = calls.run(probe=True, force=True, keep=frozenset({("fit_3", "kept")}))
    records = {step.name: step.record for step in result.steps}
    assert records["fit"].names["kept"].digest == records["fit_4"].names["kept"].digest
    assert records["fit"].names["kept"].digest != records["fit_3"].names["kept"].digest
    assert [name for name in NODES if "kept" in records[name].names] == ["fit", "fit_3", "fit_4"]
    assert records["fit_2"].names.keys() == {"data", "size"}  # every step of the file
    assert records["fit_3"].stdout == "fit b\n"
    assert sorted(records["fit_3"].files) == ["b.txt", "last.txt"]
    kept = {name: r.names["kept"].artifact for name, r in records.items() if "kept" in r.names}
    assert [name for name, artifact in kept.items() if artifact] == ["fit_3"]


def test_equal_calls_at_the_same_time(apart):
    apart.write(CALLS)
    _, heard = apart.run(jobs=4)
    assert (heard.states["fit"], heard.states["fit_4"]) == ("COMPLETE", "CACHED")
    _, heard = apart.run(jobs=4, force=True)
    assert set(heard.states.values()) == {"COMPLETE"}
    assert heard.text == "fit a\nfit b\nfit a\n"
