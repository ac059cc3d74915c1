"""Whether two observed runs left the same: that of a program, and that of it rewritten."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from thruway.verify.text import comparable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from thruway.graph.types import Graph
    from thruway.program.types import Rewriting
    from thruway.trace.types import Fact, Trace

# What two loops may not share even if this run was the same: on other data it would not be.
_IN_ORDER = ("random:", "file:", "figure:", "env:", "options:", "outside:stdin", "outside:network")


@dataclass(frozen=True)
class Difference:
    """Something that a rewritten program does not leave as the original did.

    Attributes:
        statement: id in the original.
        what: in words.
    """

    statement: int
    what: str


def correspondence(count: int, rewritings: tuple[Rewriting, ...]) -> dict[int, tuple[int, ...]]:
    """Return statement of the original → statements that stand for it, `count` in all."""
    lengths = {each.statement: len(each.parts) for each in rewritings}
    found: dict[int, tuple[int, ...]] = {}
    following = 1
    for number in range(1, count + 1):
        length = lengths.get(number, 1)
        found[number] = tuple(range(following, following + length))
        following += length
    return found


def first_difference(
    graph: Graph, rewritten: Trace, rewritings: tuple[Rewriting, ...]
) -> Difference | None:
    """Return the first thing that a rewritten run left otherwise, None when there is nothing.

    What does not depend on a rewritten statement ran the same text on the same data: if it
    differs, the program does not repeat itself there, and the rewriting has no part in it.

    Args:
        graph: of the original, with its trace.
        rewritten: what the rewritten program did.
        rewritings: how it was rewritten.
    """
    if rewritten.failure is not None:
        numbers = correspondence(len(graph.program.statements), rewritings)
        at = next(n for n, parts in numbers.items() if rewritten.failure.statement in parts)
        return Difference(at, f"it raises {rewritten.failure.type}")
    reached = _reached(graph, frozenset(each.statement for each in rewritings))
    numbers = correspondence(len(graph.program.statements), rewritings)
    names = frozenset(name for each in rewritings for name in each.names)
    facts = {fact.statement: fact for fact in rewritten.facts}
    for fact in graph.trace.facts:
        if fact.statement not in reached:
            continue
        parts = [facts[number] for number in numbers[fact.statement] if number in facts]
        for what in _differences(fact, parts, names):
            return Difference(fact.statement, what)
    if graph.trace.alive != rewritten.alive - names:
        return Difference(rewritings[0].statement, "other names are left at the end")
    return None


def _reached(graph: Graph, sources: frozenset[int]) -> frozenset[int]:
    """Return the statements that depend on some, these included."""
    found = set(sources)
    for edge in sorted(graph.edges, key=lambda edge: edge.target):
        if edge.source in found:
            found.add(edge.target)
    return frozenset(found)


def _differences(fact: Fact, parts: list[Fact], names: frozenset[str]) -> Iterator[str]:
    values = {name: value for part in parts for name, value in part.values.items()}
    for name in sorted((fact.values.keys() | values.keys()) - names):
        one, other = fact.values.get(name), values.get(name)
        if one is None or other is None:
            # Bound or changed in one run alone: by the new name of an object, or not at all.
            if one is not None and name in fact.binds | fact.changes:
                yield f"`{name}` is left as it was"
            continue
        if (one.fingerprint, one.type) != (other.fingerprint, other.type):
            yield f"`{name}` differs"
    yield from _shown(fact, parts)
    yield from _shared(parts)


def _shown(fact: Fact, parts: list[Fact]) -> Iterator[str]:
    if comparable(fact.stdout) != comparable("".join(part.stdout for part in parts)):
        yield "what it prints differs"
    displayed = [display.text for part in parts for display in part.displays]
    if [comparable(d.text) for d in fact.displays] != [comparable(text) for text in displayed]:
        yield "what it displays differs"
    figures = [figure.digest for part in parts for figure in part.figures]
    if [figure.digest for figure in fact.figures] != figures:
        yield "what it draws differs"
    files: Mapping[str, str] = {
        path: digest for part in parts for path, digest in part.files_written.items()
    }
    if dict(fact.files_written) != dict(files):
        yield "the files that it writes differ"


def _shared(parts: list[Fact]) -> Iterator[str]:
    """Yield what several parts touch in turn, where the order of the touches matters."""
    writers: dict[str, int] = {}
    users: dict[str, int] = {}
    for part in parts:
        tokens = {e.resource for e in part.effects if e.resource.startswith(_IN_ORDER)}
        for token in tokens:
            users[token] = users.get(token, 0) + 1
        for token in {e.resource for e in part.effects if e.mode != "read"} & tokens:
            writers[token] = writers.get(token, 0) + 1
    shared = sorted(token for token in writers if users[token] > 1)
    if shared:
        yield f"both what trains and what judges use {shared[0].replace(':', ' ')}"
