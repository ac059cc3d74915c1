"""`when`, and pipelines inside pipelines: what the text becomes, and what is refused."""

from __future__ import annotations

import textwrap

import pytest

from thruway import when
from thruway.errors import PipelineError, TypeMismatch
from thruway.kit.check import check_types
from thruway.kit.read import read_function
from thruway.run.modules import project_imports

HEAD = """\
from typing import NamedTuple

from thruway import map_over, pipeline, step, when


class Split(NamedTuple):
    train: list
    test: list


class Judged(NamedTuple):
    good: bool
    score: float


@step
def load(n: int) -> list:
    return list(range(n))


@step
def split(rows: list, size: int = 1) -> Split:
    return Split(rows[size:], rows[:size])


@step
def fit(rows: list) -> int:
    return sum(rows)


@step
def judge(model: int, test: list) -> Judged:
    return Judged(model > 5, model / 10)


@step
def push(model: int) -> str:
    return f"pushed {model}"


@step
def hold(model: int) -> str:
    return f"held {model}"


@step
def tell(text: str | None) -> str:
    return str(text).upper()


@step
def shout(text: str) -> str:
    return text.upper()


@step
def odd(n: int) -> int:
    return n % 2


@pipeline
def prepare(n: int, size: int = 2):
    rows = load(n)
    train, test = split(rows, size)
    return train, test


@pipeline
def train_one(rows: list):
    model = fit(rows)
    return model


@pipeline
def twice(n: int = 4):
    train, test = prepare(n)
    more, _ = prepare(n, size=3)
    return fit(train), fit(more), test


@pipeline
def parts(n: int):
    train, test = split(load(n))
    return Split(train, test)


@pipeline
def loop(n: int):
    rows = loop(n)
    return rows

"""


def dag(tmp_path, body):
    file = tmp_path / "flow.py"
    file.write_text(HEAD + textwrap.dedent(body))
    return read_function(file, "flow", [tmp_path])


def dump(tmp_path, body):
    return "\n".join(dag(tmp_path, body).dump().splitlines()[1:])


READS = {
    "a step when a parameter says so": (
        """
        @pipeline
        def flow(n: int = 3, bless: bool = True):
            model = fit(load(n))
            text = when(bless, push, model=model)
            return tell(text)
        """,
        """
        load: flow.load (n=$n)
        fit: flow.fit (rows=load)
        push: flow.push (model=fit) when $bless
        tell: flow.tell (text=push if $bless else None)
        return single tell=tell
        """,
    ),
    "one of two, by a field of what a step gave": (
        """
        @pipeline
        def flow(n: int = 3):
            train, test = split(load(n))
            model = fit(train)
            verdict = judge(model, test)
            said = when(verdict.good, push, hold, model=model)
            return shout(said), verdict.score
        """,
        """
        load: flow.load (n=$n)
        split: flow.split (rows=load) -> train, test
        fit: flow.fit (rows=split.train)
        judge: flow.judge (model=fit, test=split.test) -> good, score
        push: flow.push (model=fit) when judge.good
        hold: flow.hold (model=fit) when not judge.good
        shout: flow.shout (text=push if judge.good else hold)
        return tuple shout=shout, score=judge.score
        """,
    ),
    "a call in an argument is made once": (
        """
        @pipeline
        def flow(good: bool):
            return when(good, push, hold, model=fit(load(3)))
        """,
        """
        load: flow.load (n=3)
        fit: flow.fit (rows=load)
        push: flow.push (model=fit) when $good
        hold: flow.hold (model=fit) when not $good
        return single push=push if $good else hold
        """,
    ),
    "a pipeline inside": (
        """
        @pipeline
        def flow(n: int = 9):
            train, test = prepare(n)
            return fit(train), test
        """,
        """
        prepare.load: flow.load (n=$n)
        prepare.split: flow.split (rows=prepare.load, size=2) -> train, test
        fit: flow.fit (rows=prepare.split.train)
        return tuple fit=fit, test=prepare.split.test
        """,
    ),
    "two levels, called twice": (
        """
        @pipeline
        def flow():
            one, two, test = twice(n=6)
            three = train_one(test)
            return one, three
        """,
        """
        twice.prepare.load: flow.load (n=6)
        twice.prepare.split: flow.split (rows=twice.prepare.load, size=2) -> train, test
        twice.prepare_2.load: flow.load (n=6)
        twice.prepare_2.split: flow.split (rows=twice.prepare_2.load, size=3) -> train, test
        twice.fit: flow.fit (rows=twice.prepare.split.train)
        twice.fit_2: flow.fit (rows=twice.prepare_2.split.train)
        train_one.fit: flow.fit (rows=twice.prepare.split.test)
        return tuple one=twice.fit, three=train_one.fit
        """,
    ),
    "its NamedTuple, by field and passed through": (
        """
        @pipeline
        def flow(n: int):
            test = parts(n).test
            return parts(n)
        """,
        """
        parts.load: flow.load (n=$n)
        parts.split: flow.split (rows=parts.load) -> train, test
        parts_2.load: flow.load (n=$n)
        parts_2.split: flow.split (rows=parts_2.load) -> train, test
        return Split train=parts_2.split.train, test=parts_2.split.test
        """,
    ),
    "a condition inside a pipeline inside": (
        """
        @pipeline
        def maybe(model: int, good: bool = False):
            return when(good, push, model=model)

        @pipeline
        def flow(n: int, sure: bool):
            return maybe(fit(load(n)), sure)
        """,
        """
        load: flow.load (n=$n)
        fit: flow.fit (rows=load)
        maybe.push: flow.push (model=fit) when $sure
        return single push=maybe.push if $sure else None
        """,
    ),
}


@pytest.mark.parametrize("case", READS)
def test_what_the_text_becomes(tmp_path, case):
    body, expected = READS[case]
    assert dump(tmp_path, body) == textwrap.dedent(expected).strip()


REFUSED = [
    # lines of the body, what, what to do
    (
        "return when(True, push, model=1)",
        "`True` cannot be the condition",
        "a parameter of the pipeline",
    ),
    ("return when(good, push, 1)", "`when` calls a step by its name", None),
    ("return when(good, push, hold, 3)", "`when` takes a condition, a step", "write when("),
    ("return when(good)", "`when` takes a condition, a step", "write when("),
    ("return when(good, prepare, n=1)", "`prepare` is a pipeline", "give `when` each of its steps"),
    ("return when(good, lambda: 1)", "`when` calls a step by its name", "give the step itself"),
    (
        "a, b = when(good, push, model=1)\n    return a",
        "is passed on whole",
        "in the step that uses it",
    ),
    ("return when(good, judge, model=1, test=[]).good", "is passed on whole", "in the step"),
    ("return map_over(fit, when(good, load, n=1))", "is passed on whole", "in the step"),
    (
        "x = when(good, push, model=1)\n    return when(x, hold, model=1)",
        "cannot be the condition",
        None,
    ),
    (
        "return when(good, push, wrong=1)",
        "there is no parameter `wrong`",
        "it takes push(model: int)",
    ),
    ("return map_over(prepare, [1, 2])", "`prepare` is a pipeline", "map each of its steps"),
    (
        "x = prepare(3)\n    return x",
        "`prepare` returns several values",
        "write `train, test = prepare(…)`",
    ),
    ("return fit(prepare(3))", "`prepare` returns several values", "write `train, test = prepare"),
    (
        "a, b, c = prepare(3)\n    return a",
        "returns 2 values (train, test), and 3 names",
        "one name per value",
    ),
    (
        "return prepare(3, 4, 5)",
        "3 positional arguments are passed, and 2 are taken",
        "prepare(n: int",
    ),
    ("return prepare()", "`n` is missing", "it takes prepare(n: int, size: int = 2)"),
    ("return loop(3)", "`loop` calls itself", "loop in a step"),
    ("return flow(good)", "`flow` calls itself", "loop in a step"),
]


@pytest.mark.parametrize(("body", "what", "fix"), REFUSED)
def test_what_is_refused(tmp_path, body, what, fix):
    with pytest.raises(PipelineError) as caught:
        dag(tmp_path, f"@pipeline\ndef flow(good: bool):\n    {body}\n")
    assert what in caught.value.what
    assert fix is None or fix in caught.value.fix
    assert "flow.py, line" in caught.value.where


TYPES = [
    ("model = fit(load(3))\n    return shout(when(good, push, model=model))",
     "push.result does not fit shout.text: expected str, got str | None; it may be None.", None),
    ("return when(odd(3), push, model=1)",
     "odd.result does not fit the condition of push: expected bool, got int.", "returns a bool"),
    ("rows = load(3)\n    return tell(when(good, fit, rows=rows))",
     "fit.result does not fit tell.text: expected str | None, got int | None; it may be int.", None),
]  # fmt: skip


@pytest.mark.parametrize(("body", "what", "fix"), TYPES)
def test_types_of_branches(tmp_path, body, what, fix):
    found = dag(tmp_path, f"@pipeline\ndef flow(good: bool):\n    {body}\n")
    with project_imports([tmp_path], anew=True), pytest.raises(TypeMismatch) as caught:
        check_types(found)
    assert caught.value.what == what
    assert fix is None or fix in caught.value.fix


def test_a_mismatch_in_a_pipeline_of_another_file_says_where(tmp_path):
    (tmp_path / "inner.py").write_text(
        "from thruway import pipeline, step\n\n@step\ndef give() -> str:\n    return 'a'\n\n"
        "@step\ndef take(n: int) -> int:\n    return n\n\n@pipeline\ndef inner():\n    return take(give())\n"
    )
    (tmp_path / "flow.py").write_text(
        "from inner import inner\nfrom thruway import pipeline\n\n@pipeline\ndef flow():\n    return inner()\n"
    )
    found = read_function(tmp_path / "flow.py", "flow", [tmp_path])
    assert [node.name for node in found.nodes] == ["inner.give", "inner.take"]
    with project_imports([tmp_path], anew=True), pytest.raises(TypeMismatch) as caught:
        check_types(found)
    assert caught.value.where == f"{tmp_path / 'inner.py'}, line 13"


def test_called_it_is_an_if():
    def yes(n: int) -> int:
        return n

    def no(n: int) -> int:
        return -n

    assert (when(True, yes, n=1), when(False, yes, n=1), when(False, yes, no, n=1)) == (1, None, -1)
    for wrong in (1, None, "yes", []):
        with pytest.raises(PipelineError, match="neither True nor False"):
            when(wrong, yes, n=1)
