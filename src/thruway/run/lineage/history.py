"""What the store knows: runs, one run, one artifact, and why a step would run again."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from thruway.errors import UsageError
from thruway.kit.project import StoreConfig
from thruway.run.lineage.database import exists
from thruway.run.lineage.find import artifacts_by_hash, find_run, label, not_one
from thruway.run.lineage.lineage import Execution, Lineage
from thruway.run.lineage.rows import to_reference
from thruway.run.step.key import difference
from thruway.run.store.store import Store

if TYPE_CHECKING:
    from pathlib import Path


def is_there(store: Path | StoreConfig) -> bool:
    """Say whether a store may have a lineage; none is made by asking."""
    if isinstance(store, StoreConfig):
        return exists(store.folder, store.lineage)
    return exists(store, "")


_RUNS = (
    "SELECT c.run AS run, c.pipeline AS pipeline, c.state AS state, c.seed AS seed,"
    " c.executor AS executor, c.started AS started, c.ended AS ended, c.host AS host,"
    " c.params AS params, c.code AS code, c.engine AS engine, c.engine_run AS engine_run,"
    " c.engine_link AS engine_link, c.results AS results, COUNT(e.id) AS steps,"
    " COALESCE(SUM(CASE WHEN e.state = 'CACHED' THEN 1 ELSE 0 END), 0) AS cached"
    # A call for one item, `fit[0]`, is no step of its own.
    " FROM context c LEFT JOIN execution e ON e.context = c.id AND e.step NOT LIKE '%[%'"
    " WHERE (:pipeline = '' OR c.pipeline = :pipeline) AND (:run = '' OR c.run = :run)"
    " GROUP BY c.id ORDER BY c.id DESC"
)


def list_runs(store: Path | StoreConfig) -> list[dict[str, Any]]:
    """Return every run of a store, the newest first."""
    if not is_there(store):
        return []
    with Lineage(store) as lineage:
        return _listed(lineage, "")


def _listed(lineage: Lineage, run: str) -> list[dict[str, Any]]:
    rows = lineage.query(_RUNS, pipeline=lineage.pipeline, run=run)
    return [
        {**row, "params": json.loads(row["params"]), "results": json.loads(row["results"])}
        for row in rows
    ]


def describe_run(store: Path | StoreConfig, run: str) -> dict[str, Any]:
    """Return one run with its steps, their artifacts and what they printed.

    Args:
        store: folder of the store, or where its parts are kept.
        run: id of the run, a unique beginning of it, `latest` or `previous`.

    Raises:
        UsageError: there is no such run.
    """
    if not is_there(store):
        raise not_one("run", run, [])
    with Lineage(store) as lineage:
        name = find_run(lineage, run)
        (found,) = _listed(lineage, name)
        executions = lineage.executions(name)
    return {**found, "executions": [_dump(Store(store), each) for each in executions]}


def _dump(store: Store, execution: Execution) -> dict[str, Any]:
    return {
        "step": execution.step,
        "state": execution.state,
        "seconds": execution.seconds,
        "attempts": execution.attempts,
        "peak_bytes": execution.peak_bytes,
        "reason": execution.reason,
        "error": execution.error,
        "key": execution.key,
        "reads": dict(execution.reads),
        "inputs": {port: asdict(ref) for port, ref in execution.inputs.items()},
        "outputs": {port: asdict(ref) for port, ref in execution.outputs.items()},
        "files": {path: asdict(ref) for path, ref in execution.files.items()},
        "stdout": store.get_text(execution.log),
        "stderr": store.get_text(execution.stderr),
    }


def describe_artifact(store: Path | StoreConfig, name: str) -> dict[str, Any]:
    """Return one artifact, with the steps that gave and took it.

    Args:
        store: folder of the store, or where its parts are kept.
        name: row number, or the hash or a unique beginning of it (four digits or more),
            followed by `/member` when the object holds several values.

    Raises:
        UsageError: there is no such artifact.
    """
    with Lineage(store) as lineage:
        rows = artifacts_by_hash(lineage, name)
        if len(rows) != 1:
            raise not_one("artifact", name, [label(row) for row in rows])
        events = lineage.query(
            "SELECT c.run AS run, e.step AS step, e.state AS state, v.kind AS kind,"
            " v.port AS port FROM event v JOIN execution e ON e.id = v.execution"
            " JOIN context c ON c.id = e.context WHERE v.artifact = :artifact ORDER BY e.id DESC",
            artifact=rows[0]["id"],
        )
    reference = to_reference(rows[0])
    return {
        **rows[0],
        "gate": reference.gate,
        "reasons": reference.reasons,
        "present": Store(store).has(reference.hash),
        "events": events,
    }


def load_artifact(store: Path | StoreConfig, name: str) -> Any:
    """Return the value of an artifact.

    Args:
        store: folder of the store, or where its parts are kept.
        name: as for `describe_artifact`.

    Raises:
        UsageError: there is no such artifact.
        StorageError: it is gone or damaged, or a pickle that others may have written.
    """
    with Lineage(store) as lineage:
        rows = artifacts_by_hash(lineage, name)
    if len(rows) != 1:
        raise not_one("artifact", name, [label(row) for row in rows])
    return Store(store).load(to_reference(rows[0]))


def explain_key(store: Path | StoreConfig, step: str) -> str:
    """Return in words what made the newest execution of a step differ from the one before.

    Raises:
        UsageError: the step never ran.
    """
    with Lineage(store) as lineage:
        found = lineage.latest(step, complete=False, limit=2)
    if not found:
        raise UsageError(f"step `{step}` never ran", fix="run the pipeline first")
    if found[0].reason and found[0].state != "CACHED":
        return found[0].reason
    if len(found) == 1:
        return "it ran once"
    return difference(found[1].ingredients, found[0].ingredients) or "nothing differs"
