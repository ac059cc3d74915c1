"""A lineage in a SQLite file, from the standard library: nothing to install, nothing to import.

WAL and a busy timeout let several runs use one store at the same time; every write is one short
transaction.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from typing import TYPE_CHECKING

from thruway.errors import StorageError
from thruway.run.lineage.database import restored, stored, unusable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from thruway.run.lineage.database import Row
    from thruway.run.lineage.schema import Dialect

BUSY_SECONDS = 60.0
_READ_ONLY = ("readonly", "unable to open")
_FIXES = {
    "full": "make room on the disk, and run again: finished steps are taken from the cache",
    "disk I/O": "make room on the disk, look whether it works, and run again",
    "readonly": "correct the rights of the file and its folder, or give another `lineage`",
    "unable to open": "correct the rights of the file and its folder, or give another `lineage`",
    "locked": "wait until what else uses the store is done, and run again",
}
_MOVE = "move the file away (the objects stay): the next run makes a new one"


class FileDatabase:
    """A lineage in a file; see `lineage_database.Database`."""

    dialect: Dialect = "sqlite"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.place = str(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unusable(self.place, error.strerror or str(error), _FIXES["readonly"]) from error
        with self._named():
            self._connection = self._connect()

    def _connect(self) -> sqlite3.Connection:
        try:
            return _open(str(self.path))
        except sqlite3.OperationalError as error:
            if not _is_read_only(error) or not self.path.is_file():
                raise
            # A store on a read-only disk, or of somebody else: it can be looked at.
            return _open(f"{self.path.absolute().as_uri()}?immutable=1", uri=True)

    def rows(self, statement: str, **values: object) -> list[Row]:
        """Return the rows of a query."""
        with self._named():
            found = self._connection.execute(statement, stored(values)).fetchall()
        return [restored(dict(row)) for row in found]

    def has_table(self, name: str) -> bool:
        """Say whether there is such a table."""
        return bool(self.rows("SELECT 1 FROM sqlite_master WHERE name = :name", name=name))

    def run(self, statement: str, **values: object) -> int:
        """Change rows; return how many."""
        with self._named():
            return self._connection.execute(statement, stored(values)).rowcount

    def add(self, table: str, **values: object) -> int:
        """Add a row and return its number."""
        names = ", ".join(values)
        places = ", ".join(f":{name}" for name in values)
        with self._named():
            cursor = self._connection.execute(
                f"INSERT INTO {table} ({names}) VALUES ({places})",  # noqa: S608 - our own names
                stored(values),
            )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def lock(self) -> None:
        """Nothing: a transaction keeps other writers out from its beginning."""

    @contextlib.contextmanager
    def transaction(self) -> Iterator[FileDatabase]:
        """Write all of the block or nothing."""
        self.run("BEGIN IMMEDIATE")
        try:
            yield self
            self.run("COMMIT")
        except BaseException:
            # A disk that is full may have ended the transaction already.
            with contextlib.suppress(StorageError):
                self.run("ROLLBACK")
            raise

    @contextlib.contextmanager
    def setting_up(self) -> Iterator[FileDatabase]:
        """Write all of the block or nothing; from now on, readers and a writer share the file."""
        self._enter_wal()
        with self.transaction() as db:
            yield db

    def _enter_wal(self) -> None:
        # Two runs that create the store together: SQLite answers the change of journal with
        # "locked" at once, without waiting for the busy timeout.
        for attempt in range(200):
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError:
                time.sleep(0.005 * (1 + attempt % 5))
            except sqlite3.DatabaseError as error:
                raise self._unusable(error) from error
            else:
                return

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    @contextlib.contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._unusable(error) from error

    def _unusable(self, error: sqlite3.Error) -> StorageError:
        text = str(error)
        fix = next((fix for word, fix in _FIXES.items() if word in text), _MOVE)
        return unusable(self.place, text, fix)


def _open(name: str, *, uri: bool = False) -> sqlite3.Connection:
    connection = sqlite3.connect(
        name, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, uri=uri
    )
    try:
        connection.row_factory = sqlite3.Row
        connection.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
        # What a process that dies has written is kept; only a power cut may take the last
        # transactions, whole ones, as it may take the objects that they tell of. What is flushed
        # is the end of a run: closing the file does that. To flush each step costs a millisecond.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _is_read_only(error: sqlite3.Error) -> bool:
    return any(word in str(error) for word in _READ_ONLY)
