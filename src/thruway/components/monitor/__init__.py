"""Monitoring of a model in production: `monitor`.

`log` reads what was served, `windows` cuts it, `watch` compares each window, `performance` says how
good the predictions were, `types` holds the records.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from thruway.components.import_schema import import_schema
from thruway.components.monitor.log import frame_of
from thruway.components.monitor.performance import known
from thruway.components.monitor.types import MonitoringReport, Performance, Task, Window
from thruway.components.monitor.watch import Watched, watched
from thruway.components.validate.compare import Limits, limits_of
from thruway.components.validate.policy import Policy, checked
from thruway.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from thruway.components.frames import Frame
    from thruway.components.schema import Schema
    from thruway.components.statistics import Statistics

__all__ = ["MonitoringReport", "Performance", "Window", "monitor"]


def monitor(
    log: Frame | str | Path,
    training: Statistics | Frame | Mapping[str, Any],
    *,
    labels: Frame | None = None,
    schema: Schema | Any = None,
    window: str | int | None = "1d",
    request_id: str = "request_id",
    timestamp: str = "timestamp",
    prediction: str = "prediction",
    label: str = "label",
    task: Task | None = None,
    skew: Limits | None = None,
    drift: Limits | None = None,
    performance: Mapping[str, float] | None = None,
    policy: Policy | None = None,
    min_rows: int = 50,
    last: int | None = None,
    significance: float | None = 0.001,
    on_alert: Callable[[MonitoringReport], object] | None = None,
) -> MonitoringReport:
    """Return what a model met in production, window by window, with a gate.

    Each window is compared with the schema, with the training data (skew), and with the window
    before (drift); predictions as inputs are. Where labels have arrived, it says how good the
    predictions were.

    Args:
        log: of served requests: a frame, or a path of JSON lines (or of a folder of them), where
            inputs may be nested in `inputs`.
        training: of the data that the model was trained on. Predictions are compared with those it
            has in the column `prediction`, or else with the first window.
        labels: with `request_id` and `label`, as far as they are known; None: those in the log, if
            it has such a column.
        schema: what is expected of the inputs; see `import_schema`.
        window: a time (`1h`, `1d`, `1w`; in UTC), a number of requests, or None for all together.
        request_id: column that joins labels and requests.
        timestamp: column with the time of a request.
        prediction: column with what the model said: classes, numbers, or probabilities of class 1.
        label: column with what was right.
        task: `classification` or `regression`; None: by the labels.
        skew: limits of distances to the training data; see `validate`.
        drift: limits of distances to the window before; None: they are measured, not judged.
        performance: metric → limit: `{"accuracy": 0.8, "mae": 3}`: at least, or for errors at most.
        policy: as in `validate`; what is not good enough is called `PERFORMANCE_LOW`. By default
            all of these warn, except broken inputs.
        min_rows: windows (for performance: labels) of fewer rows are shown and not judged.
        last: only so many of the latest windows are judged; None: all.
        significance: see `validate`.
        on_alert: called with the report when the gate does not pass: to send a message, to start a
            run that trains again. Nothing of it is in the report; a cached step does not call it
            again.

    Raises:
        DataError: the log cannot be read, or its times are none; labels have no request.
        UsageError: a limit, or the policy, makes no sense.

    >>> import polars as pl
    >>> served = pl.DataFrame({"age": [60, 70] * 50, "prediction": [1, 1] * 50})
    >>> monitor(served, pl.DataFrame({"age": [20, 30] * 50}), window=None)
    <MonitoringReport 100 requests, 1 windows, 1 alerts: warn>
    """
    if last is not None and last < 1:
        raise UsageError(f"`last` is {last}", fix="give a number of windows, or None")
    frame, notes = frame_of(log)
    asked = Watched(
        schema=None if schema is None else import_schema(schema),
        window=window,
        request_id=request_id,
        timestamp=timestamp,
        prediction=prediction,
        label=label,
        task=task,
        skew=limits_of(skew, "skew"),
        drift=limits_of(drift, "drift") if drift is not None else {"*": {}},
        performance=known(performance),
        policy=checked(policy),
        min_rows=min_rows,
        last=last,
        alpha=significance,
    )
    report = watched(frame, training, labels, asked, notes)
    if on_alert is not None and report.gate.verdict != "pass":
        on_alert(report)
    return report
