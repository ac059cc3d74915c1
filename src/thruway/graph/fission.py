"""Which lines of a loop can stand in a loop of their own, before the others.

Loop fission: the lines that train a model, with all that they need, go first; the others follow
in a second loop. That gives the same when no line of the second loop has to come before one of
the first, in the same iteration or in a later one. What one iteration makes anew is its own;
whatever else is written must be used by the lines of one loop alone.

What is found here is proposed. Whether it computes the same is seen by running it.

Source: R. Allen, K. Kennedy, Optimizing Compilers for Modern Architectures, 2001, loop
distribution and scalar expansion.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from thruway.program.knowledge import lookup_method

if TYPE_CHECKING:
    from collections.abc import Iterator

    from thruway.graph.training import Calls
    from thruway.graph.types import Node
    from thruway.program.loops import Line, Loop

MOST_KEPT = 3
_FIXED = frozenset({"scalar", "text", "module", "function", "class"})


@dataclass(frozen=True)
class Separation:
    """A loop in two.

    Attributes:
        loop: the loop.
        first: positions of the lines that train, in order.
        rest: positions of the others.
        kept: names that the first loop makes in each iteration and the second uses.
        needs: the second loop uses what the header binds.
    """

    loop: Loop
    first: tuple[int, ...]
    rest: tuple[int, ...]
    kept: tuple[str, ...]
    needs: bool


def separate(lines: Dependences, training: frozenset[int], calls: Calls) -> Separation | str:
    """Return how to part a loop that trains, or why it stays whole.

    Args:
        lines: what the lines of the loop need from each other.
        training: positions of the lines that train.
        calls: what calls do.
    """
    first, rest = lines.parted(training)
    if not any(calls.judge(lines.lines[i].calls) for i in rest):
        return lines.why_whole(training, calls)
    kept = lines.kept(first, rest)
    if len(kept) > MOST_KEPT:
        names = ", ".join(f"`{name}`" for name in kept)
        return f"too much would have to be kept of each iteration: {names}"
    return Separation(lines.loop, first, rest, kept, lines.needs_targets(rest))


class Dependences:
    """What the lines of one loop need from each other."""

    def __init__(self, node: Node, loop: Loop) -> None:
        self.node = node
        self.loop = loop
        self.lines = loop.lines
        self.targets = frozenset(loop.targets)
        self.writes = tuple(self._writes(line) for line in loop.lines)
        self.uses = tuple((line.loads | self.writes[i]) for i, line in enumerate(loop.lines))

    def obstacle(self) -> str:
        """Why no line may stand anywhere else, "" if nothing speaks against it."""
        if self.loop.obstacle:
            return self.loop.obstacle
        line = next((line for line in self.lines if line.deletes), None)
        if line is not None:
            return f"it deletes `{min(line.deletes)}`"
        if self.node.statement.dynamic:
            return str(self.node.statement.dynamic)
        if again := sorted(self.stored & self.targets):
            return f"it binds its own variable `{again[0]}` anew"
        changed = frozenset().union(*(line.mutates for line in self.lines))
        if grown := sorted((changed & self.loop.loads) - self.elementwise):
            return f"it changes `{grown[0]}` while it goes over it"
        return ""

    @cached_property
    def stored(self) -> frozenset[str]:
        """Names that the body binds."""
        return frozenset().union(*(line.stores for line in self.lines))

    def used(self, chosen: tuple[int, ...]) -> frozenset[str]:
        """Return the names that some lines use."""
        return frozenset().union(*(self.uses[i] for i in chosen))

    def writes_its_own(self, chosen: tuple[int, ...]) -> bool:
        """Whether some lines write nothing that is there before the iteration, as written."""
        return all((self.lines[i].stores | self.lines[i].mutates) <= self.private for i in chosen)

    @cached_property
    def private(self) -> frozenset[str]:
        """Names that each iteration binds before it reads them, and those of the header."""
        fresh, old = set(self.targets), set[str]()
        for line in self.lines:
            old |= (line.loads | line.mutates) - fresh
            fresh |= line.certain - old
        return frozenset(fresh - old)

    @cached_property
    def elementwise(self) -> frozenset[str]:
        """Names used only as `name[i]`, with one `i` that the header alone decides."""
        places: dict[str, set[str]] = {}
        for line in self.lines:
            for name, place in _subscripts(line.tree):
                places.setdefault(name, set()).add(place)
        return frozenset(
            name
            for name, found in places.items()
            if len(found) == 1 and self._is_of_header(next(iter(found)))
        )

    def _is_of_header(self, place: str) -> bool:
        if not place:
            return False
        names = {n.id for n in ast.walk(ast.parse(place)) if isinstance(n, ast.Name)}
        return bool(names & self.targets) and not names & self.stored

    def _writes(self, line: Line) -> frozenset[str]:
        """Names that a line binds, changes, or may change through another name."""
        written = line.stores | line.mutates
        for call in line.calls:
            if call.resolved or call.in_definition:
                continue
            if not call.receiver:  # a function of the program: it may change what it is given
                written |= frozenset(filter(self._may_change, call.arguments))
            elif lookup_method(call.method, None) is None:
                written |= {call.receiver}
        if written & self.targets or any(not c.resolved and not c.receiver for c in line.calls):
            written |= self.changed_unseen
        return written

    def _may_change(self, name: str) -> bool:
        """Whether a function may change what it is given under a name."""
        if name not in self.node.fact.binds:
            return name in self.node.fact.changes
        value = self.node.fact.values.get(name)
        return value is None or value.kind not in _FIXED

    @cached_property
    def changed_unseen(self) -> frozenset[str]:
        """Names that the run showed changed though no line names them as changed."""
        named = frozenset().union(*(line.stores | line.mutates for line in self.lines))
        return self.node.fact.changes - named

    def parted(self, training: frozenset[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the lines that train with all that they need, and the others, in order."""
        first = self.closed(training)
        return tuple(sorted(first)), tuple(i for i in range(len(self.lines)) if i not in first)

    def closed(self, first: frozenset[int]) -> frozenset[int]:
        """Return the lines with all that must not come after them."""
        found = set(first)
        waiting = True
        while waiting:
            more = {
                i
                for i in range(len(self.lines))
                if i not in found and any(self._must_precede(i, j) for j in found)
            }
            found |= more
            waiting = bool(more)
        return frozenset(found)

    def _must_precede(self, one: int, other: int) -> bool:
        """Whether a line cannot move to a loop after that of another."""
        return bool(self._between(one, other))

    def _between(self, one: int, other: int) -> frozenset[str]:
        """Return the names for which line `one` cannot wait until line `other` is through."""
        names = (self.writes[one] & self.uses[other]) | (self.uses[one] & self.writes[other])
        own = self.private | self.elementwise
        return names if one < other else names - own

    def kept(
        self, first: tuple[int, ...], rest: tuple[int, ...], later: frozenset[str] = frozenset()
    ) -> tuple[str, ...]:
        """Names made in the first loop that the second needs, or what is `later`, in order."""
        made: dict[str, None] = {}
        for i in first:
            made |= dict.fromkeys(sorted(self.lines[i].stores))
        needed = self._needed(rest) | later
        return tuple(name for name in made if name in needed)

    def needs_targets(self, rest: tuple[int, ...]) -> bool:
        """Whether the second loop uses what the header binds."""
        return bool(self._needed(rest) & self.targets)

    def _needed(self, rest: tuple[int, ...]) -> frozenset[str]:
        needed: set[str] = set()
        bound: set[str] = set()
        for i in rest:
            needed |= (self.lines[i].loads | self.lines[i].mutates) - bound
            bound |= self.lines[i].certain
        return frozenset(needed)

    def why_whole(self, training: frozenset[int], calls: Calls) -> str:
        """Return why no line that judges is left for a loop of its own."""
        judging = [i for i, line in enumerate(self.lines) if calls.judge(line.calls)]
        if not judging:
            return "it only trains"
        if set(judging) <= training:
            return "one statement trains and judges"
        for i in judging:
            for j in sorted(training):
                shared = self._between(i, j) - self.private - self.elementwise
                if shared:
                    name = min(shared)
                    return f"`{name}` is one and the same in every iteration"
        return "what trains needs what judges"


def _subscripts(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield each use of a name with its subscript; "" where it has none, or one of many items."""
    inside = {
        id(node.value): ast.unparse(node.slice)
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name)
        if not any(isinstance(part, ast.Slice) for part in ast.walk(node.slice))
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id, inside.get(id(node), "")
