"""Run an operator of Airflow as a step, here or in an interpreter that has Airflow.

An operator's own work is `execute(context)`; what a scheduler adds (templates, XCom between tasks,
pools, deferring) is not there, and an operator that asks for it says so.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thruway.components.foreign import airflow_execute
from thruway.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

INTERPRETER = "THRUWAY_AIRFLOW_PYTHON"
"""Environment variable that names an interpreter with Airflow, if that of the run has none."""


def run(operator: str, task_id: str, given: Mapping[str, Any], defaults: Mapping[str, Any]) -> Any:
    """Return what an operator's `execute` returns.

    Args:
        operator: `package.module.Operator`.
        task_id: of the task that is made.
        given: argument → value.
        defaults: argument → value that is the operator's own; not handed over.

    Raises:
        UsageError: there is no Airflow, or the operator is not installed.
        DataError: what it takes or returns cannot travel to the other interpreter; or it failed
            there.
    """
    arguments = {
        name: value
        for name, value in given.items()
        if name not in defaults or value != defaults[name]
    }
    found = importlib.util.find_spec("airflow")
    if found is not None and found.origin is not None:  # a folder of that name has no origin
        return airflow_execute.execute(operator, task_id, arguments)
    python = os.environ.get(INTERPRETER, "")
    if not python:
        raise UsageError(
            f"{operator} needs Airflow, which is not installed here",
            fix=f"install it, or let {INTERPRETER} name an interpreter that has it",
        )
    return _elsewhere(python, operator, task_id, arguments)


def _elsewhere(python: str, operator: str, task_id: str, arguments: Mapping[str, Any]) -> Any:
    with tempfile.TemporaryDirectory(prefix="thruway-airflow-") as folder:
        asked, answer = Path(folder, "asked.json"), Path(folder, "answer.json")
        program = Path(airflow_execute.__file__).read_text(encoding="utf-8")
        try:
            asked.write_text(json.dumps([operator, task_id, dict(arguments)]), encoding="utf-8")
        except TypeError as error:
            raise DataError(
                f"an argument of {operator} is not what JSON can write: {error}",
                fix="run the step in an interpreter that has Airflow",
            ) from error
        done = subprocess.run([python, "-c", program, asked, answer], check=False)
        if done.returncode or not answer.is_file():
            raise DataError(f"{operator} failed; what it printed says why")
        return json.loads(answer.read_text(encoding="utf-8"))
