"""What `validate` found: plain records."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from thruway.kit.gate import Gate

Severity = Literal["fail", "warn", "ignore"]

Comparison = Literal["", "drift", "skew"]


@dataclass(frozen=True)
class Anomaly:
    """One thing that is not as expected.

    Attributes:
        column: where; "" for the whole split.
        type: name of the anomaly, as TensorFlow Data Validation calls it where it has it.
        severity: what the policy makes of it.
        short: a few words.
        description: a sentence with the numbers.
        split: of the data.
        comparison: with what it was compared, if it was; else "".
    """

    column: str
    type: str
    severity: Severity
    short: str
    description: str
    split: str = ""
    comparison: Comparison = ""

    def __str__(self) -> str:
        where = f"`{self.column}`: " if self.column else ""
        return f"{where}{self.description} ({self.type})"


@dataclass(frozen=True)
class Measurement:
    """A distance of one column between two data sets.

    Attributes:
        column: its name.
        comparison: drift (against the last span) or skew (training against serving).
        measure: `l_infinity`, `jensen_shannon`, `psi`, `ks`, `chi_square`.
        value: the distance; for `chi_square` the p-value.
        exact: it is that of the raw values; else of histograms or ranks: see the documentation.
        chance: what chance alone may reach with so many rows; None where it is not asked.
        limit: above it (for `chi_square` below it) the distance is an anomaly; None: it is not
            judged.
        high: it is beyond the limit, and beyond what chance reaches.
        split: of the data.
    """

    column: str
    comparison: Comparison
    measure: str
    value: float
    exact: bool
    chance: float | None = None
    limit: float | None = None
    high: bool = False
    split: str = ""


@dataclass(frozen=True)
class Anomalies:
    """What is not as expected.

    Attributes:
        anomalies: the worst first; those that the policy ignores too, as the last.
        measurements: all distances that were measured.
        not_compared: column → why no distance was measured.
        gate: fails when an anomaly's severity is `fail`.
        environment: that was validated for.
    """

    anomalies: tuple[Anomaly, ...]
    gate: Gate
    measurements: tuple[Measurement, ...] = ()
    not_compared: tuple[tuple[str, str], ...] = ()
    environment: str = ""

    def __len__(self) -> int:
        return len(self.anomalies)

    def __bool__(self) -> bool:
        """True also when nothing was found: it is a report, not a list."""
        return True

    def of(self, column: str) -> tuple[Anomaly, ...]:
        """Return the anomalies of one column; of the whole for ""."""
        return tuple(one for one in self.anomalies if one.column == column)

    def measured(self, column: str, measure: str, comparison: str = "drift") -> float:
        """Return one distance.

        Raises:
            KeyError: it was not measured.
        """
        asked = (column, measure, comparison)
        for one in self.measurements:
            if (one.column, one.measure, one.comparison) == asked:
                return one.value
        raise KeyError(asked)

    def to_dict(self) -> dict[str, Any]:
        """Return all as JSON takes it."""
        return asdict(self)

    def __repr__(self) -> str:
        many = {s: sum(one.severity == s for one in self.anomalies) for s in ("fail", "warn")}
        said = ", ".join(f"{count} {name}" for name, count in many.items() if count)
        return f"<Anomalies {said or 'none'}: {self.gate.verdict}>"

    def _repr_html_(self) -> str:
        from thruway.components.validate.view import shown

        return shown(self)
