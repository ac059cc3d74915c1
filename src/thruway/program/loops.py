"""A `for` loop of the author, read line by line: what it goes over, and what each line does.

What is said of a statement of the program is said here of a statement of the loop's body: its
text with its comments, the names that it reads, binds and changes, and its calls.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from thruway.program.calls import calls_of
from thruway.program.imports import Imports
from thruway.program.mutations import mutated
from thruway.program.names import names_of
from thruway.program.split import CellText
from thruway.source.types import Cell

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from thruway.program.split import Piece
    from thruway.program.types import Call, Statement

_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


@dataclass(frozen=True)
class Line:
    """One statement of a loop's body.

    Attributes:
        code: its text, dedented.
        comment: the comments above it.
        line, end_line: in the count of `Statement.place.line`, the comments above included.
        spaced: an empty line stands above it.
        loads: names that it needs from before it.
        stores: names that it binds on some path; `certain`: on every path.
        certain: see `stores`.
        mutates: root names of what it is known to change in place.
        calls: every call.
        deletes: names that it deletes.
    """

    code: str
    comment: str
    line: int
    end_line: int
    spaced: bool
    loads: frozenset[str]
    stores: frozenset[str]
    certain: frozenset[str]
    mutates: frozenset[str]
    calls: tuple[Call, ...]
    deletes: frozenset[str] = frozenset()

    @property
    def tree(self) -> ast.stmt:
        """Its tree."""
        return ast.parse(self.code).body[0]

    @property
    def text(self) -> str:
        """Its text below its comments."""
        return f"{self.comment}\n{self.code}" if self.comment else self.code


@dataclass(frozen=True)
class Loop:
    """A `for` loop that is a statement of the program.

    Attributes:
        statement: id.
        target: text between `for` and `in`.
        items: text of what it goes over.
        note: comment behind the header.
        line: where it begins.
        targets: names that the header binds, in order.
        loads: names that `items` reads.
        lines: its body.
        closing: comments below the last line of the body.
        obstacle: why its lines cannot be parted, "" if nothing in its form speaks against it.
    """

    statement: int
    target: str
    items: str
    note: str
    line: int
    targets: tuple[str, ...]
    loads: frozenset[str]
    lines: tuple[Line, ...]
    closing: str = ""
    obstacle: str = ""

    @property
    def items_tree(self) -> ast.expr:
        """The tree of what it goes over."""
        return ast.parse(f"({self.items})", mode="eval").body


def imports_before(statements: Iterable[Statement], end: int) -> Imports:
    """Return what names stand for where statement `end` begins."""
    imports = Imports()
    for statement in statements:
        if statement.id >= end:
            break
        imports.learn(ast.parse(statement.code), statement.stores)
    return imports


def read_loop(statement: Statement, imports: Imports) -> Loop | None:
    """Return a statement as a loop; None for any other statement."""
    node = ast.parse(statement.code).body[0]
    if not isinstance(node, ast.For):
        return None
    text = _cell_text(statement)
    tail = text.position(node.iter.end_lineno, node.iter.end_col_offset)
    note = next((c for place, c in text.comments if place >= tail and place[0] == tail[0]), "")
    first = text.start(node.body[0])
    above = (tail[0] + 1, 0) if first[0] > tail[0] else tail
    end = (len(text.lines) + 1, 0)
    pieces = text.block(text.tree.body[0].body, above, end)  # type: ignore[attr-defined]
    lines = [
        _line(
            piece,
            above if index == 0 else pieces[index - 1].end,
            text,
            imports,
            statement.place.line - 1,
        )
        for index, piece in enumerate(pieces)
    ]
    items = f"for _ in ({_segment(text, node.iter)}): pass"
    return Loop(
        statement=statement.id,
        target=_segment(text, node.target),
        items=_segment(text, node.iter),
        note=note if first[0] > tail[0] else "",
        line=statement.place.line,
        targets=tuple(n.id for n in ast.walk(node.target) if isinstance(n, ast.Name)),
        loads=names_of(items, ast.parse(items)).loads,
        lines=tuple(lines),
        closing=text.comment(pieces[-1].end, end),
        obstacle=_obstacle(node),
    )


def _cell_text(statement: Statement) -> CellText:
    """The text of the one statement, as if it were a cell."""
    numbers = tuple(range(1, statement.code.count("\n") + 2))
    return CellText(Cell(statement.place.cell, "code", statement.code, statement.code, numbers))


def _line(
    piece: Piece, before: tuple[int, int], text: CellText, imports: Imports, shift: int
) -> Line:
    tree = ast.parse(piece.code)
    comment = text.comment(before, piece.start)
    above = piece.start[0] - len(comment.split("\n")) if comment else piece.start[0]
    names = names_of(piece.code, tree) if not _leaves(tree) else None
    imports.learn(tree, names.stores if names else frozenset())
    return Line(
        code=piece.code,
        comment=comment,
        line=above + shift,
        end_line=piece.end_line + shift,
        spaced=not text.lines[above - 2].strip(),
        loads=names.loads | names.deferred if names else frozenset(),
        stores=names.stores if names else frozenset(),
        certain=names.certain if names else frozenset(),
        mutates=mutated(tree, imports),
        calls=calls_of(piece.code, tree, imports),
        deletes=names.deletes if names else frozenset(),
    )


def _segment(text: CellText, node: ast.AST) -> str:
    found = ast.get_source_segment("\n".join(text.lines), node)
    assert found is not None
    return found


def _obstacle(node: ast.For) -> str:
    if node.orelse:
        return "it has an `else`"
    if any(isinstance(inner, (ast.Attribute, ast.Subscript)) for inner in ast.walk(node.target)):
        return "it binds more than plain names"
    kinds = {type(inner) for inner in _own(node.body)}
    if {ast.Break, ast.Continue} & kinds:
        return "an iteration may end early (`break` or `continue`)"
    if ast.Await in kinds or ast.AsyncFor in kinds:
        return "it waits for something"
    return ""


def _leaves(tree: ast.Module) -> bool:
    """Whether a line may leave the loop that it stands in."""
    return any(isinstance(inner, (ast.Break, ast.Continue)) for inner in _own(tree.body))


def _own(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """Yield the nodes that belong to this loop, not to one inside it or to a function."""
    pending: list[ast.AST] = list(body)
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, _DEFINITIONS):
            continue
        if isinstance(node, _LOOPS):
            pending.extend(node.orelse)
            continue
        pending.extend(ast.iter_child_nodes(node))
