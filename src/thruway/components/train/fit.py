"""One fit: the user's estimator cloned, told everything, and fitted under seeds."""

from __future__ import annotations

import inspect
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from thruway.components import seeds
from thruway.components.models import tables
from thruway.components.models.adapters import estimators
from thruway.components.models.adapters.recognise import is_a, root_of
from thruway.components.models.labels import as_codes
from thruway.components.train import families, warm, weights
from thruway.components.transform.fitting import cloned, refusal, said
from thruway.errors import DataError, ThruwayError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from thruway.components.models import Task
    from thruway.components.train.families import Curve
    from thruway.components.train.rows import Rows


@dataclass(frozen=True)
class Job:
    """What is to be fitted, all checked.

    Attributes:
        estimator: the user's.
        rows: to learn from.
        evaluation: to measure and to stop by; may be None.
        task: what is learnt.
        classes: the labels, sorted; None for a regression.
        hyperparameters: to be set on the estimator.
        base: an estimator to go on from, or None.
        patience: rounds without progress, or None.
        class_weight: see `train`.
        callbacks: of the library's own kind.
        seed: for every random state that is open.
    """

    estimator: Any
    rows: Rows
    evaluation: Rows | None
    task: Task
    classes: list[Any] | None
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    base: Any = None
    patience: int | None = None
    class_weight: Any = None
    callbacks: Sequence[Any] = ()
    seed: int = 0


@dataclass(frozen=True)
class Fit:
    """What came out.

    Attributes:
        estimator: fitted.
        classes: in the order of its probabilities.
        encoded: it knows the places of the classes, not the labels.
        parameters: of the estimator, as they were set.
        seeds: random state → seed.
        curve: see `ModelRun`.
        best_iteration: see there.
        n_rounds: see there.
        notes: warnings.
    """

    estimator: Any
    classes: list[Any] | None
    encoded: bool
    parameters: dict[str, Any]
    seeds: dict[str, int]
    curve: Curve = field(default_factory=dict)
    best_iteration: int | None = None
    n_rounds: int | None = None
    notes: tuple[str, ...] = ()


def fit(job: Job) -> Fit:
    """Return the fitted estimator and what it recorded.

    Raises:
        DataError: the library cannot learn from these rows.
        UsageError: it cannot do what is asked of it.
    """
    if is_network(job.estimator):
        from thruway.components.train import network

        return network.fit(job)
    if isinstance(job.estimator, type) or not hasattr(job.estimator, "fit"):
        raise UsageError(
            f"`estimator` is {_what(job.estimator)}, which cannot be fitted",
            fix="give it an estimator with `fit` and `predict`, as an object: RandomForest(), "
            "or a torch module",
        )
    if is_a(job.estimator, ("keras", "tensorflow", "tf_keras"), "Model"):
        raise UsageError(
            "`train` does not fit models of Keras",
            fix="fit it in a step of your own, and return TrainedModel(model, features=…)",
        )
    made = cloned(job.estimator)
    configure(made, job.hyperparameters)
    set_seeds = seeds.seed(made, job.seed)
    with seeds.seeded(job.seed), warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            fitted, encoded, orders = _fitted(made, job)
        except ThruwayError:
            raise
        except Exception as error:  # each library refuses in its own way
            raise _explained(made, job.rows.table, error) from error
    last = final(fitted)[1]
    notes = [*said(heard), *_own_part(last, job, orders)]
    return Fit(
        estimator=fitted,
        classes=job.classes if encoded else estimators.classes(fitted),
        encoded=encoded,
        parameters=parameters_of(fitted),
        seeds={"ambient": job.seed, **set_seeds},
        curve=_without_empty(families.curve_of(last)),
        best_iteration=families.best_of(last) if job.patience is not None else None,
        n_rounds=families.rounds_of(last),
        notes=tuple(notes),
    )


def is_network(estimator: Any) -> bool:
    """Return whether it is trained by our loop: a torch module, or a function that makes one."""
    is_module = is_a(estimator, "torch", "Module") and not hasattr(estimator, "fit")
    return is_module or inspect.isfunction(estimator)


def final(estimator: Any) -> tuple[str, Any]:
    """Return the last step of a pipeline with its name, or the estimator itself."""
    steps = getattr(estimator, "steps", None)
    if isinstance(steps, list) and steps and is_a(estimator, ("sklearn", "imblearn"), "Pipeline"):
        name, last = steps[-1]
        return str(name), last
    return "", estimator


def configure(estimator: Any, hyperparameters: Mapping[str, Any]) -> None:
    """Set hyperparameters; a name of the last step of a pipeline needs no prefix.

    Raises:
        UsageError: it has no such parameter.
    """
    if not hyperparameters:
        return
    if not hasattr(estimator, "set_params"):
        raise UsageError(
            f"{type(estimator).__name__} has no `set_params`, so it takes no hyperparameters",
            fix="give it its parameters when it is made",
        )
    known = estimator.get_params(deep=True)
    name, last = final(estimator)
    free = root_of(last) in {"xgboost", "lightgbm", "catboost"}  # they take any name
    told = {}
    for one, value in hyperparameters.items():
        inner = f"{name}__{one}" if name else one
        if one in known:
            told[one] = value
        elif inner in known or (free and "__" not in one):
            told[inner] = value
        else:
            close = tables.nearest(one, known)
            raise UsageError(
                f"{type(estimator).__name__} has no parameter `{one}`",
                fix=f"do you mean `{close}`?" if close else "see its `get_params()`",
            )
    estimator.set_params(**told)


def parameters_of(estimator: Any) -> dict[str, Any]:
    """Return the parameters of an estimator and its parts, without the parts themselves."""
    if not hasattr(estimator, "get_params"):
        return {}
    try:
        found = estimator.get_params(deep=True)
    except Exception:  # a class written against the rules of scikit-learn
        return {}
    parts = {"steps", "transformers", "estimators", "transformer_list"}
    return {
        name: plain(value)
        for name, value in sorted(found.items())
        if not hasattr(value, "get_params") and name.rpartition("__")[2] not in parts
    }


def plain(value: Any) -> Any:
    """Return a value as plain data; what is none, as text without addresses."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if np.isfinite(value) else str(value)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, list | tuple):
        return tuple(plain(one) for one in value)
    if isinstance(value, dict):
        return {str(name): plain(one) for name, one in value.items()}
    if inspect.isroutine(value) or isinstance(value, type):
        return f"{value.__module__}.{value.__qualname__}"
    return _without_addresses(repr(value))


def _without_addresses(text: str) -> str:
    import re

    return re.sub(r" at 0x[0-9a-fA-F]+", "", text)


def _fitted(made: Any, job: Job) -> tuple[Any, bool, families.Orders]:
    name, last = final(made)
    data, evaluation = job.rows.table, None if job.evaluation is None else job.evaluation.table
    data = estimators.as_fitted(made, data)
    evaluation = None if evaluation is None else estimators.as_fitted(made, evaluation)
    front = made[:-1] if name and len(made.steps) > 1 else None
    labels, encoded = _labels(last, job.rows, job.classes)
    if front is not None and job.base is not None:
        front = _front_of(job.base)
        data = front.transform(data)
    elif front is not None:
        data = front.fit_transform(data, labels)
    if front is not None and evaluation is not None:
        evaluation = front.transform(evaluation)
    last, orders = _fit_last(last, data, labels, evaluation, job, encoded=encoded)
    if front is not None:
        made.steps = [*front.steps, (name, last)]
        return made, encoded, orders
    if name:
        made.steps = [(name, last)]
        return made, encoded, orders
    return last, encoded, orders


def _fit_last(
    last: Any,
    data: Any,
    labels: NDArray[Any],
    evaluation: Any,
    job: Job,
    *,
    encoded: bool,
) -> tuple[Any, families.Orders]:
    row_weights = _weighted(last, job, encoded=encoded)
    measured = None
    if evaluation is not None and job.evaluation is not None:
        known = _labels(last, job.evaluation, job.classes)[0]
        measured = (evaluation, known, job.evaluation.weights)
    wishes = families.Wishes(measured, job.patience, job.callbacks)
    orders = families.orders_for(last, wishes)
    if orders.parameters:
        last.set_params(**orders.parameters)
    arguments = dict(orders.arguments)
    partly = False
    if job.base is not None:
        last, more, partly = warm.started(last, final(job.base)[1])
        arguments |= more
    if row_weights is not None:
        arguments["sample_weight"] = row_weights
    method = last.partial_fit if partly else last.fit
    method(data, labels, **arguments)
    return last, orders


def _labels(last: Any, rows: Rows, classes: list[Any] | None) -> tuple[NDArray[Any], bool]:
    """Return labels as the estimator takes them: XGBoost wants 0, 1, …."""
    if classes is None or root_of(last) != "xgboost" or classes == list(range(len(classes))):
        return rows.labels, False
    return as_codes(rows.labels, classes), True


def _weighted(last: Any, job: Job, *, encoded: bool) -> NDArray[Any] | None:
    found = job.rows.weights
    takes = "sample_weight" in inspect.signature(last.fit).parameters
    if job.class_weight is not None:
        parameters = last.get_params() if hasattr(last, "get_params") else {}
        if "class_weight" in parameters and not encoded:
            last.set_params(class_weight=job.class_weight)
        elif takes:
            found = weights.by_row(job.rows.labels, job.class_weight, found)
        else:
            raise UsageError(f"{type(last).__name__} takes neither class weights nor row weights")
    if found is not None and not takes:
        raise UsageError(
            f"{type(last).__name__} takes no row weights", fix="leave `sample_weight` out"
        )
    return found


def _front_of(base: Any) -> Any:
    if not final(base)[0]:
        raise DataError(
            "the estimator is a pipeline, and `base_model` is none",
            fix="go on with an estimator of the same class",
        )
    import copy

    return copy.deepcopy(base[:-1])


def _own_part(last: Any, job: Job, orders: families.Orders) -> list[str]:
    # Without `eval` that is what was asked for; with it, a reader would think otherwise.
    if job.evaluation is None or orders.uses_eval or "n_iter_no_change" not in orders.parameters:
        return []
    share = last.get_params().get("validation_fraction")
    part = f"{share:.0%}" if isinstance(share, float) else "a part"
    return [f"{type(last).__name__} stops by {part} of the training rows, not by `eval`"]


def _explained(made: Any, table: Any, error: Exception) -> DataError:
    base = refusal(made, "learn from", table, error)
    found = tables.unusual(table)
    where = "; ".join(one for one in (base.where, found) if one)
    return DataError(
        base.what,
        where=where,
        fix="transform the columns before it (a transform_graph, or a Pipeline), or leave them out",
    )


def _without_empty(curve: Curve) -> Curve:
    return {part: metrics for part, metrics in curve.items() if metrics}


def _what(value: Any) -> str:
    if isinstance(value, type):
        return f"the class {value.__qualname__}"
    return f"a {type(value).__qualname__}"
