"""How to write a value's type in a signature, with the imports that it needs."""

from __future__ import annotations

import builtins
import types
from typing import Any

from thruway.kit.values import origin

_ALIASES = {"pandas": "pd", "numpy": "np", "polars": "pl", "pyarrow": "pa", "torch": "torch"}
_ANY = ("Any", ("from typing import Any",))
_SAMPLE = 100_000
_DEPTH = 4
# Classes that are made by their public parent.
_PARENTS = {"PosixPath": "Path", "WindowsPath": "Path"}

_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, types.MethodType)

Annotation = tuple[str, tuple[str, ...]]


def annotate(value: object, depth: int = 0) -> Annotation:
    """Return the annotation of a value's type, and the import lines for it.

    Example:
        >>> annotate({"a": [1, 2]})
        ('dict[str, list[int]]', ())
    """
    kind = type(value)
    if value is None:
        return "None", ()
    if kind in (list, set, frozenset, dict, tuple):
        return _container(value, kind, depth)
    if isinstance(value, types.ModuleType):
        return "ModuleType", ("from types import ModuleType",)
    if isinstance(value, type):
        inner, imports = of_class(value)
        return f"type[{inner}]", imports
    if kind in _FUNCTIONS:
        lines = ("from collections.abc import Callable", "from typing import Any")
        return "Callable[..., Any]", lines
    return of_class(kind)


def of_class(kind: type) -> Annotation:
    """Return how to write a class, and the import line for it."""
    name = getattr(kind, "__qualname__", kind.__name__)
    module = origin.public_module(kind)
    if module == "__main__" and "<" not in name:
        return name, ()
    if module == "builtins":
        return (name, ()) if vars(builtins).get(name) is kind else _ANY
    if not origin.importable(kind):
        return _ANY
    alias = _ALIASES.get(module)
    if alias is not None:
        line = f"import {module}" if alias == module else f"import {module} as {alias}"
        return f"{alias}.{name}", (line,)
    if module in {"pathlib", "pathlib._local"}:
        name = _PARENTS.get(name, name)
    return name, (f"from {module} import {name.partition('.')[0]}",)


def _container(value: Any, kind: type, depth: int) -> Annotation:
    name = kind.__name__
    if depth >= _DEPTH or not value:
        return name, ()
    if kind is dict:
        return _joined(name, [_union(list(value), depth), _union(list(value.values()), depth)])
    if kind is not tuple:
        return _joined(name, [_union(list(value), depth)])
    if len(value) <= 6:
        return _joined(name, [annotate(part, depth + 1) for part in value])
    inner, imports = _union(list(value), depth)
    return f"tuple[{inner}, ...]", imports


def _union(values: list[Any], depth: int) -> Annotation:
    """Return one annotation for many elements: at most three alternatives, else Any."""
    firsts: dict[type, Any] = {}
    containers: list[Any] = []
    for kind in set(map(type, values[:_SAMPLE])):
        firsts[kind] = None
    for value in values[: _SAMPLE if firsts.keys() & {list, dict, tuple, set} else 1000]:
        if type(value) in (list, dict, tuple, set, frozenset) and len(containers) < 50:
            containers.append(value)
        elif firsts.get(type(value)) is None:
            firsts[type(value)] = value
    plain = [v for k, v in firsts.items() if k not in (list, dict, tuple, set, frozenset)]
    found = {annotate(v, depth + 1) for v in plain} | {annotate(c, depth + 1) for c in containers}
    if not found or len(found) > 3:
        return _ANY
    words = sorted({word for word, _ in found} - {"None"})
    if any(word == "None" for word, _ in found):
        words.append("None")
    return " | ".join(words), _lines(imports for _, imports in found)


def _joined(name: str, parts: list[Annotation]) -> Annotation:
    inside = ", ".join(word for word, _ in parts)
    return f"{name}[{inside}]", _lines(imports for _, imports in parts)


def _lines(groups: Any) -> tuple[str, ...]:
    return tuple(sorted({line for group in groups for line in group}))
