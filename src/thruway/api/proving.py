"""Prove again that a project computes what its original computes; accept that it does not."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from thruway.api.observing import Silent, observe_again
from thruway.kit.project import load_project
from thruway.project import load_manifest
from thruway.project.write import record_accepted
from thruway.trace.observe import ObserveOptions
from thruway.verify import Proof, prove
from thruway.verify.accept import accept as accepted_of
from thruway.verify.accept import with_reference

if TYPE_CHECKING:
    from collections.abc import Collection

    from thruway.api.observing import Progress


def verify(
    project: str | Path,
    *,
    python: str = "",
    source: str | Path = "",
    accept: bool = False,
    steps: Collection[str] = (),
    progress: Progress | None = None,
) -> Proof:
    """Prove again that a migrated project computes what its original computes.

    Args:
        project: folder of the project.
        python: interpreter of the program; the current one by default.
        source: another original to compare with; by default the copy that the project keeps,
            run where the original was.
        accept: record what differs as the new reference, in `thruway.json`.
        steps: accept the differences of these steps alone.
        progress: hears what goes on.

    Raises:
        ProjectError: not a migrated project, or its copy of the original was edited.
        StepFailed: a step raised.
        UsageError: a step to accept that there is not.
    """
    progress = progress or Silent()
    folder = Path(project).resolve()
    config = load_project(folder)
    manifest = load_manifest(folder)
    last = manifest.until or max((each.cell for each in manifest.statements), default=0) or None
    options = ObserveOptions(python or None, manifest.seed, last)
    original = observe_again(folder, manifest, config, source, options, progress)
    progress.phase("proving")
    proof = prove(config, manifest, original, python=python, reporter=progress.running)
    if not accept:
        return proof
    today = datetime.now().astimezone().date().isoformat()
    reference = accepted_of(proof, manifest.accepted, today, steps)
    proof = with_reference(proof, reference)
    record_accepted(folder, reference, proof.verdict)
    return proof
