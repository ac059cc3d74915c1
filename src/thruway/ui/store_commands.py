"""The commands that ask the store: where a value came from, what changed, what may go."""

from __future__ import annotations

from typing import Annotated

import typer

from thruway.ui.app import Debug, Json, Project, Python, Quiet, app, emit

Artifact = Annotated[
    str, typer.Argument(help="(Prefix of) its hash, step.port for the newest, or RUN:step.port.")
]
Run = Annotated[str, typer.Argument(help="Id of the run, `latest` or `previous`.")]


@app.command(
    epilog="Examples: thruway lineage churn train.return; "
    "thruway lineage churn latest:split.train --down --depth 2; thruway lineage churn 3fa9c1"
)
def lineage(
    project: Project,
    artifact: Artifact,
    up: Annotated[
        bool,
        typer.Option("--up/--down", help="What it was computed from, or what was computed of it."),
    ] = True,
    depth: Annotated[int, typer.Option("--depth", min=0, help="Steps to go; 0 for all.")] = 0,
    as_json: Json = False,
    debug: Debug = False,  # noqa: ARG001 - read by main
) -> int:
    """Show what an artifact was computed from, or what was computed from it."""
    from thruway.kit.project import load_project
    from thruway.run.lineage.upstream import downstream, upstream
    from thruway.ui.store_text import tree_text

    record = (upstream if up else downstream)(load_project(project).storage, artifact, depth)
    emit(record if as_json else tree_text(record))
    return 0


@app.command(
    epilog="Examples: thruway diff churn previous latest; thruway diff churn 20260102 latest --json"
)
def diff(
    project: Project,
    old: Annotated[str, typer.Argument(help="Id of the older run, `latest` or `previous`.")],
    new: Annotated[str, typer.Argument(help="Id of the newer run, `latest` or `previous`.")],
    as_json: Json = False,
    debug: Debug = False,  # noqa: ARG001 - read by main
) -> int:
    """Show what differs between two runs: code, parameters, data, results, packages, seconds."""
    from thruway.kit.project import load_project
    from thruway.run.lineage.compare import compare_runs
    from thruway.ui.store_text import diff_text

    record = compare_runs(load_project(project).storage, old, new)
    emit(record if as_json else diff_text(record))
    return 0


@app.command(
    epilog="Examples: thruway gc churn --dry-run; thruway gc churn --keep 10; "
    "thruway gc churn --older 30 --keep 1"
)
def gc(
    project: Project,
    keep: Annotated[
        int | None, typer.Option("--keep", min=0, metavar="N", help="Keep the newest N runs.")
    ] = None,
    older: Annotated[
        float | None,
        typer.Option("--older", min=0, metavar="DAYS", help="Remove runs older than that only."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Remove nothing; say what would be.")
    ] = False,
    as_json: Json = False,
    debug: Debug = False,  # noqa: ARG001 - read by main
) -> int:
    """Remove old runs, and objects of the store that no run refers to."""
    from thruway.kit.project import load_project
    from thruway.run.lineage.collect import collect
    from thruway.ui.store_text import collected_text

    done = collect(load_project(project).storage, keep=keep, older=older, dry=dry_run)
    emit(done.dump() if as_json else collected_text(done))
    return 0


@app.command(epilog="Examples: thruway reproduce churn latest; thruway reproduce churn 20260102")
def reproduce(
    project: Project,
    run: Run,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Also if code or packages are not those of the run.")
    ] = False,
    python: Python = "",
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,  # noqa: ARG001 - read by main
) -> int:
    """Run a past run again, every step anew, and compare each output with what it was."""
    from thruway.kit.project import load_project
    from thruway.run.engine.reproduce import reproduce as again
    from thruway.ui.running import RunPrinter
    from thruway.ui.store_text import reproduced_text

    config = load_project(project)
    printer = RunPrinter(quiet=quiet or as_json)
    record = again(config, run, anyway=anyway, python=python, reporter=printer)
    emit(record if as_json else reproduced_text(record))
    return 0 if record["holds"] else 1
