"""Compare what an original prints with what its pipeline prints, line by line.

The original runs twice. Lines in which its own two runs differ are not deterministic: at such a gap
the pipeline may print anything, but not more lines than the original did.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

Answer = Literal["same", "order", "differs"]

_QUICK = 20_000


@dataclass(frozen=True)
class Gap:
    """Lines that are not deterministic: how many the original prints there at most."""

    most: int


Pattern = list[str | Gap]


def pattern_of(first: str, second: str) -> Pattern:
    r"""Return what every run of the original prints.

    Example:
        >>> pattern_of("a\n0.1 s\nb", "a\n0.2 s\nb")
        ['a', Gap(most=1), 'b']
    """
    one, two = first.splitlines(), second.splitlines()
    if one == two:
        return list(one)
    pattern: Pattern = []
    matcher = SequenceMatcher(None, one, two, autojunk=len(one) + len(two) > _QUICK)
    for kind, start, end, other, last in matcher.get_opcodes():
        if kind == "equal":
            pattern += one[start:end]
        else:
            pattern.append(Gap(max(end - start, last - other)))
    return pattern


def unstable(pattern: Pattern) -> int:
    """Return how many lines are not deterministic."""
    return sum(part.most for part in pattern if isinstance(part, Gap))


def compare(pattern: Pattern, printed: str) -> Answer:
    r"""Return whether a text is what the original prints: the same, in another order, or not.

    Example:
        >>> compare(["a", Gap(1), "b"], "a\n0.3 s\nb")
        'same'
        >>> compare(["a", "b"], "b\na"), compare(["a", "b"], "a")
        ('order', 'differs')
    """
    lines = printed.splitlines()
    if first_mismatch(pattern, lines) is None:
        return "same"
    fixed = Counter(part for part in pattern if isinstance(part, str))
    given = Counter(lines)
    missing, rest = fixed - given, given - fixed
    return "order" if not missing and rest.total() <= unstable(pattern) else "differs"


def first_mismatch(pattern: Pattern, lines: list[str]) -> tuple[int, str, str] | None:
    """Return where a text first leaves the pattern: line number, expected, given; None if nowhere.

    Example:
        >>> first_mismatch(["a", "b"], ["a", "c"])
        (2, 'b', 'c')
    """
    places = {0}
    for part in pattern:
        ahead = _step(part, places, lines)
        if not ahead:
            at = max(places)
            given = lines[at] if at < len(lines) else "(the end)"
            return at + 1, str(part), given
        places = ahead
    if len(lines) in places:
        return None
    at = max(places)
    return at + 1, "(the end)", lines[at]


def _step(part: str | Gap, places: set[int], lines: list[str]) -> set[int]:
    """Return where in the text one can be after this part of the pattern."""
    if isinstance(part, str):
        return {at + 1 for at in places if at < len(lines) and lines[at] == part}
    last = len(lines)
    return {at + more for at in places for more in range(part.most + 1) if at + more <= last}
