"""What a run still has to do and what it has done: names of nodes, in the order of the pipeline.

A mapped node makes further nodes while the run goes on: one that takes its items apart, and one
for each item. They stand before it, and it goes on when they are done (`fan`).

Every node counts what it still waits for, and every output counts who still takes it, so that a
pipeline of ten thousand steps costs no more for each than one of ten.
"""

from __future__ import annotations

from bisect import insort
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from thruway.run.engine import choose
from thruway.run.step.job import WHOLE, Input

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from thruway.kit.dag import Dag, FromOutput, Node
    from thruway.run.engine.fan import Fan
    from thruway.run.types import ArtifactRef, RunOptions, StepResult

Rank = tuple[int, int, str]
_ITEMS, _WHOLE = -1, 1 << 62
"""Places among the nodes of a mapped one: its items come first, the whole comes last."""


class Schedule:
    """The nodes of one run.

    Attributes:
        names: nodes of the pipeline that the run looks at.
        waiting: nodes that have not begun, also those that a mapped node added.
        nodes: name → node.
        positions: name → place in the pipeline; added nodes have that of the mapped one.
        modes: name → what is to be done with it.
        wanted: name → parts of its result that are taken.
        given: nodes whose results are given, so that they need nothing.
        fans: name → mapped node that has begun.
        done: name → what came of it.
        blocked: nodes that will not begin, because a gate failed that they depend on.
    """

    def __init__(self, dag: Dag, options: RunOptions) -> None:
        self.modes = choose.modes(dag, options)
        self.wanted = choose.wanted_fields(dag)
        self.given = choose.given_whole(dag, options)
        self.nodes = {node.name: node for node in dag.nodes}
        self.positions = {node.name: number for number, node in enumerate(dag.nodes)}
        self.names = [node.name for node in dag.nodes if self.modes[node.name] != "skip"]
        self._whole = tuple(self.names)
        self.waiting = set(self.names)
        self.fans: dict[str, Fan] = {}
        self.done: dict[str, StepResult] = {}
        self.blocked: set[str] = set()
        self._ranks = {name: (at, _WHOLE, name) for name, at in self.positions.items()}
        self._unmet: dict[str, set[str]] = {}
        self._dependents: dict[str, list[str]] = defaultdict(list)
        self._takers: Counter[tuple[str, str]] = Counter()
        self._ready: list[Rank] = []
        for name in self.names:
            self._await(name)

    def ready(self) -> Iterator[Node]:
        """Give the nodes whose inputs are there and which have not begun, in their order."""
        for *_, name in list(self._ready):
            yield self.nodes[name]

    def in_order(self, names: Sequence[str]) -> list[str]:
        """Return names in the order in which nodes are begun."""
        return sorted(names, key=self._ranks.__getitem__)

    def begin(self, name: str) -> None:
        """Note that a node waits no more."""
        self.waiting.discard(name)
        self._ready.remove(self._ranks[name])
        if name not in self.fans and name not in self.given:
            self._release(name)

    def finish(self, result: StepResult) -> None:
        """Note what came of a node: those that waited for it may be ready now.

        Those that take a value whose gate failed will not be.
        """
        self.done[result.name] = result
        self._block(result)
        for name in self._dependents.pop(result.name, ()):
            unmet = self._unmet.get(name)
            if unmet is not None:
                unmet.discard(result.name)
                self._look(name)

    def input(self, source: FromOutput) -> Input:
        """Return the artifact that a node gave."""
        return Input(source.node, self.done[source.node].outputs[source.field or WHOLE])

    def needed(self, at: tuple[str, str]) -> bool:
        """Say whether a node that still waits takes something out of an object."""
        node, address = at
        if node not in self.done:
            # What the step that just ran gave is judged by its ports.
            ports = [field or WHOLE for field in self.wanted.get(node, ())]
            return any(self._takers[node, port] for port in ports)
        outputs = self.done[node].outputs
        return any(
            self._takers[node, port] and Input(node, artifact).object[1] == address
            for port, artifact in outputs.items()
        )

    def fan_of(self, name: str) -> Fan | None:
        """Return the mapped node that an added node belongs to; None for a node of the pipeline."""
        whole, added, _ = name.partition("[")
        return self.fans[whole] if added else None

    def open(self, fan: Fan) -> None:
        """Note that a mapped node has begun: it goes on when what it then awaits is done."""
        self.fans[fan.node.name] = fan
        self._ready.remove(self._ranks[fan.node.name])

    def add(self, fan: Fan, nodes: Sequence[Node]) -> None:
        """Have further nodes done before a mapped one goes on."""
        whole = fan.node.name
        for index, node in enumerate(nodes):
            name = node.name
            self.nodes[name] = node
            self.positions[name] = self.positions[whole]
            self._ranks[name] = (
                self.positions[whole],
                _ITEMS if name == fan.items else index,
                name,
            )
            self.modes[name] = "force" if self.modes[whole] == "force" else "normal"
            self.wanted[name] = frozenset({None} if name != fan.items else ())
            self.waiting.add(name)
            self._await(name)
        if fan.instances is not None:
            # Once there are calls for its items, these take what a mapped node takes.
            self._release(whole)
        if whole not in self._unmet:
            self._unmet[whole] = set()
        if self._ranks[whole] in self._ready:
            self._ready.remove(self._ranks[whole])
        self._expect(whole, fan.awaits)

    def maker(self, name: str) -> str:
        """Return the node that has to be done again to have what a node gave."""
        fan = self.fan_of(name)
        return name if fan is None or name in self.nodes else fan.source

    def again(self, names: Sequence[str]) -> list[StepResult]:
        """Let nodes wait once more; return what is forgotten of them."""
        added = [self.fans.pop(name) for name in names if name in self.fans]
        inner = [one for fan in added for one in (fan.items, *(fan.instances or ()))]
        forgotten = [self.done.pop(name) for name in (*names, *inner) if name in self.done]
        self.waiting = (self.waiting | set(names)) - set(inner)
        self._renew()
        return forgotten

    def narrow(self, names: Sequence[str], done: Iterable[StepResult]) -> None:
        """Look at some nodes alone; what others gave is known already."""
        known = {result.name: result for result in done}
        self.waiting = set(names)
        self.names = [name for name in self._whole if name in self.waiting]
        self.done.clear()
        self.done.update(known)
        self._renew()

    def _renew(self) -> None:
        self.blocked.clear()
        for result in self.done.values():
            self._block(result)
        self._unmet.clear()
        self._dependents.clear()
        self._takers.clear()
        self._ready.clear()
        for name in self.in_order(list(self.waiting)):
            self._await(name)

    def _await(self, name: str) -> None:
        """Count what a node waits for, and what it takes."""
        fan = self.fans.get(name)
        self._unmet[name] = set()
        if (fan is None or fan.instances is None) and name not in self.given:
            self._takers.update(_takes(self.nodes[name]))
        needs = () if name in self.given else self.nodes[name].needs
        self._expect(name, fan.awaits if fan else needs)

    def _expect(self, name: str, needs: Sequence[str]) -> None:
        unmet = self._unmet[name]
        for needed in needs:
            if needed not in self.done:
                unmet.add(needed)
                self._dependents[needed].append(name)
        self._look(name)

    def _block(self, result: StepResult) -> None:
        failed = [(result.name, artifact.member) for artifact in stops(result)]
        if failed:
            whole = (result.name, WHOLE)
            self.blocked |= {
                name for name in self.waiting if {*failed, whole} & {*_takes(self.nodes[name])}
            }

    def _look(self, name: str) -> None:
        if not self._unmet[name] and name in self.waiting and name not in self.blocked:
            insort(self._ready, self._ranks[name])

    def _release(self, name: str) -> None:
        self._takers.subtract(_takes(self.nodes[name]))


def stops(result: StepResult) -> list[ArtifactRef]:
    """Return the outputs of a step whose gate failed: nothing may be made from them."""
    return [artifact for artifact in result.outputs.values() if artifact.gate == "fail"]


def _takes(node: Node) -> list[tuple[str, str]]:
    return [(source.node, source.field or WHOLE) for source in node.sources]
