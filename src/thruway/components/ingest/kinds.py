"""A schema on read: what each column is, in the words of any library, as kinds of our own.

`kinds_of` takes what users have: a dict, a model of pandera, a schema record. The readers ask a
kind for the dtype of their library. Dates need a word on how they are written unless it is ISO
8601: `"date:%d/%m/%Y"`; guessing would take 01/02 for January in one file and for February in the
next.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from thruway.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Kind", "kinds_of"]


@dataclass(frozen=True)
class Kind:
    """What a column is.

    Attributes:
        name: `int64` … `uint8`, `float64`, `float32`, `bool`, `string`, `category`, `date`,
            `datetime`, `duration`.
        nullable: whether it is a dtype of pandas that keeps missing values as such (`Int64`).
        zone: time zone of a datetime, "" for none.
        written: how a date or datetime is written (`%d/%m/%Y`), "" for ISO 8601.
        categories: of a category, where the schema lists them.
        lenient: integers with missing values may become floats, as pandas has it.
        required: whether the column has to be there.
    """

    name: str
    nullable: bool = False
    zone: str = ""
    written: str = ""
    categories: tuple[str, ...] = ()
    lenient: bool = False
    required: bool = True

    @property
    def timed(self) -> bool:
        """Whether it is a date or a time, which no reader of CSV is trusted to guess."""
        return self.name in {"date", "datetime", "duration"}

    @property
    def whole(self) -> bool:
        """Whether it is an integer."""
        return "int" in self.name

    @property
    def forced(self) -> bool:
        """Whether the reader is told, rather than the column made so afterwards.

        A schema that was inferred says `int` also of whole floats, and of a column in which a
        value may be missing; then the values decide.
        """
        return not self.lenient or self.name in {"string", "category"}

    @property
    def pandas(self) -> Any:
        """The dtype that pandas is given."""
        if self.name == "string":
            return "string" if self.nullable else str
        if self.name == "category" and self.categories:
            import pandas as pd

            return pd.CategoricalDtype(list(self.categories))
        if self.nullable:
            capital = (
                self.name.replace("uint", "UInt")
                if self.name[0] == "u"
                else (self.name.capitalize())
            )
            return "boolean" if self.name == "bool" else capital
        return self.name

    @property
    def polars(self) -> Any:
        """The dtype that polars is given; of dates, what is made of them later."""
        import polars as pl

        if self.name == "datetime":
            return pl.Datetime("us", self.zone or None)
        words = {"bool": "Boolean", "category": "Categorical", "duration": "Duration"}
        word = words.get(self.name, self.name.capitalize())
        return getattr(pl, word.replace("Uint", "UInt"))

    @property
    def arrow(self) -> Any:
        """The type that Arrow is given."""
        import pyarrow as pa

        if self.name == "datetime":
            return pa.timestamp("us", self.zone or None)
        if self.name == "category":
            return pa.dictionary(pa.int32(), pa.string())
        words = {"bool": "bool_", "date": "date32"}
        if self.name == "duration":
            return pa.duration("us")
        return getattr(pa, words.get(self.name, self.name))()


_NAMES = {
    "str": "string", "object": "string", "text": "string", "utf8": "string", "bytes": "string",
    "large_string": "string", "stringdtype": "string", "byte_array": "string",
    "int": "int64", "integer": "int64", "float": "float64", "double": "float64",
    "number": "float64", "halffloat": "float32",
    "boolean": "bool", "bool_": "bool", "categorical": "category", "enum": "category",
    "timestamp": "datetime", "datetime64": "datetime", "date32": "date", "timedelta64": "duration",
    "timedelta": "duration",
}  # fmt: skip
_PLAIN = {
    *(f"{sign}int{width}" for sign in ("", "u") for width in (8, 16, 32, 64)),
    "float32", "float64", "bool", "string", "category", "date", "datetime", "duration",
}  # fmt: skip
_SHAPE = re.compile(r"^([a-z_]+\d*(?:dtype)?)(?:\[(.*)\])?(?:\((.*)\))?$")


def kinds_of(schema: object) -> dict[str, Kind]:
    """Return column → kind for a schema of any sort.

    Raises:
        UsageError: it is none, or names a type that is not known.

    >>> kinds_of({"age": int, "zip": "string", "born": "date:%d/%m/%Y"})["born"].written
    '%d/%m/%Y'
    """
    if schema is None:
        return {}
    found = {str(name): one for name, one in _columns(schema)}
    return {name: _kind(name, one) for name, one in found.items()}


def _columns(schema: object) -> Iterator[tuple[object, object]]:
    if isinstance(schema, Mapping):
        yield from schema.items()
        return
    made = getattr(schema, "to_schema", None)  # of a model of pandera
    if callable(made):
        schema = made()
    for attribute in ("features", "columns"):  # a schema of Thruway; one of pandera
        columns = getattr(schema, attribute, None)
        if isinstance(columns, Mapping):
            yield from ((name, one) for name, one in columns.items() if _is_told(one))
            return
    if isinstance(columns, list | tuple) and all(hasattr(one, "name") for one in columns):
        yield from ((one.name, one) for one in columns)
        return
    raise UsageError(
        f"a {type(schema).__name__} is no schema",
        fix="give a dict of column → dtype, a schema of Thruway, or a model of pandera",
    )


def _kind(column: str, given: Any) -> Kind:
    said = _said_by(given)
    if said is None:
        return _of_type(column, given)
    kind = _of_type(column, said)
    return replace(
        kind,
        written=str(getattr(given, "written", "") or kind.written),
        lenient=True,
        # What some environments do not have, such as the label, need not be there.
        required=bool(getattr(given, "required", True)) and not getattr(given, "not_in", ()),
    )


def _said_by(record: Any) -> Any:
    """Return the dtype that a record of a column says; None for what is a dtype itself."""
    if isinstance(record, type | str):
        return None
    if type(record).__module__.partition(".")[0] in {"numpy", "pandas", "polars", "pyarrow"}:
        return None
    found = getattr(record, "dtype", None)
    return getattr(record, "type", None) if found is None else found


def _is_told(column: object) -> bool:
    """Return whether a record says what a column is read as: not of lists, nor of anything."""
    said = getattr(column, "type", None)
    lists = getattr(column, "min_values", None) is not None
    return not lists and said not in ("bytes", "other")


def _of_type(column: str, given: Any) -> Kind:
    if isinstance(given, type):
        word = {
            int: "int64", float: "float64", str: "string", bool: "bool", bytes: "string",
            dt.date: "date", dt.datetime: "datetime", dt.timedelta: "duration",
        }.get(given, given.__name__)  # fmt: skip
        return _of_word(column, word)
    categories = getattr(given, "categories", None)
    if type(given).__name__ == "CategoricalDtype" and categories is not None:
        return Kind("category", categories=tuple(map(str, categories)))
    return _of_word(column, given if isinstance(given, str) else str(given))


def _of_word(column: str, word: str) -> Kind:
    kind, _, written = word.partition(":") if "[" not in word.partition(":")[0] else (word, "", "")
    if "[" in word:  # what is written after the brackets: `datetime[UTC]:%d/%m/%Y`
        head, bracket, tail = word.partition("]")
        kind, written = head + bracket, tail.removeprefix(":")
    lowered = kind.strip()
    nullable = lowered[:1].isupper() and lowered not in {"String", "Utf8"} and _of_pandas(lowered)
    nullable = nullable or lowered in {"boolean", "string[python]", "string[pyarrow]"}
    match = _SHAPE.match(lowered.lower())
    base = match[1] if match else ""
    name = base if base in _PLAIN else _NAMES.get(base, "")
    if not name:
        raise UsageError(
            f"`{word}` is no type that a column can be read as",
            where=f"the schema, column `{column}`",
            fix=f"use one of: {', '.join(sorted(_PLAIN))}",
        )
    inner = (match[2] or match[3] or "") if match else ""
    return Kind(name, bool(nullable), _zone(lowered, inner) if name == "datetime" else "", written)


def _of_pandas(word: str) -> bool:
    """Return whether a capital letter means a dtype of pandas; polars writes `Int64` too."""
    return bool(re.match(r"^(U?Int|Float)\d+(Dtype.*)?$", word))


def _zone(word: str, inner: str) -> str:
    """Return the time zone in the brackets: `[ns, UTC]`, `[UTC]`, `(time_unit='us', …)`."""
    named = re.search(r"(?:time_zone|tz)=['\"]?([^'\",)\]]+)", word)
    if named:
        return "" if named[1] == "None" else named[1]
    parts = [part.strip() for part in inner.split(",") if part.strip()]
    zones = [part for part in parts if part.lower() not in {"ns", "us", "ms", "s"}]
    if not zones or "=" in zones[0]:
        return ""
    place = word.lower().find(zones[0])
    return word[place : place + len(zones[0])]
