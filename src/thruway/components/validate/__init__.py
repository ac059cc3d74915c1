"""Validation of data: `validate`, against a schema, the last span, and the data at serving.

`checks` compares with the schema, `compare` and `distances` with other data, `policy` says how bad
it is, `types` holds the records.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from thruway.components.import_schema import import_schema
from thruway.components.statistics import SplitStatistics, Statistics
from thruway.components.statistics import statistics as computed
from thruway.components.statistics.merge import merged_splits
from thruway.components.validate.checks import Finding, findings
from thruway.components.validate.compare import Compared, Limits, compared, limits_of
from thruway.components.validate.policy import Policy, checked, severity_of
from thruway.components.validate.types import Anomalies, Anomaly, Comparison, Measurement
from thruway.errors import UsageError
from thruway.kit.gate import Gate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from thruway.components.frames import Frame
    from thruway.components.schema import Schema

__all__ = ["Anomalies", "Anomaly", "Measurement", "validate"]


def validate(
    statistics: Statistics | Frame | Mapping[str, Any],
    schema: Schema | Any = None,
    baseline: Statistics | Frame | None = None,
    *,
    serving: Statistics | Frame | None = None,
    environment: str = "",
    policy: Policy | None = None,
    drift: Limits | None = None,
    skew: Limits | None = None,
    significance: float | None = 0.001,
) -> Anomalies:
    """Return what is not as expected, with a gate that fails where the policy says so.

    Args:
        statistics: of the data, split by split; a frame is looked at first.
        schema: what is expected; also what `import_schema` takes. None: only comparisons.
        baseline: of the last span (yesterday's data): what has drifted since? A split is compared
            with the one of the same name, or else with all of them together.
        serving: of the data that the model sees in production: is it like this (training) data?
        environment: for which data the schema is meant: `serving` has no label.
        policy: anomaly, or (column, anomaly) → `fail`, `warn` or `ignore`; with `*`. By default
            new columns, ranges and comparisons warn, everything else fails.
        drift: limits of distances to the baseline: `{"psi": 0.2}` (the default) for all columns, or
            `{"age": {"ks": 0.1}, "*": {"psi": 0.2}}`; before what the schema says. Measures are
            `l_infinity`, `jensen_shannon`, `psi`, `ks`, and `chi_square`, whose limit is on the
            p-value.
        skew: the same for distances to the data at serving.
        significance: a distance counts only if it is also beyond what chance reaches with this
            probability between samples of such sizes; None: the limits alone count, as in TFDV.

    Raises:
        DataError: what is given is no data.
        UsageError: a limit, a policy or the environment makes no sense; or there is nothing to
            compare with.

    >>> import polars as pl
    >>> from thruway.components import infer_schema
    >>> schema = infer_schema(pl.DataFrame({"sex": ["f", "m"] * 9, "age": [20, 60] * 9}))
    >>> found = validate(pl.DataFrame({"sex": ["f", "x"], "age": [30, None]}), schema)
    >>> [(one.column, one.type) for one in found.anomalies], found.gate.verdict
    ... # doctest: +NORMALIZE_WHITESPACE
    ([('sex', 'ENUM_TYPE_UNEXPECTED_STRING_VALUES'), ('age', 'FEATURE_TYPE_LOW_FRACTION_PRESENT')],
     'fail')
    """
    expected = None if schema is None else import_schema(schema)
    if expected is None and baseline is None and serving is None:
        raise UsageError(
            "there is nothing to compare the data with", fix="give a schema, or a baseline"
        )
    if significance is not None and not 0 < significance < 1:
        raise UsageError(
            f"`significance` is {significance}", fix="give one between 0 and 1, or None"
        )
    severities = checked(policy)
    asked = {"drift": limits_of(drift, "drift"), "skew": limits_of(skew, "skew")}
    if expected is None and environment:
        raise UsageError("an environment is one of a schema", fix="give the schema, too")
    found = _statistics(statistics, expected)
    others: dict[Comparison, Statistics] = {}
    if baseline is not None:
        others["drift"] = _statistics(baseline, expected)
    if serving is not None:
        others["skew"] = _statistics(serving, expected)
    report = _Report(severities, environment)
    for name, split in found.splits.items():
        if expected is not None:
            report.add(findings(split, expected, environment), name)
        for comparison, other in others.items():
            against = _counterpart(name, other)
            done = compared(split, against, comparison, asked[comparison], expected, significance)
            report.compare(done, name, comparison)
    return report.finished()


def _statistics(given: Any, schema: Schema | None) -> Statistics:
    return given if isinstance(given, Statistics) else computed(given, schema)


def _counterpart(name: str, other: Statistics) -> SplitStatistics:
    return other.splits.get(name) or merged_splits(list(other.splits.values()))


class _Report:
    """Gathers findings into anomalies; used inside `validate` only."""

    def __init__(self, policy: Policy, environment: str) -> None:
        self._policy = policy
        self._environment = environment
        self._anomalies: list[Anomaly] = []
        self._measurements: list[Measurement] = []
        self._skipped: dict[tuple[str, str], None] = {}

    def add(self, found: Iterable[Finding], split: str, comparison: Comparison = "") -> None:
        for one in found:
            severity = severity_of(one.column, one.type, self._policy)
            self._anomalies.append(
                Anomaly(
                    one.column, one.type, severity, one.short, one.description, split, comparison
                )
            )

    def compare(self, done: Compared, split: str, comparison: Comparison) -> None:
        from dataclasses import replace

        self.add(done.findings, split, comparison)
        self._measurements += [replace(one, split=split) for one in done.measurements]
        self._skipped |= dict.fromkeys(done.skipped)

    def finished(self) -> Anomalies:
        order = ("fail", "warn", "ignore")
        ordered = sorted(self._anomalies, key=lambda one: order.index(one.severity))
        several = len({one.split for one in ordered}) > 1
        reasons = tuple(
            f"{one.split}: {one}" if several else str(one)
            for one in ordered
            if one.severity != "ignore"
        )
        worst = ordered[0].severity if ordered else "ignore"
        gate = Gate("pass" if worst == "ignore" else worst, reasons)
        return Anomalies(
            tuple(ordered),
            gate,
            tuple(self._measurements),
            tuple(self._skipped),
            self._environment,
        )
