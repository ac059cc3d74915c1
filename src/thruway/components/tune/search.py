"""Proposals, and the best of what was tried: the parts of a search, to be put together otherwise.

`tune` puts them together in one step. In a pipeline, `map_over` gives every trial a process, a
cache key and a result of its own:

    settings = propose(space, n_trials=8)
    trials = map_over(try_hyperparameters, settings, examples=rows, estimator=model, label="y")
    best, results = best_of(trials)
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from thruway.components.tune import space as spaces
from thruway.components.tune.folds import Metric, answer, question
from thruway.components.tune.types import Direction, Trial, Tuned, TunerResults
from thruway.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from thruway.components.tune.space import Space


def propose(
    search_space: Space,
    n_trials: int = 20,
    *,
    seed: int = 0,
    tried: Sequence[Trial] = (),
    direction: Direction = "maximize",
) -> list[dict[str, Any]]:
    """Return settings to try: at random first, then near what was good.

    Args:
        search_space: see `space`.
        n_trials: how many.
        seed: same seed and same past, same settings.
        tried: what is known already.
        direction: which values are better.

    Raises:
        UsageError: the search space says nothing.

    Example:
        >>> propose({"depth": (2, 8)}, 3, seed=1) == propose({"depth": (2, 8)}, 3, seed=1)
        True

    Source: tree-structured Parzen estimators, Bergstra et al., NeurIPS 2011, by optuna.
    """
    spaces.check(search_space)
    study = study_of(tried, search_space, direction, seed)
    return [setting for _, setting in ask(study, search_space, n_trials)]


def try_hyperparameters(
    hyperparameters: Mapping[str, Any],
    examples: Any,
    estimator: Any,
    label: str,
    *,
    metric: Metric = None,
    cv: Any = 5,
    groups: str | None = None,
    eval: Any = None,  # noqa: A002 - the name of the split
    seed: int = 0,
    train_options: Mapping[str, Any] | None = None,
) -> Trial:
    """Return how good one setting is: a trial, for `best_of`. Arguments are those of `tune`.

    Raises:
        DataError: the examples cannot be learnt from, whatever the setting.
        UsageError: no such metric.
    """
    asked = question(
        examples,
        estimator,
        label,
        metric=metric,
        cv=cv,
        groups=groups,
        eval=eval,
        seed=seed,
        options=train_options or {},
    )
    scores = [answer(asked, (hyperparameters, fold)) for fold in range(len(asked.folds))]
    failed = next((score for score in scores if score.value is None), None)
    values = tuple(score.value for score in scores if score.value is not None)
    if failed is not None:
        return Trial(dict(hyperparameters), None, values, "failed", failed.reason)
    return Trial(dict(hyperparameters), float(np.mean(values)), values)


def best_of(trials: Sequence[Trial], direction: Direction = "maximize") -> Tuned:
    """Return the best of trials; of equal ones the first.

    Raises:
        DataError: none was completed.

    Example:
        >>> best_of([Trial({"depth": 2}, 0.8), Trial({"depth": 3}, 0.9)]).best_hyperparameters
        {'depth': 3}
    """
    if direction not in get_args(Direction):
        raise UsageError(f"`direction` is `{direction}`", fix="say `maximize` or `minimize`")
    numbered = tuple(replace(trial, number=place) for place, trial in enumerate(trials))
    best = best_trial(numbered, direction)
    return Tuned(dict(best.parameters), TunerResults(best, numbered, direction=direction))


def best_trial(trials: Sequence[Trial], direction: Direction) -> Trial:
    """Return the best completed trial.

    Raises:
        DataError: none was completed.
    """
    done = [trial for trial in trials if trial.state == "complete" and trial.value is not None]
    if not done:
        reason = next((trial.reason for trial in trials if trial.reason), "no trial was run")
        raise DataError(
            f"none of {len(trials)} trials was completed: {reason}",
            fix="check the estimator with one setting: train(…, hyperparameters=…)",
        )
    sign = -1 if direction == "maximize" else 1
    return min(done, key=lambda trial: (sign * (trial.value or 0.0), trial.number))


def study_of(
    trials: Sequence[Trial], space: Space, direction: Direction, seed: int, pruner: Any = None
) -> Any:
    """Return a study of optuna, in memory, that knows these trials.

    What it proposes depends on the seed, and on how many trials there are and how they went; so a
    search that is taken up again proposes what it would have proposed.
    """
    optuna = spaces.optuna()
    state = np.random.SeedSequence([seed, len(trials)]).generate_state(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # `constant_liar` is called experimental
        sampler = optuna.samplers.TPESampler(seed=int(state[0]), constant_liar=True)
    loud = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)  # it tells of each study that is made
    study = optuna.create_study(direction=direction, sampler=sampler, pruner=pruner)
    optuna.logging.set_verbosity(loud)
    for trial in trials:
        known = _known(optuna, trial, space)
        if known is not None:
            study.add_trial(known)
    return study


def ask(study: Any, space: Space, count: int) -> list[tuple[Any, dict[str, Any]]]:
    """Return trials of optuna with the settings they propose."""
    found = []
    for _ in range(count):
        trial = study.ask()
        found.append((trial, spaces.asked(space, trial)))
    return found


def _known(optuna: Any, trial: Trial, space: Space) -> Any:
    states = {
        "complete": optuna.trial.TrialState.COMPLETE,
        "pruned": optuna.trial.TrialState.PRUNED,
        "failed": optuna.trial.TrialState.FAIL,
    }
    if callable(space):  # what a function asks is only known when it is asked
        fixed = optuna.trial.FixedTrial(trial.parameters)
        try:
            space(fixed)
        except ValueError:
            return None
        searched = dict(fixed.distributions)
    else:
        searched = {
            name: kind
            for name, written in space.items()
            if (kind := spaces.distribution(name, written)) is not None
        }
    means = np.cumsum(trial.scores) / np.arange(1, len(trial.scores) + 1)
    return optuna.trial.create_trial(
        state=states[trial.state],
        params={name: trial.parameters[name] for name in searched},
        distributions=searched,
        value=trial.value,
        intermediate_values={step: float(value) for step, value in enumerate(means)},
    )
