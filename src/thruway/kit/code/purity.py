"""Whether calling first-party code, while a module is imported, only makes a value.

A decorator that wraps a function, or a class of settings, changes nothing but what it returns; one
that keeps what it is given in a list, or sets an option, acts. Followed as text, and in doubt it
acts: a function is pure when it and all that it calls store only into what they made themselves.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from thruway.kit.code import scope
from thruway.kit.code.modules import Foreign, Local
from thruway.kit.code.scope import chain_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from thruway.kit.code.modules import Finder, Module
    from thruway.kit.code.scope import Chain

# Calls that make a value and do nothing else.
PURE = frozenset(
    {
        "collections.Counter",
        "collections.OrderedDict",
        "collections.defaultdict",
        "collections.namedtuple",
        "dataclasses.dataclass",
        "dataclasses.field",
        "decimal.Decimal",
        "functools.cache",
        "functools.lru_cache",
        "functools.partial",
        "functools.update_wrapper",
        "functools.wraps",
        "logging.getLogger",
        "operator.attrgetter",
        "operator.itemgetter",
        "os.path.join",
        "pathlib.Path",
        "pathlib.PurePath",
        "re.compile",
        "thruway.pipeline",
        "thruway.step",
        "time.perf_counter",
        "typing.NamedTuple",
        "typing.NewType",
        "typing.ParamSpec",
        "typing.TypeVar",
    }
)
PURE_BUILTINS = frozenset(
    {"abs", "bool", "dict", "float", "frozenset", "int", "isinstance", "len", "list", "max", "min",
     "range", "repr", "round", "set", "sorted", "str", "sum", "super", "tuple", "type", "zip"}
)  # fmt: skip
# Decorators of libraries that wrap, and keep nothing; those of others may register.
_WRAPPERS = (
    "abc.", "attr.", "attrs.", "contextlib.", "dataclasses.", "enum.", "functools.", "jax.",
    "numba.", "numpy.vectorize", "pydantic.", "tenacity.", "tensorflow.function", "thruway.",
    "torch.compile", "torch.inference_mode", "torch.jit.", "torch.no_grad", "typing.",
    "typing_extensions.", "warnings.", "wrapt.",
)  # fmt: skip
_PLAIN_BASES = ("abc.ABC", "enum.", "typing.NamedTuple", "typing.Protocol", "typing.Generic")
_MAKERS = frozenset({"__init__", "__new__", "__post_init__"})
_ACTS = (ast.Global, ast.Nonlocal, ast.Import, ast.ImportFrom, ast.Delete, ast.ClassDef)
_LITERALS = (ast.Constant, ast.Tuple, ast.UnaryOp, ast.unaryop, ast.expr_context)

_Seen = frozenset[tuple[str, str]]


def calls_purely(call: ast.Call, module: Module, finder: Finder) -> bool:
    """Return whether a call, written at the top of a module, only makes a value."""
    chain = chain_of(call.func)
    return bool(chain) and _Judge(finder).calls(module, chain)


def wraps_purely(decorator: ast.expr, module: Module, finder: Finder) -> bool:
    """Return whether a decorator only wraps what it is given."""
    made = isinstance(decorator, ast.Call)
    chain = chain_of(decorator.func if isinstance(decorator, ast.Call) else decorator)
    return bool(chain) and _Judge(finder).wraps(module, chain, made=made)


@dataclass(frozen=True)
class _Judge:
    """Judges calls by what is called.

    Attributes:
        finder: finds modules.
        seen: definitions that are being judged: what calls itself is judged by the rest of it.
    """

    finder: Finder
    seen: frozenset[tuple[str, str]] = frozenset()

    def calls(self, module: Module, chain: Chain) -> bool:
        """Return whether calling what a chain of names means only makes a value."""
        if chain[0] not in module.bindings:
            return chain[0] in PURE_BUILTINS and len(chain) == 1
        return self._all(module, chain, PURE.__contains__, inner=False)

    def wraps(self, module: Module, chain: Chain, *, made: bool) -> bool:
        """Return the same of a decorator; `made` by a call, whose result is called too."""
        if chain[0] not in module.bindings:
            return True  # `property`, `staticmethod` …
        return self._all(module, chain, _is_wrapper, inner=made)

    def _all(
        self, module: Module, chain: Chain, foreign: Callable[[str], bool], *, inner: bool
    ) -> bool:
        hits = list(self.finder.follow(module, chain))
        return bool(hits) and all(
            foreign(hit.name)
            if isinstance(hit, Foreign)
            # `Settings.known.append` is no call of `Settings`.
            else isinstance(hit, Local)
            and (len(chain) == 1 or hit.name == chain[-1])
            and self.defines(hit, inner=inner)
            for hit in hits
        )

    def defines(self, hit: Local, *, inner: bool = False) -> bool:
        """Return whether calling a definition only makes a value; `inner`: what it gives, too."""
        at = (hit.module.name, hit.name)
        if at in self.seen:
            return True
        judge = replace(self, seen=self.seen | {at})
        bounds = [bound for bound in hit.module.bindings[hit.name] if not bound.source]
        return all(judge._defines(hit.module, bound.node, inner=inner) for bound in bounds)

    def _defines(self, module: Module, node: ast.stmt, *, inner: bool) -> bool:
        if isinstance(node, ast.FunctionDef):
            return not node.decorator_list and _Body(self, module, node).is_pure(inner=inner)
        return isinstance(node, ast.ClassDef) and not inner and self._class(module, node)

    def _class(self, module: Module, node: ast.ClassDef) -> bool:
        """Return whether making an instance stores into that instance only."""
        if node.keywords or not all(
            wraps_purely(one, module, self.finder) for one in node.decorator_list
        ):
            return False
        if not all(self._base(module, chain_of(base)) for base in node.bases):
            return False
        makers = [one for one in node.body if isinstance(one, ast.FunctionDef)]
        return all(_Body(self, module, one).is_pure() for one in makers if one.name in _MAKERS)

    def _base(self, module: Module, chain: Chain) -> bool:
        if chain == ("object",) and "object" not in module.bindings:
            return True
        hits = list(self.finder.follow(module, chain)) if chain else []
        return bool(hits) and all(
            hit.name.startswith(_PLAIN_BASES)
            if isinstance(hit, Foreign)
            else isinstance(hit, Local) and self.defines(hit)
            for hit in hits
        )

    def hands_out(self, module: Module, chain: Chain) -> bool:
        """Return whether reading a name of a module gives something that could be changed."""
        return any(
            isinstance(hit, Local)
            and not all(
                isinstance(bound.node, ast.FunctionDef | ast.ClassDef) or _is_literal(bound.node)
                for bound in hit.module.bindings[hit.name]
                if not bound.source
            )
            for hit in self.finder.follow(module, chain)
        )


def _is_wrapper(name: str) -> bool:
    return name in PURE or name.startswith(_WRAPPERS)


class _Body:
    """One function: whether running it stores into nothing but what it made.

    Functions inside it run later, unless it calls them.
    """

    def __init__(self, judge: _Judge, module: Module, node: ast.FunctionDef) -> None:
        self._judge = judge
        self._module = module
        self._node = node
        self._given = {arg.arg for arg in scope.all_arguments(node.args)}
        parts = list(_running(node))
        self._inner = {part.name: part for part in parts if isinstance(part, ast.FunctionDef)}
        self._made = {
            part.id
            for part in parts
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
        }

    def is_pure(self, *, inner: bool = False) -> bool:
        """Return whether it is; `inner`: and the functions inside it."""
        parts = list(_running(self._node))
        called = {chain_of(part.func)[:1] for part in parts if isinstance(part, ast.Call)}
        run = [one for name, one in self._inner.items() if inner or (name,) in called]
        return all(map(self._allows, parts)) and all(map(self._inside, run))

    def _inside(self, node: ast.FunctionDef) -> bool:
        """Return the same of a function inside it, which sees its names."""
        inner = _Body(self._judge, self._module, node)
        inner._given |= self._given
        inner._made |= self._made
        known = {*self._inner} - {*inner._inner}
        inner._given |= known  # judged where they are called from
        return inner.is_pure()

    def _allows(self, part: ast.AST) -> bool:
        if isinstance(part, _ACTS):
            return False
        if isinstance(part, ast.Call):
            return self._may_call(part.func)
        if isinstance(part, ast.Attribute | ast.Subscript) and not isinstance(part.ctx, ast.Load):
            # Its own instance, the function that it wraps.
            return _root(part) in self._given | self._made | {*self._inner}
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load):
            return self._is_own(part.id) or not self._judge.hands_out(self._module, (part.id,))
        return True

    def _is_own(self, name: str) -> bool:
        return name in self._given or name in self._made or name in self._inner

    def _may_call(self, function: ast.expr) -> bool:
        chain = chain_of(function)
        if chain and self._is_own(chain[0]):
            # A method of what it was given may keep it somewhere; of what it made, it may not.
            return len(chain) == 1 or (len(chain) == 2 and chain[0] in self._made)
        if isinstance(function, ast.Call):  # `functools.wraps(function)(called)`
            return True
        return bool(chain) and self._judge.calls(self._module, chain)


def _running(node: ast.FunctionDef) -> Iterator[ast.AST]:
    """Give the parts of a function that run with it: not the bodies of those inside it."""
    pending: list[ast.AST] = list(node.body)
    while pending:
        part = pending.pop()
        yield part
        if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef):
            pending += [*part.decorator_list, *part.args.defaults]
            pending += [one for one in part.args.kw_defaults if one is not None]
        elif not isinstance(part, ast.Lambda):
            pending += [
                child for child in ast.iter_child_nodes(part) if not isinstance(child, ast.ClassDef)
            ]


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _is_literal(node: ast.stmt) -> bool:
    """Return whether an assignment gives a name a value that nobody can change."""
    if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
        return False
    return all(isinstance(part, _LITERALS) for part in ast.walk(node.value))
