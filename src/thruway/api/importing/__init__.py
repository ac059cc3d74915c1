"""Write a component of another system as a typed step of a project.

`kubeflow` reads YAML files, `installed` asks an interpreter that has Airflow or TFX, `text` writes
the step. What it calls when it runs is in `components.foreign`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from thruway.api.importing.installed import of_airflow, of_tfx
from thruway.api.importing.kubeflow import of_yaml
from thruway.api.importing.text import file_name, step_text
from thruway.errors import UsageError
from thruway.kit.project import load_project

if TYPE_CHECKING:
    from thruway.api.importing.types import Foreign

__all__ = ["Imported", "import_component"]


@dataclass(frozen=True)
class Imported:
    """What was written.

    Attributes:
        module: dotted name of the step's module.
        step: name of the step.
        files: that were written.
        notes: what to set up.
    """

    module: str
    step: str
    files: tuple[Path, ...]
    notes: tuple[str, ...]


def import_component(what: str, project: Path | str, python: str = "", name: str = "") -> Imported:
    """Write a component of another system as a step of a project.

    Args:
        what: a YAML file of Kubeflow Pipelines, `airflow:module.Operator`, `tfx:module.Component`.
        project: the project.
        python: an interpreter that has Airflow or TFX; that of the running process by default.
        name: of the step; made from the component's own by default.

    Raises:
        UsageError: it is nothing of the three, or a step cannot do what it does; says why.
        ProjectError: there is no project.
    """
    config = load_project(project)
    system, colon, target = what.partition(":")
    if colon and system in ("airflow", "tfx"):
        found = (of_airflow if system == "airflow" else of_tfx)(target, python)
    elif what.endswith((".yaml", ".yml")):
        found = of_yaml(Path(what))
    else:
        raise UsageError(
            f"`{what}` names no component",
            fix="give a YAML file, airflow:module.Operator or tfx:module.Component",
        )
    package = config.file.parent
    return _written(found, package / "steps" / "imported", config.roots, name)


def _written(found: Foreign, folder: Path, roots: tuple[Path, ...], name: str) -> Imported:
    step = file_name(name or found.name)
    files = {folder / f"{step}.py": step_text(found, step)}
    if found.original:
        files[folder / f"{step}.yaml"] = found.original
    for package in (folder, folder.parent):
        marker = package / "__init__.py"
        if not marker.exists() and (package.parent / "__init__.py").exists():
            files[marker] = ""
    for place, text in files.items():
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8", newline="\n")
    return Imported(_module(folder / step, roots), step, tuple(sorted(files)), tuple(found.notes))


def _module(place: Path, roots: tuple[Path, ...]) -> str:
    for root in roots:
        if place.is_relative_to(root):
            return ".".join(place.relative_to(root).parts)
    return os.fspath(place.name)
