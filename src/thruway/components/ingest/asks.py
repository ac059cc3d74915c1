"""What is asked of a reader, and how the format of a file is known."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from thruway.components.places import PACKED, bare
from thruway.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from thruway.components.ingest.filters import Condition
    from thruway.components.ingest.kinds import Kind

__all__ = ["MISSING", "Ask", "Format", "Frames", "format_of"]

Format = Literal["csv", "parquet", "jsonl", "arrow", "excel"]
Frames = Literal["pandas", "polars", "pyarrow"]

MISSING: tuple[str, ...] = (
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
    "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null",
)  # fmt: skip
"""What pandas takes for missing in a text file; the other libraries are told to do the same."""

_SUFFIXES: dict[str, Format] = {
    ".csv": "csv", ".tsv": "csv", ".tab": "csv", ".txt": "csv", ".data": "csv",
    ".parquet": "parquet", ".pq": "parquet", ".parq": "parquet",
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl",
    ".arrow": "arrow", ".feather": "arrow", ".ipc": "arrow",
    ".xlsx": "excel", ".xls": "excel", ".xlsm": "excel", ".xlsb": "excel", ".ods": "excel",
}  # fmt: skip


@dataclass(frozen=True)
class Ask:
    """What is asked of a reader; plain data.

    Attributes:
        format: of the files, or `sql`.
        kinds: what the columns are, where the user says so.
        columns: that are wanted, in this order; empty for all.
        where: conditions, all of which a row meets.
        missing: texts that stand for a missing value.
        encoding: of text files.
        separator: between the fields of a CSV; "" for what the name says.
        options: handed to the library's reader as they are.
        storage: handed to fsspec.
    """

    format: str
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    where: tuple[Condition, ...] = ()
    missing: tuple[str, ...] = MISSING
    encoding: str = "utf-8"
    separator: str = ""
    options: Mapping[str, object] = field(default_factory=dict)
    storage: Mapping[str, object] = field(default_factory=dict)

    def wanted(self) -> tuple[str, ...]:
        """Return the columns to read: those that are asked for, and those the conditions need."""
        if not self.columns:
            return ()
        return tuple(dict.fromkeys((*self.columns, *(str(one[0]) for one in self.where))))

    def between(self, place: str) -> str:
        """Return the separator of a CSV."""
        if self.separator:
            return self.separator
        return "\t" if suffix_of(place) in {".tsv", ".tab"} else ","


def suffix_of(place: str) -> str:
    """Return the ending that says the format, without that of what packs it.

    >>> suffix_of("https://host/a.CSV.gz?x=1")
    '.csv'
    """
    name = place.partition("?")[0].replace("\\", "/").rsplit("/", 1)[-1].lower()
    for packed in PACKED:
        name = name.removesuffix(packed)
    dot = name.rfind(".")
    return name[dot:] if dot > 0 else ""


def format_of(place: str, given: Format | None) -> Format:
    """Return the format of a file, by its name unless it is given.

    Raises:
        UsageError: the name does not say it.
    """
    known = tuple(dict.fromkeys(_SUFFIXES.values()))
    if given is not None:
        if given not in known:
            raise UsageError(f"`{given}` is no format", fix=f"use one of: {', '.join(known)}")
        return given
    found = _SUFFIXES.get(suffix_of(place))
    if found is None:
        raise UsageError(
            f"the name of `{bare(place)}` does not say what it is",
            fix=f"say it by `format`: one of {', '.join(known)}",
        )
    return found
