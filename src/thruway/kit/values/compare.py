"""How two values compare: equal, within a tolerance, or different, and where first.

Equal fingerprints are equality. Only else are the two walked side by side, shapes, labels and
types before elements, until the first difference that no tolerance covers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from thruway.kit.values.differences import RTOL, ULPS, Difference, expand
from thruway.kit.values.fingerprint import fingerprint
from thruway.kit.values.types import Comparison

if TYPE_CHECKING:
    from collections.abc import Iterator

_PAIRS = 2_000_000


def compare(expected: object, actual: object) -> Comparison:
    """Return how two values compare, with the first differing element.

    Example:
        >>> compare({"k": [1, 2]}, {"k": [1, 3]}).path
        "['k'][1]"
        >>> compare([1.0], [1.0 + 1e-12]).verdict
        'within'
    """
    one, other = fingerprint(expected), fingerprint(actual)
    if one.hex == other.hex:
        return _same(expected, one.opaque)
    found: Difference | None = None
    try:
        for difference in differences(expected, actual):
            if not difference.close:
                return _differs(difference)
            found = found or difference
    except Exception as error:  # values of a user's program may raise at any look
        return Comparison("differs", reason=f"comparing raised {type(error).__name__}: {error}")
    if found is not None:
        return _within(found, one.opaque or other.opaque)
    if one.opaque and other.opaque:
        return Comparison("not compared", reason=f"{one.opaque} hides its state")
    return Comparison(
        "differs",
        expected=_name(expected),
        actual=_name(actual),
        reason="equal by element, but not in what they share or in a detail that has no element",
    )


def _same(value: object, opaque: str) -> Comparison:
    if not opaque:
        return Comparison("equal")
    if opaque == f"{type(value).__module__}.{type(value).__qualname__}":
        return Comparison("not compared", reason=f"{opaque} hides its state")
    return Comparison("equal", reason=f"except {opaque} inside, which hides its state")


def _differs(difference: Difference) -> Comparison:
    if difference.unknown:
        return Comparison("not compared", path=difference.path, reason=difference.unknown)
    return Comparison(
        "differs",
        path=difference.path,
        expected=difference.expected,
        actual=difference.actual,
        reason=difference.reason,
    )


def _within(first: Difference, opaque: str) -> Comparison:
    reason = "floats that differ by rounding only"
    if opaque:
        reason += f"; except {opaque} inside, which hides its state"
    return Comparison(
        "within",
        tolerance=f"rtol {RTOL:g} or {ULPS} ulp",
        path=first.path,
        expected=first.expected,
        actual=first.actual,
        reason=reason,
    )


def _name(value: object) -> str:
    return type(value).__name__


def differences(expected: Any, actual: Any) -> Iterator[Difference]:
    """Yield the differences of two values in the order of their elements."""
    stack: list[tuple[Any, Any, str]] = [(expected, actual, "")]
    seen: set[tuple[int, int]] = set()
    held: list[Any] = []
    budget = _PAIRS
    while stack:
        one, other, path = stack.pop()
        if (id(one), id(other)) in seen:
            continue
        seen.add((id(one), id(other)))
        held.append((one, other))
        budget -= 1
        if budget < 0:
            yield Difference(path, "", "", unknown="more elements than are compared one by one")
            return
        found, pairs = expand(one, other, path)
        yield from found
        stack.extend(reversed(pairs))
