"""Run a program as a notebook kernel would, with nothing watching: the yardstick.

Started as `python plain.py <job.json>` by the interpreter under test; standard library only. The
job holds the cells, each a list of statements as Python, and which of them end in a display.
"""

from __future__ import annotations

import ast
import contextlib
import json
import os
import random
import sys
import types
from pathlib import Path


def main(job: dict) -> None:
    os.chdir(job["cwd"])
    sys.path.append(sys.path[0])  # the backend is found there
    sys.path[0] = job["cwd"]
    sys.argv = [job["script"]]
    module = types.ModuleType("__main__")
    module.display = _display
    if job["script"]:
        module.__file__ = os.path.join(job["cwd"], job["script"])  # noqa: PTH118 - as Python has it
    sys.modules["__main__"] = module
    random.seed(job["seed"])
    for cell in job["cells"]:
        _run_cell(cell, module.__dict__)
        if job["kind"] == "notebook" and "matplotlib.pyplot" in sys.modules:
            sys.modules["matplotlib.pyplot"].close("all")


def _run_cell(cell: dict, names: dict) -> None:
    tree = ast.parse(cell["code"], cell["file"])
    last = tree.body.pop() if cell["displays"] and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, cell["file"], "exec", cell["flags"], dont_inherit=True), names)
    if last is not None:
        expression = ast.Expression(last.value)
        _display(eval(compile(expression, cell["file"], "eval", dont_inherit=True), names))


def _display(*values: object) -> None:
    """Make the text and the HTML of a value, as a notebook does; they go nowhere."""
    for value in values:
        if value is not None:
            repr(value)
            with contextlib.suppress(Exception):  # not every value has a picture
                type(value)._repr_html_(value)


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
