"""Make the plan: roles, links, cuts, interfaces, places and names, put together.

Each part is its own module; this one only hands values from one to the next.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from thruway.graph.reach import Reach
from thruway.plan.cut import Segment, cut, family
from thruway.plan.imports import import_lines
from thruway.plan.lift import lift
from thruway.plan.link import Link, find_links, findings_of
from thruway.plan.mapped import fan_cuts, fan_links, fan_names, find_fans, with_fans
from thruway.plan.naming.headline import package_of, title_of
from thruway.plan.naming.models import makes
from thruway.plan.naming.steps import Subject, models_of, step_names, title
from thruway.plan.notice import notice, notice_moved, relevant
from thruway.plan.once import write_repeated_once
from thruway.plan.order import moved_looks
from thruway.plan.parameters import name_at_pipeline
from thruway.plan.passages import find_passages
from thruway.plan.place import Definitions, Place, place
from thruway.plan.ports import Crossing, crossings, in_text_order, link_files, port
from thruway.plan.reasons import with_port_reasons
from thruway.plan.rebind import rebinding_edits
from thruway.plan.results import results_of
from thruway.plan.roles import assign_roles
from thruway.plan.schemas import name_schemas
from thruway.plan.scope import module_texts, scope_edits
from thruway.plan.share import share
from thruway.plan.shown import is_shown
from thruway.plan.sort import sort_statements, written_into
from thruway.plan.types import CutMode, Plan, Port, Role, Shared, StepPlan
from thruway.plan.wishes import (
    NO_WISHES,
    Wishes,
    judge_cuts,
    judge_names,
    rename_parameters,
    settle,
    wanted_names,
)

if TYPE_CHECKING:
    from thruway.graph.types import Graph, Node


def make_plan(
    graph: Graph,
    *,
    mode: CutMode = "auto",
    package: str = "",
    unstorable: frozenset[tuple[str, int]] = frozenset(),
    together: tuple[Link, ...] = (),
    wishes: Wishes = NO_WISHES,
    once: bool = True,
    fan_out: bool = True,
) -> Plan:
    """Return the plan of a whole project.

    Args:
        graph: the dependence graph of the program.
        mode: where to cut.
        package: name of the package; made from the file's name when empty.
        unstorable: (name, statement) pairs that an earlier attempt could not store.
        together: statements that an earlier proof showed to belong together.
        wishes: what the user decided otherwise, and names to keep.
        once: write repeated passages once.
        fan_out: make a call of each iteration of a loop whose iterations are independent.
    """
    nodes = {node.statement.id: node for node in graph.nodes}
    sorted_ = sort_statements(graph)
    definitions = Definitions(graph, sorted_.seeds | sorted_.folders)
    roles = assign_roles(graph)
    asked = settle(wishes, graph, sorted_.body)
    links = find_links(graph, sorted_.settings, definitions, unstorable)
    passages = find_passages(graph, sorted_.body, roles) if once else ()
    fans = find_fans(graph, sorted_.body) if fan_out else ()
    while True:
        firm = (*links, *together, *asked.links, *fan_links(fans))
        pins = asked.cuts.keys() | fan_cuts(fans, sorted_.body, graph)
        segments = cut(graph, sorted_.body, roles, firm, mode, pins, passages)
        inline = written_into(sorted_, segments, nodes, definitions.reach)
        crossing = crossings(graph, definitions.reach, segments, inline)
        places = [
            _settle_locals(segment, index, crossing[index], definitions, inline)
            for index, segment in enumerate(segments)
        ]
        clashes = _clashes(segments, crossing, places, definitions)
        if not clashes:
            break
        links = (*links, *clashes)
    segments = judge_cuts(asked, segments, firm, graph)
    taken = _program_names(graph)
    name = package or package_of(graph, taken)
    results = results_of(graph, definitions, segments, roles, unstorable)
    shared, module_of = share(graph, definitions, segments, places, sorted_.settings)
    subjects = tuple(
        _subject(graph, segment, roles, crossing[index], results[index])
        for index, segment in enumerate(segments)
    )
    wanted = (*wanted_names(asked, wishes, segments, graph), fan_names(fans, segments))
    models = models_of(subjects)
    names = step_names(subjects, taken | {name}, mode, wanted, models)
    steps = tuple(
        _step(
            _Draft(
                graph,
                definitions,
                segment,
                places[i],
                crossing[i],
                subjects[i],
                names[i],
                models[i],
                sum(other.heading == subjects[i].heading for other in subjects) == 1,
            ),
            results[i],
            module_of[i],
            _settings_before(shared, segments, i),
            inline,
            i,
        )
        for i, segment in enumerate(segments)
    )
    steps = with_fans(link_files(steps), fans, graph)
    if once:
        known = taken | {name}
        steps = write_repeated_once(steps, subjects, graph, roles, known, mode, passages, wanted)
    judge_names(asked, tuple(step.function for step in steps), taken | {name}, graph)
    steps = name_schemas(name_at_pipeline(steps), taken)
    steps = rename_parameters(asked, wishes, steps, name, graph)
    returned = tuple((port, steps[i].name) for i, step in enumerate(results) for port in step)
    return Plan(
        graph=graph,
        package=name,
        title=title_of(graph, name),
        steps=with_port_reasons(graph, steps, returned),
        shared=shared,
        results=returned,
        dropped=sorted_.dropped,
        roles=tuple((number, str(role)) for number, role in sorted(roles.items())),
        findings=(
            *notice(graph),
            *notice_moved(moved_looks(graph, roles)),
            *findings_of(graph, relevant(links, sorted_.body)),
            *asked.findings(),
        ),
        cut=mode,
        overrides=asked.kept(wishes),
    )


def _settle_locals(
    segment: Segment,
    index: int,
    crossing: Crossing,
    definitions: Definitions,
    inline: dict[int, frozenset[int]],
) -> Place:
    """Place definitions until the set of local names is stable."""
    extra = frozenset(number for number, at in inline.items() if index in at)
    local = frozenset(
        name
        for number in (*segment.statements, *extra)
        for name in (
            *definitions.nodes[number].statement.stores,
            *definitions.nodes[number].fact.binds,
        )
    ) | frozenset(c for c in crossing.enters if ":" not in c)
    while True:
        found = place(segment, definitions, local, extra)
        more = frozenset(
            name for number in found.inline for name in definitions.nodes[number].statement.stores
        )
        if more <= local:
            return found
        local |= more


def _clashes(
    segments: tuple[Segment, ...],
    crossing: list[Crossing],
    places: list[Place],
    definitions: Definitions,
) -> tuple[Link, ...]:
    """A definition that would be written over the input of the same name: keep both writers."""
    return tuple(
        Link(source, segment.statements[-1], name, f"two values of `{name}` are needed at once")
        for segment, found, place in zip(segments, crossing, places, strict=True)
        for name, source in found.enters.items()
        if any(name in definitions.nodes[n].statement.stores for n in place.inline)
    )


@dataclass(frozen=True)
class _Draft:
    graph: Graph
    definitions: Definitions
    segment: Segment
    place: Place
    crossing: Crossing
    subject: Subject
    name: str
    models: tuple[str, ...]
    own_heading: bool


def _step(
    draft: _Draft,
    results: tuple[str, ...],
    module: tuple[tuple[int, ...], tuple[str, ...]],
    settings: tuple[str, ...],
    inline: dict[int, frozenset[int]],
    index: int,
) -> StepPlan:
    nodes = draft.definitions.nodes
    own = {n for n, at in inline.items() if index in at}
    body = tuple(sorted({*draft.segment.statements, *draft.place.inline, *own}))
    taken = _names_in(body, nodes) | {draft.name}
    inputs = tuple(
        port(draft.graph, c, source, taken) for c, source in draft.crossing.enters.items()
    )
    outputs = _outputs(draft, results, taken, body)
    helpers, shared_names = module
    needed = set(draft.place.imports)
    _, of_helpers = draft.definitions.module_needs(set(helpers))
    needed |= of_helpers
    imports = import_lines(needed, nodes)
    known = taken | {p.name for p in (*inputs, *outputs)} | {n for _, n in needed}
    known |= frozenset(shared_names) | _stores(helpers, nodes)
    lifted = lift(
        (nodes[n] for n in body),
        [nodes[n] for n in sorted(draft.place.lifted)],
        known,
        draft.graph.files_read_back,
    )
    scoped = scope_edits(body, nodes, frozenset(p.name for p in inputs), _module(draft.graph))
    return StepPlan(
        name=draft.name,
        role=draft.subject.role,
        title=title(draft.subject, draft.models, own_heading=draft.own_heading),
        body=body,
        inputs=inputs,
        outputs=outputs,
        parameters=lifted.parameters,
        helpers=helpers,
        shared=shared_names,
        imports=imports,
        settings=settings,
        edits=(*lifted.edits, *scoped.edits, *rebinding_edits(body, nodes)),
        restores=tuple(p.name for p in inputs if p.kind == "random"),
        declare=scoped.declare,
        displayed=frozenset(n for n in body if is_shown(nodes[n])),
        shown=frozenset(n for n in body if nodes[n].fact.flushed),
        underscore=frozenset(
            n
            for n in body
            if "_" in nodes[n].fact.binds
            and nodes[n].statement.displays
            and _read_later(draft.graph, n)
        ),
        reason=draft.segment.reason,
        bound=_bound(body, draft.graph),
    )


def _outputs(
    draft: _Draft, results: tuple[str, ...], taken: frozenset[str], body: tuple[int, ...]
) -> tuple[Port, ...]:
    leaves = dict(draft.crossing.leaves)
    last = body[-1]
    for name in results:
        source = draft.definitions.reach.until(name, last)
        if source is not None:
            leaves.setdefault(name, source)
    ports = [port(draft.graph, c, source, taken) for c, source in leaves.items()]
    return in_text_order(ports, [draft.definitions.nodes[number] for number in body])


def _bound(body: tuple[int, ...], graph: Graph) -> tuple[tuple[str, int], ...]:
    """For every name that a step makes, the last of its statements that did.

    A name that the original deletes afterwards is left out: the step keeps its object, which
    the original may have changed under another name.
    """
    last: dict[str, int] = {}
    for number in body:
        node = graph.node(number)
        # `_` is what a notebook showed last, unless the program reads it.
        made = (node.fact.binds | node.fact.changes) - {"_"}
        if node.replicable and node.statement.kind != "constant":
            made &= last.keys()  # an import that hides a value, such as `from math import *`
        last.update(dict.fromkeys(made, number))
    deleted = graph.deleted
    return tuple(sorted((n, at) for n, at in last.items() if deleted.get(n, 0) <= at))


def _subject(
    graph: Graph,
    segment: Segment,
    roles: dict[int, Role],
    crossing: Crossing,
    results: tuple[str, ...],
) -> Subject:
    nodes = {node.statement.id: node for node in graph.nodes}
    members = tuple(nodes[number] for number in segment.statements)
    outputs = tuple(c for c in (*crossing.leaves, *results) if ":" not in c)
    inputs = tuple(c for c in crossing.enters if ":" not in c)
    headings = [node.statement.heading for node in members if node.statement.heading]
    heading = max(set(headings), key=lambda h: (headings.count(h), -headings.index(h)), default="")
    first = segment.statements[0]
    values = {name: value for name in inputs if (value := graph.value_at(name, first)) is not None}
    own = {
        name: tuple(makes(node))
        for node in graph.nodes
        if node.statement.kind == "function"
        for name in node.statement.stores
    }
    return Subject(_role(segment, roles), members, inputs, outputs, heading, values, own)


def _role(segment: Segment, roles: dict[int, Role]) -> Role:
    """The role of a step: that of its weightiest family, by its most frequent member."""
    strength = {
        "train": 5.0,
        "split": 6.0,
        "ingest": 5.5,
        "export": 2.0,
        "evaluate": 2.0,
        "transform": 1.0,
        "prepare": 0.7,
        "explore": 0.3,
    }
    weights: dict[str, float] = {}
    for number in segment.statements:
        key = family(roles[number])
        weights[key] = weights.get(key, 0.0) + strength[key]
    main = max(sorted(weights), key=lambda key: (key != "explore", weights[key]))
    members = [roles[n] for n in segment.statements if family(roles[n]) == main]
    return max(sorted(set(members)), key=members.count)


def _settings_before(shared: Shared, segments: tuple[Segment, ...], index: int) -> tuple[str, ...]:
    first = segments[index].statements[0]
    return tuple(group.name for group in shared.settings if group.statements[-1] < first)


def _program_names(graph: Graph) -> frozenset[str]:
    names = frozenset(
        name
        for node in graph.nodes
        for name in (*node.statement.stores, *node.statement.loads, *node.fact.binds)
    )
    # A step called `matplotlib` would be taken for the library.
    libraries = frozenset(package.replace("-", "_") for package in graph.trace.packages)
    return names | libraries | sys.stdlib_module_names


def _names_in(body: tuple[int, ...], nodes: dict[int, Node]) -> frozenset[str]:
    return frozenset(
        name
        for n in body
        for name in (
            *nodes[n].statement.stores,
            *nodes[n].statement.loads,
            *nodes[n].statement.deferred,
            *nodes[n].fact.binds,
            *nodes[n].fact.reads,
        )
    )


def _stores(numbers: tuple[int, ...], nodes: dict[int, Node]) -> frozenset[str]:
    return frozenset(name for n in numbers for name in nodes[n].statement.stores)


def _module(graph: Graph) -> dict[str, str]:
    program = graph.program
    source = program.source
    return module_texts(program.statements, source.path.name, notebook=source.kind == "notebook")


def _read_later(graph: Graph, number: int) -> bool:
    reach = Reach(graph.nodes)
    return any(
        "_" in node.reads and reach.before("_", node.statement.id) == number for node in graph.nodes
    )
