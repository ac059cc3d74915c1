"""Ask an interpreter that has Airflow or TFX what a component of theirs takes and gives."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from thruway.api.importing.types import NOTHING, Foreign, Input, Output
from thruway.errors import UsageError


def of_airflow(operator: str, python: str = "") -> Foreign:
    """Return what is known of an operator.

    Raises:
        UsageError: it cannot be imported there, or is no operator.
    """
    said = _asked("airflow", operator, python)
    inputs = tuple(map(_input, said["inputs"]))
    output = Output("result", "object")
    notes = ["it runs where Airflow is installed, or where THRUWAY_AIRFLOW_PYTHON has it"]
    if said["templated"]:
        notes.append(f"templates in {', '.join(said['templated'])} are not filled in: give values")
    return Foreign(
        "airflow",
        operator,
        operator.rpartition(".")[2],
        said["doc"],
        inputs,
        (output,),
        notes=tuple(notes),
    )


def of_tfx(component: str, python: str = "") -> Foreign:
    """Return what is known of a component of TFX.

    Raises:
        UsageError: it cannot be imported there, is no component, or needs more than its executor.
    """
    said = _asked("tfx", component, python)
    inputs = tuple(map(_input, said["inputs"]))
    outputs = tuple(Output(each["name"], each["type"]) for each in said["outputs"])
    return Foreign(
        "tfx",
        component,
        component.rpartition(".")[2],
        said["doc"],
        inputs,
        outputs,
        notes=("it runs where TFX is installed, with the component's module",),
    )


def _input(said: dict[str, Any]) -> Input:
    default = said["default"] if said["has_default"] else NOTHING
    return Input(said["name"], said["type"], said.get("kind", ""), default, said.get("doc", ""))


def _asked(system: str, name: str, python: str) -> dict[str, Any]:
    if "." not in name:
        raise UsageError(
            f"`{system}:{name}` names no module", fix=f"write {system}:package.module.{name}"
        )
    # Not as a file: what lies beside it would hide modules of Python's own.
    program = Path(__file__).with_name("inspecting.py").read_text(encoding="utf-8")
    done = subprocess.run(
        [python or sys.executable, "-c", program, system, name],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    last = (done.stdout.strip().splitlines() or [""])[-1]
    try:
        said: dict[str, Any] = json.loads(last)
    except ValueError as error:
        raise UsageError(
            f"{name} cannot be looked at",
            where=python or sys.executable,
            fix=f"name an interpreter that has {system}: --python PATH",
            detail=done.stderr[-1000:],
        ) from error
    if "refused" in said:
        raise UsageError(said["refused"], where=f"{system}:{name}", fix=said["fix"])
    return said
