"""What is written down about a fit: measures, and the versions that made it."""

from __future__ import annotations

import platform
import sys
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from thruway.components.models import ask
from thruway.components.models.adapters import estimators
from thruway.components.models.adapters.recognise import root_of
from thruway.version import __version__

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from thruway.components.models import Task
    from thruway.components.train.fit import Fit
    from thruway.components.train.rows import Rows


def measured(fit: Fit, rows: Rows, task: Task) -> dict[str, float]:
    """Return a few metrics of a fitted estimator on rows: what a reader looks at first.

    Classification: accuracy, balanced accuracy and log loss (where there are probabilities);
    regression: root of the mean squared error, mean absolute error, R².
    """
    from sklearn import metrics

    found = ask.predict(fit.estimator, _native(rows.table))
    weight = rows.weights
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # few rows, classes that are not there: said elsewhere
        if task == "regression":
            squares = metrics.mean_squared_error(rows.labels, found, sample_weight=weight)
            values = {
                "rmse": float(np.sqrt(squares)),
                "mae": metrics.mean_absolute_error(rows.labels, found, sample_weight=weight),
                "r2": metrics.r2_score(rows.labels, found, sample_weight=weight),
            }
        else:
            values = _of_classes(fit, rows, found)
    return {name: float(value) for name, value in values.items() if np.isfinite(value)}


def _of_classes(fit: Fit, rows: Rows, found: NDArray[Any]) -> dict[str, Any]:
    from sklearn import metrics

    from thruway.components.models.labels import as_codes

    classes = fit.classes or []
    truth = as_codes(rows.labels, classes)
    said = found.astype(np.int64) if fit.encoded else as_codes(np.asarray(found), classes)
    values = {
        "accuracy": metrics.accuracy_score(truth, said, sample_weight=rows.weights),
        "balanced_accuracy": metrics.balanced_accuracy_score(
            truth, said, sample_weight=rows.weights
        ),
    }
    probabilities = ask.predict_proba(fit.estimator, _native(rows.table))
    if probabilities is not None:
        values["log_loss"] = metrics.log_loss(
            truth, probabilities, labels=range(len(classes)), sample_weight=rows.weights
        )
    return values


def versions(estimator: Any) -> dict[str, str]:
    """Return the versions of what made a model: Python, Thruway, NumPy, the libraries in it."""
    roots = {root_of(one) for one in estimators.parts(estimator)} | {"numpy", "sklearn"}
    roots |= {kind.__module__.partition(".")[0] for kind in type(estimator).__mro__}
    found = {"python": platform.python_version(), "thruway": __version__}
    for root in sorted(roots - {"builtins", "thruway"}):
        version = getattr(sys.modules.get(root), "__version__", None)
        if isinstance(version, str):
            found[root] = version
    return found


def dotted(estimator: Any) -> str:
    """Return the name of the class of an estimator, and of the last step in a pipeline."""
    kind = type(estimator)
    return f"{kind.__module__}.{kind.__qualname__}"


def _native(table: Any) -> Any:
    return table.to_native() if hasattr(table, "to_native") else table
