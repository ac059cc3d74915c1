"""The function `train`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from thruway.components import splits
from thruway.components.models import TrainedModel, tables
from thruway.components.models.adapters import estimators
from thruway.components.models.labels import task_of_labels
from thruway.components.train import record, weights
from thruway.components.train.fit import Job, fit
from thruway.components.train.graphs import Sides, sides
from thruway.components.train.rows import Rows, check_labels, classes_in, known_rows, labelled
from thruway.components.train.types import ModelRun, Trained
from thruway.components.train.warm import inner
from thruway.errors import DataError, UsageError
from thruway.kit.gate import Gate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from thruway.components.models import Task
    from thruway.components.train.fit import Fit


def train(
    examples: Any,
    estimator: Any,
    label: Any,
    *,
    transform_graph: Any = None,
    transformed: bool | None = None,
    features: Sequence[str] | None = None,
    hyperparameters: Mapping[str, Any] | None = None,
    base_model: Any = None,
    eval: Any = None,  # noqa: A002 - the name of the split
    early_stopping: int | None = None,
    class_weight: Any = None,
    sample_weight: Any = None,
    task: Task | None = None,
    seed: int = 0,
    callbacks: Sequence[Any] = (),
    measure: bool = True,
) -> Trained:
    """Return a model that takes raw rows, and the record of how it was made.

    Args:
        examples: training rows: a frame, an array, or parts of which `train` is taken (and `eval`,
            unless it is given). Rows without a label are left out, and the record says so.
        estimator: of scikit-learn, XGBoost, LightGBM, CatBoost or made after them, also a
            `Pipeline`; it is cloned. Or a torch module, which is copied, or a function without
            arguments that makes one: see `network` for the loop.
        label: the column to predict, or one label a row.
        transform_graph: what `transform` returned. It becomes part of the model.
        transformed: the examples went through the transform graph already. None finds out from
            their columns, and asks where these do not tell.
        features: the columns to learn from; all but the label and the weights by default.
        hyperparameters: set on the clone; parameters of the last step of a `Pipeline` need no
            prefix.
        base_model: a model to go on from, as `train` returned it; it stays as it is.
        eval: rows to measure on, and to stop by.
        early_stopping: rounds without progress after which it stops. Estimators of scikit-learn
            hold out a part of the training rows themselves, where they cannot take `eval`.
        class_weight: `balanced`, or label → weight.
        sample_weight: a column with the weight of each row (no feature then), or one number a row.
        task: where neither the estimator nor the labels tell it as you mean it.
        seed: for every random state that the estimator leaves open, and for the global streams
            while it is fitted; these are put back afterwards.
        callbacks: as the library takes them; for torch, functions of a dict with the epoch and the
            losses.
        measure: whether the record has metrics; without, nothing is predicted.

    Raises:
        DataError: no label, one class only, columns the library cannot learn from, …
        UsageError: parameters that the estimator has not, or that do not go together.

    Example:
        >>> import pandas as pd
        >>> from sklearn.tree import DecisionTreeClassifier
        >>> rows = pd.DataFrame({"age": [20, 30, 60, 70], "ill": ["no", "no", "yes", "yes"]})
        >>> model, run = train(rows, DecisionTreeClassifier(), "ill")
        >>> model.predict(pd.DataFrame({"age": [65]})).tolist(), run.seeds["random_state"]
        (['yes'], 0)
    """
    if early_stopping is not None and early_stopping < 1:
        raise UsageError("`early_stopping` is a number of rounds, at least 1")
    parts = splits.named(examples)
    if eval is None:
        eval = parts.get("eval")  # noqa: A001 - the name of the split
    whole = training_rows(parts)
    graph = transform_graph
    if graph is None and isinstance(base_model, TrainedModel):
        graph = base_model.transform_graph
    rows = labelled(whole, label, sample_weight, "train")
    measured = None if eval is None else labelled(eval, *_of_columns(label, sample_weight), "eval")
    rows = check_labels(rows, _task(estimator, rows, task), "train", _known(base_model))
    found = _task(estimator, rows, task)
    classes = _classes(rows, found, base_model)
    if class_weight is not None:
        weights.check(class_weight, classes)
    if measured is not None:
        measured = check_labels(measured, found, "eval", classes or [])
        measured = measured if classes is None else known_rows(measured, classes, "eval")
    seen = sides(rows, measured, graph, transformed, _wanted(features, base_model, graph))
    job = Job(
        estimator=estimator,
        rows=seen.rows,
        evaluation=seen.evaluation,
        task=found,
        classes=classes,
        hyperparameters=dict(hyperparameters or {}),
        base=None if base_model is None else inner(base_model),
        patience=early_stopping,
        class_weight=class_weight,
        callbacks=tuple(callbacks),
        seed=seed,
    )
    done = fit(job)
    model = TrainedModel(
        estimator=done.estimator,
        features=seen.features,
        label=label if isinstance(label, str) else "",
        task=found,
        classes=None if done.classes is None else tuple(done.classes),
        transform_graph=graph,
        categories=seen.categories,
        encoded=done.encoded,
    )
    return Trained(model, _recorded(model, done, job, seen, measure=measure))


def training_rows(parts: dict[str, Any]) -> Any:
    """Return the part to learn from.

    Raises:
        UsageError: there are parts, and none is called `train`.
    """
    if list(parts) == [splits.WHOLE]:
        return parts[splits.WHOLE]
    if "train" not in parts:
        raise UsageError(
            "`examples` has no part `train`",
            where=f"parts: {tables.quoted(list(parts))}",
            fix="give it the training rows",
        )
    return parts["train"]


def _of_columns(label: Any, weight: Any) -> tuple[Any, Any]:
    if not isinstance(label, str):
        raise UsageError(
            "`eval` needs a label of its own, and `label` is no column",
            fix="put the labels into a column of both frames, and name it",
        )
    return label, weight if isinstance(weight, str) else None


def _task(estimator: Any, rows: Rows, task: Task | None) -> Task:
    if task is not None:
        return task
    if hasattr(estimator, "fit"):
        said = estimators.task(estimator)
        if said is not None:
            return said
    return task_of_labels(rows.labels)


def _known(base_model: Any) -> list[Any] | None:
    if base_model is None:
        return None
    return list(base_model.classes or []) if isinstance(base_model, TrainedModel) else None


def _classes(rows: Rows, task: Task, base_model: Any) -> list[Any] | None:
    if task == "regression":
        return None
    found = classes_in(rows.labels)
    before = _known(base_model)
    if not before:
        return found
    new = [one for one in found if one not in set(before)]
    if new:
        raise DataError(
            f"the label {new[0]!r} is none that `base_model` was trained on",
            where=f"its classes: {', '.join(map(repr, before[:20]))}",
            fix="train anew, without a base model",
        )
    return before


def _wanted(features: Sequence[str] | None, base_model: Any, graph: Any) -> Sequence[str] | None:
    if features is not None or not isinstance(base_model, TrainedModel) or graph is not None:
        return features
    return base_model.features


def _recorded(model: TrainedModel, done: Fit, job: Job, seen: Sides, *, measure: bool) -> ModelRun:
    metrics = {}
    if measure:
        metrics["train"] = record.measured(done, job.rows, job.task)
        if job.evaluation is not None:
            metrics["eval"] = record.measured(done, job.evaluation, job.task)
    notes = [*seen.notes, *done.notes]
    return ModelRun(
        estimator=record.dotted(done.estimator),
        task=job.task,
        label=model.label,
        classes=model.classes or (),
        features=tuple(map(str, model.features)),
        n_rows=len(job.rows.labels),
        n_eval_rows=0 if job.evaluation is None else len(job.evaluation.labels),
        parameters=done.parameters,
        seeds=done.seeds,
        versions=record.versions(done.estimator),
        metrics=metrics,
        curve=done.curve,
        best_iteration=done.best_iteration,
        n_rounds=done.n_rounds,
        warm_started=job.base is not None,
        gate=Gate("warn", tuple(notes)) if notes else Gate("pass"),
    )
