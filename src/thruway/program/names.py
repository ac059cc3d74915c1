"""Names that a statement reads, binds and deletes when it runs, path by path.

The walk keeps the set of names that are surely bound on the path so far. A name read while it is
not in that set is read from before the statement; what is in the set on every path to the end
is certain. A path that ends early (`raise`, `break`) has no set (None) and takes no part.
"""

from __future__ import annotations

import ast
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from thruway.program.deferred import deferred_names, outer_parts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Bound = set[str] | None
QUERY_METHODS = frozenset({"query", "eval"})
FORMULA = re.compile(r"^\s*[\w.()+\s'\"]+~[^~]+$")
FORMULA_WORDS = frozenset({"C", "Q", "I", "center", "standardize", "scale", "bs", "cr", "cc", "te"})
SWALLOWING = ("suppress", "raises", "assertRaises")


@dataclass(frozen=True)
class Names:
    """What a statement does to global names; the fields are those of `Statement`."""

    loads: frozenset[str]
    deferred: frozenset[str]
    stores: frozenset[str]
    certain: frozenset[str]
    deletes: frozenset[str]
    global_writes: frozenset[str]


def names_of(code: str, tree: ast.Module) -> Names:
    """Return the names of one statement.

    Args:
        code: its text.
        tree: the same, parsed.
    """
    flow = _Flow()
    flow.block(tree.body)
    later = deferred_names(code, tree)
    certain = flow.stores if flow.bound is None else flow.stores & flow.bound
    return Names(
        loads=frozenset(flow.loads),
        deferred=frozenset(later.reads),
        stores=frozenset(flow.stores),
        certain=frozenset(certain),
        deletes=frozenset(flow.deletes),
        global_writes=frozenset(later.writes),
    )


def meet(first: Bound, second: Bound) -> Bound:
    """Return what is bound on both of two paths; a path that ended does not count."""
    if first is None or second is None:
        return second if first is None else first
    return first & second


@dataclass
class _Loop:
    """Sets of bound names at each `break` and `continue` of one loop."""

    breaks: list[set[str]] = field(default_factory=list)
    continues: list[set[str]] = field(default_factory=list)


@dataclass
class _Scope:
    """Names that hide global ones: of a comprehension, or of a class body so far."""

    of_class: bool
    names: set[str]


class _Flow(ast.NodeVisitor):
    """The walk over one top-level statement."""

    def __init__(self) -> None:
        self.loads: set[str] = set()
        self.stores: set[str] = set()
        self.deletes: set[str] = set()
        self.bound: Bound = set()
        self.loops: list[_Loop] = []
        self.scopes: list[_Scope] = []
        self.depth = 0

    # names

    def load(self, name: str) -> None:
        for scope in self.scopes:
            if name in scope.names and (not scope.of_class or scope is self.scopes[-1]):
                return
        if self.bound is not None and name not in self.bound:
            self.loads.add(name)

    def store(self, name: str) -> None:
        if self.scopes and self.scopes[-1].of_class:
            if not self.depth:
                self.scopes[-1].names.add(name)
            return
        self.stores.add(name)
        if self.bound is not None:
            self.bound.add(name)

    def delete(self, name: str) -> None:
        if self.scopes and self.scopes[-1].of_class:
            self.scopes[-1].names.discard(name)
            return
        self.deletes.add(name)
        if self.bound is not None:
            self.bound.discard(name)

    # paths

    def block(self, statements: Sequence[ast.stmt]) -> None:
        for statement in statements:
            self.visit(statement)

    def branch(self, start: Bound, statements: Sequence[ast.stmt]) -> Bound:
        """Walk statements from a state, and return the state after them."""
        self.bound = None if start is None else set(start)
        self.depth += 1
        self.block(statements)
        self.depth -= 1
        return self.bound

    @contextmanager
    def optional(self) -> Iterator[None]:
        """Walk what may not be evaluated: what it binds is not certain."""
        before = None if self.bound is None else set(self.bound)
        yield
        self.bound = before if self.bound is None else meet(before, self.bound)

    # names in expressions

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self.load(node.id)
        elif isinstance(node.ctx, ast.Store):
            self.store(node.id)
        else:
            self.delete(node.id)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        scopes, self.scopes = self.scopes, [s for s in self.scopes if s.of_class]
        self.store(node.target.id)
        self.scopes = scopes

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        self.visit(node.values[0])
        with self.optional():
            for value in node.values[1:]:
                self.visit(value)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self.visit(node.test)
        start = None if self.bound is None else set(self.bound)
        self.visit(node.body)
        after = self.bound
        self.bound = start
        self.visit(node.orelse)
        self.bound = meet(after, self.bound)

    def visit_Compare(self, node: ast.Compare) -> None:
        self.visit(node.left)
        self.visit(node.comparators[0])
        with self.optional():
            for value in node.comparators[1:]:
                self.visit(value)

    def visit_Call(self, node: ast.Call) -> None:
        self.generic_visit(node)
        for name in names_in_text(node):
            self.load(name)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        for part in outer_parts(node):
            self.visit(part)

    def comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> None:
        self._comprehension(node.generators, [node.elt])

    visit_ListComp = visit_SetComp = visit_GeneratorExp = comprehension  # noqa: N815 - the name that ast dispatches on

    def visit_DictComp(self, node: ast.DictComp) -> None:
        self._comprehension(node.generators, [node.key, node.value])

    def _comprehension(self, generators: list[ast.comprehension], results: list[ast.expr]) -> None:
        self.visit(generators[0].iter)
        targets = (n for g in generators for n in ast.walk(g.target) if isinstance(n, ast.Name))
        self.scopes.append(_Scope(False, {n.id for n in targets if isinstance(n.ctx, ast.Store)}))
        with self.optional():
            for number, generator in enumerate(generators):
                if number:
                    self.visit(generator.iter)
                for part in generator.ifs:
                    self.visit(part)
            for result in results:
                self.visit(result)
        self.scopes.pop()

    # simple statements

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        for target in node.targets:
            self.visit(target)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self.load(node.target.id)
        self.visit(node.value)
        self.visit(node.target)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)
        self.visit(node.annotation)
        if node.value is not None or not isinstance(node.target, ast.Name):
            self.visit(node.target)

    def visit_alias(self, node: ast.alias) -> None:
        if node.name != "*":
            self.store(node.asname or node.name.split(".")[0])

    def visit_Assert(self, node: ast.Assert) -> None:
        self.visit(node.test)
        if node.msg is not None:
            with self.optional():
                self.visit(node.msg)

    def visit_Raise(self, node: ast.Raise) -> None:
        self.generic_visit(node)
        self.bound = None

    def visit_Break(self, _node: ast.Break) -> None:
        if self.bound is not None and self.loops:
            self.loops[-1].breaks.append(set(self.bound))
        self.bound = None

    def visit_Continue(self, _node: ast.Continue) -> None:
        if self.bound is not None and self.loops:
            self.loops[-1].continues.append(set(self.bound))
        self.bound = None

    # compound statements

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for part in outer_parts(node):
            self.visit(part)
        self.store(node.name)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815 - the name that ast dispatches on

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for part in [*node.decorator_list, *node.bases, *node.keywords]:
            self.visit(part)
        depth, self.depth = self.depth, 0
        self.scopes.append(_Scope(True, {"__module__", "__qualname__"}))
        self.block(node.body)
        self.scopes.pop()
        self.depth = depth
        self.store(node.name)

    def visit_If(self, node: ast.If) -> None:
        self.visit(node.test)
        start = self.bound
        then = self.branch(start, node.body)
        self.bound = meet(then, self.branch(start, node.orelse))

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit(node.iter)
        before = None if self.bound is None else set(self.bound)
        self.visit(node.target)
        end, loop = self._body(node.body)
        if not is_nonempty(node.iter):
            end = meet(before, end)
        self._after_loop(end, loop, node.orelse)

    visit_AsyncFor = visit_For  # noqa: N815 - the name that ast dispatches on

    def visit_While(self, node: ast.While) -> None:
        self.visit(node.test)
        before = None if self.bound is None else set(self.bound)
        end, loop = self._body(node.body)
        forever = isinstance(node.test, ast.Constant) and bool(node.test.value)
        self._after_loop(None if forever else meet(before, end), loop, node.orelse)

    def _body(self, body: list[ast.stmt]) -> tuple[Bound, _Loop]:
        loop = _Loop()
        self.loops.append(loop)
        end = self.branch(self.bound, body)
        self.loops.pop()
        for state in loop.continues:
            end = meet(end, state)
        return end, loop

    def _after_loop(self, end: Bound, loop: _Loop, orelse: list[ast.stmt]) -> None:
        end = self.branch(end, orelse)
        for state in loop.breaks:
            end = meet(end, state)
        self.bound = end

    def visit_With(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            self.visit(item)
        start = None if self.bound is None else set(self.bound)
        end = self.branch(self.bound, node.body)
        swallows = any(
            word in ast.unparse(i.context_expr) for i in node.items for word in SWALLOWING
        )
        self.bound = meet(start, end) if swallows else end

    visit_AsyncWith = visit_With  # noqa: N815 - the name that ast dispatches on

    def visit_Try(self, node: ast.Try) -> None:
        self._try(node)

    def _try(self, node: ast.Try | ast.TryStar) -> None:
        start = None if self.bound is None else set(self.bound)
        end = self.branch(self.branch(start, node.body), node.orelse)
        for handler in node.handlers:
            end = meet(end, self._handler(start, handler))
        final = self.branch(start, node.finalbody)
        if final is None or end is None:
            self.bound = None
        else:
            self.bound = end | (final - (start or set())) - (set(start or ()) - final)

    def visit_TryStar(self, node: ast.TryStar) -> None:
        self._try(node)

    def _handler(self, start: Bound, handler: ast.ExceptHandler) -> Bound:
        self.bound = None if start is None else set(start)
        if handler.type is not None:
            self.visit(handler.type)
        before = set(self.stores)
        if handler.name:
            self.store(handler.name)
        end = self.branch(self.bound, handler.body)
        if handler.name:
            self.bound = end
            self.delete(handler.name)
            if handler.name not in before:
                self.stores.discard(handler.name)
        return self.bound

    def visit_Match(self, node: ast.Match) -> None:
        self.visit(node.subject)
        start = None if self.bound is None else set(self.bound)
        end: Bound = None
        for case in node.cases:
            self.bound = None if start is None else set(start)
            self.visit(case.pattern)
            if case.guard is not None:
                self.visit(case.guard)
            end = meet(end, self.branch(self.bound, case.body))
        self.bound = end if _takes_all(node.cases[-1]) else meet(end, start)

    def visit_MatchAs(self, node: ast.MatchAs) -> None:
        self._capture(node, node.name)

    def visit_MatchStar(self, node: ast.MatchStar) -> None:
        self._capture(node, node.name)

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        self._capture(node, node.rest)

    def _capture(self, node: ast.AST, name: str | None) -> None:
        self.generic_visit(node)
        if name:
            self.store(name)


def is_nonempty(iterable: ast.expr) -> bool:
    """Tell whether a loop over this surely runs: a literal with elements, or `range(4)`."""
    if isinstance(iterable, (ast.List, ast.Tuple, ast.Set)):
        return any(not isinstance(element, ast.Starred) for element in iterable.elts)
    if isinstance(iterable, ast.Constant):
        return bool(iterable.value)
    if not isinstance(iterable, ast.Call) or not isinstance(iterable.func, ast.Name):
        return False
    arguments = [a.value if isinstance(a, ast.Constant) else None for a in iterable.args]
    if iterable.func.id == "range" and arguments and all(type(a) is int for a in arguments):
        return bool(range(*[a for a in arguments if isinstance(a, int)]))
    return iterable.func.id == "enumerate" and bool(iterable.args) and is_nonempty(iterable.args[0])


def _takes_all(case: ast.match_case) -> bool:
    return case.guard is None and isinstance(case.pattern, ast.MatchAs) and not case.pattern.pattern


def names_in_text(node: ast.Call) -> set[str]:
    """Return the variables that a text argument names.

    Those are `@limit` in `df.query("age > @limit")`, and functions in a formula of statsmodels,
    `np` in `ols("y ~ np.log(x)", data=df)`.
    """
    method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    first = [*node.args[:1], *(k.value for k in node.keywords if k.arg in {"formula", "expr"})]
    found: set[str] = set()
    for part in (inner for argument in first for inner in ast.walk(argument)):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            if method in QUERY_METHODS:
                found.update(re.findall(r"@([A-Za-z_]\w*)", part.value))
            elif FORMULA.match(part.value):
                found.update(re.findall(r"(?<![\w.])([A-Za-z_]\w*)(?=[(.])", part.value))
    return found - FORMULA_WORDS
