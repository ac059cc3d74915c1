"""What a blessing says, as plain data."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from thruway.errors import UsageError

if TYPE_CHECKING:
    from thruway.kit.gate import Gate

CheckVerdict = Literal["pass", "fail", "skipped"]


@dataclass(frozen=True)
class Check:
    """One threshold, and whether it was kept.

    Attributes:
        kind: `value`: of a metric; `change`: against the baseline; `gap`: between slices.
        metric: its name.
        slice: name of the slice, or for a gap what was sliced by; "" for all rows.
        rule: `at least 0.8`.
        value: what the rule was held against: a value, an improvement (above zero is better), a
            difference or a ratio; None when there was none.
        lower: end of its interval; None when there is none.
        upper: the other end.
        verdict: `skipped` when there was nothing to hold it against.
        reason: a sentence; "" for a plain pass.
    """

    kind: Literal["value", "change", "gap"]
    metric: str
    slice: str
    rule: str
    value: float | None
    lower: float | None
    upper: float | None
    verdict: CheckVerdict
    reason: str = ""


@dataclass(frozen=True)
class Override:
    """A person's decision that stands above the thresholds.

    Attributes:
        who: decided.
        why: they did.
        verdict: `pass` blesses a model that failed, `fail` keeps back one that passed.
    """

    who: str
    why: str
    verdict: Literal["pass", "fail"] = "pass"

    def __post_init__(self) -> None:
        if not self.who.strip() or not self.why.strip():
            raise UsageError(
                "an override says who decided and why",
                fix='write Override(who="Ada", why="the drop is the holiday, see report 12")',
            )
        if self.verdict not in {"pass", "fail"}:
            raise UsageError(
                f"an override decides pass or fail, and not {self.verdict!r}", fix='verdict="pass"'
            )


@dataclass(frozen=True)
class Blessing:
    """Whether a model may go on, and why.

    Attributes:
        gate: the decision; a run stops what is made from a blessing that failed.
        checks: every threshold with what it was held against, in the order given.
        margin: whether whole intervals had to keep the thresholds, not values alone.
        baseline: what changes were held against: `given`, `in the evaluation`, or "" for none.
        override: a person's decision above the thresholds.
    """

    gate: Gate
    checks: tuple[Check, ...] = ()
    margin: bool = False
    baseline: Literal["given", "in the evaluation", ""] = ""
    override: Override | None = None

    @property
    def blessed(self) -> bool:
        """Whether the model may go on."""
        return self.gate.verdict != "fail"

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, for JSON."""
        return {"blessed": self.blessed, **asdict(self)}

    def __repr__(self) -> str:
        """Return one line: the verdict, and how many thresholds were kept."""
        kept = sum(check.verdict == "pass" for check in self.checks)
        word = "Blessing" if self.blessed else "no blessing"
        return f"<{word}: {kept} of {len(self.checks)} thresholds kept>"

    def _repr_html_(self) -> str:
        from thruway.components.bless.view import blessing_view

        return blessing_view(self)
