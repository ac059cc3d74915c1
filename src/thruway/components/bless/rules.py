"""What thresholds may say, read from the dicts of the user."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from thruway.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from thruway.components.evaluate import Evaluation

Bounds = float | Mapping[str, float | bool]
"""`{"lower": 0.8}`, `{"absolute": -0.01}`; a number alone is the bound that matters."""
Thresholds = Mapping[str, Bounds]
"""Metric → bounds."""

_VALUE = ("lower", "upper")
_CHANGE = ("absolute", "relative")
_GAP = ("difference", "ratio")
EVERY = "*"


@dataclass(frozen=True)
class Rule:
    """One threshold.

    Attributes:
        metric: its name.
        how: `lower`, `upper`; `absolute`, `relative`; `difference`, `ratio`.
        bound: the number.
        higher: whether higher is better; None when it is not known (and does not matter).
    """

    metric: str
    how: Literal["lower", "upper", "absolute", "relative", "difference", "ratio"]
    bound: float
    higher: bool | None = None

    def text(self) -> str:
        """Return the rule in words."""
        bound = f"{self.bound:g}"
        if self.how in _CHANGE:
            share = f"{abs(self.bound):.3g} of the baseline's value"
            by = share if self.how == "relative" else f"{abs(self.bound):g}"
            if self.bound > 0:
                return f"better by at least {by}"
            return f"worse by at most {by}" if self.bound else "not worse"
        words = {
            "lower": f"at least {bound}",
            "upper": f"at most {bound}",
            "difference": f"slices at most {bound} apart",
            "ratio": f"smallest slice at least {bound} of the largest",
        }
        return words[self.how]


def value_rules(given: Thresholds, evaluation: Evaluation, where: str) -> list[Rule]:
    """Return the rules of value thresholds."""
    return _rules(given, evaluation, _VALUE, where)


def change_rules(given: Thresholds, evaluation: Evaluation, where: str) -> list[Rule]:
    """Return the rules of change thresholds."""
    return _rules(given, evaluation, _CHANGE, where)


def slice_rules(given: Thresholds, evaluation: Evaluation, where: str) -> list[Rule]:
    """Return the rules of a slice, of either kind."""
    return _rules(given, evaluation, (*_VALUE, *_CHANGE), where)


def gap_rules(given: Thresholds, evaluation: Evaluation, where: str) -> list[Rule]:
    """Return the rules of gaps."""
    return _rules(given, evaluation, _GAP, where)


def _rules(
    given: Thresholds, evaluation: Evaluation, allowed: tuple[str, ...], where: str
) -> list[Rule]:
    if not isinstance(given, Mapping):
        raise UsageError(
            f"thresholds are given by metric, and not as {given!r}",
            where=f"argument `{where}`",
            fix='write {"roc_auc": {"lower": 0.8}}',
        )
    found = []
    for metric, bounds in given.items():
        known(metric, evaluation.higher_is_better, "metric", where)
        found += _of_metric(metric, bounds, evaluation.higher_is_better[metric], allowed, where)
    return found


def _of_metric(
    metric: str, bounds: Bounds, higher: bool | None, allowed: tuple[str, ...], where: str
) -> list[Rule]:
    place = f"argument `{where}`, metric `{metric}`"
    if not isinstance(bounds, Mapping):
        bounds = {_usual(metric, higher, allowed, place): bounds}
    told = bounds.get("higher_is_better", higher)
    rules = []
    for how, bound in bounds.items():
        if how == "higher_is_better":
            continue
        if how not in allowed:
            raise UsageError(
                f"a threshold has no `{how}` here", place, f"one of {', '.join(allowed)}"
            )
        if isinstance(bound, bool) or not math.isfinite(bound):
            raise UsageError(f"{bound!r} is no threshold", place, "give a number")
        if how in _CHANGE and told is None:
            raise UsageError(
                f"it is not known whether a higher `{metric}` is better",
                place,
                'say so: {"absolute": 0.0, "higher_is_better": False}',
            )
        rules.append(Rule(metric, how, float(bound), None if told is None else bool(told)))  # type: ignore[arg-type]
    return rules


def _usual(metric: str, higher: bool | None, allowed: tuple[str, ...], place: str) -> str:
    """Return which bound a number alone is."""
    if allowed[0] != "lower":
        return allowed[0]
    if higher is None:
        raise UsageError(
            f"it is not known whether a higher `{metric}` is better",
            place,
            'say which bound it is: {"upper": 0.3}',
        )
    return "lower" if higher else "upper"


def known(name: str, names: Iterable[str], what: str, where: str) -> None:
    """Refuse a name that the evaluation does not have.

    Raises:
        UsageError: it does not; says which it has.
    """
    every = list(names)
    if name in every:
        return
    near = difflib.get_close_matches(str(name), every, 1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    listed = ", ".join(every[:20]) or "none"
    raise UsageError(
        f"the evaluation has no {what} {name!r}",
        where=f"argument `{where}`",
        fix=f"{hint}it has: {listed}",
    )
