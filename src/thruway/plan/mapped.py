"""Loops that become one call for each item: a step of their own, mapped over a list.

The rewriting has written such a loop so that its text says what happens when every iteration runs
by itself (see `graph.fanout`). Here it is cut out, and marked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from thruway.plan.link import Link

if TYPE_CHECKING:
    from thruway.graph.types import Graph, Node
    from thruway.plan.cut import Segment
    from thruway.plan.types import StepPlan
    from thruway.program.types import FanOut

_IN_ORDER = ("random:", "figure:", "dir:", "stdin", "network")
_REASON = "each item is a call of its own"


@dataclass(frozen=True)
class Fan:
    """A loop with the statement that makes its empty list of results."""

    first: int
    loop: int
    fan: FanOut


def find_fans(graph: Graph, body: tuple[int, ...]) -> tuple[Fan, ...]:
    """Return the loops whose iterations the run showed to be independent, too."""
    found = []
    for number in body:
        node = graph.node(number)
        fan = node.statement.fan
        if fan is None or number - 1 not in body or not _is_free(node, fan):
            continue
        if graph.node(number - 1).statement.code == f"{fan.results} = []":
            found.append(Fan(number - 1, number, fan))
    return tuple(found)


def _is_free(node: Node, fan: FanOut) -> bool:
    """Whether a loop touched nothing but its results, and no stream whose order matters."""
    if node.resources_written or node.fact.changes - {fan.results}:
        return False
    return not any(token.startswith(_IN_ORDER) for token in node.resources_read)


def fan_links(fans: tuple[Fan, ...]) -> tuple[Link, ...]:
    """Return what keeps each loop with its list."""
    return tuple(Link(each.first, each.loop, each.fan.results, _REASON) for each in fans)


def fan_cuts(fans: tuple[Fan, ...], body: tuple[int, ...], graph: Graph) -> frozenset[int]:
    """Return the statements that begin a step: each loop of calls, and what follows it.

    Of a loop that was only parted, the second part does: it judges what the first has trained.
    """
    mapped = {each.loop for each in fans}
    parted = {n for n in body if graph.node(n).statement.begins}
    parted = {n for n in parted if not mapped & {n - 1, n - 2}}
    after = {body[i]: body[i + 1] for i in range(len(body) - 1)}
    starts = {each.first for each in fans}
    return frozenset(parted | starts | {after[each.loop] for each in fans if each.loop in after})


def fan_names(fans: tuple[Fan, ...], segments: tuple[Segment, ...]) -> tuple[str, ...]:
    """Return for each segment the name of its calls, "" where its lines give a better one.

    What fits models that are there already says nothing of their classes: they may be many.
    """
    items = {each.first: each.fan.item for each in fans if each.fan.fitted}
    return tuple(
        f"train_{items[s.statements[0]]}" if s.statements[0] in items else "" for s in segments
    )


def with_fans(
    steps: tuple[StepPlan, ...], fans: tuple[Fan, ...], graph: Graph
) -> tuple[StepPlan, ...]:
    """Return the steps with those marked that are a loop of calls and nothing else."""
    return tuple(_marked(step, fans, graph) for step in steps)


def _marked(step: StepPlan, fans: tuple[Fan, ...], graph: Graph) -> StepPlan:
    own = tuple(number for number in step.body if not graph.node(number).replicable)
    for each in fans:
        if own == (each.first, each.loop) and _is_plain(step, each):
            imports = tuple(line for line in step.imports if not line.startswith("from copy "))
            return replace(
                step, mapped=each.fan.items, item=each.fan.item, loop=each.loop, imports=imports
            )
    return step


def _is_plain(step: StepPlan, fan: Fan) -> bool:
    """Whether a step takes values alone, the list among them, and gives only the results."""
    if any(port.kind != "value" for port in (*step.inputs, *step.outputs)) or step.declare:
        return False
    if [port.name for port in step.outputs] != [fan.fan.results]:
        return False
    items = next((port for port in step.inputs if port.name == fan.fan.items), None)
    return items is not None and items.annotation.startswith(("list", "tuple"))
