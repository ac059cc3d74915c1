"""A monitoring report as tables and curves over time."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from thruway.components.html import Markup, bars, gate_line, section, table, view
from thruway.kit.gate import Gate

if TYPE_CHECKING:
    from thruway.components.monitor.types import MonitoringReport, Window

_MEASURE = "psi"
_COLUMNS = 100


def shown(found: MonitoringReport) -> str:
    """Return a report as HTML."""
    parts = [gate_line(Gate(found.gate.verdict))]
    parts.append(f"<p>{found.requests:,} requests in {len(found.windows)} windows</p>")
    rows = [_row(one) for one in found.windows]
    metrics = _metrics(found)
    heads = ["window", "requests", "alerts", "labelled", *metrics]
    parts.append(
        section(
            "Windows",
            table(
                heads,
                [[*row, *_values(w, metrics)] for row, w in zip(rows, found.windows, strict=True)],
            ),
        )
    )
    for comparison, title in (("skew", "to the training data"), ("drift", "to the window before")):
        lines = _distances(found, comparison)
        if lines:
            heads = ["column", *(one.name for one in found.windows[-8:]), "all windows"]
            parts.append(section(f"Population stability index {title}", table(heads, lines)))
    if found.alerts:
        listed = [[name, one.column, one.type, one.description] for name, one in found.alerts]
        parts.append(section("Alerts", table(["window", "column", "alert", "what"], listed)))
    parts += [f"<p class='note'>{escape(one)}</p>" for one in found.notes]
    return view("Monitoring", *parts)


def _metrics(found: MonitoringReport) -> list[str]:
    named = (w.performance.metrics for w in found.windows if w.performance)
    return list(dict.fromkeys(name for metrics in named for name in metrics))


def _row(window: Window) -> list[object]:
    worst = min((one.severity for one in window.anomalies), default="ignore")
    many = sum(one.severity != "ignore" for one in window.anomalies)
    said: object = Markup(f"<span class='{worst}'>{many}</span>") if many else 0
    if not window.judged:
        said = Markup(f"<span class='note'>{many}, not judged</span>")
    return [window.name, window.rows, said, window.performance and window.performance.labelled]


def _values(window: Window, metrics: list[str]) -> list[object]:
    found = window.performance.metrics if window.performance else {}
    return [found.get(name) for name in metrics]


def _distances(found: MonitoringReport, comparison: str) -> list[list[object]]:
    columns: dict[str, dict[str, float]] = {}
    for window in found.windows:
        for one in window.measurements:
            if (one.comparison, one.measure) == (comparison, _MEASURE):
                columns.setdefault(one.column, {})[window.name] = one.value
    names = [one.name for one in found.windows]
    return [
        [
            column,
            *(values.get(name) for name in names[-8:]),
            bars([values.get(name, 0.0) for name in names], title=f"{column}: from 0"),
        ]
        for column, values in list(columns.items())[:_COLUMNS]
    ]
