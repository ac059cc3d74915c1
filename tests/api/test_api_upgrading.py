"""A component in place of a call: tried on what the pipeline gives it, and written if it is the same."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from thruway.api.upgrading import upgrade_step
from thruway.errors import UsageError
from thruway.ui.main import main

FLOW = """
import pandas as pd
from sklearn.model_selection import train_test_split
from thruway import pipeline, step


@step(role="ingest")
def load(path: str) -> pd.DataFrame:
    # The register.
    return pd.read_csv(path, index_col="n")


@step(role="split")
def part(rows: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    train, test = train_test_split(rows, test_size=0.5, random_state=seed)
    return train


@step(role="explore")
def look(rows: pd.DataFrame) -> int:
    return len(rows.describe())


@pipeline
def flow(path: str = "rows.csv"):
    rows = load(path)
    train = part(rows)
    size = look(rows)
    return train, size
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "flow.py").write_text(FLOW)
    (tmp_path / "pyproject.toml").write_text('[tool.thruway]\npipeline = "flow:flow"\n')
    frame = pd.DataFrame({"n": range(12), "x": [0.1 * n for n in range(12)]})
    frame.to_csv(tmp_path / "rows.csv", index=False)
    return tmp_path


def test_what_is_equal_is_written(project):
    done = upgrade_step(project, "load")
    assert (done.verdict, done.written) == ("equal", True)
    text = (project / "flow.py").read_text()
    assert 'return components.ingest(path, format="csv", options={"index_col": "n"})' in text
    assert "    # The register.\n" in text


def test_a_dry_run_writes_nothing(project):
    done = upgrade_step(project, "load", dry_run=True)
    assert (done.verdict, done.written) == ("equal", False)
    assert (project / "flow.py").read_text() == FLOW


def test_what_is_different_is_said_and_left(project):
    done = upgrade_step(project, "part")
    assert (done.verdict, done.written) == ("different", False)
    assert done.ports[0].how
    assert (project / "flow.py").read_text() == FLOW
    accepted = upgrade_step(project, "part", accept="different")
    assert accepted.written
    assert (
        "train, _, test = components.split(rows, eval=0, test=0.5, seed=seed)"
        in (project / "flow.py").read_text()
    )


def test_a_step_that_fails_with_the_component_is_left(project):
    text = FLOW.replace("train_test_split(rows", "train_test_split(rows.x.tolist()")
    (project / "flow.py").write_text(
        text.replace(
            "part(rows: pd.DataFrame, seed: int = 0) -> pd.DataFrame",
            "part(rows: pd.DataFrame, seed: int = 0) -> list",
        )
    )
    done = upgrade_step(project, "part")
    assert (done.verdict, done.written) == ("failed", False)
    assert "`examples` is no frame but a builtins.list" in done.problem


@pytest.mark.parametrize(
    ("step", "words"),
    [("look", "could use `statistics`"), ("none", "nothing to replace in a step `none`")],
)
def test_what_cannot_be_replaced(step, words, project):
    with pytest.raises(UsageError, match=words):
        upgrade_step(project, step)


def test_the_command(project, capsys):
    assert main(["upgrade-steps", str(project)]) == 0
    said = capsys.readouterr().out
    assert 'load\n  line 10: pd.read_csv(path, index_col="n")\n' in said
    assert "next: thruway upgrade-steps . --replace load" in said
    assert main(["upgrade-steps", str(project), "--replace", "part", "-q"]) == 1
    assert "part: different" in capsys.readouterr().out
    assert main(["upgrade-steps", str(project), "--replace", "load", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["verdict"] == "equal"
