"""What the parent asks the child to do; written as JSON, read with the standard library alone."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from pathlib import Path

JobKind = Literal["notebook", "script", "percent"]


@dataclass(frozen=True)
class JobStatement:
    """One statement to run.

    Attributes:
        id: of the statement in the program.
        file: name that tracebacks show.
        line: line of its first line there.
        code: its Python.
        displays: its value is shown, as a notebook shows the last expression of a cell.
        last_in_cell: figures that are open after it are shown, in a notebook.
        gathers: name of a list whose items are digested one by one.
    """

    id: int
    file: str
    line: int
    code: str
    displays: bool = False
    last_in_cell: bool = False
    gathers: str = ""


@dataclass(frozen=True)
class Job:
    """One program to observe.

    Attributes:
        kind: of the source.
        statements: in order.
        sources: for every file name of the statements, the text that tracebacks show.
        root: the program's own folder, of which `workspace` is a mirror.
        workspace: folder in which the child may write.
        cwd: folder in which the program runs, inside `workspace`.
        script: name of the script, "" for a notebook.
        arguments: of the command line, behind the script's name.
        seed: ambient seed.
        capture: (statement, name) pairs whose values are kept as files.
        thumbnails: keep a small image of every figure.
        underscore: the program reads `_`.
        events: file to which progress is written, a JSON object a line.
        result: file for the trace.
        captures: folder for the captured values.
        linked_folders: folders of data that the workspace shows as they are.
    """

    kind: JobKind
    statements: tuple[JobStatement, ...]
    sources: dict[str, str]
    root: str
    workspace: str
    cwd: str
    script: str = ""
    seed: int = 0
    capture: tuple[tuple[int, str], ...] = ()
    thumbnails: bool = False
    underscore: bool = False
    events: str = ""
    result: str = ""
    captures: str = ""
    linked_folders: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()

    def write(self, path: Path) -> None:
        """Write the job to a file."""
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Job:
        """Read a job from a file."""
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        record["statements"] = tuple(JobStatement(**row) for row in record["statements"])
        record["arguments"] = tuple(record["arguments"])
        record["linked_folders"] = tuple(record["linked_folders"])
        record["capture"] = tuple((number, name) for number, name in record["capture"])
        return cls(**record)
