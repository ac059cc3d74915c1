"""Compile the pipeline of a project to a target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from thruway import plugins
from thruway.targets.tasks import tasks_of
from thruway.targets.types import CompileOptions

if TYPE_CHECKING:
    from thruway.kit.project import ProjectConfig
    from thruway.targets.types import Compiled


def compile_project(
    project: ProjectConfig, target: str, options: CompileOptions | None = None
) -> Compiled:
    """Return the files that make a pipeline run on another orchestrator.

    Args:
        project: the project.
        target: `airflow`, `kubeflow` (or `kfp`), `tfx`, or the name of a plug-in.
        options: see `CompileOptions`.

    Raises:
        CompileRefused: the pipeline has what the target cannot express.
        UsageError: there is no such target, or an option makes no sense for it.
        PipelineError: the pipeline cannot be read.
    """
    compiler: Any = plugins.load("target", {"kfp": "kubeflow"}.get(target, target))
    compiled: Compiled = compiler(project, tasks_of(project.dag()), options or CompileOptions())
    return compiled
