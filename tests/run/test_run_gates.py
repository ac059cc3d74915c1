"""Gates: a step that decides stops what is made from its value, whatever executes it."""

from __future__ import annotations

import pytest

from thruway.errors import GateFailed
from thruway.kit.project import load_project
from thruway.run import RunOptions, run_directly
from thruway.ui.main import main

FLOW = """
    from dataclasses import dataclass
    from typing import NamedTuple

    from thruway.kit.gate import Gate

    class Anomalies:
        def __init__(self, gate: Gate) -> None:
            self.gate = gate

    class Judged(NamedTuple):
        rows: list
        verdict: Gate

    @step
    def load(n: int) -> list:
        return list(range(n))

    @step
    def validate(rows: list) -> Anomalies:
        if len(rows) < 3:
            return Anomalies(Gate("fail", (f"{len(rows)} rows", "at least 3 are needed")))
        return Anomalies(Gate("warn", ("few rows",)) if len(rows) < 5 else Gate("pass"))

    @step
    def train(rows: list, checked: Anomalies) -> int:
        return sum(rows)

    @step
    def report(train: int) -> str:
        return f"sum {train}"

    @step
    def count(rows: list) -> int:
        return len(rows)

    @pipeline
    def flow(n: int = 6):
        rows = load(n)
        checked = validate(rows)
        model = train(rows, checked)
        text = report(model)
        size = count(rows)
        return text, size
"""


def test_a_failed_gate_stops_what_takes_its_value(toy):
    toy.write(FLOW)
    for _ in range(2):  # the second time the verdict comes from the cache
        with pytest.raises(GateFailed) as caught:
            toy.run(params={"n": 2})
        error = caught.value
        assert error.what == "the gate of step `validate` failed: 2 rows, and 1 more"
        assert error.detail.splitlines() == [
            "- 2 rows",
            "- at least 3 are needed",
            "not run, because they need it: train, report",
        ]
    # What looks elsewhere went on, and is kept.
    result, _ = toy.run()
    assert result.load("size") == 6


def test_the_other_branch_is_finished_although_a_gate_failed(toy):
    toy.write(FLOW)
    with pytest.raises(GateFailed):
        toy.run(params={"n": 2})
    toy.edit("at least 3 are needed", "at least three are needed")
    with pytest.raises(GateFailed):
        toy.run(params={"n": 2})
    toy.edit("if len(rows) < 3:", "if len(rows) < 1:")
    _, heard = toy.run(params={"n": 2})
    assert [s for s, state in heard.states.items() if state == "CACHED"] == ["load", "count"]


def test_a_gate_that_warns_is_told_and_stops_nothing(toy):
    toy.write(FLOW)
    for _ in range(2):
        result, heard = toy.run(params={"n": 4})
        assert result.load("text") == "sum 6"
        assert "validate: few rows" in heard.warnings


def test_only_those_that_take_the_failed_value_are_stopped(toy):
    toy.write(
        """
        from typing import NamedTuple

        from thruway.kit.gate import Gate

        class Judged(NamedTuple):
            rows: list
            verdict: Gate

        @step
        def judge() -> Judged:
            return Judged([1, 2], Gate("fail", ("because",)))

        @step
        def look(rows: list) -> int:
            return len(rows)

        @step
        def act(verdict: Gate) -> int:
            return 1

        @pipeline
        def flow():
            judged = judge()
            looked = look(judged.rows)
            acted = act(judged.verdict)
            return looked, acted
        """
    )
    with pytest.raises(GateFailed) as caught:
        toy.run()
    assert caught.value.detail == "not run, because they need it: act"


def test_a_gate_of_one_item_stops_what_takes_them_all(toy):
    toy.write(
        """
        from thruway import map_over
        from thruway.kit.gate import Gate

        @step
        def judge(n: int) -> Gate:
            return Gate("fail", (f"{n} is odd",)) if n % 2 else Gate("pass")

        @step
        def gather(all: list) -> int:
            return len(all)

        @pipeline
        def flow(numbers: tuple = (2, 3, 4)):
            judged = map_over(judge, numbers)
            return gather(judged)
        """
    )
    with pytest.raises(GateFailed, match=r"the gate of step `judge\[1\]` failed: 3 is odd"):
        toy.run()
    result, _ = toy.run(params={"numbers": (2, 4)})
    assert result.load("gather") == 2


def test_without_a_store_a_failed_gate_ends_the_run(local):
    local.write(FLOW)
    options = RunOptions(params={"n": 2})
    with pytest.raises(GateFailed, match="the gate of step `validate` failed: 2 rows"):
        run_directly(load_project(local.dir), options)


def test_the_command_ends_with_the_status_of_a_gate(local, capsys):
    local.write(FLOW)
    assert main(["run", str(local.dir), "-p", "n=2"]) == 9
    assert "thruway show" in capsys.readouterr().err


def test_show_says_what_a_gate_decided(local, capsys):
    local.write(FLOW)
    main(["run", str(local.dir), "-p", "n=2"])
    capsys.readouterr()
    assert main(["show", str(local.dir), "latest"]) == 0
    shown = capsys.readouterr().out
    assert "        gate: fail\n          - 2 rows\n          - at least 3 are needed\n" in shown


def test_the_view_of_an_artifact_is_written_to_a_file(local, capsys):
    local.write(
        """
        class Curve:
            def _repr_html_(self) -> str:
                return "<p>a curve</p>"

        @step
        def draw() -> Curve:
            return Curve()

        @step
        def count(curve: Curve) -> int:
            return 1

        @pipeline
        def flow():
            curve = draw()
            return curve, count(curve)
        """
    )
    result, _ = local.run()
    curve, count = (result.results[name].hash for name in ("curve", "count"))
    target = local.dir / "curve.html"
    assert main(["show", str(local.dir), curve[:12], "--html", str(target)]) == 0
    assert "<p>a curve</p>" in target.read_text()
    capsys.readouterr()
    assert main(["show", str(local.dir), count[:12], "--html", str(target)]) == 2
    assert "has no view in HTML" in capsys.readouterr().err
