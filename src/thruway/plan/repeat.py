"""Steps that are equal but for names and constants: one function, called several times.

Equality is shown on the text. The statements of two steps are read side by side (`shape`): every
variable of the one stands for one variable of the other and the reverse, whatever is not a
variable (definitions, imports, built-ins, attributes, keywords) is the same, and so is what
surrounds the statements: settings, random streams, what is displayed. So one function with the
differing names as ports and the differing constants as keywords does what each of them does.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from thruway.plan.passages import is_worth_a_step
from thruway.plan.ports import port
from thruway.plan.shape import Pairing, Part, parts_of, shape_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from thruway.graph.types import Graph
    from thruway.plan.borders import Passage
    from thruway.plan.types import Port, Role, StepPlan

_STORED = frozenset({"frame", "series", "array", "estimator", "scalar", "text", "container"})


@dataclass(frozen=True)
class Reading:
    """One step's statements as parts."""

    step: StepPlan
    parts: tuple[tuple[Part, ...], ...]

    def lifted(self) -> dict[tuple[int, Part], str]:
        """Return (position of the statement, literal) → parameter that took its place."""
        spans = {
            (self.step.body.index(e.statement), (e.line, e.column, e.end_line, e.end_column)): e
            for e in self.step.edits
        }
        return {
            (at, part): spans[at, part.span].text
            for at, part in self.literals()
            if part.span is not None and (at, part.span) in spans
        }

    def literals(self) -> list[tuple[int, Part]]:
        """Return (position of the statement, literal) in the order of the text."""
        return [
            (at, part)
            for at, parts in enumerate(self.parts)
            for part in parts
            if part.kind == "literal"
        ]

    def other_edits(self) -> list[tuple[int, str]]:
        """Return the edits that put no parameter in the place of a literal."""
        spans = {(at, part.span) for at, part in self.literals()}
        found = []
        for edit in self.step.edits:
            at = self.step.body.index(edit.statement)
            if (at, (edit.line, edit.column, edit.end_line, edit.end_column)) not in spans:
                found.append((at, edit.text))
        return found


@dataclass
class Group:
    """Steps that one function can do; the first one gives the text.

    Attributes:
        readings: of each step, by its index among the steps of the plan.
        pairings: variables of the first step → those of each step.
        outputs: what the function gives, by the first step's names.
    """

    readings: dict[int, Reading]
    pairings: dict[int, Pairing]
    outputs: tuple[str, ...] = field(default=())

    def __iter__(self) -> Iterator[int]:
        """Return the indices of the steps, the first one first."""
        return iter(self.readings)


def find_groups(
    steps: tuple[StepPlan, ...],
    graph: Graph,
    roles: dict[int, Role],
    passages: Iterable[Passage] = (),
    alone: frozenset[int] = frozenset(),
) -> tuple[Group, ...]:
    """Return the groups of steps that are worth one function, each of two steps at least.

    Args:
        steps: of the plan.
        graph: the program.
        roles: of its statements.
        passages: repeated ones, whose parts are worth a function too.
        alone: indices of steps that keep a function of their own.
    """
    alike: dict[object, list[int]] = defaultdict(list)
    readings = [_read(step, graph) for step in steps]
    found = frozenset(n for passage in passages for each in passage for n in each)
    for index, reading in enumerate(readings):
        own = [n for n in reading.step.body if not graph.node(n).replicable]
        shapes = [shape_of(parts) for parts in reading.parts]
        worth = is_worth_a_step([roles[n] for n in own], shapes)
        worth = worth or (len(own) > 1 and found.issuperset(own))
        if index not in alone and worth and _may_repeat(reading, graph):
            alike[_surroundings(reading, shapes)].append(index)
    groups = []
    for indices in alike.values():
        left = indices
        while len(left) > 1:
            group = _grown(left, readings, graph)
            left = [index for index in left[1:] if index not in group.readings]
            if len(group.readings) > 1:
                groups.append(group)
    while groups and _mixed_up(groups, steps):
        groups.pop()
    return tuple(groups)


def _read(step: StepPlan, graph: Graph) -> Reading:
    nodes = [graph.node(number) for number in step.body]
    local = {name for n in nodes for name in (*n.statement.stores, *n.fact.binds)}
    local |= {each.name for each in step.inputs} | {each.name for each in step.parameters}
    return Reading(step, tuple(parts_of(n.statement.code, local.__contains__) for n in nodes))


def _may_repeat(reading: Reading, graph: Graph) -> bool:
    """Whether the text alone says what a step does, and nothing is tied to its place."""
    step = reading.step
    dynamic = any(graph.node(n).statement.dynamic is not None for n in step.body)
    files = any(each.kind == "file" for each in (*step.inputs, *step.outputs))
    return not (dynamic or files or step.declare or step.helpers)


def _surroundings(reading: Reading, shapes: list[tuple[str, ...]]) -> object:
    """Return what has to be the same for two steps to be calls of one function."""
    step = reading.step
    flags = [(n in step.displayed, n in step.shown, n in step.underscore) for n in step.body]
    streams = frozenset(each.resource for each in step.inputs if each.kind == "random")
    return (
        tuple(zip(shapes, flags, strict=True)),
        frozenset(step.imports),
        step.shared,
        step.settings,
        streams,
        tuple(reading.other_edits()),
    )


def _grown(indices: list[int], readings: list[Reading], graph: Graph) -> Group:
    """Return the group of the first step, with all others that fit."""
    first = readings[indices[0]]
    group = Group({indices[0]: first}, {indices[0]: _paired(first, first) or Pairing()})
    for index in indices[1:]:
        pairing = _paired(first, readings[index])
        if pairing is not None:
            group.readings[index] = readings[index]
            group.pairings[index] = pairing
    while True:
        group.outputs = _outputs(group)
        unfit = [i for i, r in group.readings.items() if not _gives(r.step, i, group, graph)]
        for index in unfit:
            del group.readings[index], group.pairings[index]
        if not unfit or indices[0] in unfit:
            return group


def _paired(one: Reading, other: Reading) -> Pairing | None:
    """Return which variable stands for which; None if the steps are not the same."""
    pairing = Pairing()
    for a, b in zip(one.parts, other.parts, strict=True):
        if not pairing.add(a, b):
            return None
    wanted = {pairing.there.get(p.name, p.name) for p in one.step.inputs}
    return pairing if wanted == {p.name for p in other.step.inputs} else None


def _outputs(group: Group) -> tuple[str, ...]:
    """Return the names of the first step that any of the steps gives."""
    found: dict[str, None] = {}
    for index, reading in group.readings.items():
        back = group.pairings[index].back
        for each in reading.step.outputs:
            found.setdefault(back.get(each.name, each.name))
    return tuple(found)


def _gives(step: StepPlan, index: int, group: Group, graph: Graph) -> bool:
    """Whether a step can give every output of its group: it surely has it, and it can be stored."""
    there = group.pairings[index].there
    have = {each.name for each in step.outputs}
    bound = dict(step.bound)
    sure = {name for n in step.body for name in graph.node(n).binds}
    sure |= {each.name for each in step.inputs}
    streams = {each.name for each in step.inputs if each.kind == "random"}
    for name in group.outputs:
        own = there.get(name, name)
        if own in have or own in streams:
            continue
        value = graph.value_at(own, bound[own]) if own in bound and own in sure else None
        if value is None or value.unstorable or value.opaque or value.kind not in _STORED:
            return False
    return True


def _mixed_up(groups: list[Group], steps: tuple[StepPlan, ...]) -> bool:
    """Whether a name at the pipeline would hold another value than the one that a step needs.

    A call may give more than its step did, under names that the original gives those values.
    """
    extra: dict[int, dict[str, int]] = {}
    for group in groups:
        for index, reading in group.readings.items():
            bound = dict(reading.step.bound)
            there = group.pairings[index].there
            own = [there.get(name, name) for name in group.outputs]
            extra[index] = {name: bound[name] for name in own if name in bound}
    holds: dict[str, int] = {}
    for index, step in enumerate(steps):
        if any(holds.get(p.name) != p.statement for p in step.inputs if p.kind == "value"):
            return True
        holds |= extra.get(index, {})
        holds |= {p.name: p.statement for p in step.outputs}
    return False


def output_port(step: StepPlan, name: str, graph: Graph) -> Port:
    """Return the port for an output of a step, or for what it could give as well."""
    for each in step.outputs:
        if each.name == name:
            return each
    for each in step.inputs:
        if each.name == name and each.kind == "random":
            return replace(each, statement=step.body[-1])
    return port(graph, name, dict(step.bound)[name], frozenset())
