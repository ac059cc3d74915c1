"""What the store knows: runs, one run, one artifact, and why a step would run again."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from thruway.errors import UsageError
from thruway.kit.project import StoreConfig
from thruway.run.key import difference
from thruway.run.lineage import Execution, Lineage
from thruway.run.lineage_database import exists
from thruway.run.store import Store

if TYPE_CHECKING:
    from pathlib import Path


_SHORTEST = 4


def is_there(store: Path | StoreConfig) -> bool:
    """Say whether a store may have a lineage; none is made by asking."""
    if isinstance(store, StoreConfig):
        return exists(store.folder, store.lineage)
    return exists(store, "")


def list_runs(store: Path | StoreConfig) -> list[dict[str, Any]]:
    """Return every run of a store, the newest first."""
    if not is_there(store):
        return []
    with Lineage(store) as lineage:
        rows = lineage.query(
            "SELECT c.run AS run, c.pipeline AS pipeline, c.state AS state, c.seed AS seed,"
            " c.executor AS executor, c.started AS started, c.ended AS ended,"
            " c.params AS params, COUNT(e.id) AS steps,"
            " c.engine AS engine, c.engine_run AS engine_run, c.engine_link AS engine_link,"
            " COALESCE(SUM(CASE WHEN e.state = 'CACHED' THEN 1 ELSE 0 END), 0) AS cached"
            # A call for one item, `fit[0]`, is no step of its own.
            " FROM context c LEFT JOIN execution e ON e.context = c.id"
            " AND e.step NOT LIKE '%[%'"
            " WHERE (:pipeline = '' OR c.pipeline = :pipeline)"
            " GROUP BY c.id ORDER BY c.id DESC",
            pipeline=lineage.pipeline,
        )
    return [{**row, "params": json.loads(row["params"])} for row in rows]


def describe_run(store: Path | StoreConfig, run: str) -> dict[str, Any]:
    """Return one run with its steps, their artifacts and what they printed.

    Args:
        store: folder of the store, or where its parts are kept.
        run: id of the run, a unique beginning of it, or `latest`.

    Raises:
        UsageError: there is no such run.
    """
    known = list_runs(store)
    found = known[:1] if run == "latest" else [row for row in known if row["run"].startswith(run)]
    if len(found) != 1:
        raise _not_one("run", run, [row["run"] for row in found or known])
    with Lineage(store) as lineage:
        executions = lineage.executions(found[0]["run"])
    return {**found[0], "executions": [_dump(Store(store), each) for each in executions]}


def _dump(store: Store, execution: Execution) -> dict[str, Any]:
    return {
        "step": execution.step,
        "state": execution.state,
        "seconds": execution.seconds,
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
    address, _, member = name.partition("/")
    with Lineage(store) as lineage:
        rows = lineage.query(
            "SELECT * FROM artifact WHERE CAST(id AS TEXT) = :name"
            " OR (:named AND hash >= :name AND hash < :after)",
            name=address,
            named=len(address) >= _SHORTEST,
            after=f"{address}g",  # behind every digit
        )
        rows = [row for row in rows if not member or row["member"] == member]
        if len(rows) != 1:
            raise _not_one(
                "artifact", name, [f"{row['hash'][:12]}/{row['member']}" for row in rows]
            )
        events = lineage.query(
            "SELECT c.run AS run, e.step AS step, e.state AS state, v.kind AS kind,"
            " v.port AS port FROM event v JOIN execution e ON e.id = v.execution"
            " JOIN context c ON c.id = e.context WHERE v.artifact = :artifact ORDER BY e.id DESC",
            artifact=rows[0]["id"],
        )
    return {**rows[0], "present": Store(store).has(rows[0]["hash"]), "events": events}


def _not_one(noun: str, name: str, known: list[str]) -> UsageError:
    several = [one for one in known if one.startswith(name)]
    what = f"`{name}` means several {noun}s" if len(several) > 1 else f"no {noun} `{name}`"
    return UsageError(what, fix=f"use one of: {', '.join(known[:5]) or '(there is none)'}")


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
