"""A pipeline as tasks: text → dump; parameters as JSON schemas."""

from __future__ import annotations

import textwrap

import pytest

from thruway.kit.project import load_project
from thruway.targets.tasks import tasks_of

STEPS = """
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, Optional, Union
from thruway import map_over, pipeline, step, when

class Parts(NamedTuple):
    train: list
    test: list

@step(role="ingest", retries=2, timeout=60)
def load(n: int) -> list: ...

@step(role="split")
def part(rows: list) -> Parts: ...

@step(role="train", cpus=2, memory="2GB", gpu=1)
def fit(train: list, C: float = 1.0) -> float: ...

@step
def good(model: float) -> bool: ...

@step
def push(model: float) -> str: ...

@step
def hold(model: float) -> str: ...

@step
def total(all: list) -> float: ...

@pipeline
def prepare(n: int):
    rows = load(n)
    return part(rows)

"""

CASES = {
    "rows = load(n)\nmodel = fit(rows)\nreturn model": "load: load ()\nfit: fit (load)",
    "parts = part(load(n))\nmodel = fit(parts.train)\nreturn model, parts.test": (
        "load: load ()\npart: part (load)\nfit: fit (part)"
    ),
    "all = map_over(load, [1, 2])\nreturn total(all)": (
        "load.items: load items ()\nload.item: load item over load.items (load.items)\n"
        "load.gather: load gather (load.items, load.item)\ntotal: total (load.gather)"
    ),
    "model = fit(load(n))\nok = good(model)\nreturn when(ok, push, hold, model=model)": (
        "load: load ()\nfit: fit (load)\ngood: good (fit)\n"
        "push: push (good, fit) when good\nhold: hold (good, fit) when not good"
    ),
    "return when(deep, load, n=n)": "load: load () when $deep",
    "parts = prepare(n)\nreturn fit(parts.train)": (
        "prepare.load: prepare.load ()\nprepare.part: prepare.part (prepare.load)\n"
        "fit: fit (prepare.part)"
    ),
}


def made(folder, body, parameters="n: int = 3, deep: bool = False"):
    text = f"{STEPS}@pipeline\ndef flow({parameters}):\n{textwrap.indent(body, '    ')}\n"
    (folder / "flow.py").write_text(text)
    (folder / "pyproject.toml").write_text('[tool.thruway]\npipeline = "flow:flow"\n')
    return tasks_of(load_project(folder).dag())


@pytest.mark.parametrize("body", CASES)
def test_the_tasks_of_a_pipeline(body, tmp_path):
    assert made(tmp_path, body).dump() == CASES[body]


def test_a_task_knows_how_its_step_is_run(tmp_path):
    tasks = made(tmp_path, "rows = load(n)\nparts = part(rows)\nreturn fit(parts.train)").tasks
    load, part, fit = tasks
    assert (load.role, load.options.retries, load.options.timeout) == ("ingest", 2, 60)
    assert (fit.options.cpus, fit.options.memory, fit.options.gpu) == (2, "2GB", 1)
    assert (part.outputs, part.doc) == (("train", "test"), "flow.part")


SCHEMAS = {
    "n: int": ({"type": "integer"}, True, None, True),
    "n: int = 3": ({"type": "integer"}, False, 3, True),
    "n: float = 0.5": ({"type": "number"}, False, 0.5, True),
    "n: bool = True": ({"type": "boolean"}, False, True, True),
    "n: str = 'a'": ({"type": "string"}, False, "a", True),
    "n: Path = 'a.csv'": ({"type": "string"}, False, "a.csv", True),
    "n='a'": ({"type": "string"}, False, "a", True),
    "n=None": ({}, False, None, True),
    "n: int | None = None": ({"type": ["integer", "null"]}, False, None, True),
    "n: Optional[float] = None": ({"type": ["number", "null"]}, False, None, True),
    "n: Literal['a', 'b'] = 'a'": ({"enum": ["a", "b"]}, False, "a", True),
    "n: list[int] = [1]": ({"type": "array", "items": {"type": "integer"}}, False, [1], True),
    "n: list = [1]": ({"type": "array"}, False, [1], True),
    "n: dict[str, int] = {'a': 1}": ({"type": "object"}, False, {"a": 1}, True),
    "n: Annotated[int, 'rows'] = 3": ({"type": "integer"}, False, 3, True),
    "n: 'int' = 3": ({"type": "integer"}, False, 3, True),
    "n: list[int] | None = None": (
        {"anyOf": [{"type": "array", "items": {"type": "integer"}}, {"type": "null"}]},
        False,
        None,
        True,
    ),
    "n: tuple = (1, 2)": ({"type": "array"}, False, None, False),
    "n: dict = {1: 2}": ({"type": "object"}, False, None, False),
    "n: complex = 1j": ({}, False, None, False),
}


@pytest.mark.parametrize("written", SCHEMAS)
def test_a_parameter_as_a_json_schema(written, tmp_path):
    (found,) = made(tmp_path, "rows = load(n)\nreturn rows", written).parameters
    assert (found.schema, found.required, found.default, found.is_json) == SCHEMAS[written]
