"""The shape of a statement: what is left of its text without its variables and constants.

Two statements of one shape differ in the names of variables and in literals alone. Read side by
side, their parts say which variable stands for which, and which constants differ.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from thruway.plan.fstring import pieces_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from thruway.plan.fstring import Piece

Span = tuple[int, int, int, int]
"""Line, column, end line, end column; lines from 1, columns from 0 in characters."""

_SCALARS = (int, float, str, bool, type(None))
_REPEATED = (
    ast.For, ast.AsyncFor, ast.While, ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda,
    ast.ClassDef, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp,
)  # fmt: skip


@dataclass(frozen=True)
class Part:
    """A piece of a statement's text, in order.

    Attributes:
        kind: `name` of a variable, `literal`, or `text` that has to agree.
        text: the name, the literal as Python text, or the text.
        span: where it stands; None where nothing else can be put in its place.
        wanted: what a parameter in the place of the literal is called, "" if nothing says.
        in_text: the literal is plain text of an f-string.
    """

    kind: Literal["name", "literal", "text"]
    text: str
    span: Span | None = None
    wanted: str = ""
    in_text: bool = False


def parts_of(code: str, is_variable: Callable[[str], bool]) -> tuple[Part, ...]:
    """Return the parts of a statement.

    Args:
        code: its text.
        is_variable: says whether a name may be another one in a statement of the same shape.
    """
    return tuple(_Reader(code, is_variable).parts(ast.parse(code)))


def shape_of(parts: Sequence[Part]) -> tuple[str, ...]:
    """Return what statements that differ in names and constants alone have in common."""
    return tuple(part.text if part.kind == "text" else part.kind for part in parts)


def names_of(parts: Sequence[Part]) -> tuple[str, ...]:
    """Return the variables of a statement, in the order of its text."""
    return tuple(part.text for part in parts if part.kind == "name")


@dataclass
class Pairing:
    """Which variable of one passage stands for which of another, one to one."""

    there: dict[str, str] = field(default_factory=dict)
    back: dict[str, str] = field(default_factory=dict)

    def add(self, one: Sequence[Part], other: Sequence[Part]) -> bool:
        """Add two statements of one shape; say whether they agree with those before."""
        return self.add_names(names_of(one), names_of(other))

    def add_names(self, one: Sequence[str], other: Sequence[str]) -> bool:
        """Add the variables of two statements of one shape, in the order of their texts."""
        new: list[str] = []
        for a, b in zip(one, other, strict=True):
            known = self.there.get(a)
            if known is None and b not in self.back:
                self.there[a], self.back[b] = b, a
                new.append(a)
            elif known != b:
                for name in new:
                    del self.back[self.there.pop(name)]
                return False
        return True


class _Reader:
    """Reads the parts of one statement, depth first."""

    def __init__(
        self, code: str, is_variable: Callable[[str], bool], start: tuple[int, int] = (1, 0)
    ) -> None:
        """Make a reader of a text; `start` is the place of its first character."""
        self._code = code
        self._lines = code.split("\n")
        self._is_variable = is_variable
        self._start = start

    def parts(
        self,
        node: ast.AST,
        wanted: str = "",
        *,
        repeated: bool = False,
        fixed: bool = False,
        in_text: bool = False,
    ) -> Iterator[Part]:
        """Yield the parts of a node.

        Args:
            node: to read.
            wanted: name for a literal here.
            repeated: it may be evaluated more than once.
            fixed: its literals have to agree.
            in_text: it stands in an f-string, where places are not known before Python 3.12.
        """
        if isinstance(node, ast.Name) and self._is_variable(node.id):
            yield Part("name", node.id, None if in_text else self._span(node))
            return
        if isinstance(node, ast.Constant) and _names_variables(node.value, wanted):
            yield Part("text", repr(node.value))
            words = re.findall(r"[^\W\d]\w*", str(node.value))
            yield from (Part("name", word) for word in words if self._is_variable(word))
            return
        if isinstance(node, ast.JoinedStr) and (pieces := self._pieces(node)):
            yield from self._of_fstring(node, pieces)
            return
        if isinstance(node, ast.expr) and not fixed and _is_literal(node, repeated=repeated):
            yield Part("literal", ast.unparse(node), self._span(node), wanted or _by_type(node))
            return
        yield Part("text", type(node).__name__)
        repeated = repeated or isinstance(node, _REPEATED)
        in_text = in_text or isinstance(node, ast.JoinedStr)
        hints = _hints(node)
        for name, value in ast.iter_fields(node):
            inside = fixed or in_text or _must_agree(node, name)
            items = value if isinstance(value, list) else [value]
            yield Part("text", f"{name} {len(items)}")
            for item in items:
                if isinstance(item, ast.AST):
                    hint = hints.get(id(item), "")
                    yield from self.parts(
                        item, hint, repeated=repeated, fixed=inside, in_text=in_text
                    )
                elif isinstance(item, str) and self._binds(node, name, item):
                    yield Part("name", item)
                else:
                    yield Part("text", repr(item))

    def _pieces(self, node: ast.JoinedStr) -> tuple[Piece, ...]:
        """Return the pieces of an f-string if they are what Python sees, else nothing."""
        source = ast.get_source_segment(self._code, node) or ""
        pieces = pieces_of(source) or ()
        seen = [isinstance(value, ast.FormattedValue) for value in node.values]
        return pieces if [piece.field for piece in pieces] == seen else ()

    def _of_fstring(self, node: ast.JoinedStr, pieces: tuple[Piece, ...]) -> Iterator[Part]:
        line, column, *_ = self._span(node)
        yield Part("text", f"f {len(pieces)}")
        for piece in pieces:
            start = column + piece.start
            if piece.field:
                yield Part("text", f"field {piece.rest}")
                # In brackets, an expression may begin with a space.
                inner = _Reader(f"({piece.text})", self._is_variable, (line, start - 1))
                yield from inner.parts(ast.parse(f"({piece.text})"), fixed=True)
            else:
                span = (line, start, line, start + len(piece.text))
                yield Part("literal", repr(piece.text), span, "label", in_text=True)

    def _binds(self, node: ast.AST, name: str, text: str) -> bool:
        """Say whether a field that is no node of its own holds the name of a variable."""
        is_name = isinstance(node, ast.arg) or (
            name in {"name", "names", "rest"} and not isinstance(node, ast.alias)
        )
        return is_name and self._is_variable(text)

    def _span(self, node: ast.expr) -> Span:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return (
            *self._place(node.lineno, node.col_offset),
            *self._place(node.end_lineno, node.end_col_offset),
        )

    def _place(self, line: int, column: int) -> tuple[int, int]:
        """Return a place as `ast` counts it (columns in bytes) in the whole text."""
        first_line, first_column = self._start
        shift = first_column if line == 1 else 0
        return line + first_line - 1, self._characters(line, column) + shift

    def _characters(self, line: int, column: int) -> int:
        """Turn a column in bytes, as `ast` counts, into one in characters."""
        return len(self._lines[line - 1].encode()[:column].decode(errors="ignore"))


def _names_variables(value: object, wanted: str) -> bool:
    """Whether a text may name variables of the program: a query, a formula."""
    return isinstance(value, str) and (wanted == _QUERY or "@" in value or "~" in value)


def _is_literal(node: ast.expr, *, repeated: bool) -> bool:
    """Whether a parameter can take the place of an expression.

    A list that is made anew each time is not one that is made once.
    """
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    if isinstance(value, _SCALARS) or (isinstance(value, tuple) and _is_flat(value)):
        return True
    return isinstance(value, list | dict) and not repeated


def _is_flat(value: object) -> bool:
    if isinstance(value, tuple):
        return all(_is_flat(item) for item in value)
    return isinstance(value, _SCALARS)


def _must_agree(node: ast.AST, name: str) -> bool:
    """Whether what stands in a field has to be the same text everywhere."""
    if isinstance(node, ast.Match) or name in {"annotation", "returns", "type_comment"}:
        return True
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True  # a docstring, or a string for show
    return isinstance(node, ast.Compare) and any(
        isinstance(o, ast.Is | ast.IsNot) for o in node.ops
    )


def _hints(node: ast.AST) -> dict[int, str]:
    """Return the id of a child → what it is called where the text says so."""
    if isinstance(node, ast.keyword) and node.arg:
        return {id(node.value): node.arg}
    if isinstance(node, ast.Subscript):
        by_name = isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str)
        return {id(node.slice): "column" if by_name else "columns"}
    if isinstance(node, ast.BinOp):
        texts = (e for e in (node.left, node.right) if isinstance(e, ast.Constant))
        return {id(each): "message" for each in texts if isinstance(each.value, str)}
    if isinstance(node, ast.List | ast.Tuple):
        texts = (e for e in node.elts if isinstance(e, ast.Constant) and isinstance(e.value, str))
        return {id(each): "name" for each in texts}
    if isinstance(node, ast.Call) and node.args:
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        method = node.func.id if isinstance(node.func, ast.Name) else method
        if method in _QUERIES:
            return {id(each): _QUERY for each in node.args}
        return {id(node.args[0]): _ARGUMENTS.get(method.removeprefix("set_"), "")}
    return {}


_QUERY = "query"
_QUERIES = frozenset({"eval", "query", "evaluate", "dmatrix", "dmatrices"})
_ARGUMENTS = {
    "title": "title",
    "suptitle": "title",
    "xlabel": "xlabel",
    "ylabel": "ylabel",
    "print": "label",
    "drop": "columns",
    "savefig": "path",
    "to_csv": "path",
}


def _by_type(node: ast.expr) -> str:
    value = ast.literal_eval(node)
    if isinstance(value, str):
        return "text"
    if isinstance(value, bool):
        return "flag"
    if isinstance(value, int | float):
        return "number"
    return "values" if isinstance(value, list | tuple | dict) else "value"
