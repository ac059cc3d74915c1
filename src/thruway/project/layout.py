"""Put statements one after the other as their author did: comments, blank lines, edits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from thruway.project import code_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from thruway.plan.types import Edit, StepPlan
    from thruway.program.types import Program, Statement
    from thruway.source.types import Cell


@dataclass(frozen=True)
class Additions:
    """What is written around the statements of one step.

    Attributes:
        edits: replacements, by statement id.
        displayed: ids whose expression is displayed.
        underscore: ids whose displayed value is also bound to `_`.
        shown: ids after which the open figures are shown.
        display: name of the function that displays.
        pyplot: expression that gives pyplot.
    """

    edits: Mapping[int, tuple[Edit, ...]]
    displayed: frozenset[int] = frozenset()
    underscore: frozenset[int] = frozenset()
    shown: frozenset[int] = frozenset()
    display: str = "display"
    pyplot: str = "plt"

    @classmethod
    def of(cls, step: StepPlan, display: str, pyplot: str) -> Additions:
        """Return what a step's plan asks for."""
        edits: dict[int, tuple[Edit, ...]] = {}
        for edit in step.edits:
            edits[edit.statement] = (*edits.get(edit.statement, ()), edit)
        return cls(edits, step.displayed, step.underscore, step.shown, display, pyplot)


NOTHING = Additions({})


class Layout:
    """The statements of a program, ready to be set."""

    def __init__(self, program: Program) -> None:
        self.statements = {statement.id: statement for statement in program.statements}
        self._cells = {cell.number: _lines(cell) for cell in program.source.cells}

    def pick(self, ids: Iterable[int]) -> list[Statement]:
        """Return the statements with these ids."""
        return [self.statements[number] for number in ids]

    def text(self, ids: Iterable[int], additions: Additions = NOTHING) -> str:
        """Return the statements as written, with blank lines where the author had them."""
        parts: list[str] = []
        before: Statement | None = None
        for statement in self.pick(ids):
            if before is not None and self._is_apart(before, statement):
                parts.append("")
            above, below = self._comments(statement)
            parts += [*above, changed(statement, additions), *below]
            before = statement
        return "\n".join(parts)

    def _is_apart(self, before: Statement, statement: Statement) -> bool:
        """Say whether a blank line stands between two statements, or stood by what was between."""
        if before.place.cell != statement.place.cell or statement.id < before.id:
            return True
        between = self.pick(
            number for number in range(before.id + 1, statement.id + 1) if number in self.statements
        )
        return any(self._follows_blank_line(later) for later in between)

    def _follows_blank_line(self, statement: Statement) -> bool:
        above, _ = self._comments(statement)
        first = statement.place.line - len(above)
        return not self._line(statement, first - 1, "#").strip()

    def _comments(self, statement: Statement) -> tuple[list[str], list[str]]:
        """Return the comment lines above a statement, and those that end its cell."""
        rows = [row.strip() for row in statement.comment.strip("\n").split("\n")]
        if not statement.comment.strip():
            return [], []
        left = self._count_above(statement)
        for number, row in enumerate(rows):
            if row and left == 0:
                end = number if number == 0 or rows[number - 1] else number - 1
                return rows[:end], rows[end:]
            left -= bool(row)
        return rows, []

    def _count_above(self, statement: Statement) -> int:
        """Return how many comment lines stand above a statement in its cell."""
        count, line = 0, statement.place.line - 1
        while text := self._line(statement, line):
            if text.strip() and not text.lstrip().startswith("#"):
                break
            count += text.lstrip().startswith("#")
            line -= 1
        return count

    def _line(self, statement: Statement, line: int, missing: str = "") -> str:
        """Return a line of a statement's cell with its end, or `missing` outside of the cell."""
        return self._cells.get(statement.place.cell, {}).get(line, missing)


def _lines(cell: Cell) -> dict[int, str]:
    """Return line of the user's text → the Python that stands for it, with its line end."""
    rows = cell.code.split("\n")
    numbers = cell.line_map or range(1, len(rows) + 1)
    return {number: f"{row}\n" for number, row in zip(numbers, rows, strict=False)}


def changed(statement: Statement, additions: Additions = NOTHING) -> str:
    """Return one statement with its edits, displayed and followed by `show()` as planned."""
    code = code_text.apply_edits(statement.code, additions.edits.get(statement.id, ()))
    if statement.id in additions.displayed:
        underscore = statement.id in additions.underscore
        code = code_text.display(code, additions.display, underscore=underscore)
    if statement.id in additions.shown:
        code = f"{code}\n{additions.pyplot}.show()"
    return code
