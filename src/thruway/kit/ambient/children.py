"""How child processes are started: their command line and their environment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from thruway.kit import bootstrap

if TYPE_CHECKING:
    from collections.abc import Mapping

BACKEND = "module://thruway.kit.ambient.figures"

_FIXED = {
    "PYTHONHASHSEED": "0",
    "PYTHONUNBUFFERED": "1",
    # Only the standard streams: UTF-8 mode would also change what `open` of the user's code reads.
    "PYTHONIOENCODING": "utf-8",
    "MPLBACKEND": BACKEND,
}
_DROPPED = ("PYTHONINSPECT", "PYTHONSTARTUP", "PYTHONBREAKPOINT", "__PYVENV_LAUNCHER__")


def command(python: str, module: str, *args: str) -> list[str]:
    """Return the command that runs `module.main(args)` under an interpreter.

    Example:
        >>> command("python3", "thruway.run.executors.worker", "job.json")[2:]
        ['thruway.run.executors.worker', 'job.json']
    """
    return [python, str(Path(bootstrap.__file__).resolve()), module, *args]


def environment(
    extra: Mapping[str, str] | None = None, base: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the environment of a child: the user's variables, with what fixes its behaviour.

    Args:
        extra: variables that win over all others.
        base: variables to start from; those of this process by default.
    """
    variables = dict(os.environ if base is None else base)
    for name in _DROPPED:
        variables.pop(name, None)
    return {**variables, **_FIXED, **(extra or {})}
