"""The loops of a program that train and judge models in one: which can be parted, and how.

A loop is looked at only if it trains. What is proposed is text; `verify` runs it and keeps it
only if it leaves what the original left.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from thruway.graph.fission import Separation, separate
from thruway.graph.training import Calls
from thruway.program.loop_text import (
    bound_items,
    collecting,
    following,
    is_view,
    items_name,
    kept_name,
)
from thruway.program.loops import imports_before, read_loop
from thruway.program.types import Rewriting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from thruway.graph.types import Graph, Node
    from thruway.kit.values.types import Value
    from thruway.program.loops import Loop
    from thruway.program.types import Part

_GONE_OVER_ONCE = frozenset({"iterator", "handle"})


@dataclass(frozen=True)
class Proposal:
    """What could be done about a loop: a rewriting, or the reason why it stays whole."""

    statement: int
    rewriting: Rewriting | None
    reason: str


def propose(graph: Graph) -> tuple[Proposal, ...]:
    """Return a proposal for every loop that trains models."""
    return tuple(_Loops(graph).proposals())


class _Loops:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.calls = Calls(graph)
        self.taken = frozenset(
            name
            for node in graph.nodes
            for names in (
                node.statement.stores,
                node.statement.loads,
                node.statement.deferred,
                node.fact.binds,
            )
            for name in names
        )

    def proposals(self) -> Iterator[Proposal]:
        values: dict[str, Value] = {}
        for node in self.graph.nodes:
            statement = node.statement
            if statement.code.startswith("for "):
                imports = imports_before(self.graph.program.statements, statement.id)
                loop = read_loop(statement, imports)
                found = self._proposal(node, loop, values) if loop else None
                if found is not None:
                    yield found
            values.update(node.fact.values)

    def _proposal(self, node: Node, loop: Loop, values: dict[str, Value]) -> Proposal | None:
        types = {name: value.type for name, value in {**values, **node.fact.values}.items()}
        found = separate(node, loop, self.calls, types)
        if found is None:
            return None
        if isinstance(found, str):
            return Proposal(loop.statement, None, found)
        rewriting = self._rewriting(found, values)
        self.taken |= frozenset(rewriting.names)
        return Proposal(loop.statement, rewriting, rewriting.reason)

    def _rewriting(self, found: Separation, values: dict[str, Value]) -> Rewriting:
        loop, kept = found.loop, found.kept
        items = loop.items
        names: list[str] = []
        head: tuple[Part, ...] = ()
        if (found.needs or not kept) and not self._repeats(found, values):
            names.append(items_name(loop, self.taken))
            items, head = names[0], (bound_items(loop, names[0]),)
        kept_in = kept_name(kept, self.taken | frozenset(names)) if kept else ""
        names += [kept_in] if kept else []
        parts = (
            *head,
            *collecting(loop, found.first, items, kept, kept_in),
            following(loop, found.rest, items, kept, kept_in, needs=found.needs),
        )
        reason = "what it trains and what it judges stand in loops of their own"
        return Rewriting(loop.statement, parts, tuple(names), reason)

    def _repeats(self, found: Separation, values: dict[str, Value]) -> bool:
        """Whether a second loop can go over the same expression."""
        stored = frozenset().union(*(line.stores for line in found.loop.lines))

        def repeats(name: str) -> bool:
            value = values.get(name)
            if value is None or name in stored or value.kind in _GONE_OVER_ONCE:
                return False
            return value.kind != "other" or value.type.startswith("builtins.")

        return is_view(found.loop.items_tree, repeats)
