"""How far apart two values of numbers are, when they are not the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

CLOSE = 1e-6
"""The largest relative difference that counts as close: what a change of algorithm may give."""


@dataclass(frozen=True)
class Apart:
    """How far apart two values are.

    Attributes:
        differing: how many numbers differ.
        count: of how many.
        absolute: the largest difference.
        relative: the largest difference over the larger of the two.
    """

    differing: int
    count: int
    absolute: float
    relative: float

    @property
    def is_close(self) -> bool:
        """Whether a reader may take them as the same for most ends."""
        return self.relative <= CLOSE

    def __str__(self) -> str:
        """Return it in words."""
        return (
            f"{self.differing:,} of {self.count:,} numbers differ, by {self.absolute:.3g} at most "
            f"({self.relative:.2g} of their size)"
        )


def closeness(one: Any, other: Any) -> Apart | None:
    """Return how far apart two values are; None when they are not numbers of one shape.

    Args:
        one: a number, an array, a series, or a frame of numbers.
        other: the other.

    >>> str(closeness([1.0, 2.0], [1.0, 2.5]))
    '1 of 2 numbers differ, by 0.5 at most (0.2 of their size)'
    >>> closeness([1.0], ["a"]) is None
    True
    """
    import numpy as np

    try:
        first, second = (np.asarray(value, dtype=np.float64) for value in (one, other))
    except (TypeError, ValueError):
        return None
    if first.shape != second.shape or not first.size:
        return None
    if not _same_labels(one, other) or (np.isnan(first) != np.isnan(second)).any():
        return None
    there = ~np.isnan(first)
    first, second = first[there], second[there]
    with np.errstate(invalid="ignore"):
        gap = np.where(first == second, 0.0, np.abs(first - second))
        size = np.maximum(np.abs(first), np.abs(second))
        relative = np.divide(gap, size, out=np.zeros_like(gap), where=size > 0)
    return Apart(
        int((gap > 0).sum()),
        int(gap.size),
        float(gap.max(initial=0)),
        float(relative.max(initial=0)),
    )


def _same_labels(one: Any, other: Any) -> bool:
    """Whether columns and index say the same, of what has them."""
    for name in ("columns", "index"):
        first, second = getattr(one, name, None), getattr(other, name, None)
        if callable(first) or (first is None and second is None):
            continue
        try:
            if list(first) != list(second):  # type: ignore[arg-type]
                return False
        except TypeError:
            return False
    return True
