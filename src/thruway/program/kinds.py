"""The kind of a statement, and whether its text hides what it does."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from thruway.findings import Unknown
from thruway.program.calls import literal_value

if TYPE_CHECKING:
    from thruway.program.types import Call, StatementKind

IMMUTABLE = (int, float, complex, str, bytes, bool, type(None), type(...))
ALWAYS_DYNAMIC = frozenset({"exec", "eval", "globals"})
DYNAMIC_AT_TOP = frozenset({"locals", "vars", "dir"})


def kind_of(node: ast.stmt) -> StatementKind:
    """Return what sort of statement this is; see `StatementKind`."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return "import"
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return "function"
    if isinstance(node, ast.ClassDef):
        return "class"
    if isinstance(node, ast.Expr):
        value = node.value
        text = isinstance(value, ast.Constant) and isinstance(value.value, str)
        return "docstring" if text else "ordinary"
    if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
        return _kind_of_binding(node)
    return "ordinary"


def _kind_of_binding(node: ast.Assign | ast.AnnAssign) -> StatementKind:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    assert node.value is not None
    if not all(isinstance(target, ast.Name) for target in targets):
        return "ordinary"
    if isinstance(node.value, ast.Lambda) and len(targets) == 1:
        return "function"
    try:
        value = literal_value(node.value)
    except (ValueError, ArithmeticError, TypeError):
        return "ordinary"
    shared = len(targets) > 1 and not isinstance(value, IMMUTABLE)
    return "ordinary" if shared else "constant"


def dynamic_of(calls: tuple[Call, ...]) -> Unknown | None:
    """Return why the names of a statement are not known from its text, None when they are."""
    for call in calls:
        if not call.resolved:
            continue
        bare = call.target.removeprefix("builtins.")
        hidden = bare in ALWAYS_DYNAMIC or (bare in DYNAMIC_AT_TOP and not call.in_definition)
        given = bool(call.arguments or call.literals)
        if hidden and not (bare in DYNAMIC_AT_TOP and given):
            return Unknown(f"{bare}() reaches names that the text does not show")
    return None
