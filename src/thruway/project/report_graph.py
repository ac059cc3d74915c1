"""The steps as an inline SVG."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from thruway.project.drawing import LABEL_HEIGHT, LONGEST_NAME, STEP_HEIGHT, lay_out

if TYPE_CHECKING:
    from collections.abc import Mapping

    from thruway.plan.types import Plan, StepPlan
    from thruway.project.drawing import Drawing, Spot, Wire

_MARGIN = 4.0
_TIP = (
    '<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerUnits="userSpaceOnUse" '
    'markerWidth="9" markerHeight="9" orient="auto"><path d="M0 0.8 7.2 4 0 7.2z"/></marker>'
)


def step_edges(plan: Plan) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return (step that gives, step that takes) → names of what goes between them."""
    giver: dict[str, str] = {}
    edges: dict[tuple[str, str], tuple[str, ...]] = {}
    for step in plan.steps:
        for port in step.inputs:
            if port.name in giver:
                pair = (giver[port.name], step.name)
                edges[pair] = (*edges.get(pair, ()), port.name)
        giver |= {port.name: step.name for port in step.outputs}
    return edges


def graph_svg(plan: Plan, notes: Mapping[str, str]) -> str:
    """Return the graph of the steps.

    Args:
        plan: whose steps.
        notes: step → short text beside its role, such as its seconds.
    """
    drawing = lay_out([step.name for step in plan.steps], step_edges(plan))
    names = ", ".join(step.name for step in plan.steps)
    width, height = drawing.width + 2 * _MARGIN, drawing.height + 2 * _MARGIN
    wires = "".join(_wire(drawing, wire) for wire in drawing.wires)
    labels = "".join(_label(drawing, wire) for wire in drawing.wires)
    boxes = "".join(
        _box(drawing, drawing.steps[step.name], step, notes.get(step.name, ""))
        for step in plan.steps
    )
    return (
        f'<svg class="dag" viewBox="{-_MARGIN} {-_MARGIN} {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" style="min-width: {width * 0.62:.0f}px" '
        f'role="group" aria-label="Graph of {len(plan.steps)} steps: {escape(names)}">'
        f"<defs>{_TIP}</defs>"
        f"{wires}{labels}{boxes}</svg>"
    )


def svg_width(svg: str) -> float:
    """Return the width of the graph in pixels."""
    return float(svg.partition(' width="')[2].partition('"')[0])


def _wire(drawing: Drawing, wire: Wire) -> str:
    first, *rest = wire.spots
    x, y = first.x, drawing.tops[first.layer] + STEP_HEIGHT
    path = f"M{x:.1f} {y:.1f}"
    for spot in rest:
        top = drawing.tops[spot.layer]
        end = top if spot is not rest[-1] else top - 1.5  # room for the tip
        middle = (y + end) / 2
        path += f"C{x:.1f} {middle:.1f} {spot.x:.1f} {middle:.1f} {spot.x:.1f} {end:.1f}"
        x, y = spot.x, top + (STEP_HEIGHT if spot.layer % 2 == 0 else LABEL_HEIGHT)
        if spot is not rest[-1]:
            path += f"V{y:.1f}"
    ends = f'data-from="{escape(wire.source)}" data-to="{escape(wire.target)}"'
    return f'<path class="wire" {ends} d="{path}" marker-end="url(#tip)"/>'


def _label(drawing: Drawing, wire: Wire) -> str:
    spot = wire.spots[1]
    top = drawing.tops[spot.layer]
    whole = f"{', '.join(wire.names)}: from {wire.source} to {wire.target}"
    ends = f'data-from="{escape(wire.source)}" data-to="{escape(wire.target)}"'
    return (
        f'<g class="port" {ends}><title>{escape(whole)}</title>'
        f'<rect x="{spot.x - spot.width / 2:.1f}" y="{top:.1f}" width="{spot.width:.1f}" '
        f'height="{LABEL_HEIGHT}" rx="{LABEL_HEIGHT / 2}"/>'
        f'<text x="{spot.x:.1f}" y="{top + 14:.1f}" text-anchor="middle">'
        f"{escape(spot.label)}</text></g>"
    )


def _box(drawing: Drawing, spot: Spot, step: StepPlan, note: str) -> str:
    left, top = spot.x - spot.width / 2, drawing.tops[spot.layer]
    long = len(step.name) > LONGEST_NAME
    name = f"{step.name[: LONGEST_NAME - 1]}…" if long else step.name
    words = f"{step.role} · {note}" if note else step.role
    about = escape(f"Step {step.name}, role {step.role}: {step.title}")
    return (
        f'<a href="#step-{escape(step.name)}" class="node role-{step.role}" '
        f'data-step="{escape(step.name)}" aria-label="{about}"><title>{about}</title>'
        f'<rect class="box" x="{left:.1f}" y="{top:.1f}" width="{spot.width:.1f}" '
        f'height="{STEP_HEIGHT}" rx="9"/>'
        f'<rect class="bar" x="{left + 8:.1f}" y="{top + 9:.1f}" width="4" '
        f'height="{STEP_HEIGHT - 18}" rx="2"/>'
        f'<text class="name" x="{left + 21:.1f}" y="{top + 20:.1f}">{escape(name)}</text>'
        f'<text class="note" x="{left + 21:.1f}" y="{top + 36:.1f}">{escape(words)}</text></a>'
    )
