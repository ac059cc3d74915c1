"""Takes an object apart that only holds the program together: `self.model` becomes `model`.

An object that is made once and driven by one call is a module in disguise: its attributes are the
variables, its methods the functions. It is written as such where every use of `self` is one of an
attribute; what cannot is left to `method`, which keeps the object.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeGuard

from thruway.program.deferred import FUNCTIONS
from thruway.program.opening.change import rewritten
from thruway.program.opening.method import receiver
from thruway.program.opening.reasons import ClosedError
from thruway.program.opening.rows import Edit, Row, Text
from thruway.program.opening.scope import names, references, words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from thruway.program.opening.sites import Site

_FIX = "write what it does at the top level"
_PASSED = "it is used as a whole, not only by its attributes"


@dataclass(frozen=True)
class Dissolved:
    """A program without one of its objects.

    Attributes:
        text: with functions and variables in its place.
        functions: that are to be opened.
        must: those of them that bind variables of the module: they cannot stay.
        given: parameters of the constructor that are the variables of their names.
    """

    text: Text
    functions: frozenset[str]
    must: frozenset[str]
    given: frozenset[str]


def dissolve(text: Text, cls: ast.ClassDef, site: Site) -> Dissolved:
    """Return the program with the one object of a class taken apart.

    Args:
        text: of the program.
        cls: the class.
        site: the call that drives the object.

    Raises:
        ClosedError: the object is more than its attributes and methods.
    """
    variable, driver = receiver(site)
    calls = [node for node in ast.walk(text.tree) if _is_call_of(node, variable)]
    if len(calls) != 1:
        raise ClosedError("it is driven by several calls", _FIX)
    block = text.block(cls)
    methods = [node for node in block.body if isinstance(node, ast.FunctionDef)]
    _require_simple(text, cls, variable, block)
    names_ = _Names(text, cls, methods, variable)
    rows: list[Row] = []
    must: set[str] = set()
    for node in block.body:
        if isinstance(node, ast.FunctionDef):
            rows += [*_function(block, node, names_, must), replace(text.rows[0], text="")]
        elif _is_attribute_of_class(node):
            rows += _constant(block, node, names_)
    made = next(n for n in text.body if variable in names(text.source(n)).stores)
    assert isinstance(made, ast.Assign)
    assert isinstance(made.value, ast.Call)
    replaced = text.replaced({cls: rows, made: _making(text, made, names_)})
    functions = frozenset({*must, names_.of(driver), names_.of("__init__")})
    plain = _without_object(replaced, variable, names_)
    return Dissolved(plain, functions, frozenset(must), frozenset(names_.kept))


def _is_call_of(node: ast.AST, variable: str) -> bool:
    if not isinstance(node, ast.Call):
        return False
    owner = node.func.value if isinstance(node.func, ast.Attribute) else node.func
    return isinstance(owner, ast.Name) and owner.id == variable


class _Names:
    """What attributes and methods are called outside of the class."""

    def __init__(
        self, text: Text, cls: ast.ClassDef, methods: list[ast.FunctionDef], variable: str
    ) -> None:
        self.methods = {node.name for node in methods}
        self.variable = variable
        self._used: set[str] = set()
        for node in text.body:
            found = names(text.source(node))
            # Of the class itself what its methods read of the module, built-in functions too.
            self._used |= found.loads | found.deferred
            self._used |= found.stores if node is not cls else frozenset()
        self._used -= {variable}
        if f"make_{variable}" in self._used:
            raise ClosedError(f"`make_{variable}` means something else", _FIX)
        self.kept = _kept(methods) - self._used
        self._uses = [(_attributes(m), _variables(m) - self._kept_in(m)) for m in methods]

    def _kept_in(self, method: ast.FunctionDef) -> set[str]:
        return self.kept if method.name == "__init__" else set()

    def of(self, attribute: str) -> str:
        """Return the variable, or the function, for an attribute."""
        if attribute == "__init__":
            return f"make_{self.variable}"
        name = attribute.strip("_") if attribute.startswith("__") else attribute
        taken = any(attribute in attributes and name in own for attributes, own in self._uses)
        return f"{self.variable}_{name}" if taken or name in self._used else name


def _attributes(method: ast.FunctionDef) -> set[str]:
    """Return the attributes of the object that a method uses."""
    own = _self(method)
    return {
        node.attr
        for node in ast.walk(method)
        if isinstance(node, ast.Attribute) and _is_of(node, own)
    }


def _kept(methods: list[ast.FunctionDef]) -> set[str]:
    """Return the parameters that are only stored: `self.path = path` in `__init__`."""
    made = [node for node in methods if node.name == "__init__"]
    if not made:
        return set()
    found = {
        node.value.id
        for node in made[0].body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Name)
        and ast.unparse(node.targets[0]) == f"{_self(made[0])}.{node.value.id}"
    }
    once = _stores_of(made[0])
    others = {word for method in methods if method is not made[0] for word in _variables(method)}
    rebound = {n.id for n in ast.walk(made[0]) if isinstance(n, ast.Name) and not _loads(n)}
    arguments = {a.arg for a in [*made[0].args.args, *made[0].args.kwonlyargs]}
    return {n for n in found & arguments if once.count(n) == 1} - others - rebound


def _variables(method: ast.FunctionDef) -> set[str]:
    """Return every name in a method that is no attribute."""
    found = {node.id for node in ast.walk(method) if isinstance(node, ast.Name)}
    found |= {node.arg for node in ast.walk(method) if isinstance(node, ast.arg)}
    return found | {
        node.name
        for node in ast.walk(method)
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node is not method
    }


def _loads(node: ast.AST) -> bool:
    return isinstance(getattr(node, "ctx", None), ast.Load)


def _self(method: ast.FunctionDef) -> str:
    arguments = [*method.args.posonlyargs, *method.args.args]
    if not arguments:
        raise ClosedError("one of its methods takes no `self`", _FIX)
    return arguments[0].arg


def _stores_of(method: ast.FunctionDef) -> list[str]:
    """Return the attributes that a method binds, once for each time."""
    own = _self(method)
    return [
        node.attr
        for node in ast.walk(method)
        if isinstance(node, ast.Attribute)
        and not isinstance(node.ctx, ast.Load)
        and isinstance(node.value, ast.Name)
        and node.value.id == own
    ]


def _require_simple(text: Text, cls: ast.ClassDef, variable: str, block: Text) -> None:
    plain = [ast.unparse(base) for base in cls.bases if ast.unparse(base) != "object"]
    if plain or cls.keywords or cls.decorator_list:
        raise ClosedError(f"the class `{cls.name}` is built on others", _FIX)
    if references(text.tree, cls.name) != 1:
        raise ClosedError(f"the class `{cls.name}` is used more than once", _FIX)
    for node in block.body:
        if isinstance(node, ast.FunctionDef):
            _require_method(node)
        elif not _is_attribute_of_class(node) and not isinstance(node, (ast.Expr, ast.Pass)):
            raise ClosedError(f"the class `{cls.name}` holds more than methods", _FIX)
    _require_attributes(text.tree, variable)


def _is_attribute_of_class(node: ast.stmt) -> bool:
    if not isinstance(node, ast.Assign) or len(node.targets) != 1:
        return False
    return isinstance(node.targets[0], ast.Name)


def _require_method(method: ast.FunctionDef) -> None:
    own = _self(method)
    special = method.name.startswith("__") and method.name not in {"__init__", "__call__"}
    if method.decorator_list or special:
        raise ClosedError(f"its class has the special method `{method.name}`", _FIX)
    if words(method) & {"super", "__class__", "AttributeError"}:
        raise ClosedError("its methods look at their class or at what is missing", _FIX)
    for node in ast.walk(method):
        if isinstance(node, FUNCTIONS) and node is not method:
            nested = [n for n in ast.walk(node) if isinstance(n, ast.Attribute) and not _loads(n)]
            if any(isinstance(n.value, ast.Name) and n.value.id == own for n in nested):
                raise ClosedError(f"a function inside `{method.name}` changes it", _FIX)
    if sum(isinstance(n, ast.arg) and n.arg == own for n in ast.walk(method)) > 1:
        raise ClosedError(f"`{own}` has two meanings in `{method.name}`", _FIX)
    _require_attributes(method, own)


def _require_attributes(tree: ast.AST, variable: str) -> None:
    """Refuse any use of an object that is not one of an attribute."""
    based = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and not node.attr.startswith("__")
    }
    uses = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id == variable]
    called = {id(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)}
    for node in uses:
        if id(node) not in based and id(node) not in called and _loads(node):
            raise ClosedError(_PASSED, _FIX)


def _function(block: Text, method: ast.FunctionDef, names_: _Names, must: set[str]) -> list[Row]:
    """Return a method as a function of the module."""
    own, name = _self(method), names_.of(method.name)
    bound = sorted({names_.of(a) for a in _stores_of(method)})
    first, last = block.above(method)[0], block.last(method)
    text = Text(replace(row, moved=True) for row in block.rows[first - 1 : last])
    (node,) = text.body
    assert isinstance(node, ast.FunctionDef)
    making = method.name == "__init__"
    kept = [n for n in node.body if making and _is_kept(n, own, names_.kept)]
    if making:
        bound = [each for each in bound if each not in names_.kept]
    edits = [Edit(text.start(n), text.end(n), "pass") for n in kept]
    edits.append(_without_self(text, node))
    text = text.edited(edits)
    rows = list(text.rows)
    row = node.lineno - 1
    rows[row] = replace(
        rows[row], text=re.sub(r"def\s+\w+", f"def {name}", rows[row].text, count=1)
    )
    text = _renamed(Text(rows), own, names_)
    if bound:
        must.add(name)
        text = _with_global(text, bound)
    return list(text.rows)


def _is_kept(node: ast.stmt, own: str, kept: set[str]) -> bool:
    if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Name):
        return False
    name = node.value.id
    return name in kept and ast.unparse(node.targets[0]) == f"{own}.{name}"


def _without_self(text: Text, node: ast.FunctionDef) -> Edit:
    first = [*node.args.posonlyargs, *node.args.args][0]
    start, end = text.start(first), text.end(first)
    rest = text.lines[end[0] - 1][end[1] :]
    comma = len(rest) - len(rest.lstrip(" ,")) if rest.lstrip().startswith(",") else 0
    return Edit(start, (end[0], end[1] + comma), "")


def _with_global(text: Text, bound: Iterable[str]) -> Text:
    (node,) = text.body
    assert isinstance(node, ast.FunctionDef)
    line, column = text.start(node.body[0])
    if line == node.lineno:
        raise ClosedError(f"`{node.name}` stands on one line", _FIX)
    text_ = " " * column + f"global {', '.join(bound)}"
    row = replace(text.rows[line - 1], text=text_)
    return Text([*text.rows[: line - 1], row, *text.rows[line - 1 :]])


def _renamed(text: Text, own: str, names_: _Names) -> Text:
    def rewrite(node: ast.expr) -> ast.expr | None:
        if _is_of(node, own):
            return ast.Name(names_.of(node.attr), node.ctx)
        return None

    return rewritten(text, rewrite)


def _is_of(node: ast.expr, variable: str) -> TypeGuard[ast.Attribute]:
    """Tell whether an expression is an attribute of a variable."""
    if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name):
        return False
    return node.value.id == variable


def _making(text: Text, made: ast.Assign, names_: _Names) -> list[Row]:
    """Return the call of what was the constructor."""
    if "__init__" not in names_.methods:
        return []
    assert isinstance(made.value, ast.Call)
    start, end = text.end(made.value.func), text.end(made.value)
    lines = (names_.of("__init__") + text.slice(start, end)).split("\n")
    origin = text.rows[text.start(made)[0] - 1]
    return [replace(origin, text=line, moved=True) for line in lines]


def _without_object(text: Text, variable: str, names_: _Names) -> Text:
    def rewrite(node: ast.expr) -> ast.expr | None:
        if _is_of(node, variable):
            return ast.Name(names_.of(node.attr), node.ctx)
        if isinstance(node, ast.Name) and node.id == variable and _loads(node):
            return ast.Name(names_.of("__call__"), node.ctx)
        return None

    return rewritten(text, rewrite)


def _constant(block: Text, node: ast.stmt, names_: _Names) -> list[Row]:
    """Return an attribute of the class as a variable."""
    assert isinstance(node, ast.Assign)
    name = ast.unparse(node.targets[0])
    if names_.of(name) != name:
        raise ClosedError(f"`{name}` has two meanings in its class", _FIX)
    first, last = block.above(node)[0], block.last(node)
    return [replace(row, moved=True) for row in block.rows[first - 1 : last]]
