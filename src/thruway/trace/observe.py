"""Run a program once in a child process and return what it showed."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from thruway.errors import InterpreterError
from thruway.findings import Unknown
from thruway.kit.ambient.workspace import mirror
from thruway.kit.values import storage
from thruway.trace.child_process import ChildProcess, find_interpreter
from thruway.trace.climb import reach_above
from thruway.trace.job import Job, JobStatement
from thruway.trace.reporter import ObserveReporter, SilentReporter
from thruway.trace.wire import decode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from thruway.program.types import Program, Statement
    from thruway.source.types import Cell
    from thruway.trace.types import Captured, Trace

_SCRATCH = "thruway-observe-"


@dataclass(frozen=True)
class ObserveOptions:
    """How to observe.

    Attributes:
        python: interpreter to run the program with; the current one by default.
        seed: ambient seed, set before the first statement.
        until_cell: last cell to run.
        capture: (statement id, name) pairs whose values to keep.
        thumbnails: keep a small image of every figure.
        timeout: seconds after which the run is given up.
    """

    python: str | None = None
    seed: int = 0
    until_cell: int | None = None
    capture: frozenset[tuple[int, str]] = frozenset()
    thumbnails: bool = False
    timeout: float | None = None


def observe(
    program: Program,
    options: ObserveOptions | None = None,
    reporter: ObserveReporter | None = None,
) -> Trace:
    """Return what one run of the program showed; a failure of the user's code is part of it.

    Raises:
        InterpreterError: the interpreter cannot be used, died, or ran out of time.
    """
    return observe_values(program, options, reporter)[0]


def observe_values(
    program: Program,
    options: ObserveOptions | None = None,
    reporter: ObserveReporter | None = None,
) -> tuple[Trace, Captured]:
    """Return the trace, and the values that `options.capture` asked for.

    A value that cannot be read back here is `Unknown` with the reason: this process may have
    other packages than the child's.

    Raises:
        InterpreterError: the interpreter cannot be used, died, or ran out of time.
    """
    options = options or ObserveOptions()
    python = find_interpreter(options.python)
    statements = _wanted(program, options.until_cell)
    with _scratch() as folder:
        job = _job(program, statements, options, folder)
        job.write(folder / "job.json")
        with ChildProcess(python, Path(job.cwd), folder) as child:
            trace = _follow(child, job, options.timeout, statements, reporter or SilentReporter())
        return trace, _load(folder)


def _follow(
    child: ChildProcess,
    job: Job,
    timeout: float | None,
    statements: tuple[Statement, ...],
    reporter: ObserveReporter,
) -> Trace:
    by_id = {statement.id: statement for statement in statements}
    where = ""
    reporter.observing(len(statements))
    try:
        for event in child.events(timeout):
            statement = by_id.get(event.get("statement", -1))
            if statement is None:
                continue
            if event["event"] == "start":
                where = str(statement.place)
                reporter.statement_started(statement)
            else:
                reporter.statement_finished(statement, float(event["seconds"]))
    except TimeoutError:
        raise InterpreterError(
            f"The program ran longer than {timeout:g} seconds.",
            where,
            "give it more time, or less data",
        ) from None
    result = Path(job.result)
    if not result.exists():
        raise child.death(where)
    return decode(json.loads(result.read_text(encoding="utf-8")))


def _wanted(program: Program, until_cell: int | None) -> tuple[Statement, ...]:
    return tuple(
        statement
        for statement in program.statements
        if until_cell is None or statement.place.cell <= until_cell
    )


def _job(
    program: Program, statements: tuple[Statement, ...], options: ObserveOptions, folder: Path
) -> Job:
    source = program.source
    workspace = folder / "workspace"
    levels = reach_above(source.path.parent, statements)
    mirrored = mirror(source.path.parent, workspace, climb=levels)
    (folder / "captured").mkdir()
    return Job(
        kind=source.kind,
        statements=tuple(_job_statement(statement) for statement in statements),
        sources=_sources(statements, source.code_cells),
        root=str(source.path.parent),
        workspace=str(workspace),
        cwd=str(mirrored.cwd),
        script="" if source.kind == "notebook" else source.path.name,
        seed=options.seed,
        capture=tuple(sorted(options.capture)),
        thumbnails=options.thumbnails,
        underscore=any("_" in (s.loads | s.deferred) for s in statements),
        events=str(folder / "events"),
        result=str(folder / "result.json"),
        captures=str(folder / "captured"),
        linked_folders=mirrored.linked,
        arguments=program.arguments,
    )


def _job_statement(statement: Statement) -> JobStatement:
    return JobStatement(
        id=statement.id,
        file=_file(statement),
        line=statement.place.line or 1,
        code=statement.code,
        displays=statement.displays,
        last_in_cell=statement.last_in_cell,
        gathers=statement.fan.results if statement.fan else "",
    )


def _file(statement: Statement) -> str:
    place = statement.place
    return f"<{place.file}, cell {place.cell}>" if place.cell else place.file


def _sources(statements: tuple[Statement, ...], cells: tuple[Cell, ...]) -> dict[str, str]:
    texts = {cell.number: cell.text for cell in cells}
    return {_file(s): texts.get(s.place.cell, s.code) for s in statements}


def _load(folder: Path) -> Captured:
    index = folder / "captured" / "index.json"
    if not index.exists():
        return {}
    captured: Captured = {}
    for number, name, form, file in json.loads(index.read_text(encoding="utf-8")):
        try:
            value = storage.read(form, folder / "captured" / file)[name] if form else Unknown(file)
        except Exception as error:  # anything may go wrong in the packages of this process
            value = Unknown(f"cannot be read here: {getattr(error, 'what', error)}")
        captured[number, name] = value
    return captured


@contextlib.contextmanager
def _scratch() -> Iterator[Path]:
    """A folder that is gone afterwards; those of dead processes go too."""
    _sweep()
    folder = Path(tempfile.mkdtemp(prefix=f"{_SCRATCH}{os.getpid()}-")).resolve()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{_SCRATCH}*-*"):
        owner = folder.name.removeprefix(_SCRATCH).partition("-")[0]
        if owner.isdigit() and not _alive(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's
        return True
    return True
