"""One schema for all frames that look the same: a table and its halves are one kind of thing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from thruway.plan.types import Plan, Port, StepPlan


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
    return replace(plan, steps=_agreed(steps))


def _agreed(steps: tuple[StepPlan, ...]) -> tuple[StepPlan, ...]:
    """Return the steps; where the calls of one function have other schemas, it has none."""
    calls: dict[str, list[StepPlan]] = {}
    for step in steps:
        calls.setdefault(step.function, []).append(step)
    inputs = {name: _where_equal([s.inputs for s in each]) for name, each in calls.items()}
    outputs = {name: _where_equal([s.outputs for s in each]) for name, each in calls.items()}
    return tuple(
        replace(
            step,
            inputs=_with(step.inputs, inputs[step.function]),
            outputs=_with(step.outputs, outputs[step.function]),
        )
        for step in steps
    )


def _where_equal(rows: list[tuple[Port, ...]]) -> list[str]:
    columns = ({port.schema for port in ports} for ports in zip(*rows, strict=True))
    return [next(iter(schemas)) if len(schemas) == 1 else "" for schemas in columns]


def _with(ports: Sequence[Port], schemas: list[str]) -> tuple[Port, ...]:
    return tuple(replace(port, schema=new) for port, new in zip(ports, schemas, strict=True))


def _named(ports: Sequence[Port], chosen: dict[str, str]) -> tuple[Port, ...]:
    return tuple(replace(port, schema=chosen.get(port.schema, port.schema)) for port in ports)
