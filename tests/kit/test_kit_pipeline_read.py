"""Text of a pipeline → its DAG, or the message that says what is possible instead."""

from __future__ import annotations

import subprocess
import sys
from textwrap import dedent

import pytest

from thruway.errors import PipelineError
from thruway.kit.dag import FromOutput, call_arguments, pick
from thruway.kit.reading.read import read_function

STEPS = '''
    """Steps."""
    from __future__ import annotations
    from dataclasses import dataclass
    from typing import Annotated, NamedTuple
    import missing_library
    from sklearn.model_selection import train_test_split
    from thruway import NumpyRandom, step

    class Parts(NamedTuple):
        """Two parts."""
        train: missing_library.Frame
        test: missing_library.Frame

    @dataclass(frozen=True)
    class Scores:
        accuracy: float
        loss: float

    @step(role="ingest")
    def load(csv: str, sep: str = ",") -> missing_library.Frame:
        """Load."""

    @step(role="prepare")
    def clean(df, *, deep: bool = False): ...

    @step(role="split", retries=2)
    def split(df: "missing_library.Frame", size: float = 0.2) -> Parts: ...

    @step
    def fit(train, C: float = 1.0, layers: list[int] = []): ...

    @step
    def fit_2(x): ...

    @step
    def draw(x, stream: NumpyRandom | None = None): ...

    @step(role="evaluate")
    def score(model, test) -> Scores: ...

    @step
    def both(a) -> tuple[int, str]: ...

    @step
    def loose(*frames, **options): ...

    def plain(df): ...

    cut = step(train_test_split, role="split")
    again = step(plain)
'''
HEAD = """
    from typing import NamedTuple
    import thruway as kit
    from thruway import map_over, pipeline, step
    from project.steps import (
        again, both, clean, cut, draw, fit, fit_2, load, loose, plain, score, split
    )
    import project.steps
    import project.steps as s
    from . import steps as relative
    from project import exported
    from sklearn.utils import shuffle
    from project.lost import found

    SIZE = 0.3
    NAMES = ["a", "b"]
    OTHER = SIZE

    class Result(NamedTuple):
        model: object
        loss: float

    @step
    def here(df): ...

    @pipeline
    def another(x=1):
        here(x)

    @pipeline
    """


@pytest.fixture
def read(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "__init__.py").write_text("from project.steps import load as exported\n")
    (folder / "steps.py").write_text(dedent(STEPS))

    def reader(text):
        head = dedent(HEAD).rstrip()
        (folder / "pipeline.py").write_text(f"{head}\n{dedent(text).strip()}\n")
        return read_function(folder / "pipeline.py", "p", [tmp_path])

    return reader


DAGS = [
    (
        """
        def p(csv: str = "a.csv", size: float = 0.2):
            '''Title.'''
            df = load(csv)
            df = clean(df)
            train, test = split(df, size=size)
            model = fit(train, C=0.5)
            return score(model, test)
        """,
        """
        p(csv: str = 'a.csv', size: float = 0.2)
        load: project.steps.load [ingest] (csv=$csv)
        clean: project.steps.clean [prepare] (df=load)
        split: project.steps.split [split] (df=clean, size=$size) -> train, test
        fit: project.steps.fit (C=0.5, train=split.train)
        score: project.steps.score [evaluate] (model=fit, test=split.test) -> accuracy, loss
        return single score=score
        """,
    ),
    (
        """
        def p():
            parts = split(load("a.csv"))
            one, two = fit(parts.train), fit(train=parts.test)
            return one, two, parts.test
        """,
        """
        p()
        load: project.steps.load [ingest] (csv='a.csv')
        split: project.steps.split [split] (df=load) -> train, test
        fit: project.steps.fit (train=split.train)
        fit_2: project.steps.fit (train=split.test)
        return tuple one=fit, two=fit_2, test=split.test
        """,
    ),
    (
        """
        def p(df):
            model = fit(df, layers=[1, 2])
            scores = score(model, df)
            return Result(model, loss=scores.loss)
        """,
        """
        p(df)
        fit: project.steps.fit (layers=[1, 2], train=$df)
        score: project.steps.score [evaluate] (model=fit, test=$df) -> accuracy, loss
        return Result model=fit, loss=score.loss
        """,
    ),
    (
        """
        def p(*, size: float = SIZE, on=True, none=None, low=-1):
            pass
            a: int = s.load("x")
            b = project.steps.load("x")
            c = relative.load("x")
            d = exported("x")
            e = here(d)
            ...
        """,
        """
        p(size: float = 0.3, on=True, none=None, low=-1)
        load: project.steps.load [ingest] (csv='x')
        load_2: project.steps.load [ingest] (csv='x')
        load_3: project.steps.load [ingest] (csv='x')
        load_4: project.steps.load [ingest] (csv='x')
        here: project.pipeline.here (df=load_4)
        return none
        """,
    ),
    (
        """
        def p():
            a, b = cut(load("x"), test_size=SIZE)
            c = shuffle(a)
            again(b)
            x = c
            x, y = both(x)
            z = both(y)[1]
            return loose(y, z, k=NAMES)
        """,
        """
        p()
        load: project.steps.load [ingest] (csv='x')
        cut: project.steps.cut [split] (0=load, test_size=0.3)
        shuffle: sklearn.utils.shuffle (0=cut.0)
        again: project.steps.again (df=cut.1)
        both: project.steps.both (a=shuffle)
        both_2: project.steps.both (a=both.1)
        loose: project.steps.loose (0=both.1, 1=both_2.1, k=['a', 'b'])
        return single loose=loose
        """,
    ),
    (
        """
        def p(csv, sizes=[0.1, 0.2]):
            fits = map_over(fit, load(csv), C=2.0)
            more = kit.map_over(fit, sizes)
            fit_2(fits)
            map_over(s.load, NAMES)
            rest: list = map_over(cut, (1, 2), test_size=SIZE)
            return score(more, rest), map_over(fit, fits)
        """,
        """
        p(csv, sizes=[0.1, 0.2])
        load: project.steps.load [ingest] (csv=$csv)
        fit: project.steps.fit (C=2.0, train=*load)
        fit_3: project.steps.fit (train=*$sizes)
        fit_2: project.steps.fit_2 (x=fit)
        load_2: project.steps.load [ingest] (csv=*['a', 'b'])
        cut: project.steps.cut [split] (0=*(1, 2), test_size=0.3)
        score: project.steps.score [evaluate] (model=fit_3, test=cut) -> accuracy, loss
        fit_4: project.steps.fit (train=*fit)
        return tuple score=score, fit_4=fit_4
        """,
    ),
    ("def p(): return None", "p()\nreturn none"),
    ("def p(a=1): return a, 2, a", "p(a=1)\nreturn tuple a=$a, value=2, a_2=$a"),
]


@pytest.mark.parametrize(("text", "expected"), DAGS)
def test_text_to_dag(read, text, expected):
    assert read(text).dump() == dedent(expected).strip()


ERRORS = [
    ("def p(x):\n    if x:\n        here(x)", "an `if`", "when(condition, step, name=value)", 2),
    ("def p(x):\n    y = here(x) if x else 1", "a choice", "when(condition, step, otherwise", 2),
    ("def p(x):\n    for i in x:\n        here(i)", "a loop", "inside one step", 2),
    ("def p(x):\n    while x:\n        here(x)", "a loop", "inside one step", 2),
    ("def p(x):\n    with x:\n        here(x)", "a `with` block", "inside the step", 2),
    ("def p(x):\n    try:\n        here(x)\n    except E: pass", "a `try`", "retries", 2),
    ("def p(x):\n    here(x + 1)", "arithmetic", "into a step", 2),
    ("def p(x):\n    y = here(x) * 2", "arithmetic", "into a step", 2),
    ("def p(x):\n    x += 1", "arithmetic", "into a step", 2),
    ("def p(x):\n    here([x])", "a list of values", "collect them", 2),
    ("def p(x):\n    here([i for i in x])", "a loop", "map_over(step, items)", 2),
    ("def p(x):\n    here(f'{x}')", "an f-string", "inside the step", 2),
    ("def p(x):\n    here(x['a'])", "a subscript", "inside a step", 2),
    ("def p(x):\n    import os", "an import", "top of the file", 2),
    ("def p(x):\n    here(x.a)", "attribute of a value", "inside a step", 2),
    ("def p(x):\n    return x.head()", "a call on a value", "into a step", 2),
    ("def p(x):\n    here(y)", "`y` has no value here", "names so far: x", 2),
    ("def p(x):\n    here(load)", "not a value of this pipeline", "parameters", 2),
    ("def p(x):\n    print(x)", "`print` is not imported", "calls steps", 2),
    ("def p(x):\n    plain(x)", "`plain` is a plain function", "put @step above it (steps.py", 2),
    ("def p(x):\n    map_over(another, x)", "`another` is a pipeline", "step(another)", 2),
    ("def p(x):\n    SIZE(x)", "`SIZE` is not a step", "put @step", 2),
    ("def p(x):\n    s.nothing(x)", "`s.nothing` is not a function", "check the import", 2),
    ("def p(x):\n    s(x)", "`s` is not a function", "check the import", 2),
    ("def p(x):\n    found(x)", "no module `project.lost`", "correct the import", 2),
    ("def p(x):\n    load()", "`csv` is missing", "load(csv: str, sep: str = ',')", 2),
    ("def p(x):\n    load(x, path=x)", "no parameter `path`", "load(csv: str", 2),
    ("def p(x):\n    load(x, csv=x)", "`csv` is given twice", "load(csv: str", 2),
    (
        "def p(x):\n    clean(x, True)",
        "2 positional arguments",
        "clean(df, *, deep: bool = False)",
        2,
    ),
    ("def p(x):\n    here(*x)", "`*values`", "name each", 2),
    ("def p(x):\n    here(**x)", "`**values`", "name each", 2),
    ("def p(x):\n    a, b, c = split(x)", "2 outputs (train, test), and 3 names", "one name", 2),
    ("def p(x):\n    a, b = load(x)", "returns one value (missing_library.Frame)", "NamedTuple", 2),
    ("def p(x):\n    a, b = x", "can be unpacked", "into a step", 2),
    (
        "def p(x):\n    return split(x).valid",
        "no output `valid`; it returns train, test",
        "field",
        2,
    ),
    ("def p(x):\n    map_over(here)", "a step and the items", "map_over(step, items", 2),
    ("def p(x):\n    map_over(here, items=x)", "a step and the items", "map_over(step, items", 2),
    ("def p(x):\n    map_over(lambda a: a, x)", "by its name", "the step itself", 2),
    ("def p(x):\n    map_over(x, x)", "call on a value", "into a step", 2),
    ("def p(x):\n    map_over(here, {1: 2})", "go over {1: 2}", "a list or a tuple", 2),
    ("def p(x):\n    map_over(here, 'ab')", "go over 'ab'", "a list or a tuple", 2),
    ("def p(x):\n    map_over(plain, x)", "`plain` is a plain function", "put @step", 2),
    ("def p(x):\n    map_over(load, x, csv=x)", "`csv` is given twice", "load(csv: str", 2),
    ("def p(x):\n    map_over(fit, x, D=1)", "no parameter `D`", "fit(train", 2),
    ("def p(x):\n    map_over(draw, x)", "is the random stream", "a seed of its own", 2),
    ("def p(x):\n    a, b = map_over(split, x)", "a list, with one result for each", "a step", 2),
    ("def p(x):\n    return map_over(split, x).train", "a list, with one", "in a step", 2),
    ("def p(x):\n    return map_over(split, x)[0]", "a list, with one", "in a step", 2),
    ("def p(x):\n    return map_over(here, [x])", "a list of values", "one by one", 2),
    ("def p(x):\n    x.a = here(x)", "cannot assign to `x.a`", "inside a step", 2),
    ("def p(x):\n    return x\n    here(x)", "not the last line", "remove", 2),
    ("def p(x):\n    return Result(x)", "", "", 0),
    ("def p(x):\n    return Result(x, lost=x)", "has the fields model, loss", "once", 2),
    ("def p(x=load('a')):\n    here(x)", "default of `x` is not a literal", "value itself", 1),
    ("def p(*x):\n    here(x)", "named parameters only", "name each", 1),
    ("def q(x):\n    here(x)", "has no pipeline `p`", "another, q", 0),
]


@pytest.mark.parametrize(("text", "what", "fix", "line"), ERRORS)
def test_what_a_pipeline_cannot_have(read, text, what, fix, line):
    if not what:
        assert read(text).outputs
        return
    with pytest.raises(PipelineError) as caught:
        read(text)
    assert what in caught.value.what
    assert fix in caught.value.fix
    if line:
        number = dedent(HEAD).rstrip().count("\n") + 1 + line
        assert caught.value.where.endswith(f"pipeline.py, line {number}")


def test_a_node_knows_its_names_and_place(read):
    dag = read("def p(x):\n    train, test = split(x)\n    a = b = here(train)\n    return a")
    assert dag.node("split").targets == ("train", "test")
    assert dag.node("here").targets == ("a", "b")
    assert dag.node("here").needs == ("split",)
    assert dag.node("split").step.options == (("retries", "2"),)
    assert dag.node("split").step.file.name == "steps.py"
    assert dag.node("here").line == dag.node("split").line + 1
    assert dag.module == "project.pipeline"
    with pytest.raises(KeyError):
        dag.node("nothing")


def test_the_parameters_of_a_step_are_text(read):
    step = read("def p(x): return clean(load(x))").nodes[1].step
    assert step.parameters == (("df", "", "", False, False), ("deep", "bool", "False", True, True))
    assert step.known
    assert not read("def p(x): return cut(x)").nodes[0].step.known


def test_reading_imports_nothing(read, tmp_path):
    read("def p(x): return load(x)")
    program = (
        "import sys; from pathlib import Path; from thruway.kit.reading.read import read_function; "
        f"read_function(Path({str(tmp_path)!r}) / 'project/pipeline.py', 'p', [Path({str(tmp_path)!r})]); "
        "assert not {'project', 'sklearn', 'numpy', 'IPython'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_arguments_by_position_and_fields_by_name():
    assert call_arguments({"1": "b", "0": "a", "k": 1}) == (("a", "b"), {"k": 1})
    assert pick((1, 2), "1") == 2
    assert pick(3 + 4j, "imag") == 4
    assert pick("x", None) == "x"
    assert str(FromOutput("split", "train")) == "split.train"
