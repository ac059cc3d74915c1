"""Steps that failed, and the one error that a run ends with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from thruway.errors import GateFailed, ThruwayError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from thruway.run.step.job import Job
    from thruway.run.types import ArtifactRef


def run_error(failed: Sequence[BaseException], canceled: Sequence[str]) -> BaseException:
    """Return the error of a run: its first failure, with what else failed and what was not run.

    Args:
        failed: in the order of the pipeline.
        canceled: steps that need what a failed one would have given.
    """
    first = failed[0]
    if not isinstance(first, ThruwayError):
        return first
    notes = [
        f"failed too: {error.what if isinstance(error, ThruwayError) else error}"
        for error in failed[1:]
    ]
    if canceled:
        notes.append(f"not run, because they need it: {', '.join(canceled)}")
    if notes:
        first.detail = "\n".join([*([first.detail] if first.detail else []), *notes])
    return first


def gate_error(
    step: str, reasons: Sequence[str], stopped: Sequence[ArtifactRef] = ()
) -> GateFailed:
    """Return the error for what a step gave and nothing may be made from.

    Args:
        step: its name.
        reasons: of its gates.
        stopped: the outputs, when they are kept.
    """
    more = f", and {len(reasons) - 1} more" if len(reasons) > 1 else ""
    why = f": {reasons[0]}{more}" if reasons else ""
    addresses = [artifact.hash[:12] for artifact in stopped if artifact.hash]
    look = f"look at it with `thruway show . {addresses[0]}`; " if addresses else ""
    return GateFailed(
        f"the gate of step `{step}` failed{why}",
        where=f"step {step}",
        fix=f"{look}correct what it says, or relax the policy of the step",
        detail="\n".join(f"- {reason}" for reason in reasons) if len(reasons) > 1 else "",
    )


def arguments_text(job: Job) -> str:
    """Return what a step was called with, in a line; "" if with nothing.

    Example: `C=0.5, train=pandas.DataFrame (DataFrame 80×4)`.
    """
    shown = [f"{name}={_short(repr(value))}" for name, value in job.values.items()]
    for name, source in job.inputs.items():
        preview = _short(" ".join(source.artifact.preview.split()))
        kind = source.artifact.type.removeprefix("builtins.")
        shown.append(f"{name}={kind}{f' ({preview})' if preview else ''}")
    return ", ".join(shown)


def _short(text: str, most: int = 60) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
