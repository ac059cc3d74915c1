"""What a notebook shows of an evaluation."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from thruway.components import html
from thruway.components.evaluate.types import Estimate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from thruway.components.evaluate.types import Comparison, Evaluation

_SHOWN = {
    "classification": ("roc_auc", "accuracy", "precision", "recall", "f1", "log_loss"),
    "regression": ("mae", "rmse", "r2", "median_ae", "bias"),
    "forecasting": ("mae", "mase", "smape", "bias"),
    "ranking": ("ndcg", "map", "mrr"),
}
_MOST_CLASSES = 20
_MOST_COLUMNS = 20
_AXES = {
    "roc": ("false positive rate", "true positive rate"),
    "precision_recall": ("recall", "precision"),
    "calibration": ("probability claimed", "share that came true"),
}


def evaluation_view(evaluation: Evaluation) -> str:
    """Return the view: metrics, curves, slices, comparison, importance, and what is missing."""
    one = evaluation
    title = f"{one.task.capitalize()} of {one.label}: {one.rows:,} rows"
    parts = [
        _metrics(one),
        _curves(one),
        _confusion(one),
        _slices(one),
        _gaps(one),
        _importance(one),
        _remarks(one),
    ]
    return html.view(title, *parts)


def shown(estimate: Estimate | None, digits: int = 4) -> str:
    """Return `0.91 (0.88 … 0.94)`."""
    if estimate is None:
        return "–"
    value = f"{estimate.value:,.{digits}g}"
    if estimate.lower is None or estimate.upper is None:
        return value
    return f"{value} ({estimate.lower:,.{digits}g} … {estimate.upper:,.{digits}g})"


def _metrics(one: Evaluation) -> str:
    told = f"value ({one.confidence:.0%} interval)" if one.n_bootstrap else "value"
    if not one.baseline:
        rows = [(name, shown(estimate)) for name, estimate in one.metrics.items()]
        return html.table(("metric", told), rows)
    whole = {each.metric: each for each in one.comparisons if not each.slice}
    compared = [
        (name, shown(estimate), shown(one.baseline.get(name)), *_compared(whole.get(name)))
        for name, estimate in one.metrics.items()
    ]
    return html.table(("metric", told, "baseline", "difference", ""), compared)


def _compared(found: Comparison | None) -> tuple[str, str]:
    if found is None:
        return "–", ""
    kind = {"better": "pass", "worse": "fail", "unclear": "note"}[found.verdict]
    return shown(found.difference), html.Markup(f"<span class='{kind}'>{found.verdict}</span>")


def _curves(one: Evaluation) -> str:
    drawn = []
    for name, (x, y) in _AXES.items():
        lines = [one.curves[key] for key in (name, f"baseline {name}") if key in one.curves]
        if lines:
            drawn.append(html.curve(lines, x, y))
    if not drawn:
        return ""
    side = "".join(f"<div style='display:inline-block'>{each}</div>" for each in drawn)
    of = f" of {one.positive!r}" if one.positive is not None else ""
    second = "; the second line is the baseline" if one.baseline else ""
    return html.section(f"Curves{of}{second}", side)


def _confusion(one: Evaluation) -> str:
    found = one.confusion
    if found is None:
        return ""
    if len(found.classes) > _MOST_CLASSES:
        return html.section("Most often confused", _pairs(one))
    heads = ("true \\ predicted", *map(str, found.classes), "precision", "recall", "F1")
    rows = [
        (str(each.label), *map(_count, counts), each.precision, each.recall, each.f1)
        for each, counts in zip(found.by_class, found.counts, strict=True)
    ]
    return html.section("Predictions by class", html.table(heads, rows))


def _count(value: float) -> float | int:
    return int(value) if value == int(value) else value


def _pairs(one: Evaluation) -> str:
    assert one.confusion is not None
    names, counts = one.confusion.classes, one.confusion.counts
    every = [
        (count, str(names[true]), str(names[guess]))
        for true, row in enumerate(counts)
        for guess, count in enumerate(row)
        if count and true != guess
    ]
    rows = [(true, guess, _count(count)) for count, true, guess in sorted(every, reverse=True)]
    return html.table(("true", "predicted", "rows"), rows[:_MOST_COLUMNS])


def _chosen(one: Evaluation) -> list[str]:
    """Return the metrics that slices are shown by: the usual ones, and those of the user."""
    first = [name for name in _SHOWN[one.task] if name in one.metrics]
    return first or list(one.metrics)[:6]


def _slices(one: Evaluation) -> str:
    if not one.slices:
        return ""
    names = _chosen(one)
    worse = {(c.metric, c.slice) for c in one.comparisons if c.verdict == "worse"}
    rows = [
        (each.name, each.rows, *(_in_slice(each.metrics, each.name, n, worse) for n in names))
        for each in one.slices
    ]
    told = "red: worse than the baseline there" if worse else ""
    note = f"<p class='note'>{told}</p>" if told else ""
    table = html.table(("slice", "rows", *names), rows)
    return html.section("Slices", f"<div style='overflow-x:auto'>{table}</div>", note)


def _in_slice(
    metrics: dict[str, Estimate], slice_: str, name: str, worse: set[tuple[str, str]]
) -> str | None:
    if name not in metrics:
        return None
    text = escape(shown(metrics[name], 3))
    return html.Markup(f"<span class='fail'>{text}</span>" if (name, slice_) in worse else text)


def _gaps(one: Evaluation) -> str:
    names = {*_chosen(one)} - {"precision", "f1", "log_loss"}
    names |= {"selection_rate", "false_positive_rate"}
    rows = [
        (gap.by, gap.metric, shown(Estimate(gap.difference, gap.lower, gap.upper), 3), gap.ratio,
         gap.smallest, gap.largest)
        for gap in one.gaps
        if gap.metric in names
    ]  # fmt: skip
    if not rows:
        return ""
    heads = ("by", "metric", "difference", "ratio", "smallest", "largest")
    return html.section("How far apart the slices are", html.table(heads, rows))


def _importance(one: Evaluation) -> str:
    if not one.importance:
        return ""
    top = max(one.importance[0].mean, 0.0) or 1.0
    rows = [
        (each.column, each.mean, each.deviation, _bar(each.mean / top))
        for each in one.importance[:_MOST_COLUMNS]
    ]
    more = len(one.importance) - len(rows)
    note = f"<p class='note'>and {more:,} columns that are worth less</p>" if more > 0 else ""
    title = f"What columns are worth: {one.importance_metric} lost when one is shuffled"
    return html.section(title, html.table(("column", "mean", "deviation", ""), rows), note)


def _bar(share: float) -> html.Markup:
    width = 120 * min(max(share, 0.0), 1.0)
    drawn = f"<rect x='0' y='2' width='{width:.1f}' height='10'/>"
    return html.Markup(f"<svg width='120' height='14'>{drawn}</svg>")


def _remarks(one: Evaluation) -> str:
    lost = [f"{count:,} rows were left out: {reason}" for reason, count in one.dropped.items()]
    not_there = [f"{name}: {reason}" for name, reason in one.not_computed.items()]
    return _listed("Remarks", [*lost, *one.notes]) + _listed("Not computed", not_there)


def _listed(title: str, lines: Sequence[str]) -> str:
    if not lines:
        return ""
    return html.section(title, f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>")
