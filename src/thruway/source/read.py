"""Read a notebook or a script: the cells, their Python and the headings above them."""

from __future__ import annotations

import difflib
import itertools
from typing import TYPE_CHECKING

from thruway.errors import SourceError
from thruway.findings import Finding, Place, Severity
from thruway.source.headings import heading_of
from thruway.source.notebook import read_notebook
from thruway.source.script import read_script
from thruway.source.syntax import has_statements, require_python
from thruway.source.transform import convert
from thruway.source.types import Cell, Source

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from thruway.source.drafts import Draft, Drafts

SUFFIXES = (".ipynb", ".py", ".ipy")


def read_source(path: Path) -> Source:
    """Return the cells of a notebook or script, with IPython's syntax turned into Python.

    Args:
        path: an `.ipynb`, `.py` or `.ipy` file.

    Raises:
        SourceError: the file is missing, broken, empty, for another language or not Python.
        MigrationRefused: a magic or shell line has no Python that does the same.
    """
    path = path.absolute()
    _require_file(path)
    try:
        drafts = read_notebook(path) if path.suffix == ".ipynb" else read_script(path)
    except OSError as error:
        raise SourceError(
            f"The file cannot be read: {error.strerror or error}.", str(path), "check its rights"
        ) from error
    return _source(path, drafts)


def _require_file(path: Path) -> None:
    if path.is_dir():
        raise SourceError(
            "A folder is not a program.", str(path), "name the notebook or script in it"
        )
    if not path.exists():
        raise SourceError("There is no such file.", str(path), _near(path))
    if path.suffix not in SUFFIXES:
        raise SourceError(
            f"Thruway reads {', '.join(SUFFIXES)} files, not '{path.suffix or path.name}'.",
            str(path),
            "save or export the program as a notebook or a Python script",
        )


def _near(path: Path) -> str:
    """Say which file beside a missing one has almost its name."""
    try:
        names = [file.name for file in path.parent.iterdir() if file.suffix in SUFFIXES]
    except OSError:
        return f"check the folder: {path.parent} cannot be listed"
    near = difflib.get_close_matches(path.name, names, n=1)
    return f"did you mean {near[0]}?" if near else "check the spelling and the folder"


def _source(path: Path, drafts: Drafts) -> Source:
    """Convert every code cell, and keep the nearest heading for each cell."""
    cells: list[Cell] = []
    findings: list[Finding] = []
    packages: list[str] = []
    heading, level = "", 0
    waits = drafts.kind != "script"
    known = "\n".join(draft.text for draft in drafts.cells if draft.kind == "code")
    for number, draft in _numbered(drafts):
        heading, level = _heading(draft) or (heading, level)
        code = ""
        lines: tuple[int, ...] = ()
        if draft.kind == "code":
            place = Place(path.name, number)
            done = convert(draft.text, place, known, folder=path.parent, waits=waits)
            code, lines = done.code, done.line_map
            findings += done.findings
            packages += done.packages
            require_python(code, lines, draft.text, place, drafts.version)
        cells.append(
            Cell(number, draft.kind, draft.text, code, lines, heading, level, draft.first_line)
        )
    _require_code(path, cells)
    findings += _order(path, drafts)
    return Source(path, drafts.kind, tuple(cells), tuple(findings), tuple(dict.fromkeys(packages)))


def _numbered(drafts: Drafts) -> list[tuple[int, Draft]]:
    if drafts.kind == "script":
        return [(0, draft) for draft in drafts.cells]
    return list(enumerate(drafts.cells, start=1))


def _heading(draft: Draft) -> tuple[str, int] | None:
    if draft.kind == "markdown":
        return heading_of(draft.text) or draft.title
    return draft.title


def _order(path: Path, drafts: Drafts) -> list[Finding]:
    """Say where the saved order of execution leaves the order of the cells."""
    counts = [(number, draft.count) for number, draft in _numbered(drafts) if draft.count]
    for (_, before), (number, count) in itertools.pairwise(counts):
        if count < before:
            reason = (
                f"the notebook was saved after its cells ran in another order (this one as "
                f"number {count}, one above it as {before}): it is run from the top"
            )
            fix = "run it from the top in Jupyter too, and look whether it gives what you expect"
            return [Finding("TW108", Severity.WARNING, Place(path.name, number), reason, fix)]
    return []


def _require_code(path: Path, cells: Sequence[Cell]) -> None:
    if any(cell.kind == "code" and has_statements(cell.code) for cell in cells):
        return
    raise SourceError(
        "The program is empty: it holds no statement to run.",
        str(path),
        "give a notebook or script with code in it",
    )
