"""What a step was in the system that it was imported from, for the target of that system.

`thruway import` writes a literal `IMPORTED` above the step: the system, what it was imported from,
and the names of inputs and outputs, ours and theirs. A component of Kubeflow Pipelines lies beside
the step as it was (`<step>.yaml`). So a target can call the component itself, where its step could
not run: in a container of its own, for instance.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from thruway.kit.dag import StepRef

MARKER = "IMPORTED"


@dataclass(frozen=True)
class Imported:
    """What a step was.

    Attributes:
        system: `kubeflow`, `airflow` or `tfx`.
        source: file or dotted name that it was imported from.
        file: the component's own file, beside the step; None if there is none.
        inputs: parameter of the step → input there.
        outputs: port of the step → output there; a single one has the name that is there.
    """

    system: str
    source: str
    file: Path | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)


def imported_of(step: StepRef) -> Imported | None:
    """Return what a step was; None if it was not imported."""
    if step.file is None or not step.file.is_file():
        return None
    for node in ast.parse(step.file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and _names(node) == [MARKER]:
            said: dict[str, Any] = ast.literal_eval(node.value)
            beside = step.file.with_suffix(".yaml")
            return Imported(
                said["system"],
                said["from"],
                beside if beside.is_file() else None,
                said["inputs"],
                said["outputs"],
            )
    return None


def _names(node: ast.Assign) -> list[str]:
    return [target.id for target in node.targets if isinstance(target, ast.Name)]
