"""`add`: components written into pipelines, wired by type, by part and by what steps do."""

from __future__ import annotations

import inspect
import json
import shutil
import textwrap
from pathlib import Path

import pytest

from thruway import api, components
from thruway.api.adding.rows import ROWS
from thruway.errors import TypeMismatch, UsageError
from thruway.kit.project import load_project
from thruway.run import RunOptions, run_project
from thruway.ui.main import main

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
STEPS = '''
"""Steps of a small project."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from thruway import step


class Parts(NamedTuple):
    train: pd.DataFrame
    test: pd.DataFrame


class Four(NamedTuple):
    X_train: pd.DataFrame
    X_test: pd.DataFrame
    y_train: pd.Series
    y_test: pd.Series


class Two(NamedTuple):
    first: LogisticRegression
    second: LogisticRegression


@step(role="ingest")
def load(rows: int) -> pd.DataFrame:
    x = np.arange(rows)
    return pd.DataFrame({"x": x, "z": x % 3, "paid": (x // 5) % 2})


@step(role="split")
def halve(frame: pd.DataFrame) -> Parts:
    return Parts(frame.iloc[::2], frame.iloc[1::2])


@step(role="split")
def quarter(frame: pd.DataFrame) -> Four:
    X, y = frame[["x", "z"]], frame["paid"]
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    return Four(X_train, X_test, y_train, y_test)


@step(role="train")
def fit(train: pd.DataFrame) -> LogisticRegression:
    X = train.drop(columns=["paid"])
    y = train["paid"]
    model = LogisticRegression()
    model.fit(X, y)
    return model


@step(role="train")
def fit_apart(X: pd.DataFrame, y: pd.Series) -> LogisticRegression:
    return LogisticRegression().fit(X, y)


@step(role="train")
def fit_two(train: pd.DataFrame) -> Two:
    X, y = train[["x"]], train["paid"]
    return Two(LogisticRegression().fit(X, y), LogisticRegression(C=0.1).fit(X, y))


@step(role="evaluate")
def score(model: LogisticRegression, rows: pd.DataFrame) -> float:
    return accuracy_score(rows["paid"], model.predict(rows.drop("paid", axis=1)))


@step(role="evaluate")
def score_swapped(model: LogisticRegression, rows: pd.DataFrame, right: pd.Series) -> float:
    return accuracy_score(model.predict(rows), right)


@step(role="evaluate")
def score_hidden(model: LogisticRegression, rows: pd.DataFrame) -> float:
    return model.predict(rows).mean()


@step(role="evaluate")
def score_scaled(model: LogisticRegression, X: pd.DataFrame, y: pd.Series) -> float:
    return accuracy_score(y, model.predict(StandardScaler().fit_transform(X)))


@step
def guess(frame: pd.DataFrame) -> dict:
    return {}
'''
HEAD = '''"""A small pipeline."""

from steps import (
    {steps},
)
from thruway import pipeline


@pipeline
def flow(rows: int = 60):
    """Say who pays."""
    # --- read -----------------
    frame = load(rows)   # as it is
'''


class Project:
    def __init__(self, folder):
        self.dir = folder
        (folder / "pyproject.toml").write_text('[tool.thruway]\npipeline = "flow:flow"\n')
        (folder / "steps.py").write_text(STEPS)
        self.file = folder / "flow.py"

    def write(self, body, steps="load, halve, quarter, fit, fit_apart, fit_two, guess, score"):
        body = textwrap.indent(textwrap.dedent(body).strip("\n"), "    ")
        self.file.write_text(HEAD.replace("{steps}", steps) + body + "\n")

    def add(self, component, **options):
        """The lines that were added, and nothing was removed."""
        done = api.add(component, self.dir, **options)
        lines = done.diff.splitlines()[2:]
        assert not [line for line in lines if line.startswith("-") and "import" not in line]
        return [line[1:].strip() for line in lines if line.startswith("+")]


@pytest.fixture
def project(tmp_path, monkeypatch):
    import sys

    monkeypatch.chdir(tmp_path)
    yield Project(tmp_path)
    for name in ("steps", "flow"):
        sys.modules.pop(name, None)


PARTS = """
    train, test = halve(frame)
    model = fit(train)
"""
WHOLE = """
    parts = halve(frame)
    model = fit(parts.train)
    accuracy = score(model, parts.test)
    return model, accuracy
"""
APART = """
    X_train, X_test, y_train, y_test = quarter(frame)
    model = fit_apart(X_train, y_train)
    return model
"""
LIBRARY = """
    train, held, test = split(frame)
    model = fit(train)
    return model
"""
EVALUATE = "slices=(), n_bootstrap=200"


@pytest.mark.parametrize(
    ("body", "component", "options", "added"),
    [
        (PARTS + "    accuracy = score(model, test)\n    return model, accuracy\n", "evaluate", {},
         [f"evaluation = evaluate(test, model, 'paid', {EVALUATE})"]),
        (PARTS + "    return model\n", "evaluate", {},
         [f"evaluation = evaluate(test, model, 'paid', {EVALUATE})"]),
        (WHOLE, "evaluate", {},
         [f"evaluation = evaluate(parts.test, model, 'paid', {EVALUATE})"]),
        (APART, "evaluate", {}, [f"evaluation = evaluate(X_test, model, y_test, {EVALUATE})"]),
        # What the model was trained on is not held out, though a step asks it about these rows too.
        (PARTS + "    seen = score(model, train)\n    accuracy = score(model, test)\n    return seen\n",
         "evaluate", {}, [f"evaluation = evaluate(test, model, 'paid', {EVALUATE})"]),
        (PARTS + "    seen = score(model, train)\n    return seen\n", "evaluate", {},
         [f"evaluation = evaluate(test, model, 'paid', {EVALUATE})"]),
        (APART.replace("return model", "a = score_swapped(model, X_test, y_test)\n    return a"),
         "evaluate", {}, [f"evaluation = evaluate(X_test, model, y_test, {EVALUATE})"]),
        (APART.replace("return model", "a = score_hidden(model, X_test)\n    return a"),
         "evaluate", {}, [f"evaluation = evaluate(X_test, model, y_test, {EVALUATE})"]),
        (LIBRARY, "evaluate", {}, [f"evaluation = evaluate(test, model, 'paid', {EVALUATE})"]),
        (APART, "evaluate", {"values": {"seed": "3", "slices": "('x',)"}, "name": "judged"},
         ["judged = evaluate(X_test, model, y_test, slices=('x',), n_bootstrap=200, seed=3)"]),
        (APART, "evaluate", {"values": {"features": "('x', 'z', 'and another one')"}},
         ["evaluation = evaluate(", "X_test,", "model,", "y_test,", "slices=(),", "n_bootstrap=200,",
          "features=('x', 'z', 'and another one'),", ")"]),
        (APART, "evaluate", {"into": {"examples": "X_train", "label": "quarter.y_train"}},
         [f"evaluation = evaluate(X_train, model, y_train, {EVALUATE})"]),
        (PARTS + "    return model\n", "evaluate", {"label": "z"},
         [f"evaluation = evaluate(test, model, 'z', {EVALUATE})"]),
        (PARTS + "    evaluation = score(model, test)\n    return evaluation\n", "evaluate", {},
         [f"evaluation_2 = evaluate(test, model, 'paid', {EVALUATE})"]),
        (APART, "bless", {},
         [f"evaluation = evaluate(X_test, model, y_test, {EVALUATE})",
          "blessing = bless(evaluation, thresholds={}, margin=False)"]),
        (APART, "statistics", {}, ["data_statistics = statistics(X_train)"]),
        ("    return guess(frame)\n", "infer_schema", {}, ["schema = infer_schema(frame)"]),
        (APART, "validate", {}, ["schema = infer_schema(X_train)",
                                 "anomalies = validate(X_test, schema)"]),
        (APART, "push", {"values": {"destination": "'/srv/models'"}},
         [f"evaluation = evaluate(X_test, model, y_test, {EVALUATE})",
          "blessing = bless(evaluation, thresholds={}, margin=False)",
          "pushed_model = push(model, blessing, destination='/srv/models')"]),
    ],
)  # fmt: skip
def test_a_component_is_wired_to_what_fits(project, body, component, options, added):
    steps = "load, halve, quarter, fit, fit_apart, guess, score, score_swapped, score_hidden"
    project.write(body, steps=steps)
    if "split(" in body:
        text = project.file.read_text()
        project.file.write_text(text.replace("from thruway import pipeline", "from thruway import pipeline\nfrom thruway.components import split"))  # fmt: skip
    found = project.add(component, **options)
    assert [line for line in found if "import" not in line] == added


@pytest.mark.parametrize(
    ("body", "component", "options", "said"),
    [
        ("    return guess(frame)\n", "evaluate", {}, "no value with a name is a model"),
        ("    train, test = halve(frame)\n    first, second = fit_two(train)\n    return first\n",
         "evaluate", {}, "2 values are models"),
        ("    train, test = halve(frame)\n    return fit(train)\n", "evaluate", {},
         "no value with a name is a model"),
        (APART.replace("fit_apart(X_train", "fit_apart(X_test"), "evaluate", {},
         "no step shows which rows are held out"),
        ("    a = load(3)\n    return guess(a)\n", "statistics", {}, "2 values are frames"),
        (APART, "train", {}, "`train` cannot be added"),
        (APART, "evaluate", {"into": {"rows": "X_test"}}, "`evaluate` has no port `rows`"),
        (APART, "evaluate", {"into": {"examples": "X_tset"}}, "has no value `X_tset`"),
        (APART, "evaluate", {"values": {"seed": "one"}}, "the value of `seed` is no literal"),
    ],
)  # fmt: skip
def test_what_is_not_plain_is_refused(project, body, component, options, said):
    project.write(body)
    before = project.file.read_text()
    with pytest.raises(UsageError) as caught:
        api.add(component, project.dir, **options)
    assert said in str(caught.value)
    assert caught.value.fix
    assert project.file.read_text() == before


def test_candidates_are_listed(project):
    project.write("    train, test = halve(frame)\n    a, b = fit_two(train)\n    return a\n")
    with pytest.raises(UsageError) as caught:
        api.add("evaluate", project.dir)
    assert caught.value.detail.splitlines()[1:] == ["  a (fit_two.first)", "  b (fit_two.second)"]
    project.write("    train, test = halve(frame)\n    a, b = fit_two(train)\n    return a\n")
    done = api.add("evaluate", project.dir, into={"model": "b", "examples": "test"}, label="paid")
    assert "evaluate(test, b, 'paid'" in done.diff


def test_what_would_not_fit_is_not_left_there(project):
    project.write(APART)
    before = project.file.read_text()
    with pytest.raises(TypeMismatch):
        api.add("bless", project.dir, into={"evaluation": "X_test"})
    assert project.file.read_text() == before


def test_a_dry_run_writes_nothing(project):
    project.write(APART)
    before = project.file.read_text()
    done = api.add("evaluate", project.dir, dry_run=True)
    assert project.file.read_text() == before
    assert not done.written
    assert "+    evaluation = evaluate(X_test, model, y_test" in done.diff


def test_imports_are_put_together_and_names_that_are_taken_are_left(project):
    project.write(APART, steps="load, quarter, fit_apart, score as evaluate")
    api.add("bless", project.dir)
    text = project.file.read_text()
    assert "from thruway.components import bless, evaluate as evaluate_component\n" in text
    assert "evaluation = evaluate_component(X_test, model, y_test" in text
    api.add("bless", project.dir)
    assert "blessing_2 = bless(evaluation, thresholds={}, margin=False)" in project.file.read_text()
    assert project.file.read_text().count("thruway.components") == 1


def test_line_ends_and_comments_stay(project):
    project.write(APART)
    text = project.file.read_text().replace("\n", "\r\n")
    project.file.write_bytes(text.encode())
    api.add("evaluate", project.dir)
    new = project.file.read_bytes()
    assert b"frame = load(rows)   # as it is\r\n" in new
    assert new.count(b"\n") == new.count(b"\r\n")


def test_what_was_added_runs(project):
    project.write(APART)
    api.add("bless", project.dir, values={"thresholds": "{'accuracy': {'lower': 0.2}}"})
    result = run_project(load_project(project.dir), RunOptions())
    assert result.load("bless.return" if "return" in result.step("bless").outputs else "bless.blessing").blessed  # fmt: skip


def test_every_port_of_the_table_is_a_parameter():
    for name, row in ROWS.items():
        parameters = inspect.signature(getattr(components, name)).parameters
        assert {port.name for port in row.ports} <= set(parameters), name
        assert {key for key, _ in row.keywords} <= set(parameters), name
        assert hasattr(components, row.returns)
        positional = [port.name for port in row.ports if not port.by_name]
        assert list(parameters)[: len(positional)] == positional, name


def test_the_command(project, capsys):
    project.write(APART)
    assert main(["add", "evaluate", str(project.dir), "--dry-run", "--set", "seed=1"]) == 0
    shown = capsys.readouterr().out
    assert "would be added to" in shown
    assert "evaluate.label     y_test: the label of X_test" in shown
    assert main(["add", "evaluate", str(project.dir), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["components"] == ["evaluate"]
    assert main(["add", "evaluate", str(project.dir), "--set", "seed"]) == 2


@pytest.mark.slow
def test_the_proof_of_a_migrated_project_holds_with_components_in_it(tmp_path):
    shutil.copytree(EXAMPLES / "cancer", tmp_path / "cancer")
    done = api.migrate(tmp_path / "cancer" / "cancer.ipynb", output=tmp_path / "out")
    held = done.proof.counts()
    for component in ("validate", "evaluate", "bless", "push"):
        api.add(component, done.project)
    proof = api.verify(done.project)
    assert (proof.verdict, proof.counts()) == ("equal", held)
    assert {file.action for file in api.sync(done.project, dry_run=True).files} == {
        "unchanged",
        "kept",
    }
    result = run_project(load_project(done.project), RunOptions())
    assert result.load("accuracy") == pytest.approx(0.986, abs=1e-3)
