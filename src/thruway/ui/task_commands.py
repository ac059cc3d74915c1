"""The commands that other engines call: one step of a run, and the end of a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from thruway.ui.app import Debug, Json, Project, app, emit
from thruway.ui.run_commands import Parameters, ParamsFile, SeedOption, run_options

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
    output: Output = None,
    protocol: Protocol = "",
    message: Message = "",
    as_json: Json = False,
    debug: Debug = False,  # noqa: ARG001 - read by main
) -> int:
    """Run one step of a run that another engine drives; called by what compile writes."""
    from dataclasses import replace
    from typing import get_args

    from thruway import plugins
    from thruway.errors import UsageError
    from thruway.kit.project import load_project
    from thruway.run import EngineRun, Part, run_part
    from thruway.run.engine.part import Stage
    from thruway.ui.running import RunPrinter

    if not run_id:
        raise UsageError(
            "a step is part of a run, and no run is named",
            fix="say --run-id, the same for all steps",
        )
    if stage not in get_args(Stage):
        raise UsageError(f"there is no stage `{stage}`", fix="use items, item or gather")
    config = load_project(project)
    options = replace(
        run_options(config, parameters, params, None, seed),
        force=force,
        no_cache=no_cache,
        logs=True,
    )
    talk = plugins.load("protocol", protocol)(config, message) if protocol else None
    if talk is not None:
        told = talk.told()
        options = replace(options, params={**told.params, **options.params})
        item = item if told.item is None else told.item
    part = Part(EngineRun(engine, run_id, link), step, stage, item)  # type: ignore[arg-type]
    done = run_part(config, part, options, RunPrinter(quiet=False))
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
    protocol: Protocol = "",  # noqa: ARG001 - there is nothing more to be told at the end
    message: Message = "",  # noqa: ARG001 - the same
    as_json: Json = False,
    debug: Debug = False,  # noqa: ARG001 - read by main
) -> int:
    """Record how a run of another engine ended: its state, its results, its files."""
    from thruway.kit.project import load_project
    from thruway.run import EngineRun, finish_parts

    run, state = finish_parts(load_project(project), EngineRun(engine, run_id))
    emit({"run": run, "state": state} if as_json else f"run {run}: {state}")
    return 0 if state in ("COMPLETE", "CACHED") else 1
