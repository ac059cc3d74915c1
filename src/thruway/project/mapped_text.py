"""The text of a step that is called for each item: the body of the author's loop."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from thruway.program.imports import Imports
from thruway.program.loops import read_loop

if TYPE_CHECKING:
    from thruway.plan.types import Port, StepPlan
    from thruway.program.types import Statement


def call_text(step: StepPlan, statement: Statement, code: str) -> tuple[str, str]:
    """Return the body of one call, and what it returns.

    Args:
        step: the mapped step.
        statement: its loop.
        code: the text of the loop, with its edits.
    """
    loop = read_loop(replace(statement, code=code), Imports())
    assert loop is not None
    *lines, last = loop.lines
    rows = [] if loop.target == step.item else [f"{loop.target} = {step.item}"]
    for number, line in enumerate(lines):
        rows += [""] if number and line.spaced else []
        rows.append(line.text)
    return "\n".join(rows), _given(last.code, statement.fan.copied if statement.fan else "")


def _given(code: str, copied: str) -> str:
    """Return what a line appends to the list of results."""
    given = code.partition(".append(")[2].removesuffix(")")
    if copied:
        given = given.removeprefix(f"{copied}(").removesuffix(")")
    return given.removeprefix("(").removesuffix(")") if "," in given else given


def of_one(port: Port) -> Port:
    """Return the port of one item, for that of a list of them.

    A list of mixed lengths, or one whose items are of many types, says nothing of one item.
    """
    text = port.annotation
    inside = text[len("list[") : -1] if text.startswith("list[") else ""
    if not inside:
        return replace(port, annotation="Any", imports=("from typing import Any",))
    return replace(port, annotation=inside)
