"""`step(f)` for what is callable: in Python, and written in the text of a pipeline's file."""

from __future__ import annotations

import contextlib
import functools
import inspect
import math
import pickle
import sys
import textwrap
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
import sklearn.metrics
import sklearn.model_selection
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import StandardScaler

from thruway import step
from thruway.errors import PipelineError
from thruway.kit.options import StepOptions, memory_bytes
from thruway.kit.ports.annotations import hints
from thruway.kit.ports.check import check_types, mismatches
from thruway.kit.reading.read import read_function


class Adder:
    """An object that is called, with names that a step has too."""

    role, cache, name = "adder", 3, "x"

    def __init__(self, by):
        self.by = by
        self.env = "mine"

    def __call__(self, x: int) -> int:
        return x + self.by

    def add(self, x: int) -> int:
        return x + self.by

    @classmethod
    def of(cls, by):
        return cls(by)

    @staticmethod
    def plain(x):
        return x

    @property
    def size(self):
        return self.by


class AsyncCall:
    async def __call__(self): ...


class Yields:
    def __call__(self):
        yield 1


class Pair(NamedTuple):
    a: int
    b: str


async def waits(x): ...


def yields(x):
    yield x


async def both(x):
    yield x


def star(*args, **kwargs):
    return args, kwargs


def positional(a, /, b):
    return a - b


NAMES = {
    "train_test_split": sklearn.model_selection.train_test_split,
    "accuracy_score": sklearn.metrics.accuracy_score,
    "read_csv": pd.read_csv,
    "dropna": pd.DataFrame.dropna,
    "mean": np.mean,
    "StandardScaler": StandardScaler,
    "fit": LinearRegression().fit,
    "sqrt": math.sqrt,
    "len": len,
    "star": star,
    "positional": positional,
    "shorten": functools.partial(textwrap.shorten, width=5),
    "Adder": Adder(1),
    "add": Adder(1).add,
    "of": Adder.of,
    "plain": Adder.plain,
    "Pair": Pair,
    "cached": functools.cache(positional),
}


@pytest.mark.parametrize("name", NAMES)
def test_what_can_be_a_step(name):
    made = step(NAMES[name], role="prepare", cache=False)
    assert made.function is NAMES[name]
    assert (made.role, made.cache, made.env) == ("prepare", False, ())
    assert inspect.signature(made) == inspect.signature(NAMES[name])
    assert isinstance(hints(made), dict)


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (functools.partial(textwrap.shorten, width=5), "shorten"),
        (Adder(1), "Adder"),
        (Adder(1).add, "add"),
        (StandardScaler, "StandardScaler"),
        (math.sqrt, "sqrt"),
    ],
)
def test_its_name(function, name):
    assert step(function).name == name


def test_called_it_is_what_it_is_made_of():
    assert step(Adder(2))(3) == 5
    assert step(Adder(2).add)(x=3) == 5
    assert step(functools.partial(textwrap.shorten, width=5))("a b c d e") == "[...]"
    assert step(star)(1, k=2) == ((1,), {"k": 2})
    assert step(positional)(3, b=1) == 2
    assert step(Pair)(1, b="x") == Pair(1, "x")


REFUSED = [
    (waits, "`waits` is async, so it cannot be a step.", "returns its result"),
    (yields, "`yields` is a generator, whose values cannot be stored", "returns its result"),
    (both, "`both` is an async generator, so it cannot be a step.", "returns its result"),
    (
        functools.partial(waits, 1),
        "`waits` is async, so it cannot be a step.",
        "returns its result",
    ),
    (functools.partial(lambda x: x), "A lambda has no name", "as a `def`"),
    (AsyncCall(), "`AsyncCall` is async, so it cannot be a step.", "returns its result"),
    (Yields(), "`Yields` is a generator, whose values", "returns its result"),
    (lambda: 1, "A lambda has no name that a pipeline could use.", "as a `def`"),
    (Adder.__dict__["of"], "A classmethod belongs to its class", "above a `def`"),
    (Adder.__dict__["size"], "A property belongs to its class", "above a `def`"),
    (dict, "`builtins.dict` has no signature that Python can read", "a `def` of your own"),
    (max, "`builtins.max` has no signature that Python can read", "a `def` of your own"),
    (math, "is not a function, so it cannot be a step.", "above a `def`"),
    ("text", "'text' is not a function, so it cannot be a step.", "above a `def`"),
]


@pytest.mark.parametrize(("function", "what", "fix"), REFUSED)
def test_what_cannot_be_a_step(function, what, fix):
    with pytest.raises(PipelineError) as caught:
        step(function)
    assert what in caught.value.what
    assert fix in caught.value.fix


def test_a_step_in_the_body_of_a_class_is_a_method():
    class Model:
        @step
        def double(self, x):
            return 2 * x

    assert Model().double(2) == 4
    assert Model.double(Model(), 3) == 6


OPTIONS = {
    "retries": (2, ["2", -1, True, 1.5]),
    "timeout": (60.5, [0, -1, "60", True, float("nan"), float("inf")]),
    "backoff": (0, [-1, "1", None]),
    "cpus": (0.5, [0, "2", None, True]),
    "memory": ("2GB", ["2 parrots", 0, -5, 1.5, "", "0GB"]),
    "gpu": (1, [-1, "1", None]),
    "env": (("HOME", "A_B"), ["HOME", ("",), ("A=B",), (1,), None]),
    "cache": (False, [0, None, "no"]),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_options_are_attributes_and_are_checked(name):
    good, bad = OPTIONS[name]
    assert getattr(step(star, **{name: good}), name) == good
    assert getattr(step(**{name: good})(star), name) == good
    for value in bad:
        with pytest.raises(PipelineError, match=f"`{name}` of a step is .*, not ") as caught:
            step(star, **{name: value})
        assert caught.value.fix.startswith(f"write {name}=")


def test_what_is_not_said_of_a_step():
    assert step(star).options == StepOptions("", 0, None, 0.5, 1, None, 0, (), True)
    with pytest.raises(PipelineError, match="`retry` is not an option of @step") as caught:
        step(star, retry=3)
    assert "retries, timeout, backoff, cpus, memory, gpu, env, cache" in caught.value.fix


def test_a_step_of_a_step_keeps_its_options():
    first = step(star, role="train", retries=2, env=["HOME"])
    again = step(first, retries=0, timeout=5)
    assert again.function is star
    assert (again.role, again.retries, again.timeout, again.env) == ("train", 0, 5, ("HOME",))
    assert pickle.loads(pickle.dumps(again)).options == again.options


@pytest.mark.parametrize(
    ("memory", "size"),
    [
        ("2GB", 2 * 10**9), ("2g", 2 * 10**9), ("1.5 GiB", 3 * 2**29), ("512M", 512 * 10**6),
        ("100", 100), ("1kb", 1000), ("1Ti", 2**40), (7, 7), (None, None),
    ],
)  # fmt: skip
def test_memory_in_bytes(memory, size):
    assert memory_bytes(memory) == size


HEAD = """
    import functools
    import math
    import textwrap
    import pandas as pd
    import sklearn.model_selection
    from sklearn.linear_model import LinearRegression
    from thruway import pipeline, step

    LIMIT = 3
    class Adder:
        def __init__(self, by): self.by = by
        def __call__(self, x: int) -> int: return x + self.by
        def add(self, x: int) -> int: return x + self.by
    adder = Adder(1)

    def plain(a: int, *, b: str = "") -> int: ...
    async def waits(a): ...
    def yields(a):
        if a:
            yield a
    def inner(a):
        def yields():
            yield a
        return lambda: (yield)
    @step(role="train", retries=2, timeout=60)
    def told(a: int) -> int: ...
"""


@pytest.fixture
def read(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(made, call):
        head = dedent(HEAD).rstrip()
        text = f"{head}\n{made}\n@pipeline\ndef p(x):\n    return {call}\n"
        (tmp_path / "anything.py").write_text(text)
        sys.modules.pop("anything", None)
        return read_function(tmp_path / "anything.py", "p", [tmp_path])

    yield make
    sys.modules.pop("anything", None)


WRITTEN = [
    (
        "train = step(sklearn.model_selection.train_test_split)",
        "train(x, x, test_size=0.2)",
        "train: anything.train (0=$x, 1=$x, test_size=0.2)",
    ),
    (
        "cut = step(sklearn.model_selection.train_test_split, role='split', memory='1GB')",
        "cut(x)",
        "cut: anything.cut [split] (0=$x)",
    ),
    ("root = step(math.sqrt)", "root(4.0)", "root: anything.root (0=4.0)"),
    ("size = step(len)", "size(x)", "size: anything.size (0=$x)"),
    (
        "short = step(functools.partial(textwrap.shorten, width=5))",
        "short('a')",
        "short: anything.short (0='a')",
    ),
    ("more = step(adder)", "more(1)", "more: anything.more (0=1)"),
    ("more = step(Adder(2).add)", "more(x=1)", "more: anything.more (x=1)"),
    ("made = step(Adder)", "made(by=1)", "made: anything.made (by=1)"),
    ("fit = step(LinearRegression().fit)", "fit(x, y=x)", "fit: anything.fit (0=$x, y=$x)"),
    ("drop = step(pd.DataFrame.dropna)", "drop(x)", "drop: anything.drop (0=$x)"),
    ("one = step(plain)", "one(1, b='x')", "one: anything.one (a=1, b='x')"),
    ("one = step(role='tune')(plain)", "one(1)", "one: anything.one [tune] (a=1)"),
    ("one = step(inner)", "one(1)", "one: anything.one (a=1)"),
    ("one = step(told)", "one(1)", "one: anything.one [train] (a=1)"),
    (
        "first = step(told, role='tune')\none = step(first)",
        "one(1)",
        "one: anything.one [tune] (a=1)",
    ),
    ("", "math.sqrt(4.0)", "sqrt: math.sqrt (0=4.0)"),
]


@pytest.mark.parametrize(("made", "call", "node"), WRITTEN)
def test_steps_made_in_the_text(read, made, call, node):
    dag = read(made, call)
    assert dag.dump().splitlines()[1] == node
    check_types(dag)


def test_options_made_in_the_text(read):
    one = read("one = step(told, retries=0, cache=False)", "one(1)").nodes[0].step
    assert one.options == (("cache", "False"), ("retries", "0"), ("timeout", "60"))
    other = read("one = step(len, env=('A',), cpus=2)", "one(x)").nodes[0].step
    assert other.options == (("cpus", "2"), ("env", "('A',)"))


REFUSED_IN_TEXT = [
    ("one = step(lambda a: a)", "one(1)", "A lambda has no name", "as a `def`", "one = "),
    ("one = step(waits)", "one(1)", "`waits` is async, so it", "returns its result", "async def waits"),
    ("one = step(yields)", "one(1)", "`yields` is a generator", "returns its result", "def yields(a)"),
    ("@step\nasync def awaited(a): ...", "awaited(1)", "`awaited` is async, so it", "returns its result", "async def awaited"),
    ("@step\ndef yielded(a): yield a", "yielded(1)", "`yielded` is a generator", "returns its result", "def yielded"),
    ("", "plain(1)", "`plain` is a plain function", "put @step above it", "    return plain"),
    ("one = step(plain, retries=LIMIT)", "one(1)", "`retries` of a step is not a literal: LIMIT", "the value itself", "one = "),
    ("one = step(plain, retries=-1)", "one(1)", "`retries` of a step is a whole number from 0, not -1", "write retries=2", "one = "),
    ("one = step(plain, retry=1)", "one(1)", "`retry` is not an option of @step", "retries, timeout", "one = "),
    ("one = step(plain, role='fit')", "one(1)", "`fit` is not a role", "train, evaluate", "one = "),
    ("one = step(plain, **{})", "one(1)", "`**` is not an option of @step", "retries", "one = "),
    ("one = step(plain, env='HOME')", "one(1)", "`env` of a step is a tuple of names", 'env=("HOME",)', "one = "),
]  # fmt: skip


@pytest.mark.parametrize(("made", "call", "what", "fix", "line"), REFUSED_IN_TEXT)
def test_what_is_refused_in_the_text(read, made, call, what, fix, line):
    with pytest.raises(PipelineError) as caught:
        read(made, call)
    assert what in caught.value.what
    assert fix in caught.value.fix
    place, _, number = caught.value.where.rpartition(", line ")
    assert place.endswith("anything.py")
    assert Path(place).read_text().splitlines()[int(number) - 1].startswith(line)


@pytest.mark.parametrize(
    ("made", "what"),
    [
        ("one = step(max)", "`builtins.max` has no signature that Python can read"),
        ("one = step(functools.partial(waits, 1))", "`waits` is async, so it cannot be a step"),
        ("one = step(pd)", "is not a function, so it cannot be a step"),
    ],
)
def test_what_only_importing_shows_is_refused_before_a_run(read, made, what):
    with pytest.raises(PipelineError, match=what):
        check_types(read(made, "one(1)"))


TYPED = [
    ("one = step(Adder)", "plain_step(one(by=1))", "one.result does not fit plain_step.a: expected int, got anything.Adder."),
    ("one = step(adder)", "plain_step(one(x=1))", ""),
    ("one = step(adder)", "one(x='a')", "the literal does not fit one.x: expected int, got str ('a')."),
    ("one = step(Adder(1).add)", "one(x='a')", "the literal does not fit one.x: expected int, got str ('a')."),
    ("one = step(functools.partial(plain, 1))", "one(b=2)", "the literal does not fit one.b: expected str, got int (2)."),
    ("one = step(textwrap.shorten)", "one(3, 4)", ""),
    ("one = step(pd.read_csv)", "frame(one('a.csv'))", ""),
    ("one = step(pd.read_csv)", "plain_step(one('a.csv'))", "one.result does not fit plain_step.a: expected int, got "),
]  # fmt: skip


@pytest.mark.parametrize(("made", "call", "what"), TYPED)
def test_types_of_what_is_no_function(read, made, call, what):
    steps = "plain_step = step(plain)\n@step\ndef frame(df: pd.DataFrame): ...\n"
    found = [error.what for error in mismatches(read(steps + made, call))]
    assert len(found) == bool(what)
    assert not what or found[0].startswith(what)


def test_a_context_manager_is_an_ordinary_function():
    assert step(contextlib.contextmanager(yields)).name == "yields"
