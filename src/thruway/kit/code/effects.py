"""Statements of a module that do something when it is imported, beyond defining names.

Importing a module runs them, so they count for every step that reaches the module: options set,
dictionaries filled, functions registered. Definitions and assignments of constants count only
where their name is used.
"""

from __future__ import annotations

import ast
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from thruway.kit.code.modules import Finder, Foreign, Local, inner_statements, is_typing_block
from thruway.kit.code.purity import calls_purely, wraps_purely
from thruway.kit.code.scope import chain_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from thruway.kit.code.modules import Bound, Module

_MAY_IMPORT = (ast.Import, ast.ImportFrom, ast.If, ast.Try, ast.With)


@dataclass
class Imports(Finder):
    """A finder that knows what importing a module does, and in which order."""

    _effects: dict[str, list[ast.stmt]] = field(default_factory=dict)
    _marks: dict[str, list[ast.stmt]] = field(default_factory=dict)
    _orders: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def effects(self, module: Module) -> list[ast.stmt]:
        """Return the statements of a module that do something when it is imported."""
        if module.name not in self._effects:
            self._effects[module.name] = side_effects(module, self)
        return self._effects[module.name]

    def order_of(self, module: Module) -> tuple[str, ...]:
        """Return the modules that act when a module is imported, in the order in which they do."""
        if module.name not in self._orders:
            found: list[str] = []
            self._import(module, found, set())
            self._orders[module.name] = tuple(name for name, _ in itertools.groupby(found))
        return self._orders[module.name]

    def _import(self, module: Module, found: list[str], begun: set[str]) -> None:
        if module.name in begun:
            return
        begun.add(module.name)
        parent = self.find(module.name.rpartition(".")[0]) if "." in module.name else None
        if parent is not None:
            self._import(parent, found, begun)
        acting = {id(unit) for unit in self.effects(module)}
        for unit in module.tree.body:
            for other in self._imported_by(module, unit):
                self._import(other, found, begun)
            if id(unit) in acting:
                found.append(module.name)

    def _imported_by(self, module: Module, unit: ast.stmt) -> Iterator[Module]:
        """Give the modules of the program that a statement at the top of a module imports."""
        if is_typing_block(unit) or not isinstance(unit, _MAY_IMPORT):
            return
        if isinstance(unit, ast.Import):
            names = [alias.name for alias in unit.names]
        elif isinstance(unit, ast.ImportFrom):
            source = module.absolute(unit)
            names = [source, *(f"{source}.{alias.name}" for alias in unit.names)]
        else:
            for inner in inner_statements(unit):
                yield from self._imported_by(module, inner)
            return
        for name in names:
            found = self.find(name)
            if found is not None:
                yield found

    def ways(self, module: Module, name: str) -> list[tuple[str, Bound]]:
        """Return how a name is bound, in the order of the text: `shop.deep.unit`, or `here`."""
        bounds = list(module.bindings.get(name, ()))
        for bound in module.bindings.get("*", ()):
            other = self.find(bound.source)
            if other is not None and self.gives(other, name):
                bounds.append(bound)
        bounds.sort(key=lambda bound: (bound.node.lineno, bound.node.col_offset))
        return [
            (f"{bound.source}.{bound.attribute}".rstrip(".") or "here", bound) for bound in bounds
        ]

    def gives(self, module: Module, name: str, seen: frozenset[str] = frozenset()) -> bool:
        """Return whether a star import of a module may bind a name."""
        if name in module.bindings or self.find(f"{module.name}.{name}") is not None:
            return True
        return any(
            other is not None and source not in seen and self.gives(other, name, seen | {source})
            for source in module.stars
            for other in [self.find(source)]
        )

    def moment(self, module: Module, unit: ast.stmt) -> int:
        """Return how much was done before a statement that others could see: marks before it.

        They are what acts, imports of modules that act, and names that are bound once more.
        """
        if module.name not in self._marks:
            acting = {id(one) for one in self.effects(module)}
            acting |= _bound_again(module)
            self._marks[module.name] = [
                one
                for one in module.tree.body
                if id(one) in acting
                or any(self.order_of(other) for other in self._imported_by(module, one))
            ]
        return sum(mark.lineno < unit.lineno for mark in self._marks[module.name])


def _bound_again(module: Module) -> set[int]:
    """Return the statements that bind names which others bind too."""
    return {
        id(bound.unit)
        for bounds in module.bindings.values()
        if len({id(bound.unit) for bound in bounds}) > 1
        for bound in bounds
    }


def side_effects(module: Module, finder: Finder) -> list[ast.stmt]:
    """Return the top-level statements that do something when the module is imported."""
    return [unit for unit in module.tree.body if _acts(unit, module, finder)]


def _acts(node: ast.stmt, module: Module, finder: Finder) -> bool:
    if isinstance(node, ast.Import | ast.ImportFrom | ast.Pass | ast.Global):
        return False
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return False
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        defaults = [one for one in (*node.args.defaults, *node.args.kw_defaults) if one is not None]
        return _registered(node.decorator_list, module, finder) or any(
            _acts_here(one, module, finder) for one in defaults
        )
    if isinstance(node, ast.ClassDef):
        return (
            _registered(node.decorator_list, module, finder)
            or _registers(node, module, finder, frozenset())
            or any(_acts_in_class(child, module, finder) for child in node.body)
        )
    if isinstance(node, ast.Assign | ast.AnnAssign):
        return not _plain(node, module, finder)
    if isinstance(node, ast.If) and _is_main_block(node):
        return False
    if is_typing_block(node):
        return any(_acts(child, module, finder) for child in getattr(node, "orelse", ()))
    if isinstance(node, ast.If) and _acts_here(node.test, module, finder):
        return True
    if isinstance(node, ast.If | ast.Try):
        return any(_acts(child, module, finder) for child in inner_statements(node))
    return True


def _acts_here(node: ast.expr, module: Module, finder: Finder) -> bool:
    """Whether evaluating an expression calls code of the program that does something."""
    return any(
        not calls_purely(call, module, finder) and _is_ours(call, module, finder)
        for call in _calls(node)
    )


def _acts_in_class(node: ast.stmt, module: Module, finder: Finder) -> bool:
    """Whether a statement in the body of a class does something outside of it.

    What libraries are called for there, makes fields.
    """
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return False
    return any(
        _acts_here(child, module, finder) for child in ast.walk(node) if isinstance(child, ast.Call)
    )


def _is_ours(call: ast.Call, module: Module, finder: Finder) -> bool:
    chain = chain_of(call.func)
    return bool(chain) and any(not isinstance(hit, Foreign) for hit in finder.follow(module, chain))


def _is_main_block(node: ast.If) -> bool:
    """Whether it is `if __name__ == "__main__":`, which importing does not run."""
    test = node.test
    return (
        isinstance(test, ast.Compare)
        and chain_of(test.left) == ("__name__",)
        and not node.orelse
        and isinstance(test.ops[0], ast.Eq)
    )


def _plain(node: ast.Assign | ast.AnnAssign, module: Module, finder: Finder) -> bool:
    """Whether an assignment only binds names, to a value made without calling unknown code."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    for target in targets:
        for part in ast.walk(target):
            if isinstance(part, ast.Attribute | ast.Subscript):
                return False
    return node.value is None or all(
        calls_purely(call, module, finder) for call in _calls(node.value)
    )


def _calls(node: ast.AST) -> list[ast.Call]:
    """Return the calls that evaluating an expression makes; bodies of lambdas excluded."""
    found: list[ast.Call] = [node] if isinstance(node, ast.Call) else []
    for child in ast.iter_child_nodes(node):
        if not isinstance(node, ast.Lambda) or child is node.args:
            found.extend(_calls(child))
    return found


def _registered(decorators: list[ast.expr], module: Module, finder: Finder) -> bool:
    """Whether a decorator may keep what it decorates somewhere."""
    return not all(wraps_purely(decorator, module, finder) for decorator in decorators)


def _registers(node: ast.ClassDef, module: Module, finder: Finder, seen: frozenset[str]) -> bool:
    """Whether making the class runs code of a metaclass or of a base's `__init_subclass__`."""
    if node.keywords:
        return True
    for base in node.bases:
        chain = chain_of(base)
        for hit in finder.follow(module, chain) if chain else ():
            if isinstance(hit, Local) and f"{hit.module.name}.{hit.name}" not in seen:
                inner = seen | {f"{hit.module.name}.{hit.name}"}
                if _base_registers(hit, finder, inner):
                    return True
    return False


def _base_registers(hit: Local, finder: Finder, seen: frozenset[str]) -> bool:
    for bound in hit.module.bindings[hit.name]:
        if isinstance(bound.node, ast.ClassDef):
            methods = {item.name for item in bound.node.body if isinstance(item, ast.FunctionDef)}
            if "__init_subclass__" in methods or _registers(bound.node, hit.module, finder, seen):
                return True
    return False
