"""Models of Keras: numbers in, numbers out; what they mean is the activation of the last layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from thruway.components.models import tables
from thruway.components.models.adapters import estimators, outputs
from thruway.components.models.adapters.recognise import is_a

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from thruway.components.models.types import Kind, Task

_ROOTS = ("keras", "tensorflow", "tf_keras")


def claims(model: Any) -> bool:
    """Return whether it is a Keras `Model`, of Keras itself or inside TensorFlow."""
    return is_a(model, _ROOTS, "Model")


def features(model: Any) -> list[str] | None:
    """Return its attribute `feature_names_in_`, if somebody set it."""
    return estimators.features(model)


def classes(model: Any) -> list[Any] | None:
    """Return its attribute `classes_`, or 0, 1, … when its last layer gives probabilities."""
    said = estimators.classes(model)
    if said is not None:
        return said
    width = model.output_shape[-1]
    if _activation(model) == "sigmoid":
        return [0, 1] if width == 1 else None
    return list(range(width)) if _activation(model) == "softmax" else None


def task(model: Any) -> Task | None:
    """Return what follows from its classes."""
    return "classification" if classes(model) else None


def prepare(model: Any, table: Any) -> Any:  # noqa: ARG001 - the protocol's
    """Return the numbers of the frame."""
    return tables.numbers(table).astype("float32")


def answer(model: Any, kind: Kind, data: Any) -> NDArray[Any] | None:
    """Return what it puts out."""
    found = tables.array(model.predict(data, verbose=0))
    names = classes(model)
    if names is None:
        return None if kind == "predict_proba" else found
    if _activation(model) in {"sigmoid", "softmax"}:
        return outputs.of_probabilities(found, kind, names)
    return outputs.of_logits(found, kind, names)


def _activation(model: Any) -> str:
    last = model.layers[-1]
    said = getattr(last, "activation", None)
    # A layer that is nothing but an activation is named after it.
    return str(getattr(said, "__name__", type(last).__name__)).lower()
