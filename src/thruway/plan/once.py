"""Write the repeated steps once: one function in general words, and what each call passes.

The first occurrence gives the lines. What is called differently in the others gets a general
name; a constant that differs becomes a keyword without a default, so that every call says it.
"""

from __future__ import annotations

import ast
import builtins
import keyword
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from thruway.plan.naming.general import general_name, joined_type
from thruway.plan.naming.steps import repeated_names
from thruway.plan.repeat import find_groups, output_port
from thruway.plan.types import Edit, Parameter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from thruway.graph.types import Graph
    from thruway.plan.borders import Passage
    from thruway.plan.naming.steps import Subject
    from thruway.plan.repeat import Group, Reading
    from thruway.plan.shape import Part
    from thruway.plan.types import CutMode, Port, Role, StepPlan

_Literal = tuple[int, "Part"]


def write_repeated_once(
    steps: tuple[StepPlan, ...],
    subjects: tuple[Subject, ...],
    graph: Graph,
    roles: dict[int, Role],
    taken: frozenset[str],
    mode: CutMode,
    passages: tuple[Passage, ...] = (),
    wanted: tuple[tuple[str, ...], ...] = ((),),
) -> tuple[StepPlan, ...]:
    """Return the steps, with those that are equal but for names and constants as calls of one.

    Args:
        steps: as if each was written by itself.
        subjects: what each is about.
        graph: the program.
        roles: of its statements.
        taken: names that mean something in the program.
        mode: where it was cut.
        passages: repeated ones that it was cut by.
        wanted: names asked for: lists of a name for each step, "" for none. One whose name the
            user gave keeps a function of its own.
    """
    named = frozenset(index for index, name in enumerate(wanted[0]) if name)
    named |= {index for index, step in enumerate(steps) if step.mapped}
    groups = find_groups(steps, graph, roles, passages, named)
    if not groups:
        return steps
    names, titles = repeated_names(groups, subjects, taken, mode, wanted)
    found = [
        replace(
            step,
            name=name,
            calls="" if name == function else function,
            title=titles.get(index, step.title),
        )
        for index, (step, (name, function)) in enumerate(zip(steps, names, strict=True))
    ]
    for group in groups:
        steps = tuple(found)
        for index, step in _Merger(group, steps, graph).steps().items():
            found[index] = step
    return tuple(found)


class _Merger:
    """Writes one group."""

    def __init__(self, group: Group, steps: tuple[StepPlan, ...], graph: Graph) -> None:
        self.group = group
        self.graph = graph
        self.members = {index: steps[index] for index in group.readings}
        self.first = next(iter(self.members))
        self.text = group.readings[self.first]
        self.renames = self._renames()
        self.labels = self._labels()

    def steps(self) -> dict[int, StepPlan]:
        """Return index → the step as a call."""
        parameters, lifts = self._parameters()
        inputs = self._joined([self._inputs(index) for index in self.members])
        outputs = self._joined([self._outputs(index) for index in self.members], strict=True)
        text = self.members[self.first]
        others = [e for e in text.edits if e not in self._lift_edits(self.text)]
        edits = (*others, *lifts, *self._rename_edits())
        return {
            index: replace(
                step,
                inputs=inputs[at],
                outputs=outputs[at],
                parameters=tuple(each[at] for each in parameters),
                edits=edits if index == self.first else step.edits,
                renames=self._renames_of(index),
            )
            for at, (index, step) in enumerate(self.members.items())
        }

    # --- names ---------------------------------------------------------------------------

    def _renames(self) -> dict[str, str]:
        """Return name in the first step → general name, for names that differ."""
        taken = self._taken()
        movable = self._movable()
        found: dict[str, str] = {}
        for name in self.group.pairings[self.first].there:
            own = [self.group.pairings[index].there[name] for index in self.members]
            if len(set(own)) == 1 or name not in movable:
                continue
            general = general_name(own, self.members[self.first], name, self.graph)
            if general != name and general not in taken:
                found[name] = general
                taken.add(general)
        return found

    def _taken(self) -> set[str]:
        """Return every name that means something in the function or could hide a built-in."""
        step = self.members[self.first]
        names = (
            set(dir(builtins)) | set(keyword.kwlist) | {step.function, *step.shared, *step.settings}
        )
        for code in (*step.imports, *(self.graph.node(n).statement.code for n in step.body)):
            names |= _names(code)
        return names | {port.name for port in (*step.inputs, *step.outputs)}

    def _movable(self) -> frozenset[str]:
        """Return the names of which every place in the text is known."""
        parts = [part for row in self.text.parts for part in row if part.kind == "name"]
        stuck = {part.text for part in parts if part.span is None}
        return frozenset(part.text for part in parts) - stuck

    def _renames_of(self, index: int) -> tuple[tuple[str, str], ...]:
        back = self.group.pairings[index].back
        pairs = {own: self.renames.get(name, name) for own, name in back.items()}
        return tuple(sorted((own, name) for own, name in pairs.items() if own != name))

    def _rename_edits(self) -> list[Edit]:
        return [
            self._edit(at, part, self.renames[part.text])
            for at, parts in enumerate(self.text.parts)
            for part in parts
            if part.kind == "name" and part.text in self.renames
        ]

    def _edit(self, at: int, part: Part, text: str) -> Edit:
        """Return the edit that puts a text in the place of a part."""
        assert part.span is not None
        return Edit(self.members[self.first].body[at], *part.span, text)

    def _labels(self) -> dict[str, str]:
        """Return step → what it alone calls something that it gives; nothing if there is none."""
        for name in self.group.outputs:
            own = [self.group.pairings[index].there.get(name, name) for index in self.members]
            if len(set(own)) == len(own):
                return dict(zip((s.name for s in self.members.values()), own, strict=True))
        return {}

    # --- ports ---------------------------------------------------------------------------

    def _inputs(self, index: int) -> list[Port]:
        """Return the inputs of a step in the order of the first one."""
        there = self.group.pairings[index].there
        ports = {each.name: each for each in self.members[index].inputs}
        return [
            self._local(ports[there.get(each.name, each.name)], each.name)
            for each in self.members[self.first].inputs
        ]

    def _outputs(self, index: int) -> list[Port]:
        there = self.group.pairings[index].there
        step = self.members[index]
        return [
            self._local(output_port(step, there.get(name, name), self.graph), name)
            for name in self.group.outputs
        ]

    def _local(self, port: Port, name: str) -> Port:
        inside = self.renames.get(name, name)
        return replace(port, local="" if inside == port.name else inside)

    def _joined(self, rows: list[list[Port]], *, strict: bool = False) -> list[tuple[Port, ...]]:
        """Return the ports of each step with the types that hold for all of them."""
        columns = []
        for ports in zip(*rows, strict=True):
            annotation, imports = joined_type(ports, strict=strict)
            columns.append(
                [replace(port, annotation=annotation, imports=imports) for port in ports]
            )
        return [tuple(column[at] for column in columns) for at in range(len(rows))]

    # --- parameters ----------------------------------------------------------------------

    def _parameters(self) -> tuple[list[list[Parameter]], list[Edit]]:
        """Return a row of each parameter as the steps pass it, and the edits that put it in."""
        rows = {each: self._constant(each) for each in self._constants()}
        names: dict[tuple[object, ...], str] = {}
        taken = self._taken() | set(self.renames.values()) | set(rows)
        edits: list[Edit] = []
        lifted = [reading.lifted() for reading in self.group.readings.values()]
        literals = [reading.literals() for reading in self.group.readings.values()]
        for spots in zip(*literals, strict=True):
            made = [known.get(spot) for known, spot in zip(lifted, spots, strict=True)]
            values = tuple(part.text for _, part in spots)
            if len(set(values)) == 1 and None in made:
                continue
            at, part = spots[0]
            if part.in_text:
                part, values = _core(part, values)
            wanted = made[0] or next(filter(None, made), spots[0][1].wanted)
            name = names.get((wanted, values))
            if name is None:
                name = names[wanted, values] = _free(wanted, taken)
                taken.add(name)
                rows[name] = self._row(name, values, made)
            edits.append(self._edit(at, part, f"{{{name}}}" if part.in_text else name))
        return list(rows.values()), edits

    def _row(self, name: str, values: tuple[str, ...], made: list[str | None]) -> list[Parameter]:
        """Return one parameter as each step passes it."""
        differs = len(set(values)) > 1
        known = self._known(made)
        annotation = _annotation(values)
        found = []
        for step, value in zip(self.members.values(), values, strict=True):
            if known is None or None in made:
                row = Parameter(
                    name, "", value, annotation, "constant", "differs from call to call"
                )
            else:
                row = replace(known, name=name, default=value, annotation=annotation)
                label = self.labels.get(step.name, "") if differs else ""
                row = replace(row, pipeline_name=f"{label}_{name}" if label else name)
            found.append(replace(row, differs=differs))
        return found

    def _known(self, made: list[str | None]) -> Parameter | None:
        for step, name in zip(self.members.values(), made, strict=True):
            for each in step.parameters:
                if each.name == name:
                    return each
        return None

    def _constants(self) -> list[str]:
        """Return the parameters that are constants of the program, by name."""
        lifted = set(self.text.lifted().values())
        return [p.name for p in self.members[self.first].parameters if p.name not in lifted]

    def _constant(self, name: str) -> list[Parameter]:
        found = []
        for index, step in self.members.items():
            own = self.group.pairings[index].there.get(name, name)
            found.append(next(each for each in step.parameters if each.name == own))
        differs = len({each.default for each in found}) > 1
        inside = self.renames.get(name, name)
        return [replace(each, name=inside, differs=differs) for each in found]

    def _lift_edits(self, reading: Reading) -> list[Edit]:
        spans = {(at, part.span) for at, part in reading.lifted()}
        body = reading.step.body
        return [
            e
            for e in reading.step.edits
            if (body.index(e.statement), (e.line, e.column, e.end_line, e.end_column)) in spans
        ]


def _names(code: str) -> set[str]:
    """Return every name that a text reads or binds, at any depth."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.alias):
            found.add((node.asname or node.name).split(".")[0])
        elif not isinstance(node, ast.Attribute | ast.keyword):
            found |= {text for _, text in ast.iter_fields(node) if isinstance(text, str)}
    return found


def _core(part: Part, values: tuple[str, ...]) -> tuple[Part, tuple[str, ...]]:
    """Return the part of an f-string's text that differs, and the texts in its place.

    It begins and ends where words do.
    """
    rows = [re.findall(r"\w+|\W", ast.literal_eval(value)) for value in values]
    first = _agreeing(rows)
    last = _agreeing([row[first:][::-1] for row in rows])
    texts = tuple(repr("".join(row[first : len(row) - last])) for row in rows)
    line, column, *_ = part.span or (1, 0, 1, 0)
    start = column + len("".join(rows[0][:first]))
    end = start + len(ast.literal_eval(texts[0]))
    return replace(part, span=(line, start, line, end)), texts


def _agreeing(rows: list[list[str]]) -> int:
    """Return with how many equal items the rows begin."""
    count = 0
    for items in zip(*rows, strict=False):
        if len(set(items)) > 1:
            break
        count += 1
    return count


def _free(wanted: str, taken: Mapping[str, object] | set[str]) -> str:
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted}_{number}", number + 1
    return name


def _annotation(values: Sequence[str]) -> str:
    names = {type(ast.literal_eval(value)).__name__ for value in values}
    texts = sorted(names - {"NoneType"}) + (["None"] if "NoneType" in names else [])
    return " | ".join(texts)
