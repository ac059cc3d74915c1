"""What the whole project is called."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from thruway.plan.naming.steps import package_name

if TYPE_CHECKING:
    from thruway.graph.types import Graph


def package_of(graph: Graph, taken: frozenset[str]) -> str:
    """Return the name of the package: from the file's name, its first heading, its folder."""
    path = graph.program.source.path
    heading = next((s.heading for s in graph.program.statements if s.heading), "")
    imported = frozenset(p.replace("-", "_") for p in graph.trace.packages)
    return package_name(path.stem, heading, path.parent.name, taken | imported)


def title_of(graph: Graph, name: str) -> str:
    """The title that the author gave: a script's docstring, a notebook's first heading."""
    program = graph.program
    first = program.statements[0]
    if first.kind == "docstring":
        line = next(
            (s for s in ast.literal_eval(first.code.strip()).splitlines() if s.strip("=- ")), ""
        )
        if line.strip():
            return line.strip().rstrip(".")
    headings = [cell for cell in program.source.cells[:3] if cell.heading_level == 1]
    return headings[0].heading if headings else name.replace("_", " ").capitalize()
