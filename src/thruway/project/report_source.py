"""The original for the report: cells cut into passages, each of one step, highlighted."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from thruway.plan.types import Plan
    from thruway.program.types import Statement
    from thruway.source.types import Cell


@dataclass(frozen=True)
class Passage:
    """Lines of a cell that went to the same place.

    Attributes:
        steps: names of the steps that hold them.
        role: of the first of these, "" if none.
        note: where they went if not to a step.
        lines: (number, HTML) of each line.
        tagged: the passage before it went somewhere else.
    """

    steps: tuple[str, ...]
    role: str
    note: str
    lines: tuple[tuple[int, str], ...]
    tagged: bool = True


@dataclass(frozen=True)
class CellView:
    """A cell of the report: Markdown as (is heading, text) rows, code as passages."""

    number: int
    kind: str
    prose: tuple[tuple[bool, str], ...] = ()
    passages: tuple[Passage, ...] = ()


def cell_views(plan: Plan) -> list[CellView]:
    """Return the cells that hold something, in order."""
    source = plan.graph.program.source
    statements: dict[int, list[Statement]] = {}
    for statement in plan.graph.program.statements:
        statements.setdefault(statement.place.cell, []).append(statement)
    for each in statements.values():
        each.sort(key=lambda statement: (statement.place.line, statement.id))
    fates = _fates(plan)
    views = [
        _view(cell, statements.get(cell.number, []), fates)
        for cell in source.cells
        if cell.text.strip()
    ]
    return _tagged(views)


def _tagged(views: list[CellView]) -> list[CellView]:
    """Leave the tag of a passage out where it would only repeat the one above."""
    before: tuple[tuple[str, ...], str] = ((), "")
    found = []
    for view in views:
        passages = []
        for passage in view.passages:
            here = (passage.steps, passage.note)
            passages.append(replace(passage, tagged=here != before))
            before = here
        found.append(replace(view, passages=tuple(passages)))
        if view.prose and view.prose[0][0]:  # a heading: the reader may begin here
            before = ((), "")
    return found


_Fate = tuple[tuple[str, ...], str, str]


def _fates(plan: Plan) -> dict[int, _Fate]:
    """Return statement → (steps, role, note)."""
    fates: dict[int, _Fate] = {}
    for number, reason in plan.dropped:
        fates[number] = ((), "", f"left out: {reason}")
    for settings in plan.shared.settings:
        fates |= dict.fromkeys(settings.statements, ((), "", f"shared.py · {settings.name}()"))
    fates |= dict.fromkeys(plan.shared.statements, ((), "", "shared.py"))
    for step in plan.steps:
        for number in (*step.helpers, *step.body):
            names, role, _ = fates.get(number, ((), "", ""))
            fates[number] = ((*names, step.name), role or step.role, "")
    for statement in plan.graph.program.statements:
        if statement.kind == "import" and not fates.get(statement.id, ((),))[0]:
            fates[statement.id] = ((), "", "imports")
    return fates


def _view(cell: Cell, statements: list[Statement], fates: Mapping[int, _Fate]) -> CellView:
    if cell.kind != "code":
        return CellView(cell.number, cell.kind, prose=_prose(cell.text))
    html = highlighted(cell.text)
    owner = _owners(statements, cell.text.split("\n"))
    numbered = list(enumerate(html, start=1))
    passages = [
        Passage(*fate, tuple(lines))
        for fate, lines in groupby(
            numbered, key=lambda line: fates.get(owner[line[0]], ((), "", ""))
        )
    ]
    return CellView(cell.number, cell.kind, passages=tuple(passages))


def _owners(statements: list[Statement], lines: list[str]) -> dict[int, int]:
    """Return line → id of its statement; blank lines belong to what is above."""
    owners: dict[int, int] = {}
    done = 0
    for statement in statements:
        first = done + 1
        until = min(statement.place.line, len(lines))
        while owners and first < until and not lines[first - 1].strip():
            owners[first] = owners[first - 1]
            first += 1
        for line in range(first, statement.end_line + 1):
            owners.setdefault(line, statement.id)
        done = max(done, statement.end_line)
    last = statements[-1].id if statements else 0
    return {line: owners.get(line, last) for line in range(1, len(lines) + 1)}


def _prose(text: str) -> tuple[tuple[bool, str], ...]:
    rows = []
    for paragraph in re.split(r"\n\s*\n|\n(?=#)|(?<=\n)(?=[-*] )", text.strip()):
        heading, _, rest = paragraph.strip().partition("\n")
        if heading.startswith("#"):
            rows.append((True, heading.lstrip("# ")))
            heading, rest = "", rest.strip()
        remaining = f"{heading}\n{rest}".strip()
        if remaining:
            rows.append((False, remaining))
    return tuple(rows)


def highlighted(code: str) -> list[str]:
    """Return the HTML of each line; plain when pygments is not installed."""
    try:
        from pygments import highlight  # type: ignore[import-untyped] # it ships no types
        from pygments.formatters import HtmlFormatter  # type: ignore[import-untyped] # the same
        from pygments.lexers import PythonLexer  # type: ignore[import-untyped] # the same
    except ImportError:
        return [escape(line) for line in code.split("\n")]
    lexer = PythonLexer(stripnl=False, ensurenl=False)
    html: str = highlight(code, lexer, HtmlFormatter(nowrap=True))
    lines = html.split("\n")
    count = code.count("\n") + 1
    return (lines + [""] * count)[:count]
