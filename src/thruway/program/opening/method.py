"""Opens the method through which an object drives the program: `Trainer(config).run()`.

The object keeps its class and becomes a variable of the module; the method's body takes the place
of the call, with that variable where it says `self`. The steps hand the object on to each other.
"""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from thruway.program.opening.change import rewritten
from thruway.program.opening.reasons import ClosedError
from thruway.program.opening.rows import Edit, Row, Text
from thruway.program.opening.scope import names, words
from thruway.program.opening.sites import Site, sites

if TYPE_CHECKING:
    from collections.abc import Iterator

_FIX = "write what it does at the top level"


def named_objects(text: Text) -> Text:
    """Return the text with a name for each object that is made only to be driven."""
    for site in sites(text):
        made = site.call.func.value if isinstance(site.call.func, ast.Attribute) else None
        cls = _class_of(text, made)
        if cls is None or made is None:
            continue
        name = _variable(cls.name, text)
        start, end = text.start(made), text.end(made)
        origin = text.rows[text.start(site.statement)[0] - 1]
        lines = f"{name} = {text.slice(start, end)}".split("\n")
        rows = [replace(origin, text=line, moved=True) for line in lines]
        at = text.start(site.statement)[0] - 1
        edited = text.edited([Edit(start, end, name)])
        return named_objects(Text([*edited.rows[:at], *rows, *edited.rows[at:]]))
    return text


def driven(text: Text) -> Iterator[tuple[Site, ast.ClassDef, ast.FunctionDef]]:
    """Yield the calls of methods of objects that the module makes once, in order."""
    objects = _objects(text)
    found = [(site, *receiver(site)) for site in sites(text)]
    calls = [(name, method) for _, name, method in found]
    for site, name, method in found:
        cls = objects.get(name)
        if cls is None or calls.count((name, method)) > 1:
            continue
        for node in cls.body:
            if isinstance(node, ast.FunctionDef) and node.name == method:
                yield site, cls, node


def as_function(
    text: Text, site: Site, cls: ast.ClassDef, method: ast.FunctionDef
) -> tuple[Text, str]:
    """Return the text with the method as a function before its call, and that function's name.

    Raises:
        ClosedError: the method is more than what its text says.
    """
    name, _ = receiver(site)
    _require_plain(text, cls, method)
    block = text.block(cls)
    copy = next(n for n in block.body if isinstance(n, ast.FunctionDef) and n.name == method.name)
    new = _function_name(text, method.name)
    function = _taken_out(block, copy, name, new)
    func = site.call.func
    comma = ", " if site.call.args or site.call.keywords else ""
    open_ = _bracket(text, site.call)
    call = Edit(text.start(func), (open_[0], open_[1] + 1), f"{new}({name}{comma}")
    at = text.start(site.statement)[0] - 1
    edited = text.edited([call])
    return Text([*edited.rows[:at], *function.rows, *edited.rows[at:]]), new


def _bracket(text: Text, call: ast.Call) -> tuple[int, int]:
    """Return the place of the bracket that opens the arguments."""
    line, column = text.end(call.func)
    while "(" not in text.lines[line - 1][column:]:
        line, column = line + 1, 0
    return line, text.lines[line - 1].index("(", column)


def _taken_out(block: Text, method: ast.FunctionDef, name: str, function: str) -> Text:
    """Return a method as a function that calls its object by the name it has outside."""
    arguments = [*method.args.posonlyargs, *method.args.args]
    if not arguments:
        raise ClosedError("it takes no `self`")
    own = arguments[0].arg
    first, last = block.above(method)[0], block.last(method)
    text = Text(replace(row, moved=True) for row in block.rows[first - 1 : last])
    (node,) = text.body
    assert isinstance(node, ast.FunctionDef)
    self_ = [*node.args.posonlyargs, *node.args.args][0]
    inner = [n for n in ast.walk(node) if isinstance(n, ast.arg) and n.arg in {own, name}]
    if len(inner) > 1 or _stores(node, {own, name}):
        raise ClosedError(f"`{own}` or `{name}` has two meanings in it", _FIX)
    head = text.rows[node.lineno - 1]
    start = text.start(self_)
    text = text.edited([Edit(start, (start[0], start[1] + len(own)), name)])
    renamed = re.sub(r"def\s+\w+", f"def {function}", text.lines[node.lineno - 1], count=1)
    rows: list[Row] = list(text.rows)
    rows[node.lineno - 1] = replace(head, text=renamed)

    def rewrite(expression: ast.expr) -> ast.expr | None:
        if isinstance(expression, ast.Name) and expression.id == own:
            return ast.Name(name, expression.ctx)
        return None

    return rewritten(Text(rows), rewrite)


def _stores(node: ast.AST, wanted: set[str]) -> bool:
    return any(
        isinstance(n, ast.Name) and n.id in wanted and not isinstance(n.ctx, ast.Load)
        for n in ast.walk(node)
    )


def _require_plain(text: Text, cls: ast.ClassDef, method: ast.FunctionDef) -> None:
    if cls.keywords or any("dataclass" not in ast.unparse(d) for d in cls.decorator_list):
        raise ClosedError(f"the class `{cls.name}` is made in an unusual way", _FIX)
    names_ = [node.name for node in cls.body if isinstance(node, ast.FunctionDef)]
    if names_.count(method.name) > 1 or {"__new__", "__getattribute__"} & set(names_):
        raise ClosedError(f"the class `{cls.name}` looks its methods up in its own way", _FIX)
    uses = [n for n in ast.walk(text.tree) if isinstance(n, ast.Attribute)]
    if any(n.attr == method.name and not isinstance(n.ctx, ast.Load) for n in uses):
        raise ClosedError(f"`{method.name}` is bound again", _FIX)  # it hides the method
    if any(word.startswith("__") and not word.endswith("__") for word in words(method)):
        raise ClosedError("it uses names that are private to its class (`__name`)", _FIX)


def _objects(text: Text) -> dict[str, ast.ClassDef]:
    """Return the variables that are bound once, to an instance of a class of the module."""
    found: dict[str, ast.ClassDef] = {}
    bound: list[str] = []
    for node in text.body:
        known = names(text.source(node))
        bound += [*known.stores, *known.global_writes, *known.deletes]
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            cls, target = _class_of(text, node.value), node.targets[0]
            if cls is not None and isinstance(target, ast.Name):
                found[target.id] = cls
    return {name: cls for name, cls in found.items() if bound.count(name) == 1}


def _class_of(text: Text, made: ast.expr | None) -> ast.ClassDef | None:
    """Return the class of the module that an expression makes an instance of."""
    if not isinstance(made, ast.Call) or not isinstance(made.func, ast.Name):
        return None
    name = made.func.id
    found = [node for node in text.body if isinstance(node, ast.ClassDef) and node.name == name]
    others = [node for node in text.body if node not in found]
    if len(found) != 1 or any(name in names(text.source(node)).stores for node in others):
        return None
    return found[0]


def receiver(site: Site) -> tuple[str, str]:
    """Return the variable and the method of `trainer.run()`, and of `trainer()`."""
    func = site.call.func
    if isinstance(func, ast.Name):
        return func.id, "__call__"
    if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name):
        return func.value.id, func.attr
    return "", ""


def _variable(cls: str, text: Text) -> str:
    """Return `model_trainer` for `ModelTrainer`."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", cls).lower().strip("_")
    taken = words(text.tree)
    return name if name not in taken and name.isidentifier() else f"{name}_object"


def _function_name(text: Text, method: str) -> str:
    """Return a name for the function that a method becomes on the way."""
    taken = {node.id for node in ast.walk(text.tree) if isinstance(node, ast.Name)}
    name = method.strip("_")
    while name in taken:
        name += "_method"
    return name
