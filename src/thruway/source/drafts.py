"""Cells as they lie in the file, and their lines, before they are Python."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from thruway.source.types import CellKind, SourceKind


@dataclass(frozen=True)
class Draft:
    """One cell of the file.

    Attributes:
        kind: code, markdown or raw.
        text: what the author wrote, with line feeds at the ends of lines.
        title: heading and level that the cell's own marker gives (percent scripts).
        first_line: line of the file where `text` begins; 1 in a notebook.
        count: when it ran, as the notebook was saved; 0 if it does not say.
    """

    kind: CellKind
    text: str
    title: tuple[str, int] | None = None
    first_line: int = 1
    count: int = 0


@dataclass(frozen=True)
class Line:
    """One line of Python, and the line (from 1) of the author's text that it stands for."""

    text: str
    origin: int


@dataclass(frozen=True)
class Drafts:
    """All cells of a file, and the Python version that a notebook says it was written for."""

    kind: SourceKind
    cells: tuple[Draft, ...]
    version: str = ""
