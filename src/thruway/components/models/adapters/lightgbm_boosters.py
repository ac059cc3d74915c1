"""Boosters of LightGBM, which know an objective and no labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from thruway.components.models import tables
from thruway.components.models.adapters import estimators, outputs
from thruway.components.models.adapters.recognise import is_a

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from thruway.components.models.types import Kind, Task


def claims(model: Any) -> bool:
    """Return whether it is a `lightgbm.Booster`."""
    return is_a(model, "lightgbm", "Booster")


def features(model: Any) -> list[str] | None:
    """Return the names that its data had."""
    return estimators.features(_Named(model.feature_name()))


def classes(model: Any) -> list[Any] | None:
    """Return 0, 1, …: what LightGBM takes for labels."""
    name = _objective(model)
    if name in {"binary", "cross_entropy"}:
        return [0, 1]
    if name in {"multiclass", "multiclassova"}:
        return list(range(model.num_model_per_iteration()))
    return None


def task(model: Any) -> Task | None:
    """Return what its objective says."""
    return "classification" if classes(model) else "regression"


def prepare(model: Any, table: Any) -> Any:
    """Return the frame in pandas, or the numbers of one whose columns had no names."""
    return tables.numbers(table) if features(model) is None else tables.in_pandas(table)


def answer(model: Any, kind: Kind, data: Any) -> NDArray[Any] | None:
    """Return what it says; LightGBM leaves out trees after the best iteration by itself."""
    names = classes(model)
    if kind == "decision_function" or names is None:
        if kind == "predict_proba":
            return None
        return tables.array(model.predict(data, raw_score=kind == "decision_function"))
    return outputs.of_probabilities(tables.array(model.predict(data)), kind, names)


class _Named:
    def __init__(self, names: list[str]) -> None:
        self.feature_name_ = names


def _objective(model: Any) -> str:
    said = model.dump_model(num_iteration=1).get("objective") or ""
    return str(said).partition(" ")[0]
