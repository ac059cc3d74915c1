"""Which names a statement can only have looked at: their content need not be digested again.

A claim of harmlessness needs three things at once: every value the statement names is of a family
listed here, every function it calls is known to leave its arguments alone, and every method it
calls is known to leave its receiver alone. One unknown part, and nothing of the statement is
harmless. Judged by the values that are there, never by names of variables.
"""

from __future__ import annotations

import ast
import types
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from thruway.trace.child import pure

if TYPE_CHECKING:
    from collections.abc import Callable

_ATOMS = (int, float, complex, bool, str, bytes, type(None), slice, range)
_CONTAINERS = (list, dict, set, tuple, frozenset)
_DATA = {"pandas", "numpy"}
_NOT_FOLLOWED = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.With, ast.AsyncWith, ast.AsyncFor),
    *(ast.Await, ast.Yield, ast.YieldFrom, ast.Match),
)


@dataclass
class Verdict:
    """What was found while one statement was walked."""

    unknown: bool = False
    changed: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)

    def harmless(self, reads: frozenset[str]) -> frozenset[str]:
        """Return the names among `reads` whose content cannot have changed.

        Names that are not in the text were read by a helper: then nothing is certain.
        """
        if self.unknown or not reads <= self.names:
            return frozenset()
        return reads - self.changed


def judge(tree: ast.AST, value: Callable[[str], Any]) -> Verdict:
    """Return what a statement, about to run, can do to the names in its text.

    Args:
        tree: the statement.
        value: gives the value behind a name, builtins included.
    """
    walk = _Walk(value)
    walk.visit(tree)
    return walk.verdict


class _Walk(ast.NodeVisitor):
    """Collects what makes a claim impossible."""

    def __init__(self, value: Callable[[str], Any]) -> None:
        self.verdict = Verdict()
        self._value = value
        self._local: set[str] = set()

    def generic_visit(self, node: ast.AST) -> None:
        """Walk on, unless the case is lost."""
        if isinstance(node, _NOT_FOLLOWED):
            self._give_up()
        elif not self.verdict.unknown:
            super().generic_visit(node)

    def _give_up(self) -> None:
        self.verdict.unknown = True

    # -- names ---------------------------------------------------------------------------------

    def visit_Name(self, node: ast.Name) -> None:
        """A name read must be of a family; names bound here stand for parts of those."""
        if isinstance(node.ctx, ast.Load):
            self.verdict.names.add(node.id)
            if node.id not in self._local and not _familiar(self._value(node.id)):
                self._give_up()
        else:
            self._local.add(node.id)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        """Arguments of a lambda given to a pure method are parts of its receiver."""
        arguments = node.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        self._local |= {argument.arg for argument in every}
        self.generic_visit(node)

    def _comprehension(self, node: ast.AST) -> None:
        for generator in getattr(node, "generators", []):
            self.visit(generator)
        self.generic_visit(node)

    # The names that `ast.NodeVisitor` looks for.
    visit_ListComp = visit_SetComp = _comprehension  # noqa: N815
    visit_DictComp = visit_GeneratorExp = _comprehension  # noqa: N815

    def visit_For(self, node: ast.For) -> None:
        """A loop variable is a part of what is looped over."""
        self.visit(node.iter)
        self.visit(node.target)
        for child in (*node.body, *node.orelse):
            self.visit(child)

    # -- stores --------------------------------------------------------------------------------

    def visit_Assign(self, node: ast.Assign) -> None:
        """The value is read first."""
        self.visit(node.value)
        for target in node.targets:
            self.visit(target)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        """`x += 1` may work in place, on whatever else is that object."""
        self._changes(node.target)
        self.visit(node.value)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """`x.y = …` changes `x`."""
        if isinstance(node.ctx, ast.Load):
            self.generic_visit(node)
        else:
            self._changes(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        """`x[…] = …` changes `x`."""
        if isinstance(node.ctx, ast.Load):
            self.generic_visit(node)
        else:
            self._changes(node)

    def _changes(self, target: ast.AST) -> None:
        root = _root(target)
        if not isinstance(root, ast.Name) or root.id in self._local:
            self._give_up()  # a part of something: which names it belongs to is unknown
            return
        self.verdict.names.add(root.id)
        self.verdict.changed.add(root.id)
        for child in ast.walk(target):
            if isinstance(child, ast.Name) and child is not root:
                self.visit(child)
            elif isinstance(child, ast.Call):
                self.visit_Call(child)

    # -- calls ---------------------------------------------------------------------------------

    def visit_Call(self, node: ast.Call) -> None:
        """A call must be of a known function, or of a known method of a familiar value."""
        if _writes_by_keyword(node):
            self._give_up()
            return
        function = self._function(node.func)
        if function is not None:
            known = _pure_function(function, node)
        elif isinstance(node.func, ast.Attribute):
            known = self._pure_method(node.func, node)
        else:
            known = False
        if known:
            self.generic_visit(node)
        else:
            self._give_up()

    def _function(self, node: ast.expr) -> Any:
        """Return the object called, when it is a plain name or an attribute of a module."""
        chain = []
        while isinstance(node, ast.Attribute):
            chain.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id in self._local:
            return None
        found = self._value(node.id)
        if chain and not isinstance(found, types.ModuleType):
            return None
        for attribute in reversed(chain):
            found = getattr(found, attribute, None) if isinstance(found, types.ModuleType) else None
        return found

    def _pure_method(self, function: ast.Attribute, node: ast.Call) -> bool:
        receiver, method = function.value, function.attr
        if method in pure.FITTING:
            return self._fits(receiver)
        if method in pure.CALLBACKS and any(self._hands_over_method(a) for a in _arguments(node)):
            return False
        # A third positional argument may be pandas' `inplace`.
        return method in pure.METHODS and len(node.args) <= 2

    def _fits(self, receiver: ast.expr) -> bool:
        if not isinstance(receiver, ast.Name) or receiver.id in self._local:
            return False
        self.verdict.changed.add(receiver.id)
        return _is_plain_estimator(self._value(receiver.id))

    def _hands_over_method(self, argument: ast.expr) -> bool:
        if isinstance(argument, ast.Lambda):
            return False
        parts = (part for part in ast.walk(argument) if isinstance(part, ast.Attribute))
        return any(self._function(part) is None for part in parts)


def _root(node: ast.AST) -> ast.AST:
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call, ast.Starred)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node


def _writes_by_keyword(node: ast.Call) -> bool:
    for keyword in node.keywords:
        constant = keyword.value.value if isinstance(keyword.value, ast.Constant) else ...
        if keyword.arg in {None, "out"} or (keyword.arg == "inplace" and constant is not False):
            return True
        if keyword.arg in pure.COPYING and constant is not True:
            return True
    return any(isinstance(argument, ast.Starred) for argument in node.args)


def _arguments(node: ast.Call) -> list[ast.expr]:
    return [*node.args, *(keyword.value for keyword in node.keywords)]


def _pure_function(function: Any, node: ast.Call) -> bool:
    name = getattr(function, "__name__", "")
    package = _package(function)
    if package == "builtins":
        return name in pure.BUILTINS
    if type(function).__name__ == "ufunc":
        inputs: int = function.nin
        return len(node.args) <= inputs  # one more would be the output
    return package in pure.PACKAGES and name not in pure.EXCEPTIONS


def _familiar(value: Any) -> bool:
    """Whether reading this value, and calling listed methods of it, runs no code of the user."""
    if type(value) in _ATOMS:
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
    return _is_plain_estimator(value)


def _is_data(value: Any) -> bool:
    if _package(type(value)) == "pandas":
        return type(value).__name__ in pure.PANDAS_TYPES  # not a reader, which is used up
    names = {base.__name__ for base in type(value).__mro__}
    # An array of objects is a container of anything: of the axes of a figure, for example.
    return "generic" in names or (type(value).__name__ == "ndarray" and not value.dtype.hasobject)


def _familiar_items(container: Any) -> bool:
    items = list(container.values()) if type(container) is dict else list(container)
    return len(items) <= 1000 and all(
        type(item) in _ATOMS or (type(item) not in _CONTAINERS and _familiar(item))
        for item in items
    )


def _trusted(module: str) -> bool:
    return module.partition(".")[0] in pure.PACKAGES


def _is_plain_estimator(value: Any) -> bool:
    """An estimator of scikit-learn that holds no other, no function and no random generator."""
    if _package(type(value)) != "sklearn" or not hasattr(value, "get_params"):
        return False
    parameters = value.get_params(deep=False)
    if any(parameters.get(name) is False for name in pure.COPYING):
        return False
    return (
        all(
            type(item) in _ATOMS or (_package(type(item)) == "numpy" and not callable(item))
            for item in parameters.values()
        )
        and type(parameters.get("random_state")).__name__ != "RandomState"
    )


def _package(thing: Any) -> str:
    module = getattr(thing, "__module__", None)
    if module is None and type(thing).__name__ == "ufunc":
        return "numpy"
    if module is None and isinstance(thing, types.BuiltinMethodType):
        module = type(thing.__self__).__module__  # `numpy.random.rand`, a method of the stream
    return module.partition(".")[0] if isinstance(module, str) else ""
