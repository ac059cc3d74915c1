"""What `migrate` and `verify` print."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from thruway.api import Migration
    from thruway.findings import Finding
    from thruway.plan.types import Plan
    from thruway.verify.types import Check, Proof

_MOST = 12


def migration_text(done: Migration) -> str:
    """Return the steps, the findings, the verdict and what to do next."""
    plan = done.plan
    count = len(plan.steps)
    lines = [f"{plan.title}: {count} step{'s' if count != 1 else ''}", *_steps(plan)]
    lines += _findings(done.findings)
    lines += ["", verdict_text(done.proof)]
    lines += [
        "",
        f"project  {done.project}",
        f"report   {done.project / 'report.html'}",
        f"run it   thruway run {done.project.name}",
    ]
    return "\n".join(lines)


def proof_text(proof: Proof, *, verbose: bool = False) -> str:
    """Return the verdict, what differs, and what was not compared."""
    lines = [verdict_text(proof)]
    if verbose:
        lines += [f"  {check}" for check in proof.checks]
    lines += [f"not covered: {limit}" for limit in proof.limits] if verbose else []
    return "\n".join(lines)


def migration_json(done: Migration) -> dict[str, Any]:
    """Return the record for `--json`."""
    return {
        "project": str(done.project),
        "package": done.plan.package,
        "steps": [
            {
                "name": step.name,
                "role": step.role,
                "statements": list(step.body),
                "inputs": [port.name for port in step.inputs],
                "outputs": [port.name for port in step.outputs],
                "parameters": {p.pipeline_name or p.name: p.default for p in step.parameters},
                "reason": step.reason,
            }
            for step in done.plan.steps
        ],
        "findings": [finding.dump() for finding in done.findings],
        "proof": done.proof.dump() if done.proof else None,
        "observed": {
            "seconds": round(done.plan.graph.trace.seconds, 3),
            "user_seconds": round(done.plan.graph.trace.user_seconds, 3),
            "peak_bytes": done.plan.graph.trace.peak_bytes,
        },
        "seconds": {name: round(seconds, 3) for name, seconds in done.seconds.items()},
    }


def _steps(plan: Plan) -> list[str]:
    name = max((len(step.name) for step in plan.steps), default=0)
    role = max((len(step.role) for step in plan.steps), default=0)
    return [
        f"  {step.name:<{name}}  {step.role:<{role}}  "
        f"({', '.join(port.name for port in step.inputs)}) -> "
        f"{', '.join(port.name for port in step.outputs) or 'nothing'}"
        for step in plan.steps
    ]


def _findings(findings: tuple[Finding, ...]) -> list[str]:
    worth = [finding for finding in findings if finding.severity != "info"]
    lines = [f"  {finding}" for finding in worth[:_MOST]]
    rest = len(findings) - len(lines)
    if rest:
        lines.append(f"  {rest} more finding{'s' if rest != 1 else ''} in report.html")
    return ["", *lines] if lines else []


def verdict_text(proof: Proof | None) -> str:
    """Return the verdict of a proof, which steps differ, and what was not compared."""
    if proof is None:
        return "NOT VERIFIED: nothing says yet that it computes the same; `thruway verify` does"
    counts = proof.counts()
    compared = counts.get("equal", 0) + counts.get("within", 0)
    lines = [f"proof: {proof.verdict} ({compared} comparisons hold, seed {proof.seed})"]
    lines += _differing(proof)
    lines += _not_compared([check for check in proof.checks if check.verdict == "not compared"])
    return "\n".join(lines)


def _differing(proof: Proof) -> list[str]:
    """Return each step that differs, what of it, and whether another one is the cause."""
    lines = []
    for step, found in proof.differing().items():
        why = f"downstream of {found['downstream_of']}" if found["downstream_of"] else ""
        causes = [why] if why else []
        causes += ["edited"] if found["edited"] else []
        checks = [c for c in proof.checks if c.step == step and c.verdict == "differs"]
        head = "as accepted" if found["accepted"] else "differs"
        lines.append(f"  {step}: {head}" + (f" ({', '.join(causes)})" if causes else ""))
        if found["accepted"]:
            lines[-1] += f": {', '.join(found['values'][:_MOST])}"
        lines += [f"    {check.value()}" for check in checks[:_MOST]]
        if checks[_MOST:]:
            lines.append(f"    and {len(checks) - _MOST} more; --verbose lists every value")
    return lines


def _not_compared(checks: list[Check]) -> list[str]:
    """Group what was not compared by its reason."""
    by_reason: dict[str, list[str]] = {}
    for check in checks:
        by_reason.setdefault(check.reason, []).append(f"{check.step}.{check.name or check.what}")
    lines = []
    for reason, names in sorted(by_reason.items()):
        shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if names[4:] else "")
        lines.append(f"  not compared: {shown}: {reason}")
    return lines
