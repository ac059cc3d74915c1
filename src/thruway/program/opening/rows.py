"""The text of a program as rows, each of which knows where the author wrote it.

Opening is text in, text out: every move takes a `Text` and gives another one. A row keeps its
cell and line through all of them, so that a statement can always say where it stands.
"""

from __future__ import annotations

import ast
import io
import tokenize
import warnings
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from thruway.source.types import Cell

Position = tuple[int, int]  # line from 1, column from 0 in characters
Block = ast.FunctionDef | ast.If | ast.ClassDef


@dataclass(frozen=True)
class Row:
    """One line of the program.

    Attributes:
        text: as it stands now.
        cell, line: where the author wrote it.
        title: of the function that it came out of, "" outside of any.
        moved: it stands somewhere else than the author put it, or says something else.
        argument: annotation of the command-line argument that it binds, "" if none.
    """

    text: str
    cell: int
    line: int
    title: str = ""
    moved: bool = False
    argument: str = ""


@dataclass(frozen=True)
class Edit:
    """Text to put in place of a span."""

    start: Position
    end: Position
    text: str


class Text:
    """Rows that parse, one statement of the top level a row or more."""

    def __init__(self, rows: Iterable[Row]) -> None:
        """Take rows; statements that share a line come apart."""
        self.rows = tuple(rows)
        shared = self._apart()
        if shared is not None:
            self.rows = shared

    @classmethod
    def of(cls, cells: Sequence[Cell]) -> Text:
        """Return the text of all cells."""
        return cls(
            Row(text, cell.number, line)
            for cell in cells
            for text, line in zip(cell.code.split("\n"), cell.line_map, strict=True)
        )

    @cached_property
    def lines(self) -> list[str]:
        """The text of the rows."""
        return [row.text for row in self.rows]

    @cached_property
    def tree(self) -> ast.Module:
        """The rows, parsed."""
        return parsed("\n".join(self.lines))

    @property
    def body(self) -> list[ast.stmt]:
        """The statements of the top level."""
        return self.tree.body

    @cached_property
    def frozen(self) -> frozenset[int]:
        """Numbers of the lines that begin inside a string."""
        found: set[int] = set()
        nested: list[int] = []
        code = "\n".join(self.lines)
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            kind = tokenize.tok_name[token.type]
            if token.type == tokenize.STRING:
                found.update(range(token.start[0] + 1, token.end[0] + 1))
            elif kind in {"FSTRING_START", "TSTRING_START"}:
                nested.append(token.start[0])
            elif kind in {"FSTRING_END", "TSTRING_END"}:
                found.update(range(nested.pop() + 1, token.end[0] + 1))
        return frozenset(found)

    def place(self, line: int, column: int) -> Position:
        """Return a place with its column in characters; `ast` counts bytes."""
        return line, len(self.lines[line - 1].encode()[:column].decode())

    def start(self, node: ast.expr | ast.stmt | ast.arg) -> Position:
        """Return where a node begins, its decorators included."""
        decorators = getattr(node, "decorator_list", [])
        if not decorators:
            return self.place(node.lineno, node.col_offset)
        line = decorators[0].lineno
        while not self.lines[line - 1].lstrip().startswith("@"):
            line -= 1
        return line, len(self.lines[line - 1]) - len(self.lines[line - 1].lstrip())

    def end(self, node: ast.expr | ast.stmt | ast.arg) -> Position:
        """Return where a node ends."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self.place(node.end_lineno, node.end_col_offset)

    def slice(self, start: Position, end: Position) -> str:
        """Return the text between two places."""
        lines = self.lines[start[0] - 1 : end[0]]
        lines[-1] = lines[-1][: end[1]]
        lines[0] = lines[0][start[1] :]
        return "\n".join(lines)

    def source(self, node: ast.expr | ast.stmt) -> str:
        """Return the text of a node."""
        return self.slice(self.start(node), self.end(node))

    def code(self, node: ast.stmt) -> str:
        """Return the text of a statement of the top level."""
        return self.source(node)

    def edited(self, edits: Iterable[Edit]) -> Text:
        """Return the text with spans replaced; a span over several lines becomes one row."""
        rows = list(self.rows)
        for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
            (first, column), (last, end) = edit.start, edit.end
            text = rows[first - 1].text[:column] + edit.text + rows[last - 1].text[end:]
            rows[first - 1 : last] = [replace(rows[first - 1], text=text, moved=True)]
        return Text(rows)

    def replaced(self, found: Mapping[ast.stmt, Sequence[Row]]) -> Text:
        """Return the text with statements of the top level replaced by rows.

        What stands behind a statement as a comment stays, above the new rows.
        """
        rows: list[Row] = []
        done = 0
        for node in self.body:
            if node not in found:
                continue
            rows += self.rows[done : self.start(node)[0] - 1]
            rows += self._behind(node)
            rows += found[node]
            done = self.last(node)
        return Text([*rows, *self.rows[done:]])

    def _behind(self, node: ast.stmt) -> list[Row]:
        if isinstance(node, Block):
            return []
        line, column = self.end(node)
        row = self.rows[line - 1]
        rest = row.text[column:]
        comment = rest[rest.index("#") :] if "#" in rest else ""
        return [replace(row, text=comment, moved=True, argument="")] if comment else []

    def last(self, node: ast.stmt) -> int:
        """Return the last line of a statement, comments that belong to its block included."""
        return self._block_end(node) if isinstance(node, Block) else self.end(node)[0]

    def above(self, node: ast.stmt) -> tuple[int, int]:
        """Return the first and the last line (past it) of the comments above a statement."""
        stop = self.start(node)[0]
        first = line = stop
        while line > 1 and line - 1 not in self.frozen:
            text = self.lines[line - 2].strip()
            if text and not text.startswith("#"):
                break
            line -= 1
            if text:
                first = line
        return first, stop

    def taken(self, nodes: Iterable[ast.stmt]) -> tuple[Text, list[Row]]:
        """Return the text without some statements, and the comments that stood above them."""
        gone: set[int] = set()
        comments: list[Row] = []
        for node in nodes:
            first, stop = self.above(node)
            comments += [replace(row, moved=True) for row in self.rows[first - 1 : stop - 1]]
            gone.update(range(first, self.last(node) + 1))
        rows = [row for number, row in enumerate(self.rows, start=1) if number not in gone]
        return Text(rows), comments

    def block(self, node: Block) -> Text:
        """Return the body of a block as a text of its own, its comments included."""
        return Text(self._block_rows(node))

    def _block_rows(self, node: Block) -> list[Row]:
        first = self.start(node.body[0])
        header = self._colon(node)
        if header[0] == first[0]:
            return self._tail(node, first)
        indent = first[1]
        stop = self._block_end(node)
        behind = self.lines[header[0] - 1][header[1] + 1 :].strip()
        head = [replace(self.rows[header[0] - 1], text=behind, moved=True)] if behind else []
        return head + [self._dedented(line, indent) for line in range(header[0] + 1, stop + 1)]

    def _tail(self, node: Block, first: Position) -> list[Row]:
        """Return a body that stands on the line of its header."""
        stop = self.end(node)[0]
        rows = [replace(self.rows[line - 1], moved=True) for line in range(first[0], stop + 1)]
        rows[0] = replace(rows[0], text=self.lines[first[0] - 1][first[1] :])
        return rows

    def _colon(self, node: Block) -> Position:
        """Return the place of the colon that ends the header of a block."""
        start = (node.lineno, 0)
        depth = 0
        code = "\n".join(self.lines[node.lineno - 1 : self.end(node)[0]])
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            if token.type != tokenize.OP:
                continue
            depth += (token.string in "([{") - (token.string in ")]}")
            if token.string == ":" and not depth:
                return token.start[0] + start[0] - 1, token.start[1]
        return start

    def _block_end(self, node: Block) -> int:
        """Return the last line of a block: comments that are indented like it belong to it."""
        last = line = self.end(node)[0]
        margin = self.start(node)[1]
        while line < len(self.lines):
            text = self.lines[line]
            if text.strip():
                if not text.strip().startswith("#"):
                    break
                if len(text) - len(text.lstrip()) <= margin:
                    break
                last = line + 1
            line += 1
        return last

    def _dedented(self, line: int, indent: int) -> Row:
        row = self.rows[line - 1]
        if line in self.frozen:
            return row
        space = len(row.text) - len(row.text.lstrip())
        return replace(row, text=row.text[min(indent, space) :])

    def _apart(self) -> tuple[Row, ...] | None:
        """Return the rows with one statement a line; None when they are already."""
        body = self.body
        shared = {
            number
            for number, (one, other) in enumerate(pairwise(body))
            if self.end(one)[0] == self.start(other)[0]
        }
        if not shared:
            return None
        rows: list[Row] = []
        done = 0
        for number, node in enumerate(body):
            if number not in shared and number - 1 not in shared:
                continue
            first, last = self.start(node), self.end(node)
            if number - 1 not in shared:
                rows += self.rows[done : first[0] - 1]
            stop = last if number in shared else (last[0], len(self.lines[last[0] - 1]))
            parts = self.slice(first, stop).split("\n")
            origins = self.rows[first[0] - 1 : last[0]]
            rows += [replace(o, text=t) for o, t in zip(origins, parts, strict=True)]
            done = last[0]
        return (*rows, *self.rows[done:])


def parsed(code: str) -> ast.Module:
    """Return the tree of some text, without the warnings that it may give."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(code)


def comment_rows(text: str, origin: Row) -> list[Row]:
    """Return lines of prose as rows of comments."""
    lines = [line.strip() for line in text.strip().split("\n")]
    return [replace(origin, text=f"# {line}".rstrip(), moved=True, argument="") for line in lines]
