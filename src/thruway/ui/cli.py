"""The commands: arguments in, `thruway.api` called, text or JSON out."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from thruway.version import __version__

if TYPE_CHECKING:
    from thruway.plan.ask import Asked

app = typer.Typer(
    name="thruway",
    help="From one long notebook or script to a pipeline of typed steps that provably computes "
    "the same thing.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Cut(StrEnum):
    """Where to cut a program into steps."""

    AUTO = "auto"
    HEADINGS = "headings"
    CELLS = "cells"
    STATEMENTS = "statements"


Source = Annotated[Path, typer.Argument(help="Notebook (.ipynb) or script (.py).")]
Project = Annotated[
    Path, typer.Argument(help="Folder of a project, or pipeline.py[:name], or package.module:name.")
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
Python = Annotated[
    str, typer.Option("--python", help="Interpreter of the program (3.11 or newer).")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print the result only.")]
Until = Annotated[int | None, typer.Option("--until", metavar="CELL", help="Last cell to take.")]
Seed = Annotated[int, typer.Option("--seed", help="Ambient seed of the random streams.")]
Arguments = Annotated[
    list[str] | None,
    typer.Argument(metavar="[-- ARGS]", help="Command line of the script, behind `--`."),
]
CutOption = Annotated[Cut, typer.Option("--cut", help="Where to cut.")]
Merge = Annotated[
    list[str] | None,
    typer.Option("--merge", metavar="A,B", help="Make one step of neighbouring steps."),
]
CutBefore = Annotated[
    list[str] | None,
    typer.Option("--cut-before", metavar="CELL:LINE", help="Begin a step here (LINE in a script)."),
]
Move = Annotated[
    list[str] | None,
    typer.Option("--move", metavar="CELL:LINE=STEP", help="Put a statement into another step."),
]
Rename = Annotated[
    list[str] | None,
    typer.Option("--rename", metavar="OLD=NEW", help="Give a step or parameter another name."),
]


@app.callback(invoke_without_command=True)
def _main(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        typer.echo(__version__)
        raise typer.Exit


@app.command(
    epilog="Examples: thruway migrate churn.ipynb --output churn; "
    "thruway migrate churn.ipynb -o churn --force --merge clean,encode --cut-before 4:2"
)
def migrate(
    source: Source,
    arguments: Arguments = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder of the project.")
    ] = None,
    cut: CutOption = Cut.AUTO,
    python: Python = "",
    seed: Seed = 0,
    until: Until = None,
    no_verify: Annotated[
        bool, typer.Option("--no-verify", help="Do not prove that it computes the same.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over edited files.")] = False,
    merge: Merge = None,
    cut_before: CutBefore = None,
    move: Move = None,
    rename: Rename = None,
    no_overrides: Annotated[
        bool, typer.Option("--no-overrides", help="Forget what was merged, cut or renamed before.")
    ] = False,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,  # noqa: ARG001 - read by main
) -> int:
    """Migrate a notebook or script to a proven pipeline project."""
    from thruway import api
    from thruway.ui.progress import progress
    from thruway.ui.show import migration_json, migration_text

    with progress(quiet=quiet or as_json) as watcher:
        done = api.migrate(
            source,
            output=output or "",
            cut=cut.value,
            python=python,
            seed=seed,
            until=until,
            arguments=arguments or (),
            verify=not no_verify,
            force=force,
            asked=_asked(merge, cut_before, move, rename),
            keep_overrides=not no_overrides,
            progress=watcher,
        )
    _emit(migration_json(done) if as_json else migration_text(done))
    return 0 if done.proof is None or done.proof.holds else 1


@app.command(epilog="Example: thruway explain churn.ipynb --json | jq .steps")
def explain(
    source: Source,
    arguments: Arguments = None,
    cut: CutOption = Cut.AUTO,
    python: Python = "",
    seed: Seed = 0,
    until: Until = None,
    merge: Merge = None,
    cut_before: CutBefore = None,
    move: Move = None,
    rename: Rename = None,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,  # noqa: ARG001 - read by main
) -> int:
    """Show statements, roles, dependences, cuts and reasons; writes nothing."""
    from thruway import api
    from thruway.ui.explain import explanation_json, explanation_text
    from thruway.ui.progress import progress

    with progress(quiet=quiet or as_json) as watcher:
        found = api.explain(
            source,
            cut=cut.value,
            python=python,
            seed=seed,
            until=until,
            asked=_asked(merge, cut_before, move, rename),
            arguments=arguments or (),
            progress=watcher,
        )
    _emit(explanation_json(found) if as_json else explanation_text(found))
    return 0


@app.command(epilog="Examples: thruway verify churn; thruway verify churn --accept")
def verify(
    project: Project,
    source: Annotated[
        Path | None, typer.Option("--source", help="The original, if it was moved.")
    ] = None,
    python: Python = "",
    accept: Annotated[
        bool, typer.Option("--accept", help="Accept what differs as the new reference.")
    ] = False,
    step: Annotated[
        list[str] | None, typer.Option("--step", metavar="STEP", help="Accept this step only.")
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="List every value.")] = False,
    debug: Debug = False,  # noqa: ARG001 - read by main
) -> int:
    """Prove again that a project computes what its original computes."""
    from thruway import api
    from thruway.ui.progress import progress
    from thruway.ui.show import proof_text

    with progress(quiet=quiet or as_json) as watcher:
        proof = api.verify(
            project,
            python=python,
            source=source or "",
            accept=accept or bool(step),
            steps=step or (),
            progress=watcher,
        )
    _emit(proof.dump() if as_json else proof_text(proof, verbose=verbose))
    return 0 if proof.holds else 1


@app.command(
    epilog="Examples: thruway sync churn --dry-run; thruway sync churn --source moved/churn.ipynb"
)
def sync(
    project: Project,
    source: Annotated[
        Path | None, typer.Option("--source", help="The notebook or script, if it was moved.")
    ] = None,
    merge: Merge = None,
    cut_before: CutBefore = None,
    move: Move = None,
    rename: Rename = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change; write nothing.")
    ] = False,
    no_verify: Annotated[
        bool, typer.Option("--no-verify", help="Do not prove that it computes the same.")
    ] = False,
    python: Python = "",
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,  # noqa: ARG001 - read by main
) -> int:
    """Bring a project up to date with its notebook; edits of the project stay."""
    from thruway import api
    from thruway.ui.progress import progress
    from thruway.ui.sync import sync_json, sync_text

    with progress(quiet=quiet or as_json) as watcher:
        done = api.sync(
            project,
            source=source or "",
            python=python,
            asked=_asked(merge, cut_before, move, rename),
            verify=not no_verify,
            dry_run=dry_run,
            progress=watcher,
        )
    _emit(sync_json(done) if as_json else sync_text(done))
    return 0 if done.holds else 1


@app.command(
    epilog="Example: thruway run churn -p test_size=0.3 --isolate",
)
def run(
    project: Project,
    parameters: Annotated[
        list[str] | None, typer.Option("-p", "--param", metavar="K=V", help="Set a parameter.")
    ] = None,
    isolate: Annotated[
        bool, typer.Option("--isolate", help="Run every step in a process of its own.")
    ] = False,
    only: Annotated[str, typer.Option("--only", metavar="STEP", help="Run this step alone.")] = "",
    from_step: Annotated[
        str, typer.Option("--from", metavar="STEP", help="Run this step and what follows.")
    ] = "",
    force: Annotated[bool, typer.Option("--force", help="Run every step again.")] = False,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Leave the cache alone.")] = False,
    logs: Annotated[bool, typer.Option("--logs", help="Echo what the steps print.")] = False,
    seed: Annotated[int | None, typer.Option("--seed", help="Ambient seed.")] = None,
    python: Python = "",
    jobs: Annotated[int, typer.Option("--jobs", "-j", help="Isolated steps at a time.")] = 1,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,  # noqa: ARG001 - read by main
) -> int:
    """Run a pipeline; steps whose ingredients are unchanged come from the cache."""
    from thruway.kit.project import load_project
    from thruway.run import RunOptions, run_project
    from thruway.ui.parameters import parse_parameters
    from thruway.ui.running import RunPrinter, run_text

    config = load_project(project)
    options = RunOptions(
        params=parse_parameters(config, parameters or []),
        seed=seed,
        isolate=isolate or bool(python),
        only=only,
        from_step=from_step,
        force=force,
        no_cache=no_cache,
        logs=logs,
        python=python,
        jobs=jobs,
    )
    result = run_project(config, options, RunPrinter(quiet=quiet or as_json))
    _emit(result.dump() if as_json else run_text(result, quiet=quiet))
    return 0


@app.command(epilog="Example: thruway runs churn")
def runs(project: Project, as_json: Json = False, debug: Debug = False) -> int:  # noqa: ARG001
    """List the runs of a project, the newest first."""
    from thruway.ui.history import runs_records, runs_text

    records = runs_records(project)
    _emit(records if as_json else runs_text(records))
    return 0


@app.command(epilog="Example: thruway show churn latest")
def show(
    project: Project,
    what: Annotated[str, typer.Argument(help="Id of a run, or (prefix of) an artifact's hash.")],
    as_json: Json = False,
    debug: Debug = False,  # noqa: ARG001 - read by main
) -> int:
    """Show one run or one artifact."""
    from thruway.ui.history import show_record, show_text

    record = show_record(project, what)
    _emit(record if as_json else show_text(record))
    return 0


def _asked(
    merge: list[str] | None,
    cut_before: list[str] | None,
    move: list[str] | None,
    rename: list[str] | None,
) -> Asked:
    from thruway.plan.ask import Asked

    return Asked(
        tuple(merge or ()), tuple(cut_before or ()), tuple(move or ()), tuple(rename or ())
    )


def _emit(result: Any) -> None:
    if isinstance(result, str):
        typer.echo(result)
    else:
        typer.echo(json.dumps(result, ensure_ascii=False, indent=1, default=str))
