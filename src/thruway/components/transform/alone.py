"""Whether a row transformed alone is the same as among others: measured when it is fitted.

A step that subtracts the mean of the rows it is given, instead of one it learnt, is right in the
notebook and wrong in production, where rows come one at a time. A few rows show it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from thruway.errors import ThruwayError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from thruway.components.transform.graph import Alone, TransformGraph

_MOST_ROWS = 5
_CLOSE = 1e-6
"""Relative to the largest number of a column: rounding in 32 bits, of products in other shapes."""


def compared(graph: TransformGraph, table: Any, whole: Any) -> tuple[Alone, tuple[str, ...]]:
    """Return how rows alone compare with a batch, and sentences about what differs.

    Args:
        graph: fitted.
        table: raw rows (narwhals).
        whole: the same rows, transformed together.
    """
    places = sorted({int(one) for one in np.linspace(0, len(table) - 1, _MOST_ROWS)})
    batch = _columns(whole, places)
    try:
        # Sorted on purpose by nothing: every row is asked by itself, as a request would.
        single = [_columns(graph.transform(table[[one]].to_native()), [0]) for one in places]
    except Exception as error:  # a user's function may raise anything for one row
        what = error.what if isinstance(error, ThruwayError) else f"{type(error).__name__}: {error}"
        return "fails", (f"a row alone cannot be transformed: {what.splitlines()[0]}",)
    worst: Alone = "identical"
    different = []
    for name, values in batch.items():
        alone = [one[name][0] if name in one else _MISSING for one in single]
        found = _compare(values, alone)
        if found == "different":
            different.append(name)
        elif found == "close":
            worst = "close"
    if not different and all(len(one) == len(batch) for one in single):
        return worst, ()
    shown = ", ".join(f"`{name}`" for name in different[:5]) or "the columns"
    reason = (
        f"a row alone gets other values than among others in {shown}: what is computed from the "
        "rows that it is given must be learnt while fitting"
    )
    return "different", (reason,)


_MISSING = object()


def _columns(made: Any, places: list[int]) -> dict[str, list[Any]]:
    if hasattr(made, "toarray"):
        made = made[places].toarray()
        places = list(range(len(made)))
    if isinstance(made, np.ndarray):
        rows: NDArray[Any] = made[places]
        return {f"column {place}": rows[:, place].tolist() for place in range(rows.shape[1])}
    import narwhals as nw

    frame = nw.from_native(made, eager_only=True)[places]
    return {str(name): frame[name].to_list() for name in frame.columns}


def _compare(batch: list[Any], alone: list[Any]) -> Alone:
    if all(map(_same, batch, alone)):
        return "identical"
    try:
        left, right = np.asarray(batch, dtype=float), np.asarray(alone, dtype=float)
    except (TypeError, ValueError):
        return "different"
    scale = np.nanmax(np.abs(left)) if np.isfinite(left).any() else 0.0
    near = np.allclose(left, right, rtol=_CLOSE, atol=_CLOSE * scale, equal_nan=True)
    return "close" if near else "different"


def _same(left: Any, right: Any) -> bool:
    if left is right:
        return True
    try:
        return bool(left == right) or bool(left != left and right != right)  # noqa: PLR0124 - NaN
    except (TypeError, ValueError):  # arrays, missing values that are no booleans
        return bool(str(left) == str(right))
