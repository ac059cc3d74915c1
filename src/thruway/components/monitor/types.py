"""What monitoring found: plain records."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from thruway.components.validate import Anomaly, Measurement
    from thruway.kit.gate import Gate

Task = Literal["classification", "regression"]


@dataclass(frozen=True)
class Performance:
    """How good the predictions were that labels have arrived for.

    Attributes:
        labelled: predictions with a label.
        coverage: share of the predictions that have one.
        metrics: by name: accuracy, balanced_accuracy, f1 (macro), and for probabilities roc_auc,
            log_loss, brier; or mae, rmse, r2, bias.
        low: lower end of a 95 % interval (Wilson) of the accuracy.
        high: upper end.
    """

    labelled: int
    coverage: float
    metrics: dict[str, float] = field(default_factory=dict)
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Window:
    """A stretch of the log.

    Attributes:
        name: when it begins (UTC), or the numbers of its first row and its last.
        rows: requests in it.
        anomalies: where inputs or predictions are not as the schema says, nor as the training data
            (skew), nor as the window before (drift), nor good enough.
        measurements: distances to the training data (skew) and to the window before (drift).
        performance: where labels have arrived.
        judged: it counts for the gate: it has enough rows, and is recent enough.
    """

    name: str
    rows: int
    anomalies: tuple[Anomaly, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    performance: Performance | None = None
    judged: bool = True


@dataclass(frozen=True)
class MonitoringReport:
    """What a model met in production, and how good it was.

    Attributes:
        windows: in the order of time.
        gate: of the windows that are judged, by the policy.
        requests: rows of the log.
        prediction: column with the predictions; "" when the log has none.
        performance: of all labelled predictions together.
        notes: what could not be looked at, and why.
        task: what the predictions are of; None without labels.
    """

    windows: tuple[Window, ...]
    gate: Gate
    requests: int
    prediction: str = ""
    performance: Performance | None = None
    notes: tuple[str, ...] = ()
    task: Task | None = None

    @property
    def alerts(self) -> tuple[tuple[str, Anomaly], ...]:
        """Window and anomaly of all that fails or warns, in windows that are judged."""
        return tuple(
            (window.name, one)
            for window in self.windows
            if window.judged
            for one in window.anomalies
            if one.severity != "ignore"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return all as JSON takes it."""
        return asdict(self)

    def __repr__(self) -> str:
        return (
            f"<MonitoringReport {self.requests:,} requests, {len(self.windows)} windows,"
            f" {len(self.alerts)} alerts: {self.gate.verdict}>"
        )

    def _repr_html_(self) -> str:
        from thruway.components.monitor.view import shown

        return shown(self)
