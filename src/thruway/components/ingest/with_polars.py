"""Files as frames of polars, by its own readers; missing values are written as for pandas."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from thruway.components.ingest import filters
from thruway.components.ingest.cast import cast_polars
from thruway.components.ingest.problems import absent, explained, heading, required
from thruway.components.places import PACKED, is_address, needed, unpacked

if TYPE_CHECKING:
    from thruway.components.ingest.asks import Ask

__all__ = ["finished", "read"]

_LOOKED_AT = 10_000
"""Rows by which polars first decides the types."""


def read(place: str, ask: Ask) -> Any:
    """Return a file as a DataFrame of polars.

    Raises:
        DataError: it cannot be read, or is not what the schema says.
    """
    needed("polars", "a frame of polars", "polars")
    with explained(place, ask):
        if ask.format == "csv":
            heading(place, ask)
        if ask.format == "excel":
            import polars as pl

            from thruway.components.ingest import with_pandas

            return pl.from_pandas(with_pandas.read(place, ask))
        return finished(_READERS[ask.format](_source(place, ask), place, ask), place, ask)


def _source(place: str, ask: Ask) -> Any:
    """Return a path, or the bytes of what polars cannot open itself."""
    if is_address(place) or place.endswith(PACKED):
        with unpacked(place, ask.storage) as handle:
            return handle.read()
    with Path(place).open("rb"):  # seen by the engine, which does not see what polars opens
        return place


def _csv(source: Any, place: str, ask: Ask) -> Any:
    import polars as pl

    utf8 = ask.encoding.lower().replace("-", "").removesuffix("sig").rstrip("_") == "utf8"
    options = {
        "separator": ask.between(place),
        "null_values": list(ask.missing),
        "schema_overrides": {
            name: pl.String if kind.timed or kind.name == "bool" else kind.polars
            for name, kind in ask.kinds.items()
            if kind.forced or kind.timed
        },
        "infer_schema_length": _LOOKED_AT,
        "encoding": "utf8" if utf8 else ask.encoding,
        **ask.options,
    }
    if ask.columns:
        options["columns"] = list(ask.wanted())
    try:
        found = pl.read_csv(source, **options)
    except pl.exceptions.ComputeError:
        found = None  # a value further down is of another type
    if found is None or _guessed(found, ask):
        # Looking at all rows first takes ten times as long, and is seldom needed.
        found = pl.read_csv(source, **{**options, "infer_schema_length": None, **ask.options})
    return found


def _guessed(found: Any, ask: Ask) -> bool:
    """Return whether a column is text only because there was nothing where polars looked."""
    import polars as pl

    if len(found) <= _LOOKED_AT:
        return False
    return any(
        found[name].head(_LOOKED_AT).null_count() == _LOOKED_AT
        for name, dtype in found.schema.items()
        if dtype == pl.String and name not in ask.kinds
    )


def _json(source: Any, place: str, ask: Ask) -> Any:
    import io

    import polars as pl

    with unpacked(place, ask.storage) as handle:
        listed = handle.read(64).lstrip().startswith(b"[")
    given = io.BytesIO(source) if isinstance(source, bytes) else source
    if listed:
        return pl.read_json(given, infer_schema_length=None, **ask.options)
    return pl.read_ndjson(given, infer_schema_length=None, **ask.options)


def _parquet(source: Any, place: str, ask: Ask) -> Any:  # noqa: ARG001 - alike
    import io

    import polars as pl

    given = io.BytesIO(source) if isinstance(source, bytes) else source
    columns = list(ask.wanted()) or None
    return pl.read_parquet(given, columns=columns, hive_partitioning=False, **ask.options)


def _arrow(source: Any, place: str, ask: Ask) -> Any:  # noqa: ARG001 - alike
    import polars as pl

    from thruway.components.ingest import with_arrow

    return pl.from_arrow(with_arrow.table(place, ask))


_READERS = {"csv": _csv, "jsonl": _json, "parquet": _parquet, "arrow": _arrow}


def finished(frame: Any, place: str, ask: Ask) -> Any:
    """Return a frame with the columns, types and rows that are asked for."""
    wanted = [*ask.wanted(), *filters.columns_of(ask.where), *required(ask)]
    missing = absent(place, wanted, frame.columns)
    if missing is not None:
        raise missing
    frame = filters.kept(cast_polars(frame, ask), ask.where)
    return frame.select(list(ask.columns)) if ask.columns else frame
