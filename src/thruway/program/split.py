"""A cell's text split into statements, so that no comment is lost.

A statement takes the comments above it (as `comment`), the one behind it, and indented comments
after its last line. Statements joined by semicolons come apart; strings stay as they are.
"""

from __future__ import annotations

import ast
import io
import tokenize
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from thruway.program.types import FanOut
    from thruway.source.types import Cell

Position = tuple[int, int]  # line from 1, column from 0 in characters


@dataclass(frozen=True)
class Piece:
    """One statement of a cell, before its names are looked at.

    Attributes:
        node: its tree, with places in the cell's code.
        cell: the cell's number.
        line, end_line: in the author's text.
        code: its text, dedented.
        comment: the comments above it.
        silenced: a semicolon follows, or a dropped magic does.
        last: last statement of its cell.
        start, end: place in the cell's code, the comment behind it included.
        title: of the function that it was opened out of.
        moved: it stands somewhere else than the author put it, or says something else.
        argument: annotation of the command-line argument that it binds, "" if none.
        fan: it is a loop whose iterations could run each by itself.
        begins: it is the part of a loop that judges, without what trains.
    """

    node: ast.stmt
    cell: int
    line: int
    end_line: int
    code: str
    comment: str
    silenced: bool
    last: bool
    start: Position
    end: Position
    title: str = ""
    moved: bool = False
    argument: str = ""
    fan: FanOut | None = None
    begins: bool = False


class CellText:
    """The Python of one cell, its comments and the lines that lie in strings."""

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self.lines = cell.code.split("\n")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.tree = ast.parse(cell.code)
        self.comments: list[tuple[Position, str]] = []
        self.in_string: set[int] = set()
        self._read_tokens()

    def _read_tokens(self) -> None:
        nested: list[int] = []
        for token in tokenize.generate_tokens(io.StringIO(self.cell.code).readline):
            kind = tokenize.tok_name[token.type]
            if token.type == tokenize.COMMENT:
                self.comments.append((token.start, token.string))
            elif token.type == tokenize.STRING:
                self.in_string.update(range(token.start[0] + 1, token.end[0] + 1))
            elif kind in {"FSTRING_START", "TSTRING_START"}:
                nested.append(token.start[0])
            elif kind in {"FSTRING_END", "TSTRING_END"}:
                self.in_string.update(range(nested.pop() + 1, token.end[0] + 1))

    def pieces(self) -> list[Piece]:
        """Return the cell's statements in order."""
        return self.block(self.tree.body, (1, 0), (len(self.lines) + 1, 0))

    def comment_only(self) -> str:
        """Return the comments of a cell without statements."""
        return self.comment((0, 0), (len(self.lines) + 1, 0))

    def block(self, body: Sequence[ast.stmt], start: Position, end: Position) -> list[Piece]:
        """Return the statements of a block that lies between two positions."""
        pieces: list[Piece] = []
        for number, node in enumerate(body):
            after = self.start(body[number + 1]) if number + 1 < len(body) else end
            last = number + 1 == len(body)
            pieces.append(self._piece(node, start, after, last=last))
            start = pieces[-1].end
        return pieces

    def _piece(self, node: ast.stmt, before: Position, after: Position, *, last: bool) -> Piece:
        start, tail = self.start(node), self.position(node.end_lineno, node.end_col_offset)
        end = self._full_end(node, tail, after)
        comments = [self.comment(before, start), self.comment(end, after) if last else ""]
        return Piece(
            node=node,
            cell=self.cell.number,
            line=self.cell.line_map[start[0] - 1],
            end_line=self.cell.line_map[end[0] - 1],
            code=self._text(start, tail, end),
            comment="\n".join(filter(None, comments)),
            silenced=self._is_silenced(tail, end, last=last),
            last=last,
            start=start,
            end=end,
        )

    def position(self, line: int | None, column: int | None) -> Position:
        """Return a place with its column in characters; `ast` counts bytes."""
        assert line is not None
        assert column is not None
        return line, len(self.lines[line - 1].encode()[:column].decode())

    def start(self, node: ast.stmt) -> Position:
        """Return where a statement begins, its decorators included."""
        decorators = getattr(node, "decorator_list", [])
        if not decorators:
            return self.position(node.lineno, node.col_offset)
        line = decorators[0].lineno
        while not self.lines[line - 1].lstrip().startswith("@"):
            line -= 1
        return line, len(self.lines[line - 1]) - len(self.lines[line - 1].lstrip())

    def comment(self, start: Position, end: Position) -> str:
        """Return the comment lines between two places, with the empty lines between them."""
        rows: list[str] = []
        previous = 0
        for (line, column), text in self.comments:
            if not start <= (line, column) < end:
                continue
            if (
                rows
                and line - previous > 1
                and not any(map(str.strip, self.lines[previous : line - 1]))
            ):
                rows.append("")
            rows.append(text)
            previous = line
        return "\n".join(rows)

    def _full_end(self, node: ast.stmt, tail: Position, after: Position) -> Position:
        """Return the end of a statement with the comments that belong to it."""
        end = tail
        for place, text in self.comments:
            if tail <= place < after and place[0] == tail[0]:
                end = (place[0], place[1] + len(text))
        if not hasattr(node, "body"):
            return end
        indent = self.start(node)[1]
        for place, text in self.comments:
            if end < place < after:
                if place[1] <= indent:
                    break
                end = (place[0], place[1] + len(text))
        return end

    def _is_silenced(self, tail: Position, end: Position, *, last: bool) -> bool:
        """Tell whether a semicolon, or the comment of a dropped magic, follows."""
        line, column = tail
        if self.lines[line - 1][column:].lstrip().startswith(";"):
            return True
        if not last:
            return False
        authors = self.cell.text.split("\n")
        rest = zip(self.lines[end[0] :], self.cell.line_map[end[0] :], strict=True)
        return any(text.strip() and authors[origin - 1] != text for text, origin in rest)

    def _text(self, start: Position, tail: Position, end: Position) -> str:
        """Return the text from start to end, dedented, without a semicolon behind it."""
        first = self.lines[start[0] - 1]
        indent = len(first) - len(first.lstrip())
        rows = [self._dedented(number, indent) for number in range(start[0], end[0] + 1)]
        rows[0] = first[start[1] :]
        shift = start[1] if tail[0] == start[0] else self._removed(tail[0], indent)
        row = rows[tail[0] - start[0]]
        behind = row[tail[1] - shift :]
        comment = behind[behind.index("#") :] if self._has_comment(tail, end) else ""
        rows[tail[0] - start[0]] = row[: tail[1] - shift] + (f"  {comment}" if comment else "")
        return "\n".join(rows)

    def _has_comment(self, tail: Position, end: Position) -> bool:
        return any(tail <= place < end and place[0] == tail[0] for place, _ in self.comments)

    def _dedented(self, number: int, indent: int) -> str:
        return self.lines[number - 1][self._removed(number, indent) :]

    def _removed(self, number: int, indent: int) -> int:
        """Return how many columns of a line the dedent takes."""
        line = self.lines[number - 1]
        return 0 if number in self.in_string else min(indent, len(line) - len(line.lstrip()))
