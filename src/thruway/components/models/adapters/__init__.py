"""How each library's models answer; a new library is a module here, and a line in `EVERY`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from thruway.components.models.adapters import (
    estimators,
    functions,
    keras_models,
    lightgbm_boosters,
    torch_modules,
    trained_models,
    xgboost_boosters,
)
from thruway.errors import DataError

if TYPE_CHECKING:
    from thruway.components.models.types import Adapter

# The first that claims a model answers for it. A Keras model may be a torch module too, and both
# may be called.
EVERY: tuple[Adapter, ...] = (
    trained_models,
    xgboost_boosters,
    lightgbm_boosters,
    keras_models,
    torch_modules,
    estimators,
    functions,
)


def adapter_of(model: Any) -> Adapter:
    """Return how a model is asked.

    Raises:
        DataError: it is nothing that predicts.
    """
    for adapter in EVERY:
        if adapter.claims(model):
            return adapter
    kind = type(model)
    raise DataError(
        f"`model` is a {kind.__module__}.{kind.__qualname__}, which predicts nothing",
        fix="give it an estimator with `predict`, a booster, a torch or Keras model, or a function "
        "from a frame to predictions",
    )
