"""What `train` returns."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from thruway.components import html
from thruway.kit.gate import Gate

if TYPE_CHECKING:
    from thruway.components.models import Task, TrainedModel


@dataclass(frozen=True, repr=False)
class ModelRun:
    """How a model was made.

    Attributes:
        estimator: dotted name of its class.
        task: `classification` or `regression`.
        label: the column it predicts; empty when the labels came as an array.
        classes: the labels; empty for a regression.
        features: the raw columns it takes.
        n_rows: it was fitted on.
        n_eval_rows: it was measured on (0: none), and stopped by where it stopped early.
        parameters: of the estimator, with those of its parts; values that are no plain data as
            text.
        seeds: each random state → the seed that was set; `ambient` is that of the global streams.
        versions: library → version.
        metrics: part (`train`, `eval`) → metric → value.
        curve: part → metric → one value for each round, where the library records them.
        best_iteration: rounds that are used, where it stopped early; else None.
        n_rounds: rounds or epochs that were run; None where there are none.
        warm_started: it went on from a base model.
        gate: warns of what a reader should know: rows left out, a fit that did not converge.
    """

    estimator: str
    task: Task
    label: str
    classes: tuple[Any, ...]
    features: tuple[str, ...]
    n_rows: int
    n_eval_rows: int = 0
    parameters: dict[str, Any] = field(default_factory=dict)
    seeds: dict[str, int] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, dict[str, float]] = field(default_factory=dict)
    curve: dict[str, dict[str, tuple[float, ...]]] = field(default_factory=dict)
    best_iteration: int | None = None
    n_rounds: int | None = None
    warm_started: bool = False
    gate: Gate = field(default_factory=lambda: Gate("pass"))

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader should know."""
        return self.gate.reasons

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, as JSON takes it."""
        return dataclasses.asdict(self)

    def _repr_html_(self) -> str:
        facts = [
            ("estimator", self.estimator),
            ("predicts", f"{self.label or 'labels'} ({self.task})"),
            ("from", f"{len(self.features):,} columns, {self.n_rows:,} rows"),
            *([("classes", ", ".join(map(str, self.classes[:12])))] if self.classes else []),
            *([("best iteration", self.best_iteration)] if self.best_iteration is not None else []),
        ]
        names = list(dict.fromkeys(name for part in self.metrics.values() for name in part))
        measured = [(name, *(part.get(name) for part in self.metrics.values())) for name in names]
        return html.view(
            "Model run",
            html.gate_line(self.gate),
            html.table(("", ""), facts),
            html.section("Metrics", html.table(("", *self.metrics), measured)),
            *self._curves(),
            html.section("Parameters", html.table(("", ""), _shown(self.parameters))),
            html.section(
                "Seeds and versions",
                html.table(("", ""), [*self.seeds.items(), *self.versions.items()]),
            ),
        )

    def _curves(self) -> list[str]:
        drawn = []
        for metric in dict.fromkeys(name for part in self.curve.values() for name in part):
            lines = [part[metric] for part in self.curve.values() if len(part.get(metric, ())) > 1]
            finite = [value for line in lines for value in line if abs(value) < float("inf")]
            if finite:
                drawn.append(html.section(metric, html.curve(_unit(lines, finite), "rounds", "")))
        return drawn

    def __repr__(self) -> str:
        """Return what was made, short."""
        name = self.estimator.rpartition(".")[2]
        return f"ModelRun({name}, {self.task}, {self.n_rows} rows, {self.gate.verdict})"


class Trained(NamedTuple):
    """What `train` returns.

    Attributes:
        model: takes raw rows: `model.predict(frame)`.
        model_run: how it was made.
    """

    model: TrainedModel
    model_run: ModelRun


def _shown(parameters: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in parameters.items() if value is not None]


def _unit(lines: list[tuple[float, ...]], finite: list[float]) -> list[list[tuple[float, float]]]:
    low, high = min(finite), max(finite)
    wide = (high - low) or 1.0
    return [
        [
            (place / (len(line) - 1), (min(max(value, low), high) - low) / wide)
            for place, value in enumerate(line)
        ]
        for line in lines
    ]
