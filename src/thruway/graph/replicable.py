"""Which statements may stand in several steps: definitions without effects.

Imports, functions, classes and constants are written wherever they are needed instead of being
shipped as artifacts, as long as running them again gives the same and nothing changes what
they made. A small pure statement whose value cannot be stored (a `partial`, a module chosen in a
`try`) is re-created in the same way.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from thruway.graph.reach import Reach

if TYPE_CHECKING:
    from thruway.graph.types import Node

_ALIAS = re.compile(r"[^\W\d]\w* = [^\W\d]\w*")  # another name for a definition
_DEFINITIONS = frozenset({"import", "function", "class", "constant"})
_RECREATED = frozenset({"module", "function", "class"})
_MOVING = frozenset({"iterator", "handle", "figure"})


def mark_replicable(nodes: list[Node]) -> tuple[Node, ...]:
    """Return the nodes with `replicable` set, decided in program order."""
    reach = Reach(nodes)
    changed = _changed_versions(nodes, reach)
    moves = any("options:cwd" in node.resources_written for node in nodes)
    shipped = {node.statement.fan.items for node in nodes if node.statement.fan}
    marked: dict[int, Node] = {}
    for node in nodes:
        # What calls are made for is one value for all who use it.
        ok = not node.binds & shipped and _stateless(node, changed, moves=moves)
        ok = ok and _rests_on_definitions(node, reach, marked)
        marked[node.statement.id] = replace(node, replicable=ok)
    return tuple(marked.values())


def _changed_versions(nodes: list[Node], reach: Reach) -> frozenset[tuple[int, str]]:
    """(statement, name) pairs whose value is changed in place later on."""
    pairs = set()
    for node in nodes:
        for name in node.updates:
            # Walk back over updates to the binding that made the object.
            writer = reach.before(name, node.statement.id)
            if writer is not None:
                pairs.add((writer, name))
    return frozenset(pairs)


def _stateless(node: Node, changed: frozenset[tuple[int, str]], *, moves: bool) -> bool:
    """Whether running it again is free of effects and its values stay as made.

    A path in the working folder (`BASE = Path.cwd()`) is asked for again in every step, as long as
    the program `moves` to no other folder.
    """
    statement, fact = node.statement, node.fact
    if any((statement.id, name) in changed for name in node.binds):
        return False
    if node.updates or statement.deletes or statement.dynamic:
        return False
    if statement.kind == "import":
        # A module that writes or prints while it is imported does so once.
        return not (fact.files_written or fact.stdout)
    if fact.stdout or fact.displays or fact.figures or fact.files_written or fact.files_read:
        return False
    if node.resources_written or node.resources_read:
        return False
    if statement.kind in _DEFINITIONS or _ALIAS.fullmatch(statement.code):
        return True
    if node.binds and node.binds <= fact.places and not moves:
        return True
    return bool(node.binds) and all(_is_recreated(node, name) for name in node.binds)


def _is_recreated(node: Node, name: str) -> bool:
    value = node.fact.values.get(name)
    if value is None or value.kind in _MOVING:
        return False
    return value.kind in _RECREATED or (value.kind == "other" and bool(value.unstorable))


def _rests_on_definitions(node: Node, reach: Reach, marked: dict[int, Node]) -> bool:
    for name in node.reads:
        writer = reach.before(name, node.statement.id)
        if writer is not None and not marked[writer].replicable:
            return False
    return True
