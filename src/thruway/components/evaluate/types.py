"""What an evaluation says, as plain data: it stores safely, and equal ones are equal.

Numbers are Python's own; what is not known is None, and the reason stands in `not_computed`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

TaskName = Literal["classification", "regression", "ranking", "forecasting"]
Plain = str | int | float | bool
Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Estimate:
    """One number, and how sure it is.

    Attributes:
        value: on the rows themselves.
        lower: end of the bootstrap interval; None when there is none.
        upper: the other end.
    """

    value: float
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True)
class SliceResult:
    """The metrics of some of the rows.

    Attributes:
        name: `sex=female, age=[18, 30)`.
        by: what the rows were sliced by: `sex × age`.
        rows: how many.
        metrics: name → value.
        not_computed: metric → why there is no value.
    """

    name: str
    by: str
    rows: int
    metrics: dict[str, Estimate] = field(default_factory=dict)
    not_computed: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Gap:
    """How far apart the slices of one kind are in one metric.

    Attributes:
        metric: its name.
        by: what the rows were sliced by.
        difference: largest value minus smallest.
        ratio: smallest over largest; None when that says nothing (a zero, or signs that differ).
        smallest: name of the slice with the smallest value.
        largest: name of the slice with the largest value.
        lower: end of the bootstrap interval of the difference. A difference of extremes is biased
            upwards: with many small slices it is never near zero.
        upper: the other end.
    """

    metric: str
    by: str
    difference: float
    ratio: float | None
    smallest: str
    largest: str
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True)
class Comparison:
    """One metric of the model against the baseline's, on the same rows.

    Attributes:
        metric: its name.
        slice: name of the slice; "" for all rows.
        model: value of the model.
        baseline: value of the baseline.
        difference: model minus baseline, with its paired bootstrap interval.
        verdict: `better` or `worse` when zero lies outside of the interval; `unclear` when it lies
            inside, when there is no interval, or when it is not known which way is better.
    """

    metric: str
    slice: str
    model: float
    baseline: float
    difference: Estimate
    verdict: Literal["better", "worse", "unclear"]


@dataclass(frozen=True)
class ClassResult:
    """One class: what was predicted for its rows.

    Attributes:
        label: the class.
        support: weight of its rows (their number, without weights).
        precision: share of the predictions of this class that are right; None for no prediction.
        recall: share of its rows that are found; None for no row.
        f1: harmonic mean of both; None when both are undefined.
    """

    label: Plain
    support: float
    precision: float | None
    recall: float | None
    f1: float | None


@dataclass(frozen=True)
class Confusion:
    """Counts of predictions.

    Attributes:
        classes: in the order of rows and columns.
        counts: one row for each true class, one column for each predicted one.
        by_class: precision, recall and F1 of each class.
    """

    classes: tuple[Plain, ...]
    counts: tuple[tuple[float, ...], ...]
    by_class: tuple[ClassResult, ...]


@dataclass(frozen=True)
class Importance:
    """What a column is worth to the model: how much worse the metric gets when it is shuffled.

    Attributes:
        column: its name.
        mean: over the repetitions; above zero: the model uses it.
        deviation: standard deviation over the repetitions.
    """

    column: str
    mean: float
    deviation: float


@dataclass(frozen=True)
class Evaluation:
    """What a model is worth on examples that it has not seen.

    Attributes:
        task: what kind of predictions were judged.
        label: column of what is right.
        rows: that were judged.
        dropped: reason → rows that were left out.
        metrics: name → value with its interval.
        not_computed: metric → why there is no value.
        higher_is_better: metric → which way is better; None when that is not known.
        slices: the same for parts of the rows.
        gaps: how far apart the slices are.
        baseline: metrics of the baseline model; empty without one.
        comparisons: model against baseline, all rows first.
        classes: of the label, as the model orders them (classification).
        positive: the class whose probability is judged (two classes).
        confusion: counts of predictions (classification).
        curves: `roc`, `precision_recall`, `calibration` → points, at most 200; those of the
            baseline under `baseline roc` and so on.
        importance: columns by what they are worth, best first; `importance_metric` says in what.
        importance_metric: the metric that importance is counted in.
        confidence: of the intervals.
        n_bootstrap: how often the rows were drawn again.
        notes: sentences about how it was computed that a reader should know.
    """

    task: TaskName
    label: str
    rows: int
    dropped: dict[str, int]
    metrics: dict[str, Estimate]
    not_computed: dict[str, str]
    higher_is_better: dict[str, bool | None]
    slices: tuple[SliceResult, ...] = ()
    gaps: tuple[Gap, ...] = ()
    baseline: dict[str, Estimate] = field(default_factory=dict)
    comparisons: tuple[Comparison, ...] = ()
    classes: tuple[Plain, ...] = ()
    positive: Plain | None = None
    confusion: Confusion | None = None
    curves: dict[str, Points] = field(default_factory=dict)
    importance: tuple[Importance, ...] = ()
    importance_metric: str = ""
    confidence: float = 0.95
    n_bootstrap: int = 0
    notes: tuple[str, ...] = ()

    def __getitem__(self, metric: str) -> float:
        """Return the value of a metric; `evaluation["roc_auc"]`.

        Raises:
            KeyError: there is none; says why.
        """
        if metric in self.metrics:
            return self.metrics[metric].value
        why = self.not_computed.get(metric, f"the metrics are {', '.join(self.metrics)}")
        message = f"{metric}: {why}"
        raise KeyError(message)

    def slice(self, name: str) -> SliceResult:
        """Return the slice of a name.

        Raises:
            KeyError: there is none.
        """
        for one in self.slices:
            if one.name == name:
                return one
        raise KeyError(name)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, for JSON."""
        return asdict(self)

    def __repr__(self) -> str:
        """Return one line: the task and its first metrics."""
        shown = ", ".join(f"{n} {e.value:.4g}" for n, e in list(self.metrics.items())[:3])
        return f"<Evaluation of {self.rows:,} rows: {shown or 'no metric'}>"

    def _repr_html_(self) -> str:
        from thruway.components.evaluate.view import evaluation_view

        return evaluation_view(self)
