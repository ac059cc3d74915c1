"""Bring looks at the data together, where moving them changes nothing.

A notebook looks at its data between the lines that prepare it. A look that feeds nothing may
stand anywhere between the last statement that made what it shows and the next one that changes
it. Inside this window it moves to the nearest border of two roles; looks that have none are
gathered in as few places as possible. So they become steps of their own, off the path from data
to model, and stay near to what they show.

Source: stabbing intervals by as few points as possible, taken by their right ends.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from thruway.graph.local_modules import local_roots
from thruway.graph.reach import needs, writes
from thruway.plan.cut import family
from thruway.plan.passages import find_passages
from thruway.plan.roles import announces, assign_roles
from thruway.plan.sort import sort_statements

if TYPE_CHECKING:
    from collections.abc import Sequence

    from thruway.graph.types import Graph, Node
    from thruway.plan.types import Plan, Role

# What a look may depend on without a trace of it: nothing is moved past a change of these.
_BARRIERS = ("options:", "env:", "module:", "outside:stdin", "outside:process", "outside:thread")
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
    repeated = _in_passages(graph, roles)
    own = {"__main__", *local_roots(graph.trace)}
    looks = [n for n in nodes if n.statement.id not in repeated and _is_look(n, roles)]
    looks = [node for node in looks if not _calls_closed(node, graph, own)]
    numbers = {node.statement.id for node in looks}
    path = _Path([node for node in nodes if node.statement.id not in numbers])
    groups = [group for each in _groups(looks) for group in _windows(each, path)]
    order = _written(path.nodes, _assigned(groups, path.nodes, roles))
    return order if order != everything else ()


def _in_passages(graph: Graph, roles: dict[int, Role]) -> frozenset[int]:
    """Return the statements of repeated passages: these are one thing as the author wrote them."""
    found = find_passages(graph, sort_statements(graph).body, roles)
    return frozenset(n for passage in found for occurrence in passage for n in occurrence)


def settled_order(plan: Plan) -> tuple[int, ...]:
    """Return the order of a plan's statements, the author's inside every step.

    A look that did not get into another step stays where it was.
    """
    graph = plan.graph
    order = graph.program.order or tuple(s.id for s in graph.program.statements)
    bodies = [[n for n in step.body if not graph.node(n).replicable] for step in plan.steps]
    starts = sorted(body[0] for body in bodies if body)
    borders = [0, *(start - 1 for start in starts[1:]), len(order)]
    settled = [n for low, high in pairwise(borders) for n in sorted(order[low:high])]
    return () if settled == sorted(settled) else tuple(settled)


def moved_looks(graph: Graph, roles: dict[int, Role]) -> tuple[Node, ...]:
    """Return the looks that stand before or after something else than in the original."""
    order = graph.program.order
    before = list(accumulate(order, max))
    after = list(accumulate(reversed(order), min))[::-1]
    passed = {
        number
        for number, old in enumerate(order, 1)
        if old < before[number - 1] or old > after[number - 1]
    }
    looks = (node for node in graph.nodes if node.statement.id in passed)
    return tuple(node for node in looks if roles[node.statement.id] == "explore")


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


def _calls_closed(node: Node, graph: Graph, own: set[str]) -> bool:
    """Whether a look calls into code of the user's that the text of the program does not show.

    That nothing was changed says something of this run's data alone.
    """
    for call in node.statement.calls:
        receiver = graph.value_at(call.receiver, node.statement.id - 1) if call.receiver else None
        kind = receiver.type if receiver is not None else call.target if call.resolved else ""
        if kind.partition(".")[0] in own:
            return True
    return False


def _groups(looks: list[Node]) -> list[list[Node]]:
    """Join looks that touch the same thing, so that they keep their order."""
    touched: dict[str, list[int]] = defaultdict(list)
    made = {carrier for node in looks for carrier in _leaves(node)}
    for index, node in enumerate(looks):
        for carrier in (_leaves(node) | needs(node)) & made:
            touched[carrier].append(index)
    leader = list(range(len(looks)))

    def lead(index: int) -> int:
        while leader[index] != index:
            index = leader[index]
        return index

    for members in touched.values():
        for index in members[1:]:
            low, high = sorted((lead(members[0]), lead(index)))
            leader[high] = low
    groups: dict[int, list[Node]] = defaultdict(list)
    for index, node in enumerate(looks):
        groups[lead(index)].append(node)
    return list(groups.values())


def _leaves(node: Node) -> frozenset[str]:
    """Return what a statement writes, and the figures whose life ended with it."""
    ended = {f"figure:{figure.number}" for figure in node.fact.figures}
    return (writes(node) - {"_"}) | ended


class _Path:
    """The statements that are not looks: who stops a look from moving past."""

    def __init__(self, nodes: list[Node]) -> None:
        self.nodes = nodes
        self._ids = [node.statement.id for node in nodes]
        self._writers: dict[str, list[int]] = defaultdict(list)
        self._users: dict[str, list[int]] = defaultdict(list)
        self._barriers: list[int] = []
        for index, node in enumerate(nodes):
            for carrier in _leaves(node):
                self._writers[carrier].append(index)
            for carrier in _leaves(node) | needs(node):
                self._users[carrier].append(index)
            if any(token.startswith(_BARRIERS) for token in node.resources_written):
                self._barriers.append(index)

    def window(self, node: Node) -> tuple[int, int, int]:
        """Return the first and last gap that a look can move to, and its own.

        Gap `k` stands before the path statement at index `k`.
        """
        home = bisect_left(self._ids, node.statement.id)
        low, high = 0, len(self.nodes)
        stops = [self._writers[c] for c in needs(node) if c in self._writers]
        stops += [self._users[c] for c in _leaves(node) if c in self._users]
        for stop in (*stops, self._barriers):
            index = bisect_left(stop, home)
            low = max(low, stop[index - 1] + 1 if index else 0)
            high = min(high, stop[index] if index < len(stop) else high)
        return low, high, home


def _windows(group: list[Node], path: _Path) -> list[_Group]:
    """Return the gaps which all members can move to; without one, each stays in its own."""
    found = [path.window(node) for node in group]
    first, last = max(low for low, _, _ in found), min(high for _, high, _ in found)
    if first <= last:
        return [_Group(tuple(group), first, last, found[0][2])]
    return [
        _Group((node,), home, home, home) for node, (_, _, home) in zip(group, found, strict=True)
    ]


def _assigned(groups: list[_Group], path: Sequence[Node], roles: dict[int, Role]) -> dict[int, int]:
    """Return look → gap: the nearest border of two roles, else one place for several groups."""
    borders = _borders(path, roles)
    gap_of: dict[int, int] = {}
    waiting: list[_Group] = []
    for group in groups:
        near = borders[bisect_left(borders, group.first) : bisect_right(borders, group.last)]
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


def _borders(path: Sequence[Node], roles: dict[int, Role]) -> list[int]:
    """Return the gaps between statements of different families, and the end."""
    borders = []
    before = ""
    for gap, node in enumerate(path):
        if node.replicable:
            continue
        after = family(roles[node.statement.id])
        if before and after != before:
            borders.append(gap)
        before = after
    return [*borders, len(path)]


def _written(path: Sequence[Node], gap_of: dict[int, int]) -> tuple[int, ...]:
    looks: dict[int, list[int]] = defaultdict(list)
    for number in sorted(gap_of):
        looks[gap_of[number]].append(number)
    order: list[int] = []
    for index, node in enumerate(path):
        order += [*looks[index], node.statement.id]
    return (*order, *looks[len(path)])
