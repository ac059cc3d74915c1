"""The command `thruway` itself, and the options that several of its verbs share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from thruway.version import __version__

app = typer.Typer(
    name="thruway",
    help="From one long notebook or script to a pipeline of typed steps that provably computes "
    "the same thing.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Project = Annotated[
    Path, typer.Argument(help="Folder of a project, or pipeline.py[:name], or package.module:name.")
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
Python = Annotated[
    str, typer.Option("--python", help="Interpreter of the program (3.11 or newer).")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print the result only.")]


@app.callback(invoke_without_command=True)
def _main(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        typer.echo(__version__)
        raise typer.Exit


def emit(result: Any) -> None:
    """Print a text as it is, and a record as JSON."""
    if isinstance(result, str):
        typer.echo(result)
    else:
        typer.echo(json.dumps(result, ensure_ascii=False, indent=1, default=str))
