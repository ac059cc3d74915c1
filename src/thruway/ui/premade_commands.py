"""The command that imports a component of another system."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from thruway.ui.app import Debug, Json, app, emit


@app.command(
    name="import",
    epilog="Examples: thruway import train.yaml --into churn; "
    "thruway import airflow:airflow.providers.standard.operators.bash.BashOperator --into churn",
)
def import_(
    component: Annotated[
        str,
        typer.Argument(
            help="A YAML file of Kubeflow Pipelines, airflow:MODULE.OPERATOR, tfx:MODULE.COMPONENT."
        ),
    ],
    into: Annotated[
        Path, typer.Option("--into", metavar="PROJECT", help="Project that gets the step.")
    ] = Path(),
    python: Annotated[
        str,
        typer.Option("--python", metavar="PATH", help="Interpreter that has Airflow or TFX."),
    ] = "",
    name: Annotated[str, typer.Option("--name", metavar="STEP", help="Name of the step.")] = "",
    as_json: Json = False,
    debug: Debug = False,  # noqa: ARG001 - read by main
) -> int:
    """Write a component of Kubeflow Pipelines, Airflow or TFX as a typed step of a project."""
    from thruway.api.importing import import_component

    done = import_component(component, into, python, name)
    lines = [*(f"wrote {path}" for path in done.files), *(f"- {note}" for note in done.notes)]
    lines += ["use it:", f"  from {done.module} import {done.step}"]
    record = {
        "module": done.module,
        "step": done.step,
        "files": [str(path) for path in done.files],
        "notes": list(done.notes),
    }
    emit(record if as_json else "\n".join(lines))
    return 0
