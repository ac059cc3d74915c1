"""The loops of a program that train and judge models in one: which can be parted, and how.

A loop is looked at only if it trains. What is proposed is text; `verify` runs it and keeps it
only if it leaves what the original left.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from thruway.graph.fanout import Independence, independent
from thruway.graph.fission import Dependences, Separation, separate
from thruway.graph.reach import Reach
from thruway.graph.training import Calls
from thruway.program.loop_text import (
    bound_items,
    collecting,
    following,
    free,
    is_view,
    item_name,
    items_name,
    kept_name,
)
from thruway.program.loops import imports_before, read_loop
from thruway.program.types import FanOut, Part, Rewriting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from thruway.graph.types import Graph, Node
    from thruway.kit.values.types import Value
    from thruway.program.loops import Loop

_APART = "what it trains and what it judges stand in loops of their own"
_CALLS = "its iterations need nothing of each other, so that each can be a call of its own"
_GONE_OVER_ONCE = frozenset({"iterator", "handle"})


@dataclass(frozen=True)
class Proposal:
    """What could be done about a loop: rewritings, the best first, or why it stays whole."""

    statement: int
    rewritings: tuple[Rewriting, ...]
    reason: str = ""


def propose(graph: Graph) -> tuple[Proposal, ...]:
    """Return a proposal for every loop that trains models."""
    return tuple(_Loops(graph).proposals())


class _Loops:
    """Looks at the loops of one program, in order."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.reach = Reach(graph.nodes)
        self.calls = Calls(graph)
        self.values: dict[str, Value] = {}
        self.own = frozenset(
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
        self.taken = self.own

    def proposals(self) -> Iterator[Proposal]:
        for node in self.graph.nodes:
            statement = node.statement
            if statement.code.startswith("for "):
                imports = imports_before(self.graph.program.statements, statement.id)
                loop = read_loop(statement, imports)
                found = self._proposal(node, loop) if loop else None
                if found is not None:
                    self.taken |= {n for each in found.rewritings for n in each.names}
                    yield found
            self.values.update(node.fact.values)

    def _proposal(self, node: Node, loop: Loop) -> Proposal | None:
        types = {name: v.type for name, v in {**self.values, **node.fact.values}.items()}
        lines = Dependences(node, loop)
        training = frozenset(
            i for i, line in enumerate(loop.lines) if self.calls.train(line.calls, types)
        )
        if not training:
            return None
        if reason := lines.obstacle():
            return Proposal(loop.statement, (), reason)
        before = {name: value.type for name, value in self.values.items()}
        repeats = self._repeats(lines)
        apart = independent(lines, training, self._later(node), before, repeats=repeats)
        if any(token.startswith("random:") for token in node.resources_read):
            apart = None  # each iteration goes on with the stream where the last one left it
        parted = separate(lines, training, self.calls)
        found = [self._fanned(apart, node)] if apart is not None else []
        if not isinstance(parted, str):
            found.append(self._parted(parted, lines))
        reason = parted if isinstance(parted, str) and not found else ""
        return Proposal(loop.statement, tuple(found), reason)

    def _later(self, node: Node) -> frozenset[str]:
        """Names that other statements need as the loop leaves them."""
        number = node.statement.id
        return frozenset(
            name
            for other in self.graph.nodes
            if other.statement.id > number
            for name in other.reads | other.updates
            if self.reach.before(name, other.statement.id) == number
        )

    def _parted(self, found: Separation, lines: Dependences) -> Rewriting:
        loop, kept = found.loop, found.kept
        items = loop.items
        names: list[str] = []
        head: tuple[Part, ...] = ()
        if (found.needs or not kept) and not self._repeats(lines):
            names.append(items_name(loop, self.taken))
            items, head = names[0], (bound_items(loop, names[0]),)
        kept_in = kept_name(kept, self.taken | frozenset(names)) if kept else ""
        names += [kept_in] if kept else []
        parts = (
            *head,
            *collecting(loop, found.first, (loop.target, items), kept, kept_in),
            following(loop, found.rest, items, kept, kept_in, needs=found.needs),
        )
        return Rewriting(loop.statement, parts, tuple(names), _APART)

    def _fanned(self, found: Independence, node: Node) -> Rewriting:
        loop, kept = found.loop, found.kept
        names: list[str] = []
        head: list[Part] = []
        items = found.items
        if not found.named:
            items = items_name(loop, self.taken, found.target)
            names.append(items)
            head.append(bound_items(loop, items, found.items))
        fitted = bool(found.put_back)
        kept_in = "fitted" if fitted else kept_name(kept, self.taken | frozenset(names))
        kept_in = free(kept_in, self.taken | frozenset(names))
        names.append(kept_in)
        header = (found.target, items)
        shares = _shares(node, kept, loop.loads | set(loop.targets) | _made(found))
        copy = free("deepcopy", self.own) if fitted or shares else ""
        if copy:
            renamed = "" if copy == "deepcopy" else f" as {copy}"
            head.append(Part(f"from copy import deepcopy{renamed}", loop.line, loop.line))
            names.append(copy)
        if fitted:
            header = (found.target, f"{copy}({items})")
        item = found.target if found.target.isidentifier() else item_name(items)
        item = item if item == found.target else free(item, self.own)
        fan = FanOut(items, item, kept_in, fitted, copy if shares else "")
        parts = [*head, *collecting(loop, found.first, header, kept, kept_in, fan)]
        if fitted:
            text = found.put_back.format(items=items, results=kept_in)
            parts.append(Part(text, loop.line, loop.line))
        if found.rest:
            whole = items if loop.target == found.target and not found.named else loop.items
            kept = () if fitted else kept
            needs = found.needs
            parts.append(following(loop, found.rest, whole, kept, kept_in, needs=needs))
        return Rewriting(loop.statement, tuple(parts), tuple(names), _CALLS)

    def _repeats(self, lines: Dependences) -> bool:
        """Whether a second loop can go over the same expression."""

        def repeats(name: str) -> bool:
            value = self.values.get(name)
            if value is None or name in lines.stored or value.kind in _GONE_OVER_ONCE:
                return False
            return value.kind != "other" or value.type.startswith("builtins.")

        return is_view(lines.loop.items_tree, repeats)


def _made(found: Independence) -> frozenset[str]:
    """Names that the lines of one call bind."""
    return frozenset().union(*(found.loop.lines[i].stores for i in found.first))


def _shares(node: Node, kept: tuple[str, ...], own: frozenset[str]) -> bool:
    """Whether what an iteration gives shares an object with what all of them take."""
    return any(group & set(kept) and group - own for group in node.fact.shares)
