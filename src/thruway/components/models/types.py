"""What is asked of a model, and what an adapter answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from numpy.typing import NDArray

Task = Literal["classification", "regression"]

Kind = Literal["predict", "predict_proba", "decision_function"]
"""predict: labels or values; predict_proba: one column a class; decision_function: what the model
computes before it decides: margins, logits."""


class Adapter(Protocol):
    """How the models of one library answer; each is a module of `adapters`."""

    def claims(self, model: Any) -> bool:
        """Return whether the model is of this library; imports nothing."""

    def features(self, model: Any) -> list[str] | None:
        """Return the columns it was trained on; None when it does not know names."""

    def classes(self, model: Any) -> list[Any] | None:
        """Return the labels in the order of its probabilities; None when it has none."""

    def task(self, model: Any) -> Task | None:
        """Return what it does; None when it does not say."""

    def prepare(self, model: Any, table: Any) -> Any:
        """Return a frame of its columns (narwhals) as the model takes it."""

    def answer(self, model: Any, kind: Kind, data: Any) -> NDArray[Any] | None:
        """Return one answer a row; None when the model has none of that kind."""
