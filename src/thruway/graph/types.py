"""Statements and the dependences among them; each edge says how it is known."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
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

    @cached_property
    def _index(self) -> dict[int, Node]:
        return {node.statement.id: node for node in self.nodes}

    def dump(self) -> str:
        """Return one line per edge, sorted."""
        rows = sorted((e.source, e.target, e.carrier, e.evidence) for e in self.edges)
        return "\n".join(f"{s} -> {t} [{c}] {e}" for s, t, c, e in rows)
