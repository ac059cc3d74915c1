"""What the user interface of KFP shows of a value: numbers, curves, and a page.

Values are looked at for what they have, and not for their classes: whatever has metrics with
values, or a view for notebooks, is shown.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from html import escape
from numbers import Real
from typing import TYPE_CHECKING, Any

from thruway.run.store.store import WHOLE

if TYPE_CHECKING:
    from thruway.run import ArtifactRef, PartResult

_STYLE = (
    "body{font:13px/1.45 system-ui,sans-serif;margin:1em}table{border-collapse:collapse}"
    "td,th{padding:.15em .7em;border-bottom:1px solid #8884;text-align:left}"
    "h2{font-size:15px}h3{font-size:13px;margin:1.2em 0 .3em}.note{opacity:.7}"
    ".pass{color:#1a7f37}.warn{color:#b35900}.fail{color:#c62828}pre{white-space:pre-wrap}"
)


# Numbers --------------------------------------------------------------------------------------


def numbers_of(port: str, value: Any) -> dict[str, float]:
    """Return the metrics that a value is, by name; numbers that JSON does not know are left out.

    >>> numbers_of("auc", 0.5), numbers_of("return", {"auc": 0.5, "note": "all rows"})
    ({'auc': 0.5}, {'auc': 0.5})
    """
    metrics = getattr(value, "metrics", None)
    if isinstance(metrics, Mapping):
        value = {name: getattr(each, "value", each) for name, each in metrics.items()}
    if isinstance(value, Mapping):
        found = {str(name): _number(each) for name, each in value.items()}
    else:
        found = {"value" if port == WHOLE else port: _number(value)}
    return {name: number for name, number in found.items() if number is not None}


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    number = float(value)
    return number if math.isfinite(number) else None


def curves_of(value: Any) -> dict[str, Any] | None:
    """Return confusion and ROC curve of an evaluation as KFP has them; None if it has neither."""
    found: dict[str, Any] = {}
    confusion = getattr(value, "confusion", None)
    if confusion is not None:
        found["confusionMatrix"] = {
            "annotationSpecs": [{"displayName": str(each)} for each in confusion.classes],
            "rows": [{"row": [float(count) for count in row]} for row in confusion.counts],
        }
    curve = (getattr(value, "curves", None) or {}).get("roc", ())
    if curve:
        # Its thresholds are not kept: the order of the points stands for them.
        found["confidenceMetrics"] = [
            {
                "confidenceThreshold": 1 - at / max(len(curve) - 1, 1),
                "falsePositiveRate": float(false),
                "recall": float(true),
            }
            for at, (false, true) in enumerate(curve)
        ]
    return found or None


# The page -------------------------------------------------------------------------------------


def page(done: PartResult, shown: Callable[[str], Any]) -> str:
    """Return a page with what a notebook would show of all that a step gave.

    Args:
        done: what it gave.
        shown: port → value to look at; None for one that is not.
    """
    result = done.result
    head = f"<h2>{escape(result.name)}</h2><p class='note'>{result.state}, run {done.run}</p>"
    if result.state == "SKIPPED":
        head += f"<p>{escape(result.reason)}</p>"
    parts = [_section(port, ref, shown(port)) for port, ref in result.outputs.items()]
    written = "".join(f"<li>{escape(path)}</li>" for path in result.files)
    parts += [f"<h3>files</h3><ul>{written}</ul>"] if written else []
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        f"<title>{escape(result.name)}</title><style>{_STYLE}</style></head>"
        f"<body>{head}{''.join(parts)}</body></html>"
    )


def _section(port: str, reference: ArtifactRef, value: Any) -> str:
    title = "" if port == WHOLE else f"{escape(port)}: "
    name = f"{reference.hash[:12]}/{reference.member}" if reference.hash else "in memory only"
    head = f"<h3>{title}{escape(reference.type)}</h3><p class='note'>{escape(name)}</p>"
    return head + _gate(reference) + (_view(value) or f"<pre>{escape(reference.preview)}</pre>")


def _gate(reference: ArtifactRef) -> str:
    if not reference.gate:
        return ""
    reasons = "".join(f"<li>{escape(reason)}</li>" for reason in reference.reasons)
    return f"<p class='{reference.gate}'><b>gate: {reference.gate}</b></p><ul>{reasons}</ul>"


def _view(value: Any) -> str:
    """Return what a notebook would show; "" if it has no view, or making one fails."""
    show = None if value is None else getattr(type(value), "_repr_html_", None)
    if not callable(show):
        return ""
    try:
        return str(show(value) or "")
    except Exception as error:  # values of user programs: a view is no reason to fail
        sys.stderr.write(f"no view: {type(error).__name__}: {error}\n")
        return ""
