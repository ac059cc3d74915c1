"""The rows of the report's tables: ports, proof, findings, figures, as plain records."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from thruway.findings import Severity
from thruway.kit.wording import human_bytes
from thruway.project.places import step_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from thruway.plan.types import Plan, Port, StepPlan

_RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


def human_seconds(seconds: float) -> str:
    """Return `0.4 s`, `12 ms` or `3 min 5 s`."""
    if seconds < 0.1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 100:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"


def port_rows(plan: Plan) -> list[dict[str, Any]]:
    """Return one row per artifact: who gives it, who takes it, what it is."""
    rows: list[dict[str, Any]] = []
    latest: dict[str, dict[str, Any]] = {}
    results = {(name, step) for name, step in plan.results}
    for step in plan.steps:
        for port in step.inputs:
            if port.name in latest:
                latest[port.name]["takers"].append(step.name)
        for port in step.outputs:
            row = _port_row(step, port)
            row["result"] = (port.name, step.name) in results
            latest[port.name] = row
            rows.append(row)
    return rows


def _port_row(step: StepPlan, port: Port) -> dict[str, Any]:
    value = port.value
    shape = value.shape if value else None
    return {
        "name": port.name,
        "giver": step.name,
        "takers": [],
        "type": port.annotation,
        "kind": port.kind,
        "resource": port.resource.partition(":")[2],
        "shape": " × ".join(f"{size:,}" for size in shape) if shape else "",
        "bytes": human_bytes(value.bytes, short=True) if value and value.bytes else "",
        "schema": port.schema,
        "reason": port.reason,
        "columns": list(value.columns) if value else [],
        "preview": value.preview if value else "",
    }


def step_rows(
    plan: Plan, run_view: Mapping[str, Any] | None, proof: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return one row per step, with its seconds in the original and its verdict."""
    seconds = step_seconds(plan)
    ran = (run_view or {}).get("steps", {})
    rows = []
    for step in plan.steps:
        mine = [item["slug"] for item in proof if item["step"] == step.name]
        rows.append(
            {
                "plan": step,
                "file": step_file(plan.package, step.function),
                "statements": len(step.body) + len(step.helpers),
                "seconds": human_seconds(seconds[step.name]),
                "ran": human_seconds(ran[step.name]["seconds"]) if step.name in ran else "",
                "equal": mine.count("ok") + mine.count("near"),
                "compared": len(mine) - mine.count("none"),
                "verdict": "bad" if "bad" in mine else "near" if "near" in mine else "ok",
            }
        )
    return rows


def step_seconds(plan: Plan) -> dict[str, float]:
    """Return the seconds that the statements of each step took in the original."""
    taken = {fact.statement: fact.seconds for fact in plan.graph.trace.facts}
    return {
        step.name: sum(taken.get(number, 0.0) for number in (*step.helpers, *step.body))
        for step in plan.steps
    }


def finding_rows(plan: Plan) -> list[dict[str, Any]]:
    """Return the findings, the most severe first."""
    ordered = sorted(plan.findings, key=lambda finding: _RANK[finding.severity])
    return [{**finding.dump(), "where": str(finding.place)} for finding in ordered]


def figure_rows(plan: Plan, pictures: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the figures of the original that have a picture.

    Args:
        plan: the plan.
        pictures: digest of what is drawn → picture, for those that have none of their own.
    """
    owner = {number: step.name for step in plan.steps for number in (*step.helpers, *step.body)}
    return [
        {
            "number": str(figure.number),
            "step": owner.get(fact.statement, ""),
            "summary": figure.summary,
            "source": picture,
        }
        for fact in plan.graph.trace.facts
        for figure in fact.figures
        if (picture := _picture(figure.png or pictures.get(figure.digest, "")))
    ]


def _picture(png: str) -> str:
    """Return a data address for base64 text; "" for anything that is not a PNG."""
    text = png.partition("base64,")[2] if png.startswith("data:") else png
    try:
        head = base64.b64decode(text[:12], validate=True)
    except (ValueError, binascii.Error):
        return ""
    return f"data:image/png;base64,{text}" if head.startswith(b"\x89PNG") else ""
