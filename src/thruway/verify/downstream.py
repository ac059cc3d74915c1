"""Which of several differences is the cause: what follows from a step that differs is marked so."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from thruway.kit.dag import Dag
    from thruway.project.types import Manifest
    from thruway.verify.types import Check

_OTHER = frozenset({"differs", "accepted"})


def with_downstream(checks: Iterable[Check], manifest: Manifest, dag: Dag) -> tuple[Check, ...]:
    """Return the checks; those of a step that took something different say what it was."""
    found = list(checks)
    changed: set[tuple[str, str, str]] = {
        (c.step, c.what, c.name) for c in found if c.verdict in _OTHER
    }
    taken = _taken(manifest, dag, changed)
    return tuple(
        replace(check, downstream=taken.get(check.step, "")) if check.verdict in _OTHER else check
        for check in found
    )


def _taken(manifest: Manifest, dag: Dag, changed: set[tuple[str, str, str]]) -> dict[str, str]:
    """Return step → `step.port`, the first of its inputs that is not what it was."""
    ports = {
        (step.name, port.field if len(step.outputs) > 1 else None): port
        for step in manifest.steps
        for port in step.outputs
    }
    found: dict[str, str] = {}
    for node in dag.nodes:
        for source in node.sources:
            port = ports.get((source.node, source.field))
            if port is None:
                continue
            key = ("file", port.resource.partition(":")[2]) if port.kind == "file" else (
                "port", port.name
            )  # fmt: skip
            if (source.node, *key) in changed:
                found.setdefault(node.name, f"{source.node}.{port.name}")
    return found
