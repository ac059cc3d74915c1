"""`thruway new`: what it writes runs at once, its own tests pass, and names are checked."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from thruway.errors import ProjectError, UsageError
from thruway.kit.project import load_project
from thruway.project.starter import starter_files, write_starter
from thruway.run import run_project

pytest.importorskip("pandera")


def test_it_runs_at_once_and_again_from_the_cache(tmp_path):
    files = write_starter(tmp_path / "churn")
    assert "churn/pipeline.py" in files
    project = load_project(tmp_path / "churn")
    result = run_project(project)
    assert [step.name for step in result.steps] == ["ingest", "split", "train_model", "evaluate"]
    assert 0.6 < result.load("scores").accuracy < 1.0
    assert run_project(project).state == "CACHED"


@pytest.mark.slow
def test_its_own_tests_pass_and_its_text_is_clean(tmp_path):
    folder = tmp_path / "my-churn"
    write_starter(folder)
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    tested = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=folder, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert tested.returncode == 0, tested.stdout
    assert "6 passed" in tested.stdout
    checked = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "E,F,I", "--line-length",
         "100", "."], cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout


NAMES = [
    ("churn", "churn"),
    ("my-churn", "my_churn"),
    ("My Churn 2", "my_churn_2"),
]


@pytest.mark.parametrize(("name", "package"), NAMES)
def test_names_of_packages(name, package):
    files = starter_files(name)
    assert f"{package}/pipeline.py" in files
    assert f"def {package}(" in files[f"{package}/pipeline.py"]
    assert not [path for path, text in files.items() if "{{" in text]


WRONG = [("2fast", "cannot be the name"), ("class", "cannot be"), ("json", "another package")]


@pytest.mark.parametrize(("name", "message"), WRONG)
def test_names_that_are_none(name, message):
    with pytest.raises(UsageError, match=message):
        starter_files(name)


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ProjectError, match="is not empty"):
        write_starter(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
