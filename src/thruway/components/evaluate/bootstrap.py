"""Rows drawn again and again: how sure a number is.

A draw is how often each row was drawn. Model and baseline, all rows and every slice are computed
from the same draws, so that differences are those on the same rows (paired).

Source: Efron and Tibshirani, "An Introduction to the Bootstrap" (1993), percentile intervals;
whole clusters: Davison and Hinkley (1997), 3.8; blocks in a circle: Politis and Romano (1992).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_CELLS = 4_000_000
"""Cells of draws that are in memory at a time: 32 MB."""


@dataclass(frozen=True)
class Resampling:
    """How rows are drawn.

    Attributes:
        n_draws: how often.
        seed: of the random numbers.
        strata: code of each row: as many are drawn of each code as there are; None without.
        clusters: code of each row: rows of one code are drawn together; None without.
        block: neighbours that are drawn together; 1 for single rows.
    """

    n_draws: int
    seed: int
    strata: Any = None
    clusters: Any = None
    block: int = 1


def draws_of(rows: int, how: Resampling) -> Iterator[Any]:
    """Give draws, some at a time: arrays of shape (n, rows) of how often each row was drawn.

    The draws do not depend on how many are given at a time.
    """
    import numpy as np

    random = np.random.default_rng(how.seed)
    at_a_time = max(1, _CELLS // max(rows, 1))
    left = how.n_draws
    while left > 0:
        count = min(left, at_a_time)
        yield np.stack([_draw(rows, how, random) for _ in range(count)])
        left -= count


def _draw(rows: int, how: Resampling, random: Any) -> Any:
    import numpy as np

    if how.clusters is not None:
        number = int(how.clusters.max()) + 1
        times = np.bincount(random.integers(0, number, number), minlength=number)
        return times[how.clusters].astype(float)
    if how.block > 1:
        starts = random.integers(0, rows, math.ceil(rows / how.block))
        drawn = ((starts[:, None] + np.arange(how.block)) % rows).ravel()[:rows]
    elif how.strata is not None:
        parts = [np.flatnonzero(how.strata == code) for code in np.unique(how.strata)]
        drawn = np.concatenate([part[random.integers(0, len(part), len(part))] for part in parts])
    else:
        drawn = random.integers(0, rows, rows)
    return np.bincount(drawn, minlength=rows).astype(float)


def interval(values: Any, confidence: float) -> tuple[float | None, float | None]:
    """Return the percentile interval; none when fewer than half of the draws have a value."""
    import numpy as np

    known = values[np.isfinite(values)]
    if len(known) < 2 or len(known) * 2 < len(values):
        return None, None
    tail = (1 - confidence) / 2
    low, high = np.quantile(known, [tail, 1 - tail])
    return float(low), float(high)
