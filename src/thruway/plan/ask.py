"""From words to overrides: `a,b`, `4:12` and `old=new`, seen against a plan."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from thruway.errors import MigrationRefused, UsageError
from thruway.plan.move import why_blocked
from thruway.plan.override import Override, anchor, find_anchor, spread
from thruway.plan.wishes import LOST, Wishes

if TYPE_CHECKING:
    from collections.abc import Callable

    from thruway.plan.types import Plan, StepPlan
    from thruway.program.types import Program, Statement


@dataclass(frozen=True)
class Asked:
    """Overrides in words.

    Attributes:
        merge: names of neighbouring steps that become one, such as `clean,encode`.
        cut_before: places that begin a step: `4:12` (cell and line), or `12` in a script.
        move: `4:12=step` or `12=step`: a statement goes to another step.
        rename: `old=new`, for steps and for parameters of the pipeline.
    """

    merge: tuple[str, ...] = ()
    cut_before: tuple[str, ...] = ()
    move: tuple[str, ...] = ()
    rename: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything is asked for."""
        return bool(self.merge or self.cut_before or self.move or self.rename)


def with_asked(
    asked: Asked, wishes: Wishes, plan: Plan, make: Callable[[Wishes], Plan]
) -> tuple[Wishes, Plan]:
    """Return the wishes with what is asked for, and the plan that respects them.

    Args:
        asked: in words.
        wishes: those so far; what contradicts the words gives way.
        plan: made with them.
        make: makes a plan.

    Raises:
        UsageError: the words name no step, place or parameter.
        MigrationRefused: what is asked for is not sound, with the reason.
    """
    if not asked:
        return wishes, plan
    # Names may be those of the plan as it is now, as it was kept, or as it would be untouched.
    known = [plan, make(Wishes(kept=wishes.kept))]
    fresh: list[Override] = []
    for interpret, all_words in (
        (_merge, asked.merge),
        (_cut, asked.cut_before),
        (_move, asked.move),
        (_rename, asked.rename),
    ):
        for words in all_words:
            new = interpret(words, [plan, *known], wishes)
            wishes = _added(wishes, new, plan.graph.program, fresh)
            fresh.append(new)
            plan = make(wishes)
            _check_respected(fresh, plan)
    return wishes, plan


def _added(wishes: Wishes, new: Override, program: Program, fresh: list[Override]) -> Wishes:
    """Add an override; earlier ones that it takes back are left out."""
    against = [each for each in wishes.overrides if _contradicts(each, new, program)]
    for each in against:
        if each in fresh:
            raise UsageError(
                f"`{each.said}` and `{new.said}` contradict each other", fix="ask for one of them"
            )
    kept = [each for each in wishes.overrides if each not in against]
    return replace(wishes, overrides=(*kept, new))


def _check_respected(fresh: list[Override], plan: Plan) -> None:
    for new in fresh:
        if new not in plan.overrides:
            found = next(f for f in plan.findings if f.code == LOST and f"`{new.said}`" in f.reason)
            fix = "`thruway explain` shows the plan without it, and its reasons"
            raise MigrationRefused(found.reason, str(found.place), fix)


def _merge(words: str, plans: list[Plan], _: Wishes) -> Override:
    names = [name.strip() for name in words.split(",") if name.strip()]
    if len(names) < 2:
        raise UsageError(
            f"`--merge {words}` names one step only", fix="name two or more: --merge clean,encode"
        )
    plan = next((p for p in plans if set(names) <= {step.name for step in p.steps}), None)
    if plan is None:
        raise _no_step(f"--merge {words}", names, plans[0])
    places = [index for index, step in enumerate(plan.steps) if step.name in names]
    between = [s.name for s in plan.steps[places[0] : places[-1]] if s.name not in names]
    if between:
        raise UsageError(
            f"`--merge {words}`: between these steps stands {', '.join(between)}",
            fix=f"merge all of them: --merge {','.join(_from_to(plan, places))}",
        )
    program = plan.graph.program
    first = min(_own(plan, plan.steps[places[0]]))
    last = max(_own(plan, plan.steps[places[-1]]))
    ends = [anchor(_statement(program, number), program) for number in (first, last)]
    return Override("merge", tuple(ends), said=f"--merge {words}")


def _from_to(plan: Plan, places: list[int]) -> list[str]:
    return [step.name for step in plan.steps[places[0] : places[-1] + 1]]


def _cut(words: str, plans: list[Plan], _: Wishes) -> Override:
    program = plans[0].graph.program
    said = f"--cut-before {words}"
    statement = _at(words, program, said, "--cut-before 4:2", "--cut-before 12")
    return Override("cut", (anchor(statement, program),), said=said)


def _move(words: str, plans: list[Plan], _: Wishes) -> Override:
    place, _equals, name = (part.strip() for part in words.partition("="))
    said = f"--move {words}"
    plan = next((p for p in plans if any(step.name == name for step in p.steps)), None)
    if plan is None:
        raise _no_step(said, [name], plans[0])
    program = plan.graph.program
    statement = _at(place, program, said, "--move 4:2=clean", "--move 12=clean")
    own = _own(plan, next(step for step in plan.steps if step.name == name))
    if statement.id in own:
        raise UsageError(f"`{said}`: it stands there already", fix="name another step")
    neighbour = max(own) if max(own) < statement.id else min(own)
    if why := why_blocked(plan.graph, statement.id, neighbour):
        fix = "`thruway explain` lists what every statement needs"
        raise MigrationRefused(f"`{said}` is not possible: {why}", str(statement.place), fix)
    at = (anchor(statement, program), anchor(_statement(program, neighbour), program))
    return Override("move", at, said=said)


def _rename(words: str, plans: list[Plan], wishes: Wishes) -> Override:
    old, equals, new = (part.strip() for part in words.partition("="))
    said = f"--rename {words}"
    if not equals or not old or not new:
        raise UsageError(f"`{said}` is not `old=new`", fix="write for example --rename clean=tidy")
    if "." in old:
        raise UsageError(
            f"`{said}`: ports are called as the variables of the program are",
            fix="rename the variable in the program, then `thruway sync`",
        )
    for plan in plans:
        step = next((each for each in plan.steps if each.name == old), None)
        parameters = {p.pipeline_name for each in plan.steps for p in each.parameters}
        if step is not None and old in parameters:
            raise UsageError(f"`{old}` is a step and a parameter", fix="rename neither")
        if step is not None and any(each.name == new for each in plans[0].steps):
            raise UsageError(
                f"`{said}`: another step is called `{new}`", fix="rename that one first"
            )
        if step is not None:
            program = plan.graph.program
            ids = spread(_own(plan, step))
            at = tuple(anchor(_statement(program, number), program) for number in ids)
            return Override("rename", at, new, said=said)
        if old in parameters:
            before = {each.name: each.old for each in wishes.overrides if each.kind == "parameter"}
            return Override("parameter", (), new, before.get(old, old), said)
    raise _no_step(said, [old], plans[0])


def _no_step(said: str, names: list[str], plan: Plan) -> UsageError:
    known = [step.name for step in plan.steps]
    wrong = [name for name in names if name not in known] or names
    return UsageError(
        f"`{said}`: there is no step {' or '.join(f'`{name}`' for name in wrong)}",
        fix=f"the steps are: {', '.join(known)}",
    )


def _own(plan: Plan, step: StepPlan) -> list[int]:
    """Return the statements that are this step's alone: definitions may stand in several."""
    replicable = {node.statement.id for node in plan.graph.nodes if node.replicable}
    others = {n for each in plan.steps if each is not step for n in each.body}
    own = [n for n in step.body if n not in replicable and n not in others]
    return own or list(step.body)


def _statement(program: Program, number: int) -> Statement:
    return next(each for each in program.statements if each.id == number)


def _at(words: str, program: Program, said: str, in_cell: str, in_script: str) -> Statement:
    """Return the statement at `cell:line` or `line`, or the next one in its cell."""
    cell, colon, line = words.rpartition(":")
    in_cells = any(each.place.cell for each in program.statements)
    if not line.isdigit() or (colon and not cell.isdigit()) or bool(colon) != in_cells:
        wanted = f"CELL:LINE, as in {in_cell}" if in_cells else f"a line: {in_script}"
        raise UsageError(f"`{said}` is not a place of this program", fix=f"write {wanted}")
    at = int(cell or 0), int(line)
    for statement in sorted(program.statements, key=lambda s: (s.place.cell, s.place.line)):
        if statement.place.cell == at[0] and statement.end_line >= at[1]:
            return statement
    raise UsageError(
        f"`{said}`: no statement stands there", fix="`thruway explain` lists every cell:line"
    )


def _contradicts(old: Override, new: Override, program: Program) -> bool:
    if {old.kind, new.kind} == {"merge", "cut"}:
        merge, cut = (old, new) if old.kind == "merge" else (new, old)
        inside = _ids(merge, program), _ids(cut, program)
        return all(inside) and min(inside[0]) < inside[1][0] <= max(inside[0])
    if old.kind == new.kind == "rename":
        return bool(set(_ids(old, program)) & set(_ids(new, program)))
    if old.kind == new.kind == "parameter":
        return new.old == old.old
    if old.kind == new.kind == "move":
        return old.at[0] == new.at[0]
    return old.kind == new.kind and old.at == new.at


def _ids(override: Override, program: Program) -> list[int]:
    found = [find_anchor(each, program) for each in override.at]
    return [each.id for each in found if each is not None]
