"""Items of a mapped step: taken apart before the calls, and what a call may not give.

This side runs where user code runs: in a worker, or in the process of the run. The other side,
which knows of all the items, is `fan`.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from thruway.errors import StepFailed, StorageError
from thruway.kit.ambient.files import File
from thruway.kit.fanout import refuse_random
from thruway.kit.values import storage
from thruway.run.step.job import ARGUMENT
from thruway.run.step.outputs import described, refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from thruway.run.step.job import Job
    from thruway.run.store.store import Store
    from thruway.run.types import ArtifactRef

MEMBER = "item"


def split(job: Job, arguments: Mapping[str, Any], store: Store) -> dict[str, ArtifactRef]:
    """Store every item of a list as an object of its own; return position → artifact.

    What items shared, they share no more: each call gets what is its own.

    Raises:
        StepFailed: it is no list or tuple.
        StorageError: an item cannot be stored.
    """
    items = arguments[ARGUMENT]
    step = job.node.partition("[")[0]
    if not isinstance(items, list | tuple):
        raise StepFailed(
            f"`{step}` is mapped over {type(items).__name__}, and not over a list or tuple",
            where=f"step {step}",
            fix="make a list of the items in the step that gives them",
        )
    return {str(index): _stored(store, step, index, item) for index, item in enumerate(items)}


def _stored(store: Store, step: str, index: int, item: Any) -> ArtifactRef:
    if isinstance(item, File):
        raise refused_file(step, f"item {index}")
    reason = storage.unstorable(item)
    if reason:
        raise refused(step, f"item {index}", item, reason)
    named: set[str] = set()
    return described(MEMBER, item, *store.put_values({MEMBER: item}, named), named)


def check_result(job: Job, result: Any) -> None:
    """Refuse what the call for one item cannot hand over in a list.

    Raises:
        PipelineError: a random stream.
        StorageError: a file, which would not be put back beside those of the other items.
    """
    step = job.node.partition("[")[0]
    for part in (result, *_parts(result)):
        refuse_random(type(part).__name__, step, "its result", f"step {job.node}")
        if isinstance(part, File):
            raise refused_file(step, "its result")


def _parts(result: Any) -> tuple[Any, ...]:
    if isinstance(result, tuple):
        return result
    if is_dataclass(result):
        return tuple(getattr(result, one.name) for one in fields(result))
    return ()


def refused_file(step: str, port: str) -> StorageError:
    """Return the error for a file at a port of a mapped step."""
    return StorageError(
        f"{port} of the mapped step `{step}` is a file, which cannot travel in a list",
        where=f"step {step}",
        fix="pass on the content; files that a mapped step writes are results of the run anyway",
    )
