"""What a notebook shows of a blessing."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from thruway.components import html
from thruway.components.evaluate.types import Estimate
from thruway.components.evaluate.view import shown

if TYPE_CHECKING:
    from thruway.components.bless.types import Blessing, Check

_KINDS = {"pass": "pass", "fail": "fail", "skipped": "note"}


def blessing_view(blessing: Blessing) -> str:
    """Return the view: the decision, then every threshold, those that failed first."""
    order = {"fail": 0, "skipped": 1, "pass": 2}
    checks = sorted(blessing.checks, key=lambda check: order[check.verdict])
    heads = ("metric", "slice", "threshold", "value (interval)", "")
    told = html.table(heads, map(_row, checks)) if checks else ""
    parts = [html.gate_line(blessing.gate), told, _how(blessing)]
    title = "Blessing" if blessing.blessed else "No blessing"
    return html.view(title, *parts)


def _row(check: Check) -> tuple[object, ...]:
    value = None
    if check.value is not None:
        value = shown(Estimate(check.value, check.lower, check.upper))
        value = f"{value} better" if check.kind == "change" else value
    mark = html.Markup(f"<span class='{_KINDS[check.verdict]}'>{escape(check.verdict)}</span>")
    return check.metric, check.slice or "all rows", check.rule, value, mark


def _how(blessing: Blessing) -> str:
    held = "the whole interval" if blessing.margin else "the value"
    against = f"; changes against the baseline {blessing.baseline}" if blessing.baseline else ""
    return f"<p class='note'>{escape(held)} had to keep a threshold{escape(against)}</p>"
