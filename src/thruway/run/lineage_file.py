"""The SQLite file of a lineage: its tables, how it is opened, how it comes up to date.

WAL and a busy timeout let several runs use one store at the same time; every write is one short
transaction. What is in the tables is `lineage`'s business.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from typing import TYPE_CHECKING

from thruway.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCHEMA_VERSION = 2
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
    cacheable INTEGER NOT NULL DEFAULT 0, error TEXT NOT NULL DEFAULT '', source INTEGER,
    stderr TEXT NOT NULL DEFAULT '');
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

_UPGRADES = {2: "ALTER TABLE execution ADD COLUMN stderr TEXT NOT NULL DEFAULT ''"}
"""Version → what makes it out of the one before."""


def connect(path: Path) -> sqlite3.Connection:
    """Return a connection to a lineage, made or brought up to date if need be.

    Raises:
        StorageError: the file is damaged, or newer than this program.
    """
    connection = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        _open(connection)
    except sqlite3.DatabaseError as error:
        connection.close()
        raise _unusable(str(error)) from error
    except StorageError:
        connection.close()
        raise
    return connection


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Write all of the block or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _open(connection: sqlite3.Connection) -> None:
    connection.row_factory = sqlite3.Row
    connection.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
    if _version(connection) == SCHEMA_VERSION:
        return
    _enter_wal(connection)
    with transaction(connection) as db:
        version = _version(db)  # another run may have been faster
        if version == 0:
            for statement in _SCHEMA.split(";"):
                db.execute(statement)
        for number in range(version + 1, SCHEMA_VERSION + 1) if version else ():
            db.execute(_UPGRADES[number])
        db.execute("INSERT OR REPLACE INTO meta VALUES ('schema', ?)", (str(SCHEMA_VERSION),))


def _enter_wal(connection: sqlite3.Connection) -> None:
    # Two runs that create the store together: SQLite answers the change of journal with
    # "locked" at once, without waiting for the busy timeout.
    for attempt in range(200):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            time.sleep(0.005 * (1 + attempt % 5))
        else:
            return


def _version(connection: sqlite3.Connection) -> int:
    known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'")
    if known.fetchone() is None:
        return 0
    row = connection.execute("SELECT value FROM meta WHERE name = 'schema'").fetchone()
    version = int(row["value"]) if row else 0
    if version > SCHEMA_VERSION:
        raise _unusable(f"its schema {version} is newer than this Thruway's {SCHEMA_VERSION}")
    return version


def _unusable(reason: str) -> StorageError:
    return StorageError(
        f"the lineage of this project cannot be used: {reason}",
        where=".thruway/lineage.db",
        fix="move the folder `.thruway` away; the next run makes a new one",
    )
