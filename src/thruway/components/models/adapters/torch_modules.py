"""Modules of torch: numbers in, numbers out; what they mean is read from the last layer.

A module with the attribute `classes_` (a list of labels) classifies: its outputs are logits, unless
its last layer is a sigmoid or a softmax. One without it that ends in a sigmoid or a softmax has the
classes 0, 1, …; any other gives back its outputs as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from thruway.components.models import tables
from thruway.components.models.adapters import estimators, outputs
from thruway.components.models.adapters.recognise import is_a

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from thruway.components.models.types import Kind, Task


def claims(model: Any) -> bool:
    """Return whether it is a `torch.nn.Module` that does not predict by a method of its own."""
    return is_a(model, "torch", "Module") and not hasattr(model, "predict")


def features(model: Any) -> list[str] | None:
    """Return its attribute `feature_names_in_`, if somebody set it."""
    return estimators.features(model)


def classes(model: Any) -> list[Any] | None:
    """Return its attribute `classes_`, or 0, 1, … when its last layer gives probabilities."""
    said = estimators.classes(model)
    if said is not None:
        return said
    last = last_layer(model)
    if last == "Sigmoid":
        return [0, 1] if _width(model) in {None, 1} else None
    if last in {"Softmax", "LogSoftmax"}:
        width = _width(model)
        return None if width is None else list(range(width))
    return None


def task(model: Any) -> Task | None:
    """Return what follows from its classes."""
    return "classification" if classes(model) else None


def prepare(model: Any, table: Any) -> Any:
    """Return the numbers of the frame as a tensor, of the type and the place of its weights."""
    import torch

    weight = next(iter(model.parameters()), None)
    numbers = torch.tensor(tables.numbers(table))
    if weight is None:
        return numbers.to(torch.get_default_dtype())
    return numbers.to(device=weight.device, dtype=weight.dtype)


def answer(model: Any, kind: Kind, data: Any) -> NDArray[Any] | None:
    """Return what it puts out in evaluation mode; each of its parts gets its mode back."""
    import torch

    modes = [(part, part.training) for part in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            found = tables.array(model(data).detach().cpu().numpy())
    finally:
        for part, mode in modes:
            part.training = mode
    names = classes(model)
    if names is None:
        return None if kind == "predict_proba" else found
    last = last_layer(model)
    if last == "LogSoftmax":
        return outputs.of_probabilities(np.exp(found), kind, names)
    if last in {"Sigmoid", "Softmax"}:
        return outputs.of_probabilities(found, kind, names)
    return outputs.of_logits(found, kind, names)


def last_layer(model: Any) -> str:
    """Return the name of the class of the last layer; empty when there is none."""
    leaves = [part for part in model.modules() if next(iter(part.children()), None) is None]
    return type(leaves[-1]).__name__ if leaves else ""


def _width(model: Any) -> int | None:
    found = [part.out_features for part in model.modules() if hasattr(part, "out_features")]
    return int(found[-1]) if found else None
