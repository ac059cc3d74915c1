"""Names that share mutable objects (co-variables), followed through the run.

Names of one group must cross an edge as one artifact when any of them changes later: else a
change made through one name would be missed by the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from thruway.trace.types import Fact


class Sharing:
    """The groups of names after each statement."""

    def __init__(self, facts: tuple[Fact, ...], *, by_identity: bool = False) -> None:
        """Replay the groups that the trace saw.

        Args:
            facts: of the statements, in order.
            by_identity: the program asks whether two names hold one object, so that they must
                travel together even if nothing changes it.
        """
        self._after: dict[int, dict[str, frozenset[str]]] = {}
        self._joined: dict[int, frozenset[str]] = {}
        changed_later = _changed_later(facts)
        groups: dict[str, frozenset[str]] = {}
        classes: set[str] = set()
        for fact in facts:
            classes -= fact.binds
            classes |= {name for name, value in fact.values.items() if value.kind == "class"}
            touched = fact.binds | fact.changes | fact.deletes
            groups = _without(groups, touched)
            joined: set[str] = set()
            for group in fact.shares:
                for name in group:
                    groups[name] = group | groups.get(name, frozenset())
                later = changed_later[fact.statement]
                if group & touched and (by_identity or group & later):
                    # An instance leads to its class, which its changes leave as it is.
                    joined |= group - fact.binds - (set() if by_identity else classes - later)
            self._joined[fact.statement] = frozenset(joined)
            self._after[fact.statement] = dict(groups)

    def joined_here(self, statement: int) -> frozenset[str]:
        """Names older than the statement that it tied to one it bound, and that change later."""
        return self._joined.get(statement, frozenset())

    def closure(self, names: frozenset[str], statement: int) -> frozenset[str]:
        """Return the names and all that shared an object with them before the statement."""
        before = self._after.get(statement - 1, {})
        found = set(names)
        for name in names:
            found |= before.get(name, frozenset())
        return frozenset(found)


def _without(groups: dict[str, frozenset[str]], names: frozenset[str]) -> dict[str, frozenset[str]]:
    kept = {}
    for name, group in groups.items():
        rest = group - names
        if name not in names and len(rest) > 1:
            kept[name] = rest
    return kept


def _changed_later(facts: tuple[Fact, ...]) -> dict[int, frozenset[str]]:
    """For each statement, the names whose content some later statement changes."""
    later: dict[int, frozenset[str]] = {}
    names: frozenset[str] = frozenset()
    for fact in reversed(facts):
        later[fact.statement] = names
        names = names | fact.changes
    return later
