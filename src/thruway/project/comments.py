"""Which comments go with which statement, so that none gets lost on the way to a step.

A statement keeps the comments above it and those that end its cell. What stood at a statement
that is written nowhere (an import that moved to the top, a `del`) goes on to the next one that
is; a comment that speaks of such an import alone may go, and one above a constant that became a
parameter goes to the parameter.
"""

from __future__ import annotations

import io
import re
import tokenize
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from thruway.program.banners import banner_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from thruway.plan.types import Parameter, Plan
    from thruway.program.types import Statement
    from thruway.source.types import Cell


# What the first lines of a script say to the shell and to Python, not to people.
_FOR_MACHINES = re.compile(r"#!|#.*coding[:=]")
_FIRST = frozenset({"import", "docstring"})


@dataclass(frozen=True)
class Comments:
    """The comments of one statement, as rows; an empty row is an empty line.

    Attributes:
        before: of cells that hold only comments, and what else stood before; an empty line follows.
        above: directly above it, in its cell.
        below: after it, at the end of its cell, with the empty line that stands before them.
    """

    before: tuple[str, ...] = ()
    above: tuple[str, ...] = ()
    below: tuple[str, ...] = ()


class Lines:
    """The lines of a program's cells, by the numbers that its statements have."""

    def __init__(self, cells: Sequence[Cell]) -> None:
        self._cells = {cell.number: _numbered(cell) for cell in cells if cell.kind == "code"}

    def at(self, statement: Statement, line: int, missing: str = "") -> str:
        """Return a line of a statement's cell with its end, or `missing` outside of the cell."""
        return self._cells.get(statement.place.cell, {}).get(line, missing)

    def count_above(self, statement: Statement) -> int:
        """Return how many comment lines stand above a statement in its cell."""
        if statement.moved or not self.at(statement, statement.place.line):  # all are above
            return len(statement.comment)
        return len(self._comment_lines(statement))

    def count_between(self, earlier: int, later: int) -> int:
        """Return how many comment lines the cells between two cells hold."""
        return sum(
            _is_comment(row)
            for number in range(earlier + 1, later)
            for row in self._cells.get(number, {}).values()
        )

    def follows_blank(self, statement: Statement) -> bool:
        """Say whether an empty line stands above a statement and its comments."""
        line = statement.place.line - 1
        while _is_comment(self.at(statement, line)):
            line -= 1
        return not self.at(statement, line, "#").strip()

    def remarks(self, before: Statement, statement: Statement) -> int:
        """Return how many of the comment lines above a statement speak of the one before it.

        They stand directly below that one, and an empty line parts them from what follows.
        """
        if before.place.cell != statement.place.cell or before.moved or statement.moved:
            return 0
        line = before.end_line + 1
        rows = []
        while _is_comment(self.at(statement, line)):
            rows.append(self.at(statement, line))
            line += 1
        parted = line < statement.place.line and not self.at(statement, line, "#").strip()
        return len(rows) if parted and banner_in("".join(rows)) is None else 0

    def stands_off(self, statement: Statement) -> bool:
        """Say whether an empty line parts a statement from the comments above it."""
        return not self.at(statement, statement.place.line - 1, "#").strip()

    def _comment_lines(self, statement: Statement) -> list[int]:
        found, line = [], statement.place.line - 1
        while text := self.at(statement, line):
            if _is_comment(text):
                found.append(line)
            elif text.strip():
                break
            line -= 1
        return found


def _numbered(cell: Cell) -> dict[int, str]:
    """Return line of the user's text → the Python that stands for it, with its line end."""
    rows = cell.code.split("\n")
    numbers = cell.line_map or range(1, len(rows) + 1)
    return {number: f"{row}\n" for number, row in zip(numbers, rows, strict=False)}


def _is_comment(row: str) -> bool:
    return row.lstrip().startswith("#")


def comments_of(plan: Plan, lines: Lines) -> dict[int, Comments]:
    """Return statement → its comments, those of statements that are not written included."""
    statements = _that_ran(plan)
    written = _written(plan)
    parts = _parts(statements, lines)
    lifted = {parameter.name for step in plan.steps for parameter in step.parameters}
    found: dict[int, Comments] = {}
    waiting: tuple[str, ...] = ()
    last = 0
    for position, statement in enumerate(statements):
        own = parts[statement.id]
        if statement.id in written:
            leading = own if not waiting else _after(waiting, own, _leads(statements, position))
            found[statement.id], waiting, last = leading, (), statement.id
        elif statement.kind == "constant" and statement.stores & lifted:
            continue
        else:
            waiting = _joined(waiting, _left_over(statements, position, own, written))
    if waiting and last:
        found[last] = _with_below(found[last], waiting)
    return found


def _that_ran(plan: Plan) -> list[Statement]:
    ran = {node.statement.id for node in plan.graph.nodes}
    return [each for each in plan.graph.program.statements if each.id in ran]


def _written(plan: Plan) -> frozenset[int]:
    """Return the statements that stand in some file."""
    groups = [(*step.body, *step.helpers) for step in plan.steps]
    groups += [settings.statements for settings in plan.shared.settings]
    return frozenset().union(plan.shared.statements, *groups)


def _parts(statements: Sequence[Statement], lines: Lines) -> dict[int, Comments]:
    found: dict[int, Comments] = {}
    cell, previous = 0, None
    for statement in statements:
        rows = tuple(row.strip() for row in statement.comment.strip("\n").split("\n"))
        rows = rows if any(rows) else ()
        if not found:
            rows = tuple(row for row in rows if not _FOR_MACHINES.match(row))
        before, rest = _cut(rows, lines.count_between(cell, statement.place.cell))
        above, below = _cut(rest, lines.count_above(statement))
        if below and not lines.at(statement, statement.end_line + 1).strip():
            below = ("", *below)
        if previous and above and (remarks := lines.remarks(previous, statement)):
            own = found[previous.id]
            said, above = _cut(above, remarks)
            found[previous.id] = replace(own, below=(*own.below, *said))
        if above and lines.stands_off(statement):
            before, above = _joined(before, above), ()
        found[statement.id] = Comments(before, above, below)
        cell, previous = statement.place.cell, statement
    return found


def _cut(rows: tuple[str, ...], count: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the rows up to the comment with this number, and those after it."""
    left = count
    for number, row in enumerate(rows):
        if row and left == 0:
            end = number - 1 if number and not rows[number - 1] else number
            return rows[:end], rows[number:]
        left -= bool(row)
    return rows, ()


def _leads(statements: Sequence[Statement], position: int) -> bool:
    """Say whether a statement stands directly below the one before it."""
    if position == 0:
        return False
    before, here = statements[position - 1], statements[position]
    return before.place.cell == here.place.cell and before.end_line + 1 == here.place.line


def _left_over(
    statements: Sequence[Statement], position: int, own: Comments, written: frozenset[int]
) -> tuple[str, ...]:
    """Return what must not get lost of the comments of a statement that is not written.

    A comment above an import speaks of it, unless code follows without an empty line: then it is
    the title of that paragraph. Once the program has begun, it is the title of what follows in its
    cell: the author imports what is needed next.
    """
    statement = statements[position]
    above = own.above
    if statement.kind == "import" and not _titles(statements, position):
        later = position + 1
        while later < len(statements) and _leads(statements, later):
            if statements[later].id in written:
                break
            later += 1
        else:
            above = ()
    below = own.below[1:] if own.below[:1] == ("",) else own.below
    return _joined(_joined(own.before, above), below)


def _titles(statements: Sequence[Statement], position: int) -> bool:
    """Say whether an import stands in the midst of a program, in a cell that goes on after it."""
    cell = statements[position].place.cell
    after = (each for each in statements[position + 1 :] if each.place.cell == cell)
    begun = any(each.kind not in _FIRST for each in statements[:position])
    return begun and any(each.kind != "import" for each in after)


def _joined(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return (*one, "", *other) if one and other else (*one, *other)


def _after(waiting: tuple[str, ...], own: Comments, directly: bool) -> Comments:
    """Return the comments of a statement with those that waited for it."""
    if directly and not own.before and not own.above:
        return Comments((), waiting, own.below)
    return Comments(_joined(waiting, own.before), own.above, own.below)


def _with_below(own: Comments, rows: tuple[str, ...]) -> Comments:
    return Comments(own.before, own.above, (*own.below, "", *rows))


def parameter_comment(parameter: Parameter, statements: Mapping[int, Statement]) -> str:
    """Return the comment lines for a parameter: those of the constant that it was."""
    rows = [row.strip() for row in parameter.comment.split("\n") if row.strip()]
    for statement in statements.values():
        if statement.kind == "constant" and statement.stores == {parameter.name}:
            rows += [row for row in _behind(statement.code) if row not in rows]
            break
    return "\n".join(row for row in rows if row.startswith("#"))


def _behind(code: str) -> list[str]:
    """Return the comments behind and inside the lines of a statement."""
    tokens = tokenize.generate_tokens(io.StringIO(code).readline)
    return [token.string for token in tokens if token.type == tokenize.COMMENT]
