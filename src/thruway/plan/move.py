"""Move a statement to another step, where no statement between depends on it, nor it on them.

Definitions that it needs move along: they have no effect of their own. Everything else that
touches a name or a resource of the statement forbids the move, with the reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from thruway.graph import build_graph
from thruway.graph.order import reorder_program, reorder_trace
from thruway.graph.reach import needs, writes
from thruway.plan.override import find_anchor

if TYPE_CHECKING:
    from collections.abc import Iterable

    from thruway.graph.types import Graph, Node
    from thruway.plan.override import Override

# What a statement may depend on without a trace of it: nothing is moved past a change of these.
_BARRIERS = ("options:", "env:", "cwd", "path", "module:", "stdin", "process", "thread")
_HISTORY = frozenset({"_", "__", "___", "In", "Out", "_ih", "_oh"})


def with_moves(graph: Graph, overrides: Iterable[Override]) -> Graph:
    """Return the graph of the program with its statements moved, as far as that is sound."""
    for override in overrides:
        if override.kind != "move":
            continue
        found = [find_anchor(each, graph.program) for each in override.at]
        if found[0] is None or found[1] is None:
            continue
        statement, neighbour = found[0].id, found[1].id
        if not why_blocked(graph, statement, neighbour):
            order = _order(graph, statement, neighbour)
            program = reorder_program(graph.program, order)
            graph = build_graph(program, reorder_trace(graph.trace, order))
    return graph


def why_blocked(graph: Graph, statement: int, neighbour: int) -> str:
    """Return why a statement cannot stand beside another one; "" if it can."""
    node = graph.node(statement)
    if node.replicable:
        return "it is a definition, which is written where it is needed"
    if node.statement.dynamic is not None:
        return str(node.statement.dynamic)
    return _travel(graph, statement, neighbour)[1]


def _order(graph: Graph, statement: int, neighbour: int) -> tuple[int, ...]:
    group = sorted(_travel(graph, statement, neighbour)[0])
    rest = [s.id for s in graph.program.statements if s.id not in group]
    at = rest.index(neighbour) + (neighbour < statement)
    return (*rest[:at], *group, *rest[at:])


def _travel(graph: Graph, statement: int, neighbour: int) -> tuple[set[int], str]:
    """Return the statements that move together, and what is in their way."""
    low, high = min(statement, neighbour), max(statement, neighbour)
    between = [n for n in graph.nodes if low < n.statement.id < high]
    group = [graph.node(statement)]
    for other in reversed(between) if neighbour < statement else between:
        reason = next((why for node in group if (why := _conflict(other, node))), "")
        if not reason:
            continue
        if neighbour < statement and other.replicable:
            group.append(other)
        else:
            return set(), reason
    return {node.statement.id for node in group}, ""


def _conflict(other: Node, node: Node) -> str:
    """Return why two statements may not change places, in words."""
    place = other.statement.place
    where = f"cell {place.cell}, line {place.line}" if place.cell else f"line {place.line}"
    if other.statement.dynamic is not None:
        return f"{where}: {other.statement.dynamic}"
    if (made := writes(other)) and (shared := made & needs(node)):
        return f"it needs `{min(shared)}`, which {where} makes or changes"
    if shared := needs(other) & writes(node) - _HISTORY:
        return f"{where} needs `{min(shared)}`, which it makes or changes"
    if shared := made & writes(node) - _HISTORY:
        return f"it and {where} both make or change `{min(shared)}`"
    if shared := _figures(other) & _figures(node):
        return f"it and {where} draw {min(shared).replace(':', ' ')}"
    tokens = other.resources_written | node.resources_written
    if barriers := sorted(token for token in tokens if token.startswith(_BARRIERS)):
        return f"`{barriers[0]}` is set between: what depends on it is not known"
    return ""


def _figures(node: Node) -> frozenset[str]:
    touched = node.resources_read | node.resources_written
    ended = {f"figure:{figure.number}" for figure in node.fact.figures}
    return frozenset(token for token in touched if token.startswith("figure:")) | ended
