"""A failure leaves other branches going; a run goes on where it stopped; values are given."""

from __future__ import annotations

import json

import pytest

from thruway.errors import StepFailed, UsageError
from thruway.kit.project import load_project
from thruway.run import resume_options, run_directly, run_project
from thruway.run.types import RunOptions

TWO_BRANCHES = """
    @step
    def load() -> int:
        return 3

    @step
    def left(n: int) -> int:
        raise ValueError("left is broken")

    @step
    def after_left(n: int) -> int:
        return n

    @step
    def right(n: int) -> int:
        return n + 1

    @step
    def after_right(n: int) -> int:
        return n * 10

    @pipeline
    def flow():
        n = load()
        one = left(n)
        two = after_left(one)
        three = right(n)
        four = after_right(three)
        return two, four
"""


def test_a_failure_leaves_the_other_branch_going(toy):
    toy.write(TWO_BRANCHES)
    with pytest.raises(StepFailed) as caught:
        toy.run()
    assert caught.value.what == "step `left` raised ValueError: left is broken"
    assert "called with n=int (3)" in caught.value.detail
    assert caught.value.detail.endswith("not run, because they need it: after_left")
    toy.edit('raise ValueError("left is broken")', "return -n")
    _, heard = toy.run()
    assert [s for s, state in heard.states.items() if state == "COMPLETE"] == ["left", "after_left"]


def test_all_failures_are_told(toy):
    toy.write(TWO_BRANCHES)
    toy.edit("return n + 1", "raise KeyError('right too')")
    with pytest.raises(StepFailed) as caught:
        toy.run()
    assert caught.value.what == "step `left` raised ValueError: left is broken"
    assert "failed too: step `right` raised KeyError: 'right too'" in caught.value.detail
    assert "not run, because they need it: after_left, after_right" in caught.value.detail


ONCE = """
    import os

    @step
    def count() -> int:
        with open(os.environ["COUNTED"], "a") as handle:
            handle.write("x")
        return 1

    @step
    def fragile(n: int, by: int) -> int:
        if os.path.exists(os.environ["COUNTED"] + ".broken"):
            raise RuntimeError("broken")
        return n + by

    @pipeline
    def flow(by: int = 1):
        n = count()
        m = fragile(n, by)
        return m
"""


def test_resume_takes_the_parameters_and_what_was_finished(toy, tmp_path, monkeypatch):
    counted, broken = tmp_path / "counted", tmp_path / "counted.broken"
    monkeypatch.setenv("COUNTED", str(counted))
    broken.write_text("")
    toy.write(ONCE)
    with pytest.raises(StepFailed):
        toy.run(params={"by": 5}, seed=7)
    broken.unlink()
    project = load_project(toy.dir)
    options = resume_options(project, "latest")
    result = run_project(project, options)
    assert (result.load("m"), dict(options.params), options.seed) == (6, {"by": 5}, 7)
    assert counted.read_text() == "x"
    assert [(s.name, s.state) for s in result.steps] == [
        ("count", "CACHED"),
        ("fragile", "COMPLETE"),
    ]


def test_resume_after_an_edit_does_the_step_again(toy, tmp_path, monkeypatch):
    counted = tmp_path / "counted"
    monkeypatch.setenv("COUNTED", str(counted))
    toy.write(ONCE)
    toy.run(no_cache=True)
    toy.edit("return 1", "return 2")
    project = load_project(toy.dir)
    result = run_project(project, resume_options(project, "latest"))
    assert (result.load("m"), counted.read_text()) == (3, "xx")


GIVEN = """
    class Split(NamedTuple):
        train: list
        test: list

    @step
    def load() -> list:
        return [1, 2, 3]

    @step
    def split(rows: list) -> Split:
        return Split(rows[:2], rows[2:])

    @step
    def total(train: list, test: list) -> int:
        return sum(train) * 100 + sum(test)

    @pipeline
    def flow():
        rows = load()
        train, test = split(rows)
        n = total(train, test)
        return n
"""


@pytest.fixture
def given(toy):
    toy.write(GIVEN)
    return toy


def test_a_value_is_given_in_place_of_a_step(given, tmp_path):
    file = tmp_path / "rows.json"
    file.write_text("[10, 20, 30]")
    assert given.run()[0].load("n") == 303
    for name in ("load", "load.rows"):
        result, heard = given.run(given={name: file})
        assert result.load("n") == 3030
        assert heard.reasons["load"] == f"given: {file}"
    result, heard = given.run()
    assert (result.load("n"), result.state) == (303, "CACHED")


def test_one_output_of_several_is_given(given, tmp_path):
    file = tmp_path / "test.json"
    file.write_text("[7]")
    result, heard = given.run(given={"split.test": file})
    assert (result.load("n"), heard.states["split"]) == (307, "COMPLETE")
    result, heard = given.run()
    assert (result.load("n"), heard.states["split"]) == (303, "COMPLETE")  # not from what was given


def test_only_with_a_given_value(given, tmp_path):
    train, test = tmp_path / "train.json", tmp_path / "test.json"
    train.write_text("[1]")
    test.write_text("[2]")
    result, _ = given.run(only="total", given={"split.train": train, "split.test": test})
    assert result.load("n") == 102


WRONG = [
    ({"nope": "f.json"}, "has no step `nope`"),
    ({"split.nope": "f.json"}, "has no output `nope`"),
    ({"split": "f.json"}, "step `split` has several"),
    ({"load": "missing.json"}, "there is no file"),
    ({"load": "f.xyz"}, "what `.xyz` files hold is not known"),
    ({"load": "broken.json"}, "cannot be read: JSONDecodeError"),
]


@pytest.mark.parametrize(("names", "message"), WRONG)
def test_what_cannot_be_given(given, tmp_path, names, message):
    (tmp_path / "f.json").write_text(json.dumps([1]))
    (tmp_path / "f.xyz").write_text("")
    (tmp_path / "broken.json").write_text("[1")
    with pytest.raises(UsageError, match=message):
        given.run(given={name: tmp_path / file for name, file in names.items()})


def test_without_a_store_nothing_is_kept(local):
    local.write(GIVEN)
    results = run_directly(load_project(local.dir))
    assert results == {"n": 303}
    assert not (local.dir / ".thruway").exists()


def test_without_a_store_an_error_says_where(local):
    local.write(TWO_BRANCHES)
    with pytest.raises(StepFailed) as caught:
        run_directly(load_project(local.dir), RunOptions())
    assert caught.value.what == "step `left` raised ValueError: left is broken"
    assert caught.value.where.endswith("toy.py:10")
