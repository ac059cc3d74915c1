"""What the whole project is called."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from thruway.plan.naming.steps import package_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from thruway.graph.types import Graph
    from thruway.source.types import Cell


BY_EDITORS = re.compile(
    r"Created on |@author|Spyder Editor|This is a temporary script|.*https?://|\.\. ", re.IGNORECASE
)
"""What editors write at the top of every new file."""

_FOLDERS = 3


def package_of(graph: Graph, taken: frozenset[str]) -> str:
    """Return the name of the package: from the file's name, its first heading, its folder."""
    path = graph.program.source.path
    heading = next((s.heading for s in graph.program.statements if s.heading), "")
    imported = frozenset(p.replace("-", "_") for p in graph.trace.packages)
    folders = [folder.name for folder in path.parents][:_FOLDERS]
    return package_name(path.stem, heading, folders, taken | imported)


def title_of(graph: Graph, name: str) -> str:
    """The title that the author gave: a script's docstring, a notebook's first heading."""
    program = graph.program
    first = program.statements[0]
    if first.kind == "docstring":
        lines = ast.literal_eval(first.code.strip()).splitlines()
        line = next((s for s in lines if s.strip("=- ") and not BY_EDITORS.match(s.strip())), "")
        if line.strip():
            return line.strip().rstrip(".")
    return _headline(program.source.cells) or name.replace("_", " ").capitalize()


def _headline(cells: Sequence[Cell]) -> str:
    """Return the heading that stands above all others: the first, and of a level of its own."""
    headings = [cell for cell in cells if cell.heading_level and cell.kind == "markdown"]
    first = headings[0] if headings else None
    if first is None or first not in cells[:3]:
        return ""
    others = [cell.heading_level for cell in headings[1:]]
    above = all(first.heading_level < level for level in others)
    alone = first.heading_level == 1 and others.count(1) <= 1 and others[:1] != [1]
    return first.heading if above or alone else ""
