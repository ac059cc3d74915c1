"""Statements of a module that do something when it is imported, beyond defining names.

Importing a module runs them, so they count for every step that reaches the module: options set,
dictionaries filled, functions registered. Definitions and assignments of constants count only
where their name is used.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from thruway.kit.modules import Foreign, Local, inner_statements, is_typing_block
from thruway.kit.scope import chain_of

if TYPE_CHECKING:
    from thruway.kit.modules import Finder, Module

# Calls that make a value and do nothing else.
_PURE = frozenset(
    {
        "collections.Counter",
        "collections.OrderedDict",
        "collections.defaultdict",
        "collections.namedtuple",
        "dataclasses.field",
        "decimal.Decimal",
        "functools.partial",
        "logging.getLogger",
        "operator.attrgetter",
        "operator.itemgetter",
        "os.path.join",
        "pathlib.Path",
        "pathlib.PurePath",
        "re.compile",
        "thruway.pipeline",
        "thruway.step",
        "typing.NamedTuple",
        "typing.NewType",
        "typing.ParamSpec",
        "typing.TypeVar",
    }
)
_PURE_BUILTINS = frozenset(
    {"abs", "bool", "dict", "float", "frozenset", "int", "len", "list", "max", "min", "range",
     "round", "set", "sorted", "str", "sum", "tuple", "zip"}
)  # fmt: skip


def side_effects(module: Module, finder: Finder) -> list[ast.stmt]:
    """Return the top-level statements that do something when the module is imported."""
    return [unit for unit in module.tree.body if _acts(unit, module, finder)]


def _acts(node: ast.stmt, module: Module, finder: Finder) -> bool:
    if isinstance(node, ast.Import | ast.ImportFrom | ast.Pass | ast.Global):
        return False
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return False
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return _registered(node.decorator_list, module, finder)
    if isinstance(node, ast.ClassDef):
        return _registered(node.decorator_list, module, finder) or _registers(
            node, module, finder, frozenset()
        )
    if isinstance(node, ast.Assign | ast.AnnAssign):
        return not _plain(node, module, finder)
    if isinstance(node, ast.If) and _is_main_block(node):
        return False
    if is_typing_block(node):
        return any(_acts(child, module, finder) for child in getattr(node, "orelse", ()))
    if isinstance(node, ast.If | ast.Try):
        return any(_acts(child, module, finder) for child in inner_statements(node))
    return True


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
    return node.value is None or all(_is_pure(call, module, finder) for call in _calls(node.value))


def _calls(node: ast.AST) -> list[ast.Call]:
    """Return the calls that evaluating an expression makes; bodies of lambdas excluded."""
    found: list[ast.Call] = [node] if isinstance(node, ast.Call) else []
    for child in ast.iter_child_nodes(node):
        if not isinstance(node, ast.Lambda) or child is node.args:
            found.extend(_calls(child))
    return found


def _is_pure(call: ast.Call, module: Module, finder: Finder) -> bool:
    chain = chain_of(call.func)
    if not chain:
        return False
    if chain[0] not in module.bindings:
        return chain[0] in _PURE_BUILTINS and len(chain) == 1
    hits = list(finder.follow(module, chain))
    return all(isinstance(hit, Foreign) and hit.name in _PURE for hit in hits)


def _registered(decorators: list[ast.expr], module: Module, finder: Finder) -> bool:
    """Whether a decorator is first-party code, which may keep what it decorates somewhere."""
    for decorator in decorators:
        chain = chain_of(decorator.func if isinstance(decorator, ast.Call) else decorator)
        if not chain:
            return True
        if any(not isinstance(hit, Foreign) for hit in finder.follow(module, chain)):
            return True
    return False


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
