"""What `return` becomes where a function's body stands at the top level."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from thruway.program.opening.reasons import ClosedError
from thruway.program.opening.rows import Edit, Row, Text
from thruway.program.opening.scope import own

if TYPE_CHECKING:
    from thruway.program.opening.sites import Site

_WORD = len("return")
_EARLY = "it returns early"
_EARLY_FIX = "let it run to its end, with one `return` there"


def bind_results(body: Text, site: Site) -> Text:
    """Return the body with every `return` turned into what the caller does with the value.

    Raises:
        ClosedError: one of them ends the function early, and that cannot be written here.
    """
    tree = body.tree
    tails, falls = _tails(tree.body)
    edits: list[Edit] = []
    gone: list[ast.Return] = []
    for node in _returns(tree):
        if node not in tails:
            edits.append(_exit(body, node, site))
        elif _is_idle(node, site):
            if node in body.body:
                gone.append(node)
            else:
                edits.append(Edit(body.start(node), body.end(node), "pass"))
        else:
            edits.append(_bound(body, node, site))
    if falls and site.target:
        last = body.rows[-1]
        row = Row(f"{site.target}None", last.cell, last.line, moved=True)
        return Text([*body.edited(edits).rows, row])
    edits += [Edit(body.start(node), body.end(node), "") for node in gone]
    return body.edited(edits)


def _returns(tree: ast.AST) -> list[ast.Return]:
    return [node for node in own(tree) if isinstance(node, ast.Return)]


def _bound(body: Text, node: ast.Return, site: Site) -> Edit:
    """Put the caller's target, or nothing, in the place of the word."""
    start = body.start(node)
    if node.value is None:
        return Edit(start, body.end(node), f"{site.target}None")
    if site.exits:
        raise ClosedError("its result is the exit status of the program")
    if site.target:
        return Edit(start, (start[0], start[1] + _WORD), site.target.rstrip())
    if site.shown:
        return Edit(start, body.end(node), f"display({body.source(node.value)})")
    return Edit(start, body.start(node.value), "")


def _is_idle(node: ast.Return, site: Site) -> bool:
    """Tell whether a `return` at the end of a path does nothing here."""
    value = node.value
    if site.exits:
        return value is None or (isinstance(value, ast.Constant) and value.value in {None, 0})
    if site.target:
        return value is not None and site.bound != () and _names(value) == site.bound
    return value is None or (_is_pure(value) and (not site.shown or _is_none(value)))


def _is_none(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is None


def _names(value: ast.expr) -> tuple[str, ...]:
    parts = value.elts if isinstance(value, (ast.Tuple, ast.List)) else [value]
    return tuple(part.id if isinstance(part, ast.Name) else "" for part in parts)


def _is_pure(value: ast.expr) -> bool:
    """Tell whether an expression only looks at names."""
    plain = (ast.Name, ast.Constant, ast.Tuple, ast.List, ast.Dict, ast.expr_context)
    return all(isinstance(node, plain) for node in ast.walk(value))


def _exit(body: Text, node: ast.Return, site: Site) -> Edit:
    """An early end of what the program ends with is the end of the program."""
    if not site.last or site.target or _is_guarded(body.tree, node):
        raise ClosedError(_EARLY, _EARLY_FIX)
    if node.value is None or (not site.exits and not site.shown and _is_pure(node.value)):
        return Edit(body.start(node), body.end(node), "raise SystemExit")
    if not site.exits:
        raise ClosedError(_EARLY, _EARLY_FIX)
    return Edit(body.start(node), body.end(node), f"raise SystemExit({body.source(node.value)})")


def _is_guarded(tree: ast.AST, wanted: ast.Return) -> bool:
    """Tell whether something stands around a `return` that would see an exception pass."""
    guards = (ast.Try, ast.TryStar, ast.With)
    return any(
        isinstance(node, guards) and any(inner is wanted for inner in ast.walk(node))
        for node in own(tree)
    )


def _tails(body: list[ast.stmt]) -> tuple[list[ast.Return], bool]:
    """Return the `return`s after which nothing more would run, and whether the end is reached."""
    last = body[-1] if body else None
    if isinstance(last, ast.Return):
        return [last], False
    if isinstance(last, ast.Raise):
        return [], False
    if isinstance(last, ast.If):
        found, falls = _tails(last.body)
        others, falls_too = _tails(last.orelse)
        return found + others, falls or falls_too
    if isinstance(last, ast.With) and not _swallows(last):
        return _tails(last.body)
    if isinstance(last, ast.Try) and not last.orelse and not last.finalbody:
        branches = [_tails(last.body), *(_tails(handler.body) for handler in last.handlers)]
        return [node for found, _ in branches for node in found], any(f for _, f in branches)
    return [], True


def _swallows(node: ast.With) -> bool:
    return any("suppress" in ast.unparse(item.context_expr) for item in node.items)
