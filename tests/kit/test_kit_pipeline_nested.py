"""A pipeline called by a pipeline: its steps are the caller's, under the name of the call."""

from __future__ import annotations

import sys
from textwrap import dedent

import pytest

from thruway.errors import PipelineError, TypeMismatch
from thruway.kit.dag import FromOutput
from thruway.kit.ports.check import check_parameters, mismatches
from thruway.kit.reading.read import read_function

SHARED = """
    from typing import NamedTuple
    from thruway import map_over, pipeline, step, when

    class Split(NamedTuple):
        train: list[int]
        test: list[int]

    class Data(NamedTuple):
        rows: list[int]
        size: int

    @step(role="ingest")
    def load(csv: str) -> list[int]:
        return list(range(len(csv)))

    @step(role="prepare")
    def clean(rows: list[int], deep: bool = False) -> list[int]:
        return [row for row in rows if row or deep]

    @step
    def cut(rows: list[int], size: float = 0.5) -> Split:
        return Split(rows[:2], rows[2:])

    @step
    def count(rows: list[int]) -> int:
        return len(rows)

    @step
    def noted(rows: list[int]) -> None:
        pass

    @step
    def whole(data: Data) -> int:
        return data.size

    @pipeline
    def prepare(csv: str = "abc", *, deep: bool = False):
        rows = load(csv)
        cleaned = clean(rows, deep=deep)
        return cleaned

    @pipeline
    def parts(rows: list[int], size: float = 0.5):
        train, test = cut(rows, size)
        return train, test, size

    @pipeline
    def data(csv: str):
        rows = prepare(csv)
        return Data(rows, size=count(rows))

    @pipeline
    def same(csv: str):
        return data(csv)

    @pipeline
    def silent(rows):
        noted(rows)

    @pipeline
    def counted(items: list = [[1], [2]]):
        return map_over(count, items)

    @pipeline
    def perhaps(flag: bool, rows: list[int]):
        return when(flag, count, rows=rows)

    @pipeline
    def ping(rows):
        return pong(rows)

    @pipeline
    def pong(rows):
        return ping(rows)
"""
HEAD = """
    from thruway import map_over, pipeline, step, when
    from nested.shared import (
        Data, cut, clean, count, counted, data, load, noted, parts, perhaps, ping, prepare, same,
        silent, whole
    )
    import nested.shared as s
    @step
    def flag(rows: list[int]) -> bool: ...
    @pipeline
    def here(csv):
        return count(load(csv))
    @pipeline
"""


@pytest.fixture
def read(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    folder = tmp_path / "nested"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "shared.py").write_text(dedent(SHARED))

    def make(text):
        head = dedent(HEAD).rstrip()
        (folder / "pipeline.py").write_text(f"{head}\n{dedent(text).strip()}\n")
        return read_function(folder / "pipeline.py", "p", [tmp_path])

    yield make
    for name in ("nested", "nested.shared", "nested.pipeline"):
        sys.modules.pop(name, None)


DAGS = [
    (
        """
        def p(csv: str = "x"):
            rows = prepare(csv, deep=True)
            train, test, size = parts(rows, size=0.2)
            again = s.prepare()
            return count(train), test, size, again
        """,
        """
        p(csv: str = 'x')
        prepare.load: nested.shared.load [ingest] (csv=$csv)
        prepare.clean: nested.shared.clean [prepare] (deep=True, rows=prepare.load)
        parts.cut: nested.shared.cut (rows=prepare.clean, size=0.2) -> train, test
        prepare_2.load: nested.shared.load [ingest] (csv='abc')
        prepare_2.clean: nested.shared.clean [prepare] (deep=False, rows=prepare_2.load)
        count: nested.shared.count (rows=parts.cut.train)
        return tuple count=count, test=parts.cut.test, size=0.2, again=prepare_2.clean
        """,
    ),
    (
        """
        def p():
            found = data("a")
            count(found.rows)
            n = data("b")[1]
            rows, size = data("c")
            return data("d").size, here("e")
        """,
        """
        p()
        data.prepare.load: nested.shared.load [ingest] (csv='a')
        data.prepare.clean: nested.shared.clean [prepare] (deep=False, rows=data.prepare.load)
        data.count: nested.shared.count (rows=data.prepare.clean)
        count: nested.shared.count (rows=data.prepare.clean)
        data_2.prepare.load: nested.shared.load [ingest] (csv='b')
        data_2.prepare.clean: nested.shared.clean [prepare] (deep=False, rows=data_2.prepare.load)
        data_2.count: nested.shared.count (rows=data_2.prepare.clean)
        data_3.prepare.load: nested.shared.load [ingest] (csv='c')
        data_3.prepare.clean: nested.shared.clean [prepare] (deep=False, rows=data_3.prepare.load)
        data_3.count: nested.shared.count (rows=data_3.prepare.clean)
        data_4.prepare.load: nested.shared.load [ingest] (csv='d')
        data_4.prepare.clean: nested.shared.clean [prepare] (deep=False, rows=data_4.prepare.load)
        data_4.count: nested.shared.count (rows=data_4.prepare.clean)
        here.load: nested.shared.load [ingest] (csv='e')
        here.count: nested.shared.count (rows=here.load)
        return tuple size=data_4.count, here=here.count
        """,
    ),
    (
        """
        def p(csv: str):
            found = data(csv)
            return whole(found)
        """,
        """
        p(csv: str)
        data.prepare.load: nested.shared.load [ingest] (csv=$csv)
        data.prepare.clean: nested.shared.clean [prepare] (deep=False, rows=data.prepare.load)
        data.count: nested.shared.count (rows=data.prepare.clean)
        data.Data: nested.shared.Data (rows=data.prepare.clean, size=data.count) -> rows, size
        whole: nested.shared.whole (data=data.Data)
        return single whole=whole
        """,
    ),
    (
        "def p(csv: str): return same(csv)",
        """
        p(csv: str)
        same.data.prepare.load: nested.shared.load [ingest] (csv=$csv)
        same.data.prepare.clean: nested.shared.clean [prepare] (deep=False, rows=same.data.prepare.load)
        same.data.count: nested.shared.count (rows=same.data.prepare.clean)
        return Data rows=same.data.prepare.clean, size=same.data.count
        """,
    ),
    (
        """
        def p(on: bool = True):
            silent(load("a"))
            counts = counted()
            more = counted([[1, 2]])
            one = perhaps(on, load("b"))
            two = perhaps(flag(load("c")), rows=load("d"))
            three = perhaps(False, [1])
            return counts, one
        """,
        """
        p(on: bool = True)
        load: nested.shared.load [ingest] (csv='a')
        silent.noted: nested.shared.noted (rows=load)
        counted.count: nested.shared.count (rows=*[[1], [2]])
        counted_2.count: nested.shared.count (rows=*[[1, 2]])
        load_2: nested.shared.load [ingest] (csv='b')
        perhaps.count: nested.shared.count (rows=load_2) when $on
        load_3: nested.shared.load [ingest] (csv='c')
        flag: nested.pipeline.flag (rows=load_3)
        load_4: nested.shared.load [ingest] (csv='d')
        perhaps_2.count: nested.shared.count (rows=load_4) when flag
        perhaps_3.count: nested.shared.count (rows=[1]) when False
        return tuple counts=counted.count, one=(perhaps.count if $on else None)
        """,
    ),
]


@pytest.mark.parametrize(("text", "expected"), DAGS)
def test_text_to_dag(read, text, expected):
    dag = read(text)
    assert dag.dump() == dedent(expected).strip()
    assert mismatches(dag) == ()
    names = [node.name for node in dag.nodes]
    for place, node in enumerate(dag.nodes):
        assert set(node.needs) <= set(names[:place])


def test_called_directly_it_is_python(read):
    dag = read("def p(csv: str = 'abcd'): return whole(data(csv))")
    sys.modules.pop("nested.pipeline", None)
    from nested.pipeline import p  # type: ignore[import-not-found]

    assert p() == 3
    assert p.dag() == dag


def test_a_node_knows_the_file_of_its_call(read):
    dag = read("def p(csv):\n    rows = prepare(csv)\n    return count(rows)")
    assert [node.file.name for node in dag.nodes] == ["shared.py", "shared.py", "pipeline.py"]
    text = dag.nodes[0].file.read_text().splitlines()
    assert text[dag.nodes[0].line - 1].strip() == "rows = load(csv)"
    assert dag.node("prepare.load").targets == ("rows",)
    assert dag.node("prepare.clean").needs == ("prepare.load",)
    assert dag.nodes[2].inputs == (("rows", FromOutput("prepare.clean")),)
    assert [(call.name, call.line) for call in dag.calls] == [("prepare", dag.nodes[2].line - 1)]


REFUSED = [
    ("ping(x)", "The pipeline `ping` calls itself (p → ping → pong → ping)", "loop inside a step"),
    ("p(x)", "The pipeline `p` calls itself (p → p)", "loop inside a step"),
    ("a, b = prepare(x)", "`clean` returns one value (list[int])", "NamedTuple"),
    ("a, b = parts(x)", "`parts` returns 3 outputs (train, test, size), and 2 names", "one name"),
    ("count(parts(x))", "`parts` returns several values (train, test, size)", "NamedTuple"),
    ("count(data(x).lost)", "`data` has no output `lost`; it returns rows, size", "to `Data`"),
    ("count(data(x)[2])", "`data` has 2 outputs; there is no [2]", "rows, size"),
    ("count(parts(x).train)", "reads an attribute of a value", "inside a step"),
    ("data()", "`data` cannot be called so: `csv` is missing", "data(csv: str)"),
    ("data(x, 1)", "2 positional arguments are passed, and 1 are taken", "data(csv: str)"),
    ("data(x, deep=1)", "there is no parameter `deep`", "data(csv: str)"),
    ("prepare(x, True)", "2 positional arguments", "prepare(csv: str = 'abc', *, deep"),
    ("map_over(prepare, x)", "`prepare` is a pipeline, and a step", "`whole = step(prepare)`"),
    ("when(x, prepare, csv=x)", "`prepare` is a pipeline, and a step", "`whole = step(prepare)`"),
    ("perhaps(perhaps(x, x), x)", "condition of `when` is not one value", "a parameter"),
    ("counted(perhaps(x, x))", "for each item of what `when` gives", "returns a list"),
]


@pytest.mark.parametrize(("line", "what", "fix"), REFUSED)
def test_what_is_refused(read, line, what, fix):
    with pytest.raises(PipelineError) as caught:
        read(f"def p(x):\n    {line}")
    assert what in caught.value.what
    assert fix in caught.value.fix


def test_a_fault_in_the_other_file_is_told_there(read, tmp_path):
    shared = tmp_path / "nested" / "shared.py"
    text = shared.read_text().replace(
        "    cleaned = clean(rows, deep=deep)", "    cleaned = rows + 1"
    )
    shared.write_text(text)
    with pytest.raises(PipelineError, match="arithmetic") as caught:
        read("def p(x): return prepare(x)")
    line = text.splitlines().index("    cleaned = rows + 1") + 1
    assert caught.value.where == f"{shared}, line {line}"


MISMATCHES = [
    ("prepare(1)", "the literal does not fit prepare.csv: expected str, got int (1).", "pipeline"),
    (
        "parts(flag([1]))",
        "flag.result does not fit parts.rows: expected list[int], got bool.",
        "pipeline",
    ),
    (
        "parts([1], 1)",
        "the literal does not fit parts.size: expected float, got int (1).",
        "pipeline",
    ),
    (
        "silent(flag([1]))",
        "flag.result does not fit silent.noted.rows: expected list[int], got bool.",
        "shared",
    ),
    (
        "perhaps(count([1]), [1])",
        "count.result does not fit perhaps.flag: expected bool, got int.",
        "pipeline",
    ),
    (
        "whole(data(load('a')))",
        "load.result does not fit data.csv: expected str, got list[int].",
        "pipeline",
    ),
]


@pytest.mark.parametrize(("line", "what", "file"), MISMATCHES)
def test_what_is_passed_has_to_fit(read, line, what, file):
    found = mismatches(read(f"def p():\n    {line}"))
    assert found[0].what == what
    assert f"{file}.py, line " in found[0].where


def test_values_of_a_run_have_to_fit_the_pipeline_that_takes_them(read):
    dag = read("def p(size=0.5):\n    parts([1], size)")
    check_parameters(dag, {"size": 0.1})
    with pytest.raises(TypeMismatch, match=r"p\.size does not fit parts\.size: expected float"):
        check_parameters(dag, {"size": 1})


def test_a_pipeline_can_be_one_step(read):
    dag = read("def p(x):\n    return map_over(one, x)\none = step(prepare)")
    assert dag.dump() == ("p(x)\none: nested.pipeline.one (csv=*$x)\nreturn single one=one")
