"""Class weights: by the estimator's own parameter where it has one, else by the row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from thruway.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


def by_row(
    labels: NDArray[Any], class_weight: Mapping[Any, float] | str, weights: NDArray[Any] | None
) -> NDArray[Any]:
    """Return the weight of each row, (n_rows,): that of its class, times its own.

    Args:
        labels: (n_rows,).
        class_weight: label → weight, those not named have 1; or `balanced`: every class weighs
            the same in sum.
        weights: (n_rows,), or None.

    Source: `balanced` is n_rows / (n_classes * count), as scikit-learn's `compute_class_weight`.
    """
    found, places, counts = np.unique(labels, return_inverse=True, return_counts=True)
    if isinstance(class_weight, str):
        each = len(labels) / (len(found) * counts)
    else:
        each = np.array([float(class_weight.get(one, 1.0)) for one in found.tolist()])
    rows: NDArray[Any] = each[places]
    return rows if weights is None else rows * weights


def check(class_weight: Any, classes: list[Any] | None) -> None:
    """Check class weights.

    Raises:
        UsageError: a label that is none, a negative weight, or no classes at all.
    """
    if classes is None:
        raise UsageError("`class_weight` is for classes, and this is a regression")
    if class_weight == "balanced":
        return
    if not isinstance(class_weight, dict):
        raise UsageError(
            f"`class_weight` is {class_weight!r}", fix='say "balanced", or a dict label → weight'
        )
    odd = [one for one in class_weight if one not in classes]
    if odd:
        raise UsageError(
            f"`class_weight` names {odd[0]!r}, which is no label",
            where=f"labels: {', '.join(map(repr, classes[:20]))}",
            fix="write labels as the examples do",
        )
    if any(not weight >= 0 for weight in class_weight.values()):
        raise UsageError("a weight of `class_weight` is negative or missing")
