"""Steps that a user gave another name: the proof compares them all the same."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from thruway.kit.dag import Dag
    from thruway.project.types import Manifest


def with_renamed_steps(manifest: Manifest, dag: Dag) -> Manifest:
    """Return the record with the names that the steps have in the pipeline now."""
    names = renamed_steps(manifest, dag)
    steps = tuple(replace(s, name=names.get(s.name, s.name)) for s in manifest.steps)
    return replace(manifest, steps=steps)


def renamed_steps(manifest: Manifest, dag: Dag) -> dict[str, str]:
    """Return old name → new name of the steps that the pipeline calls otherwise now.

    A step is taken for a renamed one if it stands in the same file; else if it gives the same
    outputs, takes inputs of the same names, and no other step does.
    """
    here = {node.name for node in dag.nodes}
    gone = [step for step in manifest.steps if step.name not in here]
    known = {step.name for step in manifest.steps}
    found: dict[str, str] = {}
    for step in gone:
        fields = tuple(port.field for port in step.outputs)
        shape = (fields if len(fields) > 1 else (), {port.name for port in step.inputs})
        alike = [
            node.name
            for node in dag.nodes
            if node.name not in known and _is_at(node.step.file, step.file)
        ] or [
            node.name
            for node in dag.nodes
            if node.name not in known
            and (node.step.outputs, {name for name, _ in node.inputs} & shape[1]) == shape
        ]
        if len(alike) == 1 and alike[0] not in found.values():
            found[step.name] = alike[0]
    return found


def _is_at(file: Path | None, place: str) -> bool:
    return file is not None and file.as_posix().endswith(f"/{place}")
