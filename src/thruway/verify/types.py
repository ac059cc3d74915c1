"""The proof: what was compared, how, with which verdict, and what was not compared."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from thruway.kit.values.types import Verdict

What = Literal["port", "name", "stdout", "display", "figures", "file", "step", "program"]


@dataclass(frozen=True)
class Check:
    """One comparison of original and pipeline.

    Attributes:
        step: step of the pipeline.
        what: port, name (alive at the end of the step), stdout, display, figures, file, step,
            program (opened up, or with its loops parted: does what it did as it was written).
        name: of the value or file.
        verdict: `equal`, `within`, `differs` or `not compared`.
        reason: why not compared; which tolerance class; why a step did not finish.
        path, expected, actual: the first element that differs.
        place: cell and line of the statement that made the value.
        statement: its id.
    """

    step: str
    what: What
    name: str
    verdict: Verdict
    reason: str = ""
    path: str = ""
    expected: str = ""
    actual: str = ""
    place: str = ""
    statement: int = 0

    def __str__(self) -> str:
        """Return one line."""
        what = f"{self.what} {self.name}".rstrip()
        text = f"{self.step}: {what}: {self.verdict}"
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
        verdict: `equal`; `equal within …`; `differs`; the worst that holds.
        seed: ambient seed that both runs started from.
        original_runs: how often the original ran (twice when something differed).
        seconds: wall time of the whole proof.
        run: id of the run of the pipeline in the project's store.
        limits: what no check covers, in words.
    """

    checks: tuple[Check, ...]
    verdict: str
    seed: int
    original_runs: int
    seconds: float
    run: str = ""
    limits: tuple[str, ...] = field(default=())

    @property
    def holds(self) -> bool:
        """Whether nothing that was compared differs."""
        return not any(check.verdict == "differs" for check in self.checks)

    @property
    def first_difference(self) -> Check | None:
        """The first check that differs, in pipeline order."""
        return next((check for check in self.checks if check.verdict == "differs"), None)

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
            "checks": [asdict(check) for check in self.checks],
            "limits": list(self.limits),
        }


def overall(checks: tuple[Check, ...]) -> str:
    """Return the verdict over all checks, in words."""
    if any(check.verdict == "differs" for check in checks):
        return "differs"
    tolerances = sorted({check.reason for check in checks if check.verdict == "within"})
    if tolerances:
        return f"equal within {', '.join(tolerances)}"
    if not any(check.verdict == "equal" for check in checks):
        return "not compared"
    return "equal"
