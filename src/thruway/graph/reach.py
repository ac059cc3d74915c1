"""Which statement last wrote a name or a resource before another statement.

The program ran top to bottom once, so "reaching definition" is simply the last writer above.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from thruway.graph.types import Node


class Reach:
    """Index of writers: names and resource tokens alike."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        """Index the nodes, which come in program order."""
        self._writers: dict[str, list[int]] = defaultdict(list)
        for node in nodes:
            for carrier in writes(node):
                self._writers[carrier].append(node.statement.id)

    def before(self, carrier: str, statement: int) -> int | None:
        """Return the last writer of `carrier` strictly before `statement`."""
        writers = self._writers.get(carrier, [])
        index = bisect_left(writers, statement)
        return writers[index - 1] if index else None

    def until(self, carrier: str, statement: int) -> int | None:
        """Return the last writer of `carrier` up to and including `statement`."""
        writers = self._writers.get(carrier, [])
        index = bisect_right(writers, statement)
        return writers[index - 1] if index else None

    def writers(self, carrier: str) -> tuple[int, ...]:
        """Return every writer of `carrier`, in order."""
        return tuple(self._writers.get(carrier, ()))

    def carriers(self) -> frozenset[str]:
        """Return every name and resource that some statement writes."""
        return frozenset(self._writers)


def writes(node: Node) -> frozenset[str]:
    """Return the names and resources that a node leaves in a new state."""
    return node.binds | node.updates | node.statement.deletes | node.resources_written


def needs(node: Node) -> frozenset[str]:
    """Return the names and resources that a node takes from before."""
    return node.reads | node.updates | node.resources_read
