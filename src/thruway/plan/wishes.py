"""What overrides mean for one graph: pins and links for the cut, names for steps and parameters.

A wish never outranks soundness: a pinned cut inside statements that must stay together is not
kept, and the reason is said. What is not kept is a finding, never silent.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from thruway.findings import Finding, Place, Severity
from thruway.plan.link import Link
from thruway.plan.move import why_blocked
from thruway.plan.naming.words import why_unusable
from thruway.plan.override import find_anchor

if TYPE_CHECKING:
    from collections.abc import Iterable

    from thruway.graph.types import Graph
    from thruway.plan.cut import Segment
    from thruway.plan.override import Override
    from thruway.plan.types import StepPlan

LOST = "TW208"
"""The finding that says that an override was not respected."""
_MOSTLY = 0.5


@dataclass(frozen=True)
class Wishes:
    """What a plan is asked to respect.

    Attributes:
        overrides: decisions of the user's.
        kept: names of the steps of an earlier plan, with the places (cell, line) of what their
            statements are in this program: a step that is mostly the same keeps its name.
    """

    overrides: tuple[Override, ...] = ()
    kept: tuple[tuple[str, frozenset[tuple[int, int]]], ...] = ()


NO_WISHES = Wishes()


@dataclass
class Settlement:
    """The wishes as statements of one graph; filled while the plan is made.

    Attributes:
        cuts: statement that must begin a step → the override that pins it.
        links: statements that are one step as asked.
        names: statements → name asked for, with its override.
        lost: overrides that could not be kept, with the reason and the place.
    """

    cuts: dict[int, Override] = field(default_factory=dict)
    links: tuple[Link, ...] = ()
    names: list[tuple[frozenset[int], Override]] = field(default_factory=list)
    lost: dict[Override, tuple[str, Place]] = field(default_factory=dict)

    def kept(self, wishes: Wishes) -> tuple[Override, ...]:
        """Return the overrides that were respected."""
        return tuple(each for each in wishes.overrides if each not in self.lost)

    def findings(self) -> tuple[Finding, ...]:
        """Say what could not be respected, and why."""
        return tuple(
            Finding(
                LOST,
                Severity.WARNING,
                place,
                f"`{override.said}` is not respected: {reason}",
                "ask for it anew, or leave it out of `overrides` in thruway.json",
            )
            for override, (reason, place) in self.lost.items()
        )


def settle(wishes: Wishes, graph: Graph, body: tuple[int, ...]) -> Settlement:
    """Find the statements that the overrides are about."""
    found = Settlement()
    links = []
    for override in wishes.overrides:
        statements = [find_anchor(each, graph.program) for each in override.at]
        ids = [each.id for each in statements if each is not None]
        place = statements[0].place if ids and statements[0] else _nowhere(graph)
        if override.kind == "parameter":
            continue
        if len(ids) * 2 <= len(statements) or (
            override.kind in {"merge", "move"} and None in statements
        ):
            gone = next(a for a, s in zip(override.at, statements, strict=True) if s is None)
            found.lost[override] = (f"nothing is like {gone} any more", place)
        elif override.kind == "cut":
            start = next((number for number in body if number >= ids[0]), None)
            if start is None:
                found.lost[override] = ("no step comes after it", place)
            else:
                found.cuts[start] = override
        elif override.kind == "move":
            if why := _why_apart(graph, body, ids):
                found.lost[override] = (f"the statement cannot be moved: {why}", place)
            else:
                links.append(Link(min(ids), max(ids), "", f"moved as asked (`{override.said}`)"))
        elif override.kind == "merge":
            links.append(Link(min(ids), max(ids), "", f"one step as asked (`{override.said}`)"))
        else:
            found.names.append((frozenset(ids), override))
    found.links = tuple(links)
    return found


def _why_apart(graph: Graph, body: tuple[int, ...], ids: list[int]) -> str:
    """Return why two statements could not be brought together; "" if they were."""
    apart = [number for number in body if min(ids) < number < max(ids)]
    return (why_blocked(graph, ids[0], ids[1]) or "it did not get there") if apart else ""


def _nowhere(graph: Graph) -> Place:
    return Place(graph.program.source.path.name)


def judge_cuts(
    found: Settlement, segments: tuple[Segment, ...], links: Iterable[Link], graph: Graph
) -> tuple[Segment, ...]:
    """Note which pinned cuts were not possible and why; return the segments with their reasons."""
    starts = {segment.statements[0] for segment in segments}
    for number, override in found.cuts.items():
        if number in starts:
            continue
        over = [link for link in links if link.first < number <= link.last]
        reasons = list(dict.fromkeys(link.reason for link in over))[:2]
        place = graph.node(number).statement.place
        why = "; ".join(reasons) or "the statements around it cannot be told apart"
        found.lost[override] = (f"the statements around it stay in one step: {why}", place)
    return tuple(_explained(found, segment, graph) for segment in segments)


def _explained(found: Settlement, segment: Segment, graph: Graph) -> Segment:
    first = segment.statements[0]
    parts = [segment.reason]
    if first in found.cuts:
        parts = [f"cut before {graph.node(first).statement.place}, as asked"]
    inside = set(segment.statements)
    parts += [link.reason for link in found.links if {link.first, link.last} <= inside]
    return replace(segment, reason="; ".join(parts))


def wanted_names(
    found: Settlement, wishes: Wishes, segments: tuple[Segment, ...], graph: Graph
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return for each segment the name asked for, and the name it had; "" for none."""
    asked, earlier = [""] * len(segments), [""] * len(segments)
    for ids, override in found.names:
        counts = Counter(
            index for index, segment in enumerate(segments) for n in segment.statements if n in ids
        )
        best, count = max(counts.items(), key=lambda pair: pair[1], default=(0, 0))
        if count * 2 <= len(ids):
            place = graph.node(min(ids)).statement.place
            found.lost[override] = ("no step holds most of its statements", place)
        else:
            asked[best] = override.name
    places = [_places(segment, graph) for segment in segments]
    for name, old in wishes.kept:
        ratios = [len(old & new) / max(len(old | new), 1) for new in places]
        best = max(range(len(ratios)), key=lambda i: ratios[i], default=0)
        if ratios and ratios[best] >= _MOSTLY and not earlier[best]:
            earlier[best] = name
    return tuple(asked), tuple(earlier)


def _places(segment: Segment, graph: Graph) -> frozenset[tuple[int, int]]:
    found = [graph.node(number).statement.place for number in segment.statements]
    return frozenset((place.cell, place.line) for place in found)


def judge_names(
    found: Settlement, names: tuple[str, ...], taken: frozenset[str], graph: Graph
) -> None:
    """Note which names could not be given, and why."""
    for ids, override in found.names:
        if override in found.lost or override.name in names:
            continue
        why = why_unusable(override.name, taken) or "another step has it or one like it"
        place = graph.node(min(ids)).statement.place
        found.lost[override] = (f"`{override.name}` cannot be the name: {why}", place)


def rename_parameters(
    found: Settlement, wishes: Wishes, steps: tuple[StepPlan, ...], package: str, graph: Graph
) -> tuple[StepPlan, ...]:
    """Give parameters of the pipeline the names asked for."""
    for override in wishes.overrides:
        if override.kind != "parameter":
            continue
        why = _why_not(override, steps, package)
        if why:
            found.lost[override] = (why, _nowhere(graph))
        else:
            steps = tuple(_with_parameter(step, override.old, override.name) for step in steps)
    return steps


def _why_not(override: Override, steps: tuple[StepPlan, ...], package: str) -> str:
    used = {p.pipeline_name for step in steps for p in step.parameters}
    ports = {p.name for step in steps for p in (*step.inputs, *step.outputs)}
    if override.old not in used:
        return f"no parameter is called `{override.old}` any more"
    if override.name in used | ports | {step.name for step in steps} | {package}:
        return f"`{override.name}` already means something in the pipeline"
    return why_unusable(override.name, frozenset())


def _with_parameter(step: StepPlan, old: str, new: str) -> StepPlan:
    parameters = tuple(
        replace(p, pipeline_name=new) if p.pipeline_name == old else p for p in step.parameters
    )
    return replace(step, parameters=parameters)
