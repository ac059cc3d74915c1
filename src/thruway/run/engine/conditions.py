"""Values that decide which steps a run calls: conditions of `when`, and what its branches gave."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from thruway.kit.branch import check_condition
from thruway.kit.dag import FromEither, FromLiteral, FromOutput, FromParameter
from thruway.run.store.store import WHOLE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from thruway.kit.dag import Binding, Node
    from thruway.run.engine.schedule import Schedule


class Conditions:
    """Looks at the values that are there already.

    Args:
        schedule: knows what is done.
        parameters: values of the pipeline's parameters.
        load: gives the value of an output that is done.
    """

    def __init__(
        self,
        schedule: Schedule,
        parameters: Mapping[str, Any],
        load: Callable[[FromOutput], Any],
    ) -> None:
        self._schedule = schedule
        self._parameters = parameters
        self._load = load
        self._known: dict[Binding, bool] = {}

    def holds(self, node: Node) -> bool:
        """Say whether a node is to be called.

        Raises:
            PipelineError: its condition is neither True nor False.
        """
        condition = node.condition
        if condition is None:
            return True
        return self._value(condition.binding, node.name) is not condition.negated

    def reason(self, node: Node) -> str:
        """Return why a node is not called."""
        assert node.condition is not None
        return f"{node.condition.binding} is {self._known[node.condition.binding]}"

    def settle(self, binding: Binding) -> Binding | None:
        """Return the branch that a binding means, any other as it is; None for the value None."""
        if not isinstance(binding, FromEither):
            return binding
        taken = self._value(binding.condition, binding.then.node)
        return binding.then if taken else binding.otherwise

    def _value(self, binding: Binding, node: str) -> bool:
        if isinstance(binding, FromParameter):
            found = self._parameters[binding.name]
        elif isinstance(binding, FromOutput):
            found = self._load(binding)
        else:
            assert isinstance(binding, FromLiteral)
            found = ast.literal_eval(binding.text)
        check_condition(found, f"step {node}, on {binding}")
        self._known[binding] = found
        return bool(found)


def load_from(
    schedule: Schedule, memory: Mapping[tuple[str, str], Any], load: Callable[[Any], Any]
) -> Callable[[FromOutput], Any]:
    """Return what gives the value of an output: from memory where it is not stored."""

    def value(source: FromOutput) -> Any:
        port = source.field or WHOLE
        if (source.node, port) in memory:
            return memory[source.node, port]
        return load(schedule.done[source.node].outputs[port])

    return value
