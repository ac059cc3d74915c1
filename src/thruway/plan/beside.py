"""What the functions of modules beside the program do, by what their bodies call.

A program whose `load`, `clean` and `train` live in a file of their own is cut as if they stood in
it. The files are only read; see `project.local_files` for their copies.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from thruway.errors import ThruwayError
from thruway.graph.local_modules import local_roots
from thruway.program.read import read_program
from thruway.source import read_source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from thruway.graph.types import Graph
    from thruway.program.types import Statement


def statements_beside(graph: Graph) -> Iterator[tuple[str, Statement]]:
    """Yield (dotted name, definition) of the functions and classes of local modules."""
    folder = graph.program.source.path.parent
    for file in graph.trace.local_modules:
        names = list(_dotted(graph, file))
        path = folder / file
        if not names or path.suffix != ".py" or not path.is_file():
            continue
        try:
            statements = read_program(read_source(path), open=False).statements
        except (ThruwayError, SyntaxError, ValueError, OSError):
            continue  # what cannot be read says nothing
        for statement in statements:
            if statement.kind in {"function", "class"}:
                for name in statement.stores:
                    yield from ((f"{module}.{name}", statement) for module in names)


def _dotted(graph: Graph, file: str) -> Iterator[str]:
    """Yield the names that a file is imported by."""
    roots = set(local_roots(graph.trace))
    for folder in graph.trace.import_path:
        prefix = "" if folder == "." else f"{folder}/"
        if file.startswith(prefix):
            parts = PurePosixPath(file.removeprefix(prefix)).with_suffix("").parts
            if parts and parts[0] in roots:
                yield ".".join(part for part in parts if part != "__init__")
