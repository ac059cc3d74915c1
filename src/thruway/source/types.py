"""What was read: cells of text, their kind and their Python.

`Source` is all that later layers see of a file. Cells are numbered from 1 over all cells of a
notebook, markdown included, as a reader counts them; a plain script is one cell numbered 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pathlib import Path

    from thruway.findings import Finding

CellKind = Literal["code", "markdown", "raw"]
SourceKind = Literal["notebook", "script", "percent"]


@dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes:
        number: from 1 over all cells; 0 for a plain script.
        kind: code, markdown or raw.
        text: exactly what the author wrote.
        code: the Python to run, one line for each line of `text` wherever possible (magics
            become comments or calls); empty for other kinds.
        line_map: for line `i` (from 0) of `code`, the line (from 1) of `text` it stands for.
        heading: text of the nearest markdown heading above (or in) this cell, "" if none.
        heading_level: 1 to 6 for that heading, 0 if none.
        first_line: line of the file where `text` begins (percent scripts); else 1.
    """

    number: int
    kind: CellKind
    text: str
    code: str = ""
    line_map: tuple[int, ...] = ()
    heading: str = ""
    heading_level: int = 0
    first_line: int = 1


@dataclass(frozen=True)
class Source:
    """A notebook or script as read.

    Attributes:
        path: absolute path of the file.
        kind: notebook, script or percent script.
        cells: every cell in order.
        findings: magics dropped, shell lines and the like.
        packages: packages that `%pip install` or `!pip install` lines name.
    """

    path: Path
    kind: SourceKind
    cells: tuple[Cell, ...]
    findings: tuple[Finding, ...] = ()
    packages: tuple[str, ...] = ()

    @property
    def code_cells(self) -> tuple[Cell, ...]:
        """The cells that run."""
        return tuple(cell for cell in self.cells if cell.kind == "code")

    def dump(self) -> str:
        """Return one line per cell: number, kind, heading, number of code lines."""
        rows = [f"{self.kind} {self.path.name}"]
        for cell in self.cells:
            heading = f" # {cell.heading}" if cell.heading else ""
            rows.append(f"[{cell.number}] {cell.kind} {len(cell.code.splitlines())}{heading}")
        return "\n".join(rows)
