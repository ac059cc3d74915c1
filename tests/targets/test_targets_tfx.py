"""A pipeline as text for TFX: what is written, what is chosen, what is refused."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from thruway.errors import CompileRefused, UsageError
from thruway.kit.project import load_project
from thruway.targets import CompileOptions, compile_project
from thruway.targets.tfx.local import LocalRun, main
from thruway.targets.tfx.running import RUN_ID, Steps

FILES = ("flow_pipeline.py", "flow_runner.py")
GOLDEN = Path(__file__).parent / "golden" / "tfx"

STEPS = """
from typing import NamedTuple
import pandas as pd
from thruway import map_over, pipeline, step, when
from thruway.components import (
    bless, import_schema, infer_schema, ingest, push, split, statistics, train, validate
)
from thruway.kit.gate import Gate

class Parts(NamedTuple):
    train: pd.DataFrame
    test: "pd.DataFrame"

@step(role="ingest")
def load(n: int) -> pd.DataFrame: ...

@step(role="split")
def part(rows: pd.DataFrame) -> Parts: ...

@step(role="train", retries=1)
def fit(train: pd.DataFrame, C: float = 1.0) -> dict: ...

@step(role="evaluate")
def good(model: dict, test: pd.DataFrame) -> bool: ...

@step(role="export")
def send(model: dict) -> str: ...

@step
def hold(model: dict) -> str: ...

@step(role="validate")
def check(rows: pd.DataFrame) -> Gate: ...

@step(role="report")
def tell(what): ...

@pipeline
def prepare(n: int):
    rows = load(n)
    return part(rows)

"""


def made(folder, body, parameters="n: int = 3, deep: bool = False", doc="", **options):
    body = textwrap.indent(f'"""{doc}"""\n{body}' if doc else body, "    ")
    (folder / "flow.py").write_text(f"{STEPS}@pipeline\ndef flow({parameters}):\n{body}\n")
    (folder / "pyproject.toml").write_text('[tool.thruway]\npipeline = "flow:flow"\n')
    return compile_project(
        load_project(folder), "tfx", CompileOptions(**{"project": "/project", **options})
    )


WRITTEN = {
    "branches": (
        "parts = prepare(n)\nmodel = fit(parts.train, C=2.0)\nok = good(model, parts.test)\n"
        "said = tell(when(ok, send, hold, model=model))\nreturn said, model"
    ),
    "gate": "rows = load(n)\nchecked = check(rows)\nreturn tell(checked)",
    "mapped": "alls = map_over(load, [1, 2])\nreturn tell(alls)",
    "pushed": (
        "model = fit(load(n))\nverdict = bless(good(model, load(n)))\n"
        "push(model, verdict, destination='served')\nreturn model"
    ),
    "standard": (
        "rows = ingest('rows.csv')\nstats = statistics(rows)\nschema = infer_schema(stats)\n"
        "validate(stats, schema)\nreturn fit(rows)"
    ),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_what_is_written(name, tmp_path):
    more = {"standard-components": "yes"} if name in ("standard", "pushed") else {}
    files = made(tmp_path, WRITTEN[name], doc="Is it good?", more=more).files
    assert tuple(files) == FILES
    for path, text in files.items():
        kept = GOLDEN / name / f"{path}.txt"
        if os.environ.get("THRUWAY_GOLDEN") == "write":
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(text)
        assert text == kept.read_text()


@pytest.mark.parametrize("name", WRITTEN)
def test_it_is_python_that_ruff_has_nothing_against(name, tmp_path):
    more = {"standard-components": "yes"}
    for path, text in made(tmp_path, WRITTEN[name], more=more).files.items():
        ast.parse(text)
        (tmp_path / path).write_text(text)
    ruff = Path(sys.executable).parent / "ruff"
    for command in (["check", "--select", "E,F,I,B,UP"], ["format", "--check"]):
        done = subprocess.run(
            [ruff, *command, "--isolated", "--config", "line-length = 100", *FILES],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout


TYPES = {
    "return load(n)": {"load": "Examples"},
    "return part(load(n))": {"load": "Examples", "part": "Examples"},
    "return fit(load(n))": {"load": "Examples", "fit": "Model"},
    "m = fit(load(n))\nreturn good(m, load(n))": {
        "load": "Examples",
        "fit": "Model",
        "load_2": "Examples",
        "good": "Boolean",
    },
    "return check(load(n))": {"load": "Examples", "check": "ExampleAnomalies"},
    "return tell(n)": {"tell": "StepOutput"},
    "s = statistics(ingest('a.csv'))\nreturn infer_schema(s)": {
        "ingest": "Examples",
        "statistics": "ExampleStatistics",
        "infer_schema": "Schema",
    },
    "p = split(load(n))\nreturn fit(p.train)": {
        "load": "Examples",
        "split": "Examples",
        "fit": "Model",
    },
    "return map_over(load, [1, 2])": {"load": "Examples"},
}


@pytest.mark.parametrize("body", TYPES)
def test_the_type_of_artifact_that_is_closest(body, tmp_path):
    from thruway.targets.tfx.components import calls_of
    from thruway.targets.tfx.names import Names

    made(tmp_path, body)
    calls = calls_of(load_project(tmp_path).dag(), Names(), Names())
    found = {call.name: {each.type for each in call.component.outputs} for call in calls}
    assert found == {name: {kind} for name, kind in TYPES[body].items()}


def test_an_input_is_never_named_as_an_output(tmp_path):
    text = made(tmp_path, "return fit(part(load(n)).train)").files["flow_pipeline.py"]
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef):
            names = [each.arg for each in node.args.args]
            assert len(names) == len(set(names))
    body = "p = part(load(n))\nm = fit(p.train)\nreturn send(m)"
    assert "input_model" not in made(tmp_path, body).files["flow_pipeline.py"]
    body = "m = hold(fit(load(n)))\nreturn fit(m)"
    assert (
        "model: InputArtifact[Model], result: Out" in made(tmp_path, body).files["flow_pipeline.py"]
    )


PARAMETERS = {
    "n: int = 3": 'RuntimeParameter("n", ptype=int, default=3)',
    "n: int = 0": 'RuntimeParameter("n", ptype=str, default="0")',
    "n: float = 0.5": 'RuntimeParameter("n", ptype=float, default=0.5)',
    "n: float = 1": 'RuntimeParameter("n", ptype=str, default="1")',
    "n: str = 'a'": 'RuntimeParameter("n", ptype=str, default="a")',
    "n: str = ''": 'RuntimeParameter("n", ptype=str, default=\'""\')',
    "n: bool = True": 'RuntimeParameter("n", ptype=str, default="true")',
    "n: list[int] = [1]": 'RuntimeParameter("n", ptype=str, default="[1]")',
    "n: int | None = None": 'RuntimeParameter("n", ptype=str, default="null")',
    "n=3": 'RuntimeParameter("n", ptype=str, default="3")',
    "n: int": 'RuntimeParameter("n", ptype=int)',
    f"n: int = {2**70}": f'RuntimeParameter("n", ptype=str, default="{2**70}")',
}


@pytest.mark.parametrize("written", PARAMETERS)
def test_a_parameter_is_a_runtime_parameter(written, tmp_path):
    text = made(tmp_path, "return tell(n)", written).files["flow_pipeline.py"]
    assert PARAMETERS[written] in text


def test_a_default_that_json_cannot_write_is_told_and_left_out(tmp_path):
    found = made(tmp_path, "return tell(n)", "n: tuple = (1, 2)")
    assert "PARAMETERS" not in found.files["flow_pipeline.py"]
    assert any(note.startswith("`n` cannot be set for a run") for note in found.notes)


REFUSED = {
    "schedule": ({"schedule": "@daily"}, "no scheduler"),
    "image": ({"image": "a/b:1"}, "runs no containers"),
    "unknown": ({"more": {"retries": "2"}}, "no option of the target tfx"),
    "yes or no": ({"more": {"standard-components": "maybe"}}, "standard-components"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_options_that_make_no_sense_are_refused(name, tmp_path):
    options, words = REFUSED[name]
    with pytest.raises(UsageError, match=words):
        made(tmp_path, "return load(n)", **options)


def test_places_can_be_said(tmp_path):
    more = {"pipeline-root": "gs://b/root", "metadata-path": "m.sqlite"}
    options = {"store": "s3://b/s", "lineage": "postgresql://h/l", "more": more}
    text = made(tmp_path, "return load(n)", **options).files["flow_pipeline.py"]
    assert 'STEPS = Steps("/project", store="s3://b/s", lineage="postgresql://h/l")' in text
    assert 'PIPELINE_ROOT = "gs://b/root"\nMETADATA_PATH = "m.sqlite"' in text


# Components of TFX's own ----------------------------------------------------------------------

STANDARD = {
    "whole": (
        "s = statistics(ingest('a.csv'))\nvalidate(s, infer_schema(s))\nreturn load(n)",
        {
            "ingest": "CsvExampleGen",
            "statistics": "StatisticsGen",
            "infer_schema": "SchemaGen",
            "validate": "ExampleValidator",
        },
        {},
    ),
    "a reviewed schema": (
        "s = statistics(ingest('a.csv'))\nvalidate(s, import_schema('s.pbtxt'))\nreturn load(n)",
        {
            "ingest": "CsvExampleGen",
            "statistics": "StatisticsGen",
            "import_schema": "ImportSchemaGen",
            "validate": "ExampleValidator",
        },
        {},
    ),
    "its value is returned": (
        "s = statistics(ingest('a.csv'))\nreturn s",
        {},
        {
            "statistics": "the pipeline takes its value from the store",
            "ingest": "nothing that takes its examples is a component of TFX",
        },
    ),
    "its gate is taken": (
        "r = ingest('a.csv')\ns = statistics(r)\nv = validate(s, infer_schema(s))\nreturn tell(v)",
        {},
        {
            "validate": "`tell` takes its value from the store",
            "infer_schema": "`validate` takes its value from the store",
            "statistics": "`validate` takes its value from the store",
            "ingest": "nothing that takes its examples is a component of TFX",
        },
    ),
    "more than TFX has": (
        "s = statistics(ingest('a.csv'), slices=['sex'])\nreturn load(n)",
        {},
        {
            "statistics": "StatisticsGen has no `slices`",
            "ingest": "nothing that takes its examples is a component of TFX",
        },
    ),
    "another source": (
        "s = statistics(ingest('a.parquet'))\nreturn load(n)",
        {},
        {
            "ingest": "CsvExampleGen reads one file that ends in .csv",
            "statistics": "StatisticsGen takes examples of CsvExampleGen only",
        },
    ),
    "many files": (
        "s = statistics(ingest('2026-*.csv'))\nreturn load(n)",
        {},
        {
            "ingest": "CsvExampleGen reads one file that ends in .csv",
            "statistics": "StatisticsGen takes examples of CsvExampleGen only",
        },
    ),
    "our own rows": (
        "s = statistics(load(n))\nreturn load(n)",
        {},
        {"statistics": "StatisticsGen takes examples of CsvExampleGen only"},
    ),
    "a push": (
        "m = fit(load(n))\npush(m, bless(good(m, load(n))), destination='served')\nreturn m",
        {"push": "Pusher"},
        {"bless": "Evaluator blesses only what it evaluated itself"},
    ),
    "a push to a registry": (
        "m = fit(load(n))\npush(m, bless(good(m, load(n))), destination='models:/m')\nreturn m",
        {},
        {
            "bless": "Evaluator blesses only what it evaluated itself",
            "push": "Pusher writes to a folder",
        },
    ),
    "a push with an alias": (
        "m = fit(load(n))\npush(m, bless(good(m, load(n))), destination='a', aliases=['b'])\nreturn m",
        {},
        {
            "bless": "Evaluator blesses only what it evaluated itself",
            "push": "Pusher has no `aliases`",
        },
    ),
    "models": (
        "m = train(n, load(n))\npush(m, destination='m')\nreturn split(load(n))",
        {},
        {
            "train": "Trainer runs a `run_fn` of a module file, and not an estimator or a function",
            "push": "Pusher takes one verdict, of `bless` or of `infra_validate`",
            "split": "CsvExampleGen splits by a hash of the record: other rows would be in each part",
        },
    ),
}


@pytest.mark.parametrize("name", STANDARD)
def test_what_is_a_component_of_tfx_and_what_stays_ours(name, tmp_path):
    from thruway.targets.tfx.standard import choose

    body, standard, kept = STANDARD[name]
    found = made(tmp_path, body, more={"standard-components": "yes"})
    choice = choose(load_project(tmp_path).dag())
    assert {one.node: one.kind for one in choice.standard} == standard
    assert dict(choice.kept) == kept
    for node, why in kept.items():
        assert f"`{node}` stays ours: {why}" in found.notes


def test_nothing_of_ours_is_refused(tmp_path):
    body = "s = statistics(ingest('a.csv'))\nvalidate(s, infer_schema(s))"
    with pytest.raises(CompileRefused, match="nothing of the pipeline"):
        made(tmp_path, body, more={"standard-components": "yes"})


def test_where_pusher_writes_to(tmp_path):
    made(tmp_path, "return fit(load(n))")
    steps = Steps(str(tmp_path))
    assert steps.destination("served") == str(tmp_path / "outputs" / "served")
    assert steps.destination("/srv/models") == str(Path("/srv/models").absolute())
    assert steps.destination("gs://bucket/models") == "gs://bucket/models"
    for other in ("", "models:/churn"):
        with pytest.raises(UsageError, match="writes to a folder"):
            steps.destination(other)


def test_one_file_that_is_read_is_on_this_machine(tmp_path):
    made(tmp_path, "return load(n)")
    (tmp_path / "a.csv").write_text("x\n1\n")
    assert Steps(str(tmp_path)).source("a.csv") == (str(tmp_path), "a.csv")
    with pytest.raises(UsageError, match="no file"):
        Steps(str(tmp_path)).source("b.csv")


# The runner -----------------------------------------------------------------------------------


class Known:
    def __init__(self, ptype, default=None):
        self.ptype, self.default = ptype, default


def bound(given, **known):
    as_json = {name for name, each in known.items() if each.ptype is str}
    return LocalRun(Steps("/p"), known, as_json, given, "r1").bindings()


def test_parameters_are_bound_with_their_defaults():
    known = {"n": Known(int, 3), "deep": Known(str, "false")}
    assert bound({}, **known) == {RUN_ID: "r1", "n": 3, "deep": "false"}
    assert bound({"n": 4, "deep": True}, **known) == {RUN_ID: "r1", "n": 4, "deep": "true"}


@pytest.mark.parametrize(
    ("given", "words"),
    [({"m": 1}, "no parameter"), ({}, "has no value"), ({"n": 1.0}, "is int, not 1.0")],
)
def test_a_wrong_parameter_is_refused(given, words):
    with pytest.raises(UsageError, match=words):
        bound(given, n=Known(int))


def test_part_of_a_pipeline_is_refused():
    with pytest.raises(UsageError, match="cannot be run"):
        LocalRun(Steps("/p"), {}, (), {}).check(object())


def test_the_command_reads_parameters_by_their_types(tmp_path, capsys):
    made(tmp_path, "return load(n)")
    asked = []

    def run(*given):
        asked.append(given)
        return LocalRun(Steps(str(tmp_path)), {}, (), {}, ended=("r", "COMPLETE"), run_id="x")

    words = ["-p", "n=5", "-p", "deep=yes", "--pipeline-root", "gs://b", "--run-id", "x"]
    assert main(run, Steps(str(tmp_path)), "root", str(tmp_path / "m"), words) == 0
    assert asked == [({"n": 5, "deep": True}, "gs://b", str(tmp_path / "m"), "x")]
    assert capsys.readouterr().out == "run r: COMPLETE (in TFX: x)\n"
    assert main(run, Steps(str(tmp_path)), "root", "m", ["-p", "m=5"]) == 2
    assert "names no parameter" in capsys.readouterr().err
