"""Files as frames of pandas, whole or in chunks; as pandas itself would read them.

Three things are stricter: a column is looked at as a whole before its type is decided (pandas does
so piece by piece, and may mix types), a text of JSON stays a text, and dates are never guessed.
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thruway.components.ingest import filters
from thruway.components.ingest.cast import cast_pandas
from thruway.components.ingest.problems import absent, explained, heading, required
from thruway.components.places import bare, is_address, needed, opened, unpacked
from thruway.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from thruway.components.ingest.asks import Ask
    from thruway.components.ingest.kinds import Kind

__all__ = ["chunks", "read"]


def read(place: str, ask: Ask) -> Any:
    """Return a file as a DataFrame.

    Raises:
        DataError: it cannot be read, or is not what the schema says.
    """
    needed("pandas", "a frame of pandas", "pandas")
    with explained(place, ask):
        if ask.format == "csv":
            heading(place, ask)
            with _handle(place, ask) as source:
                frame = _pd().read_csv(source, **_csv_options(place, ask))
        elif ask.format == "jsonl":
            frame = _json(place, ask)
        elif ask.format == "excel":
            with opened(place, ask.storage) as source:
                frame = _pd().read_excel(source, **_excel_options(ask))
        else:
            frame = _columnar(place, ask)
        return finished(frame, place, ask)


def chunks(
    place: str, ask: Ask, rows: int, as_text: Mapping[str, str] | None = None
) -> Iterator[Any]:
    """Yield a file as DataFrames of so many rows, the last one of fewer.

    Args:
        place: path or address.
        ask: what is asked.
        rows: of each chunk, before `where`.
        as_text: columns that are read as text, whatever their values look like.
    """
    with explained(place, ask):
        if ask.format == "csv":
            heading(place, ask)
        for frame in _raw_chunks(place, ask, rows, as_text or {}):
            yield finished(frame.reset_index(drop=True), place, ask)


def _raw_chunks(place: str, ask: Ask, rows: int, as_text: Mapping[str, str]) -> Iterator[Any]:
    if ask.format == "csv":
        options = _csv_options(place, ask)
        options["dtype"] = {**dict.fromkeys(as_text, str), **options["dtype"]}
        with (
            _handle(place, ask) as source,
            _pd().read_csv(source, chunksize=rows, **options) as parts,
        ):
            yield from parts
    elif ask.format == "jsonl":
        with (
            unpacked(place, ask.storage) as source,
            _pd().read_json(source, chunksize=rows, **_json_options(ask)) as parts,
        ):
            yield from parts
    elif ask.format == "excel":
        with opened(place, ask.storage) as source:
            whole = _pd().read_excel(source, **_excel_options(ask))
        for start in range(0, len(whole), rows):
            yield whole.iloc[start : start + rows]
    else:
        from thruway.components.ingest import with_arrow

        for table in with_arrow.tables(place, ask, rows):
            yield table.to_pandas()


def finished(frame: Any, place: str, ask: Ask) -> Any:
    """Return a frame with the columns, types and rows that are asked for."""
    if not len(frame.columns):
        raise DataError(f"`{bare(place)}` is empty", fix="check whoever wrote it")
    frame.columns = [one if isinstance(one, str) else str(one) for one in frame.columns]
    wanted = [*ask.wanted(), *filters.columns_of(ask.where), *required(ask)]
    missing = absent(place, wanted, frame.columns)
    if missing is not None:
        raise missing
    frame = filters.kept(cast_pandas(frame, ask), ask.where)
    return frame[list(ask.columns)] if ask.columns else frame


def _pd() -> Any:
    import pandas as pd

    return pd


@contextmanager
def _handle(place: str, ask: Ask) -> Iterator[Any]:
    """Give pandas the path where it can open it, so that nothing stands between."""
    if not is_address(place) and not place.endswith(".zst"):
        with Path(place).open("rb"):  # says at once that it is not there
            pass
        yield place
        return
    with unpacked(place, ask.storage) as handle:
        yield handle


def _csv_options(place: str, ask: Ask) -> dict[str, Any]:
    options: dict[str, Any] = {
        "sep": ask.between(place),
        "encoding": ask.encoding,
        "dtype": {
            name: str if kind.timed or _by_us(kind) else kind.pandas
            for name, kind in ask.kinds.items()
            if kind.forced or kind.timed
        },
        "na_values": list(ask.missing),
        "keep_default_na": False,
        "low_memory": False,
    }
    if ask.columns:
        wanted = set(ask.wanted())
        options["usecols"] = lambda name: name in wanted
    given = dict(ask.options)
    if given.get("engine") in {"python", "pyarrow"}:
        options.pop("low_memory")
    return {**options, **given}


def _by_us(kind: Kind) -> bool:
    """Return whether integers are read as texts: early pandas let them overflow, or round them."""
    early = int(_pd().__version__.partition(".")[0]) < 2
    return early and kind.whole and (kind.nullable or kind.name != "int64")


def _json_options(ask: Ask) -> dict[str, Any]:
    # From pandas 3 on, the first of the two says it all, and the second is on its way out.
    old = int(_pd().__version__.partition(".")[0]) < 3
    return {
        "lines": True,
        "dtype": False,
        **({"convert_dates": False} if old else {}),
        "precise_float": True,
        "encoding": ask.encoding,
        **ask.options,
    }


def _json(place: str, ask: Ask) -> Any:
    with unpacked(place, ask.storage) as source:
        listed = source.read(64).lstrip().startswith(b"[")
    options = _json_options(ask)
    if listed:
        options.update(lines=False, orient="records")
    with unpacked(place, ask.storage) as source:
        return _pd().read_json(source, **options)


def _excel_options(ask: Ask) -> dict[str, Any]:
    needed("openpyxl", "reading Excel", "openpyxl", "excel")
    options: dict[str, Any] = {
        "na_values": list(ask.missing),
        "keep_default_na": False,
        "dtype": {name: kind.pandas for name, kind in ask.kinds.items() if kind.name == "string"},
    }
    if ask.columns:
        wanted = set(ask.wanted())
        options["usecols"] = lambda name: name in wanted
    return {**options, **ask.options}


def _columnar(place: str, ask: Ask) -> Any:
    """Return a file of Parquet or Arrow."""
    pd = _pd()
    columns = list(ask.wanted()) or None
    needed("pyarrow", f"reading {ask.format}", "pyarrow", "parquet")
    if ask.format == "parquet":
        conditions = filters.for_parquet(ask.where)
        extra = {"filters": conditions} if conditions else {}
        with opened(place, ask.storage) as source:
            if is_address(place):
                return pd.read_parquet(source, columns=columns, **extra, **ask.options)
        return pd.read_parquet(place, columns=columns, engine="pyarrow", **extra, **ask.options)
    from thruway.components.ingest import with_arrow

    return with_arrow.table(place, ask).to_pandas()
