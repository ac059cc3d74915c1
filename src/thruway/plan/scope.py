"""What moving a statement from a module into a function forces to change.

`global x` in a nested function becomes `nonlocal x`; a `global` at the top level does nothing
there, so it goes; names that only a nested function binds are bound first.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from thruway.plan.types import Edit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from thruway.graph.types import Node

_GLOBAL = "global"


@dataclass(frozen=True)
class Scoped:
    """Edits to the text, and names to bind to None at the start."""

    edits: tuple[Edit, ...]
    declare: tuple[str, ...]


def scope_edits(body: tuple[int, ...], nodes: dict[int, Node], inputs: frozenset[str]) -> Scoped:
    """Return what has to change in the statements of one step."""
    bound = set(inputs)
    for number in body:
        bound |= nodes[number].statement.stores
    edits: list[Edit] = []
    declare: list[str] = []
    for number in body:
        for statement, nested in _globals(ast.parse(nodes[number].statement.code), nested=False):
            edits.append(_edit(number, statement, nested=nested))
            for name in statement.names:
                if nested and name not in bound and name not in declare:
                    declare.append(name)
    return Scoped(tuple(edits), tuple(declare))


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
