"""Bring looks at the data together, where moving them changes nothing.

A notebook looks at its data between the lines that prepare it. A look that feeds nothing may
stand anywhere between the last statement that made what it shows and the next one that changes
it. Inside this window it moves to the nearest border of two roles; looks that have none are
gathered in as few places as possible. So they become steps of their own, off the path from data
to model, and stay near to what they show.

Source: stabbing intervals by as few points as possible, taken by their right ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from thruway.graph.reach import needs, writes
from thruway.plan.cut import family
from thruway.plan.roles import announces, assign_roles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from thruway.graph.types import Graph, Node
    from thruway.plan.types import Role

# What a look may depend on without a trace of it: nothing is moved past a change of these.
_BARRIERS = ("options:", "env:", "cwd", "path", "module:", "stdin", "process", "thread")
_SHOWN = frozenset({"figure", "scalar", "text", "other"})
_HISTORY = frozenset({"_", "__", "___", "In", "Out", "_ih", "_oh"})


@dataclass(frozen=True)
class _Group:
    """Looks that keep their order among each other, and the gaps they may move to."""

    nodes: tuple[Node, ...]
    first: int
    last: int
    home: int


def gather_looks(graph: Graph) -> tuple[int, ...]:
    """Return the ids of all statements in the new order; nothing when none moves."""
    nodes = graph.nodes
    roles = assign_roles(graph)
    everything = tuple(statement.id for statement in graph.program.statements)
    history = any(_HISTORY & (node.reads | node.statement.loads) for node in nodes)
    if history or len(nodes) < len(everything):
        return ()
    looks = [node for node in nodes if _is_look(node, roles)]
    numbers = {node.statement.id for node in looks}
    path = [node for node in nodes if node.statement.id not in numbers]
    groups = [group for each in _groups(looks) for group in _windows(each, path)]
    order = _written(path, _assigned(groups, path, roles))
    return order if order != everything else ()


def _is_look(node: Node, roles: dict[int, Role]) -> bool:
    """Whether a statement only shows: what it makes is part of a figure or of a text."""
    if roles[node.statement.id] != "explore" or node.replicable or announces(node):
        return False
    if node.updates - {"_"} or node.statement.deletes or node.fact.files_written:
        return False
    values = [node.fact.values.get(name) for name in node.fact.binds - {"_"}]
    if any(value is not None and value.kind not in _SHOWN for value in values):
        return False
    return all(token.startswith("figure:") for token in node.resources_written)


def _groups(looks: list[Node]) -> list[list[Node]]:
    """Join looks that touch the same thing, so that they keep their order."""
    groups: list[list[Node]] = []
    for node in looks:
        touching = [g for g in groups if any(_conflict(other, node) for other in g)]
        joined = [other for group in touching for other in group]
        groups = [g for g in groups if g not in touching]
        groups.append(sorted([*joined, node], key=lambda n: n.statement.id))
    return groups


def _conflict(one: Node, other: Node) -> bool:
    """Whether two statements may not change places."""
    left, right = writes(one) - {"_"}, writes(other) - {"_"}
    if left & (needs(other) | right) or right & needs(one):
        return True
    return bool(_figures(one) & _figures(other))


def _figures(node: Node) -> frozenset[str]:
    touched = node.resources_read | node.resources_written
    ended = {f"figure:{figure.number}" for figure in node.fact.figures}
    return frozenset(token for token in touched if token.startswith("figure:")) | ended


def _windows(group: list[Node], path: list[Node]) -> list[_Group]:
    """Return the gaps between path statements which all members can move to.

    Gap `k` stands before the path statement at index `k`. Members that have no gap in common
    stay where they are, each in its own.
    """
    homes = [sum(p.statement.id < node.statement.id for p in path) for node in group]
    first, last = 0, len(path)
    for node, home in zip(group, homes, strict=True):
        low = next((k for k in range(home, 0, -1) if _stops(path[k - 1], node)), 0)
        high = next((k for k in range(home, len(path)) if _stops(path[k], node)), len(path))
        first, last = max(first, low), min(last, high)
    if first <= last:
        return [_Group(tuple(group), first, last, homes[0])]
    return [_Group((node,), home, home, home) for node, home in zip(group, homes, strict=True)]


def _stops(path: Node, look: Node) -> bool:
    barrier = any(token.startswith(_BARRIERS) for token in path.resources_written)
    return barrier or _conflict(path, look)


def _assigned(groups: list[_Group], path: Sequence[Node], roles: dict[int, Role]) -> dict[int, int]:
    """Return look → gap: the nearest border of two roles, else one place for several groups."""
    borders = [gap for gap in range(len(path) + 1) if _is_border(gap, path, roles)]
    gap_of: dict[int, int] = {}
    waiting: list[_Group] = []
    for group in groups:
        near = [gap for gap in borders if group.first <= gap <= group.last]
        if near:
            gap = min(near, key=partial(_distance, group.home))
            gap_of.update(dict.fromkeys(_ids(group), gap))
        else:
            waiting.append(group)
    waiting.sort(key=lambda group: (group.last, group.first))
    while waiting:
        end = waiting[0].last
        together = [group for group in waiting if group.first <= end]
        for group in together:
            gap_of.update(dict.fromkeys(_ids(group), end))
        waiting = [group for group in waiting if group.first > end]
    return gap_of


def _distance(home: int, gap: int) -> tuple[int, bool]:
    return abs(gap - home), gap < home


def _ids(group: _Group) -> list[int]:
    return [node.statement.id for node in group.nodes]


def _is_border(gap: int, path: Sequence[Node], roles: dict[int, Role]) -> bool:
    before = next((n for n in reversed(path[:gap]) if not n.replicable), None)
    after = next((n for n in path[gap:] if not n.replicable), None)
    if before is None or after is None:
        return before is not None
    return family(roles[before.statement.id]) != family(roles[after.statement.id])


def _written(path: list[Node], gap_of: dict[int, int]) -> tuple[int, ...]:
    order: list[int] = []
    for index, node in enumerate((*path, None)):
        order += sorted(number for number, gap in gap_of.items() if gap == index)
        if node is not None:
            order.append(node.statement.id)
    return tuple(order)
