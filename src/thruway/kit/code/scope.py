"""Names that a piece of syntax needs from outside itself, and its shape without layout.

The two questions that a key of code asks of text. Scoping is Python's own: a name bound in a
function is local to it, class bodies are not seen by their methods, comprehensions keep their
targets to themselves.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import Any

Chain = tuple[str, ...]
"""A name and the attributes read from it: `np.random.rand` is `("np", "random", "rand")`."""

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_BODIES = (ast.Module, ast.ClassDef, *_FUNCTIONS)
_QUERIED = re.compile(r"@([A-Za-z_]\w*)")
# Where a node is, and what only repeats how it is written.
_LAYOUT = frozenset({"ctx", "kind", "type_comment", "type_ignores"})


@dataclass(frozen=True)
class Uses:
    """What a piece of syntax needs from outside.

    Attributes:
        chains: free names with the attributes read from them.
        imports: import statements inside it.
        metadata: names in the metadata of `Annotated[…]`: schemas of ports, mostly.
    """

    chains: frozenset[Chain]
    imports: tuple[ast.Import | ast.ImportFrom, ...]
    metadata: frozenset[Chain] = frozenset()


@dataclass
class _Scope:
    loads: set[Chain] = field(default_factory=set)
    bound: set[str] = field(default_factory=set)
    declared: set[str] = field(default_factory=set)

    def free(self) -> set[Chain]:
        local = self.bound - self.declared
        found = {chain for chain in self.loads if chain[0] not in local}
        return found | {(name,) for name in self.declared}


def uses(nodes: list[ast.AST]) -> Uses:
    """Return what the nodes, run in a module, need from it."""
    reader = _Reader()
    scope = _Scope()
    for node in nodes:
        reader.visit(node, scope)
    return Uses(frozenset(scope.loads), tuple(reader.imports), frozenset(reader.metadata))


class _Reader:
    def __init__(self) -> None:
        self.imports: list[ast.Import | ast.ImportFrom] = []
        self.metadata: set[Chain] = set()

    def visit(self, node: ast.AST, scope: _Scope) -> None:
        handler = _HANDLERS.get(type(node))
        if handler is None:
            self.children(node, scope)
        else:
            handler(self, node, scope)

    def children(self, node: ast.AST, scope: _Scope) -> None:
        for name in node._fields:
            self.value(getattr(node, name, None), scope)

    def value(self, value: object, scope: _Scope) -> None:
        if isinstance(value, ast.AST):
            self.visit(value, scope)
        elif isinstance(value, list):
            for item in value:
                self.value(item, scope)

    def name(self, node: ast.Name, scope: _Scope) -> None:
        if isinstance(node.ctx, ast.Load):
            scope.loads.add((node.id,))
        else:
            scope.bound.add(node.id)

    def attribute(self, node: ast.Attribute, scope: _Scope) -> None:
        chain = chain_of(node)
        if chain:
            scope.loads.add(chain)
        else:
            self.visit(node.value, scope)

    def subscript(self, node: ast.Subscript, scope: _Scope) -> None:
        if chain_of(node.value)[-1:] == ("Annotated",) and isinstance(node.slice, ast.Tuple):
            self.visit(node.value, scope)
            self.visit(node.slice.elts[0], scope)
            inner = _Scope()
            self.value(node.slice.elts[1:], inner)
            self.metadata |= inner.loads
        else:
            self.children(node, scope)

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: _Scope) -> None:
        scope.bound.add(node.name)
        self.value(node.decorator_list, scope)
        self.annotation(node.returns, scope)
        self.callable(node.args, node.body, scope)

    def lambda_(self, node: ast.Lambda, scope: _Scope) -> None:
        self.callable(node.args, [node.body], scope)

    def callable(self, args: ast.arguments, body: list[Any], scope: _Scope) -> None:
        self.value(args.defaults, scope)
        self.value(args.kw_defaults, scope)
        inner = _Scope()
        for arg in all_arguments(args):
            inner.bound.add(arg.arg)
            self.annotation(arg.annotation, scope)
        self.value(body, inner)
        scope.loads |= inner.free()

    def annotation(self, node: ast.expr | None, scope: _Scope) -> None:
        self.value(unquoted(node), scope)

    def class_(self, node: ast.ClassDef, scope: _Scope) -> None:
        scope.bound.add(node.name)
        self.value(node.decorator_list, scope)
        self.value(node.bases, scope)
        self.value(node.keywords, scope)
        inner = _Scope()
        self.value(node.body, inner)
        # A class body reads a name from outside until it has bound it: all loads count.
        scope.loads |= inner.loads

    def comprehension(self, node: Any, scope: _Scope) -> None:
        # The first iterable is evaluated outside: `[row for row in row(data)]` calls a function.
        self.visit(node.generators[0].iter, scope)
        inner = _Scope()
        self.children(node, inner)
        scope.loads |= inner.free()

    def constant(self, node: ast.Constant, scope: _Scope) -> None:
        # `frame.query("price > @LIMIT")` looks for a name where it is called.
        if isinstance(node.value, str) and "@" in node.value:
            scope.loads |= {(name,) for name in _QUERIED.findall(node.value)}

    def assigned(self, node: ast.AnnAssign, scope: _Scope) -> None:
        self.visit(node.target, scope)
        self.annotation(node.annotation, scope)
        self.value(node.value, scope)

    def import_(self, node: ast.Import | ast.ImportFrom, scope: _Scope) -> None:
        self.imports.append(node)
        scope.bound.update((alias.asname or alias.name).split(".")[0] for alias in node.names)

    def global_(self, node: ast.Global, scope: _Scope) -> None:
        scope.declared.update(node.names)

    def handler(self, node: ast.ExceptHandler, scope: _Scope) -> None:
        if node.name:
            scope.bound.add(node.name)
        self.children(node, scope)

    def capture(self, node: ast.MatchAs | ast.MatchStar, scope: _Scope) -> None:
        if node.name:
            scope.bound.add(node.name)
        self.children(node, scope)

    def rest(self, node: ast.MatchMapping, scope: _Scope) -> None:
        if node.rest:
            scope.bound.add(node.rest)
        self.children(node, scope)


_HANDLERS: dict[type[ast.AST], Any] = {
    ast.Name: _Reader.name,
    ast.AnnAssign: _Reader.assigned,
    ast.Attribute: _Reader.attribute,
    ast.Constant: _Reader.constant,
    ast.Subscript: _Reader.subscript,
    ast.FunctionDef: _Reader.function,
    ast.AsyncFunctionDef: _Reader.function,
    ast.Lambda: _Reader.lambda_,
    ast.ClassDef: _Reader.class_,
    ast.Import: _Reader.import_,
    ast.ImportFrom: _Reader.import_,
    ast.Global: _Reader.global_,
    ast.ExceptHandler: _Reader.handler,
    ast.MatchAs: _Reader.capture,
    ast.MatchStar: _Reader.capture,
    ast.MatchMapping: _Reader.rest,
    **dict.fromkeys(_COMPREHENSIONS, _Reader.comprehension),
}


def chain_of(node: ast.expr) -> Chain:
    """Return the dotted chain of an expression, () if it is not a plain one.

    >>> chain_of(ast.parse("np.random.rand", mode="eval").body)
    ('np', 'random', 'rand')
    """
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return (node.id, *reversed(parts)) if isinstance(node, ast.Name) else ()


def all_arguments(args: ast.arguments) -> list[ast.arg]:
    """Return every parameter of a signature, `*args` and `**kwargs` included."""
    extra = [arg for arg in (args.vararg, args.kwarg) if arg is not None]
    return [*args.posonlyargs, *args.args, *args.kwonlyargs, *extra]


def unquoted(node: ast.expr | None) -> ast.expr | None:
    """Return an annotation with its quotes taken off, if it is a quoted one."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        try:
            return ast.parse(node.value.strip(), mode="eval").body
        except SyntaxError:
            return None
    return node


def shape(node: ast.AST, skip: frozenset[ast.AST] = frozenset()) -> str:
    """Return text that is equal for syntax that does the same whatever its layout.

    Positions, comments and docstrings are left out; annotations stay.

    Args:
        node: the syntax.
        skip: nodes inside it to leave out.
    """
    out: list[str] = []
    _shape(node, skip, out)
    return "".join(out)


def _shape(node: ast.AST, skip: frozenset[ast.AST], out: list[str]) -> None:
    out.append(type(node).__name__)
    out.append("(")
    documented = isinstance(node, _BODIES) and docstring_of(node) is not None
    for name in node._fields:
        if name not in _LAYOUT:
            value = getattr(node, name, None)
            if documented and name == "body":
                value = value[1:] if value else value
            _shape_value(value, skip, out)
    out.append(")")


def _shape_value(value: Any, skip: frozenset[ast.AST], out: list[str]) -> None:
    if isinstance(value, ast.AST):
        if value not in skip:
            _shape(value, skip, out)
    elif isinstance(value, list):
        out.append("[")
        for item in value:
            _shape_value(item, skip, out)
        out.append("]")
    else:
        out.append(f"{value!r},")


def docstring_of(node: ast.AST) -> str | None:
    """Return the docstring of a module, class or function as written, None if it has none."""
    body = getattr(node, "body", None)
    first = body[0] if isinstance(body, list) and body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        value = first.value.value
        return value if isinstance(value, str) else None
    return None
