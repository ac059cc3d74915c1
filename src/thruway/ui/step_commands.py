"""The commands about ready-made steps: which there are, adding them, whether one is one."""

from __future__ import annotations

import importlib
import inspect
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from thruway.errors import UsageError
from thruway.ui.app import Debug, Json, Project, app, emit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from thruway.api import Added


@app.command(epilog="Examples: thruway components; thruway components --json")
def components(as_json: Json = False, debug: Debug = False) -> int:  # noqa: ARG001 - read by main
    """List the components: steps that every team needs, each a plain function."""
    found = listed()
    width = max((len(each["name"]) for each in found), default=0)
    lines = [f"{each['name']:{width}}  {each['summary']}" for each in found]
    emit(found if as_json else "\n".join(lines))
    return 0


def listed() -> list[dict[str, str]]:
    """Return name, module, signature and first line of each component, sorted by name."""
    from thruway import components as library

    found = []
    for name in sorted(library.NAMES):
        value = getattr(library, name)
        if inspect.isfunction(value):
            summary = (value.__doc__ or "").strip().partition("\n")[0].rstrip(".")
            signature = f"{name}{inspect.signature(value)}"
            home = library.NAMES[name]
            found.append({"name": name, "module": home, "summary": summary, "signature": signature})
    return found


@app.command(
    epilog="Examples: thruway check churn.features:encode --examples churn.tries:encoded; "
    "thruway check churn.features:encode --executor processes"
)
def check(
    component: Annotated[str, typer.Argument(help="The function: MODULE:FUNCTION.")],
    examples: Annotated[
        str,
        typer.Option(
            "--examples",
            metavar="MODULE:NAME",
            help="Calls to try: a list of dicts of parameters, or a function that gives one.",
        ),
    ] = "",
    executor: Annotated[
        list[str] | None,
        typer.Option("--executor", "-x", metavar="WHERE", help="Try this one only; repeatable."),
    ] = None,
    as_json: Json = False,
    debug: Debug = False,  # noqa: ARG001 - read by main
) -> int:
    """Check that a function behaves as a step: types, purity, the same result everywhere."""
    from thruway.api import check_component
    from thruway.run.types import EXECUTORS

    sys.path.insert(0, str(Path.cwd()))
    calls = _named(examples) if examples else None
    wanted: Sequence[str] = executor or EXECUTORS
    report = check_component(
        _named(component), calls() if callable(calls) else calls, executors=wanted
    )
    emit(report.dump() if as_json else str(report))
    return 0 if report.ok else 1


@app.command(
    epilog="Examples: thruway add evaluate churn --dry-run; thruway add bless churn --set "
    "\"thresholds={'roc_auc': {'lower': 0.8}}\"; thruway add evaluate churn --into examples=test "
    "--label paid"
)
def add(
    component: Annotated[str, typer.Argument(help="Name of the component.")],
    project: Project,
    into: Annotated[
        list[str] | None,
        typer.Option(
            "--into", metavar="PORT=VALUE", help="What a port takes: a name, step.output."
        ),
    ] = None,
    label: Annotated[
        str, typer.Option("--label", help="Column of the label, or the value that holds it.")
    ] = "",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="K=V", help="Write a parameter with this value."),
    ] = None,
    name: Annotated[str, typer.Option("--name", help="Name of the result.")] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change; write nothing.")
    ] = False,
    as_json: Json = False,
    debug: Debug = False,  # noqa: ARG001 - read by main
) -> int:
    """Add a component to a pipeline, wired to what is there; the rest stays as it is written."""
    from thruway import api

    done = api.add(
        component,
        project,
        into=_pairs(into, "--into PORT=VALUE"),
        label=label,
        values=_pairs(settings, "--set K=V"),
        name=name,
        dry_run=dry_run,
    )
    emit(done.dump() if as_json else _added_text(done))
    return 0


def _pairs(given: Sequence[str] | None, form: str) -> dict[str, str]:
    found = {}
    for text in given or ():
        name, equals, value = text.partition("=")
        if not equals or not name.strip() or not value.strip():
            raise UsageError(f"`{text}` says no value", fix=f"write {form}")
        found[name.strip()] = value.strip()
    return found


def _added_text(done: Added) -> str:
    word = "added" if done.written else "would be added"
    lines = [f"{word} to {done.file}: {', '.join(done.components)}"]
    width = max(map(len, done.wiring), default=0)
    lines += [f"  {port:{width}}  {text}: {why}" for port, (text, why) in done.wiring.items()]
    lines += [f"  next: {hint}" for hint in done.hints]
    return "\n".join(lines if done.written else [*lines, "", done.diff.rstrip()])


def _named(text: str) -> Any:
    """Return what `module:name` means."""
    module, _, name = text.partition(":")
    if not name:
        raise UsageError(f"`{text}` names no function", fix="write MODULE:FUNCTION")
    try:
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise UsageError(
            f"`{text}` cannot be imported: {error}",
            fix="write MODULE:FUNCTION, seen from the working folder",
        ) from error
    return found
