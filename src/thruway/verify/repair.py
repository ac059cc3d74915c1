"""What a failed proof teaches the next plan: statements to keep together, values to keep inside.

A plan that computes something else when it is cut apart is cut more coarsely, with a finding that
says so; what cannot be stored stays in the step that made it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from thruway.errors import StepFailed, StorageError
from thruway.findings import Finding, Place, Severity
from thruway.plan.link import Link

if TYPE_CHECKING:
    from thruway.plan.types import Plan, Port
    from thruway.verify.types import Proof

_MOST_REPAIRS = 4


class Repairs:
    """What failed proofs taught: statements to keep together."""

    def __init__(self) -> None:
        self.unstorable: frozenset[tuple[str, int]] = frozenset()
        self.together: tuple[Link, ...] = ()
        self.findings: tuple[Finding, ...] = ()
        self.once = True
        self.count = 0
        self.last = ""

    def learn(self, plan: Plan, proof: Proof) -> bool:
        """Join the first step that differs with the one before it; False when that is no use."""
        first = proof.first_difference
        if first is not None and self._write_apart(plan, first.step):
            return True
        if first is None or first.what == "file":
            return False
        return self._join(plan, first.step, f"{first.what} {first.name} differs".strip())

    def learn_from_failure(self, plan: Plan, error: StepFailed | StorageError) -> bool:
        """Keep a value that cannot be stored inside its step, or join the step that failed."""
        where = error.where.split(",")
        step = next((s for s in plan.steps if s.name in where[0].split()), None)
        if step is None:
            return False
        if self._write_apart(plan, step.name):
            return True
        if isinstance(error, StorageError):
            port = next((p for p in step.outputs if p.name in where[-1].split()), None)
            if port is not None and (port.name, port.statement) not in self.unstorable:
                self.unstorable |= _like(plan, port)
                self.last = f"`{port.name}` cannot be stored"
                return True
        return self._join(plan, step.name, error.what)

    def _write_apart(self, plan: Plan, name: str) -> bool:
        """Write repeated passages as often as the original if a step that they share failed."""
        shared = {step.calls for step in plan.steps if step.calls}
        if not any(step.name == name and step.function in shared for step in plan.steps):
            return False
        self.once = False
        self.last = f"`{name}` shares its function with other steps: each gets its own"
        return True

    def _join(self, plan: Plan, name: str, why: str) -> bool:
        index = next((i for i, step in enumerate(plan.steps) if step.name == name), 0)
        if self.count >= _MOST_REPAIRS or len(plan.steps) < 2:
            return False
        start = max(index - 1, 0)
        own = {n for s in plan.steps[start : index + 1] for n in s.body}
        nodes = {node.statement.id: node for node in plan.graph.nodes}
        body = sorted(n for n in own if not nodes[n].replicable)
        first, last = body[0], body[-1]
        if index == 0 or self.count == _MOST_REPAIRS - 1:
            last = plan.graph.nodes[-1].statement.id
        place: Place = nodes[first].statement.place
        reason = f"cut apart, they did not compute the same: {why}"
        self.together = (*self.together, Link(first, last, "", reason))
        fix = "please report the program, if you can"
        self.findings = (*self.findings, Finding("TW203", Severity.WARNING, place, reason, fix))
        self.count += 1
        self.last = reason
        return True


def _like(plan: Plan, port: Port) -> frozenset[tuple[str, int]]:
    """A port, and every other one that holds a value of the same class."""
    kind = port.value.type if port.value else ""
    return frozenset(
        (other.name, other.statement)
        for step in plan.steps
        for other in step.outputs
        if other is port or (other.value is not None and other.value.type == kind)
    )
