"""Compiled pipelines, run by TFX: the same artifacts and verdicts as a local run there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "behaviour"))

from shapes import SHAPES, write_project  # noqa: E402 - beside the one behaviour suite

from thruway import migrate  # noqa: E402 - the same
from thruway.kit.project import load_project  # noqa: E402 - the same
from thruway.targets import CompileOptions, compile_project  # noqa: E402 - the same

PYTHON = Path(os.environ.get("THRUWAY_ENGINES", ROOT / ".engines")).resolve() / "tfx" / "bin/python"

pytestmark = pytest.mark.skipif(
    not PYTHON.exists(), reason="no environment of TFX: python tools/engines.py tfx"
)


MORE = """
from thruway import map_over, pipeline, step
from thruway.components import (
    bless, evaluate, infer_schema, ingest, push, statistics, validate
)
from sklearn.linear_model import LogisticRegression
import pandas as pd


@step(role="train")
def learn(rows: pd.DataFrame) -> LogisticRegression:
    return LogisticRegression().fit(rows[["age"]], rows.sex)


@step
def at_least(bar: float) -> dict:
    return {"accuracy": {"lower": bar}}


@step(role="train")
def fit(rows: pd.DataFrame, weights: list[float] = [1.0]) -> float:
    return float(rows.age.mean()) * sum(weights)


@step(retries=1, backoff=0.0)
def risky(item: int, counter: str) -> int:
    with open(f"{counter}-{item}", "a") as handle:
        handle.write(".")
    if len(open(f"{counter}-{item}").read()) < 2:
        raise RuntimeError("not yet")
    return item


@step
def told(numbers: list, deep: bool, none: int | None, zero: float) -> str:
    return repr((numbers, deep, none, zero))


@step
def after(rows: float, counter: str) -> float:
    if not open(counter).read():
        raise RuntimeError("it is empty")
    return rows
"""
FLOWS = {
    "typed": (
        'deep: bool = True, none: int | None = None, zero: float = 0.0, counter: str = "c"',
        "items = map_over(risky, [3, 4], counter=counter)\nreturn told(items, deep, none, zero)",
    ),
    "standard": (
        "csv: str = 'rows.csv'",
        (
            "rows = ingest(csv)\nstats = statistics(rows)\nvalidate(stats, infer_schema(stats))\n"
            "model = fit(rows)\nreturn model"
        ),
    ),
    "pushed": (
        "served: str, csv: str = 'rows.csv', bar: float = 0.1",
        (
            "rows = ingest(csv)\nmodel = learn(rows)\n"
            "verdict = bless(evaluate(rows, model, 'sex'), thresholds=at_least(bar))\n"
            "push(model, verdict, destination=served)\nreturn model"
        ),
    ),
    "goes on": (
        "csv: str = 'rows.csv', counter: str = 'c'",
        "model = fit(ingest(csv))\nlast = after(model, counter)\nreturn last",
    ),
}
OWN = '''
from tfx import v1 as tfx
from tfx.dsl.component.experimental.annotations import OutputDict


@tfx.dsl.components.component
def Longest(
    words: tfx.dsl.components.InputArtifact[tfx.types.standard_artifacts.Examples],
    word: tfx.dsl.components.OutputArtifact[tfx.types.standard_artifacts.Model],
    times: tfx.dsl.components.Parameter[int] = 1,
) -> OutputDict(size=int):
    """Finds the longest word."""
    with open(words.uri + "/words.txt") as file:
        found = max(file.read().split(), key=len)
    with open(word.uri + "/word.txt", "w") as file:
        file.write(found * times)
    return {"size": len(found)}
'''
MIGRATED = {
    "chain": ("tests/corpus/programs/chain.py", "tests/corpus/data/people.csv"),
    "diabetes": ("examples/diabetes/diabetes.py", "examples/diabetes/patients.csv"),
}
# A grid search keeps how many seconds each fit took, so no two runs of it give the same.
TIMED = {"diabetes": {"train_regressors.search", "train_regressors.boosting"}}
ROWS = "age,sex\n" + "".join(f"{20 + n % 50},{'fm'[n % 2]}\n" for n in range(200))


def compiled(folder, project, name, **options):
    """Compile a project; the file names are made unique, since one process imports them all."""
    made = compile_project(load_project(project), "tfx", CompileOptions(more=options))
    for path, text in made.files.items():
        own = text.replace(path[: path.rindex("_")] + "_pipeline import", f"{name}_pipeline import")
        (folder / f"{name}{path[path.rindex('_') :]}").write_text(own)


def flow(folder, name):
    """Write a project of `FLOWS`, with its data."""
    parameters, body = FLOWS[name]
    folder.mkdir(parents=True)
    text = f"{MORE}\n@pipeline\ndef shaped({parameters}):\n{textwrap.indent(body, '    ')}\n"
    (folder / "flow.py").write_text(text)
    (folder / "pyproject.toml").write_text('[tool.thruway]\npipeline = "flow:shaped"\n')
    (folder / "rows.csv").write_text(ROWS)
    (folder / "own_tfx.py").write_text(OWN)
    return folder


def work_of(folder):
    for number, (name, shape) in enumerate(SHAPES.items()):
        place = folder / f"s{number}"
        project = write_project(place / "project", shape)
        write_project(place / "local", shape)
        compiled(place, project, f"s{number}")
        params = {**shape.params, "counter": str(place / "counter.txt")}
        here = {**params, "counter": str(place / "counter-local.txt")}
        runs = [{"params": params}] * (2 if name == "diamond" else 1)
        given = {"local": here, "runs": runs}
        if name == "output that cannot be stored":
            given["executor"] = "processes"
        yield {"name": name, "folder": str(place), **given}
    for name, files in MIGRATED.items():
        place = folder / name
        place.mkdir()
        for file in files:
            shutil.copy(ROOT / file, place)
        migrate(place / f"{name}.py", output=place / "project", verify=False)
        shutil.copytree(place / "project", place / "local")
        compiled(place, place / "project", f"migrated_{name}")
        given = {"local": {}, "executor": "processes", "runs": [{"params": {}}]}
        yield {"name": name, "folder": str(place), **given}
    for name in FLOWS:
        place = folder / name.replace(" ", "_")
        project, counter = flow(place / "project", name), place / "counter.txt"
        more = {"standard-components": "yes"} if name in ("standard", "pushed") else {}
        compiled(place, project, place.name, **more)
        runs = {
            "typed": [{"params": {"counter": str(counter)}}],
            "standard": [{"params": {}}],
            "pushed": [
                {"params": {"served": str(place / "served")}},
                {"params": {"served": str(place / "not"), "bar": 1.5}},
            ],
            "goes on": [
                {"params": {"counter": str(counter)}, "write": [str(counter), ""], "run_id": "one"},
                {
                    "params": {"counter": str(counter)},
                    "write": [str(counter), "x"],
                    "run_id": "one",
                },
            ],
        }
        more = {"imports": True} if name == "standard" else {}
        yield {"name": name, "folder": str(place), "runs": runs[name], **more}


@pytest.fixture(scope="session")
def answers(tmp_path_factory):
    """What came of every pipeline, here and in TFX."""
    folder = tmp_path_factory.mktemp("tfx")
    work = []
    for each in work_of(folder):
        (runner,) = Path(each["folder"]).glob("*_runner.py")
        work.append({**each, "module": runner.stem})
    return driven(folder, work)


def driven(folder, work):
    (folder / "work.json").write_text(json.dumps(work))
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("THRUWAY_", "VIRTUAL_ENV"))}
    done = subprocess.run(
        [PYTHON, ROOT / "tests/engines/tfx_driver.py", folder / "work.json", folder / "out.json"],
        env={**clean, "PYTHONPATH": str(ROOT / "src"), "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads((folder / "out.json").read_text())


@pytest.mark.parametrize("shape", SHAPES)
def test_tfx_gives_the_same(shape, answers):
    told, answer = SHAPES[shape], answers[shape]
    assert "crashed" not in answer, answer["crashed"]
    want, got = answer["local"], answer["runs"][0]
    if told.refused:
        assert told.refused in got["error"]
        assert got["state"] == "FAILED"
        assert {name.partition(".")[0] for name in got["hashes"]} == set(told.kept)
        assert got["status"] == (9 if shape == "gate fails" else got["status"]) != 0
    else:
        assert (got["error"], got["state"], got["status"]) == ("", "COMPLETE", 0)
        assert {name: got["values"][name] for name in told.results} == told.results
    assert got["hashes"] == want["hashes"]
    assert got["states"] == want["states"]
    assert {n for n, state in got["states"].items() if state == "SKIPPED"} == set(told.skipped)


@pytest.mark.parametrize("name", MIGRATED)
def test_a_migrated_program_gives_the_same(name, answers):
    assert "crashed" not in answers[name], answers[name]["crashed"]
    want, (got,) = answers[name]["local"], answers[name]["runs"]
    assert (got["error"], got["state"]) == ("", "COMPLETE")
    assert got["states"] == want["states"]
    assert got["hashes"].keys() == want["hashes"].keys()
    different = {port for port, found in got["hashes"].items() if found != want["hashes"][port]}
    assert different <= TIMED.get(name, set())
    assert len(got["hashes"]) > len(different)


def test_lineage_is_in_ml_metadata_too(answers):
    found, run = answers["diamond"]["lineage"], answers["diamond"]["runs"][0]
    names = ["RunParameters", "Load", "Part", "Fit", "Judge"]
    assert found["executions"] == [[name, "COMPLETE"] for name in names * 2]
    assert ["Judge", "takes", "model", "Model"] in found["events"]
    assert ["Judge", "takes", "test", "Examples"] in found["events"]
    assert ["Judge", "gives", "result", "Float"] in found["events"]
    hashes = {said["hash"] for _, said in found["artifacts"] if "hash" in said}
    assert hashes == set(run["hashes"].values())
    assert {said["state"] for _, said in found["artifacts"] if "hash" in said} == {
        *("COMPLETE", "CACHED"),
    }


def test_a_second_run_is_answered_by_the_store(answers):
    first, second = answers["diamond"]["runs"]
    assert second["hashes"] == first["hashes"]
    assert set(second["states"].values()) == {"CACHED"}
    assert second["run_id"] != first["run_id"]


def test_a_gate_that_fails_is_a_component_that_fails(answers):
    found = answers["gate fails"]["lineage"]["executions"]
    assert found == [
        *(["RunParameters", "COMPLETE"], ["Load", "COMPLETE"], ["Check", "FAILED"]),
        ["Fit", "COMPLETE"],
    ]


def test_what_a_condition_leaves_out_is_said_in_ml_metadata(answers):
    found = answers["condition does not hold"]["lineage"]
    assert ["Push", "COMPLETE"] in found["executions"]
    states = [said.get("state") for _, said in found["artifacts"]]
    assert states.count("SKIPPED") == 1


def test_parameters_of_any_type_arrive_and_items_are_tried_again(answers):
    (run,) = answers["typed"]["runs"]
    assert (run["error"], run["state"]) == ("", "COMPLETE")
    assert list(run["values"].values()) == ["([3, 4], True, None, 0.0)"]


def test_components_of_tfx_do_what_is_theirs(answers):
    (run,) = answers["standard"]["runs"]
    assert (run["error"], run["state"], run["status"]) == ("", "COMPLETE", 0)
    assert set(run["states"]) == {"ingest", "fit"}
    done = dict(answers["standard"]["lineage"]["executions"])
    theirs = ("CsvExampleGen", "StatisticsGen", "SchemaGen", "ExampleValidator", "AnomaliesGate")
    assert [done[name] for name in theirs] == ["COMPLETE"] * 5


def test_a_blessed_model_is_pushed_by_pusher(answers):
    done, failed = answers["pushed"]["runs"]
    assert (done["error"], done["state"], done["status"]) == ("", "COMPLETE", 0)
    assert "push" not in done["states"]
    served = Path(answers["pushed"]["folder"]) / "served"
    (version,) = served.iterdir()
    assert version.name.isdigit()
    manifest = json.loads((version / "model.json").read_text())
    assert manifest["provenance"]["hash"] == done["hashes"]["learn.return"]
    assert ["Pusher", "COMPLETE"] in answers["pushed"]["lineage"]["executions"]
    program = (
        "import sys\nfrom pathlib import Path\nfrom thruway.components.packaging import unpack\n"
        "print(sorted(unpack(Path(sys.argv[1])).classes_))"
    )
    said = subprocess.run(
        [PYTHON, "-c", program, version],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout == "['f', 'm']\n"
    assert (failed["state"], failed["status"]) == ("FAILED", 9)
    assert not (served.parent / "not").exists()


def test_a_run_that_failed_goes_on(answers):
    first, second = answers["goes on"]["runs"]
    assert first["state"] == "FAILED"
    assert (second["error"], second["state"]) == ("", "COMPLETE")
    done = answers["goes on"]["lineage"]["executions"]
    assert done == [[name, "COMPLETE"] for name in ("RunParameters", "Ingest", "Fit", "After")]


def test_a_component_of_tfx_is_a_step(answers):
    found = answers["standard"]["imported"]
    assert "def longest(words: File, times: int | None = None) -> LongestOutputs:" in found["step"]
    assert found["values"] == [3, "cccccc"]
    keys, files = found["statistics"]
    assert keys == ["statistics"]
    assert files == ["StatisticsGen/statistics/Split-all/FeatureStats.pb"]
