"""Rows of the lineage as records, and artifacts as rows."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from thruway.run.lineage.database import rows_among
from thruway.run.types import ArtifactRef, EventKind, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from thruway.run.lineage.database import Reader, Row, Writer


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
        attempts: how often it was tried.
        peak_bytes: most memory that its process held, if that is known.
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
    attempts: int = 1
    peak_bytes: int | None = None


SELECT = (
    "SELECT e.id AS id, c.run AS run, e.step AS step, e.state AS state, e.key AS key,"
    " e.ingredients AS ingredients, e.seconds AS seconds, e.log AS log, e.reads AS reads,"
    " e.reason AS reason, e.error AS error, e.started AS started, e.stderr AS stderr,"
    " e.attempts AS attempts, e.peak_bytes AS peak_bytes"
    " FROM execution e JOIN context c ON c.id = e.context"
)
_EVENTS = (
    "SELECT v.execution AS execution, v.kind AS kind, v.port AS port, v.is_file AS is_file, a.*"
    " FROM event v JOIN artifact a ON a.id = v.artifact WHERE {among} ORDER BY v.id"
)


def to_execution(row: Row) -> Execution:
    """Return a row of `SELECT` as a record, without its artifacts."""
    ingredients, reads = json.loads(row["ingredients"]), json.loads(row["reads"])
    return Execution(**{**row, "ingredients": ingredients, "reads": reads})


def with_artifacts(reader: Reader, rows: Sequence[Row]) -> tuple[Execution, ...]:
    """Return rows of `SELECT` as records; their artifacts are asked for together."""
    found: dict[int, dict[str, dict[str, ArtifactRef]]] = {
        row["id"]: {"INPUT": {}, "OUTPUT": {}, "FILE": {}} for row in rows
    }
    for event in rows_among(reader, _EVENTS, "v.execution", list(found)):
        kind = "FILE" if event["is_file"] else event["kind"]
        found[event["execution"]][kind][event["port"]] = to_reference(event)
    return tuple(
        replace(
            to_execution(row),
            inputs=found[row["id"]]["INPUT"],
            outputs=found[row["id"]]["OUTPUT"],
            files=found[row["id"]]["FILE"],
        )
        for row in rows
    )


def to_reference(row: Row) -> ArtifactRef:
    """Return a row of the artifact table as a record."""
    description = json.loads(row["description"])
    return ArtifactRef(
        hash=row["hash"],
        member=row["member"],
        format=row["format"],
        bytes=row["bytes"],
        type=row["type"],
        preview=row["preview"],
        unstored=row["unstored"],
        path=row["path"],
        named=tuple(description.get("named", ())),
        gate=description.get("gate", ""),
        reasons=tuple(description.get("reasons", ())),
    )


def add_events(
    db: Writer,
    execution: int,
    *,
    inputs: Mapping[str, ArtifactRef] | None = None,
    outputs: Mapping[str, ArtifactRef] | None = None,
    files: Mapping[str, ArtifactRef] | None = None,
) -> None:
    """Record what an execution took and gave, at which port."""
    kinds: list[tuple[EventKind, bool, Mapping[str, ArtifactRef]]] = [
        ("INPUT", False, inputs or {}),
        ("OUTPUT", False, outputs or {}),
        ("OUTPUT", True, files or {}),
    ]
    rows = _artifacts(db, [ref for _, _, references in kinds for ref in references.values()])
    for kind, is_file, references in kinds:
        for port, reference in references.items():
            artifact = rows[reference] if reference.hash else _new(db, reference)
            db.add(
                "event",
                execution=execution,
                artifact=artifact,
                kind=kind,
                port=port,
                is_file=int(is_file),
            )


def _identity(reference: ArtifactRef) -> tuple[str, str, str, str]:
    return reference.hash, reference.member, reference.format, reference.path


def _artifacts(db: Writer, references: Iterable[ArtifactRef]) -> dict[ArtifactRef, int]:
    """Return the row of each artifact that has an object, added if it is new.

    In one order, whoever writes: two writers of the same artifacts wait for each other, and do
    not lock each other out.
    """
    stored = {reference for reference in references if reference.hash}
    return {reference: _row(db, reference) for reference in sorted(stored, key=_identity)}


def _row(db: Writer, reference: ArtifactRef) -> int:
    digest, member, form, path = _identity(reference)
    find = (
        "SELECT id FROM artifact WHERE hash = :hash AND member = :member"
        " AND format = :format AND path = :path"
    )
    values = {"hash": digest, "member": member, "format": form, "path": path}
    found = db.rows(find, **values)
    if not found:
        columns = _columns(reference)
        names, places = ", ".join(columns), ", ".join(f":{name}" for name in columns)
        db.run(
            f"INSERT INTO artifact ({names}) VALUES ({places})"  # noqa: S608 - our own names
            " ON CONFLICT (hash, member, format, path) WHERE hash <> '' DO NOTHING",
            **columns,
        )
        found = db.rows(find, **values)
    return int(found[0]["id"])


def _new(db: Writer, reference: ArtifactRef) -> int:
    """Add a value that is only in memory: it is like no other."""
    return db.add("artifact", **_columns(reference))


def _columns(reference: ArtifactRef) -> dict[str, object]:
    description = {
        "type": reference.type,
        "preview": reference.preview,
        "named": reference.named,
    }
    if reference.gate:
        description |= {"gate": reference.gate, "reasons": reference.reasons}
    return {
        "hash": reference.hash,
        "member": reference.member,
        "type": reference.type,
        "format": reference.format,
        "bytes": reference.bytes,
        "path": reference.path,
        "description": json.dumps(description),
        "state": "REFERENCE" if reference.unstored else "LIVE",
        "unstored": reference.unstored,
        "preview": reference.preview,
    }
