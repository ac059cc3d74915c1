"""Programs as text → jobs and programs, so that a case is only its text."""

from __future__ import annotations

import ast
import decimal
import sys
from pathlib import Path

import pytest

from thruway.findings import Place
from thruway.program.types import Program, Statement
from thruway.source.types import Cell, Source
from thruway.trace.job import Job, JobStatement

NONE = frozenset()


def make_program(path, cells, kind="notebook"):
    """Return a program of these cells; what only text can tell is left empty."""
    statements, read = [], []
    for number, text in enumerate(cells, 1 if kind == "notebook" else 0):
        read.append(Cell(number, "code", text, text, tuple(range(1, text.count("\n") + 2))))
        body = ast.parse(text).body
        for node in body:
            decorators = getattr(node, "decorator_list", [])
            first = min(part.lineno for part in (node, *decorators))
            last = node is body[-1]
            shown = last and isinstance(node, ast.Expr) and not text.rstrip().endswith(";")
            names = frozenset(n.id for n in ast.walk(node) if isinstance(n, ast.Name))
            statements.append(
                Statement(
                    id=len(statements) + 1,
                    place=Place(path.name, number, first),
                    end_line=node.end_lineno,
                    code="\n".join(text.splitlines()[first - 1 : node.end_lineno]),
                    comment="",
                    kind="ordinary",
                    loads=names,
                    deferred=NONE,
                    stores=NONE,
                    certain=NONE,
                    deletes=NONE,
                    global_writes=NONE,
                    mutates=NONE,
                    calls=(),
                    displays=shown and kind == "notebook",
                    last_in_cell=last,
                )
            )
    return Program(Source(path, kind, tuple(read)), tuple(statements))


@pytest.fixture
def program(tmp_path):
    """Return a function from cells to a program whose folder is `tmp_path/project`."""
    folder = tmp_path / "project"
    folder.mkdir()

    def make(*cells, kind="notebook", name=None):
        path = folder / (name or ("t.ipynb" if kind == "notebook" else "t.py"))
        path.write_text("\n".join(cells))
        return make_program(path, cells, kind)

    return make


@pytest.fixture
def trace(tmp_path, monkeypatch):
    """Give a function that observes cells within this process."""
    from thruway.kit.ambient.children import BACKEND
    from thruway.trace.child.main import observe_job

    monkeypatch.setenv("MPLBACKEND", BACKEND)
    if "matplotlib.pyplot" in sys.modules:  # another test may have chosen another backend
        sys.modules["matplotlib.pyplot"].switch_backend(BACKEND)

    def run(*cells, kind="notebook", **options):
        made = make_program(Path("t.ipynb" if kind == "notebook" else "t.py"), cells, kind)
        job = Job(
            kind=kind,
            statements=tuple(_job_statement(statement) for statement in made.statements),
            sources={
                _file(s.place): made.source.cells[s.place.cell - 1].text for s in made.statements
            },
            root=str(tmp_path),
            workspace=str(tmp_path),
            cwd=str(tmp_path),
            script="" if kind == "notebook" else "t.py",
            underscore=any("_" in statement.loads for statement in made.statements),
            captures=str(tmp_path),
            **options,
        )
        return observe_job(job, lambda **_: None)

    with decimal.localcontext():  # programs here set the precision of the whole process
        yield run


def _job_statement(statement):
    return JobStatement(
        statement.id,
        _file(statement.place),
        statement.place.line,
        statement.code,
        statement.displays,
        statement.last_in_cell,
    )


def _file(place):
    return f"<{place.file}, cell {place.cell}>" if place.cell else place.file
