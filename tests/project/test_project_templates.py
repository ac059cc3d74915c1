"""Projects of canonical components: they run at once, and every part can be replaced."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from thruway.errors import UsageError
from thruway.kit.project import load_project
from thruway.project.samples import SAMPLES
from thruway.project.starter import TEMPLATES, starter_files, write_starter
from thruway.run import RunOptions, run_project

PACKAGE = "made_project"


@pytest.fixture(params=TEMPLATES)
def template(request):
    return request.param


def made(tmp_path, template):
    folder = tmp_path / PACKAGE
    write_starter(folder, template)
    return folder


def test_it_runs_at_once_and_the_model_is_pushed(template, tmp_path):
    project = load_project(made(tmp_path, template))
    first = run_project(project, RunOptions(executor="processes"))
    assert first.load("blessing").gate.verdict == "pass"
    assert first.load("pushed").version == 1
    assert (project.outputs / "models" / "1" / "model.json").is_file()
    assert run_project(project, RunOptions(executor="processes")).state == "CACHED"


def test_the_files_are_python_that_a_linter_accepts(template, tmp_path):
    folder = made(tmp_path, template)
    for words in (
        ["check", "--line-length=100", "--select=E,F,I,D1,UP,SIM", "--ignore=D104", PACKAGE],
        ["format", "--check", "--line-length=100", "."],
    ):
        line = [sys.executable, "-m", "ruff", *words]
        done = subprocess.run(line, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


# what stands in the pipeline → a plain function in its place
REPLACED = {
    "ingest": "import pandas as pd\n\ndef ingest(path):\n    return pd.read_csv(path)\n",
    "split": (
        "from types import SimpleNamespace\nfrom typing import NamedTuple\nimport pandas as pd\n\n"
        "class Parts(NamedTuple):\n    train: pd.DataFrame\n    eval: pd.DataFrame\n"
        "    test: pd.DataFrame\n\n"
        "def split(rows, eval=0.2, test=0, by='', column='', seed=0) -> Parts:\n"
        "    rows = rows.sample(frac=1, random_state=seed)\n    cut = int(len(rows) * eval)\n"
        "    return Parts(rows[cut:], rows[:cut], rows[:0])\n"
    ),
    "train": (
        "from typing import Any, NamedTuple\n\nclass Made(NamedTuple):\n    model: Any\n    model_run: dict\n\n"
        "def train(parts, estimator, label, transform_graph=None, seed=0) -> Made:\n"
        "    from sklearn.pipeline import make_pipeline\n"
        "    from sklearn.compose import make_column_transformer\n"
        "    from sklearn.preprocessing import OneHotEncoder\n"
        "    ready = make_column_transformer((OneHotEncoder(handle_unknown='ignore'), ['contract']),"
        " ('passthrough', ['tenure_months', 'monthly_charge', 'support_calls']))\n"
        "    model = make_pipeline(ready, estimator)\n"
        "    return Made(model.fit(parts.train.drop(columns=label), parts.train[label]), {})\n"
    ),
    "bless": (
        "from thruway.kit.gate import Gate\n\ndef bless(evaluation, thresholds):\n"
        "    return Gate('pass' if evaluation.metrics['roc_auc'].value > 0.6 else 'fail')\n"
    ),
    "push": (
        "import pickle\n\ndef push(model, approval, destination):\n"
        "    with open('model.pkl', 'wb') as handle:\n        pickle.dump(model, handle)\n"
        "    return 'model.pkl'\n"
    ),
}


@pytest.mark.parametrize("component", REPLACED)
def test_a_plain_function_in_the_place_of_a_component(component, tmp_path):
    folder = made(tmp_path, "tabular-classification")
    package = folder / PACKAGE
    text = (package / "pipeline.py").read_text().replace(f"    {component},\n", "", 1)
    imported = f"from thruway import pipeline, step\nfrom {PACKAGE} import own\n"
    text = text.replace("from thruway import pipeline\n", imported, 1)
    text = text.replace("\n\n@pipeline", f"\n\n{component} = step(own.{component})\n\n\n@pipeline")
    (package / "pipeline.py").write_text(text)
    (package / "own.py").write_text(REPLACED[component])
    result = run_project(load_project(folder), RunOptions(executor="processes"))
    assert result.state == "COMPLETE"


def test_the_data_is_the_same_every_time():
    assert all(make() == make() for make in SAMPLES.values())


def test_a_template_that_is_not_there():
    with pytest.raises(UsageError, match="there is no template `none`"):
        starter_files("churn", "none")


def test_tests_of_the_project_itself(tmp_path):
    folder = made(tmp_path, "text")
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "4 passed" in done.stdout
    assert Path(folder, "tests", "test_pipeline.py").is_file()
