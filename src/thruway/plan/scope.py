"""What moving a statement from a module into a function forces to change.

`global x` in a nested function becomes `nonlocal x`; a `global` at the top level does nothing
there, so it goes; names that only a nested function binds are bound first. `__file__`, `__name__`
and `__doc__` mean the original, not the module of the step, so its values are written out.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from thruway.plan.types import Edit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from thruway.graph.types import Node
    from thruway.program.types import Statement

_GLOBAL = "global"
NO_FILE = "__file_of_a_notebook__"


@dataclass(frozen=True)
class Scoped:
    """Edits to the text, and names to bind to None at the start."""

    edits: tuple[Edit, ...]
    declare: tuple[str, ...]


def scope_edits(
    body: tuple[int, ...],
    nodes: dict[int, Node],
    inputs: frozenset[str],
    module: dict[str, str],
) -> Scoped:
    """Return what has to change in the statements of one step.

    Args:
        body: the step's statements.
        nodes: every statement.
        inputs: names that come in through ports.
        module: attributes of the original module → text of their values (`module_texts`).
    """
    bound = set(inputs)
    for number in body:
        bound |= nodes[number].statement.stores
    edits: list[Edit] = []
    declare: list[str] = []
    for number in body:
        tree = ast.parse(nodes[number].statement.code)
        edits += _module_edits(number, tree, nodes[number].statement.code, module)
        for statement, nested in _globals(tree, nested=False):
            edits.append(_edit(number, statement, nested=nested))
            for name in statement.names:
                if nested and name not in bound and name not in declare:
                    declare.append(name)
    return Scoped(tuple(edits), tuple(declare))


def module_texts(
    statements: tuple[Statement, ...], file: str, *, notebook: bool = False
) -> dict[str, str]:
    """Return what `__file__`, `__name__` and `__doc__` are in the original, as Python text.

    A notebook has no `__file__`: in its place stands a name that nothing binds.
    """
    doc = next((s.code.strip() for s in statements[:1] if s.kind == "docstring"), "None")
    return {
        "__file__": NO_FILE if notebook else repr(file),
        "__name__": '"__main__"',
        "__doc__": doc,
    }


def _module_edits(number: int, tree: ast.AST, code: str, module: dict[str, str]) -> list[Edit]:
    lines = code.splitlines()
    return [
        Edit(
            number,
            name.lineno,
            _characters(lines, name.lineno, name.col_offset),
            name.lineno,
            _characters(lines, name.lineno, name.col_offset + len(name.id.encode())),
            module[name.id],
        )
        for name in ast.walk(tree)
        if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Load) and name.id in module
    ]


def _characters(lines: list[str], line: int, column: int) -> int:
    """Turn a column in bytes, as `ast` counts, into one in characters."""
    return len(lines[line - 1].encode()[:column].decode(errors="ignore"))


def _globals(tree: ast.AST, *, nested: bool) -> Iterator[tuple[ast.Global, bool]]:
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.Global):
            yield child, nested
        inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        yield from _globals(child, nested=nested or inside)


def _edit(number: int, statement: ast.Global, *, nested: bool) -> Edit:
    line, column = statement.lineno, statement.col_offset
    if nested:
        return Edit(number, line, column, line, column + len(_GLOBAL), "nonlocal")
    end_line = statement.end_lineno or line
    end_column = statement.end_col_offset or column
    return Edit(number, line, column, end_line, end_column, "pass")
