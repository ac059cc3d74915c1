"""How good predictions were, for those that labels have arrived for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from thruway.components.monitor.types import Performance, Task
from thruway.components.statistics.reading import read
from thruway.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import narwhals as nw
    from numpy.typing import NDArray

LOWER_IS_BETTER = ("log_loss", "brier", "mae", "rmse")
METRICS = (
    "accuracy", "balanced_accuracy", "f1", "roc_auc", "log_loss", "brier",
    "mae", "rmse", "r2",
)  # fmt: skip
_CLASSES = 20


def known(limits: Mapping[str, float] | None) -> Mapping[str, float]:
    """Return limits of metrics.

    Raises:
        UsageError: a metric is not known.
    """
    for name in limits or {}:
        if name not in METRICS:
            raise UsageError(f"`performance` has {name!r}", fix=f"metrics are {', '.join(METRICS)}")
    return limits or {}


def task_of(labels: nw.Series[Any], predictions: nw.Series[Any]) -> Task:
    """Return whether labels are classes: text, truths, or few whole numbers; else numbers."""
    column = read(labels)
    if column.numbers is None:
        return "classification"
    whole = column.type == "int" or bool((np.floor(column.numbers) == column.numbers).all())
    few = len(np.unique(column.numbers)) <= _CLASSES
    predicted = read(predictions)
    fractions = (
        predicted.type == "float"
        and predicted.numbers is not None
        and not bool((np.floor(predicted.numbers) == predicted.numbers).all())
    )
    if whole and few and fractions and len(np.unique(column.numbers)) > 2:
        return "regression"  # classes are not predicted as fractions
    return "classification" if whole and few else "regression"


def performance(
    labels: nw.Series[Any], predictions: nw.Series[Any], task: Task, rows: int
) -> Performance | None:
    """Return how good predictions were.

    Args:
        labels: of the predictions that have one, none missing.
        predictions: classes, numbers, or probabilities of the class 1.
        task: what they are of.
        rows: all predictions, with a label or not.
    """
    many = len(labels)
    coverage = many / rows if rows else 0.0
    if not many:
        return Performance(0, coverage)
    if task == "regression":
        return Performance(many, coverage, _regression(_floats(labels), _floats(predictions)))
    truth, said = _classes(labels), _classes(predictions)
    scores = _probabilities(truth, predictions)
    metrics: dict[str, float] = {}
    if scores is not None:
        truth = [float(one) for one in truth]
        metrics |= _of_probabilities(np.array(truth), scores)
        said = [str(int(one >= 0.5)) for one in scores]
        truth = [str(int(one)) for one in truth]
    metrics |= _classification(truth, said)
    low, high = wilson(metrics["accuracy"], many)
    return Performance(many, coverage, dict(sorted(metrics.items())), low, high)


def _floats(series: nw.Series[Any]) -> NDArray[np.float64]:
    found = read(series).numbers
    if found is None:
        raise DataError(
            f"`{series.name}` are no numbers", fix='say what they are: task="classification"'
        )
    return found.astype(np.float64)


def _classes(series: nw.Series[Any]) -> list[Any]:
    """Return classes as text, so that 1, 1.0, True and "1" are one."""
    return [_class(one) for one in series.to_list()]


def _class(value: Any) -> str:
    if isinstance(value, bool | np.bool_):
        return str(int(value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _probabilities(truth: list[Any], predictions: nw.Series[Any]) -> NDArray[np.float64] | None:
    column = read(predictions)
    if column.type != "float" or column.numbers is None or set(truth) - {"0", "1"}:
        return None
    values = column.numbers.astype(np.float64)
    inside = bool(((values >= 0) & (values <= 1)).all())
    return values if inside and not bool((np.floor(values) == values).all()) else None


def _regression(truth: NDArray[np.float64], said: NDArray[np.float64]) -> dict[str, float]:
    held = np.isfinite(truth) & np.isfinite(said)
    errors = said[held] - truth[held]
    if not len(errors):
        return {}
    found = {
        "bias": float(errors.mean()),
        "mae": float(np.abs(errors).mean()),
        "rmse": math.sqrt(float((errors**2).mean())),
    }
    spread = float(((truth[held] - truth[held].mean()) ** 2).sum())
    if spread:
        found["r2"] = 1 - float((errors**2).sum()) / spread
    return found


def _classification(truth: list[str], said: list[str]) -> dict[str, float]:
    from sklearn.metrics import accuracy_score, f1_score, recall_score

    classes = sorted(set(truth))
    recall = recall_score(truth, said, labels=classes, average="macro", zero_division=0)
    return {
        "accuracy": float(accuracy_score(truth, said)),
        "balanced_accuracy": float(recall),
        "f1": float(f1_score(truth, said, average="macro", zero_division=0)),
    }


def _of_probabilities(truth: NDArray[np.float64], scores: NDArray[np.float64]) -> dict[str, float]:
    from sklearn.metrics import log_loss, roc_auc_score

    found = {
        "brier": float(((scores - truth) ** 2).mean()),
        "log_loss": float(log_loss(truth, scores, labels=[0.0, 1.0])),
    }
    if len(set(truth.tolist())) == 2:
        found["roc_auc"] = float(roc_auc_score(truth, scores))
    return found


def wilson(share: float, many: int, z: float = 1.959963984540054) -> tuple[float, float]:
    """Return the 95 % interval of a share.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference"
    (1927).

    >>> [round(one, 3) for one in wilson(0.8, 50)]
    [0.67, 0.888]
    """
    middle = (share + z * z / (2 * many)) / (1 + z * z / many)
    half = z * math.sqrt(share * (1 - share) / many + z * z / (4 * many * many))
    half /= 1 + z * z / many
    return max(0.0, middle - half), min(1.0, middle + half)
