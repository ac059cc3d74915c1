"""From the numbers that a model puts out to labels, probabilities or margins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from thruway.components.models.types import Kind


def of_logits(logits: NDArray[Any], kind: Kind, classes: list[Any]) -> NDArray[Any]:
    """Return an answer from logits: one column for two classes, or one a class.

    Every row is computed by itself, so it is the same alone and among others.
    """
    if kind == "decision_function":
        return logits
    if logits.ndim == 1:
        with np.errstate(over="ignore"):  # the limit is right: 1 / (1 + inf) is 0
            positive = 1 / (1 + np.exp(-logits))
        return of_probabilities(positive, kind, classes)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return of_probabilities(powers / powers.sum(axis=1, keepdims=True), kind, classes)


def of_probabilities(found: NDArray[Any], kind: Kind, classes: list[Any]) -> NDArray[Any]:
    """Return an answer from probabilities: of the second class, or one column a class."""
    if found.ndim == 1:
        found = np.column_stack([1 - found, found])
    if kind == "predict_proba":
        return found
    if kind == "decision_function":
        with np.errstate(divide="ignore"):
            logs = np.log(found)
        return logs[:, 1] - logs[:, 0] if len(classes) == 2 else logs
    return np.asarray(classes)[found.argmax(axis=1)]
