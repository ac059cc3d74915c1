"""Drift and skew: the columns of one data set against those of another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from thruway.components.validate.checks import Finding
from thruway.components.validate.distances import MEASURES, comparable, distance, measures_of
from thruway.components.validate.types import Comparison, Measurement
from thruway.errors import UsageError

if TYPE_CHECKING:
    from thruway.components.schema import Schema
    from thruway.components.statistics import ColumnStatistics, SplitStatistics

Limits = Mapping[str, float] | Mapping[str, Mapping[str, float]]
"""Limits of measures, for all columns: `{"psi": 0.2}`; or by column: `{"age": {"ks": 0.1}}`, where
`*` stands for the other columns and `{}` for no limit."""

DEFAULT = {"psi": 0.2}
"""The usual limit of the population stability index: above it a population has shifted."""

NAMES = {
    "l_infinity": "COMPARATOR_L_INFTY_HIGH",
    "jensen_shannon": "COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH",
    "psi": "COMPARATOR_PSI_HIGH",
    "ks": "COMPARATOR_KS_HIGH",
    "chi_square": "COMPARATOR_CHI_SQUARE_HIGH",
}
_WORDS = {
    "l_infinity": "L-infinity distance",
    "jensen_shannon": "Jensen-Shannon divergence",
    "psi": "population stability index",
    "ks": "Kolmogorov-Smirnov distance",
    "chi_square": "p-value of the chi-square test",
}


def limits_of(limits: Limits | None, name: str) -> dict[str, dict[str, float]]:
    """Return limits by column; under `*` those of all others.

    Raises:
        UsageError: a measure is not known, or a limit is no number.
    """
    if limits is None:
        return {}
    if not isinstance(limits, Mapping):
        raise UsageError(f"`{name}` is no dict", fix='give limits: {"psi": 0.2}')
    nested = any(isinstance(one, Mapping) for one in limits.values())
    found: Any = limits if nested else {"*": limits}
    for column, each in found.items():
        if not isinstance(each, Mapping):
            raise UsageError(
                f"`{name}` has limits of columns and of measures",
                where=f"{column!r}",
                fix='put those of measures under "*": {"*": {"psi": 0.2}, "age": {"ks": 0.1}}',
            )
        for measure, limit in each.items():
            _check(measure, limit, name)
    return {column: dict(each) for column, each in found.items()}


def _check(measure: str, limit: Any, name: str) -> None:
    if measure not in MEASURES:
        raise UsageError(
            f"`{name}` names the measure {measure!r}", fix=f"measures are {', '.join(MEASURES)}"
        )
    if isinstance(limit, bool) or not isinstance(limit, int | float) or limit < 0:
        raise UsageError(f"`{name}` has the limit {limit!r} for {measure}", fix="give a number")


class Compared:
    """What a comparison gave: findings, all measurements, and what was not compared."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.measurements: list[Measurement] = []
        self.skipped: list[tuple[str, str]] = []


def compared(
    new: SplitStatistics,
    old: SplitStatistics,
    comparison: Comparison,
    limits: dict[str, dict[str, float]],
    schema: Schema | None,
    alpha: float | None,
    other_name: str = "",
) -> Compared:
    """Return the distances of all columns that both have, and which are beyond their limits.

    Args:
        new: the data that is judged.
        old: what it is compared with.
        comparison: what this is, for the names.
        limits: by column; see `limits_of`.
        schema: has limits too.
        alpha: see `validate`.
        other_name: what the other data is called in sentences.
    """
    other_name = other_name or _OTHER[comparison]
    done = Compared()
    for name, column in new.columns.items():
        own = _own_limits(name, comparison, limits, schema)
        other = old.columns.get(name)
        if other is None:
            if own:
                said = f"the {other_name} does not have it"
                done.findings.append(
                    Finding(name, "COMPARATOR_CONTROL_DATA_MISSING", "nothing to compare", said)
                )
            continue
        why = comparable(column, other) or ("" if own is not None else _pointless(column, other))
        if why:
            done.skipped.append((name, why))
            continue
        judged = own if own is not None else limits.get("*", DEFAULT)
        _measure(done, column, other, comparison, judged, alpha, other_name)
    return done


_OTHER = {"drift": "baseline", "skew": "serving data"}


def _own_limits(
    name: str, comparison: Comparison, limits: dict[str, dict[str, float]], schema: Schema | None
) -> dict[str, float] | None:
    """Return the limits that are said of this very column; None when none are."""
    if name in limits:
        return limits[name]
    feature = schema.features.get(name) if schema is not None else None
    if feature is None:
        return None
    return (feature.drift if comparison == "drift" else feature.skew) or None


def _pointless(new: ColumnStatistics, old: ColumnStatistics) -> str:
    """Return why a column is judged only if asked for: it always changes, or says nothing."""
    if new.kind == "datetime":
        return "times go on; give it limits of its own if it should be compared"
    if new.kind == "text" or old.kind == "text":
        return "text; give it limits of its own if its values should be compared"
    if new.sequential or old.sequential:
        return "numbers of rows; give it limits of its own if it should be compared"
    return ""


def _measure(
    done: Compared,
    new: ColumnStatistics,
    old: ColumnStatistics,
    comparison: Comparison,
    limits: dict[str, float],
    alpha: float | None,
    other_name: str,
) -> None:
    for measure in measures_of(new):
        found = distance(measure, new, old, alpha)
        if found is None:
            continue
        limit = limits.get(measure)
        one = Measurement(
            new.name, comparison, measure, found.value, found.exact, found.chance, limit
        )
        if limit is not None and _high(one):
            one = replace(one, high=True)
            done.findings.append(_finding(one, other_name))
        done.measurements.append(one)
    absent = [one for one in limits if one not in measures_of(new) and new.name]
    if absent and limits is not DEFAULT and limits.get(absent[0]) is not None:
        done.skipped.append((new.name, f"{absent[0]} has no meaning for {new.kind} values"))


def _high(one: Measurement) -> bool:
    if one.limit is None:
        return False
    if one.measure == "chi_square":
        return one.value < one.limit
    return one.value > one.limit and (one.chance is None or one.value > one.chance)


def _finding(one: Measurement, other_name: str) -> Finding:
    about = "" if one.exact else "about "
    side = "below" if one.measure == "chi_square" else "above"
    said = (
        f"{one.comparison}: the {_WORDS[one.measure]} to the {other_name} is"
        f" {about}{one.value:.3g}, {side} {one.limit:g}"
    )
    return Finding(one.column, NAMES[one.measure], f"{one.comparison}: {one.measure}", said)
