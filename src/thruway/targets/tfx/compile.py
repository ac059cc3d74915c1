"""Compile a pipeline to TFX."""

from __future__ import annotations

from typing import TYPE_CHECKING

from thruway.errors import CompileRefused, UsageError
from thruway.targets.tfx.artifacts import OWN, TYPES
from thruway.targets.tfx.components import calls_of
from thruway.targets.tfx.formatting import formatted
from thruway.targets.tfx.names import Names, identifier
from thruway.targets.tfx.parameters import runtime_of
from thruway.targets.tfx.standard import Choice, choose
from thruway.targets.tfx.standard_text import notes_of, standard_text
from thruway.targets.tfx.text import Written, pipeline_text, runner_text
from thruway.targets.types import Compiled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from thruway.kit.project import ProjectConfig
    from thruway.targets.tasks import Tasks
    from thruway.targets.tfx.components import Call
    from thruway.targets.types import CompileOptions

_OURS = ("pipeline-root", "metadata-path", "standard-components")
_VARIABLES = {
    *("PIPELINE_NAME", "PIPELINE_ROOT", "METADATA_PATH", "STEPS", "PARAMETERS", "AS_JSON"),
    *("STANDARD", "BEAM", "AnomaliesGate", "GateFailed", "anomalies_pb2", "parameters"),
    *("csv_examples", "destination"),
    *("RUN_ID", "Steps", "tfx", "json", "run", "run_id", "pipeline_root", "metadata_path"),
    *("InputArtifact", "OutputArtifact", "Parameter", "component", "create_pipeline"),
    *TYPES,
    OWN,
}
"""Names in the written file that stand for something already."""


def compile_tfx(project: ProjectConfig, tasks: Tasks, options: CompileOptions) -> Compiled:
    """Return a module with the components and the pipeline, and one that runs it.

    Args:
        project: the project.
        tasks: of its pipeline.
        options: `store`, `lineage` and `project` count; of its own, `pipeline-root`,
            `metadata-path` and `standard-components` (yes: calls of canonical components are those
            of TFX where that is sound).

    Raises:
        UsageError: an option makes no sense for TFX.
    """
    _check(options)
    dag = project.dag()
    variables, titles = Names(set(_VARIABLES)), Names(set(_VARIABLES))
    begin = (titles.free("RunParameters"), variables.free("run_parameters"))
    choice = choose(dag) if _asked(options) else Choice()
    calls = calls_of(dag, variables, titles, choice.dropped)
    _check_any(calls)
    name = identifier(tasks.pipeline)
    told = Written(
        tasks.pipeline,
        tasks.doc,
        f"{name}_pipeline",
        calls,
        runtime_of(tasks.parameters, dag),
        begin,
        standard_text(choice, calls, variables, titles, dag),
        options.project or str(project.dir),
        options.store,
        options.lineage,
        options.more.get("pipeline-root", f"tfx/{name}"),
        options.more.get("metadata-path", f"tfx/{name}/metadata.sqlite"),
    )
    files = {
        f"{told.module}.py": formatted(pipeline_text(told)),
        f"{name}_runner.py": formatted(runner_text(told)),
    }
    return Compiled(files, (*_notes(project, tasks, options), *notes_of(choice)))


def _check(options: CompileOptions) -> None:
    if options.schedule or options.start or options.catchup:
        raise UsageError(
            "TFX has no scheduler",
            fix="leave --schedule, --start and --catchup out, and let cron or a scheduler of yours "
            "run the runner; or compile to airflow",
        )
    if options.image:
        raise UsageError(
            "TFX's local runner runs no containers",
            fix="leave --image out; or compile to kubeflow",
        )
    for name in options.more:
        if name not in _OURS:
            raise UsageError(
                f"`{name}` is no option of the target tfx", fix=f"use one of: {', '.join(_OURS)}"
            )


def _asked(options: CompileOptions) -> bool:
    said = options.more.get("standard-components", "no")
    if said not in ("yes", "no"):
        raise UsageError(f"`standard-components` is {said}", fix="say yes or no")
    return said == "yes"


def _check_any(calls: tuple[Call, ...]) -> None:
    if not calls:
        raise CompileRefused(
            "nothing of the pipeline would be ours: TFX's own components can do all of it",
            fix="write those into a TFX pipeline, or leave `standard-components` out",
        )


def _notes(project: ProjectConfig, tasks: Tasks, options: CompileOptions) -> Iterator[str]:
    yield "install TFX and Thruway in one environment, with what the steps import"
    if not options.project:
        yield f"the components find the project in {project.dir}; name another with --project-at"
    fixed = [one.name for one in tasks.parameters if not one.is_json]
    if fixed:
        yield (
            f"{_listed(fixed)} cannot be set for a run: TFX's parameters are numbers and texts, "
            "and JSON cannot write the default"
        )
    asking = [task.node for task in tasks.tasks if task.options.gpu or task.options.memory]
    if asking:
        yield f"TFX's local runner reserves nothing for {_listed(list(dict.fromkeys(asking)))}"


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
