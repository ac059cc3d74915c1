"""Where in the original the lines of a step stood, in words."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from thruway.plan.types import Plan, StepPlan
    from thruway.program.types import Statement

_MOST_RANGES = 4


def origin(plan: Plan, step: StepPlan) -> str:
    """Return `cells 3-7 of churn.ipynb` or `lines 12-40 of churn.py`; "" for a step without lines.

    Definitions that stand in several steps are left out.
    """
    passages = _passages(plan, step)
    if not passages:
        return ""
    in_lines = all(first.place.cell == 0 for first, _ in passages)
    if in_lines:
        ranges = [(first.place.line, last.end_line) for first, last in passages]
    else:
        ranges = [(first.place.cell, last.place.cell) for first, last in passages]
    noun = ("line" if in_lines else "cell") + ("" if _is_one(ranges) else "s")
    return f"{noun} {_words(ranges)} of {plan.graph.program.source.path.name}"


def _passages(plan: Plan, step: StepPlan) -> list[tuple[Statement, Statement]]:
    """Return first and last statement of each stretch of the program that is the step's alone."""
    statements = {each.id: each for each in plan.graph.program.statements}
    replicable = {node.statement.id for node in plan.graph.nodes if node.replicable}
    owners = {n: each.function for each in plan.steps for n in each.body if n not in replicable}
    owners |= {number: step.function for number in step.body if number not in replicable}
    stretches = groupby(sorted(owners), key=lambda number: owners[number] == step.function)
    passages = [list(ids) for mine, ids in stretches if mine]
    if not passages and step.body:
        passages = [sorted(step.body)]
    return [(statements[ids[0]], statements[ids[-1]]) for ids in passages]


def _is_one(ranges: list[tuple[int, int]]) -> bool:
    return len(ranges) == 1 and ranges[0][0] == ranges[0][1]


def _words(ranges: list[tuple[int, int]]) -> str:
    if len(ranges) > _MOST_RANGES:
        ranges = [(ranges[0][0], ranges[-1][1])]
    words = [str(a) if a >= b else f"{a}-{b}" for a, b in dict.fromkeys(ranges)]
    return ", ".join(words)
