"""Programs as text → graphs and plans, observed inside this process: a case is only its text.

Cells are parted by `# %%` lines; `# %% Title` puts a markdown heading before the cell. The same
code runs as in the child process, without the price of a process.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import sys
import tempfile
import textwrap
import warnings
from functools import lru_cache
from pathlib import Path

from thruway.graph import build_graph
from thruway.kit.ambient.children import BACKEND
from thruway.plan import make_plan
from thruway.program import read_program
from thruway.run.step.settings import settings_kept
from thruway.source import read_source
from thruway.trace.child.main import observe_job
from thruway.trace.observe import ObserveOptions, _job
from thruway.verify import Original
from thruway.verify.rewrite import rewrite


class DoesNotRun(AssertionError):  # noqa: N818 - reads as what happened
    """The program of a case raised."""


def notebook_text(text):
    """Return the JSON of a notebook with the cells of a text."""
    cells = []
    for title, code in split(text):
        if title:
            cells.append({"cell_type": "markdown", "metadata": {}, "source": f"## {title}"})
        cells.append(
            {
                "cell_type": "code",
                "metadata": {},
                "source": code,
                "outputs": [],
                "execution_count": None,
            }
        )
    for number, cell in enumerate(cells):
        cell["id"] = f"c{number}"
    metadata = {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}}
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


def split(text):
    """Return (title, code) of each cell."""
    cells = [("", [])]
    for line in textwrap.dedent(text).strip("\n").split("\n"):
        if line.startswith("# %%"):
            cells.append((line.removeprefix("# %%").strip(), []))
        else:
            cells[-1][1].append(line)
    made = [(title, "\n".join(lines).strip("\n")) for title, lines in cells]
    return [(title, code) for title, code in made if title or code]


def write_program(folder, text, kind="notebook", name="case", files=None):
    """Write a program and the files beside it; return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    for file, content in (files or {}).items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(content)
    path = folder / f"{name}.{'ipynb' if kind == 'notebook' else 'py'}"
    path.write_text(
        notebook_text(text) if kind == "notebook" else textwrap.dedent(text).lstrip("\n")
    )
    return path


def observed_graph(path, scratch, seed=0, *, parted=False):
    """Return the graph of a program file; the run happens here, in `scratch`.

    With `parted`, its loops are parted where that changes nothing, as `migrate` does.
    """
    observe = observer(scratch, seed)
    program = read_program(read_source(path))
    trace = observe(program)
    if trace.failure is not None:
        raise DoesNotRun(trace.failure.traceback)
    if parted:
        found = rewrite(Original(program, trace, ObserveOptions(seed=seed)), observe)
        program, trace = found.program, found.trace
    return build_graph(program, trace)


def observer(scratch, seed=0):
    """Return what observes programs in this process, each in a folder of its own."""
    numbers = itertools.count()

    def observe(program):
        folder = scratch / str(next(numbers))
        folder.mkdir()
        job = _job(program, program.statements, ObserveOptions(seed=seed), folder)
        with quiet():
            return observe_job(job, lambda **_: None)

    return observe


@contextlib.contextmanager
def quiet():
    """Keep what a program sets to itself, and its warnings from failing the test."""
    with settings_kept(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if "matplotlib.pyplot" in sys.modules:
            # An earlier test may have used another backend, with which nothing is shown.
            sys.modules["matplotlib.pyplot"].switch_backend(BACKEND)
        try:
            yield
        finally:
            if "matplotlib.pyplot" in sys.modules:
                sys.modules["matplotlib.pyplot"].close("all")


@lru_cache(maxsize=256)
def _graph(text, kind, name, files):
    with tempfile.TemporaryDirectory() as folder:
        home, scratch = Path(folder, "home").resolve(), Path(folder, "scratch").resolve()
        scratch.mkdir()
        return observed_graph(write_program(home, text, kind, name, dict(files)), scratch)


def graph_of(text, kind="notebook", name="case", **files):
    """Return the graph of a program; keywords are files (`a_csv="x,y"` is `a.csv`)."""
    beside = tuple((file.replace("_", "."), content) for file, content in files.items())
    return _graph(text, kind, name, beside)


def plan_of(text, mode="auto", kind="notebook", name="case", **files):
    """Return the plan of a program."""
    return make_plan(graph_of(text, kind, name, **files), mode=mode)


def step_at(plan, statement):
    """Return the step that holds a statement in its body."""
    return next(step for step in plan.steps if statement in step.body)


def find(graph, code):
    """Return the id of the first statement whose code begins so."""
    return next(n.statement.id for n in graph.nodes if n.statement.code.startswith(code))
