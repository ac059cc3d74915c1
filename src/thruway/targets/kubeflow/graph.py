"""The tasks of a pipeline as KFP nests them: DAGs in DAGs, for what KFP shows and decides itself.

```
root
├── exit-handler-1            everything, so that the end is recorded whatever became of it
│   ├── load
│   ├── prepare               a pipeline that is called by this one
│   │   └── …
│   ├── scale-items           of a mapped step: how many items there are,
│   ├── for-loop-1            a task for each,
│   │   └── scale-item
│   ├── scale-gather          and the list of what they gave
│   └── condition-branches-2  a step and its other branch; always done, so that others go on
│       ├── condition-3
│       │   └── push
│       └── condition-4
│           └── hold
└── finish
```
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal

from thruway.kit.dag import FromLiteral, FromOutput, FromParameter
from thruway.targets.kubeflow.names import Names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from thruway.kit.dag import Dag, Node
    from thruway.targets.tasks import Task, Tasks

Kind = Literal["exit", "pipeline", "branches", "condition", "loop"]


@dataclass(frozen=True)
class Leaf:
    """A task that runs a container.

    Attributes:
        id: its name in KFP.
        task: what it does.
        node: of which node.
    """

    id: str
    task: Task
    node: Node


@dataclass(frozen=True)
class Group:
    """A DAG inside another.

    Attributes:
        id: its name in KFP.
        kind: why it is one.
        children: what is in it, in an order in which it can run.
        binding: of a condition, where it comes from.
        negated: of a condition, whether it must not hold.
        items: of a loop, the task that counts its items.
    """

    id: str
    kind: Kind
    children: tuple[Group | Leaf, ...]
    binding: FromOutput | FromParameter | None = None
    negated: bool = False
    items: str = ""


def tree_of(dag: Dag, tasks: Tasks, booleans: frozenset[str]) -> Group:
    """Return the tasks of a pipeline, nested, inside what the end waits for.

    Args:
        dag: the pipeline.
        tasks: its tasks.
        booleans: parameters that KFP knows to be true or false.
    """
    return _Tree(dag, tasks, booleans).whole()


def leaves(group: Group) -> Iterator[Leaf]:
    """Give every task in a group, in order."""
    for child in group.children:
        if isinstance(child, Leaf):
            yield child
        else:
            yield from leaves(child)


def deciding(group: Group) -> frozenset[tuple[str, str]]:
    """Return (node, field) of every value that KFP itself decides by; "" is the whole."""
    found = {
        (each.binding.node, each.binding.field or "")
        for each in _groups(group)
        if isinstance(each.binding, FromOutput)
    }
    return frozenset(found)


def _groups(group: Group) -> Iterator[Group]:
    yield group
    for child in group.children:
        if isinstance(child, Group):
            yield from _groups(child)


class _Tree:
    def __init__(self, dag: Dag, tasks: Tasks, booleans: frozenset[str]) -> None:
        self.dag = dag
        self.names = Names()
        self.booleans = booleans
        self.numbers = 0
        self.of_node: dict[str, list[Leaf]] = {node.name: [] for node in dag.nodes}
        for task in tasks.tasks:
            node = dag.node(task.node)
            self.of_node[task.node].append(Leaf(self.names.new(task.name), task, node))

    def whole(self) -> Group:
        name = self.numbered("exit-handler")
        return Group(name, "exit", self.scope(self.dag.nodes, 0))

    def numbered(self, kind: str) -> str:
        self.numbers += 1
        return self.names.new(f"{kind}-{self.numbers}")

    def scope(self, nodes: Iterable[Node], depth: int) -> tuple[Group | Leaf, ...]:
        """Return what is in one pipeline: its own steps, and the pipelines that it calls."""
        found: list[Group | Leaf] = []
        for (call, _), run in groupby(nodes, lambda node: self.part(node, depth)):
            members = list(run)
            if call:
                name = self.names.new(call)
                found.append(Group(name, "pipeline", self.scope(members, depth + 1)))
            else:
                found += self.steps(members)
        return tuple(found)

    def part(self, node: Node, depth: int) -> tuple[str, Any]:
        """Return the called pipeline that a node is in, "" for none; and the condition it is on."""
        parts = node.name.split(".")
        if len(parts) > depth + 1:
            return parts[depth], None
        return "", self.binding(node)

    def binding(self, node: Node) -> FromOutput | FromParameter | None:
        """Return what decides whether a node runs, if KFP can; else its task says so itself."""
        binding = node.condition.binding if node.condition else None
        if isinstance(binding, FromOutput):
            decider = self.dag.node(binding.node)
            return None if decider.condition or decider.mapped else binding
        if isinstance(binding, FromParameter) and binding.name in self.booleans:
            return binding
        return None

    def steps(self, nodes: list[Node]) -> list[Group | Leaf]:
        binding = self.binding(nodes[0])
        if binding is None:
            return [each for node in nodes for each in self.step(node)]
        branches = self.numbered("condition-branches")
        inner = []
        for negated in (False, True):
            members = [n for n in nodes if n.condition and n.condition.negated is negated]
            if members:
                name = self.numbered("condition")
                children = tuple(each for node in members for each in self.step(node))
                inner.append(Group(name, "condition", children, binding, negated))
        return [Group(branches, "branches", tuple(inner))]

    def step(self, node: Node) -> list[Group | Leaf]:
        found = self.of_node[node.name]
        if not node.mapped:
            return [*found]
        items, item, gather = found
        loop = Group(self.numbered("for-loop"), "loop", (item,), items=items.id)
        return [items, loop, gather]


def surely_some(node: Node) -> bool:
    """Say whether a mapped step has items whatever happens: KFP cannot collect from none."""
    import ast

    source: Mapping[str, Any] = dict(node.inputs)
    binding = source.get(node.mapped)
    return isinstance(binding, FromLiteral) and bool(ast.literal_eval(binding.text))
