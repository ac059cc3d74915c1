"""`when`: called, a choice; in the text of a pipeline, two nodes and a value of either."""

from __future__ import annotations

import sys
from textwrap import dedent

import numpy as np
import pytest

from thruway import when
from thruway.errors import PipelineError, TypeMismatch
from thruway.kit.dag import (
    Condition,
    FromEither,
    FromLiteral,
    FromOutput,
    FromParameter,
    outputs_in,
)
from thruway.kit.ports.check import check_parameters, check_types, mismatches
from thruway.kit.reading.read import read_function

HEAD = """
    from typing import NamedTuple
    import thruway
    from thruway import map_over, pipeline, step, when

    class Verdict(NamedTuple):
        blessed: bool
        score: float

    @step
    def train(rows: int = 1) -> str: ...
    @step(role="evaluate")
    def judge(model: str) -> Verdict: ...
    @step
    def good(model: str) -> bool: ...
    @step
    def scored(model: str) -> float: ...
    @step(role="export")
    def push(model: str) -> int: ...
    @step
    def hold(model: str) -> str: ...
    @step
    def each(model: str) -> list[str]: ...
    @step
    def tell(text: str) -> None: ...
    @step
    def note(what: int | None) -> None: ...
    @step
    def both(what: int | str) -> None: ...
    @step
    def free(): ...
    @pipeline
    def inner(model: str):
        return push(model)
    def plain(model): ...
    @pipeline
"""


@pytest.fixture
def read(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(text):
        head = dedent(HEAD).rstrip()
        (tmp_path / "branched.py").write_text(f"{head}\n{dedent(text).strip()}\n")
        monkeypatch.delitem(sys.modules, "branched", raising=False)
        return read_function(tmp_path / "branched.py", "p", [tmp_path])

    yield make
    sys.modules.pop("branched", None)


def test_called_it_is_a_choice():
    def push(model):
        return f"pushed {model}"

    def hold(model):
        return f"held {model}"

    assert when(True, push, model="m") == "pushed m"
    assert when(False, push, model="m") is None
    assert when(False, push, hold, model="m") == "held m"
    assert when(False, push, None, model="m") is None


@pytest.mark.parametrize(
    ("condition", "shown"),
    [
        (1, "int (1)"),
        ("", "str ('')"),
        (None, "NoneType (None)"),
        (np.bool_(True), f"numpy.{np.bool_.__name__} ({np.bool_(True)!r})"),
    ],
)
def test_the_condition_is_a_bool_and_nothing_like_it(condition, shown):
    with pytest.raises(PipelineError) as caught:
        when(condition, print)
    assert caught.value.what == f"The condition of `when` must be a bool, and is {shown}."
    assert caught.value.fix == "write bool(…) in the step that makes it"


DAGS = [
    (
        """
        def p(rows: int = 3):
            model = train(rows)
            verdict = judge(model)
            report = when(verdict.blessed, push, hold, model=model)
            both(report)
            return report
        """,
        """
        p(rows: int = 3)
        train: branched.train (rows=$rows)
        judge: branched.judge [evaluate] (model=train) -> blessed, score
        push: branched.push [export] (model=train) when judge.blessed
        hold: branched.hold (model=train) when not judge.blessed
        both: branched.both (what=(push if judge.blessed else hold))
        return single report=(push if judge.blessed else hold)
        """,
    ),
    (
        """
        def p(deploy: bool, model: str = "m"):
            report = thruway.when(deploy, push, model=model)
            note(report)
            when(good(model), push, None, model=model)
            return when(deploy, free)
        """,
        """
        p(deploy: bool, model: str = 'm')
        push: branched.push [export] (model=$model) when $deploy
        note: branched.note (what=(push if $deploy else None))
        good: branched.good (model=$model)
        push_2: branched.push [export] (model=$model) when good
        free: branched.free () when $deploy
        return single free=(free if $deploy else None)
        """,
    ),
    (
        """
        def p(deploy: bool):
            text = when(deploy, hold, hold, model=train())
            more = when(deploy, hold, model=text)
            return map_over(hold, each(text)), more
        """,
        """
        p(deploy: bool)
        train: branched.train ()
        hold: branched.hold (model=train) when $deploy
        hold_2: branched.hold (model=train) when not $deploy
        hold_3: branched.hold (model=(hold if $deploy else hold_2)) when $deploy
        each: branched.each (model=(hold if $deploy else hold_2))
        hold_4: branched.hold (model=*each)
        return tuple hold_4=hold_4, more=(hold_3 if $deploy else None)
        """,
    ),
]


@pytest.mark.parametrize(("text", "expected"), DAGS)
def test_text_to_dag(read, text, expected):
    dag = read(text)
    assert dag.dump() == dedent(expected).strip()
    check_types(dag)


def test_nodes_know_their_condition_and_what_they_need(read):
    dag = read(DAGS[0][0])
    blessed = FromOutput("judge", "blessed")
    assert dag.node("push").condition == Condition(blessed)
    assert dag.node("hold").condition == Condition(blessed, negated=True)
    assert dag.node("push").needs == dag.node("hold").needs == ("judge", "train")
    assert dag.node("both").needs == ("judge", "push", "hold")
    assert dag.node("push").targets == dag.node("hold").targets == ("report",)
    assert dag.node("train").condition is None
    either = FromEither(blessed, FromOutput("push"), FromOutput("hold"))
    assert dict(dag.node("both").inputs) == {"what": either}
    assert dag.outputs == (("report", either),)
    assert outputs_in(FromEither(FromParameter("x"), FromOutput("push"))) == (FromOutput("push"),)
    assert outputs_in(FromLiteral("1")) == ()


REFUSED = [
    ("when(True, push, model='m')", "is always True", "make the condition a parameter"),
    ("when(c, push, hold, c, model='m')", "takes a condition, a step", "when(condition, step"),
    ("when(c)", "takes a condition, a step", "when(condition, step, name=value)"),
    ("when(c, *x)", "takes a condition, a step", "when(condition, step, name=value)"),
    ("when(c, push, **x)", "takes a condition, a step", "when(condition, step, name=value)"),
    ("when(c, None)", "`when` has no step to call", "the step itself"),
    ("when(c, push, hold)", "`push` cannot be called so: `model` is missing", "push(model: str)"),
    ("when(c, push, free, model='m')", "there is no parameter `model`", "it takes free()"),
    ("when(c, lambda: 1)", "`when` calls a step by its name", "the step itself"),
    ("when(c, x)", "`when` takes steps, and `x` is a value", "pass values by name"),
    ("when(c, push, x)", "`when` takes steps, and `x` is a value", "pass values by name"),
    ("when(c, push, 3)", "`when` calls a step by its name", "what it takes by name"),
    ("when(c, plain, model=x)", "`plain` is a plain function", "put @step above it"),
    ("when(c, inner, model=x)", "`inner` is a pipeline, and a step is needed", "step(inner)"),
    ("when(c, map_over, model=x)", "cannot call `map_over`", "one step that does both"),
    ("map_over(when, x)", "`map_over` calls a step, and cannot call `when`", "does both"),
    ("map_over(inner, x)", "`inner` is a pipeline, and a step is needed", "step(inner)"),
    (
        "map_over(hold, when(c, each, model=x))",
        "for each item of what `when`",
        "that returns a list",
    ),
    ("a, b = when(c, judge, model=x)", "cannot be taken apart", "pass it on whole"),
    ("return when(c, judge, model=x).score", "cannot be taken apart", "pass it on whole"),
    ("return when(c, judge, model=x)[0]", "cannot be taken apart", "pass it on whole"),
    ("when(when(c, good, model=x), push, model=x)", "is not one value of a step", "a parameter"),
    ("when(x > 1, push, model=x)", "a comparison", "into a step"),
    ("when(not c, push, model=x)", "arithmetic", "into a step"),
]


@pytest.mark.parametrize(("line", "what", "fix"), REFUSED)
def test_what_is_refused(read, line, what, fix):
    with pytest.raises(PipelineError) as caught:
        read(f"def p(c: bool, x: str):\n    {line}")
    assert what in caught.value.what
    assert fix in caught.value.fix
    number = dedent(HEAD).rstrip().count("\n") + 3
    assert caught.value.where.endswith(f"branched.py, line {number}")


USUAL = "write a step that returns a bool, made of "
TELL = (
    "change the annotation of `text` in `tell` or of hold.out, "
    "or convert the value in a step between them"
)
MISMATCHES = [
    ("c: bool", "note(when(c, push, model='m'))", "", ""),
    ("c", "when(c, push, model='m')", "", ""),
    ("c: bool = True", "when(c, push, model='m')", "", ""),
    ("c", "v = judge('m')\n    when(v.blessed, push, model='m')", "", ""),
    (
        "c: str",
        "when(c, push, model='m')",
        "p.c does not fit the condition of push: expected bool, got str.",
        USUAL + "p.c",
    ),
    (
        "c: bool = 1",
        "when(c, push, model='m')",
        "p.c does not fit the condition of push: expected bool, got int (1).",
        USUAL + "p.c",
    ),
    (
        "c: bool | None = None",
        "when(c, push, model='m')",
        "p.c does not fit the condition of push: expected bool, got bool | None; it may be None.",
        USUAL + "p.c",
    ),
    (
        "c",
        "v = judge('m')\n    when(v.score, push, model='m')",
        "judge.score does not fit the condition of push: expected bool, got float.",
        USUAL + "judge.score",
    ),
    (
        "c",
        "when(scored('m'), hold, model='m')",
        "scored.result does not fit the condition of hold: expected bool, got float.",
        USUAL + "scored.result",
    ),
    (
        "c: bool",
        "when(c, push, model=1)",
        "the literal does not fit push.model: expected str, got int (1).",
        "write a value of type str, or change the annotation of `model` in `push`",
    ),
    (
        "c: bool",
        "out = when(c, hold, model='m')\n    tell(out)",
        "hold.out does not fit tell.text: expected str, got str | None; it may be None.",
        "give `when` a step for the other case, or write `str | None` for `text` in `tell`",
    ),
    (
        "c: bool",
        "out = when(c, hold, push, model='m')\n    tell(out)",
        "hold.out does not fit tell.text: expected str, got str | int; it may be int.",
        TELL,
    ),
]


@pytest.mark.parametrize(("signature", "body", "what", "fix"), MISMATCHES)
def test_types_of_conditions_and_branches(read, signature, body, what, fix):
    found = mismatches(read(f"def p({signature}):\n    {body}"))
    assert [(error.what, error.fix) for error in found] == [(what, fix)] * bool(what)


def test_values_given_for_a_condition(read):
    dag = read("def p(c: bool):\n    when(c, push, model='m')")
    check_parameters(dag, {"c": False})
    with pytest.raises(TypeMismatch, match="condition of push: expected bool, got int"):
        check_parameters(dag, {"c": 0})
