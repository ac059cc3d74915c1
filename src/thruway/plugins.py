"""The one table of extension points: what can be added, where ours is, how others' is found.

A layer that must call upwards (a pipeline that runs itself) or sideways (one target among
several) asks here by name, so that no import goes against the layers. Third parties add to a
point with an entry point in the group `thruway.<point>`, in their own `pyproject.toml`:

```toml
[project.entry-points."thruway.target"]
dagster = "thruway_dagster.target:compile_pipeline"
```
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from thruway.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.metadata import EntryPoint


@dataclass(frozen=True)
class Point:
    """One extension point.

    Attributes:
        summary: what is plugged in here, and how it is called.
        ours: name → `module:attribute`; the first is the default.
    """

    summary: str
    ours: Mapping[str, str] = field(default_factory=dict)


POINTS: Mapping[str, Point] = {
    "runner": Point(
        "runs a pipeline: (project: ProjectConfig, options) -> result",
        {"local": "thruway.run:run_project"},
    ),
    "runner_options": Point(
        "options of the runner of that name: (params=Mapping[str, object]) -> options",
        {"local": "thruway.run:RunOptions"},
    ),
    "target": Point(
        "compiles a pipeline to another orchestrator: (project: ProjectConfig, tasks: Tasks, "
        "options: CompileOptions) -> Compiled",
        {
            "airflow": "thruway.targets.airflow:compile_airflow",
            "kubeflow": "thruway.targets.kubeflow:compile_kubeflow",
            "tfx": "thruway.targets.tfx:compile_tfx",
        },
    ),
    "protocol": Point(
        "talks with the engine that started a task: (project: ProjectConfig, message: str) -> "
        "Talk (`targets.types`)",
        {"kfp.dsl.executor_main": "thruway.targets.kubeflow.protocol:ExecutorMain"},
    ),
}


def load(point: str, name: str = "") -> Any:
    """Return what is plugged into a point under a name, imported now.

    Args:
        point: a key of `POINTS`.
        name: which one; "" for the default.

    Raises:
        UsageError: there is no such point or name, or it cannot be imported.
    """
    ours = _point(point).ours
    chosen = name or next(iter(ours), "")
    if chosen in ours:
        return _import(ours[chosen], point)
    for entry in _entries(point):
        if entry.name == chosen or not chosen:
            return _import(entry.value, point)
    raise UsageError(
        f"There is no {point} named `{chosen}`.",
        fix=f"use one of: {', '.join(names(point)) or '(none is installed)'}",
    )


def names(point: str) -> tuple[str, ...]:
    """Return every name of a point: ours first, then those of installed packages, sorted."""
    ours = tuple(_point(point).ours)
    others = sorted({entry.name for entry in _entries(point)} - set(ours))
    return (*ours, *others)


def _point(point: str) -> Point:
    if point not in POINTS:
        raise UsageError(
            f"There is no extension point `{point}`.", fix=f"use one of: {', '.join(POINTS)}"
        )
    return POINTS[point]


def _entries(point: str) -> tuple[EntryPoint, ...]:
    # Imported here: it takes longer than reading a whole pipeline.
    from importlib.metadata import entry_points

    return tuple(entry_points(group=f"thruway.{point}"))


def _import(target: str, point: str) -> Any:
    module, _, attribute = target.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise UsageError(
            f"The {point} `{target}` cannot be imported: {error}.",
            fix="install the package that provides it, or choose another",
        ) from error
