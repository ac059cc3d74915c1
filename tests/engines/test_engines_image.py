"""The folder of an image, put together by its own lines in a clean environment, without an engine.

What `RUN` installs is installed, in a new environment, from the folder that `COPY` would copy; then
a step is run by the very words that its container gets.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import venv
from typing import TYPE_CHECKING

import pytest

from thruway.kit.project import load_project
from thruway.run import describe_run
from thruway.targets import CompileOptions, compile_project
from thruway.targets.image import build_context

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

PIPELINE = """
from thruway import pipeline, step
from churn.rows import rows

@step
def load(n: int) -> list[int]:
    return rows(n)

@step(role="evaluate")
def mean(values: list[int]) -> float:
    return sum(values) / len(values)

@pipeline
def flow(n: int = 3):
    return mean(load(n))
"""


@pytest.fixture
def context(tmp_path):
    folder = tmp_path / "churn"
    (folder / "churn").mkdir(parents=True)
    (folder / "churn" / "flow.py").write_text(PIPELINE)
    (folder / "churn" / "rows.py").write_text("def rows(n):\n    return list(range(n))\n")
    (folder / "churn" / "__init__.py").write_text("")
    (folder / "pyproject.toml").write_text('[tool.thruway]\npipeline = "churn.flow:flow"\n')
    made = build_context(load_project(folder), tmp_path / "image")
    shutil.rmtree(folder)
    return made


def test_it_installs_and_runs_a_step(context, tmp_path):
    lines = (context.folder / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
    home = tmp_path / "environment"
    venv.create(home, with_pip=True)
    settings = re.findall(r"(\w+)=(\S+)", next(line for line in lines if line.startswith("ENV")))
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    environment |= dict(settings) | {"PATH": f"{home / 'bin'}:/usr/bin:/bin"}
    for line in lines:
        if line.startswith("RUN "):
            subprocess.run(
                line.removeprefix("RUN "),
                shell=True,
                check=True,
                cwd=context.folder,
                env=environment,
            )
    # The store that all tasks reach is not in the image.
    environment["THRUWAY_STORE"] = str(tmp_path / "store")
    place = context.folder / "pipeline" / context.place.name
    project = load_project(place)
    options = CompileOptions(image=context.image, project=str(place))
    spec = compile_project(project, "kubeflow", options).files["flow.yaml"]
    environment["THRUWAY_ENGINE_RUN"] = "a-run"  # as Kubernetes has it from the pod
    for step in ("start", "load", "mean", "finish"):
        words = command(spec, step)
        assert words[:3] == ["python3", "-m", "thruway.ui.main"]
        words[-1] = json.dumps(message(tmp_path / step, step))
        done = subprocess.run(
            words, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    said = json.loads((tmp_path / "mean" / "output.json").read_text())
    assert said["artifacts"]["Output"]["artifacts"][0]["metadata"]["value"] == 2.0
    said = json.loads((tmp_path / "start" / "output.json").read_text())
    assert set(said["parameterValues"]) == {"answer-load", "answer-mean"}
    record = describe_run(tmp_path / "store", "latest")
    assert (record["state"], record["engine_run"]) == ("COMPLETE", "a-run")
    assert [each["state"] for each in record["executions"]] == ["COMPLETE", "COMPLETE"]


def command(spec: str, step: str) -> list[str]:
    """The words of a container, as KFP reads them."""
    yaml = pytest.importorskip("yaml")
    container = next(yaml.safe_load_all(spec))["deploymentSpec"]["executors"][f"exec-{step}"][
        "container"
    ]
    return [*container["command"], *container["args"]]


def message(folder: Path, step: str) -> dict:
    if step in ("start", "finish"):
        answers = {"answer-load": {}, "answer-mean": {}} if step == "start" else {}
        said = {} if step == "start" else {"run-status": {"state": "COMPLETE"}}
        outputs = {"outputFile": str(folder / "output.json"), "parameters": answers}
        return {"inputs": {"parameterValues": {"n": 5, **said}}, "outputs": outputs}
    one = {
        "name": "Output",
        "uri": str(folder / "Output"),
        "type": {"schemaTitle": "system.Metrics"},
    }
    return {
        "inputs": {"parameterValues": {"store-answer": "a-run", "n": 5}},
        "outputs": {
            "outputFile": str(folder / "output.json"),
            "artifacts": {"Output": {"artifacts": [one]}},
        },
    }
