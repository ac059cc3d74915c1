"""What goes to `shared.py`, what stays above the one step that uses it, and the settings."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from thruway.plan.imports import import_lines
from thruway.plan.types import Settings, Shared

if TYPE_CHECKING:
    from collections.abc import Mapping

    from thruway.graph.types import Graph
    from thruway.plan.cut import Segment
    from thruway.plan.place import Definitions, Place

Module = tuple[tuple[int, ...], tuple[str, ...]]
"""Helper definitions of one step's file, and the names that it imports from `shared`."""


def share(
    graph: Graph,
    definitions: Definitions,
    segments: tuple[Segment, ...],
    places: list[Place],
    settings: frozenset[int],
) -> tuple[Shared, list[Module]]:
    """Return the shared module and each step's own module-level part.

    Constants that several steps would repeat move from their bodies to `shared.py`; the places
    are adjusted accordingly.
    """
    _move_repeated_constants(definitions, places)
    users: dict[int, set[int]] = defaultdict(set)
    for index, place in enumerate(places):
        for number in definitions.module_needs(set(place.module))[0]:
            users[number].add(index)
    groups = _settings(segments, settings)
    shared = {n for n, steps in users.items() if len(steps) > 1}
    shared |= {n for n in users if definitions.nodes[n].statement.kind == "class"}
    shared |= _unused(graph, definitions, users, places)
    shared |= {n for group in groups for n in _module_parts(definitions, group)}
    shared = definitions.module_needs(shared)[0]
    imports = definitions.module_needs(shared)[1]
    record = Shared(
        tuple(sorted(shared)),
        import_lines(imports, definitions.nodes),
        tuple(
            _record(definitions, group, name) for group, name in _named(groups, definitions.names)
        ),
    )
    return record, [_module(definitions, place, shared) for place in places]


def _move_repeated_constants(definitions: Definitions, places: list[Place]) -> None:
    count: dict[int, int] = defaultdict(int)
    for place in places:
        for number in place.inline:
            count[number] += 1
    for number, times in count.items():
        node = definitions.nodes[number]
        if times > 1 and node.statement.kind == "constant" and definitions.closed(number):
            for place in places:
                if number in place.inline:
                    place.inline.discard(number)
                    place.module.add(number)


def _unused(
    graph: Graph, definitions: Definitions, users: Mapping[int, set[int]], places: list[Place]
) -> set[int]:
    """Closed functions and classes that nothing calls: the author's, so they are kept."""
    placed = set(users) | {n for place in places for n in place.inline}
    return {
        node.statement.id
        for node in graph.nodes
        if node.statement.kind in {"function", "class"}
        and node.replicable
        and node.statement.id not in placed
        and definitions.closed(node.statement.id)
    }


def _settings(segments: tuple[Segment, ...], settings: frozenset[int]) -> list[tuple[int, ...]]:
    """Group the settings by the first step that comes after them."""
    groups: dict[int, list[int]] = defaultdict(list)
    for number in sorted(settings):
        for index, segment in enumerate(segments):
            if number < segment.statements[0]:
                groups[index].append(number)
                break
    return [tuple(numbers) for _, numbers in sorted(groups.items())]


def _named(
    groups: list[tuple[int, ...]], taken: frozenset[str]
) -> list[tuple[tuple[int, ...], str]]:
    word = next(w for w in ("configure", "apply_settings", "_configure") if w not in taken)
    return [
        (group, word if index == 0 else f"{word}_{index + 1}") for index, group in enumerate(groups)
    ]


def _module_parts(definitions: Definitions, group: tuple[int, ...]) -> set[int]:
    """Definitions other than imports that the settings of one group read."""
    return {
        source
        for number in group
        for name in definitions.nodes[number].reads
        for source in definitions.sources(name, number)
        if definitions.nodes[source].statement.kind != "import"
        and definitions.nodes[source].replicable
    }


def _record(definitions: Definitions, group: tuple[int, ...], name: str) -> Settings:
    imports = {
        (source, read)
        for number in group
        for read in definitions.nodes[number].reads
        for source in definitions.sources(read, number)
        if definitions.nodes[source].statement.kind == "import"
    }
    return Settings(name, group, import_lines(imports, definitions.nodes))


def _module(definitions: Definitions, place: Place, shared: set[int]) -> Module:
    needed = definitions.module_needs(set(place.module))[0]
    helpers = needed - shared
    direct = set(place.module) & shared
    for number in helpers:
        node = definitions.nodes[number]
        for name in node.reads | node.statement.deferred:
            direct |= set(definitions.sources(name, max(definitions.nodes) + 1)) & shared
    names = {name for number in direct for name in definitions.nodes[number].statement.stores}
    return tuple(sorted(helpers)), tuple(sorted(names))
