"""Families of values and calls about which something is known, for `harmless`."""

from __future__ import annotations

import ast
import functools
import inspect
import types
from typing import TYPE_CHECKING, Any, Literal

from thruway.kit.values.reach import are_records
from thruway.trace.child import pure

if TYPE_CHECKING:
    from collections.abc import Callable

Fresh = Literal["", "data", "model"]

ATOMS = (int, float, complex, bool, str, bytes, type(None), slice, range)
_CONTAINERS = (list, dict, set, tuple, frozenset)
_DATA = {"pandas", "numpy"}
_MANY = 10_000
_DEEPEST = 3
_CONTENTS = {"loc", "iloc", "at", "iat"}
_NEW = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp, ast.Constant)


def root_of(node: ast.AST) -> ast.AST:
    """Return what a chain of attributes, subscripts and calls begins with."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call, ast.Starred)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node


def writes_by_keyword(node: ast.Call) -> bool:
    """Whether a call says that it writes to what it was given, or hides what it says."""
    for keyword in node.keywords:
        constant = keyword.value.value if isinstance(keyword.value, ast.Constant) else ...
        if keyword.arg in {None, "out"} or (keyword.arg == "inplace" and constant is not False):
            return True
        if keyword.arg in pure.COPYING and constant is not True:
            return True
    return any(isinstance(argument, ast.Starred) for argument in node.args)


def pure_function(function: Any, node: ast.Call) -> bool:
    """Whether a function is known to leave the arguments of this call alone."""
    name = getattr(function, "__name__", "")
    package = _package(function)
    if package == "builtins":
        return name in pure.BUILTINS
    if type(function).__name__ == "ufunc":
        inputs: int = function.nin
        return len(node.args) <= inputs  # one more would be the output
    return package in pure.PACKAGES and name not in pure.EXCEPTIONS


def familiar(value: Any) -> bool:
    """Whether reading this value, and calling listed methods of it, runs no code of the user."""
    if type(value) in ATOMS:
        return True
    if isinstance(value, types.ModuleType):
        return _trusted(value.__name__)
    if isinstance(value, types.BuiltinFunctionType):
        owner = getattr(value, "__self__", None)
        return owner is None or isinstance(owner, types.ModuleType)
    if type(value) in _CONTAINERS:
        return _familiar_items(value)
    package = _package(type(value))
    if package in _DATA:
        return _is_data(value)
    if isinstance(value, (type, types.FunctionType)) or type(value).__name__ == "ufunc":
        return _package(value) in {*pure.PACKAGES, "builtins"}
    return is_plain_estimator(value)


def _is_data(value: Any) -> bool:
    if _package(type(value)) == "pandas":
        return type(value).__name__ in pure.PANDAS_TYPES  # not a reader, which is used up
    names = {base.__name__ for base in type(value).__mro__}
    # An array of objects is a container of anything: of the axes of a figure, for example.
    return "generic" in names or (type(value).__name__ == "ndarray" and not value.dtype.hasobject)


def _familiar_items(container: Any, depth: int = 0) -> bool:
    items = list(container.values()) if type(container) is dict else list(container)
    kinds = set(map(type, items))
    if all(map(_is_atom, kinds)) or are_records(items):
        return True
    if len(items) > _MANY or depth > _DEEPEST:
        return False
    return all(
        _familiar_items(item, depth + 1) if type(item) in _CONTAINERS else familiar(item)
        for item in items
    )


@functools.lru_cache(maxsize=256)
def _is_atom(kind: type) -> bool:
    return kind in ATOMS or (
        _package(kind) == "numpy" and any(base.__name__ == "generic" for base in kind.__mro__)
    )


def _trusted(module: str) -> bool:
    return module.partition(".")[0] in pure.PACKAGES


def is_plain_estimator(value: Any) -> bool:
    """An estimator of scikit-learn that holds no other, no function and no random generator."""
    if _package(type(value)) != "sklearn" or not hasattr(value, "get_params"):
        return False
    parameters = value.get_params(deep=False)
    if any(parameters.get(name) is False for name in pure.COPYING):
        return False
    return all(
        type(item) in ATOMS
        or (_package(type(item)) == "numpy" and _is_data(item))
        or (isinstance(item, type) and _package(item) in {"numpy", "builtins"})
        for item in parameters.values()
    )


def _package(thing: Any) -> str:
    module = getattr(thing, "__module__", None)
    if module is None and type(thing).__name__ == "ufunc":
        return "numpy"
    if module is None and isinstance(thing, types.BuiltinMethodType):
        module = type(thing.__self__).__module__  # `numpy.random.rand`, a method of the stream
    return module.partition(".")[0] if isinstance(module, str) else ""


def is_shallow(target: ast.AST) -> bool:
    """Whether a store changes the object behind a name itself, not one that it holds."""
    if isinstance(target, ast.Name):
        return True
    inner = target.value if isinstance(target, (ast.Subscript, ast.Attribute)) else None
    if isinstance(inner, ast.Attribute) and inner.attr in _CONTENTS:
        inner = inner.value
    return isinstance(inner, ast.Name)


def freshness(node: ast.expr, function_of: Callable[[ast.expr], Any]) -> Fresh:
    """Return what new object an expression makes, "" when it may be an old one."""
    if isinstance(node, _NEW):
        return "data"
    if not isinstance(node, ast.Call):
        return ""
    function = function_of(node.func)
    if function is None:
        copies = isinstance(node.func, ast.Attribute) and node.func.attr == "copy"
        return "data" if copies and not node.args and not node.keywords else ""
    name, package = getattr(function, "__name__", ""), _package(function)
    if package in {"builtins", "numpy", "pandas"}:
        return "data" if name in pure.MAKERS else ""
    return "model" if package == "sklearn" and _makes_plain_estimator(function) else ""


def _makes_plain_estimator(kind: Any) -> bool:
    """Whether calling a class makes an estimator that cannot hold another one or a function."""
    if not isinstance(kind, type) or not hasattr(kind, "get_params"):
        return False
    return pure.HOLDERS.isdisjoint(inspect.signature(kind).parameters)
