"""Which dotted name a name of the program stands for, through its imports."""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass
from typing import TYPE_CHECKING

from thruway.program.knowledge import lookup

if TYPE_CHECKING:
    from collections.abc import Iterator

BUILTINS = frozenset(dir(builtins))


@dataclass(frozen=True)
class Changing:
    """A function of the program that is known to change what it is given.

    Attributes:
        parameters: their names, in order.
        changed: those whose values it changes in place.
    """

    parameters: tuple[str, ...]
    changed: frozenset[str]


class Imports:
    """Names bound by imports so far; it grows statement by statement."""

    def __init__(self) -> None:
        self.targets: dict[str, str] = {}
        self.stars: list[str] = []
        self.bound: set[str] = set()
        self.changing: dict[str, Changing] = {}

    def learn(self, tree: ast.Module, stores: frozenset[str]) -> None:
        """Take in the imports of one statement, and forget what it binds otherwise."""
        found = dict(_targets(tree))
        self.bound |= stores - set(found)
        for name in stores - set(found):
            self.targets.pop(name, None)
        for name, target in found.items():
            self.targets[name] = target
            self.bound.discard(name)
        self.stars += _stars(tree)
        self._learn_alias(tree)

    def _learn_alias(self, tree: ast.Module) -> None:
        """Follow `split = sklearn.model_selection.train_test_split` for what tables know."""
        node = tree.body[0] if tree.body else None
        if not isinstance(node, ast.Assign) or len(node.targets) != 1:
            return
        target, dotted = node.targets[0], dotted_name(node.value)
        if not isinstance(target, ast.Name) or dotted is None:
            return
        full = self.resolve(dotted)
        if full is not None and (full in self.targets.values() or lookup(full) is not None):
            self.targets[target.id] = full

    def resolve(self, dotted: str) -> str | None:
        """Return the full dotted name, or None when its root is a variable."""
        root, _, rest = dotted.partition(".")
        if root in self.targets:
            return f"{self.targets[root]}.{rest}" if rest else self.targets[root]
        if root in self.bound:
            return None
        for module in reversed(self.stars):
            if lookup(f"{module}.{root}") is not None and root not in BUILTINS:
                return f"{module}.{dotted}"
        return dotted if root in BUILTINS else None


def dotted_name(node: ast.AST) -> str | None:
    """Return `a.b.c` for names and attributes, None for other expressions."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        owner = dotted_name(node.value)
        return None if owner is None else f"{owner}.{node.attr}"
    return None


def _targets(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                root = alias.name.split(".")[0]
                yield (alias.asname, alias.name) if alias.asname else (root, root)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if alias.name != "*":
                    module = _module(node)
                    separator = "" if module.endswith(".") else "."
                    yield alias.asname or alias.name, f"{module}{separator}{alias.name}"


def _module(node: ast.ImportFrom) -> str:
    return "." * node.level + (node.module or "")


def _stars(tree: ast.Module) -> list[str]:
    return [
        _module(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)
    ]


def has_star(tree: ast.Module) -> bool:
    """Tell whether a statement binds names that its text does not give."""
    return bool(_stars(tree))


def imported_roots(tree: ast.AST) -> Iterator[str]:
    """Yield the first parts of the names of the modules that a text imports.

    >>> sorted(imported_roots(ast.parse("import a.b, c; from d.e import f")))
    ['a', 'c', 'd']
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]
