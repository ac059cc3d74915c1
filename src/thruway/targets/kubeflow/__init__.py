"""Kubeflow Pipelines: a pipeline as IR YAML, written as text; KFP itself is not imported.

`graph` nests the tasks as KFP does, `spec` and `scope` make the IR of them, `containers` says what
runs in each and what it needs. `protocol` is the other side: in the container, it reads what KFP
tells a task and leaves behind what KFP shows (`views`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from thruway.errors import CompileRefused
from thruway.targets.image.place import place_in_image
from thruway.targets.kubeflow.graph import tree_of
from thruway.targets.kubeflow.parameters import type_of
from thruway.targets.kubeflow.recurring import recurring_file
from thruway.targets.kubeflow.settings import settings_of
from thruway.targets.kubeflow.spec import ir_of
from thruway.targets.kubeflow.text import yaml_text
from thruway.targets.types import Compiled

if TYPE_CHECKING:
    from thruway.kit.project import ProjectConfig
    from thruway.targets.kubeflow.settings import Settings
    from thruway.targets.tasks import Tasks
    from thruway.targets.types import CompileOptions

__all__ = ["compile_kubeflow"]


def compile_kubeflow(project: ProjectConfig, tasks: Tasks, options: CompileOptions) -> Compiled:
    """Return the IR of a pipeline, and what schedules it when a schedule is asked for.

    Raises:
        CompileRefused: a step needs what a container on Kubernetes cannot have.
        UsageError: no image is named, or an option makes no sense for Kubeflow.
    """
    settings = settings_of(options, str(place_in_image(project)))
    if not tasks.tasks:
        raise CompileRefused(f"pipeline `{tasks.pipeline}` has no step", fix="call one in it")
    dag = project.dag()
    booleans = frozenset(p.name for p in tasks.parameters if type_of(p) == "BOOLEAN")
    tree = tree_of(dag, tasks, booleans)
    spec, platform = ir_of(dag, tasks, tree, settings)
    text = f"{_head(tasks)}{yaml_text(spec)}"
    text += f"---\n{yaml_text(platform)}" if platform else ""
    files = {f"{tasks.pipeline}.yaml": text}
    if options.schedule:
        files[f"{tasks.pipeline}_schedule.py"] = recurring_file(tasks, options)
    return Compiled(files, _notes(tasks, options, settings))


def _head(tasks: Tasks) -> str:
    lines = [
        "PIPELINE DEFINITION",
        f"Name: {tasks.pipeline}",
        *([f"Description: {tasks.doc.strip().splitlines()[0]}"] if tasks.doc.strip() else []),
        "Compiled by Thruway from the pipeline's text: change that, and compile it again.",
    ]
    return "".join(f"# {line}\n" for line in lines)


def _notes(tasks: Tasks, options: CompileOptions, settings: Settings) -> tuple[str, ...]:
    notes = [f"the image {settings.image} holds Thruway, and the project at {settings.project}"]
    for name, what in (("THRUWAY_STORE", "store"), ("THRUWAY_LINEAGE", "lineage")):
        if name not in settings.given:
            notes.append(
                f"every task has to reach the same {what}: say --{what}, or {name} in a secret"
            )
    asked = {each for task in tasks.tasks for each in task.options.env} - settings.given
    if asked:
        notes.append(
            f"steps depend on {', '.join(sorted(asked))}: give them with -o env. or -o secret."
        )
    if options.schedule:
        notes.append(f"{tasks.pipeline}_schedule.py uploads it and has it run on its schedule")
    return tuple(notes)
