"""What a lineage needs of a database: rows by named parameters, and transactions.

One body of SQL in `lineage` and its neighbours; two thin sides under it: `lineage_file` (SQLite,
from the standard library, for the file beside the objects) and `lineage_server` (PostgreSQL,
through SQLAlchemy). Values are written as `:name`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from thruway.errors import StorageError
from thruway.kit.project import SQLITE
from thruway.run.lineage.schema import bring_up_to_date

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from contextlib import AbstractContextManager

    from thruway.run.lineage.schema import Dialect

Row = dict[str, Any]
FILE = "lineage.db"
_WRITTEN_OUT = "\x01"
_AT_ONCE = 500


class Reader(Protocol):
    """Gives rows."""

    def rows(self, statement: str, **values: object) -> list[Row]:
        """Return the rows of a query."""

    def has_table(self, name: str) -> bool:
        """Say whether there is such a table."""


class Writer(Reader, Protocol):
    """What may be done inside a transaction."""

    def run(self, statement: str, **values: object) -> int:
        """Change rows; return how many."""

    def add(self, table: str, **values: object) -> int:
        """Add a row and return its number."""

    def lock(self) -> None:
        """Keep every other writer out until the transaction ends."""


class Database(Reader, Protocol):
    """A database with a lineage.

    Attributes:
        dialect: which it is.
        place: where it is, for people; without a password.
    """

    dialect: Dialect
    place: str

    def transaction(self) -> AbstractContextManager[Writer]:
        """Write all of the block or nothing."""

    def setting_up(self) -> AbstractContextManager[Writer]:
        """Do the same, and keep others from doing it at the same time."""

    def close(self) -> None:
        """Let go of it."""


def open_database(folder: Path, url: str) -> Database:
    """Return the lineage of a store, made or brought up to date if need be.

    Args:
        folder: of the store.
        url: where the lineage is; "" for the file in the folder.

    Raises:
        StorageError: it cannot be used.
    """
    database: Database
    if not url or url.startswith(SQLITE):
        from thruway.run.lineage.file import FileDatabase

        database = FileDatabase(Path(url.removeprefix(SQLITE)) if url else folder / FILE)
    else:
        # Importing SQLAlchemy takes longer than a whole run that is answered by the cache.
        from thruway.run.lineage.server import ServerDatabase

        database = ServerDatabase(url)
    try:
        bring_up_to_date(database)
    except BaseException:
        database.close()
        raise
    return database


def exists(folder: Path, url: str) -> bool:
    """Say whether a lineage may be there; a file is not made by asking."""
    if url and not url.startswith(SQLITE):
        return True
    return (Path(url.removeprefix(SQLITE)) if url else folder / FILE).is_file()


def among(column: str, values: Collection[object], name: str = "one") -> tuple[str, dict[str, Any]]:
    """Return a condition that a column is one of some values, and the values by name.

    >>> among("e.id", [7, 8])
    ('e.id IN (:one0, :one1)', {'one0': 7, 'one1': 8})
    """
    named = {f"{name}{number}": value for number, value in enumerate(values)}
    return f"{column} IN ({', '.join(f':{key}' for key in named)})", named


def rows_among(
    reader: Reader, statement: str, column: str, values: Collection[object], **more: object
) -> list[Row]:
    """Return the rows of a query for many values, some hundred at a time.

    Args:
        reader: where from.
        statement: the query, with `{among}` where the condition belongs.
        column: which is to be one of the values.
        values: these.
        more: other values of the query.
    """
    found: list[Row] = []
    every = list(values)
    for start in range(0, len(every), _AT_ONCE):
        condition, named = among(column, every[start : start + _AT_ONCE])
        found += reader.rows(statement.format(among=condition), **named, **more)
    return found


def stored(values: Mapping[str, object]) -> dict[str, object]:
    """Return values as every database takes them: no NUL, nothing that is not Unicode."""
    return {name: _stored(value) if type(value) is str else value for name, value in values.items()}


def _stored(text: str) -> str:
    strange = "\0" in text or text.startswith(_WRITTEN_OUT)
    if not strange and not text.isascii():
        strange = any("\ud800" <= letter <= "\udfff" for letter in text)
    return _WRITTEN_OUT + json.dumps(text) if strange else text


def restored(row: Mapping[str, Any]) -> Row:
    r"""Return a row with the texts that were given.

    >>> restored(stored({"path": "a\udcff", "n": 1})) == {"path": "a\udcff", "n": 1}
    True
    """
    return {
        name: json.loads(value[1:])
        if type(value) is str and value.startswith(_WRITTEN_OUT)
        else value
        for name, value in row.items()
    }


def unusable(place: str, reason: str, fix: str) -> StorageError:
    """Return the error for a lineage that cannot be used."""
    return StorageError(f"the lineage cannot be used: {reason}", where=place, fix=fix)
