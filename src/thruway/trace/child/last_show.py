"""Where figures end that all wait for one `plt.show()` at the end of a program.

Many scripts draw figure after figure and show them together in their last line. A figure that is
finished before the next one begins needs nothing of that line: it is taken to end where it was
last drawn on, as a figure does that nobody shows, so that the steps between need not stay
together. Only the last of all shows counts: after it, a line that draws on "the current figure"
begins a new one, and may not meet one that was left open.
"""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from thruway.trace.types import Effect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from thruway.trace.types import Fact


def part_last_show(facts: list[Fact], trees: Sequence[ast.Module]) -> None:
    """Let the figures that the last `show()` ended end where they were last drawn on.

    Those that were drawn on last stay with it. The others it only looks at.

    Args:
        facts: of all statements that ran; changed in place.
        trees: of the statements, in the same order.
    """
    places = reversed(range(len(facts)))
    place = next((n for n in places if any(map(_is_figure, facts[n].effects))), None)
    if place is None or not _shows(trees[place]):
        return
    if any(map(_goes_by_number, facts, trees)):  # which another count of figures would change
        return
    show = facts[place]
    ends = {figure.number: _last(facts[:place], figure.number) for figure in show.figures}
    last = max(ends.values(), default=-1)
    parted = {f"figure:{number}" for number, end in ends.items() if -1 < end < last}
    for figure in show.figures:
        if f"figure:{figure.number}" in parted:
            fact = facts[ends[figure.number]]
            facts[ends[figure.number]] = replace(fact, figures=(*fact.figures, figure))
    facts[place] = replace(
        show,
        figures=tuple(f for f in show.figures if f"figure:{f.number}" not in parted),
        effects=tuple(
            Effect(each.resource, "read") if each.resource in parted else each
            for each in show.effects
        ),
    )


def _is_figure(effect: Effect) -> bool:
    return effect.resource.startswith("figure:")


def _last(facts: list[Fact], number: int) -> int:
    """Return where a figure was last drawn on, -1 if nowhere."""
    token = f"figure:{number}"
    touched = (n for n, fact in enumerate(facts) if any(e.resource == token for e in fact.effects))
    return max(touched, default=-1)


def _goes_by_number(fact: Fact, tree: ast.Module) -> bool:
    """Whether a statement asks for the number of a figure, or chooses one that is there by it."""
    nodes = list(ast.walk(tree))
    if any(isinstance(node, ast.Attribute) and node.attr == "number" for node in nodes):
        return any(map(_is_figure, fact.effects))
    if any(effect.mode == "write" for effect in filter(_is_figure, fact.effects)):
        return False
    calls = (node for node in nodes if isinstance(node, ast.Call) and (node.args or node.keywords))
    return any(
        isinstance(call.func, ast.Attribute) and call.func.attr == "figure" for call in calls
    )


def _shows(tree: ast.Module) -> bool:
    """Whether a statement is nothing but `plt.show()`."""
    match tree.body:
        case [ast.Expr(ast.Call(ast.Attribute(attr="show") | ast.Name(id="show")))]:
            return True
    return False
