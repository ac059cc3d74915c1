"""Boosters of XGBoost, which know an objective and no labels."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from thruway.components.models import tables
from thruway.components.models.adapters import outputs
from thruway.components.models.adapters.recognise import is_a

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from thruway.components.models.types import Kind, Task


def claims(model: Any) -> bool:
    """Return whether it is an `xgboost.Booster`."""
    return is_a(model, "xgboost", "Booster")


def features(model: Any) -> list[str] | None:
    """Return the names that its data had."""
    names = model.feature_names
    return list(names) if names else None


def classes(model: Any) -> list[Any] | None:
    """Return 0, 1, …: what XGBoost takes for labels."""
    learner = _learner(model)
    objective = learner["objective"]["name"]
    if objective.startswith("binary:"):
        return [0, 1]
    if objective.startswith("multi:"):
        return list(range(int(learner["learner_model_param"]["num_class"])))
    return None


def task(model: Any) -> Task | None:
    """Return what its objective says."""
    return "classification" if classes(model) else "regression"


def prepare(model: Any, table: Any) -> Any:
    """Return the data as XGBoost's own matrix."""
    import xgboost

    if features(model) is None:
        return xgboost.DMatrix(tables.numbers(table))
    return xgboost.DMatrix(tables.in_pandas(table), enable_categorical=True)


def answer(model: Any, kind: Kind, data: Any) -> NDArray[Any] | None:
    """Return margins, or what follows from them; trees after the best iteration are left out."""
    names = classes(model)
    best = model.attr("best_iteration")
    used = (0, 0) if best is None else (0, int(best) + 1)
    if names is None:
        raw = kind == "decision_function"
        said = model.predict(data, output_margin=raw, iteration_range=used)
        return None if kind == "predict_proba" else tables.array(said)
    margins = tables.array(model.predict(data, output_margin=True, iteration_range=used))
    return outputs.of_logits(margins, kind, names)


def _learner(model: Any) -> dict[str, Any]:
    learner: dict[str, Any] = json.loads(model.save_config())["learner"]
    return learner
