"""Put the statements of a program in another order, with what was observed of them.

Statements are numbered by their order, so another order is another numbering; the places in the
author's text stay as they are.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from thruway.program.types import Program
    from thruway.trace.types import Trace


def reorder_program(program: Program, order: tuple[int, ...]) -> Program:
    """Return the program with its statements in `order`, numbered anew from 1.

    Args:
        program: the statements.
        order: every statement id once, or nothing: then the program is returned as it is.
    """
    if not order:
        return program
    by_id = {statement.id: statement for statement in program.statements}
    moved = (replace(by_id[old], id=new) for new, old in enumerate(order, 1))
    if program.order:  # it was put in another order before: the author's numbers are those below
        order = tuple(program.order[number - 1] for number in order)
    return replace(program, statements=tuple(moved), order=order)


def reorder_trace(trace: Trace, order: tuple[int, ...]) -> Trace:
    """Return what was observed, numbered as `reorder_program` numbers the statements."""
    if not order:
        return trace
    new = {old: number for number, old in enumerate(order, 1)}
    facts = (replace(fact, statement=new[fact.statement]) for fact in trace.facts)
    return replace(trace, facts=tuple(sorted(facts, key=lambda fact: fact.statement)))
