"""How a program uses the namespace that its parser gives: by attribute, or as a whole."""

from __future__ import annotations

import ast
import symtable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from thruway.program.opening.scope import names, own

if TYPE_CHECKING:
    from collections.abc import Iterator

    from thruway.program.opening.rows import Text

Key = tuple[int, int, int | None, int | None]
_SHOWS = frozenset({"print", "info", "debug", "pformat", "pprint", "vars", "str", "repr"})
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass
class Uses:
    """Every use of one variable of the module.

    Attributes:
        read: attributes that are read.
        assigned: attributes that are bound.
        keys: places of the attributes.
        shown: it is printed as a whole.
        whole: why attributes alone would not do, "" if they do.
        taken: names that mean something where it is used, or at the top level.
    """

    read: set[str] = field(default_factory=set)
    assigned: set[str] = field(default_factory=set)
    keys: set[Key] = field(default_factory=set)
    shown: bool = False
    whole: str = ""
    taken: set[str] = field(default_factory=set)


def key(node: ast.expr) -> Key:
    """Return the place of an expression."""
    return node.lineno, node.col_offset, node.end_lineno, node.end_col_offset


def uses_of(text: Text, name: str, leave: frozenset[ast.stmt]) -> Uses:
    """Return how a variable is used by all statements but some."""
    found = Uses()
    for node in text.body:
        if node in leave:
            continue
        code = text.source(node)
        known = names(code)
        used = known.loads | known.deferred | known.stores | known.deletes | known.global_writes
        found.taken |= used
        if name not in used:
            continue
        found.taken |= _own_words(node)
        if name in known.stores | known.deletes | known.global_writes:
            found.whole = f"`{name}` is bound again"
        elif isinstance(node, _DEFINITIONS) and _rebinds(code, name):
            found.whole = f"`{name}` has two meanings in one definition"
        else:
            _look(found, node, name)
    return found


def _own_words(node: ast.stmt) -> set[str]:
    found = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
    found |= {inner.arg for inner in ast.walk(node) if isinstance(inner, ast.arg)}
    found |= {inner.name for inner in ast.walk(node) if isinstance(inner, _DEFINITIONS)}
    return found


def _rebinds(code: str, name: str) -> bool:
    """Tell whether some scope in a definition has a variable of that name for itself."""
    pending = [symtable.symtable(code, "<definition>", "exec")]
    while pending:
        table = pending.pop()
        pending += table.get_children()
        if table.get_type() != "module" and name in table.get_identifiers():
            symbol = table.lookup(name)
            if symbol.is_local() or symbol.is_free():
                return True
    return False


def _look(found: Uses, node: ast.stmt, name: str) -> None:
    at_once = {id(inner) for inner in own(node)} if not isinstance(node, _DEFINITIONS) else set()
    for inner, parents in _with_parents(node, ()):
        if not isinstance(inner, ast.Name) or inner.id != name:
            continue
        parent = parents[-1]
        if not isinstance(parent, ast.Attribute):
            if _is_shown(parents):
                found.shown = True
            else:
                found.whole = found.whole or f"`{name}` is passed on as a whole"
        elif isinstance(parent.ctx, ast.Load):
            found.read.add(parent.attr)
            found.keys.add(key(parent))
        elif isinstance(parent.ctx, ast.Store) and id(parent) in at_once:
            found.assigned.add(parent.attr)
            found.keys.add(key(parent))
        else:
            found.whole = found.whole or f"a function changes `{name}`"


def _is_shown(parents: tuple[ast.AST, ...]) -> bool:
    """Tell whether a value is only shown: printed, logged or formatted."""
    for parent in reversed(parents):
        if isinstance(parent, ast.FormattedValue):
            return True
        if not isinstance(parent, ast.Call):
            return False
        called = getattr(parent.func, "id", getattr(parent.func, "attr", ""))
        if called not in _SHOWS:
            return False
        if called in {"print", "info", "debug", "pprint"}:
            return True
    return False


def _with_parents(
    node: ast.AST, parents: tuple[ast.AST, ...]
) -> Iterator[tuple[ast.AST, tuple[ast.AST, ...]]]:
    for child in ast.iter_child_nodes(node):
        yield child, (*parents, node)
        yield from _with_parents(child, (*parents, node))
