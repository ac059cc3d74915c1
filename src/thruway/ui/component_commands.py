"""The commands about components: which there are, whether one of the user's is one."""

from __future__ import annotations

import importlib
import inspect
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from thruway.errors import UsageError
from thruway.ui.app import Debug, Json, app, emit

if TYPE_CHECKING:
    from collections.abc import Sequence


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
