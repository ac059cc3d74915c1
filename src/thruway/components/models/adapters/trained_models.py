"""A `TrainedModel` of ours: it answers by itself, by asking what it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from thruway.components.models.trained import TrainedModel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from thruway.components.models.types import Kind, Task


def claims(model: Any) -> bool:
    """Return whether it is one."""
    return isinstance(model, TrainedModel)


def features(model: TrainedModel) -> list[str] | None:
    """Return the raw columns that it takes."""
    return list(model.features)


def classes(model: TrainedModel) -> list[Any] | None:
    """Return its labels as the user wrote them."""
    return None if model.classes is None else list(model.classes)


def task(model: TrainedModel) -> Task | None:
    """Return what it was trained for."""
    return model.task


def prepare(model: TrainedModel, table: Any) -> Any:  # noqa: ARG001 - the protocol's
    """Return the frame as the user gave it."""
    return table.to_native()


def answer(model: TrainedModel, kind: Kind, data: Any) -> NDArray[Any] | None:
    """Return what it says."""
    return model.answer(kind, data)
