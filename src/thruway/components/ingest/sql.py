"""Rows of a database, by SQLAlchemy: of a query, or of a table named."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from thruway.components.ingest import filters
from thruway.components.ingest.problems import absent
from thruway.components.places import needed
from thruway.errors import DataError, ThruwayError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from thruway.components.ingest.asks import Ask

__all__ = ["chunks", "holds_password", "place_of", "read"]

_QUERY = re.compile(r"^\s*(--.*\n\s*|/\*.*?\*/\s*)*(select|with|values|exec|call|show|pragma)\b",
                    re.IGNORECASE | re.DOTALL)  # fmt: skip


def read(
    query: str,
    connection: str,
    ask: Ask,
    frames: str,
    parameters: Mapping[str, object] | None = None,
) -> Any:
    """Return the rows of a query or a table as a frame.

    Raises:
        DataError: the database cannot be reached, or refuses.
    """
    with _rows(query, connection, ask, parameters) as result:
        return _finished(_frame(list(result.keys()), result.fetchall(), frames), ask, frames)


def chunks(
    query: str,
    connection: str,
    ask: Ask,
    rows: int,
    parameters: Mapping[str, object] | None = None,
) -> Iterator[Any]:
    """Yield the rows of a query or a table as DataFrames of so many, the last one of fewer."""
    with _rows(query, connection, ask, parameters) as result:
        names = list(result.keys())
        found = False
        while part := result.fetchmany(rows):
            found = True
            yield _finished(_frame(names, part, "pandas"), ask, "pandas")
        if not found:
            yield _finished(_frame(names, [], "pandas"), ask, "pandas")


def place_of(connection: str) -> str:
    """Return what a database is called in messages: its URL without the password."""
    sqlalchemy = needed("sqlalchemy", "reading from a database", "sqlalchemy", "sql")
    try:
        return str(sqlalchemy.engine.make_url(_expanded(connection)).render_as_string())
    except sqlalchemy.exc.ArgumentError:
        return "the database"


def holds_password(connection: str) -> bool:
    """Return whether the text of a connection holds a password, rather than where it is kept."""
    sqlalchemy = needed("sqlalchemy", "reading from a database", "sqlalchemy", "sql")
    try:
        return bool(sqlalchemy.engine.make_url(connection).password) and "$" not in connection
    except sqlalchemy.exc.ArgumentError:
        return False


def _expanded(connection: str) -> str:
    made = os.path.expandvars(connection)
    unset = re.search(r"\$\{?(\w+)\}?", made)
    if unset and made == connection and "$" in connection:
        raise UsageError(
            f"the environment variable `{unset[1]}` of `connection` is not set", fix="set it"
        )
    return made


@contextmanager
def _rows(
    query: str, connection: str, ask: Ask, parameters: Mapping[str, object] | None
) -> Iterator[Any]:
    sqlalchemy = needed("sqlalchemy", "reading from a database", "sqlalchemy", "sql")
    try:
        engine = sqlalchemy.create_engine(_expanded(connection), **ask.options)
    except ImportError as error:
        raise UsageError(
            f"the driver of the database is not installed: {error}", fix="install it"
        ) from error
    except sqlalchemy.exc.ArgumentError as error:
        raise UsageError(
            "`connection` is no URL of a database", fix='write it as "sqlite:///data.db"'
        ) from error
    try:
        with engine.connect() as connected:
            statement = _statement(sqlalchemy, engine, query, ask)
            streamed = connected.execution_options(stream_results=True)
            yield streamed.execute(statement, dict(parameters or {}))
    except ThruwayError:
        raise
    except sqlalchemy.exc.SQLAlchemyError as error:
        text = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise DataError(
            f"the database refused: {text}",
            where=f"{place_of(connection)}: {' '.join(query.split())[:80]}",
            fix="check the query, and that the database is there",
        ) from error
    finally:
        engine.dispose()


def _statement(sqlalchemy: Any, engine: Any, query: str, ask: Ask) -> Any:
    if _QUERY.match(query):
        return sqlalchemy.text(query)
    schema, _, name = query.strip().rpartition(".")
    try:
        found = sqlalchemy.Table(
            name, sqlalchemy.MetaData(), schema=schema or None, autoload_with=engine
        )
    except sqlalchemy.exc.NoSuchTableError as error:
        names = sqlalchemy.inspect(engine).get_table_names(schema=schema or None)
        raise DataError(
            f"the database has no table `{query.strip()}`",
            where=f"it has {', '.join(f'`{one}`' for one in names[:12]) or 'none'}",
            fix="name one of these, or give a query that begins with SELECT",
        ) from error
    missing = absent(query, [*ask.wanted(), *filters.columns_of(ask.where)], found.columns.keys())
    if missing is not None:
        raise missing
    chosen = [found.c[one] for one in ask.wanted()] or [found]
    statement = sqlalchemy.select(*chosen)
    for one in ask.where:
        statement = statement.where(_condition(found.c[one[0]], one))
    return statement


def _condition(column: Any, one: tuple[Any, ...]) -> Any:
    if one[1] == "is missing":
        return column.is_(None)
    if one[1] == "is present":
        return column.is_not(None)
    if one[1] == "in":
        return column.in_(list(one[2]))
    if one[1] == "not in":
        return column.not_in(list(one[2]))
    return filters._COMPARE[one[1]](column, one[2])


def _frame(names: list[str], rows: list[Any], frames: str) -> Any:
    if frames == "pandas":
        pd = needed("pandas", "a frame of pandas", "pandas")
        # As `pandas.read_sql` makes it, whose versions do not fit all of SQLAlchemy's.
        return pd.DataFrame.from_records(
            [tuple(row) for row in rows], columns=names, coerce_float=True
        )
    columns = list(zip(*rows, strict=True)) if rows else [() for _ in names]
    values = dict(zip(names, map(list, columns), strict=True))
    if frames == "polars":
        return needed("polars", "a frame of polars", "polars").DataFrame(
            values, infer_schema_length=None
        )
    return needed("pyarrow", "a table of Arrow", "pyarrow").table(values)


def _finished(frame: Any, ask: Ask, frames: str) -> Any:
    from thruway.components.ingest import with_arrow, with_pandas, with_polars

    finish = {"pandas": with_pandas, "polars": with_polars, "pyarrow": with_arrow}[frames].finished
    return finish(frame, "the query", ask)
