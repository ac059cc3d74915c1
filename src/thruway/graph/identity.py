"""Whether a program asks if two names hold one and the same object.

`x is MISSING` and `id(x)` see what equality does not: two values that were one object must be one
again on the other side of an edge. Comparisons with `None`, `True`, classes, functions and
attributes of modules do not count: these are one object everywhere.
"""

from __future__ import annotations

import ast
import builtins
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from thruway.program.types import Statement

_DEFINED = frozenset({"import", "function", "class"})


def compares_identity(statements: list[Statement]) -> bool:
    """Return whether some statement compares objects of the program by identity."""
    fixed = {name for s in statements if s.kind in _DEFINED for name in s.stores}
    fixed |= set(vars(builtins))
    fixed -= {name for s in statements if s.kind not in _DEFINED for name in s.stores}
    modules = {name for s in statements if s.kind == "import" for name in s.stores} & fixed
    asking = [s.code for s in statements if " is " in s.code or "id(" in s.code]
    return any(_compares(code, fixed, modules) for code in asking)


def address_keepers(statements: list[Statement]) -> tuple[int, int] | None:
    """Return the first statement that keeps an `id(…)`, and the last that asks for one after it.

    An address is another one in each process: what is kept by it is found by it in the same
    process only. Comparing two of them in one expression, or printing one, keeps nothing.
    """
    asking = [s for s in statements if "id(" in s.code and s.kind not in _DEFINED]
    trees = {s.id: ast.parse(s.code) for s in asking}
    calls = {number: _id_calls(tree) for number, tree in trees.items()}
    keeping = [n for n, found in calls.items() if any(kept for kept in found)]
    using = [number for number, found in calls.items() if found]
    if not keeping or using[-1] <= keeping[0]:
        return None
    return keeping[0], using[-1]


def _id_calls(tree: ast.AST) -> list[bool]:
    """Return for each call of `id` whether its value is kept."""
    found: list[bool] = []

    def visit(node: ast.AST, kept: bool) -> None:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id == "id":
                found.append(kept)
            kept = kept and node.func.id != "print"
        if isinstance(node, ast.Compare) and all(map(_is_id, (node.left, *node.comparators))):
            kept = False
        for child in ast.iter_child_nodes(node):
            visit(child, kept)

    visit(tree, True)
    return found


def _is_id(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "id"


def _compares(code: str, fixed: set[str], modules: set[str]) -> bool:
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "id":
            return True
        if isinstance(node, ast.Compare) and any(
            isinstance(test, ast.Is | ast.IsNot) for test in node.ops
        ):
            operands = (node.left, *node.comparators)
            if not any(_is_fixed(operand, fixed, modules) for operand in operands):
                return True
    return False


def _is_fixed(node: ast.expr, fixed: set[str], modules: set[str]) -> bool:
    """Whether an expression is one object in every process."""
    if isinstance(node, ast.Constant):
        return True
    if isinstance(node, ast.Name):
        return node.id in fixed
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and node.id in modules
