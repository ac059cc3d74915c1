"""What crosses the edges of each step: values, random states and files."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from thruway.plan.types import Port

if TYPE_CHECKING:
    from collections.abc import Mapping

    from thruway.graph.reach import Reach
    from thruway.graph.types import Graph, Node
    from thruway.plan.cut import Segment
    from thruway.plan.types import StepPlan

_RANDOM = {
    "random:python": ("python_random", "PythonRandom"),
    "random:numpy": ("numpy_random", "NumpyRandom"),
    "random:torch": ("torch_random", "TorchRandom"),
    "random:tensorflow": ("tensorflow_random", "TensorflowRandom"),
}


@dataclass
class Crossing:
    """Carriers that enter and leave one segment, with the statement that made them."""

    enters: dict[str, int] = field(default_factory=dict)
    leaves: dict[str, int] = field(default_factory=dict)


def crossings(
    graph: Graph,
    reach: Reach,
    segments: tuple[Segment, ...],
    inline: Mapping[int, frozenset[int]],
) -> list[Crossing]:
    """Return what enters and leaves each segment.

    Args:
        graph: the dependence graph.
        reach: its index of writers.
        segments: the steps to be.
        inline: statements outside `segments` (seeds, settings) → segments they are written into.
    """
    nodes = {node.statement.id: node for node in graph.nodes}
    home = {number: index for index, s in enumerate(segments) for number in s.statements}
    found = [Crossing() for _ in segments]
    for index, segment in enumerate(segments):
        own = {*segment.statements, *(n for n, at in inline.items() if index in at)}
        for number in sorted(own):
            for carrier in _ordered_needs(nodes[number]):
                source = reach.before(carrier, number)
                if source is None or source in own or source not in home:
                    continue
                if carrier.startswith(("figure:", "options:", "env:", "module:", "outside:")):
                    continue
                if carrier in nodes[source].statement.deletes - nodes[source].binds:
                    continue
                found[index].enters.setdefault(carrier, source)
                found[home[source]].leaves.setdefault(carrier, source)
    return found


def _ordered_needs(node: Node) -> list[str]:
    """Needs of a node in the order in which its text names them, the unnamed ones last."""
    names = node.reads | node.updates | node.resources_read
    words = _words(node)
    return sorted(names, key=lambda name: (words.get(name, len(words) + 1), name))


def in_text_order(ports: list[Port], body: list[Node]) -> tuple[Port, ...]:
    """Return the outputs of a step as its text makes them: values, then files, then states."""
    kinds = {"value": 0, "file": 1, "random": 2}
    first: dict[str, tuple[int, int]] = {}
    for at, node in enumerate(body):
        words = _words(node)
        for name in node.statement.stores | node.fact.binds:
            first.setdefault(name, (at, words.get(name, len(words))))
    never = (len(body), 0)
    return tuple(sorted(ports, key=lambda p: (kinds[p.kind], first.get(p.name, never))))


def _words(node: Node) -> dict[str, int]:
    """Return word → where it first stands in the text of a statement."""
    words = re.findall(r"\w+", node.statement.code)
    return {word: at for at, word in reversed(list(enumerate(words)))}


def port(graph: Graph, carrier: str, statement: int, taken: frozenset[str]) -> Port:
    """Return the port for a carrier as `statement` left it."""
    if carrier in _RANDOM:
        name, annotation = _RANDOM[carrier]
        imports = (f"from thruway import {annotation}",)
        free = _free(name, taken)
        return Port(free, "random", annotation, imports, statement=statement, resource=carrier)
    if carrier.startswith(("file:", "dir:")):
        name = _free(_slug(carrier.partition(":")[2]), taken)
        imports = ("from thruway import File",)
        return Port(name, "file", "File", imports, statement=statement, resource=carrier)
    value = graph.value_at(carrier, statement)
    if value is None:
        imports = ("from typing import Any",)
        return Port(carrier, "value", "Any", imports, statement=statement)
    return Port(carrier, "value", value.annotation, value.imports, value, statement)


def _slug(path: str) -> str:
    last = path.rstrip("/").split("/")[-1]
    name = re.sub(r"\W+", "_", last.lower(), flags=re.ASCII).strip("_") or "file"
    return f"{name}_file" if not name[0].isdigit() else f"file_{name}"


def _free(name: str, taken: frozenset[str]) -> str:
    while name in taken:
        name = f"{name}_"
    return name


def link_files(steps: tuple[StepPlan, ...]) -> tuple[StepPlan, ...]:
    """Give a random state or file the same name at both ends, and each a name of its own."""
    names: dict[str, str] = {}
    for step in steps:
        for p in step.outputs:
            if p.resource and p.resource not in names:
                names[p.resource] = _unused(p.name, set(names.values()))
    result = []
    for step in steps:
        inputs = tuple(replace(p, name=names.get(p.resource, p.name)) for p in step.inputs)
        outputs = tuple(replace(p, name=names.get(p.resource, p.name)) for p in step.outputs)
        restores = tuple(p.name for p in inputs if p.kind == "random")
        result.append(replace(step, inputs=inputs, outputs=outputs, restores=restores))
    return tuple(result)


def _unused(name: str, used: set[str]) -> str:
    number = 2
    wanted = name
    while name in used:
        name, number = f"{wanted}_{number}", number + 1
    return name
