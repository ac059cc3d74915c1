"""Metrics: their tables by task, and what they are computed from.

A metric has its value, by scikit-learn where it has it, on the rows as they are. The bootstrap
needs it hundreds of times on rows that were drawn again; it is computed for many draws at once from
how often each row was drawn, an array `draws` of shape (n_draws, n_rows). That these two ways agree
is a test.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    import numpy.typing as npt

    Array = npt.NDArray[np.float64]
    Codes = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Answers:
    """What is right and what was predicted, row by row, ready for arithmetic.

    Attributes:
        truth: codes into `classes`, or numbers.
        predicted: the same of the predictions; for ranking, scores.
        probabilities: of shape (n_rows, n_classes); None when the model gives none.
        scores: the same of a model's decision function, which order the rows but are no
            probabilities; None when there are probabilities, or neither.
        weights: of the rows; None for equal ones.
        groups: code of the query or series of each row; None without.
        labels: what is right, as in the examples, for metrics of the user.
        guesses: what was predicted, the same way.
    """

    truth: Any
    predicted: Any
    probabilities: Any = None
    weights: Any = None
    groups: Any = None
    labels: Any = None
    guesses: Any = None
    scores: Any = None

    def __len__(self) -> int:
        return len(self.truth)

    def at(self, rows: Any) -> Answers:
        """Return the answers of some rows: a mask, or positions."""

        def part(values: Any) -> Any:
            return None if values is None else values[rows]

        return Answers(
            self.truth[rows],
            self.predicted[rows],
            part(self.probabilities),
            part(self.weights),
            part(self.groups),
            part(self.labels),
            part(self.guesses),
            part(self.scores),
        )


@dataclass(frozen=True)
class Context:
    """What metrics need beside the rows.

    Attributes:
        classes: of the label, in order; empty for numbers.
        known: for each class, whether the model knows it.
        positive: code of the positive class; None unless there are two classes.
        no_probabilities: why there are none.
        k: for ranking, how many places count.
        quantile: that is predicted, for the pinball loss.
        scale: for forecasting, mean absolute error of the naive forecast; None when unknown.
        no_scale: why it is unknown.
    """

    classes: tuple[Any, ...] = ()
    known: tuple[bool, ...] = ()
    positive: int | None = None
    no_probabilities: str = ""
    k: int = 10
    quantile: float = 0.5
    scale: float | None = None
    no_scale: str = ""


@dataclass
class Measured:
    """Values of metrics on some rows, and why others have none."""

    values: dict[str, float] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)

    def put(self, name: str, reason: str, value: Callable[[], Any]) -> None:
        """Keep a value, or the reason against computing it."""
        import math

        if reason:
            self.reasons[name] = reason
            return
        found = float(value())
        if math.isfinite(found):
            self.values[name] = found
        else:
            self.reasons[name] = "it is not defined for these rows"


@dataclass(frozen=True)
class Table:
    """The metrics of a task.

    Attributes:
        directions: metric → whether higher is better; None where neither is.
        measure: computes all of them on the rows as they are.
        redraw: computes them for draws of the rows: metric → array of shape (n_draws,), NaN where
            a draw has no value.
    """

    directions: Mapping[str, bool | None]
    measure: Callable[[Answers, Context], Measured]
    redraw: Callable[[Answers, Context, Any], dict[str, Any]]


def ratio(above: Any, below: Any) -> Any:
    """Divide; NaN where there is nothing to divide by."""
    import numpy as np

    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(below > 0, above / below, np.nan)


def summed(draws: Any, values: Any) -> Any:
    """Return for each draw the sum of values over the rows that it drew, of shape (n_draws,).

    Not by `@`: the last bit of BLAS depends on how many threads it has.
    """
    import numpy as np

    return np.einsum("dn,n->d", draws, values)
