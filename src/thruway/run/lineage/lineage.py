"""What was computed from what, in the words of ML Metadata, on SQLite or PostgreSQL.

Artifact (a stored value), Execution (a step that ran, or was answered from the cache), Event (an
execution took or gave an artifact at a port) and Context (the run). The database itself is
`database`'s business, its rows are `rows`'.
"""

from __future__ import annotations

import json
import os
import socket
import time
import uuid
from typing import TYPE_CHECKING, Self

from thruway.kit.project import StoreConfig
from thruway.run.lineage.database import Row, open_database, rows_among
from thruway.run.lineage.rows import SELECT, Execution, add_events, with_artifacts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path
    from types import TracebackType

    from thruway.run.lineage.database import Writer
    from thruway.run.types import State

__all__ = ["Execution", "Lineage", "close_abandoned"]


class Lineage:
    """The lineage of one store; not to be shared between threads.

    Args:
        at: folder of the store, or where its parts are kept.

    Attributes:
        database: for queries of other modules.
        pipeline: whose runs are looked at when a step is asked for by its name; "" for all.
    """

    def __init__(self, at: Path | StoreConfig) -> None:
        config = at if isinstance(at, StoreConfig) else StoreConfig(at)
        self.database = open_database(config.folder, config.lineage)
        # Of a file, all runs are the project's; a server may be shared by several projects.
        self.pipeline = config.pipeline if config.lineage else ""

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
        self.database.close()

    @property
    def id(self) -> str:
        """What makes it this one and no other."""
        return str(self.query("SELECT value FROM meta WHERE name = 'id'")[0]["value"])

    def query(self, statement: str, **values: object) -> list[Row]:
        """Return the rows of a reading query."""
        return self.database.rows(statement, **values)

    # Runs -------------------------------------------------------------------------------------

    def start_run(
        self,
        pipeline: str,
        params: Mapping[str, str],
        seed: int,
        executor: str,
        *,
        engine: tuple[str, str, str] = ("", "", ""),
    ) -> tuple[int, str]:
        """Record a run that begins; return its row and its id.

        Args:
            pipeline: its name.
            params: parameter → text of its value.
            seed: ambient seed.
            executor: where steps run.
            engine: of a run on another engine: its name, its id of the run, a link to it there.
        """
        run = time.strftime("%Y%m%d-%H%M%S-", time.gmtime()) + uuid.uuid4().hex[:6]
        name, engine_run, link = engine
        with self.database.transaction() as db:
            close_abandoned(db)
            row = db.add(
                "context",
                run=run,
                pipeline=pipeline,
                state="RUNNING",
                params=json.dumps(dict(params)),
                seed=seed,
                executor=executor,
                host=socket.gethostname(),
                pid=os.getpid(),
                started=time.time(),
                engine=name,
                engine_run=engine_run,
                engine_link=link,
            )
        return row, run

    def join_run(
        self,
        engine: tuple[str, str, str],
        pipeline: str,
        params: Mapping[str, str],
        seed: int,
        executor: str,
        *,
        begin: bool = True,
    ) -> tuple[int, str, bool] | None:
        """Return row and id of a run that another engine drives, begun now if no part of it was.

        Args:
            engine: its name, its id of the run, a link to it there.
            pipeline: as for `start_run`.
            params: the same; those of the part that comes first are recorded.
            seed: the same.
            executor: the same.
            begin: whether it is begun if no part of it was.

        Returns:
            Row, id, and whether it began just now; None if it did not, and is not to.
        """
        run = time.strftime("%Y%m%d-%H%M%S-", time.gmtime()) + uuid.uuid4().hex[:6]
        name, engine_run, link = engine
        with self.database.transaction() as db:
            db.lock()
            found = db.rows(
                "SELECT id, run FROM context WHERE engine = :engine AND engine_run = :run"
                " AND pipeline = :pipeline",
                engine=name,
                run=engine_run,
                pipeline=pipeline,
            )
            if found:
                return int(found[0]["id"]), str(found[0]["run"]), False
            if not begin:
                return None
            row = db.add(
                "context",
                run=run,
                pipeline=pipeline,
                state="RUNNING",
                params=json.dumps(dict(params)),
                seed=seed,
                executor=executor,
                host=socket.gethostname(),
                pid=0,  # no process of ours is the run: its parts come and go
                started=time.time(),
                engine=name,
                engine_run=engine_run,
                engine_link=link,
            )
        return row, run, True

    def finish_run(
        self,
        context: int,
        state: State,
        results: Mapping[str, tuple[str, str]],
        *,
        code: str = "",
    ) -> None:
        """Record how a run ended.

        Args:
            context: its row.
            state: how.
            results: result of the pipeline → (step, port).
            code: digest of all of the pipeline's code.
        """
        with self.database.transaction() as db:
            db.run(
                "UPDATE context SET state = :state, ended = :ended, results = :results,"
                " code = :code WHERE id = :id",
                state=state,
                ended=time.time(),
                results=json.dumps(dict(results)),
                code=code,
                id=context,
            )
            _end_executions(db, context, "the run was stopped")

    def running(self) -> frozenset[str]:
        """Return the ids of runs that go on."""
        rows = self.query("SELECT run FROM context WHERE state = 'RUNNING'")
        return frozenset(row["run"] for row in rows)

    # Executions -------------------------------------------------------------------------------

    def start(self, context: int, position: int, execution: Execution, seed: int) -> int:
        """Record an execution that begins; return its row."""
        with self.database.transaction() as db:
            row = db.add(
                "execution",
                **_beginning(context, position, execution, seed),
                state="RUNNING",
                reason=execution.reason,
            )
            add_events(db, row, inputs=execution.inputs)
        return row

    def skip(self, context: int, position: int, execution: Execution, seed: int) -> None:
        """Record a step whose condition did not hold, once: several parts of a run may see it."""
        with self.database.transaction() as db:
            db.lock()
            if _newest_state(db, context, execution.step) == "SKIPPED":
                return
            db.add(
                "execution",
                **_beginning(context, position, execution, seed),
                state="SKIPPED",
                reason=execution.reason,
            )

    def complete(self, row: int, done: Execution, *, cacheable: bool) -> None:
        """Record outputs and facts of an execution that ran to its end, all at once."""
        with self.database.transaction() as db:
            add_events(db, row, outputs=done.outputs, files=done.files)
            db.run(
                "UPDATE execution SET state = 'COMPLETE', ended = :ended, seconds = :seconds,"
                " log = :log, reads = :reads, cacheable = :cacheable, stderr = :stderr,"
                " attempts = :attempts, peak_bytes = :peak WHERE id = :id",
                ended=time.time(),
                seconds=done.seconds,
                log=done.log,
                reads=json.dumps(dict(done.reads)),
                cacheable=int(cacheable),
                stderr=done.stderr,
                attempts=done.attempts,
                peak=done.peak_bytes,
                id=row,
            )

    def fail(
        self, row: int, error: str, log: str = "", stderr: str = "", *, attempts: int = 1
    ) -> None:
        """Record an execution that raised; nothing of it is ever taken from the cache."""
        with self.database.transaction() as db:
            db.run(
                "UPDATE execution SET state = 'FAILED', ended = :ended, error = :error,"
                " log = :log, stderr = :stderr, attempts = :attempts WHERE id = :id",
                ended=time.time(),
                error=error,
                log=log,
                stderr=stderr,
                attempts=attempts,
                id=row,
            )

    def reuse(
        self,
        context: int,
        position: int,
        execution: Execution,
        seed: int,
        *,
        present: Callable[[], bool] = lambda: True,
        once: bool = False,
    ) -> bool:
        """Record that an earlier execution answered a step of this run.

        Args:
            context: row of the run.
            position: of the step in the pipeline.
            execution: the earlier one, under the name of the step.
            seed: ambient seed.
            present: says whether its objects are still there, now that nobody can collect them.
            once: another part of the run may have recorded the same just now: then that counts.

        Returns:
            Whether they were; nothing is recorded if not.
        """
        now = time.time()
        with self.database.transaction() as db:
            if once:
                db.lock()
                if _newest_state(db, context, execution.step) == "CACHED":
                    return present()
            row = db.add(
                "execution",
                **_beginning(context, position, execution, seed),
                state="CACHED",
                ended=now,
                seconds=execution.seconds,
                log=execution.log,
                reads=json.dumps(dict(execution.reads)),
                source=execution.id or None,
                stderr=execution.stderr,
                peak_bytes=execution.peak_bytes,
            )
            # Not copied from the earlier rows: these may have been collected just now.
            add_events(
                db,
                row,
                inputs=execution.inputs,
                outputs=execution.outputs,
                files=execution.files,
            )
            if present():
                return True
            db.run("DELETE FROM event WHERE execution = :id", id=row)
            db.run("DELETE FROM execution WHERE id = :id", id=row)
        return False

    def candidates(self, key: str, limit: int = 8) -> tuple[Execution, ...]:
        """Return executions that may answer for a key, the newest first."""
        # An answer from the cache is one itself when it is the last that is left: see `collect`.
        rows = self.query(
            f"{SELECT} WHERE e.key = :key AND e.cacheable = 1 ORDER BY e.id DESC LIMIT :limit",
            key=key,
            limit=limit,
        )
        return with_artifacts(self.database, rows)

    def may_answer(self, rows: Iterable[int]) -> bool:
        """Say whether all of some executions may answer for their keys, or were answered so."""
        return all(
            row["cacheable"] or row["state"] == "CACHED"
            for row in rows_among(
                self.database,
                "SELECT id, state, cacheable FROM execution WHERE {among}",
                "id",
                list(rows),
            )
        )

    def expected(self) -> dict[str, Execution]:
        """Return, for the keys of the newest run that ended well, the newest that may answer each.

        For a run that asks for many: in two queries instead of two for each step. `candidates`
        has the others.
        """
        newest = (
            "SELECT MAX(a.id) FROM execution a JOIN execution b ON a.key = b.key"
            " WHERE a.cacheable = 1 AND b.key <> '' AND b.context = (SELECT MAX(id) FROM context"
            " WHERE state IN ('COMPLETE', 'CACHED')"
            " AND (:pipeline = '' OR pipeline = :pipeline)) GROUP BY a.key"
        )
        rows = self.query(f"{SELECT} WHERE e.id IN ({newest})", pipeline=self.pipeline)
        return {one.key: one for one in with_artifacts(self.database, rows)}

    def latest(self, step: str, *, complete: bool = True, limit: int = 1) -> tuple[Execution, ...]:
        """Return the newest executions of a step; only those that gave outputs if `complete`."""
        wanted = "('COMPLETE', 'CACHED')" if complete else "('COMPLETE', 'CACHED', 'FAILED')"
        rows = self.query(
            f"{SELECT} WHERE e.step = :step AND e.state IN {wanted}"
            " AND (:pipeline = '' OR c.pipeline = :pipeline) ORDER BY e.id DESC LIMIT :limit",
            step=step,
            pipeline=self.pipeline,
            limit=limit,
        )
        return with_artifacts(self.database, rows)

    def executions(self, run: str) -> tuple[Execution, ...]:
        """Return the executions of a run in pipeline order."""
        rows = self.query(f"{SELECT} WHERE c.run = :run ORDER BY e.position, e.id", run=run)
        return with_artifacts(self.database, rows)

    # Type checks ------------------------------------------------------------------------------

    def was_checked(self, key: str) -> bool:
        """Say whether the types of a pipeline were found right before."""
        return bool(self.query("SELECT 1 AS one FROM checked WHERE key = :key", key=key))

    def note_checked(self, key: str) -> None:
        """Remember that the types of a pipeline are right."""
        with self.database.transaction() as db:
            db.run("INSERT INTO checked VALUES (:key) ON CONFLICT (key) DO NOTHING", key=key)


def _newest_state(db: Writer, context: int, step: str) -> str:
    """Return what became of a step the last time in a run; "" if it did not begin."""
    last = db.rows(
        "SELECT state FROM execution WHERE context = :context AND step = :step"
        " ORDER BY id DESC LIMIT 1",
        context=context,
        step=step,
    )
    return str(last[0]["state"]) if last else ""


def _beginning(context: int, position: int, execution: Execution, seed: int) -> dict[str, object]:
    return {
        "context": context,
        "step": execution.step,
        "position": position,
        "key": execution.key,
        "ingredients": json.dumps(dict(execution.ingredients)),
        "params": "{}",
        "seed": seed,
        "started": time.time(),
    }


def close_abandoned(db: Writer) -> None:
    """Mark runs of this machine whose process is gone (killed, power cut) as failed."""
    running = db.rows(
        "SELECT id, pid FROM context WHERE state = 'RUNNING' AND host = :host ORDER BY id",
        host=socket.gethostname(),
    )
    for row in running:
        if not _alive(row["pid"]):
            db.run(
                "UPDATE context SET state = 'FAILED' WHERE id = :id AND state = 'RUNNING'",
                id=row["id"],
            )
            _end_executions(db, row["id"], "the run was killed")


def _end_executions(db: Writer, context: int, error: str) -> None:
    db.run(
        "UPDATE execution SET state = 'FAILED', error = :error"
        " WHERE context = :context AND state IN ('NEW', 'RUNNING')",
        error=error,
        context=context,
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
