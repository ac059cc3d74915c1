"""What the author says of the program at its top, and what the project needs from beside it."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from thruway.plan.naming.headline import BY_EDITORS
from thruway.project.layout import heading_text

if TYPE_CHECKING:
    from thruway.plan.types import Plan

_LONGEST = 800
_NO_PROSE = ("<", "!", "|", "[!", "---", "```", "#")


def intro(plan: Plan) -> str:
    """Return the text at the top of the original: a docstring, or Markdown before any code."""
    program = plan.graph.program
    for statement in program.statements[:1]:
        if statement.kind == "docstring":
            return _paragraphs(str(ast.literal_eval(statement.code)))
    for cell in program.source.cells:
        if cell.kind == "code" and cell.code.strip():
            break
        if cell.kind == "markdown" and (text := _paragraphs(cell.text)):
            return text
    return ""


def _paragraphs(text: str) -> str:
    """Return the first paragraphs that are plain text, a sentence at least."""
    chosen: list[str] = []
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        rows = [row.strip() for row in paragraph.split("\n")]
        rows = [row for row in rows if not BY_EDITORS.match(row)]
        while rows and rows[0].startswith("#"):
            rows.pop(0)
        if not rows or rows[0].startswith(_NO_PROSE):
            if chosen:
                break
            continue
        if sum(map(len, chosen)) + len(paragraph) > _LONGEST:
            break
        chosen.append("\n".join(rows))
    return "\n\n".join(chosen)


def says_more(text: str, title: str) -> bool:
    """Say whether a text is more than the title again."""
    return bool(text) and _letters(text) != _letters(title)


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", heading_text(text)).casefold()
