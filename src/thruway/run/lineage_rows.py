"""Rows of the lineage as records, and artifacts as rows."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from thruway.run.types import ArtifactRef, EventKind, State

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping


@dataclass(frozen=True)
class Execution:
    """One row of the execution table, with its artifacts.

    Attributes:
        id: row id.
        run: id of the run.
        step: name of the step.
        state: what became of it.
        key: cache key, "" when it has none.
        ingredients: what the key was made of, by name.
        seconds: time of the step's own code.
        log: address of the text printed and displayed.
        stderr: address of the end of what went to standard error.
        reads: files read (token → content digest).
        reason: why the cache could not answer.
        error: what it raised.
        inputs, outputs, files: port or path → artifact.
        started: seconds since the epoch.
    """

    id: int
    run: str
    step: str
    state: State
    key: str
    ingredients: Mapping[str, str]
    seconds: float = 0.0
    log: str = ""
    reads: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    error: str = ""
    inputs: Mapping[str, ArtifactRef] = field(default_factory=dict)
    outputs: Mapping[str, ArtifactRef] = field(default_factory=dict)
    files: Mapping[str, ArtifactRef] = field(default_factory=dict)
    started: float = 0.0
    stderr: str = ""


SELECT = (
    "SELECT e.id AS id, c.run AS run, e.step AS step, e.state AS state, e.key AS key,"
    " e.ingredients AS ingredients, e.seconds AS seconds, e.log AS log, e.reads AS reads,"
    " e.reason AS reason, e.error AS error, e.started AS started, e.stderr AS stderr"
    " FROM execution e JOIN context c ON c.id = e.context"
)


def to_execution(row: sqlite3.Row) -> Execution:
    """Return a row of `SELECT` as a record, without its artifacts."""
    record = dict(row)
    record["ingredients"] = json.loads(record["ingredients"])
    record["reads"] = json.loads(record["reads"])
    return Execution(**record)


def to_reference(row: sqlite3.Row) -> ArtifactRef:
    """Return a row of the artifact table as a record."""
    return ArtifactRef(
        hash=row["hash"],
        member=row["member"],
        format=row["format"],
        bytes=row["bytes"],
        type=row["type"],
        preview=row["preview"],
        unstored=row["unstored"],
        path=row["path"],
    )


def add_events(
    db: sqlite3.Connection,
    execution: int,
    kind: EventKind,
    artifacts: Mapping[str, ArtifactRef],
    *,
    is_file: bool = False,
) -> None:
    """Record what an execution took or gave, at which port."""
    for port, reference in artifacts.items():
        db.execute(
            "INSERT INTO event VALUES (?, ?, ?, ?, ?)",
            (execution, _artifact(db, reference), kind, port, int(is_file)),
        )


def _artifact(db: sqlite3.Connection, reference: ArtifactRef) -> int:
    """Return the row of an artifact, added if it is new; memory-only values are always new."""
    if reference.hash:
        found = db.execute(
            "SELECT id FROM artifact WHERE hash = ? AND member = ? AND format = ? AND path = ?",
            (reference.hash, reference.member, reference.format, reference.path),
        ).fetchone()
        if found is not None:
            return int(found["id"])
    description = {"type": reference.type, "preview": reference.preview}
    state = "REFERENCE" if reference.unstored else "LIVE"
    cursor = db.execute(
        "INSERT INTO artifact (hash, member, type, format, bytes, path, description, state,"
        " unstored, preview) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (reference.hash, reference.member, reference.type, reference.format, reference.bytes,
         reference.path, json.dumps(description), state, reference.unstored,
         reference.preview),
    )  # fmt: skip
    return row_id(cursor)


def row_id(cursor: sqlite3.Cursor) -> int:
    """Return the number of the row just added."""
    assert cursor.lastrowid is not None
    return cursor.lastrowid
