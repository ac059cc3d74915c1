"""Steps that a user gave another name: the proof compares them all the same."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from thruway.kit.dag import FromOutput

if TYPE_CHECKING:
    from pathlib import Path

    from thruway.kit.dag import Dag, Node
    from thruway.project.types import Manifest, StepRecord


def with_renamed_steps(manifest: Manifest, dag: Dag) -> Manifest:
    """Return the record with the names that the steps have in the pipeline now."""
    names = renamed_steps(manifest, dag)
    steps = tuple(replace(s, name=names.get(s.name, s.name)) for s in manifest.steps)
    return replace(manifest, steps=steps)


def renamed_steps(manifest: Manifest, dag: Dag) -> dict[str, str]:
    """Return old name → new name of the steps that the pipeline calls otherwise now.

    A step is taken for a renamed one if it stands in the same file, as often as before; else if it
    gives the same outputs, takes inputs of the same names, and no other step does.
    """
    here = {node.name for node in dag.nodes}
    known = {step.name for step in manifest.steps}
    gone = [step for step in manifest.steps if step.name not in here]
    new = [node for node in dag.nodes if node.name not in known]
    found: dict[str, str] = {}
    for file in dict.fromkeys(step.file for step in gone):
        before = [step.name for step in gone if step.file == file]
        after = [node.name for node in new if _is_at(node.step.file, file)]
        if len(before) == len(after):
            found |= dict(zip(before, after, strict=True))
    for step in gone:
        alike = [n.name for n in new if _is_like(n, step) and n.name not in found.values()]
        if step.name not in found and len(alike) == 1:
            found[step.name] = alike[0]
    return found


def _is_like(node: Node, step: StepRecord) -> bool:
    fields = tuple(port.field for port in step.outputs)
    taken = {name for name, source in node.inputs if isinstance(source, FromOutput)}
    same = len(taken) == len(step.inputs) and taken <= {
        step.renames.get(port.name, port.name) for port in step.inputs
    }
    return same and node.step.outputs == (fields if len(fields) > 1 else ())


def _is_at(file: Path | None, place: str) -> bool:
    return file is not None and file.as_posix().endswith(f"/{place}")
