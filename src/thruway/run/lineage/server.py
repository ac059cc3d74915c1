"""A lineage on a PostgreSQL server, through SQLAlchemy: for runs on several machines.

The extra `thruway[postgresql]` brings both. One connection at a time is held, tried before it is
used, so that a step that takes hours may lose it meanwhile.
"""

from __future__ import annotations

import contextlib
from functools import cache
from typing import TYPE_CHECKING, Any

from thruway.run.lineage.database import restored, stored, unusable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL, Connection, Engine, TextClause

    from thruway.errors import StorageError
    from thruway.run.lineage.database import Row
    from thruway.run.lineage.schema import Dialect

_CONNECT_SECONDS = 10
_LOCK_SECONDS = 60
_SILENCE_MILLISECONDS = 30_000
_SETTING_UP = 7_484_879_291
"""Number of the lock under which tables are made."""
_INSTALL = "install the packages: pip install 'thruway[postgresql]'"
_LOOK = "look whether the server runs, whether name and password are right, and run again"


class ServerDatabase:
    """A lineage on a server; see `lineage_database.Database`."""

    dialect: Dialect = "postgresql"

    def __init__(self, url: str) -> None:
        try:
            import sqlalchemy
        except ImportError as error:
            place = url.partition("://")[0]
            raise unusable(place, "SQLAlchemy is not installed", _INSTALL) from error
        self._faults = sqlalchemy.exc.SQLAlchemyError
        address = _address(url)
        self.place = address.render_as_string(hide_password=True)
        self._engine = self._made(address)

    def _made(self, address: URL) -> Engine:
        from sqlalchemy import create_engine, event

        patience = {
            "connect_timeout": _CONNECT_SECONDS,
            "tcp_user_timeout": _SILENCE_MILLISECONDS,
        }
        wanted = {name: value for name, value in patience.items() if name not in address.query}
        try:
            engine = create_engine(
                address, pool_size=1, max_overflow=1, pool_pre_ping=True, connect_args=wanted
            )
        except ImportError as error:
            raise unusable(self.place, str(error), _INSTALL) from error

        @event.listens_for(engine, "connect")
        def _(connection: Any, _record: Any) -> None:
            connection.execute(f"SET lock_timeout = '{_LOCK_SECONDS}s'")
            connection.commit()

        return engine

    def rows(self, statement: str, **values: object) -> list[Row]:
        """Return the rows of a query."""
        with self._named(), self._engine.connect() as connection:
            return _Session(connection).rows(statement, **values)

    def has_table(self, name: str) -> bool:
        """Say whether there is such a table."""
        with self._named(), self._engine.connect() as connection:
            return _Session(connection).has_table(name)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[_Session]:
        """Write all of the block or nothing."""
        with self._named(), self._engine.begin() as connection:
            yield _Session(connection)

    @contextlib.contextmanager
    def setting_up(self) -> Iterator[_Session]:
        """Write all of the block or nothing, one program at a time."""
        with self.transaction() as session:
            session.rows("SELECT pg_advisory_xact_lock(:number)", number=_SETTING_UP)
            yield session

    def close(self) -> None:
        """Let go of the connection."""
        self._engine.dispose()

    @contextlib.contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except self._faults as error:
            text = str(getattr(error, "orig", None) or error).strip()
            lines = [line.strip() for line in text.splitlines() if line.strip()]
            raise unusable(
                self.place, lines[0] if lines else type(error).__name__, _LOOK
            ) from error


class _Session:
    """One connection; see `lineage_database.Writer`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def rows(self, statement: str, **values: object) -> list[Row]:
        """Return the rows of a query."""
        found = self._connection.execute(_text(statement), stored(values)).mappings()
        return [restored(dict(row)) for row in found]

    def has_table(self, name: str) -> bool:
        """Say whether there is such a table."""
        # Not `to_regclass`: it answers from a cache that another's tables, made while we waited
        # for our turn, are not in yet.
        found = self.rows(
            "SELECT 1 AS one FROM pg_catalog.pg_tables WHERE tablename = :name"
            " AND schemaname = ANY (current_schemas(false))",
            name=name,
        )
        return bool(found)

    def run(self, statement: str, **values: object) -> int:
        """Change rows; return how many."""
        return int(self._connection.execute(_text(statement), stored(values)).rowcount)

    def add(self, table: str, **values: object) -> int:
        """Add a row and return its number."""
        names = ", ".join(values)
        places = ", ".join(f":{name}" for name in values)
        statement = f"INSERT INTO {table} ({names}) VALUES ({places}) RETURNING id"  # noqa: S608
        return int(self._connection.execute(_text(statement), stored(values)).scalar_one())

    def lock(self) -> None:
        """Keep every other writer out until the transaction ends."""
        self.run("LOCK TABLE context, execution, artifact, event IN SHARE ROW EXCLUSIVE MODE")


@cache
def _text(statement: str) -> TextClause:
    from sqlalchemy import text

    return text(statement)


def _address(url: str) -> URL:
    """Return a URL with the driver that we bring, if it names none.

    Raises:
        StorageError: it is no URL of a PostgreSQL database.
    """
    from sqlalchemy import make_url

    try:
        address = make_url(url)
    except Exception as error:  # a URL that cannot be read raises different things
        raise _no_address(url) from error
    if address.drivername in ("postgres", "postgresql"):
        address = address.set(drivername="postgresql+psycopg")
    if address.get_backend_name() != "postgresql":
        raise _no_address(url)
    return address


def _no_address(url: str) -> StorageError:
    return unusable(
        url.partition("://")[0] + "://…",
        "it is neither a file nor a PostgreSQL database",
        "write postgresql://user@host/database, or the path of a file",
    )
