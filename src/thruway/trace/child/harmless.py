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
from thruway.trace.child.families import (
    ATOMS,
    familiar,
    freshness,
    is_plain_estimator,
    is_shallow,
    pure_function,
    root_of,
    writes_by_keyword,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from thruway.trace.child.families import Fresh

_NOT_FOLLOWED = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.With, ast.AsyncWith, ast.AsyncFor),
    *(ast.Await, ast.Yield, ast.YieldFrom, ast.Match, ast.Global, ast.Nonlocal),
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


def judge(
    tree: ast.AST,
    value: Callable[[str], Any],
    definition: Callable[[types.FunctionType], ast.FunctionDef | None],
) -> Verdict:
    """Return what a statement, about to run, can do to the names in its text.

    Args:
        tree: the statement.
        value: gives the value behind a name, builtins included.
        definition: gives the text of a function of the program, so that it can be judged too.
    """
    walk = _Walk(value, definition, {})
    walk.visit(tree)
    return walk.verdict


class _Walk(ast.NodeVisitor):
    """Collects what makes a claim impossible.

    Names bound on the way stand for parts of what was read, and may be looked at like these. Some
    are *fresh*: bound to a new object, which may be changed without changing anything older.
    """

    def __init__(
        self,
        value: Callable[[str], Any],
        definition: Callable[[types.FunctionType], ast.FunctionDef | None],
        followed: dict[types.CodeType, bool],
    ) -> None:
        self.verdict = Verdict()
        self._value = value
        self._definition = definition
        self._followed = followed
        self._local: set[str] = set()
        self._fresh: dict[str, Fresh] = {}

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
        """A name read must be of a family, or a function of the program that can be followed."""
        if not isinstance(node.ctx, ast.Load):
            self._local.add(node.id)
            self._fresh.pop(node.id, None)
        elif node.id not in self._local:
            self.verdict.names.add(node.id)
            found = self._value(node.id)
            if not familiar(found) and not self._follow(found):
                self._give_up()

    def visit_Lambda(self, node: ast.Lambda) -> None:
        """Arguments of a lambda given to a pure method are parts of its receiver."""
        outer = set(self._local)
        arguments = node.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        self._local |= {argument.arg for argument in every}
        self.generic_visit(node)
        self._local = outer

    def _comprehension(self, node: ast.AST) -> None:
        outer = set(self._local)
        for generator in getattr(node, "generators", []):
            self.visit(generator)
        self.generic_visit(node)
        self._local = outer

    # The names that `ast.NodeVisitor` looks for.
    visit_ListComp = visit_SetComp = _comprehension  # noqa: N815
    visit_DictComp = visit_GeneratorExp = _comprehension  # noqa: N815

    # -- blocks --------------------------------------------------------------------------------

    def visit_For(self, node: ast.For) -> None:
        """A loop variable is a part of what is looped over."""
        self.visit(node.iter)
        self.visit(node.target)
        self._block(node.body, node.orelse, loops=True)

    def visit_While(self, node: ast.While) -> None:
        """A body that runs any number of times."""
        self.visit(node.test)
        self._block(node.body, node.orelse, loops=True)

    def visit_If(self, node: ast.If) -> None:
        """Two bodies, of which one runs."""
        self.visit(node.test)
        self._block(node.body, node.orelse)

    def visit_Try(self, node: ast.Try) -> None:
        """Bodies that may run in part."""
        handlers = [child for handler in node.handlers for child in handler.body]
        self._block(node.body, handlers, node.orelse, node.finalbody)

    def _block(self, *bodies: list[ast.stmt], loops: bool = False) -> None:
        # In a loop the second pass starts from what the first left.
        for body in bodies * (1 + loops):
            before = dict(self._fresh)
            for child in body:
                self.visit(child)
            self._fresh = {n: f for n, f in before.items() if self._fresh.get(n) == f}

    # -- stores --------------------------------------------------------------------------------

    def visit_Assign(self, node: ast.Assign) -> None:
        """The value is read first."""
        self.visit(node.value)
        for target in node.targets:
            self.visit(target)
        new = freshness(node.value, self._function)
        if new and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            self._fresh[node.targets[0].id] = new

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        """`x += 1` may work in place, on whatever else is that object."""
        root = root_of(node.target)
        if isinstance(root, ast.Name) and root.id in self._fresh and root is not node.target:
            self._give_up()  # `x[0] += …` may change an old object that a new list holds
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
        root = root_of(target)
        if not isinstance(root, ast.Name):
            self._give_up()
            return
        if root.id not in self._local:
            self.verdict.names.add(root.id)
            self.verdict.changed.add(root.id)
        elif not (root.id in self._fresh and is_shallow(target)):
            self._give_up()  # a part of something: which names it belongs to is unknown
        for child in ast.walk(target):
            if isinstance(child, (ast.Name, ast.Call)) and child is not root:
                self.visit(child)

    # -- calls ---------------------------------------------------------------------------------

    def visit_Call(self, node: ast.Call) -> None:
        """A call must be of a known function, or of a known method of a familiar value."""
        function = self._function(node.func)
        if writes_by_keyword(node):
            known = self._in_place(node)
        elif function is not None:
            known = pure_function(function, node) or self._follow(function)
        else:
            known = isinstance(node.func, ast.Attribute) and self._pure_method(node.func, node)
        if known:
            self.generic_visit(node)
        else:
            self._give_up()

    def _follow(self, function: Any) -> bool:
        """Judge the body of a function of the program; arguments are judged where they are."""
        if not isinstance(function, types.FunctionType):
            return False
        code, text = function.__code__, self._definition(function)
        if code in self._followed:
            return self._followed[code]
        self._followed[code] = False  # one that calls itself is not followed
        defaults = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
        if text is None or code.co_freevars or not all(type(d) in ATOMS for d in defaults):
            return False
        inner = _Walk(self._value, self._definition, self._followed)
        inner._local = {*code.co_varnames, *code.co_cellvars}
        for child in text.body:
            inner.visit(child)
        self.verdict.names |= inner.verdict.names
        self.verdict.changed |= inner.verdict.changed
        self._followed[code] = not inner.verdict.unknown
        return self._followed[code]

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

    def _in_place(self, node: ast.Call) -> bool:
        """`df.dropna(inplace=True)` of a frame by its name changes that name."""
        keywords = {keyword.arg for keyword in node.keywords}
        receiver = node.func.value if isinstance(node.func, ast.Attribute) else None
        if not isinstance(receiver, ast.Name) or keywords & {None, "out", *pure.COPYING}:
            return False
        if any(isinstance(argument, ast.Starred) for argument in node.args):
            return False
        if receiver.id in self._local:
            return receiver.id in self._fresh
        self.verdict.changed.add(receiver.id)
        return type(self._value(receiver.id)).__name__ in {"DataFrame", "Series"}

    def _pure_method(self, function: ast.Attribute, node: ast.Call) -> bool:
        receiver, method = function.value, function.attr
        if method in pure.FITTING:
            return self._fits(receiver)
        if isinstance(receiver, ast.Name) and self._fresh.get(receiver.id) == "data":
            return method in pure.METHODS or method in pure.BUILDING
        if method in pure.CALLBACKS and any(self._hands_over_method(a) for a in _arguments(node)):
            return False
        # A third positional argument may be pandas' `inplace`.
        return method in pure.METHODS and len(node.args) <= 2

    def _fits(self, receiver: ast.expr) -> bool:
        if not isinstance(receiver, ast.Name):
            return freshness(receiver, self._function) == "model"
        if receiver.id in self._local:
            return self._fresh.get(receiver.id) == "model"
        self.verdict.changed.add(receiver.id)
        return is_plain_estimator(self._value(receiver.id))

    def _hands_over_method(self, argument: ast.expr) -> bool:
        if isinstance(argument, ast.Lambda):
            return False
        parts = (part for part in ast.walk(argument) if isinstance(part, ast.Attribute))
        return any(self._function(part) is None for part in parts)


def _arguments(node: ast.Call) -> list[ast.expr]:
    return [*node.args, *(keyword.value for keyword in node.keywords)]
