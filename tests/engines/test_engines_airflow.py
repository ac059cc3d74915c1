"""DAGs on a real Airflow: the same artifacts, states and verdicts as a local run there.

`make test-engines` makes the environment. One server runs everything, started once: all runs are
triggered at its start, and the tests look at what came of them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / each) for each in ("engines", "behaviour", "")]

from airflow_server import PYTHON, Airflow
from shapes import SHAPES, Shape, write_project

from thruway.kit.project import load_project
from thruway.targets import CompileOptions, compile_project

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PYTHON.exists(), reason="no Airflow here: python tools/engines.py airflow"),
]

MORE = {
    "fan-out over nothing": Shape(
        "frame = load(rows)\ncount = factors(0)\nscaled = map_over(scale, count, frame=frame)\n"
        "sum_ = total(scaled)\nreturn sum_",
        {"sum_": 0.0},
    ),
    "nested decides": Shape(
        "frame, good = looked(rows, limit)\nmodel = fit(frame)\n"
        "said = tell(when(good, push, hold, model=model))\nreturn said",
        {"said": "It was pushed 40."},
        before=(
            "@pipeline\ndef looked(rows: int, limit: float):\n    frame = load(rows)\n"
            "    score = judge(fit(frame), frame)\n    good = is_good(score, limit)\n"
            "    return frame, good\n\n"
        ),
        skipped=("hold",),
    ),
}
ALL = SHAPES | MORE


def slug(name: str) -> str:
    return name.replace(" ", "_").replace("-", "_")


def in_airflow(env: dict[str, str], what: str, told: Any) -> Any:
    """Run or read pipelines in the environment of Airflow."""
    done = subprocess.run(
        [PYTHON, ROOT / "tests/engines/airflow_outcomes.py", what, json.dumps(told)],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def compiled(project: Path, dags: Path, **options: Any) -> None:
    for path, text in compile_project(load_project(project), "airflow", CompileOptions(**options)).files.items():
        target = dags / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)


class Bench:
    """Every shape, once on Airflow and once without it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.dags = folder / "dags"
        self.dags.mkdir()
        for name, shape in ALL.items():
            compiled(self._project("airflow", name, shape), self.dags, more={"dag": slug(name)})
        self.airflow = Airflow(PYTHON, folder / "home", self.dags)

    def _project(self, where: str, name: str, shape: Shape) -> Path:
        return write_project(self.folder / where / slug(name), shape)

    def params(self, where: str, name: str) -> dict[str, Any]:
        return {**ALL[name].params, "counter": str(self.folder / where / f"{slug(name)}.txt")}

    def run(self) -> None:
        server = self.airflow
        wanted = {slug(name) for name in ALL}
        server.until(lambda: wanted <= server.known(), "all DAGs are read")
        for name in ALL:
            server.trigger(slug(name), "first", **self.params("airflow", name))
        told = {
            str(self._project("local", name, shape)): self.params("local", name)
            for name, shape in ALL.items()
        }
        self.local = in_airflow(server.env, "local", told)
        self.states = {name: server.ended(slug(name), "first") for name in ALL}
        self.tasks = {name: server.tasks(slug(name), "first") for name in ALL}
        told = {str(self.folder / "airflow" / slug(name)): ["latest"] for name in ALL}
        self.there = in_airflow(server.env, "read", told)

    def outcomes(self, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
        here = self.local[str(self.folder / "local" / slug(name))]
        return self.there[str(self.folder / "airflow" / slug(name))][0], here


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    made = Bench(tmp_path_factory.mktemp("airflow"))
    with made.airflow:
        made.run()
        yield made


@pytest.mark.parametrize("name", ALL)
def test_a_shape_comes_to_the_same_as_without_airflow(bench, name):
    told = ALL[name]
    there, here = bench.outcomes(name)
    print(json.dumps(bench.tasks[name]))
    assert (bench.states[name], there["state"]) == (
        ("failed", "FAILED") if told.refused else ("success", "COMPLETE")
    )
    assert {n for n, state in there["states"].items() if state == "SKIPPED"} == set(told.skipped)
    if name != "output that cannot be stored":
        assert there["hashes"] == here["hashes"]
        assert there["states"] == here["states"]
        assert there["values"] == here["values"]
    if told.refused:
        assert {each.partition(".")[0] for each in there["hashes"]} == set(told.kept)
