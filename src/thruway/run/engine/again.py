"""How a run was asked for, read back from the lineage, so that it can go on."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thruway.errors import UsageError
from thruway.run.lineage.history import describe_run
from thruway.run.types import RunOptions

if TYPE_CHECKING:
    from thruway.kit.project import ProjectConfig

_PATH = re.compile(r"(?:Pure)?(?:Posix|Windows)Path\((?P<text>.*)\)")


def options_of(project: ProjectConfig, run: str) -> tuple[str, RunOptions]:
    """Return the id of a run, and options with its parameters, seed and executor.

    Args:
        project: whose run it is.
        run: its id, a unique beginning of it, or `latest`.

    Raises:
        UsageError: there is no such run, or a parameter of it cannot be read back.
    """
    record = describe_run(project.storage, run)
    params = {name: _value(name, text) for name, text in record["params"].items()}
    executor = {"isolated": "processes"}.get(record["executor"], record["executor"])
    return record["run"], RunOptions(params=params, seed=record["seed"], executor=executor)


def resume_options(project: ProjectConfig, run: str, jobs: int = 0) -> RunOptions:
    """Return options that go on with a run: what it finished is taken, the rest is executed.

    Raises:
        UsageError: there is no such run.
    """
    name, options = options_of(project, run)
    return replace(options, resume=name, jobs=jobs)


def _value(name: str, text: str) -> Any:
    match = _PATH.fullmatch(text)
    try:
        return Path(ast.literal_eval(match["text"])) if match else ast.literal_eval(text)
    except (ValueError, SyntaxError) as error:
        raise UsageError(
            f"parameter `{name}` of that run cannot be read back: {text}",
            fix=f"run the pipeline again with -p {name}=…",
        ) from error
