"""Statements that must stay in one step, each with the reason.

A value that cannot be stored, a figure that is still being drawn, an option that cannot be set
again elsewhere: none of them can cross a process boundary, so the statements that share them
are kept together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from thruway.findings import Finding, Severity
from thruway.graph.identity import address_keepers
from thruway.graph.reach import Reach
from thruway.plan.inside import why_inside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from thruway.graph.types import Graph
    from thruway.plan.place import Definitions

_MAKE_AGAIN = "to cut here, make it again where it is used, or keep only what it gave"
_SHOW = "to cut here, finish and show the figure in the cell that begins it"
_SET_FIRST = "to cut after it, set it from constants, in a statement of its own"
_TEMPORARY = re.compile(r"(file|dir):(/.*?/tmp[a-z0-9_]{8})(?![a-z0-9_])")
_AMBIENT = ("options:", "env:", "module:")


@dataclass(frozen=True)
class Link:
    """All statements from `first` to `last` stay together; `fix` is what would part them."""

    first: int
    last: int
    carrier: str
    reason: str
    fix: str = ""


def find_links(
    graph: Graph,
    settings: frozenset[int],
    definitions: Definitions,
    unstorable: frozenset[tuple[str, int]],
) -> tuple[Link, ...]:
    """Return every link.

    Args:
        graph: the dependence graph.
        settings: statements that only set options and are written into every later step.
        definitions: the functions and classes of the program.
        unstorable: (name, statement) pairs that an earlier attempt could not store.
    """
    reach = Reach(graph.nodes)
    links = [
        *_values(graph, reach, definitions, unstorable),
        *_figures(graph),
        *_ambient(graph, settings),
        *_temporary(graph),
        *_undefined(graph, reach),
        *_addresses(graph),
    ]
    return tuple(sorted(links, key=lambda link: (link.first, link.last)))


def _addresses(graph: Graph) -> Iterator[Link]:
    """Link what is kept by an address to what is looked up by one."""
    found = address_keepers([node.statement for node in graph.nodes])
    if found is not None:
        reason = "`id(…)` is an address, and another one in each process"
        yield Link(*found, "id", reason, "to cut here, keep things by a name or number of your own")


def findings_of(graph: Graph, links: tuple[Link, ...]) -> tuple[Finding, ...]:
    """Say for each link what keeps the statements together."""
    nodes = {node.statement.id: node for node in graph.nodes}
    return tuple(
        Finding(
            "TW201",
            Severity.INFO,
            nodes[first].statement.place,
            f"statements up to {nodes[last].statement.place} stay in one step: {reason}",
            fix,
        )
        for first, last, reason, fix in _merged(links)
    )


def _merged(links: tuple[Link, ...]) -> list[tuple[int, int, str, str]]:
    """Join links that overlap; the reasons of the widest come first."""
    groups: list[tuple[int, int, list[Link]]] = []
    for link in links:
        if groups and link.first <= groups[-1][1]:
            first, last, members = groups[-1]
            groups[-1] = (first, max(last, link.last), [*members, link])
        else:
            groups.append((link.first, link.last, [link]))
    found = []
    for first, last, members in groups:
        wide = sorted(members, key=lambda link: link.first - link.last)
        reasons = list(dict.fromkeys(link.reason for link in wide))
        fix = next((link.fix for link in wide if link.fix), "")
        found.append((first, last, "; ".join(reasons[:3]), fix))
    return found


def _values(
    graph: Graph,
    reach: Reach,
    definitions: Definitions,
    unstorable: frozenset[tuple[str, int]],
) -> Iterator[Link]:
    """Link the maker of a value that cannot be stored to every use of it."""
    nodes = {node.statement.id: node for node in graph.nodes}
    for node in graph.nodes:
        # What the text names says more than what hangs together with it.
        loads = node.statement.loads
        for name in sorted(node.reads | node.updates, key=lambda name: (name not in loads, name)):
            source = reach.before(name, node.statement.id)
            if source is None or nodes[source].replicable:
                continue
            value = graph.value_at(name, source)
            reason = why_inside(name, source, value, definitions, unstorable)
            if nodes[source].statement.kind == "import" and not reason:
                reason = f"`{name}` belongs to the module that it is imported from"
            if reason:
                yield Link(source, node.statement.id, name, reason, _MAKE_AGAIN)


def _figures(graph: Graph) -> Iterator[Link]:
    """Link all statements that draw on one figure."""
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for node in graph.nodes:
        for token in node.resources_read | node.resources_written:
            if token.startswith("figure:"):
                first.setdefault(token, node.statement.id)
                if token in node.resources_written:  # else it is only shown, with later ones
                    last[token] = node.statement.id
    for token, start in first.items():
        if last.get(token, start) > start:
            yield Link(start, last[token], token, f"they draw {token.replace(':', ' ')}", _SHOW)


def _ambient(graph: Graph, settings: frozenset[int]) -> Iterator[Link]:
    """An option set from data of the program cannot be set again in another process."""
    end = graph.nodes[-1].statement.id if graph.nodes else 0
    for node in graph.nodes:
        number = node.statement.id
        if number in settings or number == end:
            continue
        tokens = sorted(t for t in node.resources_written if t.startswith(_AMBIENT))
        if tokens:
            kind, _, name = tokens[0].partition(":")
            reason = f"`{tokens[0]}` is changed here, by more than constants"
            if kind == "module":
                reason = f"the state of the module `{name}` changes"
            yield Link(number, end, tokens[0], reason, _SET_FIRST)


def _temporary(graph: Graph) -> Iterator[Link]:
    """A temporary file has another name in every run, so that no port can name it."""
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for node in graph.nodes:
        for token in node.resources_read | node.resources_written:
            match = _TEMPORARY.match(token)
            if match:
                first.setdefault(match[2], node.statement.id)
                last[match[2]] = node.statement.id
    for path, start in first.items():
        if last[path] > start:
            yield Link(start, last[path], f"file:{path}", "they use one temporary file or folder")


def _undefined(graph: Graph, reach: Reach) -> Iterator[Link]:
    """A name read on a path not taken, bound only on a path not taken."""
    maybe: dict[str, int] = {}
    for node in graph.nodes:
        number = node.statement.id
        for name in node.statement.loads:
            if name in maybe and reach.before(name, number) is None:
                yield Link(maybe[name], number, name, f"`{name}` was not bound in the observed run")
        for name in node.statement.stores - node.fact.binds:
            maybe[name] = number
