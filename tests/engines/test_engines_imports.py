"""Operators of Airflow as steps, run by the Airflow that is installed beside."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

import pytest

from thruway.api.importing import import_component
from thruway.errors import DataError

ROOT = Path(__file__).resolve().parents[2]
ENGINES = Path(os.environ.get("THRUWAY_ENGINES", ROOT / ".engines")).resolve()
AIRFLOW = ENGINES / "airflow" / "bin/python"
BASH = "airflow:airflow.providers.standard.operators.bash.BashOperator"

pytestmark = pytest.mark.skipif(
    not AIRFLOW.exists(), reason="no environment of Airflow: python tools/engines.py airflow"
)


@pytest.fixture
def bash(tmp_path, monkeypatch):
    (tmp_path / "flow.py").write_text(
        "from thruway import pipeline, step\n\n@step\ndef one() -> int:\n    return 1\n\n"
        "@pipeline\ndef flow():\n    return one()\n"
    )
    (tmp_path / "pyproject.toml").write_text('[tool.thruway]\npipeline = "flow:flow"\n')
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "airflow"))
    monkeypatch.syspath_prepend(tmp_path)
    done = import_component(BASH, tmp_path, str(AIRFLOW))
    monkeypatch.setenv("THRUWAY_AIRFLOW_PYTHON", str(AIRFLOW))
    yield getattr(importlib.import_module(done.module), done.step)
    for name in [name for name in sys.modules if name.partition(".")[0] == "steps"]:
        del sys.modules[name]


def test_an_operator_is_a_step(bash):
    assert bash("echo one; echo $WHO", env={"WHO": "two"}) == "two"
    with pytest.raises(DataError, match="BashOperator failed"):
        bash("exit 3")
