"""Names of the schemas of frames that cross ports: one per producer, the same at both ends."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from thruway.plan.naming.words import camel

if TYPE_CHECKING:
    from thruway.plan.types import Port, StepPlan

_VERBS = frozenset(
    {"load", "explore", "validate", "prepare", "split", "transform", "tune", "train", "evaluate",
     "predict", "save", "report"}
)  # fmt: skip


_GENERIC = frozenset({"data", "frame", "dataset", "table"})


def name_schemas(steps: tuple[StepPlan, ...], taken: frozenset[str]) -> tuple[StepPlan, ...]:
    """Give every pandas frame at a port the name of its schema."""
    used = set(taken) | {camel(step.name) for step in steps}
    known: dict[tuple[str, int], str] = {}
    for step in steps:
        frames = [port for port in step.outputs if _has_schema(port)]
        for port in frames:
            known[port.name, port.statement] = _free(_wanted(step, port, len(frames)), used)
            used.add(known[port.name, port.statement])
    return tuple(
        replace(step, inputs=_named(step.inputs, known), outputs=_named(step.outputs, known))
        for step in steps
    )


def _has_schema(port: Port) -> bool:
    value = port.value
    return value is not None and value.type == "pandas.DataFrame" and bool(value.columns)


def _wanted(step: StepPlan, port: Port, frames: int) -> str:
    """The variable's own name where it says something, else the step's."""
    words = step.name.split("_")
    stem = "_".join(words[1:] if words[0] in _VERBS and len(words) > 1 else words)
    says_something = len(port.name) > len("df") and port.name not in _GENERIC
    if says_something:
        return f"{camel(port.name)}Frame"
    return f"{camel(stem)}Frame" if frames == 1 else f"{camel(stem)}{camel(port.name)}Frame"


def _free(wanted: str, used: set[str]) -> str:
    name, number = wanted, 2
    while name in used:
        name, number = f"{wanted}{number}", number + 1
    return name


def _named(ports: tuple[Port, ...], known: dict[tuple[str, int], str]) -> tuple[Port, ...]:
    return tuple(replace(port, schema=known.get((port.name, port.statement), "")) for port in ports)
