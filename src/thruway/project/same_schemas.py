"""One schema for all frames that look the same: a table and its halves are one kind of thing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from thruway.plan.types import Plan, Port


def with_same_schemas(plan: Plan) -> Plan:
    """Return the plan with one schema name for all frames of the same columns, the first one."""
    first: dict[tuple[object, ...], str] = {}
    chosen: dict[str, str] = {}
    for step in plan.steps:
        for port in step.outputs:
            if port.schema and port.value is not None:
                name = first.setdefault(port.value.columns, port.schema)
                chosen.setdefault(port.schema, name)
    steps = tuple(
        replace(step, inputs=_named(step.inputs, chosen), outputs=_named(step.outputs, chosen))
        for step in plan.steps
    )
    return replace(plan, steps=steps)


def _named(ports: Sequence[Port], chosen: dict[str, str]) -> tuple[Port, ...]:
    return tuple(replace(port, schema=chosen.get(port.schema, port.schema)) for port in ports)
