"""The model as one object, from raw rows to predictions: the same in a notebook and in production.

It carries what was fitted on the training rows (the transform graph, the estimator), and what is
known about both sides: the columns it takes, the label, the classes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MethodType
from typing import TYPE_CHECKING, Any

import numpy as np

from thruway.components.models import tables
from thruway.components.models.levels import with_levels

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from thruway.components.models.types import Kind, Task


class _OfSome:
    """A method that only some models have, so that `hasattr` tells."""

    def __init__(self, function: Callable[[TrainedModel, Any], NDArray[Any]]) -> None:
        self._function = function
        self.__doc__ = function.__doc__

    def __get__(self, model: TrainedModel | None, _: type) -> Any:
        name = self._function.__name__
        if model is None:
            return self._function
        if not model.has(name):
            message = f"this {model.task} has no `{name}`"
            raise AttributeError(message)
        return MethodType(self._function, model)


@dataclass(frozen=True, eq=False, repr=False)
class TrainedModel:
    """A model that takes raw rows.

    Attributes:
        estimator: what was fitted, of any library that `models` knows.
        features: the raw columns that it takes; others in a frame are ignored.
        label: the column that it predicts; empty where unknown.
        task: `classification` or `regression`.
        classes: the labels, in the order of the probabilities; None for a regression.
        transform_graph: goes before the estimator: an object with `transform(frame)`.
        categories: column → its levels while training. Given text or fewer levels later, as in a
            single row, the column still means the same to the estimator.
        encoded: the estimator knows the places of the classes, not the labels.
    """

    estimator: Any
    features: tuple[Any, ...]
    label: str = ""
    task: Task = "regression"
    classes: tuple[Any, ...] | None = None
    transform_graph: Any = None
    categories: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    encoded: bool = False

    def predict(self, examples: Any) -> NDArray[Any]:
        """Return a label or a value for each raw row, (n_rows,).

        Raises:
            DataError: columns are missing, or the model cannot take what is in them.
        """
        from thruway.components.models.ask import predict

        return predict(self, examples)

    @_OfSome
    def predict_proba(self, examples: Any) -> NDArray[Any]:
        """Return the probability of each class, (n_rows, n_classes); missing where there are none.

        Raises:
            DataError: as `predict`.
        """
        from thruway.components.models.ask import predict

        return predict(self, examples, kind="predict_proba")

    @_OfSome
    def decision_function(self, examples: Any) -> NDArray[Any]:
        """Return what it computes before it decides; missing where its estimator has none.

        Raises:
            DataError: as `predict`.
        """
        from thruway.components.models.ask import predict

        return predict(self, examples, kind="decision_function")

    def has(self, kind: str) -> bool:
        """Return whether it has an answer of that kind."""
        if self.classes is None:
            return kind == "predict"
        from thruway.components.models.adapters import adapter_of, estimators

        # Boosters and networks have no such methods, and answers all the same.
        inner = self.estimator
        return adapter_of(inner) is not estimators or hasattr(inner, kind)

    @property
    def classes_(self) -> NDArray[Any]:
        """The labels, as scikit-learn calls them; missing where there are none."""
        if self.classes is None:
            message = f"a {self.task} has no classes"
            raise AttributeError(message)
        return np.asarray(self.classes)

    @property
    def _estimator_type(self) -> str:
        """What scikit-learn before 1.6 asks: so that its scorers and displays take the model."""
        return "regressor" if self.task == "regression" else "classifier"

    def __sklearn_tags__(self) -> Any:
        """Return what scikit-learn asks since 1.6."""
        from sklearn.dummy import DummyClassifier, DummyRegressor

        kind = DummyRegressor if self.task == "regression" else DummyClassifier
        return kind().__sklearn_tags__()

    @property
    def feature_names_in_(self) -> NDArray[Any]:
        """The raw columns, as scikit-learn calls them."""
        return np.asarray(self.features, dtype=object)

    @property
    def n_features_in_(self) -> int:
        """How many raw columns it takes."""
        return len(self.features)

    def answer(self, kind: Kind, examples: Any) -> NDArray[Any] | None:
        """Return what it says about each raw row; None where it has no such answer."""
        from thruway.components.models import ask

        table = tables.selected(tables.of_examples(examples, self.features), self.features)
        prepared = with_levels(table, self.categories).to_native()
        if self.transform_graph is not None and len(table):
            prepared = self.transform_graph.transform(prepared)
        if not len(table):
            return self._nothing(kind)
        if kind == "predict_proba":
            return ask.predict_proba(self.estimator, prepared)
        found = ask.predict(self.estimator, prepared, kind=kind)
        if not self.encoded or kind != "predict" or self.classes is None:
            return found
        return np.asarray(self.classes)[found.astype(np.int64)]

    def _nothing(self, kind: Kind) -> NDArray[Any] | None:
        if kind == "predict_proba":
            return None if self.classes is None else np.empty((0, len(self.classes)))
        if kind == "predict" and self.classes is not None:
            return np.asarray(self.classes)[:0]
        return np.empty(0)

    def __repr__(self) -> str:
        """Return what it does, short."""
        does = f"{self.label or '?'} from {len(self.features)} columns"
        return f"TrainedModel({type(self.estimator).__name__}, {self.task} of {does})"
