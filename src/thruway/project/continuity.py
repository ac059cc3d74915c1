"""What goes on from an earlier plan to a new one: names of steps, files that the user moved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from thruway.plan.override import align
from thruway.project.places import step_file

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from thruway.plan.types import Plan, StepPlan
    from thruway.program.types import Program, Statement
    from thruway.project.types import Manifest, StepRecord

_MOSTLY = 0.5
Places = frozenset[tuple[int, int]]


def places_now(manifest: Manifest, old: Program, new: Program) -> dict[str, Places]:
    """Return step → places (cell, line) of what its own statements are in the new program."""
    left, right = _in_order(old), _in_order(new)
    ids = align(left, right)
    then = {_place(each): each.id for each in left}
    now = {each.id: _place(each) for each in right}
    stood = {each.id: (each.cell, each.line) for each in manifest.statements}
    return {
        step.name: frozenset(
            now[ids[then[stood[number]]]]
            for number in _own(step, manifest.steps)
            if stood.get(number) in then and then[stood[number]] in ids
        )
        for step in manifest.steps
    }


@dataclass(frozen=True)
class Moves:
    """Where each version has a step's file → where it is in the merged project."""

    base: dict[str, str]
    new: dict[str, str]
    yours: dict[str, str]


def moves(
    plan: Plan,
    manifest: Manifest,
    places: Mapping[str, Places],
    here: Mapping[str, str],
    yours: Collection[str],
) -> Moves:
    """Return what goes where: a step that goes on is one file, whatever its name and place were.

    Args:
        plan: the new plan.
        manifest: the record of the old one.
        places: of the old steps in the new program.
        here: old step → where the user has it now.
        yours: the files that the user has.
    """
    old = {step.name: step.file for step in manifest.steps if not step.calls}
    functions = {step.name: step.function for step in plan.steps if not step.calls}
    found = Moves({}, {}, {})
    for name, before in _same_steps(plan, places).items():
        if name not in functions or before not in old:
            continue  # a further call has no file of its own
        generated = step_file(plan.package, functions[name])
        mine = here.get(before, old[before])
        # A file that the user moved stays where the user put it.
        target = mine if mine != old[before] else generated
        found.base[old[before]] = found.new[generated] = found.yours[mine] = target
        if old[before] not in yours:  # what still names the old place means the new one
            found.yours[old[before]] = target
    return found


def _same_steps(plan: Plan, places: Mapping[str, Places]) -> dict[str, str]:
    """Return new step → old step, where most of the statements are the same."""
    nodes = {each.id: each for each in plan.graph.program.statements}
    found: dict[str, str] = {}
    for step in plan.steps:
        now = frozenset(_place(nodes[number]) for number in _own(step, plan.steps))
        free = {old: at for old, at in places.items() if old not in found.values()}
        ratios = {old: len(at & now) / max(len(at | now), 1) for old, at in free.items()}
        best = max(ratios, key=lambda old: ratios[old], default="")
        if best and ratios[best] >= _MOSTLY:
            found[step.name] = best
    return found


def _own(step: StepPlan | StepRecord, steps: Iterable[StepPlan | StepRecord]) -> list[int]:
    """Return the statements that stand in this step alone: definitions may stand in several."""
    others = {number for each in steps if each is not step for number in each.body}
    return [number for number in step.body if number not in others]


def _in_order(program: Program) -> list[Statement]:
    """Return one statement per place, as the author wrote them."""
    by_place = {_place(each): each for each in reversed(program.statements)}
    return [by_place[place] for place in sorted(by_place)]


def _place(statement: Statement) -> tuple[int, int]:
    return statement.place.cell, statement.place.line
