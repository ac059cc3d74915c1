"""Compiled pipelines, run by TFX: the same artifacts and verdicts as a local run there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "behaviour"))

from shapes import SHAPES, write_project

from thruway.kit.project import load_project
from thruway.targets import compile_project

PYTHON = Path(os.environ.get("THRUWAY_ENGINES", ROOT / ".engines")).resolve() / "tfx" / "bin/python"

pytestmark = pytest.mark.skipif(
    not PYTHON.exists(), reason="no environment of TFX: python tools/engines.py tfx"
)


def compiled(folder, project, name):
    """Compile a project; the file names are made unique, since one process imports them all."""
    made = compile_project(load_project(project), "tfx")
    for path, text in made.files.items():
        (folder / path.replace("shaped", name)).write_text(text.replace("shaped_", f"{name}_"))


@pytest.fixture(scope="session")
def answers(tmp_path_factory):
    """What came of every shape, once here and once in TFX."""
    folder = tmp_path_factory.mktemp("tfx")
    work = []
    for number, (name, shape) in enumerate(SHAPES.items()):
        place = folder / f"s{number}"
        project = write_project(place / "project", shape)
        write_project(place / "local", shape)
        compiled(place, project, f"s{number}")
        params = {**shape.params, "counter": str(place / "counter.txt")}
        given = {"name": name, "folder": str(place), "module": f"s{number}_runner"}
        here = {**params, "counter": str(place / "counter-local.txt")}
        work.append({**given, "local": here, "runs": [{"params": params}]})
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
    want, (got,) = answer["local"], answer["runs"]
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
