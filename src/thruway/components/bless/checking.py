"""Thresholds held against an evaluation, one by one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from thruway.components.bless.types import Check
from thruway.components.evaluate.types import Estimate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from thruway.components.bless.rules import Rule
    from thruway.components.evaluate import Evaluation
    from thruway.components.evaluate.types import Gap


@dataclass(frozen=True)
class Checker:
    """Holds rules against an evaluation.

    Attributes:
        evaluation: of the model.
        baseline: evaluation of the baseline by itself; None when it is in `evaluation`.
        margin: whether the whole interval has to keep a threshold.
    """

    evaluation: Evaluation
    baseline: Evaluation | None
    margin: bool

    def check(self, rule: Rule, slice_: str = "") -> Check:
        """Hold a rule of a value or of a change against all rows, or a slice."""
        if rule.how in {"absolute", "relative"}:
            return self._change(rule, slice_)
        metrics, reasons = self._metrics(self.evaluation, slice_)
        if rule.metric not in metrics:
            return self._without(rule, slice_, reasons.get(rule.metric, ""))
        estimate = metrics[rule.metric]
        least = rule.how == "lower"
        return self._judged("value", rule, slice_, estimate, rule.bound, least=least)

    def gap(self, rule: Rule, gap: Gap) -> Check:
        """Hold a rule of a gap."""
        if rule.how == "difference":
            estimate = Estimate(gap.difference, gap.lower, gap.upper)
            return self._judged("gap", rule, gap.by, estimate, rule.bound, least=False)
        if gap.ratio is None:
            why = f"the ratio of `{rule.metric}` between slices by {gap.by} is not defined"
            return Check("gap", rule.metric, gap.by, rule.text(), None, None, None, "skipped", why)
        # Its interval is not known; the ratio stands for itself.
        alone = Checker(self.evaluation, self.baseline, margin=False)
        return alone._judged("gap", rule, gap.by, Estimate(gap.ratio), rule.bound, least=True)

    def _metrics(
        self, evaluation: Evaluation, slice_: str
    ) -> tuple[Mapping[str, Estimate], Mapping[str, str]]:
        if not slice_:
            return evaluation.metrics, evaluation.not_computed
        for one in evaluation.slices:
            if one.name == slice_:
                return one.metrics, one.not_computed
        return {}, {}

    def _without(self, rule: Rule, slice_: str, why: str) -> Check:
        """Return the check of a metric that was not computed: for all rows, that is a failure."""
        said = f"{_named(rule.metric, slice_)} was not computed: {why or 'no such rows'}"
        verdict: Literal["fail", "skipped"] = "skipped" if slice_ else "fail"
        return Check("value", rule.metric, slice_, rule.text(), None, None, None, verdict, said)

    def _change(self, rule: Rule, slice_: str) -> Check:
        found = self._improvement(rule, slice_)
        if isinstance(found, str):
            none = (None, None, None)
            return Check("change", rule.metric, slice_, rule.text(), *none, "skipped", found)
        improvement, before = found
        bound = rule.bound * abs(before) if rule.how == "relative" else rule.bound
        return self._judged("change", rule, slice_, improvement, bound, least=True)

    def _improvement(self, rule: Rule, slice_: str) -> tuple[Estimate, float] | str:
        """Return how much better the model is than the baseline, and the baseline's value."""
        ours, reasons = self._metrics(self.evaluation, slice_)
        name = _named(rule.metric, slice_)
        if rule.metric not in ours:
            return f"{name} was not computed: {reasons.get(rule.metric, 'no such rows')}"
        if self.baseline is None:
            for each in self.evaluation.comparisons:
                if (each.metric, each.slice) == (rule.metric, slice_):
                    return _better(each.difference, rule), each.baseline
            return f"the baseline has no {name}"
        theirs, _ = self._metrics(self.baseline, slice_)
        if rule.metric not in theirs:
            return f"the baseline has no {name}"
        return _better(_apart(ours[rule.metric], theirs[rule.metric]), rule), theirs[
            rule.metric
        ].value

    def _judged(
        self,
        kind: Literal["value", "change", "gap"],
        rule: Rule,
        slice_: str,
        estimate: Estimate,
        bound: float,
        *,
        least: bool,
    ) -> Check:
        """Hold a number against a bound: `least`: it is to be at least that, or at most."""
        worst = (estimate.lower if least else estimate.upper) if self.margin else estimate.value
        numbers = (estimate.value, estimate.lower, estimate.upper)
        name = _named(rule.metric, slice_) if kind != "gap" else f"`{rule.metric}` by {slice_}"
        if worst is None:
            said = f"{name} has no interval, and the margin asks for one: evaluate with n_bootstrap"
            return Check(kind, rule.metric, slice_, rule.text(), *numbers, "fail", said)
        if worst >= bound if least else worst <= bound:
            return Check(kind, rule.metric, slice_, rule.text(), *numbers, "pass")
        said = f"{name}: {_told(kind, estimate.value)}{_sure(self.margin, worst)}, {rule.text()}"
        return Check(
            kind, rule.metric, slice_, rule.text(), *numbers, "fail", f"{said} is asked for"
        )


def _told(kind: str, value: float) -> str:
    if kind != "change":
        return f"{value:.4g}"
    return f"better by {value:.4g}" if value > 0 else f"worse by {-value:.4g}"


def _sure(margin: bool, worst: float) -> str:
    return f" (the interval goes to {worst:.4g})" if margin else ""


def _named(metric: str, slice_: str) -> str:
    return f"`{metric}` of {slice_}" if slice_ else f"`{metric}`"


def _better(difference: Estimate, rule: Rule) -> Estimate:
    """Return a difference so that above zero is better."""
    if rule.higher:
        return difference
    ends = (
        None if difference.upper is None else -difference.upper,
        None if difference.lower is None else -difference.lower,
    )
    return Estimate(-difference.value, *ends)


def _apart(ours: Estimate, theirs: Estimate) -> Estimate:
    """Return the difference of two evaluations by themselves.

    Its interval takes them as independent: the distances to the ends add up in squares. On the
    same rows it is wider than the paired one of `evaluate(..., baseline=model)`.
    """
    value = ours.value - theirs.value
    if None in {ours.lower, ours.upper, theirs.lower, theirs.upper}:
        return Estimate(value)
    assert ours.lower is not None
    assert ours.upper is not None
    assert theirs.lower is not None
    assert theirs.upper is not None
    down = math.hypot(ours.value - ours.lower, theirs.upper - theirs.value)
    up = math.hypot(ours.upper - ours.value, theirs.value - theirs.lower)
    return Estimate(value, value - down, value + up)
