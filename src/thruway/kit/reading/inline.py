"""A pipeline called by another: its nodes become the caller's, under the name of the call."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from thruway.kit.dag import Condition, FromEither, FromOutput, FromParameter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from thruway.kit.dag import Binding, Dag, Node
    from thruway.kit.reading.signature import Record


@dataclass(frozen=True)
class Parts:
    """What a pipeline returns when it is more than one value: no node gives it as a whole.

    Attributes:
        name: of the call.
        outputs: (name of the part, where it comes from).
        record: the NamedTuple that the pipeline builds; None for a plain tuple.
    """

    name: str
    outputs: tuple[tuple[str, Binding], ...]
    record: Record | None = None


def inlined(dag: Dag, name: str, given: Mapping[str, Binding]) -> Dag:
    """Return a pipeline as part of another.

    Args:
        dag: the pipeline that is called.
        name: of the call; the nodes are named behind it and a dot.
        given: what is passed for each of its parameters.
    """

    def under(node: Node) -> Node:
        condition = node.condition
        return replace(
            node,
            name=f"{name}.{node.name}",
            inputs=tuple((port, _moved(source, name, given)) for port, source in node.inputs),
            condition=condition
            and Condition(_moved(condition.binding, name, given), condition.negated),
        )

    return replace(
        dag,
        nodes=tuple(map(under, dag.nodes)),
        calls=tuple(map(under, dag.calls)),
        outputs=tuple((port, _moved(source, name, given)) for port, source in dag.outputs),
    )


def _moved(binding: Binding, name: str, given: Mapping[str, Binding]) -> Binding:
    if isinstance(binding, FromParameter):
        return given[binding.name]
    if isinstance(binding, FromOutput):
        return _under(binding, name)
    if isinstance(binding, FromEither):
        otherwise = None if binding.otherwise is None else _under(binding.otherwise, name)
        condition = _moved(binding.condition, name, given)
        return FromEither(condition, _under(binding.then, name), otherwise)
    return binding


def _under(output: FromOutput, name: str) -> FromOutput:
    return FromOutput(f"{name}.{output.node}", output.field)
