"""Which names a function has for itself, and what the rest of the program does with them."""

from __future__ import annotations

import ast
import symtable
import warnings
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from thruway.program.deferred import FUNCTIONS
from thruway.program.names import Names, names_of
from thruway.program.opening.rows import parsed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Scope:
    """The names of one function.

    Attributes:
        local: all its own names, parameters included.
        parameters: the names of its parameters.
        captured: own names that functions inside it read when they are called.
        rebound: own names that a scope inside it also binds for itself.
        outer: names of a scope around it that functions inside bind (`nonlocal`).
    """

    local: frozenset[str]
    parameters: frozenset[str]
    captured: frozenset[str]
    rebound: frozenset[str]
    outer: frozenset[str]


def scope_of(code: str) -> Scope:
    """Return the names of the one function that some text defines."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (table,) = symtable.symtable(code, "<function>", "exec").get_children()
    assert isinstance(table, symtable.Function)
    local = frozenset(table.get_locals())
    captured: set[str] = set()
    rebound: set[str] = set()
    outer: set[str] = set()
    for inner, at_once in _inside(table, at_once=True):
        for symbol in inner.get_symbols():
            if symbol.is_free() and not at_once:
                captured.add(symbol.get_name())
            if symbol.is_free() and symbol.is_assigned():
                outer.add(symbol.get_name())
            if symbol.is_local():
                rebound.add(symbol.get_name())
    return Scope(
        local,
        frozenset(table.get_parameters()),
        frozenset(captured) & local,
        frozenset(rebound) & local,
        frozenset(outer) & local,
    )


def _inside(
    table: symtable.SymbolTable, *, at_once: bool
) -> Iterator[tuple[symtable.SymbolTable, bool]]:
    """Yield the scopes inside one; comprehensions that make a list, set or dict run at once."""
    for child in table.get_children():
        now = at_once and child.get_name() in {"listcomp", "setcomp", "dictcomp"}
        yield child, now
        yield from _inside(child, at_once=now)


@cache
def names(code: str) -> Names:
    """Return the names of one statement of the top level."""
    return names_of(code, parsed(code))


def block_names(code: str) -> Names:
    """Return the names of several statements, as if they were one."""
    return names_of(code, parsed(code))


def bound_as_definition(nodes: Iterable[ast.stmt]) -> frozenset[str]:
    """Return the names that imports, functions and classes of the top level bind."""
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            found |= {alias.asname or alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, _DEFINITIONS):
            found.add(node.name)
    return frozenset(found)


def imports(nodes: Iterable[ast.stmt]) -> dict[str, str]:
    """Return the names that imports bind, with what they mean."""
    found: dict[str, str] = {}
    for node in nodes:
        for inner in ast.walk(node):
            if isinstance(inner, (ast.Import, ast.ImportFrom)):
                module = getattr(inner, "module", "")
                for alias in inner.names:
                    name = alias.asname or alias.name.split(".")[0]
                    found[name] = f"{module}:{alias.name}:{alias.asname}"
    return found


def own(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what lies in a piece of the tree, functions inside it left out."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, FUNCTIONS):
            yield child
            yield from own(child)


def references(tree: ast.AST, name: str) -> int:
    """Return how often a name stands in a piece of the tree, in whatever scope."""
    return sum(isinstance(node, ast.Name) and node.id == name for node in ast.walk(tree))


def words(tree: ast.AST) -> frozenset[str]:
    """Return every identifier of a piece of the tree."""
    found: set[str] = set()
    for node in ast.walk(tree):
        for key in ("id", "arg", "attr", "name"):
            value = getattr(node, key, None)
            if isinstance(value, str):
                found.add(value)
    return frozenset(found)


def names_in(node: ast.AST) -> frozenset[str]:
    """Return the variables of an expression."""
    return frozenset(inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name))
