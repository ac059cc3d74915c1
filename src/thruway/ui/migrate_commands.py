"""The commands that understand: a program to a project, and both kept in step."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from thruway.ui.app import Debug, Json, Project, Python, Quiet, app, emit

if TYPE_CHECKING:
    from thruway.plan.ask import Asked


class Cut(StrEnum):
    """Where to cut a program into steps."""

    AUTO = "auto"
    HEADINGS = "headings"
    CELLS = "cells"
    STATEMENTS = "statements"


Source = Annotated[Path, typer.Argument(help="Notebook (.ipynb) or script (.py).")]
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
    emit(migration_json(done) if as_json else migration_text(done))
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
    emit(explanation_json(found) if as_json else explanation_text(found))
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
    emit(proof.dump() if as_json else proof_text(proof, verbose=verbose))
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
    emit(sync_json(done) if as_json else sync_text(done))
    return 0 if done.holds else 1


@app.command(
    epilog="Examples: thruway new churn; cd churn; thruway run .; "
    "thruway new churn --template tabular-classification"
)
def new(
    folder: Annotated[Path, typer.Argument(help="Folder to make; its name is the project's.")],
    template: Annotated[
        str,
        typer.Option(
            "--template",
            metavar="NAME",
            help="tabular-classification, regression, forecasting or text: canonical components.",
        ),
    ] = "",
    as_json: Json = False,
    debug: Debug = False,  # noqa: ARG001 - read by main
) -> int:
    """Make a project to begin with: a pipeline that runs at once, with tests and CI."""
    from thruway.project.starter import write_starter

    files = write_starter(folder, template)
    text = [f"{folder}: {len(files)} files", *(f"  {file}" for file in files)]
    text += ["next:", f"  cd {folder}", "  pip install -e . --group dev", "  thruway run ."]
    emit({"folder": str(folder), "files": files} if as_json else "\n".join(text))
    return 0


@app.command(
    epilog="Examples: thruway upgrade-steps churn; "
    "thruway upgrade-steps churn --replace load_data --dry-run"
)
def upgrade_steps(
    project: Project,
    replace: Annotated[
        str, typer.Option("--replace", metavar="STEP", help="Put components into this step.")
    ] = "",
    different: Annotated[
        bool,
        typer.Option("--accept-different", help="Write it although its outputs are different."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Try it and compare; write nothing.")
    ] = False,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,  # noqa: ARG001 - read by main
) -> int:
    """Name what components could stand for in the steps; replace it, and compare."""
    from thruway.api.upgrading import upgrade_step, upgrades
    from thruway.ui.running import run_printer
    from thruway.ui.upgrade import found_text, upgraded_text

    if not replace:
        found = upgrades(project)
        emit([one.dump() for one in found] if as_json else found_text(found))
        return 0
    with run_printer(quiet=quiet or as_json) as printer:
        done = upgrade_step(
            project,
            replace,
            accept="different" if different else "close",
            dry_run=dry_run,
            reporter=printer,
        )
    emit(done.dump() if as_json else upgraded_text(done))
    return 0 if done.verdict in ("equal", "close") or done.written else 1


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
