"""Going on from a base model: what each library needs for it."""

from __future__ import annotations

import copy
from typing import Any

from thruway.components.models import TrainedModel
from thruway.components.models.adapters.recognise import is_a, root_of
from thruway.errors import DataError, UsageError


def inner(base: Any) -> Any:
    """Return the estimator of a base model."""
    return base.estimator if isinstance(base, TrainedModel) else base


def started(estimator: Any, base: Any) -> tuple[Any, dict[str, Any], bool]:
    """Return an estimator that goes on from a base, the arguments of its `fit`, and how.

    Args:
        estimator: unfitted, with the parameters for what comes.
        base: a fitted one of the same class; it stays as it is.

    Returns:
        The estimator to fit; arguments for `fit`; True if `partial_fit` has to be called instead.

    Raises:
        DataError: the base is of another class, or not fitted.
        UsageError: the estimator cannot go on.
    """
    root = root_of(estimator)
    if is_a(base, "xgboost", "Booster") or is_a(base, "lightgbm", "Booster"):
        _same_library(estimator, base)
        return estimator, {"xgb_model" if root == "xgboost" else "init_model": base}, False
    if type(estimator) is not type(base):
        raise DataError(
            f"`base_model` is a {type(base).__name__}, the estimator a {type(estimator).__name__}",
            fix="go on with an estimator of the same class",
        )
    if root == "xgboost":
        return estimator, {"xgb_model": base.get_booster()}, False
    if root == "lightgbm":
        return estimator, {"init_model": base.booster_}, False
    if root == "catboost":
        return estimator, {"init_model": base}, False
    return _scikit(estimator, base)


def _same_library(estimator: Any, base: Any) -> None:
    if root_of(estimator) != root_of(base):
        raise DataError(
            f"`base_model` is of {root_of(base)}, the estimator of {root_of(estimator)}",
            fix="go on with an estimator of the same library",
        )


def _scikit(estimator: Any, base: Any) -> tuple[Any, dict[str, Any], bool]:
    parameters = estimator.get_params(deep=False) if hasattr(estimator, "get_params") else {}
    if "warm_start" in parameters:
        told = {**parameters, "warm_start": True}
        # Ensembles count what is there already.
        grows = "n_estimators" if "n_estimators" in parameters else "max_iter"
        if "n_estimators" in parameters or type(base).__name__.startswith("HistGradient"):
            told[grows] = _size(base, grows) + parameters[grows]
        made = copy.deepcopy(base)
        made.set_params(**told)
        return made, {}, False
    if hasattr(estimator, "partial_fit"):
        made = copy.deepcopy(base)
        made.set_params(**parameters)
        return made, {}, True
    raise UsageError(
        f"{type(estimator).__name__} cannot go on from a base model",
        fix="leave `base_model` out, or take an estimator with `warm_start` or `partial_fit`",
    )


def _size(base: Any, parameter: str) -> int:
    found = getattr(base, "n_iter_", None) if parameter == "max_iter" else None
    if found is None:
        members = getattr(base, "estimators_", None)
        found = len(members) if members is not None else base.get_params()[parameter]
    return int(found)
