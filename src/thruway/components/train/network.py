"""A small loop for torch modules: batches, one optimizer, the best weights kept.

It is what most tabular networks need and nothing more. Whoever needs another loop writes it in a
step, and returns a `TrainedModel` that holds the module.

The labels decide the loss: cross-entropy for classes (of one output, the binary one), squared error
for numbers. A module may end in a sigmoid or a softmax, or give logits.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from thruway.components import seeds
from thruway.components.models import tables
from thruway.components.models.adapters import torch_modules
from thruway.components.models.labels import as_codes
from thruway.components.train import weights
from thruway.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from thruway.components.train.fit import Fit, Job
    from thruway.components.train.rows import Rows


@dataclass(frozen=True)
class Settings:
    """What the loop can be told, by `hyperparameters`.

    Attributes:
        epochs: passes over the rows.
        batch_size: rows.
        learning_rate: of the optimizer.
        weight_decay: of the optimizer.
        optimizer: `adam`, `adamw` or `sgd`.
    """

    epochs: int = 20
    batch_size: int = 64
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    optimizer: str = "adam"


def fit(job: Job) -> Fit:
    """Return the trained module and its losses.

    Raises:
        DataError: its columns or outputs do not fit the rows, or the loss is no number any more.
        UsageError: a setting that is none.
    """
    from thruway.components.train.fit import Fit

    settings = _settings(job)
    with seeds.seeded(job.seed):
        module = _module(job)
        last = torch_modules.last_layer(module)
        loss = _loss(job, last)
        train, evaluation = _tensors(module, job, job.rows), None
        if job.evaluation is not None:
            evaluation = _tensors(module, replace(job, class_weight=None), job.evaluation)
        _check_width(module, train[0][:2], job)
        curve, best = _loop(module, loss, train, evaluation, settings, job)
    if job.classes is not None:
        module.classes_ = list(range(len(job.classes)))
    module.eval()
    rounds = len(curve["train"]["loss"])
    return Fit(
        estimator=module,
        classes=job.classes,
        encoded=job.classes is not None,
        parameters=dict(vars(settings)),
        seeds={"ambient": job.seed},
        curve=curve,
        best_iteration=best if job.patience is not None else None,
        n_rounds=rounds,
        notes=(),
    )


def _settings(job: Job) -> Settings:
    known = vars(Settings())
    for name in job.hyperparameters:
        if name not in known:
            close = tables.nearest(name, known)
            raise UsageError(
                f"the loop for torch has no setting `{name}`",
                fix=f"do you mean `{close}`?" if close else f"it has {tables.quoted([*known])}",
            )
    settings = Settings(**job.hyperparameters)
    if settings.epochs < 1 or settings.batch_size < 1 or not settings.learning_rate > 0:
        raise UsageError("`epochs`, `batch_size` and `learning_rate` are above zero")
    if job.patience is not None and job.evaluation is None:
        raise UsageError(
            "`early_stopping` of a torch module needs rows that it does not learn from",
            fix="give `eval`, a frame, or examples with a part `eval`",
        )
    return settings


def _module(job: Job) -> Any:
    from thruway.components.models.adapters.recognise import is_a

    if is_a(job.estimator, "torch", "Module"):
        module = copy.deepcopy(job.estimator)
    else:
        module = job.estimator()
        if not is_a(module, "torch", "Module"):
            raise UsageError(
                f"`estimator` is a function that makes a {type(module).__qualname__}",
                fix="let it make a torch module, or give an estimator",
            )
    if job.base is not None:
        try:
            module.load_state_dict(job.base.state_dict())
        except (AttributeError, RuntimeError) as error:
            raise DataError(
                "the weights of `base_model` do not fit the module",
                fix="go on with a module of the same layers",
            ) from error
    return module.cpu()


def _tensors(module: Any, job: Job, rows: Rows) -> tuple[Any, Any, Any]:
    import torch

    data = torch_modules.prepare(module, rows.table)
    labels: NDArray[Any]
    if job.classes is None:
        target = torch.tensor(rows.labels.astype(np.float64), dtype=data.dtype)
    else:
        labels = as_codes(rows.labels, job.classes)
        target = torch.tensor(labels)
    found = rows.weights
    if job.class_weight is not None:
        found = weights.by_row(rows.labels, job.class_weight, found)
    weight = torch.ones(len(target)) if found is None else torch.tensor(found)
    if torch.isnan(data).any():
        raise DataError(
            "a torch module learns nothing from missing values",
            where=tables.unusual(rows.table),
            fix="fill them before (a transform_graph)",
        )
    return data, target, weight.to(data.dtype)


def _loss(job: Job, last: str) -> Callable[[Any, Any, Any], Any]:
    from torch.nn import functional

    def weighted(each: Any, weight: Any) -> Any:
        return (each * weight).sum() / weight.sum()

    def squares(output: Any, target: Any, weight: Any) -> Any:
        return weighted((output.reshape(target.shape) - target) ** 2, weight)

    def entropy(output: Any, target: Any, weight: Any) -> Any:
        if output.ndim == 1 or output.shape[1] == 1:
            flat, wanted = output.reshape(-1), target.to(output.dtype)
            of = (
                functional.binary_cross_entropy
                if last == "Sigmoid"
                else functional.binary_cross_entropy_with_logits
            )
            return weighted(of(flat, wanted, reduction="none"), weight)
        logs = {
            "Softmax": lambda: output.clamp_min(1e-12).log(),
            "LogSoftmax": lambda: output,
        }.get(last, lambda: functional.log_softmax(output, dim=1))()
        return weighted(functional.nll_loss(logs, target, reduction="none"), weight)

    return squares if job.classes is None else entropy


def _check_width(module: Any, few: Any, job: Job) -> None:
    import torch

    module.eval()
    try:
        with torch.no_grad():
            output = module(few)
    except RuntimeError as error:
        raise DataError(
            f"the module cannot take rows of {few.shape[1]} columns: {str(error).splitlines()[0]}",
            fix="make its first layer as wide as the features are many",
        ) from error
    width = 1 if output.ndim == 1 else int(output.shape[1])
    wanted = (
        {1}
        if job.classes is None
        else {len(job.classes)} | ({1} if len(job.classes) == 2 else set())
    )
    if width not in wanted:
        what = "numbers" if job.classes is None else f"{len(job.classes)} classes"
        raise DataError(
            f"the module has {width} outputs for {what}",
            fix=f"make its last layer {' or '.join(map(str, sorted(wanted)))} wide",
        )


def _batches(count: int, size: int, generator: Any) -> Iterator[Any]:
    import torch

    order = torch.randperm(count, generator=generator)
    starts = list(range(0, count, size))
    # Layers that normalise a batch cannot take one row: the last one joins those before it.
    if len(starts) > 1 and count - starts[-1] == 1:
        starts.pop()
    for start, stop in zip(starts, [*starts[1:], count], strict=True):
        yield order[start:stop]


def _loop(
    module: Any,
    loss: Callable[[Any, Any, Any], Any],
    train: tuple[Any, Any, Any],
    evaluation: tuple[Any, Any, Any] | None,
    settings: Settings,
    job: Job,
) -> tuple[dict[str, dict[str, tuple[float, ...]]], int | None]:
    import torch

    optimizer = _optimizer(module, settings)
    generator = torch.Generator().manual_seed(job.seed)
    curve: dict[str, list[float]] = {"train": []}
    least, best, kept = float("inf"), 0, None
    for epoch in range(1, settings.epochs + 1):
        module.train()
        total = 0.0
        for chosen in _batches(len(train[1]), settings.batch_size, generator):
            optimizer.zero_grad()
            found = loss(module(train[0][chosen]), train[1][chosen], train[2][chosen])
            found.backward()
            optimizer.step()
            total += float(found.detach()) * len(chosen)
        curve["train"].append(total / len(train[1]))
        _check_number(curve["train"][-1], epoch)
        if evaluation is not None:
            curve.setdefault("eval", []).append(_measured(module, loss, evaluation))
        for callback in job.callbacks:
            callback({"epoch": epoch, **{part: values[-1] for part, values in curve.items()}})
        if job.patience is not None:
            if curve["eval"][-1] < least:
                least, best = curve["eval"][-1], epoch
                kept = copy.deepcopy(module.state_dict())
            elif epoch - best >= job.patience:
                break
    if kept is not None:
        module.load_state_dict(kept)
    optimizer.zero_grad(set_to_none=True)
    return {part: {"loss": tuple(values)} for part, values in curve.items()}, best or None


def _optimizer(module: Any, settings: Settings) -> Any:
    import torch

    known = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}
    if settings.optimizer not in known:
        raise UsageError(
            f"`optimizer` is `{settings.optimizer}`", fix=f"say one of {tables.quoted([*known])}"
        )
    return known[settings.optimizer](
        module.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )


def _measured(
    module: Any, loss: Callable[[Any, Any, Any], Any], rows: tuple[Any, Any, Any]
) -> float:
    import torch

    module.eval()
    with torch.no_grad():
        return float(loss(module(rows[0]), rows[1], rows[2]))


def _check_number(value: float, epoch: int) -> None:
    if not np.isfinite(value):
        raise DataError(
            f"the loss is {value} in epoch {epoch}",
            fix="scale the features and the label, or lower `learning_rate`",
        )
