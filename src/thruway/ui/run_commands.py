"""The commands that run a pipeline, say what a run would do, and tell of past ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from thruway.ui.app import Debug, Json, Project, Python, Quiet, app, emit

if TYPE_CHECKING:
    from thruway.kit.project import ProjectConfig
    from thruway.run.types import RunOptions

Parameters = Annotated[
    list[str] | None, typer.Option("-p", "--param", metavar="K=V", help="Set a parameter.")
]
ParamsFile = Annotated[
    Path | None,
    typer.Option("--params", metavar="FILE", help="Parameters in a JSON, TOML or YAML file."),
]
Only = Annotated[str, typer.Option("--only", metavar="STEP", help="Run this step alone.")]
From = Annotated[
    str, typer.Option("--from", metavar="STEP", help="Run this step and what follows.")
]
SeedOption = Annotated[int | None, typer.Option("--seed", help="Ambient seed.")]
With = Annotated[
    list[str] | None,
    typer.Option(
        "--with", metavar="STEP.PORT=FILE", help="Take an output of a step from a file instead."
    ),
]
Executor = Annotated[
    str,
    typer.Option(
        "--executor",
        "-x",
        metavar="WHERE",
        help="in-process, processes, dask, or dask://HOST:PORT.",
    ),
]
Isolate = Annotated[
    bool, typer.Option("--isolate", help="Every step in a process of its own: -x processes.")
]
Jobs = Annotated[
    int, typer.Option("--jobs", "-j", help="Steps at a time in processes; 0: one a processor.")
]


@app.command(
    epilog="Examples: thruway run churn -p test_size=0.3; thruway run churn -x processes -j 4; "
    "thruway run churn --only train --with clean.rows=sample.parquet; "
    "thruway run churn --only train --pdb"
)
def run(
    project: Project,
    parameters: Parameters = None,
    params: ParamsFile = None,
    executor: Executor = "",
    isolate: Isolate = False,
    only: Only = "",
    from_step: From = "",
    given: With = None,
    force: Annotated[bool, typer.Option("--force", help="Run every step again.")] = False,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Leave the cache alone.")] = False,
    no_store: Annotated[
        bool, typer.Option("--no-store", help="Plain calls: keep nothing, write into the data.")
    ] = False,
    logs: Annotated[bool, typer.Option("--logs", help="Echo what the steps print.")] = False,
    pdb: Annotated[
        bool, typer.Option("--pdb", help="Open the debugger where a step raises.")
    ] = False,
    seed: SeedOption = None,
    python: Python = "",
    jobs: Jobs = 1,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,  # noqa: ARG001 - read by main
) -> int:
    """Run a pipeline; steps whose ingredients are unchanged come from the cache."""
    from dataclasses import replace

    from thruway.errors import UsageError
    from thruway.kit.project import load_project
    from thruway.ui.running import direct_text, run_printer, run_text

    config = load_project(project)
    where = executor or ("processes" if python else "")
    if pdb and (where not in ("", "in-process") or isolate):
        raise UsageError("`--pdb` works in this process only", fix="leave the executor away")
    options = replace(
        run_options(config, parameters, params, given, seed),
        isolate=isolate,
        executor=where,
        only=only,
        from_step=from_step,
        force=force,
        no_cache=no_cache,
        logs=logs,
        python=python,
        jobs=jobs,
        debug=pdb,
    )
    with run_printer(quiet=quiet or as_json, plain=pdb or logs) as printer:
        if no_store:
            from thruway.run import run_directly

            results = run_directly(config, options, printer)
            shown = {name: repr(value) for name, value in results.items()}
            emit(shown if as_json else direct_text(results))
            return 0
        from thruway.run import run_project

        result = run_project(config, options, printer)
    emit(result.dump() if as_json else run_text(result, quiet=quiet))
    return 0


@app.command(epilog="Examples: thruway resume churn; thruway resume churn 20261128-16 -j 4")
def resume(
    project: Project,
    which: Annotated[str, typer.Argument(metavar="RUN", help="Id of a run.")] = "latest",
    jobs: Jobs = 1,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,  # noqa: ARG001 - read by main
) -> int:
    """Go on with a run that failed or was stopped: what it finished is not done again."""
    from thruway.kit.project import load_project
    from thruway.run import resume_options, run_project
    from thruway.ui.running import run_printer, run_text

    config = load_project(project)
    options = resume_options(config, which, jobs)
    with run_printer(quiet=quiet or as_json) as printer:
        result = run_project(config, options, printer)
    emit(result.dump() if as_json else run_text(result, quiet=quiet))
    return 0


@app.command(epilog="Example: thruway plan churn -p test_size=0.3")
def plan(
    project: Project,
    parameters: Parameters = None,
    params: ParamsFile = None,
    only: Only = "",
    from_step: From = "",
    given: With = None,
    seed: SeedOption = None,
    as_json: Json = False,
    debug: Debug = False,  # noqa: ARG001 - read by main
) -> int:
    """Say what a run would execute, what is cached, and why; executes nothing."""
    from dataclasses import replace

    from thruway.kit.project import load_project
    from thruway.run import forecast
    from thruway.ui.forecast import plan_text

    config = load_project(project)
    options = run_options(config, parameters, params, given, seed)
    found = forecast(config, replace(options, only=only, from_step=from_step))
    emit(found.dump() if as_json else plan_text(found))
    return 0


@app.command(epilog="Example: thruway why churn train_model")
def why(
    project: Project,
    step: Annotated[str, typer.Argument(help="Name of a step.")],
    parameters: Parameters = None,
    params: ParamsFile = None,
    seed: SeedOption = None,
    as_json: Json = False,
    debug: Debug = False,  # noqa: ARG001 - read by main
) -> int:
    """Name what makes a step run again: code, a parameter, an input, a file, a package …."""
    from dataclasses import asdict

    from thruway.errors import UsageError
    from thruway.kit.project import load_project
    from thruway.run import forecast
    from thruway.ui.forecast import why_text

    config = load_project(project)
    found = forecast(config, run_options(config, parameters, params, None, seed))
    names = [one.name for one in found.steps]
    if step not in names:
        raise UsageError(
            f"pipeline `{found.pipeline}` has no step `{step}`",
            fix=f"use one of: {', '.join(names)}",
        )
    emit(asdict(found.step(step)) if as_json else why_text(found, step))
    return 0


@app.command(epilog="Example: thruway runs churn")
def runs(project: Project, as_json: Json = False, debug: Debug = False) -> int:  # noqa: ARG001
    """List the runs of a project, the newest first."""
    from thruway.ui.history import runs_records, runs_text

    records = runs_records(project)
    emit(records if as_json else runs_text(records))
    return 0


@app.command(
    epilog="Examples: thruway show churn latest; thruway show churn 3f9a02 --html statistics.html"
)
def show(
    project: Project,
    what: Annotated[str, typer.Argument(help="Id of a run, or (prefix of) an artifact's hash.")],
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help="Write the view of an artifact to a file."),
    ] = None,
    as_json: Json = False,
    debug: Debug = False,  # noqa: ARG001 - read by main
) -> int:
    """Show one run or one artifact."""
    from thruway.ui.history import show_record, show_text, write_view

    if html is not None:
        write_view(project, what, html)
        emit({"written": str(html)} if as_json else f"wrote {html}")
        return 0
    record = show_record(project, what)
    emit(record if as_json else show_text(record))
    return 0


def run_options(
    config: ProjectConfig,
    parameters: list[str] | None,
    params: Path | None,
    given: list[str] | None,
    seed: int | None,
) -> RunOptions:
    """Return the options that several commands share, read from what was written."""
    from thruway.run import RunOptions
    from thruway.ui.parameters import parse_given, parse_parameters, read_parameters

    values: dict[str, Any] = read_parameters(config, params) if params else {}
    return RunOptions(
        params=values | parse_parameters(config, parameters or []),
        seed=seed,
        given=parse_given(given or []),
    )
