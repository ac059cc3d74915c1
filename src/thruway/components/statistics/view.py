"""Statistics as a picture: a table of the columns of each split, with histograms."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from thruway.components.html import Markup, bars, section, table, view

if TYPE_CHECKING:
    from thruway.components.statistics.types import ColumnStatistics, SplitStatistics, Statistics

_COLUMNS = 200
_SLICES = 50
_TOP = 5


def shown(statistics: Statistics) -> str:
    """Return statistics as HTML."""
    parts = []
    for name, split in statistics.splits.items():
        title = f"{name}: {split.rows:,} rows, {len(split.columns):,} columns"
        parts.append(section(title, *_tables(split), _sliced(split)))
    return view("Statistics", *parts)


def _tables(split: SplitStatistics) -> list[str]:
    numbers = [one for one in split.columns.values() if one.numbers]
    others = [one for one in split.columns.values() if not one.numbers]
    found = []
    if numbers:
        heads = ["column", "type", "missing", "distinct", "mean", "std", "zeros", "min", "1%"]
        heads += ["25%", "median", "75%", "99%", "max", "histogram"]
        found.append(table(heads, [_numbers(one) for one in numbers], _COLUMNS))
    if others:
        heads = ["column", "type", "missing", "distinct", "most frequent", "length", "counts"]
        found.append(table(heads, [_values(one) for one in others], _COLUMNS))
    return found


def _numbers(column: ColumnStatistics) -> list[object]:
    found = column.numbers
    if found is None:
        return [column.name]
    moment = column.type in {"datetime", "duration"}
    shares = [found.quantiles[name] for name in ("1%", "25%", "50%", "75%", "99%")]
    drawn = bars(found.histogram.counts, title=_about(column))
    return [
        *_first(column),
        at(column, found.mean),
        None if moment and found.std is None else _spread(column, found.std),
        None if moment else _share(found.zeros, column.rows),
        at(column, found.min),
        *(at(column, one) for one in shares),
        at(column, found.max),
        drawn,
    ]


def _spread(column: ColumnStatistics, std: float | None) -> object:
    if std is not None and column.type in {"datetime", "duration"}:
        return str(timedelta(microseconds=round(std)))
    return std


def at(column: ColumnStatistics, value: float) -> object:
    """Return a number of a column as its values are written: times as dates."""
    if column.type == "datetime":
        return _moment(value)
    if column.type == "duration":
        return str(timedelta(microseconds=round(value)))
    return value


def _moment(micros: float) -> str:
    try:
        found = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=round(micros))
    except OverflowError:  # beyond the year 9999
        return f"{micros:.4g} µs"
    return f"{found:%Y-%m-%d}" if not found.time() else f"{found:%Y-%m-%d %H:%M}"


def _values(column: ColumnStatistics) -> list[object]:
    top = column.values[:_TOP]
    said = ", ".join(f"{_cut(str(value))} {_share(many, column.count)}" for value, many in top)
    if not top and column.text:
        said = "e.g. " + ", ".join(_cut(one) for one in column.text.samples[:3])
    text = column.text
    length = f"{text.shortest}–{text.longest}, mean {text.mean_length:.1f}" if text else None
    counts = [many for _, many in column.values[:40]]
    return [*_first(column), said, length, bars(counts, title=_about(column)) if counts else None]


def _first(column: ColumnStatistics) -> list[object]:
    about = "" if column.distinct_exact else "≈ "
    type_ = column.type + (" (list)" if column.lengths else "")
    if column.kind not in {column.type, "numeric", "boolean"}:
        type_ = f"{type_}, {column.kind}"
    return [column.name, type_, _missing(column), f"{about}{column.distinct:,}"]


def _missing(column: ColumnStatistics) -> object:
    said = _share(column.missing, column.rows)
    return Markup(f"<span class='warn'>{said}</span>") if column.missing else said


def _about(column: ColumnStatistics) -> str:
    parts = [f"{column.name}: {column.count:,} values"]
    if column.nan:
        parts.append(f"{column.nan:,} NaN")
    if any(column.infinite):
        parts.append(f"{sum(column.infinite):,} infinite")
    if column.types:
        parts.append("mixed: " + ", ".join(f"{a} {b:,}" for a, b in column.types.items()))
    return ", ".join(parts)


def _share(part: float, whole: float) -> str:
    if not part:
        return "0"
    share = part / whole
    return f"{share:.1%}" if share >= 0.001 else "< 0.1%"


def _cut(text: str, most: int = 24) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _sliced(split: SplitStatistics) -> str:
    if not split.slices:
        return ""
    names = [one.name for one in split.columns.values() if one.numbers][:8]
    rows = [
        [name, part.rows, *(_mean(part.columns[one]) for one in names)]
        for name, part in split.slices.items()
    ]
    found = table(["slice", "rows", *(f"mean of {one}" for one in names)], rows, _SLICES)
    left = "".join(
        f"<p class='note'>{many:,} rows are in smaller slices of {names}</p>"
        for names, many in split.unsliced.items()
    )
    return found + left


def _mean(column: ColumnStatistics) -> object:
    return at(column, column.numbers.mean) if column.numbers else None
