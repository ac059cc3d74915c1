"""What is known of the content behind each name, and which of it a statement changed.

Names that share mutable objects are one *co-variable*: content behind any of them can only have
changed when the statement touched one of them. So after a statement only the names it read, and
those that overlap with them, are looked at again; the digest from the last time is the "before".

Source: co-variables are from Kishu, https://arxiv.org/abs/2406.13856.
"""

from __future__ import annotations

import types
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from thruway.kit.values.describe import describe
from thruway.kit.values.fingerprint import fingerprint
from thruway.kit.values.reach import reach

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from thruway.kit.values.types import Digest, Value
    from thruway.trace.child.namespace import Namespace

_ATOMS = (int, float, complex, bool, str, bytes, type(None), type(...), range, slice)
_NOTHING: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Parts:
    """The mutable things behind a name.

    Attributes:
        objects: ids of objects and addresses of memory.
        lent: addresses which only arrays taken from a frame share, see `kit.values.reach`.
    """

    objects: frozenset[int] = _NOTHING
    lent: frozenset[int] = _NOTHING

    def meets(self, other: Parts) -> bool:
        """Return whether a change behind one can show behind the other."""
        return not (
            self.objects.isdisjoint(other.objects)
            and self.lent.isdisjoint(other.objects)
            and self.objects.isdisjoint(other.lent)
        )

    def __bool__(self) -> bool:
        return bool(self.objects or self.lent)


@dataclass(frozen=True)
class Known:
    """What is known of one name's value since the last time it was looked at.

    Attributes:
        identity: `id` of the value; valid as long as the name is not bound anew.
        digest: of the content; None for what cannot change (numbers, text, modules).
        parts: the mutable things behind it.
        value: its description.
    """

    identity: int
    digest: Digest | None
    parts: Parts
    value: Value


@dataclass(frozen=True)
class Outcome:
    """What a statement did to contents.

    Attributes:
        changes: names not bound anew whose content differs.
        values: descriptions of the names bound or changed.
        shares: groups of names, one of them touched, that share mutable objects now.
    """

    changes: frozenset[str]
    values: dict[str, Value]
    shares: tuple[frozenset[str], ...]


class Covariables:
    """The contents behind the names of one namespace, kept from statement to statement."""

    def __init__(self, namespace: Namespace) -> None:
        self._namespace = namespace
        self._known: dict[str, Known] = {}
        self._described: dict[tuple[type, str], Value] = {}

    def settle(
        self,
        reads: Iterable[str],
        binds: Iterable[str],
        deletes: Iterable[str],
        harmless: Iterable[str],
    ) -> Outcome:
        """Return what changed, and remember how things are now.

        Args:
            reads: names whose old value the statement could reach.
            binds: names bound anew.
            deletes: names that are gone.
            harmless: names read in a way that cannot have changed their content.
        """
        bound, read = set(binds), set(reads) - set(harmless)
        suspects = self._overlapping(read) - bound
        for name in deletes:
            self._known.pop(name, None)
        values = self._look_at_bound(sorted(bound), suspects)
        changes = self._look_again(sorted(suspects))
        values.update({name: self._known[name].value for name in changes})
        touched = bound | suspects | (set(reads) & self._known.keys())
        return Outcome(frozenset(changes), values, self._shares(touched))

    def names(self) -> frozenset[str]:
        """Names that are known."""
        return frozenset(self._known)

    def kind(self, name: str) -> str:
        """Return the coarse kind of a name's value, "" when it is not known."""
        known = self._known.get(name)
        return known.value.kind if known else ""

    def _overlapping(self, read: set[str]) -> set[str]:
        sources = [self._known[name].parts for name in read if name in self._known]
        sources = [parts for parts in sources if parts]
        found = {name for name in read if name in self._known and self._changeable(name)}
        for name, known in self._known.items():
            if name not in found and any(map(known.parts.meets, sources)):
                found.add(name)
        return found

    def _changeable(self, name: str) -> bool:
        return self._known[name].digest is not None

    def _look_at_bound(self, names: list[str], suspects: set[str]) -> dict[str, Value]:
        same: dict[int, Known] = {
            known.identity: known
            for name, known in self._known.items()
            if name not in suspects and name not in names
        }
        values = {}
        for name in names:
            value = self._namespace.value(name)
            known = same.get(id(value))
            if known is None:
                known = same[id(value)] = self._look(value)
            self._known[name] = known
            values[name] = known.value
        return values

    def _look_again(self, names: list[str]) -> list[str]:
        seen: dict[int, Known] = {}
        changed = []
        for name in names:
            before, value = self._known[name], self._namespace.value(name)
            known = seen.get(id(value))
            if known is None:
                known = seen[id(value)] = self._look_again_at(value, before)
            self._known[name] = known
            if known.digest != before.digest or (known.digest and known.digest.opaque):
                changed.append(name)
        return changed

    def _look(self, value: Any, digest: Digest | None = None) -> Known:
        """Look at a value anew; its digest may be known already."""
        digest = digest or fingerprint(value)
        described = self._describe(value, digest)
        if _cannot_change(value):
            return Known(id(value), None, Parts(), described)
        return Known(id(value), digest, _parts(value), described)

    def _look_again_at(self, value: Any, before: Known) -> Known:
        digest = fingerprint(value)
        if digest == before.digest:
            return replace(before, parts=_parts(value))
        return self._look(value, digest)

    def _describe(self, value: Any, digest: Digest) -> Value:
        """Describe a value, once for every content that could be looked into."""
        key = (type(value), digest.hex)
        described = None if digest.opaque else self._described.get(key)
        if described is None:
            described = replace(describe(value), fingerprint=digest.hex, opaque=digest.opaque)
            self._described[key] = described
        return described

    def _shares(self, touched: set[str]) -> tuple[frozenset[str], ...]:
        parts = {name: known.parts for name, known in self._known.items() if known.parts}
        return _groups(parts, touched)


def _parts(value: Any) -> Parts:
    found = reach(value)
    return Parts(frozenset(found.objects), frozenset(found.lent))


def _cannot_change(value: Any) -> bool:
    if isinstance(value, types.ModuleType):
        return True
    if isinstance(value, types.BuiltinFunctionType):
        # A method of a list or dict holds it; a function of a module holds nothing.
        return value.__self__ is None or isinstance(value.__self__, types.ModuleType)
    if type(value) is tuple or type(value) is frozenset:
        return all(_cannot_change(item) for item in value)
    return type(value) in _ATOMS or _is_foreign_definition(value)


def _is_foreign_definition(value: Any) -> bool:
    """A function or class of a library: nobody looks for state of the program there."""
    definition = isinstance(value, (type, types.FunctionType))
    return definition and getattr(value, "__module__", None) != "__main__"


def _groups(parts: Mapping[str, Parts], touched: set[str]) -> tuple[frozenset[str], ...]:
    """Return the groups of two and more that overlap, directly or through another name."""
    groups: list[set[str]] = []
    rest = set(parts)
    for start in sorted(touched & rest):
        if start not in rest:
            continue
        group, edge = {start}, [start]
        rest.discard(start)
        while edge:
            here = parts[edge.pop()]
            near = {name for name in rest if parts[name].meets(here)}
            rest -= near
            group |= near
            edge += near
        groups.append(group)
    return tuple(frozenset(group) for group in groups if len(group) > 1)
