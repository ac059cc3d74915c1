"""Global names that the bodies of functions, lambdas and methods use, when they are called.

Python's own symbol tables say which names of a body are global, also through nested functions,
comprehensions and classes; the tree adds what they leave out: `x += 1` reads `x`.
"""

from __future__ import annotations

import ast
import symtable
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass
class Deferred:
    """Global names that bodies use: read, and declared `global` and bound."""

    reads: set[str] = field(default_factory=set)
    writes: set[str] = field(default_factory=set)


def deferred_names(code: str, tree: ast.AST) -> Deferred:
    """Return the global names that the functions defined in a statement use when called."""
    found = Deferred()
    lazy = any(isinstance(node, (*FUNCTIONS, ast.GeneratorExp)) for node in ast.walk(tree))
    if not lazy:
        return found
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = symtable.symtable(code, "<statement>", "exec")
    for inner in _called_later(table, within=False):
        for symbol in inner.get_symbols():
            if symbol.is_global() and symbol.is_referenced():
                found.reads.add(symbol.get_name())
            if symbol.is_declared_global() and _is_bound(symbol):
                found.writes.add(symbol.get_name())
    found.reads |= _augmented(tree) & found.writes
    found.reads |= _stored_generators(tree)
    return found


def local_names(code: str) -> frozenset[str]:
    """Return the local names of the one function that `code` defines."""
    (function,) = symtable.symtable(code, "<statement>", "exec").get_children()
    assert isinstance(function, symtable.Function)
    return frozenset(function.get_locals())


def _called_later(table: symtable.SymbolTable, *, within: bool) -> Iterator[symtable.SymbolTable]:
    """Yield the tables of functions and of what lies in them; comprehensions run at once."""
    for child in table.get_children():
        later = within or (str(child.get_type()) == "function" and not _is_comprehension(child))
        if later:
            yield child
        yield from _called_later(child, within=later)


def _is_comprehension(table: symtable.SymbolTable) -> bool:
    return isinstance(table, symtable.Function) and ".0" in table.get_parameters()


def _is_bound(symbol: symtable.Symbol) -> bool:
    return symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()


def _augmented(tree: ast.AST) -> set[str]:
    return {
        node.target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name)
    }


def _stored_generators(tree: ast.AST) -> set[str]:
    """Return what generator expressions read that no call consumes where they stand."""
    consumed = {
        id(argument)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        for argument in node.args
    }
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.GeneratorExp) and id(node) not in consumed:
            inner = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
            names |= inner - bound_in(node)
    return names


def bound_in(tree: ast.AST) -> set[str]:
    """Return the names that are assigned anywhere in a piece of the tree."""
    return {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
    }


def outer_parts(node: Function) -> list[ast.AST]:
    """Return the expressions of a function that are evaluated where it is defined."""
    arguments = node.args
    parts: list[ast.AST | None] = [*arguments.defaults, *arguments.kw_defaults]
    if not isinstance(node, ast.Lambda):
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        every += [extra for extra in (arguments.vararg, arguments.kwarg) if extra]
        parts = [*node.decorator_list, *parts]
        parts += [argument.annotation for argument in every]
        parts.append(node.returns)
    return [part for part in parts if part is not None]
