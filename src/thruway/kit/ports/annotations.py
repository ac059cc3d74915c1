"""Annotations of functions and classes as types, as far as they can be known.

Annotations may be text (`from __future__ import annotations`) and may use names that are imported
only for type checkers; such names are imported here, when an annotation is looked at. A name that
cannot be had (its package is not installed) becomes a placeholder that fits everything: a check
that cannot be made is not failed.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import dataclasses
import functools
import importlib
import inspect
import sys
import typing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thruway.kit.code.modules import parsed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from thruway.kit.code.modules import Bound


_TYPING = ("Annotated", "Any", "Dict", "List", "Literal", "Optional", "Tuple", "Union")


class Placeholder:
    """Stands for a type that is not known; may be written wherever a type may."""

    def __init__(self, name: str = "") -> None:
        self.__name__ = name

    def __getattr__(self, name: str) -> Placeholder:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __getitem__(self, item: object) -> Placeholder:
        return self

    def __call__(self, *_args: object, **_kwargs: object) -> Placeholder:
        """Return itself: some annotations are made by calls."""
        return self

    def __or__(self, other: object) -> Placeholder:
        return self

    __ror__ = __or__

    def __repr__(self) -> str:
        """Return its name."""
        return self.__name__ or "unknown"


UNKNOWN = Placeholder()


def hints(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the types of a function's annotated parameters, and of its `return`.

    Of a class these are the parameters that make an object, and the class; of another object that
    can be called, those of its call.
    """
    inner = _unwrapped(function)
    while isinstance(inner, functools.partial):
        inner = _unwrapped(inner.func)
    if isinstance(inner, type):
        return _made_by(inner)
    if not inspect.isroutine(inner):
        inner = _unwrapped(type(inner).__call__)
    # Libraries say of their functions that they belong to the package, not where they are written.
    written = getattr(inner, "__globals__", {}).get("__name__")
    module = written or getattr(inner, "__module__", None)
    return _resolved(getattr(inner, "__annotations__", None) or {}, module)


def _made_by(kind: type) -> dict[str, Any]:
    makers = (vars(base).get("__init__") for base in kind.__mro__)
    written = next((maker for maker in makers if inspect.isfunction(maker)), None)
    known = written is not None and not dataclasses.is_dataclass(kind)
    found = hints(written) if written is not None and known else field_hints(kind)
    return {**found, "return": kind}


def field_hints(record: type) -> dict[str, Any]:
    """Return the types of a class's annotated fields, those of its bases included."""
    found: dict[str, Any] = {}
    for base in reversed(record.__mro__):
        found |= _resolved(inspect.get_annotations(base), base.__module__)
    return found


def _unwrapped(function: Any) -> Any:
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    return function


def _resolved(annotations: Mapping[str, Any], module: str | None) -> dict[str, Any]:
    namespace = _Namespace(module or "")
    return {name: resolve(value, namespace) for name, value in annotations.items()}


def resolve_text(text: str, module: str) -> Any:
    """Return an annotation written in a module that may not be imported, as far as it is known."""
    namespace = _Namespace(module)
    if namespace.module is None:
        # Of names that need no import to be known, those that annotations are made of.
        namespace |= {name: getattr(typing, name) for name in _TYPING}
    return resolve(text, namespace)


def resolve(annotation: Any, namespace: _Namespace) -> Any:
    """Return an annotation, which may be text, as a type."""
    if isinstance(annotation, typing.ForwardRef):
        # What NamedTuple and TypedDict make of an annotation that is text.
        module = getattr(annotation, "__forward_module__", None)
        namespace = _Namespace(module) if isinstance(module, str) else namespace
        annotation = annotation.__forward_arg__
    if not isinstance(annotation, str):
        return annotation
    found = _evaluated(annotation, namespace)
    if found is None:
        found = _evaluated(_without_parameters(annotation, namespace), namespace)
    if found is None:
        # Whatever it is, a type that cannot be made is not known.
        return Placeholder(annotation) if annotation.strip() != "None" else None
    return resolve(found, namespace)


def _evaluated(annotation: str, namespace: _Namespace) -> Any:
    try:
        return eval(annotation, {}, namespace)  # noqa: S307 - the user's own annotation
    except Exception:  # names and calls of the user's may raise anything
        return None


def _without_parameters(annotation: str, namespace: _Namespace) -> str:
    """Return an annotation without parameters that are for type checkers only: `pd.Series[int]`."""
    try:
        tree = ast.parse(annotation.strip(), mode="eval")
    except SyntaxError:
        return "None"
    return ast.unparse(_Unsubscripted(namespace).visit(tree))


class _Unsubscripted(ast.NodeTransformer):
    """Takes parameters off what has none when the program runs."""

    def __init__(self, namespace: _Namespace) -> None:
        self._namespace = namespace

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        self.generic_visit(node)
        return node if _evaluated(ast.unparse(node), self._namespace) is not None else node.value


class _Namespace(dict[str, Any]):
    """Names of a module, those for type checkers included."""

    def __init__(self, module: str) -> None:
        super().__init__()
        self.module = sys.modules.get(module)

    def __missing__(self, name: str) -> Any:
        for place in (getattr(self.module, "__dict__", {}), builtins.__dict__):
            if name in place:
                return place[name]
        self[name] = self._typing_only(name)
        return self[name]

    def _typing_only(self, name: str) -> Any:
        file = getattr(self.module, "__file__", None)
        if self.module is None or not file or not file.endswith(".py"):
            return Placeholder(name)
        for bound in _typing_names(self.module.__name__, file).get(name, ()):
            try:
                found = importlib.import_module(bound.source)
                return _member(found, bound)
            except Exception:  # noqa: S112 - an import of the user's may raise; then it is unknown
                continue
        return Placeholder(name)


def _member(module: Any, bound: Bound) -> Any:
    if not bound.attribute:
        return module
    if not hasattr(module, bound.attribute):
        return importlib.import_module(f"{bound.source}.{bound.attribute}")
    return getattr(module, bound.attribute)


@functools.lru_cache(maxsize=256)
def _typing_names(name: str, file: str) -> dict[str, tuple[Bound, ...]]:
    module = parsed(name, Path(file), Path(file).name == "__init__.py")
    found = {
        key: tuple(bound for bound in bounds if bound.source and bound.typing_only)
        for key, bounds in module.bindings.items()
    }
    # `import a.b` binds `a`; importing only `a` would leave `a.b` out.
    for bounds in found.values():
        for bound in bounds:
            if isinstance(bound.node, ast.Import):
                _import_all(bound.node)
    return found


def _import_all(node: ast.Import) -> None:
    for alias in node.names:
        # Whatever an import of the user's raises, the name then is a placeholder.
        with contextlib.suppress(Exception):
            importlib.import_module(alias.name)
