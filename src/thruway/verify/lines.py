"""What every run of a program prints, where its own runs differ in some of the lines.

A pattern is the lines that all known runs print, in order, with a gap where they differ. At a gap a
text may have any lines, but no more of them than the runs had, unless those differ in that too.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

Answer = Literal["same", "order", "differs"]

_ANY = sys.maxsize
_LONG = 20_000  # lines beyond which a quicker, coarser alignment will do


@dataclass(frozen=True)
class Gap:
    """Lines that are not deterministic: how many there are at most."""

    most: int

    def __str__(self) -> str:
        """Return what it stands for, in words."""
        return "(lines that are not deterministic)"


Pattern = list[str | Gap]


def pattern_of(first: str, *others: str) -> Pattern:
    r"""Return what all these runs print.

    Example:
        >>> pattern_of("a\n0.1 s\nb", "a\n0.2 s\nb")
        ['a', Gap(most=1), 'b']
    """
    pattern: Pattern = list(first.splitlines())
    for text in others:
        pattern = _refined(pattern, text.splitlines())
    return pattern


def _refined(pattern: Pattern, lines: list[str]) -> Pattern:
    if pattern == lines:
        return pattern
    if sum(_size(part) for part in pattern) == len(lines):
        return _line_by_line(pattern, lines)
    refined: Pattern = []
    long = len(pattern) + len(lines) > _LONG
    given: Pattern = list(lines)
    matcher = SequenceMatcher(None, pattern, given, autojunk=long)
    for kind, start, end, other, last in matcher.get_opcodes():
        if kind == "equal":
            refined += pattern[start:end]
            continue
        known, here = sum(_size(part) for part in pattern[start:end]), last - other
        bounded = any(isinstance(part, Gap) for part in pattern[start:end]) and here <= known
        refined.append(Gap(known if known == here or bounded else _ANY))
    return refined


def _line_by_line(pattern: Pattern, lines: list[str]) -> Pattern:
    """Refine by lines that are as many: those that differ are not deterministic."""
    refined: Pattern = []
    at = 0
    for part in pattern:
        size = _size(part)
        if part == lines[at]:
            refined.append(part)
        else:
            before = refined.pop() if refined and isinstance(refined[-1], Gap) else Gap(0)
            refined.append(Gap(_size(before) + size))
        at += size
    return refined


def _size(part: str | Gap) -> int:
    return part.most if isinstance(part, Gap) else 1


def unstable(pattern: Pattern) -> int:
    """Return in how many places the runs differ."""
    return sum(isinstance(part, Gap) for part in pattern)


def compare_lines(pattern: Pattern, printed: str) -> Answer:
    r"""Return whether a text is what the runs print: the same, in another order, or not.

    Example:
        >>> compare_lines(["a", Gap(1), "b"], "a\n0.3 s\nb")
        'same'
        >>> compare_lines(["a", "b"], "b\na"), compare_lines(["a", "b"], "a")
        ('order', 'differs')
    """
    lines = printed.splitlines()
    if first_mismatch(pattern, lines) is None:
        return "same"
    fixed = Counter(part for part in pattern if isinstance(part, str))
    given = Counter(lines)
    missing, rest = fixed - given, given - fixed
    most = sum(part.most for part in pattern if isinstance(part, Gap))
    return "order" if not missing and rest.total() <= most else "differs"


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
            return at + 1, str(part), lines[at] if at < len(lines) else "(no line)"
        places = ahead
    if len(lines) in places:
        return None
    at = max(places)
    return at + 1, "(no line)", lines[at]


def _step(part: str | Gap, places: set[int], lines: list[str]) -> set[int]:
    """Return where in the text one can be after this part of the pattern."""
    if isinstance(part, str):
        return {at + 1 for at in places if at < len(lines) and lines[at] == part}
    last = len(lines)
    if part.most >= last:
        return set(range(min(places), last + 1))
    return {at + more for at in places for more in range(part.most + 1) if at + more <= last}
