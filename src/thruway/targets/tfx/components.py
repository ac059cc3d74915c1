"""A pipeline as components of TFX: what each takes and gives, and who gives it.

Calls of one step that take and give the same types are one component; a call is a node of TFX.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from thruway.kit.dag import outputs_in
from thruway.targets.tfx.artifacts import Output, outputs_of
from thruway.targets.tfx.names import Names, camel

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from thruway.kit.dag import Dag, FromOutput, Node, StepRef

RESERVED = frozenset({"run", "node", "run_id", "self"})
"""Names that every component has for itself."""


@dataclass(frozen=True)
class Component:
    """A custom component.

    Attributes:
        name: of its class.
        step: that it runs.
        inputs: (name, type of artifact).
        outputs: of the step; their keys differ from the names of the inputs.
        mapped: whether it runs the step for each item.
    """

    name: str
    step: StepRef
    inputs: tuple[tuple[str, str], ...]
    outputs: tuple[Output, ...]
    mapped: bool


@dataclass(frozen=True)
class Call:
    """A node of the TFX pipeline.

    Attributes:
        name: its id, and that of the variable that holds it.
        node: name in our pipeline.
        component: what it is a call of.
        wiring: input → (name of the call, key of its output).
    """

    name: str
    node: str
    component: Component
    wiring: tuple[tuple[str, tuple[str, str]], ...]


def calls_of(
    dag: Dag, names: Names, titles: Names, without: Collection[str] = ()
) -> tuple[Call, ...]:
    """Return the calls that make up a pipeline, in its order.

    Args:
        dag: the pipeline.
        names: of variables.
        titles: of components.
        without: nodes that are left out.
    """
    known: dict[object, Component] = {}
    calls: dict[str, Call] = {}
    fields = _fields(dag)
    for node in dag.nodes:
        if node.name in without:
            continue
        outputs = outputs_of(node.step, mapped=bool(node.mapped), taken=fields.get(node.name, ()))
        wiring = _wiring(node, calls, {output.key for output in outputs})
        inputs = tuple((name, kind) for name, _, kind in wiring)
        mapped = bool(node.mapped)
        same = (node.step.module, node.step.qualname, inputs, outputs, mapped)
        if same not in known:
            title = titles.free(camel(node.step.name))
            known[same] = Component(title, node.step, inputs, outputs, mapped)
        wired = tuple((name, source) for name, source, _ in wiring)
        calls[node.name] = Call(names.free(node.name), node.name, known[same], wired)
    return tuple(calls.values())


def _fields(dag: Dag) -> dict[str, list[str | None]]:
    """Return node → fields of its result that are taken; None is the whole."""
    found: dict[str, list[str | None]] = {}
    returned = [output for _, binding in dag.outputs for output in outputs_in(binding)]
    for output in [*(each for node in dag.nodes for each in node.sources), *returned]:
        found.setdefault(output.node, []).append(output.field)
    return found


def _wiring(
    node: Node, calls: Mapping[str, Call], keys: set[str]
) -> tuple[tuple[str, tuple[str, str], str], ...]:
    """Return (input, who gives it, type); an input is not named as an output is."""
    names = Names({*RESERVED, *keys})
    return tuple(
        (_input(names, argument), *source_of(output, calls)) for argument, output in _taken(node)
    )


def _input(names: Names, argument: str) -> str:
    wanted = f"input_{argument}" if argument.isdigit() or argument in names.taken else argument
    return names.free(wanted)


def _taken(node: Node) -> Iterator[tuple[str, FromOutput]]:
    """Yield what a node takes, or its condition: argument, and an output that it may be."""
    if node.condition is not None:
        for output in outputs_in(node.condition.binding):
            yield "condition", output
    for argument, binding in node.inputs:
        for output in outputs_in(binding):
            yield argument, output


def source_of(output: FromOutput, calls: Mapping[str, Call]) -> tuple[tuple[str, str], str]:
    """Return who gives a value, its key there, and the type of its artifact."""
    call = calls[output.node]
    given = call.component.outputs
    found = next((one for one in given if one.port == output.field), given[0])
    return (call.name, found.key), found.type
