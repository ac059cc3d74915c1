"""Where a cell calls on IPython, by its transformer's doing or the author's own."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from thruway.findings import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from thruway.findings import Place


@dataclass(frozen=True)
class Use:
    """A statement in which IPython is called, and whether it stands in another statement."""

    statement: ast.stmt
    call: ast.Call
    nested: bool


def uses_of_ipython(tree: ast.Module) -> list[Use]:
    """Return the innermost statements that call `get_ipython()`, in the order of the text.

    Left out is what asks for IPython inside a `try`, or imports that name itself: it is there or
    not, and the program is prepared for both.
    """
    return list(_uses(tree, imported="get_ipython" in _imported(tree)))


def questions(tree: ast.Module) -> set[int]:
    """Return the lines in which a program finds out whether IPython runs it."""
    imported = "get_ipython" in _imported(tree)
    asking = [tree] if imported else [n for n in ast.walk(tree) if isinstance(n, ast.Try)]
    answered = {id(getattr(use.call.func, "value", None)) for use in uses_of_ipython(tree)}
    return {
        node.lineno
        for place in asking
        for node in ast.walk(place)
        if isinstance(node, ast.Call) and _is_ipython(node) and id(node) not in answered
    }


def question(place: Place) -> Finding:
    """Return what is told of such a line."""
    reason = "the program asks whether IPython runs it: here it does not, in neither run"
    return Finding("TW001", Severity.WARNING, place, reason, "keep what it does without IPython")


def _imported(tree: ast.Module) -> set[str]:
    aliases = (n for n in ast.walk(tree) if isinstance(n, ast.alias))
    return {alias.asname or alias.name for alias in aliases}


def _uses(tree: ast.Module, *, imported: bool) -> Iterator[Use]:
    for owner in ast.walk(tree):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(owner, name, None)
            for statement in block if isinstance(block, list) else ():
                call = _ipython_call(statement)
                guarded = imported or isinstance(owner, ast.Try)
                if call is not None and not (guarded and isinstance(call.func, ast.Name)):
                    yield Use(statement, call, not isinstance(owner, ast.Module))


def _ipython_call(statement: ast.stmt) -> ast.Call | None:
    """Return the first call on IPython in a statement's own expressions."""
    for node in ast.iter_child_nodes(statement):
        if isinstance(node, (ast.stmt, ast.ExceptHandler, ast.match_case)):
            continue
        for inner in ast.walk(node):
            if _is_ipython(inner):
                return _outermost(node, inner)
    return None


def _is_ipython(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "get_ipython"
    )


def _outermost(node: ast.AST, inner: ast.AST) -> ast.Call:
    """Return `get_ipython().system(...)` for its `get_ipython()`, if it is one."""
    for outer in ast.walk(node):
        called = outer.func if isinstance(outer, ast.Call) else None
        if isinstance(outer, ast.Call) and getattr(called, "value", None) is inner:
            return outer
    assert isinstance(inner, ast.Call)
    return inner
