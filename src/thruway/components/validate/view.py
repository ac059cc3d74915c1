"""Anomalies as a table, and the distances under it."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from thruway.components.html import Markup, gate_line, section, table, view
from thruway.kit.gate import Gate

if TYPE_CHECKING:
    from thruway.components.validate.types import Anomalies, Anomaly, Measurement


def shown(found: Anomalies) -> str:
    """Return anomalies as HTML."""
    parts = [gate_line(Gate(found.gate.verdict))]
    if found.anomalies:
        splits = len({one.split for one in found.anomalies}) > 1
        heads = ["column", *(["split"] if splits else []), "", "anomaly", "what"]
        parts.append(table(heads, [_row(one, splits) for one in found.anomalies]))
    else:
        parts.append("<p>All is as expected.</p>")
    for comparison in ("drift", "skew"):
        rows = [one for one in found.measurements if one.comparison == comparison]
        if rows:
            parts.append(section(comparison.capitalize(), _distances(rows)))
    if found.not_compared:
        lines = "; ".join(f"{name}: {why}" for name, why in found.not_compared[:50])
        parts.append(f"<p class='note'>Not compared: {escape(lines)}</p>")
    of = f" for {found.environment}" if found.environment else ""
    return view(f"Validation{of}", *parts)


def _row(one: Anomaly, splits: bool) -> list[object]:
    severity = Markup(f"<span class='{one.severity}'>{one.severity}</span>")
    start = [one.column or "(all rows)", *([one.split] if splits else [])]
    return [*start, severity, one.type, one.description]


def _distances(rows: list[Measurement]) -> str:
    measures = list(dict.fromkeys(one.measure for one in rows))
    columns: dict[tuple[str, str], dict[str, Measurement]] = {}
    for one in rows:
        columns.setdefault((one.column, one.split), {})[one.measure] = one
    splits = len({one.split for one in rows}) > 1
    found = [
        [*(key if splits else key[:1]), *(_value(each.get(name)) for name in measures)]
        for key, each in columns.items()
    ]
    heads = ["column", *(["split"] if splits else []), *measures]
    return table(heads, found)


def _value(one: Measurement | None) -> object:
    if one is None:
        return None
    said = f"{'' if one.exact else '≈ '}{one.value:.3g}"
    return Markup(f"<b class='fail'>{said}</b>") if one.high else said
