"""The proof: what was compared, how, with which verdict, and what was not compared."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

from thruway.kit.values.types import Verdict

What = Literal["port", "name", "stdout", "display", "figures", "file", "step", "program"]
CheckVerdict = Verdict | Literal["accepted"]


@dataclass(frozen=True)
class Check:
    """One comparison of original and pipeline.

    Attributes:
        step: step of the pipeline.
        what: port, name (alive at the end of the step), stdout, display, figures, file, step,
            program (opened up, or with its loops parted: does what it did as it was written).
        name: of the value or file.
        verdict: `equal`, `within`, `differs`, `accepted` or `not compared`.
        reason: why not compared; which tolerance class; why a step did not finish.
        path, expected, actual: the first element that differs.
        place: cell and line of the statement that made the value.
        statement: its id.
        wanted, given: digests of what the original and the pipeline gave, where they differ.
        downstream: `step.port` that the step took and that differs already; "" for a cause.
        accepted: date on which the difference was accepted.
    """

    step: str
    what: What
    name: str
    verdict: CheckVerdict
    reason: str = ""
    path: str = ""
    expected: str = ""
    actual: str = ""
    place: str = ""
    statement: int = 0
    wanted: str = ""
    given: str = ""
    downstream: str = ""
    accepted: str = ""

    def __str__(self) -> str:
        """Return one line."""
        after = f", downstream of {self.downstream}" if self.downstream else ""
        return f"{self.step}: {self.value()}{after}"

    def value(self) -> str:
        """Return what was compared, the verdict, and the first element that differs."""
        text = f"{self.what} {self.name}".rstrip() + f": {self.verdict}"
        if self.reason:
            text += f" ({self.reason})"
        if self.verdict == "differs" and (self.expected or self.actual):
            text += f"; first at {self.path or 'the value'}: {self.expected} ≠ {self.actual}"
        return text


@dataclass(frozen=True)
class Proof:
    """What a comparison of original and pipeline showed.

    Attributes:
        checks: every comparison, in the order of the steps.
        verdict: `equal`; `equal within …`; `equal but for what was accepted on …`; `differs`;
            the worst that holds.
        seed: ambient seed that both runs started from.
        original_runs: how often the original ran (twice when something differed).
        seconds: wall time of the whole proof.
        run: id of the run of the pipeline in the project's store.
        limits: what no check covers, in words.
        edited: steps whose text is not as Thruway wrote it.
        pictures: digest of a figure that the pipeline drew → a small picture, PNG in base64.
    """

    checks: tuple[Check, ...]
    verdict: str
    seed: int
    original_runs: int
    seconds: float
    run: str = ""
    limits: tuple[str, ...] = field(default=())
    edited: tuple[str, ...] = ()
    pictures: Mapping[str, str] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether nothing that was compared differs."""
        return not any(check.verdict == "differs" for check in self.checks)

    @property
    def first_difference(self) -> Check | None:
        """The first check that differs, in pipeline order."""
        return next((check for check in self.checks if check.verdict == "differs"), None)

    def differing(self) -> dict[str, dict[str, Any]]:
        """Return every step that differs → what does, whether it was edited, what it follows."""
        found: dict[str, dict[str, Any]] = {}
        for check in self.checks:
            if check.verdict not in {"differs", "accepted"}:
                continue
            record = found.setdefault(
                check.step,
                {
                    "edited": check.step in self.edited,
                    "downstream_of": check.downstream,
                    "accepted": True,
                    "values": [],
                },
            )
            record["accepted"] &= check.verdict == "accepted"
            record["values"].append(f"{check.what} {check.name}".rstrip())
        return found

    def counts(self) -> dict[str, int]:
        """Return verdict → number of checks."""
        return dict(Counter(check.verdict for check in self.checks))

    def dump(self) -> dict[str, Any]:
        """Return the record for `--json` and for the report."""
        return {
            "verdict": self.verdict,
            "holds": self.holds,
            "seed": self.seed,
            "original_runs": self.original_runs,
            "seconds": round(self.seconds, 3),
            "run": self.run,
            "counts": self.counts(),
            "differing": self.differing(),
            "checks": [asdict(check) for check in self.checks],
            "limits": list(self.limits),
        }


def overall(checks: tuple[Check, ...]) -> str:
    """Return the verdict over all checks, in words."""
    if any(check.verdict == "differs" for check in checks):
        return "differs"
    if dates := sorted({check.accepted for check in checks if check.verdict == "accepted"}):
        return f"equal but for what was accepted on {', '.join(dates)}"
    tolerances = sorted({check.reason for check in checks if check.verdict == "within"})
    if tolerances:
        return f"equal within {', '.join(tolerances)}"
    if not any(check.verdict == "equal" for check in checks):
        return "not compared"
    return "equal"
