"""What was found about a component, as plain data."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from html import escape
from typing import Any, Literal

CHECKS = (
    "types",
    "arguments",
    "surroundings",
    "deterministic",
    "repeatable",
    "storable",
    "process",
    "executors",
)
"""Every check, in their order."""
ABOUT = {
    "types": "parameters and results are annotated, and are what the annotations say",
    "arguments": "its arguments are the same after the call",
    "surroundings": "it changes nothing around it: options, environment, random streams, modules",
    "deterministic": "two calls give the same",
    "repeatable": "called where it has been called before, it writes the same files",
    "storable": "its results are stored and read back equal",
    "process": "another process gives the same",
    "executors": "every executor gives the same",
}
Verdict = Literal["pass", "warn", "fail", "skipped"]


@dataclass(frozen=True)
class Flaw:
    """One thing that is not as a component should be.

    Attributes:
        check: which one it is of.
        severity: `fail`: a pipeline would be wrong or stop; `warn`: it works, with a caveat.
        what: one sentence.
        where: parameter, result, or example.
        fix: what can be done.
    """

    check: str
    severity: Literal["fail", "warn"]
    what: str
    where: str = ""
    fix: str = ""

    def __str__(self) -> str:
        """Return it as errors are shown: what, where, fix."""
        lines = [f"{self.check}: {self.what}"]
        lines += [f"  at: {self.where}"] if self.where else []
        lines += [f"  do: {self.fix}"] if self.fix else []
        return "\n".join(lines)


@dataclass(frozen=True)
class ComponentReport:
    """What was found about a component.

    Attributes:
        component: `module:name`.
        examples: how many calls were tried.
        checks: check → `pass`, `warn`, `fail`, or `skipped`.
        flaws: what is not as it should be, in the order of the checks.
        notes: check → what else is worth knowing: formats, executors, why it was skipped.
    """

    component: str
    examples: int
    checks: dict[str, Verdict]
    flaws: tuple[Flaw, ...] = ()
    notes: dict[str, str] | None = None

    @property
    def ok(self) -> bool:
        """Whether no check failed."""
        return "fail" not in self.checks.values()

    def dump(self) -> dict[str, Any]:
        """Return the record for `--json`."""
        return {"ok": self.ok, **asdict(self)}

    def __str__(self) -> str:
        """Return one line a check, then the flaws."""
        notes = self.notes or {}
        width = max(map(len, CHECKS))
        lines = [f"{self.component}, {self.examples} example{'s' * (self.examples != 1)}"]
        lines += [
            f"  {verdict:7} {name:{width}}  {notes.get(name) or ABOUT[name]}"
            for name, verdict in self.checks.items()
        ]
        return "\n".join([*lines, *map(str, self.flaws)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"<pre>{escape(str(self))}</pre>"
