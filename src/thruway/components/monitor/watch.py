"""Each window of a log against the schema, the training data, and the window before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from thruway.components.matching import matched
from thruway.components.monitor.performance import LOWER_IS_BETTER, performance, task_of
from thruway.components.monitor.types import MonitoringReport, Performance, Task, Window
from thruway.components.monitor.windows import windows_of
from thruway.components.statistics import SplitStatistics, Statistics, statistics
from thruway.components.statistics.merge import merged_splits
from thruway.components.statistics.sources import tabled
from thruway.components.validate.checks import Finding, findings
from thruway.components.validate.compare import compared
from thruway.components.validate.policy import Policy, severity_of
from thruway.components.validate.types import Anomaly, Comparison, Measurement
from thruway.errors import DataError
from thruway.kit.gate import Gate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import narwhals as nw
    from numpy.typing import NDArray

    from thruway.components.schema import Schema

LOW = "PERFORMANCE_LOW"


@dataclass(frozen=True)
class Watched:
    """What is asked; see `monitor`."""

    schema: Schema | None
    window: str | int | None
    request_id: str
    timestamp: str
    prediction: str
    label: str
    task: Task | None
    skew: dict[str, dict[str, float]]
    drift: dict[str, dict[str, float]]
    performance: Mapping[str, float]
    policy: Policy
    min_rows: int
    last: int | None
    alpha: float | None


@dataclass(frozen=True)
class _Labelled:
    """The rows of the log that have a label, and the labels, as series side by side."""

    rows: NDArray[np.int64]
    labels: nw.Series[Any]
    predictions: nw.Series[Any]
    task: Task


def watched(
    log: nw.DataFrame[Any],
    training: Any,
    labels: Any,
    asked: Watched,
    notes: list[str],
) -> MonitoringReport:
    """Return the report; see `monitor`."""
    stretches = windows_of(log, asked.timestamp, asked.window)
    lost = len(log) - sum(len(rows) for _, rows in stretches)
    if lost:
        notes.append(f"{lost:,} requests have no time and are in no window")
    labelled = _labelled(log, labels, asked, notes)
    inputs = _inputs(log, asked)
    reference = _reference(training, asked)
    found = [
        statistics(inputs[rows.tolist()].to_native(), asked.schema).only for _, rows in stretches
    ]
    if asked.prediction in log.columns and asked.prediction not in reference.columns and found:
        notes.append(
            "the training data has no predictions: those of the first window stand for them"
        )
        columns = {**reference.columns, asked.prediction: found[0][asked.prediction]}
        reference = replace(reference, columns=columns)
    windows = []
    for number, ((name, rows), split) in enumerate(zip(stretches, found, strict=True)):
        before = found[number - 1] if number else None
        window = _window(name, split, before, reference, asked)
        windows.append(_with_performance(window, rows, labelled, asked))
    windows = _judged(windows, asked)
    if not windows:
        notes.append("the log has no request")
    return MonitoringReport(
        tuple(windows),
        _gate(windows),
        len(log),
        asked.prediction if asked.prediction in log.columns else "",
        _performance(labelled, np.arange(len(log))),
        tuple(notes),
        labelled.task if labelled else None,
    )


def _inputs(log: nw.DataFrame[Any], asked: Watched) -> nw.DataFrame[Any]:
    left_out = {asked.request_id, asked.timestamp, asked.label}
    if asked.schema is not None:
        left_out -= set(asked.schema.features) - {asked.label}
    return log.select(*(one for one in log.columns if one not in left_out))


def _reference(training: Any, asked: Watched) -> SplitStatistics:
    found = training if isinstance(training, Statistics) else statistics(training, asked.schema)
    return merged_splits(list(found.splits.values()))


def _window(
    name: str,
    split: SplitStatistics,
    before: SplitStatistics | None,
    reference: SplitStatistics,
    asked: Watched,
) -> Window:
    anomalies: list[Anomaly] = []
    measurements: list[Measurement] = []
    if asked.schema is not None:
        environment = "serving" if "serving" in asked.schema.environments else ""
        schema = replace(asked.schema, min_rows=0)  # of a data set, not of a window
        of_inputs = replace(
            split,
            columns={n: one for n, one in split.columns.items() if n != asked.prediction},
        )
        anomalies += _anomalies(findings(of_inputs, schema, environment), asked, name)
    others: list[tuple[Comparison, SplitStatistics | None, dict[str, dict[str, float]], str]] = [
        ("skew", reference, asked.skew, "training data"),
        ("drift", before, asked.drift, "window before"),
    ]
    for comparison, other, limits, called in others:
        if other is not None and split.rows:
            done = compared(split, other, comparison, limits, asked.schema, asked.alpha, called)
            anomalies += _anomalies(done.findings, asked, name, comparison)
            measurements += [replace(one, split=name) for one in done.measurements]
    return Window(name, split.rows, tuple(anomalies), tuple(measurements))


def _anomalies(
    found: Iterable[Finding], asked: Watched, split: str, comparison: Comparison = ""
) -> list[Anomaly]:
    return [
        Anomaly(
            one.column,
            one.type,
            severity_of(one.column, one.type, asked.policy),
            one.short,
            one.description,
            split,
            comparison,
        )
        for one in found
    ]


def _judged(windows: list[Window], asked: Watched) -> list[Window]:
    first = 0 if asked.last is None else len(windows) - asked.last
    return [
        replace(one, judged=number >= first and one.rows >= asked.min_rows)
        for number, one in enumerate(windows)
    ]


def _gate(windows: list[Window]) -> Gate:
    counted = [
        (window.name, one)
        for window in windows
        if window.judged
        for one in window.anomalies
        if one.severity != "ignore"
    ]
    counted.sort(key=lambda one: one[1].severity)  # fail is before warn
    reasons = tuple(f"{name}: {one}" for name, one in counted)
    if not counted:
        return Gate("pass")
    return Gate("fail" if counted[0][1].severity == "fail" else "warn", reasons)


# -- labels -----------------------------------------------------------------------------------


def _labelled(
    log: nw.DataFrame[Any], labels: Any, asked: Watched, notes: list[str]
) -> _Labelled | None:
    found = _joined(log, labels, asked, notes)
    if found is None:
        return None
    rows, truth = found
    if asked.prediction not in log.columns:
        notes.append(f"there are labels, but the log has no column `{asked.prediction}`")
        return None
    said = log[asked.prediction][rows.tolist()]
    held = ~(truth.is_null() | said.is_null()).to_numpy().astype(bool)
    places = np.flatnonzero(held)
    rows, truth, said = rows[places], truth[places.tolist()], said[places.tolist()]
    if not len(rows):
        notes.append("no request has a label yet")
        return None
    order = np.argsort(rows, kind="stable")
    rows, truth, said = rows[order], truth[order.tolist()], said[order.tolist()]
    return _Labelled(rows, truth, said, asked.task or task_of(truth, said))


def _joined(
    log: nw.DataFrame[Any], labels: Any, asked: Watched, notes: list[str]
) -> tuple[NDArray[np.int64], nw.Series[Any]] | None:
    if labels is None:
        if asked.label not in log.columns:
            return None
        return np.arange(len(log)), log[asked.label]
    frame = tabled(labels, "labels")
    for where, one, wanted in (
        ("log", log, (asked.request_id,)),
        ("labels", frame, (asked.request_id, asked.label)),
    ):
        for name in wanted:
            if name not in one.columns:
                raise DataError(
                    f"`{where}` has no column `{name}`, which labels and requests are joined by",
                    where=f"columns {', '.join(map(str, one.columns[:12]))}",
                    fix="say what it is called: request_id=…, label=…",
                )
    rows = matched(log, frame, (asked.request_id,))
    if sum(rows.duplicates):
        ours, theirs = rows.duplicates
        notes.append(
            f"{ours:,} requests and {theirs:,} labels share their `{asked.request_id}`: they"
            " count for no performance"
        )
    if len(rows.removed):
        notes.append(f"{len(rows.removed):,} labels are of no request in the log")
    return rows.new, frame[asked.label][rows.old.tolist()]


def _performance(labelled: _Labelled | None, rows: NDArray[np.int64]) -> Performance | None:
    if labelled is None:
        return None
    places = np.flatnonzero(np.isin(labelled.rows, rows)).tolist()
    return performance(
        labelled.labels[places], labelled.predictions[places], labelled.task, len(rows)
    )


def _with_performance(
    window: Window, rows: NDArray[np.int64], labelled: _Labelled | None, asked: Watched
) -> Window:
    found = _performance(labelled, rows)
    if found is None:
        return window
    low = [] if found.labelled < asked.min_rows else list(_low(found, asked))
    added = _anomalies(low, asked, window.name)
    return replace(window, performance=found, anomalies=(*window.anomalies, *added))


def _low(found: Performance, asked: Watched) -> Iterable[Finding]:
    for name, limit in asked.performance.items():
        value = found.metrics.get(name)
        if value is None:
            continue
        worse = value > limit if name in LOWER_IS_BETTER else value < limit
        if worse:
            side = "at most" if name in LOWER_IS_BETTER else "at least"
            said = (
                f"{name} is {value:.4g} on {found.labelled:,} labels, {side} {limit:g} is expected"
            )
            bad = "high" if name in LOWER_IS_BETTER else "low"
            yield Finding(asked.prediction, LOW, f"{name} is {bad}", said)
