"""Summaries of many values that can be merged: histograms, ranks, numbers of distinct values.

Histogram and distinct values of merged parts are those of the whole, bit for bit, whatever the
order; ranks have a bound of their error, which each merge adds to. The merged counts of frequent
values have such a bound, too. All are plain data.
"""

from __future__ import annotations

import base64
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from thruway.components.statistics.types import Histogram

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

BINS = 64
"""At most so many bars of a histogram; at least about half as many, unless values are few."""
POINTS = 400
"""Values at evenly spaced ranks that are kept of a column: each merge may shift a rank by 1/800."""
HASHES = 1024
"""Smallest hashes that are kept: the number of distinct values is off by 3 % (one deviation)."""
BLOCK = 1 << 15
QUANTILES = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)
_MASK = (1 << 64) - 1


# -- histograms -------------------------------------------------------------------------------


def exponent(low: float, high: float) -> int:
    """Return e so that bars of the width 2^e, at multiples of it, cover a range with few bars.

    Such grids nest: bars of parts add up to the bars of the whole, with no approximation. It never
    goes below the spacing of the numbers themselves, so that every bar is an exact integer.

    >>> exponent(0.0, 100.0)
    1
    """
    size = max(abs(low), abs(high))
    least = max(math.frexp(size)[1] - 53, -1074) if size else -1074
    half = high / 2 - low / 2
    found = max(math.frexp(half / BINS)[1] - 1 if half else least, least)
    while _bar(high, found) - _bar(low, found) >= BINS:
        found += 1
    return found


def _bar(value: float, power: int) -> int:
    scaled = math.ldexp(value, -power)
    # A tiny number below 0 may become -0.0: it is in the bar before 0 nevertheless.
    return -1 if scaled == 0 and value < 0 else math.floor(scaled)


def histogram(values: NDArray[Any], weights: NDArray[Any] | None = None) -> Histogram | None:
    """Return the histogram of finite numbers, exactly; with weights: of distinct numbers."""
    if not len(values):
        return None
    low, high = float(values.min()), float(values.max())
    power = exponent(low, high)
    first = _bar(low, power)
    many = _bar(high, power) - first + 1
    if weights is not None:
        places = bars_of(values, power) - first
        counts = np.rint(np.bincount(places, weights, minlength=many)).astype(np.int64)
    else:
        counts = np.zeros(many, dtype=np.int64)
        for part in blocks(values):
            counts += np.bincount(bars_of(part, power) - first, minlength=many)
    return Histogram(power, first, tuple(counts.tolist()))


def blocks(values: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Yield values some at a time: what is computed of them stays in the processor's cache."""
    for start in range(0, len(values), BLOCK):
        yield values[start : start + BLOCK]


def bars_of(values: NDArray[Any], power: int) -> NDArray[np.int64]:
    """Return in which bar of the width 2^power each value lies."""
    if abs(power) < 1000:
        scaled = values * 2.0**-power
    else:
        scaled = np.ldexp(values.astype(np.float64), -power)
    found: NDArray[np.int64] = np.floor(scaled, out=scaled).astype(np.int64)
    if power > 0 and values.dtype.kind == "f":
        found[(scaled == 0) & (values < 0)] = -1  # as in `_bar`
    return found


def coarsened(drawn: Histogram, power: int) -> dict[int, int]:
    """Return the counts of a histogram on a grid that is coarser, or as it is."""
    found: dict[int, int] = {}
    for number, count in enumerate(drawn.counts):
        place = (drawn.first + number) >> (power - drawn.exponent)
        found[place] = found.get(place, 0) + count
    return found


def merged_histogram(drawn: Sequence[Histogram], low: float, high: float) -> Histogram:
    """Return the histogram of the whole from those of parts; equal to the one made at once."""
    power = max([exponent(low, high), *(one.exponent for one in drawn)])
    first = _bar(low, power)
    counts = [0] * (_bar(high, power) - first + 1)
    for one in drawn:
        for place, count in coarsened(one, power).items():
            counts[place - first] += count
    return Histogram(power, first, tuple(counts))


# -- ranks ------------------------------------------------------------------------------------


def rank_points(values: NDArray[Any], counts: NDArray[Any], most: int = POINTS) -> NDArray[Any]:
    """Return values at evenly spaced ranks.

    Args:
        values: sorted, distinct or not.
        counts: how many (or what weight) each stands for.
        most: points; all values when they are fewer, in which case nothing is lost.
    """
    reached = np.cumsum(counts)
    total = reached[-1]
    many = int(min(most, total)) if counts.dtype.kind in "iu" else most
    wanted = (np.arange(many) + 0.5) * (total / many)
    return values[np.minimum(np.searchsorted(reached, wanted, side="left"), len(values) - 1)]


def merged_points(parts: Sequence[tuple[Sequence[Any], int]]) -> tuple[tuple[Any, ...], float]:
    """Return the points of the whole, and what rank error the merge adds (a share of all).

    Args:
        parts: points and how many values they stand for.

    Source: the merge and prune operations of Greenwald and Khanna, "Power-conserving computation
    of order-statistics over sensor networks" (2004).
    """
    held = [(np.asarray(points), many) for points, many in parts if len(points)]
    values = np.concatenate([points for points, _ in held])
    weights = np.concatenate([np.full(len(points), many / len(points)) for points, many in held])
    order = np.argsort(values, kind="stable")
    total = sum(many for _, many in held)
    if all(len(points) == many for points, many in held) and total <= POINTS:
        return tuple(values[order].tolist()), 0.0
    return tuple(rank_points(values[order], weights[order]).tolist()), 0.5 / POINTS


def quantiles_of_table(values: NDArray[Any], counts: NDArray[Any]) -> dict[str, float]:
    """Return the quantiles of numbers given as distinct sorted values and counts, exactly.

    Between two values they are interpolated as NumPy and pandas do.
    """
    reached = np.cumsum(counts)
    places = np.array(QUANTILES) * (reached[-1] - 1)
    lower = values[np.searchsorted(reached, np.floor(places), side="right")].astype(float)
    upper = values[np.searchsorted(reached, np.ceil(places), side="right")].astype(float)
    return named_quantiles(between(lower, upper, places - np.floor(places)))


def moments_of_table(values: NDArray[Any], counts: NDArray[Any]) -> tuple[float, float | None]:
    """Return mean and deviation of numbers given as distinct sorted values and counts.

    The sums are rounded once, so that parts and the whole give the same.
    """
    many = int(counts.sum())
    pairs = list(zip(values.tolist(), counts.tolist(), strict=True))
    mean = math.fsum(value * (count / many) for value, count in pairs)
    if many < 2:
        return mean, None
    try:
        spread = math.fsum((value - mean) ** 2 * count for value, count in pairs)
    except OverflowError:
        return mean, None
    return mean, math.sqrt(spread / (many - 1)) if math.isfinite(spread) else None


def between(lower: NDArray[Any], upper: NDArray[Any], share: NDArray[Any]) -> NDArray[Any]:
    """Return points between two values; exactly the value where both are the same."""
    # Not `lower + step * share`: the step between the largest numbers is no number.
    return np.where(lower == upper, lower, lower * (1 - share) + upper * share)


def quantiles_of_points(points: Sequence[Any], low: float, high: float) -> dict[str, float]:
    """Return the quantiles that the points of a column say, within their rank error."""
    share = (np.arange(len(points)) + 0.5) / len(points)
    places = np.concatenate([[0.0], share, [1.0]])
    heights = np.concatenate([[low], np.asarray(points, dtype=float), [high]])
    return named_quantiles(np.interp(QUANTILES, places, heights))


def named_quantiles(found: Iterable[Any]) -> dict[str, float]:
    """Return quantiles under their names: `1%` … `99%`."""
    return {f"{share:.0%}": float(one) for share, one in zip(QUANTILES, found, strict=True)}


# -- distinct values --------------------------------------------------------------------------


def hashes_of_numbers(values: NDArray[Any]) -> NDArray[np.uint64]:
    """Return 64 bits for each number, alike for equal numbers whatever their type.

    Source: the finaliser of SplitMix64 (Steele, Lea, Flood 2014).
    """
    if values.dtype.kind in "iu" and _beyond_floats(values):
        bits = values.astype(np.int64, copy=False).view(np.uint64)
    else:
        bits = (values.astype(np.float64, copy=False) + 0.0).view(np.uint64)  # -0.0 is 0.0
    return _mixed(bits)


def _beyond_floats(values: NDArray[Any]) -> bool:
    return bool(len(values)) and (int(values.max()) > 2**53 or int(values.min()) < -(2**53))


def _mixed(bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    bits = bits + np.uint64(0x9E3779B97F4A7C15)
    bits ^= bits >> np.uint64(30)
    bits *= np.uint64(0xBF58476D1CE4E5B9)
    bits ^= bits >> np.uint64(27)
    bits *= np.uint64(0x94D049BB133111EB)
    bits ^= bits >> np.uint64(31)
    return bits


def hashes_of_text(
    joined: NDArray[np.uint8], starts: NDArray[np.int64], lengths: NDArray[np.int64]
) -> NDArray[np.uint64]:
    """Return 64 bits for each text, the same in every process and for every library.

    Eight bytes of all texts are mixed in at a time, in the manner of MurmurHash.

    Args:
        joined: bytes of all texts in UTF-8.
        starts: where each begins.
        lengths: bytes of each.
    """
    padded = np.concatenate([joined, np.zeros(8, dtype=np.uint8)])
    words = np.ndarray((len(joined) + 1,), dtype="<u8", buffer=padded, strides=(1,))
    found: NDArray[np.uint64] = _mixed(lengths.astype(np.uint64))
    left, at = lengths, starts
    rows: NDArray[np.int64] | slice = slice(None)
    while True:
        held = np.flatnonzero(left > 0)
        if not len(held):
            return found
        if len(held) < len(left):
            rows = held if isinstance(rows, slice) else rows[held]
            left, at = left[held], at[held]
        read = words[at] & _KEPT[np.minimum(left, 8)]
        found[rows] = _stirred(found[rows], read)
        left, at = left - 8, at + 8


_KEPT = np.array([(1 << (8 * many)) - 1 for many in range(9)], dtype=np.uint64)
"""Masks of the bytes of a word that belong to a text; by how many do."""


def _stirred(state: NDArray[np.uint64], word: NDArray[np.uint64]) -> NDArray[np.uint64]:
    word *= np.uint64(0xC6A4A7935BD1E995)
    word ^= word >> np.uint64(47)
    word *= np.uint64(0xC6A4A7935BD1E995)
    state = state ^ word
    state *= np.uint64(0xC6A4A7935BD1E995)
    state ^= state >> np.uint64(32)
    return state


def smallest_of_numbers(values: NDArray[Any]) -> NDArray[np.uint32]:
    """Return the smallest distinct hashes of numbers; see `smallest`."""
    share = 8.0 * HASHES / len(values)
    while share < 0.5:
        limit = np.uint64(int(share * _MASK))
        parts = (hashes_of_numbers(part) for part in blocks(values))
        found = smallest(np.concatenate([hashes[hashes < limit] for hashes in parts]))
        if len(found) == HASHES:
            return found
        # As many as are needed, if those that were found say how many distinct values there are.
        share *= max(2.0, 1.5 * HASHES / max(len(found), 1))
    return smallest(hashes_of_numbers(values))


def smallest(hashes: NDArray[np.uint64]) -> NDArray[np.uint32]:
    """Return the smallest distinct hashes, sorted, 32 bits of each.

    Source: k minimum values, Bar-Yossef et al., "Counting distinct elements in a data stream"
    (2002).
    """
    short = hashes
    limit = 8.0 * HASHES / max(len(hashes), 1)
    while limit < 1.0:
        short = hashes[hashes < np.uint64(int(limit * _MASK))]
        found = np.unique((short >> np.uint64(32)).astype(np.uint32))
        if len(found) > HASHES:
            return found[:HASHES]
        limit *= 16
    return np.unique((hashes >> np.uint64(32)).astype(np.uint32))[:HASHES]


def distinct_of_hashes(found: NDArray[np.uint32]) -> int:
    """Return how many distinct values there are, by the smallest hashes; all of them if few."""
    if len(found) < HASHES:
        return len(found)
    return round((HASHES - 1) / ((int(found[-1]) + 1) / 2**32))


def packed(found: NDArray[np.uint32]) -> str:
    """Return hashes as text."""
    return base64.b64encode(found.astype("<u4").tobytes()).decode("ascii")


def unpacked(text: str) -> NDArray[np.uint32]:
    """Return the hashes that `packed` made text of."""
    return np.frombuffer(base64.b64decode(text), dtype="<u4").astype(np.uint32)
