"""Statements that bind names in a way that no function can: written so that a function can.

`from x import *` names what it gave; `del sum` of a name that hid a builtin shows the builtin
again; `exec(text)` and `globals()[name] = …` work on a dictionary of the step's names, and what
they bound there in the observed run is handed back.
"""

from __future__ import annotations

import ast
import builtins
from dataclasses import replace
from typing import TYPE_CHECKING

from thruway.plan.imports import is_star, star_import_edit
from thruway.plan.types import Edit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from thruway.graph.types import Node

_SCOPE = "scope_of_step"
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def rebinding_edits(body: tuple[int, ...], nodes: dict[int, Node]) -> tuple[Edit, ...]:
    """Return the edits to the statements of one step."""
    return tuple(edit for number in body for edit in _edits(number, nodes[number]))


def _edits(number: int, node: Node) -> Iterator[Edit]:
    if is_star(node):
        yield _whole(number, node, star_import_edit(node, node.fact.binds))
        return
    tree = ast.parse(node.statement.code)
    if len(tree.body) == 1 and isinstance(tree.body[0], ast.Delete):
        shown = _shown_again(tree.body[0])
        if shown:
            yield _whole(number, node, shown)
    elif node.statement.dynamic:
        yield from _scoped(number, node, tree)


def _whole(number: int, node: Node, text: str) -> Edit:
    lines = node.statement.code.rstrip().splitlines()
    return Edit(number, 1, 0, len(lines), len(lines[-1]), text)


def _shown_again(statement: ast.Delete) -> str:
    names = [target.id for target in statement.targets if isinstance(target, ast.Name)]
    if len(names) < len(statement.targets) or not all(hasattr(builtins, name) for name in names):
        return ""
    return f"from builtins import {', '.join(names)}"


def _scoped(number: int, node: Node, tree: ast.Module) -> Iterator[Edit]:
    """Give `exec` and `globals()` of a statement a dictionary, and bind what it then holds."""
    lines = node.statement.code.rstrip().splitlines()
    names = sorted(node.fact.binds - node.statement.stores)
    found = list(_in_scope(number, tree, lines, {"globals", "locals"} if names else {"globals"}))
    if not found:
        return
    first = f"{_SCOPE} = {{**globals(), **locals()}}\n"
    if (found[0].line, found[0].column) == (1, 0):
        found[0] = replace(found[0], text=first + found[0].text)
    else:
        yield Edit(number, 1, 0, 1, 0, first)
    yield from found
    if names:
        values = ", ".join(f'{_SCOPE}["{name}"]' for name in names)
        end = len(lines), len(lines[-1])
        yield Edit(number, *end, *end, f"\n{', '.join(names)} = {values}")


def _in_scope(number: int, tree: ast.AST, lines: list[str], scopes: set[str]) -> Iterator[Edit]:
    """Yield, in the order of the text, what takes the dictionary of the step's names."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, _FUNCTIONS):
            continue
        yield from _in_scope(number, node, lines, scopes)
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.keywords:
            continue
        start = node.lineno, _characters(lines, node.lineno, node.col_offset)
        last = node.end_lineno or node.lineno
        end = last, _characters(lines, last, node.end_col_offset or 0)
        if node.func.id in scopes and not node.args:
            yield Edit(number, *start, *end, _SCOPE)
        elif node.func.id == "exec" and len(node.args) == 1:
            yield Edit(number, end[0], end[1] - 1, *end, f", {_SCOPE})")


def _characters(lines: list[str], line: int, column: int) -> int:
    """Turn a column in bytes, as `ast` counts, into one in characters."""
    return len(lines[line - 1].encode()[:column].decode(errors="ignore"))
