"""The commands that other engines call: one step of a run, and the end of a run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from thruway.ui.app import Debug, Json, Project, app, emit
from thruway.ui.run_commands import Parameters, ParamsFile, SeedOption, run_options

if TYPE_CHECKING:
    from thruway.kit.project import ProjectConfig
    from thruway.run import EngineRun, RunOptions
    from thruway.targets.types import Talk, Told

Engine = Annotated[
    str, typer.Option("--engine", metavar="NAME", help="Engine: airflow, kubeflow, tfx, …")
]
EngineRunId = Annotated[
    str, typer.Option("--run-id", metavar="ID", help="Id of the run in that engine.")
]
Link = Annotated[str, typer.Option("--link", metavar="URL", help="Where the engine shows the run.")]
Output = Annotated[
    Path | None, typer.Option("--output", metavar="FILE", help="Write the record there, as JSON.")
]

Protocol = Annotated[
    str,
    typer.Option("--protocol", metavar="NAME", help="How the engine and its tasks talk."),
]
Message = Annotated[
    str, typer.Option("--message", metavar="TEXT", help="What the engine tells the task in it.")
]


EngineCache = Annotated[
    bool,
    typer.Option("--engine-cache", help="The engine leaves out steps that the store answers."),
]


@app.command(epilog="Example: thruway task-start churn --engine kubeflow --run-id 1f0c")
def task_start(
    project: Project,
    engine: Engine = "engine",
    run_id: EngineRunId = "",
    link: Link = "",
    parameters: Parameters = None,
    params: ParamsFile = None,
    seed: SeedOption = None,
    protocol: Protocol = "",
    message: Message = "",
    as_json: Json = False,
    debug: Debug = False,  # noqa: ARG001 - read by main
) -> int:
    """Begin a run of another engine, and say which of its steps the store answers."""
    from thruway.kit.project import load_project
    from thruway.run import begin_parts

    config = load_project(project)
    talk, told = _talk(config, protocol, message)
    options = _with_told(run_options(config, parameters, params, None, seed), told)
    begun = begin_parts(config, _run_of(engine, run_id, link, told), options)
    if talk is not None:
        talk.begin(begun)
    answered = [name for name, answer in begun.answers.items() if answer]
    text = f"run {begun.run}: the store answers {len(answered)} of {len(begun.answers)} steps"
    emit({"run": begun.run, "answers": dict(begun.answers)} if as_json else text)
    return 0


@app.command(
    epilog="Example: thruway task churn train_model --engine airflow --run-id manual__2026-01-01"
)
def task(
    project: Project,
    step: Annotated[str, typer.Argument(help="Name of a step.")],
    engine: Engine = "engine",
    run_id: EngineRunId = "",
    stage: Annotated[
        str,
        typer.Option("--stage", help="Of a mapped step: items, item or gather."),
    ] = "",
    item: Annotated[int, typer.Option("--item", help="Which item, from 0.")] = 0,
    link: Link = "",
    parameters: Parameters = None,
    params: ParamsFile = None,
    seed: SeedOption = None,
    force: Annotated[bool, typer.Option("--force", help="Run it although it is cached.")] = False,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Leave the cache alone.")] = False,
    engine_cache: EngineCache = False,
    output: Output = None,
    protocol: Protocol = "",
    message: Message = "",
    as_json: Json = False,
    debug: Debug = False,  # noqa: ARG001 - read by main
) -> int:
    """Run one step of a run that another engine drives; called by what compile writes."""
    from typing import get_args

    from thruway.errors import UsageError
    from thruway.kit.project import load_project
    from thruway.run import Part, run_part
    from thruway.run.engine.part import Stage
    from thruway.ui.running import RunPrinter

    if stage not in get_args(Stage):
        raise UsageError(f"there is no stage `{stage}`", fix="use items, item or gather")
    config = load_project(project)
    talk, told = _talk(config, protocol, message)
    options = _with_told(run_options(config, parameters, params, None, seed), told)
    options = replace(options, force=force, no_cache=no_cache, logs=True)
    item = item if told.item is None else told.item
    part = Part(_run_of(engine, run_id, link, told), step, stage, item)  # type: ignore[arg-type]
    done = run_part(config, part, options, RunPrinter(quiet=False), engine_cache=engine_cache)
    if talk is not None:
        talk.tell(done)
        return 0
    if output is not None:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(json.dumps(done.dump()), encoding="utf-8")
    if as_json or output is None:
        emit(done.dump())
    return 0


@app.command(epilog="Example: thruway task-end churn --engine airflow --run-id manual__2026-01-01")
def task_end(
    project: Project,
    engine: Engine = "engine",
    run_id: EngineRunId = "",
    parameters: Parameters = None,
    params: ParamsFile = None,
    seed: SeedOption = None,
    engine_cache: EngineCache = False,
    protocol: Protocol = "",
    message: Message = "",
    as_json: Json = False,
    debug: Debug = False,  # noqa: ARG001 - read by main
) -> int:
    """Record how a run of another engine ended: its state, its results, its files."""
    from thruway.kit.project import load_project
    from thruway.run import finish_parts

    config = load_project(project)
    _, told = _talk(config, protocol, message)
    options = None
    if engine_cache:
        options = _with_told(run_options(config, parameters, params, None, seed), told)
    run, state = finish_parts(
        config,
        _run_of(engine, run_id, "", told),
        options=options,
        engine_cache=engine_cache and not told.failed,
    )
    emit({"run": run, "state": state} if as_json else f"run {run}: {state}")
    return 0 if state in ("COMPLETE", "CACHED") else 1


def _talk(project: ProjectConfig, protocol: str, message: str) -> tuple[Talk | None, Told]:
    """Return the talk with the engine, None if there is none, and what it says."""
    from thruway import plugins
    from thruway.targets.types import Told

    if not protocol:
        return None, Told()
    talk: Talk = plugins.load("protocol", protocol)(project, message)
    return talk, talk.told()


def _with_told(options: RunOptions, told: Told) -> RunOptions:
    """Return options with the parameters that the engine gives; those of the command count."""
    return replace(options, params={**told.params, **options.params})


def _run_of(engine: str, run_id: str, link: str, told: Told) -> EngineRun:
    """Return the run of the engine; what it says of itself counts.

    Raises:
        UsageError: nobody says which run it is.
    """
    from thruway.errors import UsageError
    from thruway.run import EngineRun

    run = told.run or run_id
    if not run or run.startswith("{{"):  # a place that the engine left unfilled
        raise UsageError(
            "a step is part of a run, and no run is named",
            fix="say --run-id, the same for all steps",
        )
    return EngineRun(engine, run, link.replace(run_id, run) if run_id else link)
