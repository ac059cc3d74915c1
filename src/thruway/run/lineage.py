"""What was computed from what: a SQLite file beside the objects, in the words of ML Metadata.

Artifact (a stored value), Execution (a step that ran, or was answered from the cache), Event (an
execution took or gave an artifact at a port) and Context (the run). Every write is one short
transaction; WAL and a busy timeout let several runs use one store at the same time.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sqlite3
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from thruway.errors import StorageError
from thruway.run.types import ArtifactRef, EventKind, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

SCHEMA_VERSION = 1
BUSY_SECONDS = 60.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS context (
    id INTEGER PRIMARY KEY, run TEXT NOT NULL UNIQUE, pipeline TEXT NOT NULL,
    state TEXT NOT NULL, params TEXT NOT NULL, seed INTEGER NOT NULL, executor TEXT NOT NULL,
    host TEXT NOT NULL, pid INTEGER NOT NULL, started REAL NOT NULL, ended REAL,
    results TEXT NOT NULL DEFAULT '{}');
CREATE TABLE IF NOT EXISTS artifact (
    id INTEGER PRIMARY KEY, hash TEXT NOT NULL, member TEXT NOT NULL, type TEXT NOT NULL,
    format TEXT NOT NULL, bytes INTEGER NOT NULL, path TEXT NOT NULL,
    description TEXT NOT NULL, state TEXT NOT NULL, unstored TEXT NOT NULL DEFAULT '',
    preview TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS artifact_hash ON artifact (hash, member);
CREATE TABLE IF NOT EXISTS execution (
    id INTEGER PRIMARY KEY, context INTEGER NOT NULL REFERENCES context (id),
    step TEXT NOT NULL, position INTEGER NOT NULL, state TEXT NOT NULL, key TEXT NOT NULL,
    ingredients TEXT NOT NULL, params TEXT NOT NULL, seed INTEGER NOT NULL,
    started REAL, ended REAL, seconds REAL NOT NULL DEFAULT 0, log TEXT NOT NULL DEFAULT '',
    reads TEXT NOT NULL DEFAULT '{}', reason TEXT NOT NULL DEFAULT '',
    cacheable INTEGER NOT NULL DEFAULT 0, error TEXT NOT NULL DEFAULT '', source INTEGER);
CREATE INDEX IF NOT EXISTS execution_key ON execution (key, state);
CREATE INDEX IF NOT EXISTS execution_step ON execution (step, id);
CREATE TABLE IF NOT EXISTS event (
    execution INTEGER NOT NULL REFERENCES execution (id),
    artifact INTEGER NOT NULL REFERENCES artifact (id),
    kind TEXT NOT NULL, port TEXT NOT NULL, is_file INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS event_execution ON event (execution);
CREATE INDEX IF NOT EXISTS event_artifact ON event (artifact);
CREATE TABLE IF NOT EXISTS checked (key TEXT PRIMARY KEY);
"""


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
        log: address of the text printed.
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


class Lineage:
    """The lineage of one store; not to be shared between threads."""

    def __init__(self, root: Path) -> None:
        self.path = root / "lineage.db"
        root.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(
            self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            self._open()
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise _unusable(str(error)) from error
        except StorageError:
            self._connection.close()
            raise

    def __enter__(self) -> Self:
        """Return itself; the connection is closed at the end of the block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the connection."""
        self._connection.close()

    def _open(self) -> None:
        self._connection.row_factory = sqlite3.Row
        self._connection.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
        if self._version() == SCHEMA_VERSION:
            return
        self._enter_wal()
        with self._transaction() as db:
            for statement in _SCHEMA.split(";"):
                db.execute(statement)
            db.execute(
                "INSERT OR IGNORE INTO meta VALUES ('schema', ?)",
                (str(SCHEMA_VERSION),),
            )

    def _enter_wal(self) -> None:
        # Two runs that create the store together: SQLite answers the change of journal with
        # "locked" at once, without waiting for the busy timeout.
        for attempt in range(200):
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError:
                time.sleep(0.005 * (1 + attempt % 5))
            else:
                return

    def _version(self) -> int:
        known = self._connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'")
        if known.fetchone() is None:
            return 0
        row = self._connection.execute("SELECT value FROM meta WHERE name = 'schema'").fetchone()
        version = int(row["value"]) if row else 0
        if version > SCHEMA_VERSION:
            raise _unusable(f"its schema {version} is newer than this Thruway's {SCHEMA_VERSION}")
        return version

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    # Runs -------------------------------------------------------------------------------------

    def start_run(
        self, pipeline: str, params: Mapping[str, str], seed: int, executor: str
    ) -> tuple[int, str]:
        """Record a run that begins; return its row and its id."""
        run = time.strftime("%Y%m%d-%H%M%S-", time.gmtime()) + uuid.uuid4().hex[:6]
        with self._transaction() as db:
            _close_abandoned(db)
            cursor = db.execute(
                "INSERT INTO context (run, pipeline, state, params, seed, executor, host, pid,"
                " started) VALUES (?, ?, 'RUNNING', ?, ?, ?, ?, ?, ?)",
                (run, pipeline, json.dumps(dict(params)), seed, executor, socket.gethostname(),
                 os.getpid(), time.time()),
            )  # fmt: skip
        return _row_id(cursor), run

    def finish_run(
        self, context: int, state: State, results: Mapping[str, tuple[str, str]]
    ) -> None:
        """Record how a run ended; `results` are (step, port) by result name."""
        with self._transaction() as db:
            db.execute(
                "UPDATE context SET state = ?, ended = ?, results = ? WHERE id = ?",
                (state, time.time(), json.dumps(dict(results)), context),
            )
            db.execute(
                "UPDATE execution SET state = 'FAILED', error = 'the run was stopped'"
                " WHERE context = ? AND state IN ('NEW', 'RUNNING')",
                (context,),
            )

    def running(self) -> frozenset[str]:
        """Return the ids of runs that go on."""
        rows = self._connection.execute("SELECT run FROM context WHERE state = 'RUNNING'")
        return frozenset(row["run"] for row in rows.fetchall())

    # Executions -------------------------------------------------------------------------------

    def start(self, context: int, position: int, execution: Execution, seed: int) -> int:
        """Record an execution that begins; return its row."""
        with self._transaction() as db:
            cursor = db.execute(
                "INSERT INTO execution (context, step, position, state, key, ingredients, params,"
                " seed, started, reason) VALUES (?, ?, ?, 'RUNNING', ?, ?, ?, ?, ?, ?)",
                (context, execution.step, position, execution.key,
                 json.dumps(dict(execution.ingredients)), "{}", seed, time.time(),
                 execution.reason),
            )  # fmt: skip
            row = _row_id(cursor)
            _add_events(db, row, "INPUT", execution.inputs)
        return row

    def complete(self, row: int, done: Execution, *, cacheable: bool) -> None:
        """Record outputs and facts of an execution that ran to its end, all at once."""
        with self._transaction() as db:
            _add_events(db, row, "OUTPUT", done.outputs)
            _add_events(db, row, "OUTPUT", done.files, is_file=True)
            db.execute(
                "UPDATE execution SET state = 'COMPLETE', ended = ?, seconds = ?, log = ?,"
                " reads = ?, cacheable = ? WHERE id = ?",
                (time.time(), done.seconds, done.log, json.dumps(dict(done.reads)),
                 int(cacheable), row),
            )  # fmt: skip

    def fail(self, row: int, error: str, log: str) -> None:
        """Record an execution that raised; nothing of it is ever taken from the cache."""
        with self._transaction() as db:
            db.execute(
                "UPDATE execution SET state = 'FAILED', ended = ?, error = ?, log = ? WHERE id = ?",
                (time.time(), error, log, row),
            )

    def reuse(self, context: int, position: int, execution: Execution, seed: int) -> None:
        """Record that an earlier execution answered a step of this run."""
        with self._transaction() as db:
            cursor = db.execute(
                "INSERT INTO execution (context, step, position, state, key, ingredients, params,"
                " seed, started, ended, seconds, log, reads, source)"
                " VALUES (?, ?, ?, 'CACHED', ?, ?, '{}', ?, ?, ?, ?, ?, ?, ?)",
                (context, execution.step, position, execution.key,
                 json.dumps(dict(execution.ingredients)), seed, time.time(), time.time(),
                 execution.seconds, execution.log, json.dumps(dict(execution.reads)),
                 execution.id),
            )  # fmt: skip
            row = _row_id(cursor)
            db.execute(
                "INSERT INTO event (execution, artifact, kind, port, is_file)"
                " SELECT ?, artifact, kind, port, is_file FROM event WHERE execution = ?",
                (row, execution.id),
            )

    def candidates(self, key: str, limit: int = 8) -> tuple[Execution, ...]:
        """Return executions that may answer for a key, the newest first."""
        rows = self._connection.execute(
            f"{_SELECT} WHERE key = ? AND e.state = 'COMPLETE' AND cacheable = 1"
            " ORDER BY e.id DESC LIMIT ?",
            (key, limit),
        )
        return tuple(self._with_artifacts(_execution(row)) for row in rows.fetchall())

    def latest(self, step: str, *, complete: bool = True, limit: int = 1) -> tuple[Execution, ...]:
        """Return the newest executions of a step; only those that gave outputs if `complete`."""
        wanted = "('COMPLETE', 'CACHED')" if complete else "('COMPLETE', 'CACHED', 'FAILED')"
        rows = self._connection.execute(
            f"{_SELECT} WHERE e.step = ? AND e.state IN {wanted} ORDER BY e.id DESC LIMIT ?",
            (step, limit),
        )
        return tuple(self._with_artifacts(_execution(row)) for row in rows.fetchall())

    def executions(self, run: str) -> tuple[Execution, ...]:
        """Return the executions of a run in pipeline order."""
        rows = self._connection.execute(
            f"{_SELECT} WHERE c.run = ? ORDER BY e.position, e.id", (run,)
        )
        return tuple(self._with_artifacts(_execution(row)) for row in rows.fetchall())

    def _with_artifacts(self, execution: Execution) -> Execution:
        rows = self._connection.execute(
            "SELECT v.kind AS kind, v.port AS port, v.is_file AS is_file, a.* FROM event v"
            " JOIN artifact a ON a.id = v.artifact WHERE v.execution = ? ORDER BY v.rowid",
            (execution.id,),
        )
        found: dict[str, dict[str, ArtifactRef]] = {"INPUT": {}, "OUTPUT": {}, "FILE": {}}
        for row in rows.fetchall():
            found["FILE" if row["is_file"] else row["kind"]][row["port"]] = _reference(row)
        return Execution(
            **{
                **execution.__dict__,
                "inputs": found["INPUT"],
                "outputs": found["OUTPUT"],
                "files": found["FILE"],
            }
        )

    # Type checks ------------------------------------------------------------------------------

    def was_checked(self, key: str) -> bool:
        """Say whether the types of a pipeline were found right before."""
        found = self._connection.execute("SELECT 1 FROM checked WHERE key = ?", (key,))
        return found.fetchone() is not None

    def note_checked(self, key: str) -> None:
        """Remember that the types of a pipeline are right."""
        with self._transaction() as db:
            db.execute("INSERT OR IGNORE INTO checked VALUES (?)", (key,))

    def query(self, statement: str, values: Iterable[object] = ()) -> list[dict[str, Any]]:
        """Return the rows of a reading query."""
        cursor = self._connection.execute(statement, tuple(values))
        return [dict(row) for row in cursor.fetchall()]


_SELECT = (
    "SELECT e.id AS id, c.run AS run, e.step AS step, e.state AS state, e.key AS key,"
    " e.ingredients AS ingredients, e.seconds AS seconds, e.log AS log, e.reads AS reads,"
    " e.reason AS reason, e.error AS error, e.started AS started"
    " FROM execution e JOIN context c ON c.id = e.context"
)


def _unusable(reason: str) -> StorageError:
    return StorageError(
        f"the lineage of this project cannot be used: {reason}",
        where=".thruway/lineage.db",
        fix="move the folder `.thruway` away; the next run makes a new one",
    )


def _execution(row: sqlite3.Row) -> Execution:
    record = dict(row)
    record["ingredients"] = json.loads(record["ingredients"])
    record["reads"] = json.loads(record["reads"])
    return Execution(**record)


def _reference(row: sqlite3.Row) -> ArtifactRef:
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


def _add_events(
    db: sqlite3.Connection,
    execution: int,
    kind: EventKind,
    artifacts: Mapping[str, ArtifactRef],
    *,
    is_file: bool = False,
) -> None:
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
    return _row_id(cursor)


def _row_id(cursor: sqlite3.Cursor) -> int:
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def _close_abandoned(db: sqlite3.Connection) -> None:
    """Mark runs of this machine whose process is gone (killed, power cut) as failed."""
    running = db.execute(
        "SELECT id, pid FROM context WHERE state = 'RUNNING' AND host = ?",
        (socket.gethostname(),),
    ).fetchall()
    for row in running:
        if not _alive(row["pid"]):
            db.execute("UPDATE context SET state = 'FAILED' WHERE id = ?", (row["id"],))
            db.execute(
                "UPDATE execution SET state = 'FAILED', error = 'the run was killed'"
                " WHERE context = ? AND state IN ('NEW', 'RUNNING')",
                (row["id"],),
            )


def _alive(pid: int) -> bool:
    if os.name == "nt":  # signal 0 would end the process there
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
