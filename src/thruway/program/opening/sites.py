"""Statements of the top level that do nothing but call one function, and what they do with it."""

from __future__ import annotations

import ast
import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from thruway.program.imports import dotted_name
from thruway.program.opening.rows import Edit, Text
from thruway.program.opening.scope import words

if TYPE_CHECKING:
    from collections.abc import Iterator

_EXITS = frozenset({"sys.exit", "exit", "quit", "SystemExit"})


@dataclass(frozen=True)
class Site:
    """One call.

    Attributes:
        statement: that makes it.
        call: the call itself.
        target: what stands before it (`a, b = `), "" if nothing is bound.
        bound: names that the target binds, and nothing else; () if it binds other things.
        exits: its result is the exit status of the program.
        last: no statement follows.
        shown: the notebook shows what it gives.
    """

    statement: ast.stmt
    call: ast.Call
    target: str
    bound: tuple[str, ...]
    exits: bool
    last: bool
    shown: bool = False


def sites(text: Text, *, notebook: bool = False) -> Iterator[Site]:
    """Yield every statement that is a call, in order.

    Args:
        text: of the program.
        notebook: the last expression of a cell is shown.
    """
    for number, node in enumerate(text.body):
        last = node is text.body[-1]
        call, exits = _call(node)
        if call is None:
            continue
        target = ""
        bound: tuple[str, ...] = ()
        if isinstance(node, (ast.Assign, ast.AnnAssign)):
            target = text.slice(text.start(node), text.start(call))
            bound = _names(list(node.targets if isinstance(node, ast.Assign) else [node.target]))
        if target.count("(") == target.count(")"):
            shown = notebook and isinstance(node, ast.Expr) and _ends_cell(text, number)
            yield Site(node, call, target, bound, exits, last, shown)


def _ends_cell(text: Text, number: int) -> bool:
    """Tell whether a statement is the last of its cell, and no semicolon silences it."""
    node = text.body[number]
    line, column = text.end(node)
    if text.lines[line - 1][column:].lstrip().startswith(";"):
        return False
    if number + 1 == len(text.body):
        return True
    after = text.start(text.body[number + 1])[0]
    return text.rows[after - 1].cell != text.rows[line - 1].cell


def named_results(text: Text) -> Text:
    """Return the text with a name for each result that is only printed: `print(main())`."""
    for node in text.body:
        call = node.value if isinstance(node, ast.Expr) else None
        if not isinstance(call, ast.Call) or dotted_name(call.func) != "print":
            continue
        inner = call.args[0] if len(call.args) == 1 and not call.keywords else None
        if not isinstance(inner, ast.Call) or not isinstance(inner.func, (ast.Name, ast.Attribute)):
            continue
        if not _is_own(text, inner.func):
            continue
        taken = words(text.tree)
        names = itertools.chain(("result",), (f"result_{number}" for number in itertools.count(2)))
        name = next(n for n in names if n not in taken)
        start, end = text.start(inner), text.end(inner)
        at = text.start(node)[0] - 1
        lines = f"{name} = {text.slice(start, end)}".split("\n")
        rows = [replace(text.rows[at], text=line, moved=True) for line in lines]
        edited = text.edited([Edit(start, end, name)])
        return named_results(Text([*edited.rows[:at], *rows, *edited.rows[at:]]))
    return text


def _is_own(text: Text, func: ast.expr) -> bool:
    """Tell whether a call is one of a function, or of an object, of the program."""
    made = {n.name for n in text.body if isinstance(n, (ast.FunctionDef, ast.ClassDef))}
    if isinstance(func, ast.Name):
        return func.id in made
    owner = func.value if isinstance(func, ast.Attribute) else None
    if isinstance(owner, ast.Call):
        return _is_own(text, owner.func)
    if not isinstance(owner, ast.Name):
        return False
    makers = (
        node.value.func
        for node in text.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        if owner.id in _names(node.targets)
    )
    return any(isinstance(maker, ast.Name) and maker.id in made for maker in makers)


def _call(node: ast.stmt) -> tuple[ast.Call | None, bool]:
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        return (node.value, False) if isinstance(node.value, ast.Call) else (None, False)
    value = node.value if isinstance(node, ast.Expr) else None
    if isinstance(node, ast.Raise) and node.cause is None:
        value = node.exc
    if not isinstance(value, ast.Call):
        return None, False
    if dotted_name(value.func) in _EXITS:
        inner = value.args[0] if len(value.args) == 1 and not value.keywords else None
        return (inner, True) if isinstance(inner, ast.Call) else (None, False)
    return (None, False) if isinstance(node, ast.Raise) else (value, False)


def _names(targets: list[ast.expr]) -> tuple[str, ...]:
    if len(targets) != 1:
        return ()
    parts = targets[0].elts if isinstance(targets[0], (ast.Tuple, ast.List)) else targets
    names = [part.id for part in parts if isinstance(part, ast.Name)]
    return tuple(names) if len(names) == len(parts) else ()
