"""What was computed from what: a SQLite file beside the objects, in the words of ML Metadata.

Artifact (a stored value), Execution (a step that ran, or was answered from the cache), Event (an
execution took or gave an artifact at a port) and Context (the run). The file itself is
`lineage_file`'s business, its rows are `lineage_rows`'.
"""

from __future__ import annotations

import json
import os
import socket
import time
import uuid
from typing import TYPE_CHECKING, Any, Self

from thruway.run.lineage_file import connect, transaction
from thruway.run.lineage_rows import (
    SELECT,
    Execution,
    add_events,
    row_id,
    to_execution,
    to_reference,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from types import TracebackType

    from thruway.run.types import ArtifactRef, State

__all__ = ["Execution", "Lineage"]


class Lineage:
    """The lineage of one store; not to be shared between threads."""

    def __init__(self, root: Path) -> None:
        self.path = root / "lineage.db"
        root.mkdir(parents=True, exist_ok=True)
        self._connection = connect(self.path)

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

    # Runs -------------------------------------------------------------------------------------

    def start_run(
        self, pipeline: str, params: Mapping[str, str], seed: int, executor: str
    ) -> tuple[int, str]:
        """Record a run that begins; return its row and its id."""
        run = time.strftime("%Y%m%d-%H%M%S-", time.gmtime()) + uuid.uuid4().hex[:6]
        with transaction(self._connection) as db:
            _close_abandoned(db)
            cursor = db.execute(
                "INSERT INTO context (run, pipeline, state, params, seed, executor, host, pid,"
                " started) VALUES (?, ?, 'RUNNING', ?, ?, ?, ?, ?, ?)",
                (run, pipeline, json.dumps(dict(params)), seed, executor, socket.gethostname(),
                 os.getpid(), time.time()),
            )  # fmt: skip
        return row_id(cursor), run

    def finish_run(
        self, context: int, state: State, results: Mapping[str, tuple[str, str]]
    ) -> None:
        """Record how a run ended; `results` are (step, port) by result name."""
        with transaction(self._connection) as db:
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
        with transaction(self._connection) as db:
            cursor = db.execute(
                "INSERT INTO execution (context, step, position, state, key, ingredients, params,"
                " seed, started, reason) VALUES (?, ?, ?, 'RUNNING', ?, ?, ?, ?, ?, ?)",
                (context, execution.step, position, execution.key,
                 json.dumps(dict(execution.ingredients)), "{}", seed, time.time(),
                 execution.reason),
            )  # fmt: skip
            row = row_id(cursor)
            add_events(db, row, "INPUT", execution.inputs)
        return row

    def complete(self, row: int, done: Execution, *, cacheable: bool) -> None:
        """Record outputs and facts of an execution that ran to its end, all at once."""
        with transaction(self._connection) as db:
            add_events(db, row, "OUTPUT", done.outputs)
            add_events(db, row, "OUTPUT", done.files, is_file=True)
            db.execute(
                "UPDATE execution SET state = 'COMPLETE', ended = ?, seconds = ?, log = ?,"
                " reads = ?, cacheable = ?, stderr = ? WHERE id = ?",
                (time.time(), done.seconds, done.log, json.dumps(dict(done.reads)),
                 int(cacheable), done.stderr, row),
            )  # fmt: skip

    def fail(self, row: int, error: str, log: str = "", stderr: str = "") -> None:
        """Record an execution that raised; nothing of it is ever taken from the cache."""
        with transaction(self._connection) as db:
            db.execute(
                "UPDATE execution SET state = 'FAILED', ended = ?, error = ?, log = ?, stderr = ?"
                " WHERE id = ?",
                (time.time(), error, log, stderr, row),
            )

    def reuse(self, context: int, position: int, execution: Execution, seed: int) -> None:
        """Record that an earlier execution answered a step of this run."""
        with transaction(self._connection) as db:
            cursor = db.execute(
                "INSERT INTO execution (context, step, position, state, key, ingredients, params,"
                " seed, started, ended, seconds, log, reads, source, stderr)"
                " VALUES (?, ?, ?, 'CACHED', ?, ?, '{}', ?, ?, ?, ?, ?, ?, ?, ?)",
                (context, execution.step, position, execution.key,
                 json.dumps(dict(execution.ingredients)), seed, time.time(), time.time(),
                 execution.seconds, execution.log, json.dumps(dict(execution.reads)),
                 execution.id, execution.stderr),
            )  # fmt: skip
            row = row_id(cursor)
            db.execute(
                "INSERT INTO event (execution, artifact, kind, port, is_file)"
                " SELECT ?, artifact, kind, port, is_file FROM event WHERE execution = ?",
                (row, execution.id),
            )

    def candidates(self, key: str, limit: int = 8) -> tuple[Execution, ...]:
        """Return executions that may answer for a key, the newest first."""
        rows = self._connection.execute(
            f"{SELECT} WHERE key = ? AND e.state = 'COMPLETE' AND cacheable = 1"
            " ORDER BY e.id DESC LIMIT ?",
            (key, limit),
        )
        return tuple(self._with_artifacts(to_execution(row)) for row in rows.fetchall())

    def latest(self, step: str, *, complete: bool = True, limit: int = 1) -> tuple[Execution, ...]:
        """Return the newest executions of a step; only those that gave outputs if `complete`."""
        wanted = "('COMPLETE', 'CACHED')" if complete else "('COMPLETE', 'CACHED', 'FAILED')"
        rows = self._connection.execute(
            f"{SELECT} WHERE e.step = ? AND e.state IN {wanted} ORDER BY e.id DESC LIMIT ?",
            (step, limit),
        )
        return tuple(self._with_artifacts(to_execution(row)) for row in rows.fetchall())

    def executions(self, run: str) -> tuple[Execution, ...]:
        """Return the executions of a run in pipeline order."""
        rows = self._connection.execute(
            f"{SELECT} WHERE c.run = ? ORDER BY e.position, e.id", (run,)
        )
        return tuple(self._with_artifacts(to_execution(row)) for row in rows.fetchall())

    def _with_artifacts(self, execution: Execution) -> Execution:
        rows = self._connection.execute(
            "SELECT v.kind AS kind, v.port AS port, v.is_file AS is_file, a.* FROM event v"
            " JOIN artifact a ON a.id = v.artifact WHERE v.execution = ? ORDER BY v.rowid",
            (execution.id,),
        )
        found: dict[str, dict[str, ArtifactRef]] = {"INPUT": {}, "OUTPUT": {}, "FILE": {}}
        for row in rows.fetchall():
            found["FILE" if row["is_file"] else row["kind"]][row["port"]] = to_reference(row)
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
        with transaction(self._connection) as db:
            db.execute("INSERT OR IGNORE INTO checked VALUES (?)", (key,))

    def query(self, statement: str, values: Iterable[object] = ()) -> list[dict[str, Any]]:
        """Return the rows of a reading query."""
        cursor = self._connection.execute(statement, tuple(values))
        return [dict(row) for row in cursor.fetchall()]


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
