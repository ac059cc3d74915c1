"""What a schema says against what statistics say: one small check for each expectation.

A finding is a type of anomaly, a few words, and a sentence. The names are those of TensorFlow Data
Validation (`anomalies.proto`), where it has one; others are marked in `OURS`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from thruway.components.schema import Feature, Schema
    from thruway.components.statistics import ColumnStatistics, SplitStatistics

OURS = (
    "COMPARATOR_CHI_SQUARE_HIGH",
    "COMPARATOR_KS_HIGH",
    "COMPARATOR_PSI_HIGH",
    "DATETIME_TYPE_EARLY",
    "DATETIME_TYPE_LATE",
    "STRING_TYPE_TOO_LONG",
)
_SHOWN = 5
_NUMBER = re.compile(r"\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\s*")


class Finding(NamedTuple):
    """What a check found."""

    column: str
    type: str
    short: str
    description: str


def findings(found: SplitStatistics, schema: Schema, environment: str) -> Iterator[Finding]:
    """Yield everything in a split that is not as the schema says."""
    yield from _rows(found, schema)
    expected = schema.of(environment)
    for name, feature in expected.items():
        column = found.columns.get(name)
        if column is None:
            if feature.required:
                yield Finding(name, "SCHEMA_MISSING_COLUMN", "column is missing", "it is not there")
            continue
        if found.rows:
            yield from _column(column, feature)
    if not schema.allow_new:
        for name in found.columns:
            if name not in schema.features:
                said = "the schema does not have it"
                yield Finding(name, "SCHEMA_NEW_COLUMN", "new column", said)


def _rows(found: SplitStatistics, schema: Schema) -> Iterator[Finding]:
    rows = found.rows
    if not rows:
        yield Finding("", "NO_DATA_IN_SPAN", "no rows", "there are no rows")
    if rows < schema.min_rows:
        said = f"{rows:,} rows, at least {schema.min_rows:,} are expected"
        yield Finding("", "DATASET_LOW_NUM_EXAMPLES", "few rows", said)
    if schema.max_rows is not None and rows > schema.max_rows:
        said = f"{rows:,} rows, at most {schema.max_rows:,} are expected"
        yield Finding("", "DATASET_HIGH_NUM_EXAMPLES", "many rows", said)


def _column(column: ColumnStatistics, feature: Feature) -> Iterator[Finding]:
    yield from _presence(column, feature)
    if not column.count:
        return
    if not fits(column, feature.type):
        yield _type(column, feature)
        return
    for check in _CHECKS:
        yield from check(column, feature)


# -- presence and type ------------------------------------------------------------------------


def _presence(column: ColumnStatistics, feature: Feature) -> Iterator[Finding]:
    name, rows = column.name, column.rows
    if not column.count and (feature.min_fraction > 0 or feature.min_count > 0):
        said = f"all {rows:,} rows have no value"
        yield Finding(name, "FEATURE_TYPE_NOT_PRESENT", "no value at all", said)
    elif column.present < feature.min_fraction:
        said = (
            f"{column.missing:,} of {rows:,} rows ({_percent(column.missing / rows)}) have no"
            f" value, at least {_percent(feature.min_fraction)} should have one"
        )
        yield Finding(name, "FEATURE_TYPE_LOW_FRACTION_PRESENT", "missing values", said)
    elif column.count < feature.min_count:
        said = f"{column.count:,} rows have a value, at least {feature.min_count:,} should"
        yield Finding(name, "FEATURE_TYPE_LOW_NUMBER_PRESENT", "few values", said)


def fits(column: ColumnStatistics, expected: str) -> bool:
    """Tell whether values are of a type; none are of any."""
    if not column.count or expected == "other":
        return True
    numbers = column.numbers
    if expected == "int":
        whole = numbers is not None and numbers.whole and not any(column.infinite)
        return column.type == "int" or (column.type == "float" and whole and not column.nan)
    if expected == "float":
        return column.type in {"int", "float"}
    if expected == "bool":  # 0 and 1 are truths: what else is in it, is checked later
        return column.type in {"bool", "int", "float"}
    return column.type == expected


def _type(column: ColumnStatistics, feature: Feature) -> Finding:
    name, expected = column.name, feature.type
    strings = [v for v, _ in column.values if isinstance(v, str) and not _NUMBER.fullmatch(v)]
    if expected in {"int", "float"} and column.type in {"string", "mixed"} and column.text:
        share = column.text.numbers / column.count
        if share > 0.5 and strings:
            type_ = (
                "INT_TYPE_NOT_INT_STRING" if expected == "int" else "FLOAT_TYPE_STRING_NOT_FLOAT"
            )
            said = (
                f"{_percent(share)} of the values read as numbers, others do not: {_some(strings)}"
            )
            return Finding(name, type_, "text among numbers", said)
    got = column.type
    more = ""
    if column.types:
        more = f": {', '.join(f'{many:,} {kind}' for kind, many in column.types.items())}"
    elif expected == "int" and got == "float":
        more = ", which are not all whole numbers"
    elif expected in {"int", "float"} and got == "string":
        more = f", such as {_some([v for v, _ in column.values] or _samples(column))}"
    said = f"expected {expected}, found {got}{more}"
    return Finding(name, "UNEXPECTED_DATA_TYPE", f"{got}, not {expected}", said)


def _samples(column: ColumnStatistics) -> list[Any]:
    return list(column.text.samples) if column.text else []


# -- values -----------------------------------------------------------------------------------


def _domain(column: ColumnStatistics, feature: Feature) -> Iterator[Finding]:
    if feature.domain is None:
        return
    known = set(feature.domain)
    new = [(value, many) for value, many in column.values if value not in known]
    rest = column.count - sum(many for _, many in column.values)
    unlisted = rest > 0 and column.distinct > len(known)
    mass = sum(many for _, many in new) + (rest if unlisted else 0)
    if not new and not unlisted:
        return
    share = mass / column.count
    inside = (column.count - mass) / column.count
    if feature.min_domain_mass < 1.0 and inside >= feature.min_domain_mass:
        return
    said = ", ".join(f"{value!r} ({_percent(many / column.count)})" for value, many in new[:_SHOWN])
    more = len(new) - _SHOWN
    said += f" and {more:,} more" if more > 0 else ""
    said += f"{' and ' if said else ''}values too many to list" if unlisted else ""
    sentence = f"{_percent(share)} of the values are not in the domain: {said}"
    yield Finding(column.name, "ENUM_TYPE_UNEXPECTED_STRING_VALUES", "unexpected values", sentence)


def _range(column: ColumnStatistics, feature: Feature) -> Iterator[Finding]:
    numbers = column.numbers
    if numbers is None or feature.domain is not None:
        return
    small, big = {
        "int": ("INT_TYPE_SMALL_INT", "INT_TYPE_BIG_INT"),
        "datetime": ("DATETIME_TYPE_EARLY", "DATETIME_TYPE_LATE"),
    }.get(feature.type, ("FLOAT_TYPE_SMALL_FLOAT", "FLOAT_TYPE_BIG_FLOAT"))
    time = feature.type == "datetime"
    bounds: tuple[Any, Any] = feature.min, feature.max
    low, high = map(micros, bounds) if time else bounds
    if low is not None and numbers.min < low:
        said = f"the smallest value is {_shown(numbers.min, time)}, expected at least {feature.min}"
        yield Finding(column.name, small, "too small", said)
    if high is not None and numbers.max > high:
        said = f"the largest value is {_shown(numbers.max, time)}, expected at most {feature.max}"
        yield Finding(column.name, big, "too large", said)


def micros(bound: Any) -> int | None:
    """Return a date in ISO form as microseconds since 1970; in UTC, unless it says its zone."""
    if bound is None:
        return None
    moment = datetime.fromisoformat(str(bound))
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86400 + since.seconds) * 1_000_000 + since.microseconds


def _shown(value: float, time: bool) -> str:
    if not time:
        return f"{value:,}" if isinstance(value, int) else f"{value:.6g}"
    try:
        return str(datetime.fromtimestamp(value / 1e6, UTC).replace(tzinfo=None))
    except (OverflowError, ValueError, OSError):
        return f"{value} µs"


def _truths(column: ColumnStatistics, feature: Feature) -> Iterator[Finding]:
    numbers = column.numbers
    if feature.type != "bool" or numbers is None:
        return
    if numbers.whole and numbers.max > 1:
        said = f"the largest value is {numbers.max}, expected 0 and 1"
        yield Finding(column.name, "BOOL_TYPE_BIG_INT", "not 0 or 1", said)
    if numbers.whole and numbers.min < 0:
        said = f"the smallest value is {numbers.min}, expected 0 and 1"
        yield Finding(column.name, "BOOL_TYPE_SMALL_INT", "not 0 or 1", said)
    if not numbers.whole:
        said = f"values from {numbers.min} to {numbers.max}, expected 0 and 1"
        yield Finding(column.name, "BOOL_TYPE_UNEXPECTED_FLOAT", "not 0 or 1", said)


def _finite(column: ColumnStatistics, feature: Feature) -> Iterator[Finding]:
    if column.nan and not feature.allow_nan:
        said = f"{column.nan:,} of {column.rows:,} values are NaN"
        yield Finding(column.name, "FLOAT_TYPE_HAS_NAN", "NaN", said)
    if any(column.infinite) and not feature.allow_inf:
        said = f"{sum(column.infinite):,} of {column.rows:,} values are infinite"
        yield Finding(column.name, "FLOAT_TYPE_HAS_INF", "infinite", said)


def _unique(column: ColumnStatistics, feature: Feature) -> Iterator[Finding]:
    if not feature.unique:
        return
    if not column.distinct_exact and column.distinct > 0.85 * column.count:
        said = "the number of distinct values is only estimated: pass the schema to `statistics`"
        yield Finding(column.name, "STATS_NOT_AVAILABLE", "not known", said)
    elif column.distinct < column.count:
        said = (
            f"{column.distinct:,} distinct values in {column.count:,} rows, each should be unique"
        )
        yield Finding(column.name, "FEATURE_TYPE_LOW_UNIQUE", "values repeat", said)


def _lengths(column: ColumnStatistics, feature: Feature) -> Iterator[Finding]:
    text, most = column.text, feature.max_length
    if most is not None and text is not None and text.longest > most:
        said = f"the longest string has {text.longest:,} characters, expected at most {most:,}"
        yield Finding(column.name, "STRING_TYPE_TOO_LONG", "too long", said)


def _valency(column: ColumnStatistics, feature: Feature) -> Iterator[Finding]:
    lists = column.lengths
    if lists is None and feature.min_values is None:
        return
    least, most = (1, 1) if lists is None else (int(lists.min), int(lists.max))
    fewest = 1 if feature.min_values is None else feature.min_values
    largest = 1 if feature.min_values is None else feature.max_values
    if least < fewest:
        said = f"a row has {least:,} values, expected at least {fewest:,}"
        yield Finding(column.name, "FEATURE_TYPE_LOW_NUMBER_VALUES", "few values in a row", said)
    if largest is not None and most > largest:
        said = f"a row has {most:,} values, expected at most {largest:,}"
        yield Finding(column.name, "FEATURE_TYPE_HIGH_NUMBER_VALUES", "many values in a row", said)


_CHECKS: tuple[Callable[[ColumnStatistics, Feature], Iterator[Finding]], ...] = (
    _domain,
    _range,
    _truths,
    _finite,
    _unique,
    _lengths,
    _valency,
)


def _percent(share: float) -> str:
    if 0 < share < 0.001:
        return "less than 0.1 %"
    if 0.999 < share < 1:
        return "more than 99.9 %"
    return f"{share * 100:.3g} %"


def _some(values: list[Any]) -> str:
    more = f" and {len(values) - _SHOWN:,} more" if len(values) > _SHOWN else ""
    return ", ".join(repr(one) for one in values[:_SHOWN]) + more
