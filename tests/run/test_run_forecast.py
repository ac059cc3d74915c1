"""What `plan` and `why` say, against what a run then does."""

from __future__ import annotations

import pytest

from thruway.kit.project import load_project
from thruway.run import RunOptions, forecast

PIPELINE = """
    @step
    def load(name: str) -> str:
        with open(name) as handle:
            return handle.read().upper()

    @step
    def count(text: str) -> int:
        return len(text)

    @step
    def scale(n: int, by: int) -> int:
        return n * by

    @step
    def greet() -> str:
        return "hello"

    @pipeline
    def flow(name: str = "a.txt", by: int = 2):
        text = load(name)
        n = count(text)
        scaled = scale(n, by)
        word = greet()
        return scaled, word
"""


@pytest.fixture
def planned(local):
    (local.data / "a.txt").write_text("abc")
    (local.data / "b.txt").write_text("xyz")
    local.write(PIPELINE)
    return local


def said(toy, **options) -> str:
    found = forecast(load_project(toy.dir), RunOptions(**options))
    return " ".join(f"{step.name}={step.verdict}" for step in found.steps)


def nothing(_toy):
    pass


def edit_count(toy):
    toy.edit("len(text)", "len(text) + 1")


def edit_comment(toy):
    toy.edit("return len(text)", "return len(text)  # how many")


def edit_file_in_place(toy):
    (toy.data / "a.txt").write_text("abd")


def edit_file_to_the_same_result(toy):
    (toy.data / "a.txt").write_text("ABC")


CASES = [
    # edit, parameters, what plan says, what the run does
    (nothing, {}, "load=cached count=cached scale=cached greet=cached", ""),
    (edit_comment, {}, "load=cached count=cached scale=cached greet=cached", ""),
    (nothing, {"by": 3}, "load=cached count=cached scale=run greet=cached", "scale"),
    (edit_count, {}, "load=cached count=run scale=depends greet=cached", "count scale"),
    (edit_file_in_place, {}, "load=run count=depends scale=depends greet=cached", "load count"),
    (edit_file_to_the_same_result, {}, "load=run count=depends scale=depends greet=cached", "load"),
    (nothing, {"name": "b.txt"}, "load=run count=depends scale=depends greet=cached", "load count"),
]


@pytest.mark.parametrize(
    ("edit", "params", "plan", "made"), CASES, ids=lambda v: getattr(v, "__name__", None)
)
def test_plan_says_what_the_run_does(planned, edit, params, plan, made):
    planned.run()
    edit(planned)
    assert said(planned, params=params) == plan
    _, heard = planned.run(params=params)
    assert " ".join(s for s, state in heard.states.items() if state == "COMPLETE") == made
    for step in plan.split():
        name, verdict = step.split("=")
        allowed = {"cached": ("CACHED",), "run": ("COMPLETE",), "depends": ("CACHED", "COMPLETE")}
        assert heard.states[name] in allowed[verdict]


def test_before_the_first_run_all_is_open(planned):
    assert said(planned) == "load=run count=depends scale=depends greet=run"
    assert said(planned, only="greet") == "load=skip count=skip scale=skip greet=run"


REASONS = [
    (edit_count, {}, "count", "the code of `toy.count` changed"),
    (nothing, {"by": 3}, "scale", "parameter `by` was 2, is 3"),
    (edit_file_in_place, {}, "load", "the file `a.txt` changed"),
    (edit_file_in_place, {}, "count", "it needs `load`"),
    (nothing, {}, "count", ""),
]


@pytest.mark.parametrize(
    ("edit", "params", "step", "reason"), REASONS, ids=lambda v: getattr(v, "__name__", None)
)
def test_why_names_the_ingredient(planned, edit, params, step, reason):
    planned.run()
    edit(planned)
    found = forecast(load_project(planned.dir), RunOptions(params=params))
    assert found.step(step).reason == reason


def test_a_file_that_a_step_will_write_anew(local):
    local.write("""
        @step
        def write(text: str) -> int:
            with open("made.txt", "w") as handle:
                handle.write(text)
            return 1

        @step
        def read() -> str:
            with open("made.txt") as handle:
                return handle.read()

        @pipeline
        def flow(text: str = "one"):
            write(text)
            said = read()
            return said
    """)
    local.run()
    found = forecast(load_project(local.dir), RunOptions(params={"text": "two"}))
    assert found.step("read").verdict == "depends"
    assert found.step("read").reason == "`write`, which runs first, writes `made.txt`"
    result, _ = local.run(params={"text": "two"})
    assert result.load("said") == "two"
