"""Pieces of the views: small HTML with inline pictures, for notebooks and for files.

No scripts and nothing from elsewhere: a view is whole by itself, also years later. Colours follow
the reader's light or dark setting.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from thruway.kit.gate import Gate

__all__ = ["bars", "curve", "gate_line", "page", "section", "table", "view"]

_STYLE = (
    ".thruway{font:13px/1.45 system-ui,sans-serif;max-width:72em}"
    ".thruway h3{margin:.2em 0 .4em;font-size:15px}.thruway h4{margin:1em 0 .3em;font-size:13px}"
    ".thruway table{border-collapse:collapse;margin:.3em 0}"
    ".thruway td,.thruway th{padding:.15em .7em;border-bottom:1px solid #8884;text-align:right;"
    "vertical-align:middle;white-space:nowrap}"
    ".thruway td:first-child,.thruway th:first-child{text-align:left}"
    ".thruway .pass{color:#1a7f37}.thruway .warn{color:#b35900}.thruway .fail{color:#c62828}"
    ".thruway .note{opacity:.7}"
    ".thruway svg{display:block}.thruway rect{fill:#4c78a8}.thruway polyline{fill:none;stroke:"
    "#4c78a8;stroke-width:1.5}.thruway .second{stroke:#e45756}.thruway .axis{stroke:#8888;"
    "stroke-width:1}.thruway text{font-size:10px;fill:currentColor;opacity:.7}"
)
_WORDS = {"pass": "passed", "warn": "passed, with warnings", "fail": "failed"}


def view(title: str, *parts: str) -> str:
    """Return a view: what a notebook shows for a value (`_repr_html_`).

    Args:
        title: plain text.
        parts: HTML.
    """
    inner = f"<style>{_STYLE}</style><h3>{escape(title)}</h3>{''.join(parts)}"
    return f"<div class='thruway'>{inner}</div>"


def page(title: str, fragment: str) -> str:
    """Return a view as a file of its own."""
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='color-scheme' content='light dark'>"
        f"<title>{escape(title)}</title></head><body>{fragment}</body></html>"
    )


def section(title: str, *parts: str) -> str:
    """Return a part of a view under a heading; the parts are HTML."""
    return f"<h4>{escape(title)}</h4>{''.join(parts)}"


def gate_line(gate: Gate) -> str:
    """Return what a gate decided, with its reasons."""
    reasons = "".join(f"<li>{escape(reason)}</li>" for reason in gate.reasons)
    listed = f"<ul>{reasons}</ul>" if reasons else ""
    return f"<p class='{gate.verdict}'><b>{_WORDS[gate.verdict]}</b></p>{listed}"


def table(heads: Sequence[str], rows: Iterable[Sequence[object]], most: int = 200) -> str:
    """Return a table.

    Args:
        heads: of the columns.
        rows: cells; text is escaped, a `Markup` (a picture) is not.
        most: further rows are counted, not shown.
    """
    every = list(rows)
    head = "".join(f"<th>{escape(one)}</th>" for one in heads)
    body = "".join(
        f"<tr>{''.join(f'<td>{cell(value)}</td>' for value in row)}</tr>" for row in every[:most]
    )
    more = f"<p class='note'>and {len(every) - most:,} more</p>" if len(every) > most else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def cell(value: object) -> str:
    """Return a value as a reader wants it: numbers short, text escaped."""
    if isinstance(value, Markup):
        return value
    if value is None:
        return "<span class='note'>–</span>"
    if isinstance(value, float):
        return f"{value:,.4g}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return escape(str(value))


def bars(counts: Sequence[float], width: int = 120, height: int = 28, title: str = "") -> Markup:
    """Return a histogram as a small picture.

    Args:
        counts: heights of the bars, from left to right.
        width: pixels.
        height: pixels.
        title: shown when the pointer rests on it.
    """
    top = max([*counts, 0.0]) or 1.0
    step = width / max(len(counts), 1)
    drawn = "".join(
        f"<rect x='{index * step:.1f}' y='{height - height * count / top:.1f}'"
        f" width='{max(step - 0.6, 0.4):.1f}' height='{height * count / top:.1f}'/>"
        for index, count in enumerate(counts)
    )
    return _svg(drawn, width, height, title)


def curve(
    lines: Sequence[Sequence[tuple[float, float]]],
    x: str = "",
    y: str = "",
    width: int = 240,
    height: int = 180,
) -> Markup:
    """Return lines in the unit square: a ROC curve, a calibration; the second one is the baseline.

    Args:
        lines: points (x, y), each between 0 and 1.
        x: what the horizontal axis says.
        y: what the vertical one says.
        width: pixels.
        height: pixels.
    """
    left, low = 24, height - 20
    across, up = width - left - 6, low - 6

    def place(point: tuple[float, float]) -> str:
        return f"{left + across * point[0]:.1f},{low - up * point[1]:.1f}"

    drawn = f"<polyline class='axis' points='{left},6 {left},{low} {width - 6},{low}'/>"
    for number, points in enumerate(lines):
        kind = " class='second'" if number else ""
        drawn += f"<polyline{kind} points='{' '.join(map(place, points))}'/>"
    drawn += f"<text x='{left}' y='{height - 6}'>{escape(x)}</text>"
    drawn += f"<text x='2' y='{low}' transform='rotate(-90 10 {low})'>{escape(y)}</text>"
    return _svg(drawn, width, height, "")


def _svg(drawn: str, width: int, height: int, title: str) -> Markup:
    said = f"<title>{escape(title)}</title>" if title else ""
    return Markup(
        f"<svg xmlns='http://www.w3.org/2000/svg' role='img' width='{width}' height='{height}'"
        f" viewBox='0 0 {width} {height}'>{said}{drawn}</svg>"
    )
