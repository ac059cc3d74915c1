"""The function `tune`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from thruway.components import parallel, splits
from thruway.components.train.record import versions
from thruway.components.train.train import training_rows
from thruway.components.tune import space as spaces
from thruway.components.tune.folds import Metric, Question, Score, answer, question
from thruway.components.tune.journal import Journal
from thruway.components.tune.search import ask, best_trial, study_of
from thruway.components.tune.types import Direction, Trial, Tuned, TunerResults
from thruway.errors import UsageError
from thruway.kit.values.fingerprint import fingerprint

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping, Sequence

    from thruway.components.tune.space import Space

_ENOUGH = 8
"""Completed trials before importances are worth a number."""


def tune(
    examples: Any,
    estimator: Any,
    label: str,
    search_space: Space,
    *,
    n_trials: int = 20,
    metric: Metric = None,
    direction: Direction = "maximize",
    cv: Any = 5,
    groups: str | None = None,
    eval: Any = None,  # noqa: A002 - the name of the split
    seed: int = 0,
    timeout: float | None = None,
    n_jobs: int = 1,
    batch: int = 4,
    storage: str | os.PathLike[str] | None = None,
    pruner: Any = True,
    train_options: Mapping[str, Any] | None = None,
) -> Tuned:
    """Return the best hyperparameters that were found, and all trials.

    The same arguments give the same result, to the last digit, whatever `n_jobs` is, and also when
    the search was interrupted and taken up again: trials are proposed `batch` at a time, and what
    a trial computes does not depend on where it runs. Only `timeout` makes it depend on the clock.

    Args:
        examples: a frame, or parts of which `train` is taken. With a transformation that learns,
            give raw rows and a `Pipeline`, so that it is fitted in each fold anew.
        estimator: see `train`; it is cloned. Where the number of its threads is open it gets one:
            `n_jobs` is for the trials.
        label: the column to predict.
        search_space: parameter → range: `(2, 8)`, `("log", 1e-3, 0.3)`, `("step", 100, 900, 100)`,
            `["a", "b"]`, a distribution of optuna; or a function of a trial of optuna.
        n_trials: settings to try, all in all.
        metric: a scorer of scikit-learn, or a function of truth and predictions. By default
            `neg_log_loss` where there are probabilities, else `accuracy`;
            `neg_root_mean_squared_error` for numbers.
        direction: of a function; scorers of scikit-learn are all better when larger.
        cv: folds, stratified by class; or a splitter of scikit-learn, as `TimeSeriesSplit(5)`;
            None measures on `eval`, by default the part of that name.
        groups: a column whose rows stay together in a fold; no feature then.
        eval: rows to measure on, instead of folds.
        seed: of the proposals, the folds, and each fit.
        timeout: seconds after which no more settings are proposed.
        n_jobs: processes; -1 is one for each core.
        batch: settings proposed at once, knowing the results of the batches before. More than
            that many jobs have nothing to do.
        storage: a file for what was computed; with the same arguments the search is taken up
            again, or goes on when `n_trials` is larger.
        pruner: True gives up a setting after a fold, when it is worse so far than the median of
            those before (not among the first five); False never; or a pruner of optuna.
        train_options: further arguments of `train`, such as `class_weight` or `early_stopping`
            (by the rows that are measured on).

    Raises:
        DataError: the examples cannot be learnt from, or no trial was completed.
        UsageError: a search space that says nothing, no such metric, storage of another search.

    Example:
        >>> import pandas as pd
        >>> from sklearn.tree import DecisionTreeClassifier
        >>> rows = pd.DataFrame({"age": range(40), "ill": [age > 20 for age in range(40)]})
        >>> tuned = tune(rows, DecisionTreeClassifier(), "ill", {"max_depth": (1, 3)}, n_trials=4)
        >>> len(tuned.tuner_results.trials)
        4

    Source: tree-structured Parzen estimators (Bergstra et al., NeurIPS 2011) and the median rule
        (Golovin et al., KDD 2017), both by optuna.
    """
    _check(n_trials, batch, metric, direction)
    spaces.check(search_space)
    parts = splits.named(examples)
    asked = question(
        training_rows(parts),
        estimator,
        label,
        metric=metric,
        cv=cv,
        groups=groups,
        eval=parts.get("eval") if eval is None and cv is None else eval,
        seed=seed,
        options=train_options or {},
    )
    journal = Journal(storage, "" if storage is None else _about(asked, direction, batch))
    with parallel.workers(asked, n_jobs) as work:
        search = _Search(asked, search_space, direction, seed, _pruner(pruner), journal, work)
        trials, notes = _trials(search, n_trials, batch, timeout)
    best = best_trial(trials, direction)
    notes += spaces.at_edge(search_space, best.parameters)
    results = TunerResults(
        best=best,
        trials=tuple(trials),
        metric=_name(asked.metric),
        direction=direction,
        space=spaces.words(search_space),
        importances=_importances(trials, search_space, direction, seed),
        seed=seed,
        n_rows=len(asked.table),
        n_folds=len(asked.folds),
        notes=tuple(notes),
        versions={**versions(asked.estimator), "optuna": spaces.optuna().__version__},
    )
    return Tuned(dict(best.parameters), results)


def _trials(
    search: _Search, n_trials: int, batch: int, timeout: float | None
) -> tuple[list[Trial], list[str]]:
    late = None if timeout is None else time.monotonic() + timeout
    trials: list[Trial] = []
    while len(trials) < n_trials:
        if late is not None and time.monotonic() >= late and trials:
            return trials, [f"stopped after {timeout:g} seconds, with {len(trials)} trials"]
        trials += search.batch(trials, min(batch, n_trials - len(trials)))
    return trials, []


class _Search:
    """Runs batches of trials, fold by fold, so that bad ones can be given up."""

    def __init__(
        self,
        asked: Question,
        space: Space,
        direction: Direction,
        seed: int,
        pruner: Any,
        journal: Journal,
        work: parallel.Workers,
    ) -> None:
        self._asked, self._space, self._direction = asked, space, direction
        self._seed, self._pruner, self._journal, self._work = seed, pruner, journal, work

    def batch(self, trials: Sequence[Trial], count: int) -> list[Trial]:
        """Return the next trials, knowing those before."""
        study = study_of(trials, self._space, self._direction, self._seed, self._pruner)
        proposed = ask(study, self._space, count)
        scores: list[list[float]] = [[] for _ in proposed]
        ended: dict[int, Trial] = {}
        for fold in range(len(self._asked.folds)):
            live = [place for place in range(count) if place not in ended]
            for place, score in self._answers(
                [(place, proposed[place][1]) for place in live], fold
            ):
                setting = proposed[place][1]
                if score.value is None:
                    ended[place] = Trial(
                        setting, None, tuple(scores[place]), "failed", score.reason
                    )
                    continue
                scores[place].append(score.value)
                trial = proposed[place][0]
                trial.report(float(np.mean(scores[place])), fold)
                if fold + 1 < len(self._asked.folds) and trial.should_prune():
                    ended[place] = Trial(setting, None, tuple(scores[place]), "pruned")
        for place in range(count):
            if place not in ended:
                value = float(np.mean(scores[place]))
                ended[place] = Trial(proposed[place][1], value, tuple(scores[place]))
        return [_numbered(ended[place], len(trials) + place) for place in range(count)]

    def _answers(
        self, settings: list[tuple[int, dict[str, Any]]], fold: int
    ) -> Iterator[tuple[int, Score]]:
        """Yield the answers, in the order of the settings; those in the journal are read."""
        new = [setting for _, setting in settings if self._journal.known(setting, fold) is None]
        items = [(setting, fold) for setting in new]
        for (setting, _), score in zip(items, self._work.each(answer, items), strict=True):
            self._journal.keep(setting, fold, score)
        for place, setting in settings:
            known = self._journal.known(setting, fold)
            assert known is not None
            yield place, known


def _numbered(trial: Trial, number: int) -> Trial:
    from dataclasses import replace

    return replace(trial, number=number)


def _check(n_trials: int, batch: int, metric: Metric, direction: Direction) -> None:
    if n_trials < 1 or batch < 1:
        raise UsageError("`n_trials` and `batch` are at least 1")
    if direction not in {"maximize", "minimize"}:
        raise UsageError(f"`direction` is `{direction}`", fix="say `maximize` or `minimize`")
    if direction == "minimize" and not callable(metric):
        raise UsageError(
            "scorers of scikit-learn are better when larger, also those called `neg_…`",
            fix="leave `direction` out, or give a function of truth and predictions",
        )


def _pruner(pruner: Any) -> Any:
    pruners = spaces.optuna().pruners
    if isinstance(pruner, bool):
        return pruners.MedianPruner() if pruner else pruners.NopPruner()
    return pruner


def _name(metric: Any) -> str:
    return metric if isinstance(metric, str) else getattr(metric, "__name__", "a function")


def _about(asked: Question, direction: Direction, batch: int) -> str:
    rows = [None if one is None else one.to_native() for one in (asked.table, asked.other)]
    metric = asked.metric if isinstance(asked.metric, str) else fingerprint(asked.metric).hex
    folds = [[None if one is None else one.tolist() for one in fold] for fold in asked.folds]
    facts = [asked.estimator, asked.label, metric, asked.seed, dict(asked.options), folds]
    return fingerprint([*rows, *facts, direction, batch]).hex


def _importances(
    trials: Sequence[Trial], space: Space, direction: Direction, seed: int
) -> dict[str, float]:
    done = [trial for trial in trials if trial.state == "complete"]
    varied = {name for trial in done for name in trial.parameters}
    if len(done) < _ENOUGH or len({trial.value for trial in done}) < 2 or len(varied) < 2:
        return {}
    optuna = spaces.optuna()
    study = study_of(done, space, direction, seed)
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=seed)
    try:
        found = optuna.importance.get_param_importances(study, evaluator=evaluator)
    except (ValueError, RuntimeError, ImportError):  # parameters that not all trials have
        return {}
    return {str(name): float(value) for name, value in found.items()}
