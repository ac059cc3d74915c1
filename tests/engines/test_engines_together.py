"""One pipeline on three engines with one store: every run is in it, and what each made of what."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "behaviour"), str(ROOT / "tools")]

from engine_trial import Trial  # noqa: E402 - a tool, not a package
from shapes import SHAPES, write_project  # noqa: E402 - beside the one behaviour suite

ENGINES = Path(os.environ.get("THRUWAY_ENGINES", ROOT / ".engines")).resolve()
PYTHONS = {name: ENGINES / name / "bin" / "python" for name in ("airflow", "kfp", "tfx")}
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not all(python.exists() for python in PYTHONS.values()),
        reason="not all engines are here: python tools/engines.py",
    ),
]
STEPS = ("load", "part", "fit", "judge")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A project that ran on each engine, and its store."""
    folder = tmp_path_factory.mktemp("together")
    project = write_project(folder / "project", SHAPES["diamond"])
    for engine, python in PYTHONS.items():
        trial = Trial(folder / engine, python, engine)
        trial.place.mkdir()
        trial.env |= {
            "PYTHONPATH": str(ROOT / "src"),
            "THRUWAY_OPENLINEAGE": str(folder / f"{engine}.jsonl"),
        }
        trial.on_engine(project, folder / "store")
    return folder


def thruway(place, *words):
    done = subprocess.run(
        [sys.executable, "-m", "thruway.ui.main", *map(str, words), "--json"],
        env={**os.environ, "THRUWAY_STORE": str(place / "store")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_runs_of_all_are_in_one_store(place):
    runs = thruway(place, "runs", place / "project")
    assert {run["engine"] for run in runs} == {"airflow", "kubeflow", "tfx"}
    assert {run["state"] for run in runs} <= {"COMPLETE", "CACHED"}
    assert all(run["engine_run"] for run in runs)
    assert len({run["engine_run"] for run in runs}) == 3


def test_all_made_the_same(place):
    made = {}
    for run in thruway(place, "runs", place / "project"):
        record = thruway(place, "show", place / "project", run["run"])
        assert [each["step"] for each in record["executions"]] == [*STEPS]
        made[run["engine"]] = {
            (each["step"], port): ref["hash"]
            for each in record["executions"]
            for port, ref in each["outputs"].items()
            if ref["format"] in ("json/1", "npy/1")  # a frame of another pandas is another frame
        }
    assert len(made["airflow"]) > 1
    assert made["airflow"] == made["kubeflow"] == made["tfx"]


def test_who_made_an_artifact_is_known_whichever_engine_did(place):
    newest, *_ = thruway(place, "runs", place / "project")
    record = thruway(place, "show", place / "project", newest["run"])
    (score,) = record["executions"][-1]["outputs"].values()
    found = json.dumps(thruway(place, "lineage", place / "project", score["hash"]))
    assert all(step in found for step in STEPS)


@pytest.mark.parametrize("engine", PYTHONS)
def test_each_tells_open_lineage(place, engine):
    events = [json.loads(line) for line in (place / f"{engine}.jsonl").read_text().splitlines()]
    ended = [(each["job"]["name"], each["eventType"]) for each in events]
    assert (ended[0], ended[-1]) == (("shaped", "START"), ("shaped", "COMPLETE"))
    done = {name for name, kind in ended if kind == "COMPLETE"}
    assert {f"shaped.{step}" for step in STEPS} <= done
    runs = {each["run"]["runId"] for each in events if each["job"]["name"] == "shaped"}
    parents = {
        each["run"]["facets"]["parent"]["run"]["runId"]
        for each in events
        if each["job"]["name"] != "shaped"
    }
    assert parents == runs
    assert len(runs) == 1
