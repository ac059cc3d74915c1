"""`check_component`: each flaw is found in a function that has it, and in no other."""

from __future__ import annotations

import json
import sys
import textwrap

import pandas as pd
import pytest

from thruway import check_component
from thruway.errors import UsageError
from thruway.ui.main import main

FUNCTIONS = """
    import os
    import random
    import uuid
    import warnings
    from typing import NamedTuple

    import numpy as np
    import pandas as pd

    from thruway import step
    from thruway.kit.gate import Gate

    seen = []

    class Two(NamedTuple):
        count: int
        names: list

    def fine(frame: pd.DataFrame, n: int = 2) -> Two:
        return Two(n, list(frame.columns))

    @step
    def fine_step(n: int) -> int:
        return n + 1

    def untyped(n):
        return n

    def lies(n: int) -> int:
        return str(n)

    def changes(frame: pd.DataFrame) -> int:
        frame["new"] = 1
        return len(frame)

    def remembers(n: int) -> int:
        seen.append(n)
        return n

    def sets_options(n: int) -> int:
        pd.set_option("display.max_rows", n)
        return n

    def sets_environment(n: int) -> int:
        os.environ["CHECKED"] = str(n)
        return n

    def draws(n: int) -> float:
        return random.random()

    def draws_in_vain(n: int) -> int:
        np.random.rand()
        return n

    def seeded(n: int) -> float:
        return np.random.default_rng(n).random()

    def unique(n: int) -> str:
        return uuid.uuid4().hex

    def unordered(n: int) -> list:
        return list({"one", "two", "three", "four", "five", "six"})

    def appends(path: str) -> int:
        with open(path, "a") as file:
            file.write("x")
        return 1

    def replaces(path: str) -> int:
        with open(path, "w") as file:
            file.write("x")
        return 1

    def makes_new(path: str) -> int:
        with open(path, "x") as file:
            file.write("x")
        return 1

    def generates(n: int) -> object:
        return iter(range(n))

    class Own:
        def __init__(self, n):
            self.n = n

    def own_class(n: int) -> Own:
        return Own(n)

    class Forgetful:
        def __init__(self, n):
            self.n = n

        def __setstate__(self, state):
            self.n = 0

    def forgets(n: int) -> Forgetful:
        return Forgetful(n)

    def outer():
        def inner(n: int) -> int:
            return n
        return inner

    def refuses(n: int) -> int:
        raise ValueError("no")

    def decides(n: int) -> Gate:
        return Gate("fail", ("too few",))
"""
HERE = ("in-process",)


@pytest.fixture
def mine(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text(textwrap.dedent(FUNCTIONS))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "mine", raising=False)
    import mine

    yield mine
    sys.modules.pop("mine", None)


def frame():
    return pd.DataFrame({"x": [1, 2]})


@pytest.mark.parametrize(
    ("name", "example", "found"),
    [
        ("untyped", {"n": 1}, ["warn types: 1 of 1 parameters say no type",
                               "warn types: it does not say what it returns"]),
        ("lies", {"n": 1}, ["fail types: int is announced, and it gives str"]),
        ("fine", {"frame": 3}, ["fail types: pandas.DataFrame is announced, and it is given int",
                                "fail types: it raised AttributeError: 'int' object has no attribute 'columns' while it ran"]),
        ("changes", {"frame": frame()}, ["fail arguments: it changes its argument `frame`"]),
        ("remembers", {"n": 1}, ["fail surroundings: it changes `seen` of its module"]),
        ("sets_options", {"n": 7}, ["fail surroundings: it changes the options of `pandas`"]),
        ("sets_environment", {"n": 7},
         ["fail surroundings: it changes the environment variable `CHECKED`"]),
        ("draws", {"n": 1}, ["warn deterministic: what it gives depends on the global random stream of random"]),
        ("draws_in_vain", {"n": 1}, ["warn surroundings: it draws from the global random stream of numpy.random"]),
        ("seeded", {"n": 1}, []),
        ("unique", {"n": 1}, ["fail deterministic: two calls give different results"]),
        ("appends", {"path": "a.txt"}, ["fail repeatable: called again, it writes `a.txt` otherwise"]),
        ("replaces", {"path": "a.txt"}, []),
        ("makes_new", {"path": "new.txt"},
         ["fail deterministic: the second call raised FileExistsError: [Errno 17] File exists: 'new.txt'"]),
        ("generates", {"n": 2}, ["fail storable: `result` cannot be stored: a range_iterator is used up by reading it"]),
        ("own_class", {"n": 2}, ["warn storable: `result` is stored as a pickle, which is read from your own store only"]),
        ("forgets", {"n": 2}, ["fail storable: `result` is another value when it is read back"]),
        ("refuses", {"n": 2}, ["fail types: it raised ValueError: no while it ran"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_flaw_is_found_where_it_is(mine, name, example, found, monkeypatch):
    monkeypatch.setattr("thruway.api.component.apart.Job.in_process", lambda *_: [])
    monkeypatch.setenv("CHECKED", "before")
    with pd.option_context("display.max_rows", 60):
        report = check_component(getattr(mine, name), [example], executors=())
    flaws = [f"{each.severity} {each.check}: {each.what}" for each in report.flaws]
    ignored = "could not be compared whole"
    assert [flaw for flaw in flaws if ignored not in flaw] == found
    assert report.ok == (not any(flaw.startswith("fail") for flaw in flaws))


def test_a_good_component_passes_everywhere(mine):
    examples = [{"frame": frame()}, (frame(), 5)]
    report = check_component(mine.fine, examples, executors=("in-process", "processes"))
    assert report.flaws == ()
    assert set(report.checks.values()) == {"pass"}
    assert report.component == "mine:fine"
    assert report.notes["storable"] == (
        "count as json/1, read back from anyone; names as json/1, read back from anyone"
    )
    assert report.notes["executors"] == "in-process, processes"
    assert "pass    deterministic" in str(report)


@pytest.mark.slow
def test_a_cluster_is_an_executor_too(mine):
    assert check_component(mine.fine_step, [{"n": 3}], executors=("dask",)).ok


def test_a_step_and_a_gate_are_components(mine):
    assert check_component(mine.fine_step, [{"n": 3}], executors=HERE).ok
    report = check_component(mine.decides, [{"n": 3}], executors=HERE)
    assert report.ok, str(report)


def test_what_comes_from_a_set_is_another_elsewhere(mine):
    report = check_component(mine.unordered, [(1,)], executors=())
    assert report.checks["deterministic"] == "pass"
    assert [flaw.what for flaw in report.flaws] == ["another process gives another result"]


def test_what_cannot_be_imported_is_no_component(mine):
    report = check_component(mine.outer(), [(1,)], executors=HERE)
    assert {flaw.what for flaw in report.flaws} == {"another process cannot import it by its name"}
    report = check_component(lambda n: n, [(1,)], executors=HERE)
    assert not report.ok


def test_without_examples_only_the_signature_is_judged(mine):
    report = check_component(mine.fine)
    assert report.checks["types"] == "pass"
    assert set(report.checks.values()) == {"pass", "skipped"}


def test_examples_that_do_not_fit_are_refused(mine):
    with pytest.raises(UsageError, match="example 1 does not match the signature: missing"):
        check_component(mine.fine, [{}])
    with pytest.raises(UsageError, match="3 cannot be called"):
        check_component(3)
    with pytest.raises(UsageError, match="`mine:lies` is no component: int is announced"):
        check_component(mine.lies, [(1,)], executors=(), strict=True)


def test_the_example_stays_as_it_is(mine):
    given = frame()
    check_component(mine.changes, [{"frame": given}], executors=())
    assert list(given.columns) == ["x"]


def test_a_component_of_the_library_is_one():
    from thruway.components import evaluate

    rows = pd.DataFrame({"y": [0, 1] * 20, "p": [0, 1, 1, 1] * 10})
    example = {"examples": rows, "model": "p", "label": "y", "n_bootstrap": 5}
    report = check_component(evaluate, [example], executors=HERE)
    assert report.flaws == ()
    assert report.notes["storable"] == "result as objects/3, read back from anyone"


@pytest.mark.usefixtures("mine")
def test_the_command(tmp_path, capsys):
    (tmp_path / "tries.py").write_text("calls = [{'n': 1}]\ndef more():\n    return calls\n")
    arguments = ["--examples", "tries:more", "-x", "in-process"]
    assert main(["check", "mine:fine_step", *arguments, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True
    assert main(["check", "mine:remembers", *arguments]) == 1
    assert "it changes `seen` of its module" in capsys.readouterr().out
    assert main(["check", "mine:nothing"]) == 2
    assert main(["check", "mine"]) == 2


def test_the_components_are_listed(capsys):
    assert main(["components", "--json"]) == 0
    found = {each["name"]: each for each in json.loads(capsys.readouterr().out)}
    assert found["evaluate"]["summary"].startswith("Return what a model is worth")
    assert "Evaluation" not in found
    assert main(["components"]) == 0
    assert "bless" in capsys.readouterr().out
