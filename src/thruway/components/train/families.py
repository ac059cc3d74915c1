"""How each library is told to stop early, to go on from a base model, and what it recorded.

One `Family` a library; what scikit-learn's estimators can is read from their parameters.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from thruway.components.models.adapters.recognise import root_of
from thruway.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Curve = dict[str, dict[str, tuple[float, ...]]]


@dataclass(frozen=True)
class Orders:
    """What an estimator is told for one fit.

    Attributes:
        parameters: to be set on it.
        arguments: of its `fit`.
        uses_eval: it is given the eval rows.
    """

    parameters: dict[str, Any] = field(default_factory=dict)
    arguments: dict[str, Any] = field(default_factory=dict)
    uses_eval: bool = False


@dataclass(frozen=True)
class Wishes:
    """What the user asked for, as far as the library has to do it.

    Attributes:
        evaluation: features and labels (and weights) to be measured on, as `fit` takes them.
        patience: rounds without progress before it stops; None: it does not.
        callbacks: of the library's own kind.
    """

    evaluation: tuple[Any, Any, Any] | None = None
    patience: int | None = None
    callbacks: Sequence[Any] = ()


def orders_for(estimator: Any, wishes: Wishes) -> Orders:
    """Return what an estimator is told.

    Raises:
        UsageError: it cannot stop early, or takes no callbacks.
    """
    known: dict[str, Callable[[Any, Wishes], Orders]] = {
        "xgboost": _xgboost,
        "lightgbm": _lightgbm,
        "catboost": _catboost,
    }
    special = known.get(root_of(estimator))
    if special is not None:
        if wishes.patience is not None and wishes.evaluation is None:
            raise _no_eval(estimator)
        return special(estimator, wishes)
    if wishes.callbacks:
        raise UsageError(
            f"{type(estimator).__name__} takes no callbacks",
            fix="leave `callbacks` out; XGBoost, LightGBM, CatBoost and torch take them",
        )
    return _scikit(estimator, wishes)


def _no_eval(estimator: Any) -> UsageError:
    return UsageError(
        f"`early_stopping` of {type(estimator).__name__} needs rows that it does not learn from",
        fix="give `eval`, a frame, or examples with a part `eval`",
    )


def _xgboost(estimator: Any, wishes: Wishes) -> Orders:
    parameters: dict[str, Any] = {}
    arguments: dict[str, Any] = {"verbose": False}
    if wishes.callbacks:
        parameters["callbacks"] = list(wishes.callbacks)
    if wishes.patience is not None:
        parameters["early_stopping_rounds"] = wishes.patience
    if wishes.evaluation is not None:
        features, labels, weights = wishes.evaluation
        arguments["eval_set"] = [(features, labels)]
        if weights is not None:
            arguments["sample_weight_eval_set"] = [weights]
    elif estimator.get_params().get("early_stopping_rounds"):
        raise _no_eval(estimator)
    return Orders(parameters, arguments, wishes.evaluation is not None)


def _lightgbm(estimator: Any, wishes: Wishes) -> Orders:  # noqa: ARG001 - alike
    import lightgbm

    callbacks = [lightgbm.log_evaluation(0), *wishes.callbacks]
    arguments: dict[str, Any] = {"callbacks": callbacks}
    if wishes.patience is not None:
        callbacks.append(lightgbm.early_stopping(wishes.patience, verbose=False))
    if wishes.evaluation is not None:
        features, labels, weights = wishes.evaluation
        arguments |= {"eval_set": [(features, labels)], "eval_names": ["eval"]}
        if weights is not None:
            arguments["eval_sample_weight"] = [weights]
    return Orders({}, arguments, wishes.evaluation is not None)


def _catboost(estimator: Any, wishes: Wishes) -> Orders:  # noqa: ARG001 - alike
    arguments: dict[str, Any] = {"verbose": False}
    if wishes.callbacks:
        arguments["callbacks"] = list(wishes.callbacks)
    if wishes.patience is not None:
        arguments["early_stopping_rounds"] = wishes.patience
    if wishes.evaluation is not None:
        arguments["eval_set"] = wishes.evaluation[:2]
    return Orders({"allow_writing_files": False}, arguments, wishes.evaluation is not None)


def _scikit(estimator: Any, wishes: Wishes) -> Orders:
    if wishes.patience is None:
        return Orders()
    parameters = estimator.get_params() if hasattr(estimator, "get_params") else {}
    told = {}
    if "n_iter_no_change" in parameters:
        told["n_iter_no_change"] = wishes.patience
    if "early_stopping" in parameters:
        told["early_stopping"] = True
    if not told:
        raise UsageError(
            f"{type(estimator).__name__} cannot stop early",
            fix="leave `early_stopping` out, or take an estimator that learns in rounds",
        )
    if wishes.evaluation is not None and "X_val" in inspect.signature(estimator.fit).parameters:
        features, labels, weights = wishes.evaluation
        arguments = {"X_val": features, "y_val": labels}
        if weights is not None:
            arguments["sample_weight_val"] = weights
        return Orders(told, arguments, uses_eval=True)
    return Orders(told)


def curve_of(estimator: Any) -> Curve:
    """Return what an estimator recorded of its rounds."""
    root = root_of(estimator)
    if root == "xgboost":
        # It raises when nothing was evaluated.
        return {"eval": _first(getattr(estimator, "evals_result_", None) or _evals(estimator))}
    if root == "lightgbm":
        return {"eval": _first(getattr(estimator, "evals_result_", {}))}
    if root == "catboost":
        found = estimator.get_evals_result()
        names = {"learn": "train", "validation": "eval"}
        return {names.get(part, part): _rounds(one) for part, one in found.items()}
    curve: Curve = {}
    for part, attributes in _RECORDED.items():
        for attribute in attributes:
            values = getattr(estimator, attribute, None)
            if values is not None and len(values):
                curve.setdefault(part, {})[attribute.strip("_")] = tuple(map(float, values))
    return curve


# Held out by the estimator itself, unless it was given the eval rows.
_RECORDED = {
    "train": ("train_score_", "loss_curve_"),
    "held out": ("validation_score_", "validation_scores_"),
}


def best_of(estimator: Any) -> int | None:
    """Return how many rounds are used, where an estimator stopped early."""
    root = root_of(estimator)
    if root == "lightgbm":
        return int(estimator.best_iteration_) if (estimator.best_iteration_ or 0) > 0 else None
    if root == "catboost":
        found = estimator.get_best_iteration()
        return None if found is None else int(found) + 1
    if root == "xgboost":
        try:
            return int(estimator.best_iteration) + 1
        except AttributeError:  # it did not stop early
            return None
    return None


def rounds_of(estimator: Any) -> int | None:
    """Return how many rounds were run, where there are rounds; those of a base model count."""
    longest = [
        len(values) for metrics in curve_of(estimator).values() for values in metrics.values()
    ]
    return max([*longest, _counted(estimator) or 0]) or None


def _counted(estimator: Any) -> int | None:
    root = root_of(estimator)
    if root == "xgboost":
        booster = estimator.get_booster()
        return int(booster.num_boosted_rounds())
    if root == "lightgbm":
        return int(estimator.booster_.current_iteration())
    if root == "catboost":
        return int(estimator.tree_count_)
    found = getattr(estimator, "n_iter_", getattr(estimator, "n_estimators_", None))
    if found is None:
        return None
    return int(max(found)) if hasattr(found, "__len__") else int(found)


def _evals(estimator: Any) -> dict[str, Any]:
    try:
        found: dict[str, Any] = estimator.evals_result()
    except Exception:  # a class of its own in each version: nothing was evaluated
        return {}
    return found


def _first(results: dict[str, Any]) -> dict[str, tuple[float, ...]]:
    return _rounds(next(iter(results.values()))) if results else {}


def _rounds(metrics: dict[str, Any]) -> dict[str, tuple[float, ...]]:
    return {str(name): tuple(map(float, values)) for name, values in metrics.items()}
