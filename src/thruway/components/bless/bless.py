"""The component `bless`: thresholds read, held against the evaluation, and the decision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from thruway.components.bless.checking import Checker
from thruway.components.bless.rules import (
    EVERY,
    Thresholds,
    change_rules,
    gap_rules,
    known,
    slice_rules,
    value_rules,
)
from thruway.components.bless.types import Blessing, Check, Override
from thruway.components.evaluate.types import Evaluation
from thruway.errors import UsageError
from thruway.kit.gate import Gate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_BaselineKind = Literal["given", "in the evaluation", ""]


def bless(
    evaluation: Evaluation,
    baseline: Evaluation | None = None,
    *,
    thresholds: Thresholds | None = None,
    changes: Thresholds | None = None,
    slices: Mapping[str, Thresholds] | None = None,
    gaps: Mapping[str, Thresholds] | None = None,
    margin: bool = False,
    override: Override | Mapping[str, str] | None = None,
) -> Blessing:
    """Return whether a model is good enough, with every threshold and what it was held against.

    There is always an answer: without thresholds the model is blessed, with a warning; without a
    baseline thresholds of changes are skipped, with a warning. In a run a blessing that fails stops
    the steps that take it.

    Args:
        evaluation: of the model, by `evaluate`.
        baseline: evaluation of the model that it would replace; by default the baseline that
            `evaluation` was compared with, on the same rows, which is surer.
        thresholds: metric → `{"lower": …}`, `{"upper": …}` or both; a number alone is the bound
            that matters for the metric.
        changes: metric → `{"absolute": …}` or `{"relative": …}`: by how much the model has to be
            better than the baseline; below zero, how much worse it may be. Whether higher is
            better is known of the metric; of your own say `"higher_is_better"`.
        slices: slice (`sex=female`), way of slicing (`sex`: each of its slices) or `*` (every
            slice) → thresholds of either kind.
        gaps: way of slicing, or `*` → metric → `{"difference": at most}` or `{"ratio": at least}`.
        margin: the whole confidence interval has to keep a threshold: the model is blessed when it
            is surely good enough, and not when it may be.
        override: `Override(who, why)`, or these as a dict: a person's decision that stands above
            the thresholds; it is kept with them.

    Raises:
        UsageError: thresholds for metrics or slices that the evaluation does not have.

    Example:
        >>> from thruway.components import Evaluation
        >>> from thruway.components.evaluate import Estimate
        >>> judged = Evaluation("classification", "paid", 100, {}, {"f1": Estimate(0.7)}, {},
        ...                     {"f1": True})
        >>> bless(judged, thresholds={"f1": {"lower": 0.8}}).gate.reasons
        ('`f1`: 0.7, at least 0.8 is asked for',)

    Source: value and change thresholds of TFX's Evaluator (`GenericValueThreshold`,
    `GenericChangeThreshold`).
    """
    if not isinstance(evaluation, Evaluation):
        raise UsageError(
            f"`evaluation` is a {type(evaluation).__name__}",
            fix="give what `evaluate` returned",
        )
    kind = _baseline_kind(evaluation, baseline)
    checker = Checker(evaluation, baseline, margin)
    notes: list[str] = []
    checks = [
        *map(checker.check, value_rules(thresholds or {}, evaluation, "thresholds")),
        *map(checker.check, change_rules(changes or {}, evaluation, "changes")),
        *_of_slices(checker, slices or {}, notes),
        *_of_gaps(checker, gaps or {}, notes),
    ]
    checks = checks if kind else [_skipped(check) for check in checks]
    decided = _overridden(override)
    notes += _remarks(evaluation, baseline, checks)
    gate = _gate(checks, notes, decided)
    return Blessing(gate, tuple(checks), margin, kind, decided)


def _baseline_kind(evaluation: Evaluation, baseline: Evaluation | None) -> _BaselineKind:
    if baseline is None:
        return "in the evaluation" if evaluation.baseline else ""
    if not isinstance(baseline, Evaluation):
        raise UsageError(
            f"`baseline` is a {type(baseline).__name__}",
            fix="give what `evaluate` returned for the baseline model",
        )
    for name in ("task", "label", "positive"):
        ours, theirs = getattr(evaluation, name), getattr(baseline, name)
        if ours != theirs:
            raise UsageError(
                f"the baseline was judged by the {name} {theirs!r}, and the model by {ours!r}",
                fix="evaluate both alike",
            )
    return "given"


def _of_slices(
    checker: Checker, given: Mapping[str, Thresholds], notes: list[str]
) -> Iterator[Check]:
    evaluation = checker.evaluation
    ways = list(dict.fromkeys(one.by for one in evaluation.slices))
    names = [one.name for one in evaluation.slices]
    for asked, thresholds in given.items():
        rules = slice_rules(thresholds, evaluation, "slices")
        chosen = [one.name for one in evaluation.slices if asked in {EVERY, one.by, one.name}]
        if not chosen and asked != EVERY and _way(asked) not in ways:
            known(asked, [*ways, *names], "slice", "slices")
        if not chosen:
            notes.append(f"no rows are in the slice {asked!r}, so its thresholds say nothing")
        for name in chosen:
            for rule in rules:
                yield checker.check(rule, name)


def _way(name: str) -> str:
    """Return what a slice of a name was sliced by: `sex=f, age=[1, 2)` by `sex × age`."""
    parts = [part.partition("=") for part in name.split(", ")]
    return " × ".join(column for column, equals, _ in parts if equals)


def _of_gaps(
    checker: Checker, given: Mapping[str, Thresholds], notes: list[str]
) -> Iterator[Check]:
    evaluation = checker.evaluation
    ways = list(dict.fromkeys(one.by for one in evaluation.slices))
    for asked, thresholds in given.items():
        rules = gap_rules(thresholds, evaluation, "gaps")
        if asked != EVERY:
            known(asked, ways, "way of slicing", "gaps")
        for rule in rules:
            chosen = [
                gap
                for gap in evaluation.gaps
                if asked in {EVERY, gap.by} and gap.metric == rule.metric
            ]
            if not chosen:
                notes.append(f"fewer than two slices by {asked} have `{rule.metric}`: no gap")
            yield from (checker.gap(rule, gap) for gap in chosen)


def _skipped(check: Check) -> Check:
    """Return a check of a change without a baseline."""
    if check.kind != "change":
        return check
    none = (None, None, None)
    why = "there is no baseline to compare with"
    return Check("change", check.metric, check.slice, check.rule, *none, "skipped", why)


def _overridden(override: Override | Mapping[str, Any] | None) -> Override | None:
    if override is None or isinstance(override, Override):
        return override
    try:
        return Override(**override)
    except TypeError as error:
        raise UsageError(
            f"an override is no {override!r}",
            fix='give {"who": "Ada", "why": "the drop is the holiday"}',
        ) from error


def _remarks(
    evaluation: Evaluation, baseline: Evaluation | None, checks: list[Check]
) -> Iterator[str]:
    """Give what the reader should know beside the thresholds that failed."""
    if not checks:
        yield "no threshold was given: the model is blessed whatever it is worth"
    skipped = [check for check in checks if check.verdict == "skipped"]
    for reason in dict.fromkeys(check.reason for check in skipped):
        count = sum(check.reason == reason for check in skipped)
        yield f"{count} threshold{'s' if count > 1 else ''} skipped: {reason}"
    if baseline is not None and baseline.rows != evaluation.rows:
        yield f"the baseline was judged on {baseline.rows:,} rows, the model on {evaluation.rows:,}"
    for reason, count in evaluation.dropped.items():
        if reason.startswith("the prediction of the model"):
            yield f"{reason} in {count:,} rows, which are in no metric"


def _gate(checks: list[Check], notes: list[str], override: Override | None) -> Gate:
    failed = tuple(check.reason for check in checks if check.verdict == "fail")
    if override is not None:
        said = f"{override.who} decided to {_DECIDED[override.verdict]}: {override.why}"
        verdict: Literal["warn", "fail"] = "warn" if override.verdict == "pass" else "fail"
        return Gate(verdict, (said, *failed, *notes))
    if failed:
        return Gate("fail", (*failed, *notes))
    return Gate("warn" if notes else "pass", tuple(notes))


_DECIDED = {"pass": "bless it whatever the thresholds say", "fail": "keep it back"}
