"""Plain functions from a frame to predictions, and objects that can be called like one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from thruway.components.models import tables
from thruway.components.models.adapters import estimators

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from thruway.components.models.types import Kind, Task


def claims(model: Any) -> bool:
    """Return whether it can be called."""
    return callable(model) and not isinstance(model, type)


def features(model: Any) -> list[str] | None:
    """Return its attribute `feature_names_in_`, if somebody set it."""
    return estimators.features(model)


def classes(model: Any) -> list[Any] | None:
    """Return its attribute `classes_`, if somebody set it."""
    return estimators.classes(model)


def task(model: Any) -> Task | None:
    """Return what follows from its classes."""
    return "classification" if classes(model) else None


def prepare(model: Any, table: Any) -> Any:  # noqa: ARG001 - the protocol's
    """Return the frame as the user gave it."""
    return table.to_native()


def answer(model: Any, kind: Kind, data: Any) -> NDArray[Any] | None:
    """Return what the function says; other kinds are attributes of that name."""
    method = model if kind == "predict" else getattr(model, kind, None)
    return None if method is None else tables.array(method(data))
