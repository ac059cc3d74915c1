"""Estimators: whatever has `predict`, as scikit-learn, XGBoost, LightGBM and CatBoost do it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from thruway.components.models import tables
from thruway.components.models.adapters.recognise import root_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from thruway.components.models.types import Kind, Task

# These take NumPy and pandas in every version, other frames in some.
_PANDAS_ONLY = {"catboost", "lightgbm", "xgboost"}


def claims(model: Any) -> bool:
    """Return whether it has a method `predict`."""
    return not isinstance(model, type) and callable(getattr(model, "predict", None))


def features(model: Any) -> list[str] | None:
    """Return the names of the columns that it was fitted on."""
    for attribute in ("feature_names_in_", "feature_name_", "feature_names_"):
        names = _listed(model, attribute)
        if names and not _are_numbers(names):
            return [str(name) for name in names]
    return None


def classes(model: Any) -> list[Any] | None:
    """Return `classes_`; None for several labels at once."""
    found = _listed(model, "classes_")
    if not found or any(isinstance(one, list) or hasattr(one, "shape") for one in found):
        return None
    return found


def task(model: Any) -> Task | None:
    """Return what scikit-learn calls the type of an estimator."""
    said = getattr(model, "_estimator_type", None)
    if said is None:
        # Classes may be written for other versions of scikit-learn, which fail in their own ways.
        with contextlib.suppress(Exception):
            said = model.__sklearn_tags__().estimator_type
    if said == "classifier" or (said is None and classes(model)):
        return "classification"
    return "regression" if said == "regressor" else None


def prepare(model: Any, table: Any) -> Any:
    """Return the frame in its own library where the estimator takes that, else in pandas."""
    if features(model) is None and hasattr(model, "n_features_in_") and tables.is_numeric(table):
        return tables.numbers(table)  # fitted on an array: names would only be warned about
    return as_fitted(model, table)


def as_fitted(model: Any, table: Any) -> Any:
    """Return the frame as `fit` and `predict` of an estimator take it; arrays stay as they are."""
    if not hasattr(table, "to_native"):
        return table
    pandas_only = any(root_of(one) in _PANDAS_ONLY for one in parts(model))
    return tables.in_pandas(table) if pandas_only else tables.for_scikit(table)


def parts(model: Any) -> Iterator[Any]:
    """Yield an estimator and those inside: steps of pipelines, what searches and wrappers hold."""
    yield model
    for attribute in ("steps", "estimator", "regressor", "base_estimator", "estimators"):
        held = getattr(model, attribute, None)
        for one in held if isinstance(held, list) else [held]:
            inner = one[1] if isinstance(one, tuple) and len(one) > 1 else one
            if hasattr(inner, "get_params") and not isinstance(inner, type):
                yield from parts(inner)


def answer(model: Any, kind: Kind, data: Any) -> NDArray[Any] | None:
    """Return what its method of that name says."""
    method = getattr(model, kind, None)
    return None if method is None else tables.array(method(data))


def _listed(model: Any, attribute: str) -> list[Any] | None:
    # Attributes of models that are not fitted, or were fitted on arrays, raise in many ways.
    try:
        found = getattr(model, attribute)
        found = found() if callable(found) else found
    except Exception:
        return None
    if found is None:
        return None
    return list(found.tolist()) if hasattr(found, "tolist") else list(found)


def _are_numbers(names: list[Any]) -> bool:
    """Whether names were made up for the columns of an array: `Column_0`, `0`."""
    return all(
        str(name).removeprefix("Column_") == str(number) for number, name in enumerate(names)
    )
