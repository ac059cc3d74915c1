"""Which values share mutable parts, so that a change through one shows in another.

Values that do are one co-variable: they are watched, stored and restored together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from thruway.kit.values.reach import reach

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def mutable_parts(value: object) -> frozenset[int]:
    """Return ids of the mutable objects reachable from a value, and addresses of its memory.

    Two values share when their sets meet. A frame under copy-on-write counts by itself; what
    arrays see of it is known to `groups` only.

    Example:
        >>> shared = []
        >>> bool(mutable_parts([shared]) & mutable_parts((shared, 1)))
        True
        >>> mutable_parts((1, "a"))
        frozenset()
    """
    return frozenset(reach(value).objects)


def groups(values: Mapping[str, object]) -> tuple[frozenset[str], ...]:
    """Return the names grouped by what they share, in the order of their first names.

    Example:
        >>> a = [1]
        >>> [sorted(g) for g in groups({"a": a, "n": 1, "b": {"inside": a}})]
        [['a', 'b'], ['n']]
    """
    reached = {name: reach(value) for name, value in values.items()}
    owner: dict[int, str] = {}
    joined = {name: name for name in values}
    for name, found in reached.items():
        for part in found.objects:
            _join(joined, owner.setdefault(part, name), name)
    for name, found in reached.items():
        for part in found.lent.keys() & owner.keys():
            _join(joined, owner[part], name)
    return _collect(joined)


def _top(joined: dict[str, str], name: str) -> str:
    while joined[name] != name:
        joined[name] = joined[joined[name]]
        name = joined[name]
    return name


def _join(joined: dict[str, str], one: str, other: str) -> None:
    first, second = _top(joined, one), _top(joined, other)
    if first != second:
        joined[second] = first


def _collect(joined: dict[str, str]) -> tuple[frozenset[str], ...]:
    found: dict[str, list[str]] = {}
    for name in joined:
        found.setdefault(_top(joined, name), []).append(name)
    members: Iterable[list[str]] = found.values()
    return tuple(frozenset(names) for names in members)
