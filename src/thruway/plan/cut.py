"""Where to cut: exact dynamic programming over the author's order.

Steps are intervals of the statements in program order, so the graph of steps is acyclic by
construction. The cost of a cut is what crosses it; the cost of a step is how many things it
means at once. Forced modes (headings, cells, statements) give the cut points; statements that
must stay together are merged whatever the mode.

Source: dynamic programming over a linear extension, `best[b] = min_a best[a] + segment(a, b)
+ width(a)`.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from thruway.graph.reach import Reach, needs
from thruway.plan.borders import with_passages
from thruway.plan.roles import announces

if TYPE_CHECKING:
    from collections.abc import Collection

    from thruway.graph.types import Graph, Node
    from thruway.plan.borders import Passage
    from thruway.plan.link import Link
    from thruway.plan.types import CutMode, Role

_FAMILY = {
    "ingest": "ingest",
    "explore": "explore",
    "validate": "prepare",
    "prepare": "prepare",
    "transform": "transform",
    "split": "split",
    "tune": "train",
    "train": "train",
    "evaluate": "evaluate",
    "predict": "evaluate",
    "report": "evaluate",
    "export": "export",
}
# How strongly a statement pulls its step towards its own meaning.
_STRENGTH = {
    "ingest": 3.0,
    "split": 3.5,
    "train": 3.0,
    "export": 1.5,
    "evaluate": 1.6,
    "transform": 1.0,
    "prepare": 0.7,
    "explore": 0.8,
}
# Families that live together well: mixing them costs only this part of the strength. What makes a
# model, what judges it and what is written of it are steps that others want to run alone.
_MIXES = {
    frozenset({"train", "evaluate"}): 1.7,
    frozenset({"train", "export"}): 1.5,
    frozenset({"split", "transform"}): 1.4,
    frozenset({"train", "prepare"}): 1.3,
    frozenset({"train", "transform"}): 1.4,
    frozenset({"prepare", "transform"}): 0.35,
    frozenset({"ingest", "prepare"}): 0.9,
    frozenset({"evaluate", "export"}): 0.7,
    frozenset({"evaluate", "explore"}): 0.7,
}
_MIXED = {
    (one, other): _MIXES.get(frozenset({one, other}), 1.0)
    for one in _STRENGTH
    for other in _STRENGTH
}
_STEP_COST = 1.3
_MOST_BLOCKS = 150  # longer is no step, and the search stays linear in the program
_HEADING_BONUS = 0.7
_LOOK_FIRST = 0.2  # a look belongs to the step that made what it shows, not to the next one
_WIDTH = {
    "frame": 0.25,
    "series": 0.2,
    "array": 0.2,
    "estimator": 0.25,
    "scalar": 0.06,
    "text": 0.05,
}
_DEFAULT_WIDTH = 0.15


@dataclass(frozen=True)
class Segment:
    """Statements of one step, and why it begins where it does."""

    statements: tuple[int, ...]
    reason: str


def cut(
    graph: Graph,
    body: tuple[int, ...],
    roles: dict[int, Role],
    links: tuple[Link, ...],
    mode: CutMode,
    pins: Collection[int] = (),
    passages: tuple[Passage, ...] = (),
) -> tuple[Segment, ...]:
    """Group the body statements into segments, in order.

    Args:
        graph: the dependence graph.
        body: the statements to group.
        roles: what each statement is for.
        links: statements that stay together whatever else is wanted.
        mode: where to cut.
        pins: statements that begin a segment, unless a link forbids it.
        passages: repeated ones, whose occurrences become steps of their own.
    """
    if not body:
        return ()
    blocks = _blocks(body, links)
    if mode != "auto":
        return _forced(graph, blocks, mode, pins)

    def steps_of(part: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
        return [each.statements for each in _best(graph, part, roles, ())]

    blocks, borders = with_passages(blocks, passages, pins, steps_of)
    return _best(graph, blocks, roles, frozenset(pins) | borders)


def family(role: Role) -> str:
    """Return the family of a role: what belongs in one step."""
    return _FAMILY[role]


def _blocks(body: tuple[int, ...], links: tuple[Link, ...]) -> list[tuple[int, ...]]:
    """Merge linked statements; a link spans everything between its ends."""
    blocks: list[list[int]] = []
    reach_to = 0
    ends: dict[int, int] = {}
    for link in links:
        ends[link.first] = max(ends.get(link.first, 0), link.last)
    starts = sorted(ends)
    for number in body:
        # A link may begin at a statement that is not in the body (a replicated one).
        if blocks and number <= reach_to:
            blocks[-1].append(number)
        else:
            blocks.append([number])
        for start in starts:
            if start == number:
                reach_to = max(reach_to, ends[start])
    return [tuple(block) for block in blocks]


def _forced(
    graph: Graph, blocks: list[tuple[int, ...]], mode: CutMode, pins: Collection[int]
) -> tuple[Segment, ...]:
    nodes = {node.statement.id: node for node in graph.nodes}
    segments: list[list[int]] = []
    previous: object = None
    for block in blocks:
        statement = nodes[block[0]].statement
        key: object = {
            "cells": statement.place.cell or statement.id,
            "headings": statement.heading,
            "statements": statement.id,
        }[mode]
        if not segments or key != previous or block[0] in pins:
            segments.append([])
        segments[-1].extend(block)
        last = nodes[block[-1]].statement
        previous = {
            "cells": last.place.cell or last.id,
            "headings": last.heading,
            "statements": last.id,
        }[mode]
    reason = {"cells": "a cell", "headings": "a heading", "statements": "a statement"}[mode]
    return tuple(Segment(tuple(segment), f"cut at {reason}, as asked") for segment in segments)


def _best(
    graph: Graph,
    blocks: list[tuple[int, ...]],
    roles: dict[int, Role],
    pins: Collection[int],
) -> tuple[Segment, ...]:
    nodes = {node.statement.id: node for node in graph.nodes}
    widths = _widths(graph, [block[0] for block in blocks])
    bonus = [_new_heading(nodes, blocks, index) for index in range(len(blocks))]
    count = len(blocks)
    best = [0.0] + [float("inf")] * count
    back = [0] * (count + 1)
    pulls = [_pulls(block, roles, nodes) for block in blocks]
    looks = [all(_only_looks(nodes[n], roles[n]) for n in block) for block in blocks]
    for end in range(1, count + 1):
        weights: dict[str, float] = {}
        for start in range(end - 1, max(end - _MOST_BLOCKS, 0) - 1, -1):
            for key, strength in pulls[start]:
                weights[key] = weights.get(key, 0.0) + strength
            cost = best[start] + _STEP_COST + _mix(weights)
            if start:
                cost += widths[start] - (_HEADING_BONUS if bonus[start] else 0.0)
                cost += _LOOK_FIRST if looks[start] and len(weights) > 1 else 0.0
            # Of equal cuts the earlier one: what announces a step belongs to it.
            if cost < best[end] + 1e-9:
                best[end], back[end] = cost, start
            if blocks[start][0] in pins:
                break
    bounds = []
    end = count
    while end:
        bounds.append((back[end], end))
        end = back[end]
    return tuple(
        Segment(
            tuple(number for block in blocks[start:stop] for number in block),
            _reason(start, bonus, nodes, blocks, roles),
        )
        for start, stop in reversed(bounds)
    )


def _pulls(
    block: tuple[int, ...], roles: dict[int, Role], nodes: dict[int, Node]
) -> tuple[tuple[str, float], ...]:
    """How strongly the statements of a block pull their step towards each family."""
    found: dict[str, float] = {}
    for number in block:
        key = family(roles[number])
        strength = 0.0 if announces(nodes[number]) else _STRENGTH[key]
        found[key] = found.get(key, 0.0) + strength
    return tuple(found.items())


def _only_looks(node: Node, role: Role) -> bool:
    return role == "explore" and not announces(node) and not node.updates - {"_"}


def _mix(weights: dict[str, float]) -> float:
    """What it costs that a step means more than its main thing.

    Exploration is the main thing only of a step that does nothing else, so that it stays off the
    path from data to model.
    """
    if len(weights) == 1:
        return 0.0
    main = max(weights, key=lambda key: (key != "explore", weights[key], key))
    return sum(weight * _MIXED[key, main] for key, weight in weights.items() if key != main)


def _reason(
    start: int,
    bonus: list[bool],
    nodes: dict[int, Node],
    blocks: list[tuple[int, ...]],
    roles: dict[int, Role],
) -> str:
    if start == 0:
        return "the program begins"
    statement = nodes[blocks[start][0]].statement
    parts = []
    before, after = roles[blocks[start - 1][-1]], roles[blocks[start][0]]
    if family(before) != family(after):
        parts.append(f"{before} ends and {after} begins")
    if bonus[start]:
        parts.append(f"the heading “{statement.heading}” begins here")
    if not parts:
        parts.append("little crosses here")
    return "; ".join(parts)


def _new_heading(nodes: dict[int, Node], blocks: list[tuple[int, ...]], index: int) -> bool:
    if index == 0:
        return False
    heading = nodes[blocks[index][0]].statement.heading
    return bool(heading) and heading != nodes[blocks[index - 1][-1]].statement.heading


def _widths(graph: Graph, boundaries: list[int]) -> list[float]:
    """For each boundary, the weighted count of values made before it and needed from it on."""
    reach = Reach(graph.nodes)
    nodes = {node.statement.id: node for node in graph.nodes}
    last_need: dict[tuple[int, str], int] = {}
    for node in graph.nodes:
        if node.replicable:
            continue
        for carrier in needs(node):
            source = reach.before(carrier, node.statement.id)
            if source is not None and not nodes[source].replicable:
                last_need[source, carrier] = node.statement.id
    changes = [0.0] * (len(boundaries) + 1)
    for (source, carrier), last in last_need.items():
        weight = _weight(nodes[source], carrier)
        changes[bisect_right(boundaries, source)] += weight
        changes[bisect_right(boundaries, last)] -= weight
    return list(accumulate(changes[:-1]))


def _weight(source: Node, carrier: str) -> float:
    value = source.fact.values.get(carrier)
    return _WIDTH.get(value.kind, _DEFAULT_WIDTH) if value else _DEFAULT_WIDTH
