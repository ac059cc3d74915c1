"""Statements and the dependences among them; each edge says how it is known."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from thruway.kit.values.types import Value
    from thruway.program.types import Program, Statement
    from thruway.trace.types import Fact, Trace

Evidence = Literal["static", "observed", "both", "assumed"]


@dataclass(frozen=True)
class Edge:
    """`target` needs what `source` left in `carrier` (a name or a resource token)."""

    source: int
    target: int
    carrier: str
    evidence: Evidence


@dataclass(frozen=True)
class Node:
    """A statement with static and observed facts joined.

    Attributes:
        statement: what the text says.
        fact: what the run showed.
        reads: names it needs from before (static ∪ observed, helpers included).
        binds: names it surely binds anew.
        updates: names it may bind, or whose content it changes: needs the old, leaves the new.
        resources_read, resources_written: resource tokens.
        replicable: may stand in several steps, because it has no effect and depends on nothing
            but other replicable statements.
    """

    statement: Statement
    fact: Fact
    reads: frozenset[str]
    binds: frozenset[str]
    updates: frozenset[str]
    resources_read: frozenset[str]
    resources_written: frozenset[str]
    replicable: bool = False


@dataclass(frozen=True)
class Graph:
    """The dependence graph of a program, as far as it ran."""

    program: Program
    trace: Trace
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    def node(self, statement: int) -> Node:
        """Return the node of a statement id."""
        return self._index[statement]

    def value_at(self, name: str, statement: int) -> Value | None:
        """Return the last description of a name up to a statement; None when there is none."""
        numbers, values = self._values.get(name, ((), ()))
        index = bisect_right(numbers, statement)
        return values[index - 1] if index else None

    @cached_property
    def deleted(self) -> dict[str, int]:
        """Name → the last statement that deleted it."""
        return {name: node.statement.id for node in self.nodes for name in node.fact.deletes}

    @cached_property
    def files_read_back(self) -> frozenset[str]:
        """Files that one statement writes and a later one reads."""
        written: set[str] = set()
        both: set[str] = set()
        for node in self.nodes:
            both |= written & node.resources_read
            written |= {t for t in node.resources_written if t.startswith("file:")}
        return frozenset(token.removeprefix("file:") for token in both)

    @cached_property
    def _values(self) -> dict[str, tuple[Sequence[int], Sequence[Value]]]:
        found: dict[str, tuple[list[int], list[Value]]] = {}
        for node in self.nodes:
            for name, value in node.fact.values.items():
                numbers, values = found.setdefault(name, ([], []))
                numbers.append(node.statement.id)
                values.append(value)
        return {**found}

    @cached_property
    def _index(self) -> dict[int, Node]:
        return {node.statement.id: node for node in self.nodes}

    def dump(self) -> str:
        """Return one line per edge, sorted."""
        rows = sorted((e.source, e.target, e.carrier, e.evidence) for e in self.edges)
        return "\n".join(f"{s} -> {t} [{c}] {e}" for s, t, c, e in rows)
