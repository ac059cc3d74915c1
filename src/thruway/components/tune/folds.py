"""What a trial is measured by: folds of the examples, and a metric."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from thruway.components.models import tables
from thruway.components.models.adapters import estimators
from thruway.components.models.labels import task_of_labels
from thruway.components.train import train
from thruway.components.train.fit import final, is_network
from thruway.components.train.rows import labelled
from thruway.errors import DataError, ThruwayError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from thruway.components.models import Task

Metric = str | Callable[[Any, Any], float] | None


@dataclass(frozen=True)
class Question:
    """What is asked of each setting: how good is it?

    Attributes:
        table: rows with a label (narwhals), the label among their columns.
        other: rows to be measured on; None: the folds say which.
        folds: places of the rows to learn from, and of those to be measured on.
        estimator: to be fitted with a setting.
        label: the column.
        metric: a scorer of scikit-learn, or a function of truth and predictions.
        seed: of each fit.
        options: of `train`.
    """

    table: Any
    other: Any
    folds: tuple[tuple[NDArray[Any] | None, NDArray[Any] | None], ...]
    estimator: Any
    label: str
    metric: str | Callable[[Any, Any], float]
    seed: int
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Score:
    """The answer for one fold; a number, or the reason why there is none."""

    value: float | None
    reason: str = ""


def question(
    examples: Any,
    estimator: Any,
    label: str,
    *,
    metric: Metric,
    cv: Any,
    groups: str | None,
    eval: Any,  # noqa: A002 - the name of the split
    seed: int,
    options: Mapping[str, Any],
) -> Question:
    """Return what is asked of each setting, all checked.

    Raises:
        DataError: too few rows, no label.
        UsageError: no such metric, or options that do not go together.
    """
    if not isinstance(label, str):
        raise UsageError("`label` is no column", fix="put the labels into a column, and name it")
    rows = labelled(examples, label, None, "examples")
    table = tables.of_examples(examples)
    if len(rows.labels) < len(table):
        table = table.filter((~table[label].is_null()).to_list())
        if table[label].dtype.is_float():
            table = table.filter((~table[label].is_nan()).to_list())
    task = estimators.task(estimator) if hasattr(estimator, "fit") else None
    task = options.get("task") or task or task_of_labels(rows.labels)
    found = metric if metric is not None else _usual(estimator, task)
    if isinstance(found, str):
        _scorer(found)
    other = None
    folds: tuple[Any, ...] = ((None, None),)
    if eval is not None:
        other = tables.of_examples(eval)
    else:
        folds = _folds(table, rows.labels, task, cv, groups, seed)
    if groups is not None:
        table = table.drop(groups)
    return Question(
        table=table,
        other=other,
        folds=folds,
        estimator=one_thread(estimator),
        label=label,
        metric=found,
        seed=seed,
        options=dict(options),
    )


def answer(asked: Question, item: tuple[Mapping[str, Any], int]) -> Score:
    """Return how good a setting is on one fold; an error of a setting is an answer too."""
    from threadpoolctl import threadpool_limits

    setting, fold = item
    learn, measure = asked.folds[fold]
    try:
        # One thread: sums in other orders would give other last digits in other processes.
        with threadpool_limits(1), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            rows = asked.table if learn is None else asked.table[learn.tolist()]
            other = asked.other if measure is None else asked.table[measure.tolist()]
            return Score(_value(asked, setting, rows.to_native(), other.to_native()))
    except ThruwayError as error:
        return Score(None, error.what)
    except Exception as error:  # a scorer, or a callback of the user
        return Score(None, f"{type(error).__name__}: {error}".splitlines()[0])


def _value(asked: Question, setting: Mapping[str, Any], rows: Any, other: Any) -> float:
    options = dict(asked.options)
    if options.get("early_stopping") is not None:
        options["eval"] = other
    options["hyperparameters"] = {**options.get("hyperparameters", {}), **setting}
    options.setdefault("seed", asked.seed)
    model = train(rows, asked.estimator, asked.label, measure=False, **options).model
    truth = labelled(other, asked.label, None, "eval")
    features = truth.table.to_native()
    if isinstance(asked.metric, str):
        value = float(_scorer(asked.metric)(model, features, truth.labels))
    else:
        value = float(asked.metric(truth.labels, model.predict(features)))
    if not np.isfinite(value):
        raise DataError(f"the metric is {value}")
    return value


def one_thread(estimator: Any) -> Any:
    """Return the estimator with one thread where its user left the number open.

    Several trials run at once instead, and each gives the same digits wherever it runs.
    """
    if is_network(estimator) or not hasattr(estimator, "get_params"):
        return estimator
    from thruway.components.transform.fitting import cloned

    open_ = [
        name
        for name, value in estimator.get_params(deep=True).items()
        if name.rpartition("__")[2] == "n_jobs" and value is None
    ]
    if not open_:
        return estimator
    return cloned(estimator).set_params(**dict.fromkeys(open_, 1))


def _usual(estimator: Any, task: Task) -> str:
    """Return the metric for a task: of probabilities where there are some.

    Source: proper scoring rules, Gneiting and Raftery, JASA 102 (2007) 359-378.
    """
    if task == "regression":
        return "neg_root_mean_squared_error"
    last = final(estimator)[1]
    return "neg_log_loss" if is_network(last) or hasattr(last, "predict_proba") else "accuracy"


def _scorer(name: str) -> Any:
    from sklearn.metrics import get_scorer

    try:
        return get_scorer(name)
    except (ValueError, KeyError) as error:
        raise UsageError(
            f"there is no metric `{name}`",
            fix="name a scorer of scikit-learn (`accuracy`, `roc_auc`, `neg_log_loss`, `r2`, …), "
            "or give a function of truth and predictions",
        ) from error


def _folds(
    table: Any, labels: NDArray[Any], task: Task, cv: Any, groups: str | None, seed: int
) -> tuple[tuple[NDArray[Any], NDArray[Any]], ...]:
    from sklearn import model_selection

    if isinstance(cv, int):
        if not 2 <= cv <= len(labels):
            raise DataError(
                f"{len(labels):,} rows cannot be cut into {cv} folds",
                fix="give at least as many rows as folds, and at least 2 folds",
            )
        kind = "GroupKFold" if groups else "KFold" if task == "regression" else "StratifiedKFold"
        shuffled = {} if groups else {"shuffle": True, "random_state": seed}
        cv = getattr(model_selection, kind)(cv, **shuffled)
    if isinstance(cv, str) or not hasattr(cv, "split"):
        raise UsageError(
            f"`cv` is a {type(cv).__qualname__}",
            fix="give a number of folds, or a splitter of scikit-learn",
        )
    given = None if groups is None else np.asarray(table[groups].to_list(), dtype=object)
    codes = None if given is None else np.unique(given.astype(str), return_inverse=True)[1]
    target = labels.astype(str) if labels.dtype == object else labels
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a class with fewer rows than folds
            return tuple(cv.split(np.zeros((len(labels), 1)), target, codes))
    except ValueError as error:
        raise DataError(
            f"the rows cannot be cut into these folds: {error}",
            fix="take fewer folds, or a splitter that fits the rows",
        ) from error
