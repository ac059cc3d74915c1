"""One step of a run that another engine drives: Airflow, Kubeflow Pipelines, TFX.

Such an engine decides what runs when and where, and starts one process for each step. Each calls
`run_part`, which does here what a run does for one step: its inputs are what the steps before it
gave in the same run of the engine, by the lineage that all parts share; so nothing but the engine's
id of the run has to be handed from one to the next. Keys, the cache and the hashes of artifacts are
those of a local run.

A mapped step is three kinds of part: `items` says how many items there are, `item` is the call for
one of them, and `gather` makes the list of what these gave.

An engine may have a cache of its own, by which it leaves parts out. `begin_parts` says what to make
part of its keys, so that it answers only what the store would answer, and the same; parts that are
left out are then recorded by those that need them, and by the end, from the store alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from thruway.run.engine.forecasting import forecast
from thruway.run.engine.part import Begun, EngineRun, Part, PartResult, PartRun
from thruway.run.events.reporter import Reporter, SilentReporter
from thruway.run.types import RunOptions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from thruway.kit.project import ProjectConfig
    from thruway.run.types import State

__all__ = ["begin_parts", "finish_parts", "run_part"]


def begin_parts(project: ProjectConfig, of: EngineRun, options: RunOptions | None = None) -> Begun:
    """Begin a run of another engine, and say which of its steps the store answers.

    For engines with a cache of their own: with this digest in its key, or the id of the run where
    there is none, the engine leaves out a part only if the store gives the same as when the engine
    kept it.

    Args:
        project: the project.
        of: the run.
        options: as for all parts of the run.

    Raises:
        UsageError: a parameter is missing or unknown.
    """
    options = replace(options or RunOptions(), isolate=True, only="", from_step="")
    with PartRun(project, project.dag(), options, SilentReporter(), Part(of, "")) as run:
        begun = run.run
    steps = forecast(project, options).steps
    return Begun(begun, {step.name: step.answer for step in steps})


def run_part(
    project: ProjectConfig,
    part: Part,
    options: RunOptions | None = None,
    reporter: Reporter | None = None,
    *,
    engine_cache: bool = False,
) -> PartResult:
    """Run one step of a run of another engine.

    Args:
        project: the project.
        part: which step of which run.
        options: `params`, `seed`, `force` and `no_cache` count. They have to be the same for all
            parts of a run; retries are the engine's.
        reporter: hears what happens.
        engine_cache: the engine may have left out steps before it: the store answers these.

    Raises:
        UsageError: a step before it was not run in this run, or there is no such step.
        StepFailed, StorageError, GateFailed: as `run_project`.
    """
    options = replace(options or RunOptions(), isolate=True, only="", from_step="")
    run = PartRun(project, project.dag(), options, reporter or SilentReporter(), part)
    with run:
        return run.part_result(engine_cache=engine_cache)


def finish_parts(
    project: ProjectConfig,
    of: EngineRun,
    elsewhere: Mapping[str, State] | None = None,
    options: RunOptions | None = None,
    *,
    engine_cache: bool = False,
) -> tuple[str, State]:
    """End a run of another engine: its state, its results and its files; return its id and state.

    To be called when nothing of it runs any more, whatever became of its steps.

    Args:
        project: the project.
        of: the run.
        elsewhere: steps that the engine did with means of its own, without `run_part` → how they
            ended; nothing of theirs is in the store.
        options: as for all parts of the run; only needed with `engine_cache`.
        engine_cache: the engine, for which all went well, may have left out steps: the store
            answers these.

    Raises:
        UsageError: no part of it was run, or a step that was left out is not in the store.
    """
    dag = project.dag()
    if options is None:
        nothing = {p.name: None for p in dag.parameters if not p.has_default}
        options = RunOptions(params=nothing)
    options = replace(options, isolate=True)
    part = Part(of, "")
    with PartRun(project, dag, options, SilentReporter(), part, begin=False) as run:
        return run.end(elsewhere or {}, engine_cache=engine_cache)
