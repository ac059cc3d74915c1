"""The schema that statistics say: what to expect of the next data. For people to review."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from thruway.components.schema.types import Difference, Feature, Schema
from thruway.components.statistics import Statistics, statistics
from thruway.components.statistics.merge import merged_splits
from thruway.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from thruway.components.frames import Frame
    from thruway.components.schema.types import Type
    from thruway.components.statistics import ColumnStatistics, SplitStatistics

__all__ = ["infer_schema"]


def infer_schema(
    statistics: Statistics | Frame | Mapping[str, Any],
    reviewed: Schema | None = None,
    *,
    label: str | Sequence[str] = (),
    keys: Sequence[str] = (),
    categorical: Sequence[str] = (),
    max_domain: int = 100,
    min_domain_mass: float | None = None,
    range_margin: float | None = 0.5,
    presence_margin: float = 0.1,
    environments: Sequence[str] = (),
    min_rows: int = 0,
) -> Schema:
    """Return what can be expected of data like this, to be reviewed.

    Types are those of the values. A column without missing values must not have any; of others at
    least about the observed share of rows has a value. Strings of few distinct values have these as
    their domain. Numbers have the observed range, widened, with 0 and 1 kept as borders where no
    value is beyond: data of the next day is not refused for a slightly larger value.

    Args:
        statistics: of all splits together; a frame is looked at first.
        reviewed: a schema that people have reviewed: it is kept as it is, columns that it does not
            have are added, and `differences` says what the data says otherwise.
        label: columns that data at serving does not have.
        keys: columns in which no value occurs twice.
        categorical: columns of numbers that are categories: they get a domain.
        max_domain: columns of more distinct values get no domain.
        min_domain_mass: share of the values that must be in the domain; None: all, unless some
            values occur only once: as rare ones were seen, others will be. The share of unseen
            values is then about that of those seen once (Source: I. J. Good, "The population
            frequencies of species", 1953), and three times as many may be new.
        range_margin: by which share of the observed range it is widened at both ends; None: no
            ranges.
        presence_margin: by how much less than the observed share of rows may have a value.
        environments: besides `training` and `serving`, which there are when there is a label.
        min_rows: that each split must have.

    Raises:
        UsageError: a column that is named is not there.

    >>> import polars as pl
    >>> schema = infer_schema(pl.DataFrame({"sex": ["f", "m"] * 9, "age": [20, 60] * 9}))
    >>> schema["sex"].domain, schema["age"].min, schema["age"].max
    (('f', 'm'), 0, 80)
    """
    labels = tuple(map(str, label if isinstance(label, list | tuple) else (label,)))
    keys, categorical = tuple(map(str, keys)), tuple(map(str, categorical))
    found = _whole(statistics, categorical)
    if min_domain_mass is not None and not 0 <= min_domain_mass <= 1:
        raise UsageError("`min_domain_mass` is no share", fix="give a number from 0 to 1")
    asked = _Asked(
        labels,
        tuple(keys),
        tuple(categorical),
        max_domain,
        min_domain_mass,
        range_margin,
        presence_margin,
    )
    _check(found, [*labels, *keys, *categorical])
    features = {name: _feature(column, asked) for name, column in found.columns.items()}
    named = dict.fromkeys([*(("training", "serving") if labels else ()), *environments])
    if reviewed is not None:
        return _reviewed(reviewed, features, found)
    return Schema(features, tuple(named), min_rows)


@dataclass(frozen=True)
class _Asked:
    labels: tuple[str, ...]
    keys: tuple[str, ...]
    categorical: tuple[str, ...]
    max_domain: int
    min_domain_mass: float | None
    range_margin: float | None
    presence_margin: float


def _whole(given: Any, categorical: Sequence[str]) -> SplitStatistics:
    if not isinstance(given, Statistics):
        given = statistics(
            given, Schema({one: Feature("int", categorical=True) for one in categorical})
        )
    return merged_splits(list(given.splits.values()))


def _check(found: SplitStatistics, named: Sequence[str]) -> None:
    for name in named:
        if name not in found.columns:
            raise UsageError(
                f"there is no column `{name}`",
                where=f"columns {', '.join(list(found.columns)[:12])}",
                fix="name one of them",
            )


def _feature(column: ColumnStatistics, asked: _Asked) -> Feature:
    type_ = type_of(column)
    low, high = _range(column, type_, asked.range_margin)
    domain = _domain(column, asked)
    key = column.name in asked.keys or column.sequential
    if domain is not None or key:  # the range of a key says nothing of the next data
        low = high = None
    lists = column.lengths
    return Feature(
        type=type_,
        required=column.type != "empty",
        min_fraction=_fraction(column.present, asked.presence_margin),
        domain=domain,
        min_domain_mass=1.0 if domain is None else _mass(column, asked.min_domain_mass),
        min=low,
        max=high,
        allow_nan=column.nan > 0,
        allow_inf=any(column.infinite),
        unique=column.name in asked.keys,
        min_values=None if lists is None else int(lists.min),
        max_values=int(lists.max) if lists is not None and lists.min == lists.max else None,
        categorical=column.name in asked.categorical,
        not_in=("serving",) if column.name in asked.labels else (),
        description=_about(column),
    )


def type_of(column: ColumnStatistics) -> Type:
    """Return the type that a schema says of a column.

    Whole floats are ints where a value is missing and the library has no ints that may be.
    """
    if column.type == "float":
        numbers = column.numbers
        made = column.missing and column.dtype in {"float64", "float32"}
        whole = numbers is not None and numbers.whole and not any(column.infinite)
        return "int" if made and whole else "float"
    if column.type in {"mixed", "empty"}:
        return "string" if column.type == "mixed" else "other"
    return column.type  # type: ignore[return-value]


def _about(column: ColumnStatistics) -> str:
    if column.type == "mixed":
        of = ", ".join(f"{many} {name}" for name, many in column.types.items())
        return f"holds values of several types: {of}"
    if column.type == "empty":
        return "had no value at all"
    if column.type == "string" and column.text and column.count:
        share = column.text.numbers / column.count
        if share > 0.9:
            return f"{share:.0%} of these strings read as numbers"
    return ""


def _fraction(present: float, margin: float) -> float:
    if present >= 1.0:
        return 1.0
    return max(0.0, math.floor((present - margin) * 100) / 100)


def _domain(column: ColumnStatistics, asked: _Asked) -> tuple[Any, ...] | None:
    chosen = column.name in asked.categorical
    if not column.complete or not 0 < column.distinct <= asked.max_domain:
        return None
    if chosen or (column.type == "string" and column.kind == "categorical"):
        return tuple(sorted((value for value, _ in column.values), key=_order))
    return None


def _mass(column: ColumnStatistics, asked: float | None) -> float:
    if asked is not None:
        return asked
    once = sum(many == 1 for _, many in column.values)
    return max(0.0, math.floor((1 - 3 * once / column.count) * 100) / 100)


def _order(value: Any) -> tuple[str, Any]:
    return ("", value) if not isinstance(value, str) else ("text", value)


def _range(column: ColumnStatistics, type_: Type, margin: float | None) -> tuple[Any, Any]:
    found = column.numbers
    if margin is None or found is None or type_ not in {"int", "float"} or column.lengths:
        return None, None
    low, high = found.min, found.max
    if low >= 0 and high <= 1:
        return (0, 1) if type_ == "int" else (0.0, 1.0)
    wide = (high - low) * margin
    lower, upper = low - wide, high + wide
    if low >= 0:
        lower = max(lower, 0.0)
    if high <= 0:
        upper = min(upper, 0.0)
    if type_ == "int" and math.isfinite(lower) and math.isfinite(upper):
        return math.floor(lower), math.ceil(upper)
    return _rounded(lower, math.floor), _rounded(upper, math.ceil)


def _rounded(value: float, direction: Any) -> float | None:
    """Return a bound of three digits, further out."""
    if not math.isfinite(value):
        return None
    if value == 0:
        return 0.0
    unit = 10.0 ** (math.floor(math.log10(abs(value))) - 2)
    return float(f"{direction(value / unit) * unit:.3g}")


def _reviewed(schema: Schema, observed: dict[str, Feature], found: SplitStatistics) -> Schema:
    differences = []
    for name, feature in schema.features.items():
        if name in observed:
            differences += _differences(name, feature, observed[name], found.columns[name])
        elif feature.required:
            differences.append(Difference(name, "gone", feature.to_dict()))
    new = {name: one for name, one in observed.items() if name not in schema.features}
    differences += [Difference(name, "new", None, one.to_dict()) for name, one in new.items()]
    return replace(schema, features={**schema.features, **new}, differences=tuple(differences))


def _differences(
    name: str, reviewed: Feature, observed: Feature, column: ColumnStatistics
) -> list[Difference]:
    """Return where the data is outside of what is reviewed; not where it is merely narrower."""
    found = []
    if observed.type != reviewed.type and (reviewed.type, observed.type) != ("float", "int"):
        found.append(Difference(name, "type", reviewed.type, observed.type))
    if column.present < reviewed.min_fraction:
        found.append(Difference(name, "min_fraction", reviewed.min_fraction, column.present))
    if reviewed.domain is not None:
        new = tuple(v for v, _ in column.values if v not in reviewed.domain)
        if new:
            found.append(Difference(name, "domain", reviewed.domain, (*reviewed.domain, *new)))
    numbers = column.numbers
    if numbers is None or reviewed.type == "datetime":
        return found
    if isinstance(reviewed.min, int | float) and numbers.min < reviewed.min:
        found.append(Difference(name, "min", reviewed.min, numbers.min))
    if isinstance(reviewed.max, int | float) and numbers.max > reviewed.max:
        found.append(Difference(name, "max", reviewed.max, numbers.max))
    return found
