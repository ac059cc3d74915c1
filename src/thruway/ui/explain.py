"""What `explain` prints: statements with roles, edges with evidence, steps with reasons."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from thruway.api import Explanation
    from thruway.plan.types import Port, StepPlan

_WIDTH = 60


def explanation_text(found: Explanation) -> str:
    """Return the explanation as text."""
    roles = dict(found.plan.roles)
    lines = ["statements"]
    for node in found.graph.nodes:
        statement = node.statement
        first = statement.code.splitlines()[0]
        text = first if len(first) <= _WIDTH else first[: _WIDTH - 1] + "…"
        place = f"{statement.place.cell}:{statement.place.line}"
        mark = "definition" if node.replicable else roles.get(statement.id, "")
        lines.append(f"  {statement.id:>4}  {place:>7}  {mark:<10}  {text}")
    lines += ["", "dependences (statement needs what from which, and how that is known)"]
    for edge in found.graph.edges:
        lines.append(f"  {edge.target:>4} needs {edge.carrier} of {edge.source} ({edge.evidence})")
    lines += ["", "steps"]
    for step in found.plan.steps:
        lines += _step(step)
    if found.plan.dropped:
        lines += ["", "not written"]
        lines += [f"  {number:>4}  {why}" for number, why in found.plan.dropped]
    if found.plan.findings:
        lines += ["", "findings", *(f"  {finding}" for finding in found.plan.findings)]
    return "\n".join(lines)


def explanation_json(found: Explanation) -> dict[str, Any]:
    """Return the explanation as a record."""
    roles = dict(found.plan.roles)
    return {
        "source": found.program.source.path.name,
        "statements": [
            {
                "id": node.statement.id,
                "cell": node.statement.place.cell,
                "line": node.statement.place.line,
                "code": node.statement.code,
                "role": roles.get(node.statement.id),
                "replicable": node.replicable,
                "reads": sorted(node.reads),
                "binds": sorted(node.binds),
                "changes": sorted(node.updates),
                "effects": [asdict(effect) for effect in node.fact.effects],
                "seconds": round(node.fact.seconds, 6),
            }
            for node in found.graph.nodes
        ],
        "edges": [asdict(edge) for edge in found.graph.edges],
        "steps": [_step_record(step) for step in found.plan.steps],
        "dropped": dict(found.plan.dropped),
        "overrides": [asdict(override) for override in found.plan.overrides],
        "findings": [finding.dump() for finding in found.plan.findings],
        "seconds": {
            "observed": round(found.trace.seconds, 3),
            "user": round(found.trace.user_seconds, 3),
        },
    }


def _step(step: StepPlan) -> list[str]:
    inputs = ", ".join(f"{port.name}: {port.annotation}" for port in step.inputs)
    outputs = ", ".join(f"{port.name}: {port.annotation}" for port in step.outputs) or "None"
    lines = [
        f"  {step.name} [{step.role}]",
        f"      statements  {' '.join(map(str, step.body))}",
        f"      interface   ({inputs}) -> {outputs}",
        f"      begins here because {step.reason}",
    ]
    lines += [f"      takes       {port.name}: {port.reason}" for port in step.inputs]
    lines += [f"      gives       {port.name}: {port.reason}" for port in step.outputs]
    lines += [
        f"      parameter   {p.pipeline_name or p.name} = {p.default} ({p.reason})"
        for p in step.parameters
    ]
    return lines


def _step_record(step: StepPlan) -> dict[str, Any]:
    return {
        "name": step.name,
        "role": step.role,
        "title": step.title,
        "statements": list(step.body),
        "inputs": [_port_record(port) for port in step.inputs],
        "outputs": [_port_record(port) for port in step.outputs],
        "parameters": [asdict(parameter) for parameter in step.parameters],
        "reason": step.reason,
    }


def _port_record(port: Port) -> dict[str, Any]:
    return {
        "name": port.name,
        "kind": port.kind,
        "type": port.annotation,
        "statement": port.statement,
        "reason": port.reason,
    }
