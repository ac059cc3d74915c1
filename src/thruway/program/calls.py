"""Every call of a statement, with its target and its literal arguments."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from thruway.program.imports import BUILTINS, dotted_name
from thruway.program.knowledge import Api, lookup, lookup_method
from thruway.program.types import Call, Literal_

if TYPE_CHECKING:
    from collections.abc import Iterator

    from thruway.program.imports import Imports

COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
TYPES = (int, float, str, bool, type(None), list, tuple, dict)
LARGEST = 1 << 64


def calls_of(code: str, tree: ast.Module, imports: Imports) -> tuple[Call, ...]:
    """Return the calls of one statement in the order of the text."""
    finder = _Finder(code, imports)
    finder.visit(tree)
    finder.found.sort(key=lambda item: item[0])
    return tuple(call for _, call in finder.found)


class _Finder(ast.NodeVisitor):
    """Walks a statement and notes whether a call is made now, and whether it is nested."""

    def __init__(self, code: str, imports: Imports) -> None:
        self.lines = code.split("\n")
        self.imports = imports
        self.found: list[tuple[tuple[int, int], Call]] = []
        self.nested = False
        self.later = False

    def visit_Call(self, node: ast.Call) -> None:
        place = (node.func.end_lineno or 0, node.func.end_col_offset or 0)
        self.found.append((place, self._call(node)))
        self.generic_visit(node)

    def _call(self, node: ast.Call) -> Call:
        target, resolved = self._target(node.func)
        method = target.rsplit(".", 1)[-1]
        receiver = "" if resolved or isinstance(node.func, ast.Name) else root_name(node.func)
        api = lookup(target) if resolved else lookup_method(method, None)
        return Call(
            target=target,
            receiver="" if receiver in self.imports.targets else receiver,
            method=method,
            resolved=resolved,
            arguments=tuple(dict.fromkeys(self._roots(node))),
            literals=tuple(self._literals(node, api)),
            in_definition=self.later,
        )

    def _target(self, function: ast.expr) -> tuple[str, bool]:
        dotted = dotted_name(function)
        if dotted is None:
            return (f"?.{function.attr}" if isinstance(function, ast.Attribute) else "?"), False
        resolved = self.imports.resolve(dotted)
        return (dotted, False) if resolved is None else (resolved, True)

    def _roots(self, node: ast.Call) -> Iterator[str]:
        for argument in [*node.args, *(keyword.value for keyword in node.keywords)]:
            for inner in ast.walk(argument):
                if isinstance(inner, ast.Name) and self._is_variable(inner.id):
                    yield inner.id

    def _is_variable(self, name: str) -> bool:
        if name in self.imports.targets:
            return False
        return name in self.imports.bound or name not in BUILTINS

    def _literals(self, node: ast.Call, api: Api | None) -> Iterator[Literal_]:
        names = api.parameters if api is not None else ()
        starred = False
        for position, argument in enumerate(node.args):
            starred = starred or isinstance(argument, ast.Starred)
            known = not starred and position < len(names)
            yield from self._literal(names[position] if known else "", position, argument)
        for keyword in node.keywords:
            if keyword.arg is not None:
                yield from self._literal(keyword.arg, -1, keyword.value)

    def _literal(self, name: str, position: int, node: ast.expr) -> Iterator[Literal_]:
        try:
            value = literal_value(node)
        except (ValueError, ArithmeticError, TypeError):
            return
        if not isinstance(value, TYPES):
            return
        line, column = self._place(node.lineno, node.col_offset)
        end_line, end_column = self._place(node.end_lineno, node.end_col_offset)
        kind = type(value).__name__
        yield Literal_(
            name, position, repr(value), kind, line, column, end_line, end_column, self.nested
        )

    def _place(self, line: int | None, column: int | None) -> tuple[int, int]:
        """Return a place with its column in characters; `ast` counts bytes."""
        assert line is not None
        assert column is not None
        return line, len(self.lines[line - 1].encode()[:column].decode())

    def _inside(self, nodes: list[ast.AST], *, later: bool) -> None:
        before = self.nested, self.later
        self.nested, self.later = True, self.later or later
        for node in nodes:
            self.visit(node)
        self.nested, self.later = before

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for part in [*node.decorator_list, node.args, *([node.returns] if node.returns else [])]:
            self.visit(part)
        self._inside(list(node.body), later=True)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815 - the name that ast dispatches on

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self.visit(node.args)
        self._inside([node.body], later=True)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for part in [*node.decorator_list, *node.bases, *node.keywords]:
            self.visit(part)
        self._inside(list(node.body), later=False)

    def comprehension(self, node: ast.expr) -> None:
        self._inside(list(ast.iter_child_nodes(node)), later=False)

    visit_ListComp = visit_SetComp = comprehension  # noqa: N815 - the name that ast dispatches on
    visit_DictComp = visit_GeneratorExp = comprehension  # noqa: N815 - the name that ast dispatches on


def root_name(node: ast.AST) -> str:
    """Return the variable at the root of `df.loc[0].x`, also through calls; "" if none."""
    while True:
        if isinstance(node, ast.Name):
            return node.id
        if isinstance(node, (ast.Attribute, ast.Subscript, ast.Starred)):
            node = node.value
        elif isinstance(node, ast.Call):
            node = node.func
        else:
            return ""


def literal_value(node: ast.expr) -> Any:
    """Return the value of a literal, numbers computed from numbers (`1 / 3`) included.

    Raises:
        ValueError: the expression is not a literal.
        ArithmeticError: its numbers cannot be computed.
        TypeError: the same.
    """
    if isinstance(node, ast.BinOp):
        return _computed(node.op, literal_value(node.left), literal_value(node.right))
    if isinstance(node, ast.List):
        return [literal_value(element) for element in node.elts]
    if isinstance(node, ast.Tuple):
        return tuple(literal_value(element) for element in node.elts)
    if isinstance(node, ast.Dict):
        keys = [literal_value(key) for key in node.keys if key is not None]
        return dict(zip(keys, map(literal_value, node.values), strict=True))
    return ast.literal_eval(node)


def _computed(operator: ast.operator, left: Any, right: Any) -> Any:
    if not isinstance(left, (int, float)) or not isinstance(right, (int, float)):
        raise TypeError("not numbers")
    if isinstance(operator, ast.Pow) and (abs(right) > 64 or abs(left) > LARGEST):
        raise ValueError("too large")
    operations: dict[type[ast.operator], Any] = {
        ast.Add: lambda: left + right,
        ast.Sub: lambda: left - right,
        ast.Mult: lambda: left * right,
        ast.Div: lambda: left / right,
        ast.FloorDiv: lambda: left // right,
        ast.Mod: lambda: left % right,
        ast.Pow: lambda: left**right,
    }
    if type(operator) not in operations:
        raise ValueError("not arithmetic")
    return operations[type(operator)]()
