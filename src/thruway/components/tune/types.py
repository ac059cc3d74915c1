"""What `tune` returns."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from thruway.components import html

State = Literal["complete", "pruned", "failed"]
Direction = Literal["maximize", "minimize"]


@dataclass(frozen=True)
class Trial:
    """One setting that was tried.

    Attributes:
        parameters: the setting.
        value: mean of the scores; None when it failed or was pruned.
        scores: one for each fold that was run.
        state: `complete`; `pruned`: given up after some folds; `failed`: an error, see reason.
        reason: why it failed.
        number: in the order of proposals.
    """

    parameters: dict[str, Any]
    value: float | None = None
    scores: tuple[float, ...] = ()
    state: State = "complete"
    reason: str = ""
    number: int = 0


@dataclass(frozen=True, repr=False)
class TunerResults:
    """A search.

    Attributes:
        best: the trial with the best value; of equal ones the first.
        trials: all, in order.
        metric: what was measured.
        direction: which values are better.
        space: parameter → what was searched, in words.
        importances: parameter → its share in the variance of the values (fANOVA), the largest
            first; empty when too little was tried to say.
        seed: of the search.
        n_rows: of the examples.
        n_folds: scores a trial, when it is complete.
        notes: what a reader should know: a best value at the edge of the space, a timeout.
        versions: library → version.
    """

    best: Trial
    trials: tuple[Trial, ...]
    metric: str = ""
    direction: Direction = "maximize"
    space: dict[str, str] = field(default_factory=dict)
    importances: dict[str, float] = field(default_factory=dict)
    seed: int = 0
    n_rows: int = 0
    n_folds: int = 0
    notes: tuple[str, ...] = ()
    versions: dict[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, as JSON takes it."""
        return dataclasses.asdict(self)

    def count(self, state: State) -> int:
        """Return how many trials ended so."""
        return sum(trial.state == state for trial in self.trials)

    def _repr_html_(self) -> str:
        notes = "".join(f"<p class='warn'>{html.cell(note)}</p>" for note in self.notes)
        states = ", ".join(
            f"{self.count(state)} {state}" for state in ("complete", "pruned", "failed")
        )
        names = list(dict.fromkeys(name for trial in self.trials for name in trial.parameters))
        facts = [
            ("metric", f"{self.metric} ({self.direction})" if self.metric else self.direction),
            ("best", self.best.value),
            ("trials", states),
            *([("rows", self.n_rows)] if self.n_rows else []),
        ]
        space = [
            (name, self.space.get(name, ""), self.best.parameters.get(name), weight)
            for name in names
            for weight in [self.importances.get(name)]
        ]
        rows = [
            (
                trial.number,
                trial.value,
                _spread(trial),
                trial.reason or trial.state,
                *(trial.parameters.get(name) for name in names),
            )
            for trial in sorted(self.trials, key=self._rank)
        ]
        return html.view(
            "Tuner results",
            notes,
            html.table(("", ""), facts),
            html.section("Best so far", *self._progress()),
            html.section(
                "Search space", html.table(("parameter", "searched", "best", "importance"), space)
            ),
            html.section("Trials", html.table(("trial", "value", "±", "state", *names), rows)),
        )

    def _rank(self, trial: Trial) -> tuple[bool, float, int]:
        sign = -1 if self.direction == "maximize" else 1
        return (trial.value is None, sign * (trial.value or 0.0), trial.number)

    def _progress(self) -> list[str]:
        better = max if self.direction == "maximize" else min
        values = [trial.value for trial in self.trials if trial.value is not None]
        if len(values) < 2:
            return []
        reached = [better(values[: place + 1]) for place in range(len(values))]
        low, high = min(values), max(values)
        wide = (high - low) or 1.0
        points = [
            (place / (len(values) - 1), (value - low) / wide) for place, value in enumerate(reached)
        ]
        return [html.curve([points], "trials", "value")]

    def __repr__(self) -> str:
        """Return the result, short."""
        value = "none" if self.best.value is None else f"{self.best.value:.4g}"
        return f"TunerResults({len(self.trials)} trials, best {value})"


class Tuned(NamedTuple):
    """What `tune` returns.

    Attributes:
        best_hyperparameters: for `train(..., hyperparameters=…)`.
        tuner_results: all trials.
    """

    best_hyperparameters: dict[str, Any]
    tuner_results: TunerResults


def _spread(trial: Trial) -> float | None:
    if len(trial.scores) < 2:
        return None
    mean = sum(trial.scores) / len(trial.scores)
    squares = sum((score - mean) ** 2 for score in trial.scores)
    return float((squares / (len(trial.scores) - 1)) ** 0.5)
