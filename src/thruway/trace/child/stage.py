"""The world as the program expects it: `__main__`, arguments, import path, `display`, no stdin."""

from __future__ import annotations

import builtins
import contextlib
import os
import re
import sys
from typing import TYPE_CHECKING, Any, NoReturn

from thruway.kit.ambient.display import display
from thruway.trace.child.failure import InputRefusedError
from thruway.trace.child.namespace import EagerNamespace, MainModule, Namespace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from thruway.trace.job import Job

_ABSENT: Any = object()
_RUNS_TEXT = re.compile(r"(?<![\w.])(exec|eval|run_path|run_module)\(|\.(run_path|run_module)\(")


def make_namespace(job: Job) -> Namespace:
    """Return the globals that the program starts with."""
    text = "\n".join(statement.code for statement in job.statements)
    values = {
        "__name__": "__main__",
        "__doc__": None,
        "__package__": None,
        "__loader__": None,
        "__spec__": None,
    }
    if job.script:
        values["__file__"] = os.path.join(job.cwd, job.script)  # noqa: PTH118 - a plain string
    kind = EagerNamespace if _RUNS_TEXT.search(text) else Namespace
    return kind(values, lend_builtins="builtins" not in text)


@contextlib.contextmanager
def on_stage(job: Job, namespace: Namespace) -> Iterator[None]:
    """Make the process look like the program's own, and put back what was there."""
    modules = {"__main__": sys.modules.get("__main__", _ABSENT)}
    argv, path, folder = sys.argv, list(sys.path), os.getcwd()  # noqa: PTH109 - for chdir
    names: dict[str, Any] = {"input": _refuse_input}
    if job.kind == "notebook":
        names["display"] = display
    before = {name: getattr(builtins, name, _ABSENT) for name in names}
    sys.modules["__main__"] = MainModule(namespace)
    sys.argv = [job.script, *job.arguments]  # an empty name for a notebook
    sys.path.insert(0, job.cwd)
    vars(builtins).update(names)
    os.chdir(job.cwd)
    try:
        yield
    finally:
        os.chdir(folder)
        _put_back(vars(builtins), before)
        _put_back(sys.modules, modules)
        sys.argv, sys.path[:] = argv, path


def _put_back(mapping: dict[str, Any], before: dict[str, Any]) -> None:
    for name, value in before.items():
        if value is _ABSENT:
            mapping.pop(name, None)
        else:
            mapping[name] = value


def _refuse_input(_prompt: object = "", /) -> NoReturn:
    raise InputRefusedError
