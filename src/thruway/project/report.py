"""The report: one HTML file that needs nothing else, for a screen, a phone or paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from thruway.kit.wording import human_bytes
from thruway.project.pipeline_text import pipeline_parameters
from thruway.project.report_graph import graph_svg, svg_width
from thruway.project.report_proof import by_step, proof_rows, slug, summary
from thruway.project.report_rows import (
    figure_rows,
    finding_rows,
    human_seconds,
    port_rows,
    step_rows,
)
from thruway.project.report_source import cell_views
from thruway.project.same_schemas import with_same_schemas
from thruway.project.templating import fill, plain
from thruway.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from thruway.plan.types import Plan


_WIDE = 760.0
"""Pixels beyond which the graph has the page's whole width."""


class StepTime(TypedDict, total=False):
    """One step of a run."""

    seconds: float
    state: str


class RunView(TypedDict, total=False):
    """A run of the pipeline: seconds of the whole, and step → its time."""

    seconds: float
    steps: dict[str, StepTime]


def run_view(run: Mapping[str, Any]) -> RunView:
    """Return what the report shows of a run, from what `run.describe_run` says of it.

    A step that was answered from the cache has no time of its own in that run.
    """
    executions = [each for each in run.get("executions", []) if each["state"] == "COMPLETE"]
    steps = {
        each["step"]: StepTime(seconds=each["seconds"], state=each["state"]) for each in executions
    }
    whole = (run.get("ended") or 0.0) - (run.get("started") or 0.0)
    return RunView(seconds=whole, steps=steps) if whole > 0 else RunView(steps=steps)


def render_report(
    plan: Plan,
    proof_view: dict[str, Any] | None = None,
    run_view: RunView | None = None,
    pictures: Mapping[str, str] | None = None,
) -> str:
    """Return `report.html`.

    Args:
        plan: what was written.
        proof_view: what was proven, as `verify.types.Proof.dump()` gives it; None for nothing.
        run_view: how long the pipeline took; None when it did not run.
        pictures: digest of a figure → a small picture of it, PNG in base64.
    """
    from markupsafe import Markup

    plan = with_same_schemas(plan)
    proof = proof_rows(proof_view)
    compared = [item for item in proof if item["slug"] != "none"]
    rows = step_rows(plan, run_view, proof)
    svg = graph_svg(plan, {row["plan"].name: row["seconds"] for row in rows})
    return fill(
        "report.html.jinja",
        css=plain("report.css"),
        script=plain("report.js"),
        plan=plan,
        source=plan.graph.program.source,
        verdict=(proof_view or {}).get("verdict", "not proven"),
        tone=slug((proof_view or {}).get("verdict", "")),
        summary=summary(proof),
        limits=(proof_view or {}).get("limits", []),
        proven=proof_view is not None,
        totals=_totals(plan, proof, run_view),
        wide=svg_width(svg) > _WIDE,
        graph=Markup(svg),  # noqa: S704 - every text in it is escaped there
        cells=cell_views(plan),
        steps=rows,
        ports=port_rows(plan),
        parameters=pipeline_parameters(plan),
        findings=finding_rows(plan),
        compared=by_step(plan, compared),
        comparisons=len(compared),
        skipped=[item for item in proof if item["slug"] == "none"],
        figures=figure_rows(plan, pictures or {}),
        version=__version__,
    )


def _totals(
    plan: Plan, proof: Sequence[Mapping[str, Any]], run_view: RunView | None
) -> list[tuple[str, str]]:
    """Return (figure, what it counts)."""
    trace = plan.graph.trace
    statements = len(plan.graph.program.statements)
    cells = sum(cell.kind == "code" for cell in plan.graph.program.source.cells)
    totals = [(str(statements), f"statements in {cells} cell{'' if cells == 1 else 's'}")]
    totals.append((str(len(plan.steps)), "steps"))
    totals.append((str(sum(len(step.outputs) for step in plan.steps)), "artifacts between them"))
    if proof:
        equal = sum(item["slug"] in ("ok", "near") for item in proof)
        compared = sum(item["slug"] != "none" for item in proof)
        totals.append((f"{equal}/{compared}", "comparisons equal"))
    totals.append((human_seconds(trace.seconds), "the original"))
    if run_view and "seconds" in run_view:
        totals.append((human_seconds(run_view["seconds"]), "the pipeline"))
    if trace.peak_bytes:
        totals.append((human_bytes(trace.peak_bytes, short=True), "peak memory"))
    return totals
