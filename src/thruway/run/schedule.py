"""What a run still has to do and what it has done: names of nodes, in the order of the pipeline.

A mapped node makes further nodes while the run goes on: one that takes its items apart, and one
for each item. They stand before it, and it goes on when they are done (`fan`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from thruway.kit.dag import FromOutput
from thruway.run import choose
from thruway.run.job import WHOLE, Input

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from thruway.kit.dag import Dag, Node
    from thruway.run.fan import Fan
    from thruway.run.types import RunOptions, StepResult


class Schedule:
    """The nodes of one run.

    Attributes:
        names: nodes of the pipeline that the run looks at.
        order: those, and the ones that were added, in the order in which they are begun.
        waiting: those of them that have not begun.
        nodes: name → node.
        positions: name → place in the pipeline; added nodes have that of the mapped one.
        modes: name → what is to be done with it.
        wanted: name → parts of its result that are taken.
        fans: name → mapped node that has begun.
        done: name → what came of it.
    """

    def __init__(self, dag: Dag, options: RunOptions) -> None:
        self.modes = choose.modes(dag, options)
        self.wanted = choose.wanted_fields(dag)
        self.nodes = {node.name: node for node in dag.nodes}
        self.positions = {node.name: number for number, node in enumerate(dag.nodes)}
        self.names = [node.name for node in dag.nodes if self.modes[node.name] != "skip"]
        self.order = list(self.names)
        self.waiting = list(self.names)
        self.fans: dict[str, Fan] = {}
        self.done: dict[str, StepResult] = {}

    def ready(self) -> Iterator[Node]:
        """Give the nodes whose inputs are there, in their order."""
        for name in list(self.waiting):
            fan = self.fans.get(name)
            needs = fan.awaits if fan else self.nodes[name].needs
            if all(needed in self.done for needed in needs):
                yield self.nodes[name]

    def input(self, source: FromOutput) -> Input:
        """Return the artifact that a node gave."""
        return Input(source.node, self.done[source.node].outputs[source.field or WHOLE])

    def needed(self, at: tuple[str, str]) -> bool:
        """Say whether a node that still waits takes something out of an object."""
        node, address = at
        taken = {
            source.field or WHOLE
            for name in self.waiting
            # Once there are calls for its items, these take what a mapped node takes.
            if name not in self.fans or self.fans[name].instances is None
            for _, source in self.nodes[name].inputs
            if isinstance(source, FromOutput) and source.node == node
        }
        if not taken or node not in self.done:
            # The step that just ran is not among the done ones: what it gave is judged by ports.
            return bool(taken)
        outputs = self.done[node].outputs
        return any(Input(node, outputs[port]).object[1] == address for port in taken)

    def fan_of(self, name: str) -> Fan | None:
        """Return the mapped node that an added node belongs to; None for a node of the pipeline."""
        whole, added, _ = name.partition("[")
        return self.fans[whole] if added else None

    def add(self, fan: Fan, nodes: Sequence[Node]) -> None:
        """Have further nodes done before a mapped one goes on."""
        for node in nodes:
            self.nodes[node.name] = node
            self.positions[node.name] = self.positions[fan.node.name]
            self.modes[node.name] = "force" if self.modes[fan.node.name] == "force" else "normal"
            self.wanted[node.name] = frozenset({None} if node.name != fan.items else ())
        names = [node.name for node in nodes]
        for known in (self.waiting, self.order):
            known[:] = [name for name in known if name not in names]
            at = known.index(fan.node.name)
            known[at:at] = names

    def maker(self, name: str) -> str:
        """Return the node that has to be done again to have what a node gave."""
        fan = self.fan_of(name)
        return name if fan is None or name in self.nodes else fan.source

    def again(self, names: Sequence[str]) -> list[StepResult]:
        """Let nodes wait once more; return what is forgotten of them."""
        self.waiting = [name for name in self.order if name in {*self.waiting, *names}]
        added = [self.fans.pop(name) for name in names if name in self.fans]
        inner = [one for fan in added for one in (fan.items, *(fan.instances or ()))]
        return [self.done.pop(name) for name in (*names, *inner) if name in self.done]
