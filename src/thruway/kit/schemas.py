"""Schemas of frames at ports: what one declares against what another asks for.

A schema is a pandera model or schema object in `Annotated[pd.DataFrame, …]`, or the argument of
pandera's own `DataFrame[…]`. They are compared only where both ends declare one, and pandera is
never imported here: if no step has imported it, there is no schema.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Column:
    """A column of a schema; `dtype` is "" when any will do."""

    dtype: str
    nullable: bool
    required: bool


@dataclass(frozen=True)
class Schema:
    """What a schema says of a frame.

    Attributes:
        columns: name → column.
        strict: no other columns are allowed.
        coerce: values are converted to the dtypes.
    """

    columns: Mapping[Any, Column]
    strict: bool
    coerce: bool


def schema_difference(given: Any, wanted: Any) -> str:
    """Return what a frame of one annotation lacks for another; "" if nothing is known to.

    Args:
        given: the annotation of what is passed.
        wanted: the annotation of where it goes.
    """
    one, other = schema_of(given), schema_of(wanted)
    if one is None or other is None:
        return ""
    for name, column in other.columns.items():
        found = one.columns.get(name)
        if found is None:
            if column.required:
                return f"no column `{name}`"
        else:
            difference = _column_difference(name, found, column, coerce=other.coerce)
            if difference:
                return difference
    if other.strict:
        extra = [name for name in one.columns if name not in other.columns]
        if extra:
            return f"a column `{extra[0]}`, and other columns are not allowed"
    return ""


def _column_difference(name: Any, given: Column, wanted: Column, *, coerce: bool) -> str:
    if given.dtype and wanted.dtype and given.dtype != wanted.dtype and not coerce:
        return f"column `{name}` of {given.dtype} instead of {wanted.dtype}"
    if given.nullable and not wanted.nullable:
        return f"missing values in column `{name}`"
    if not given.required and wanted.required:
        return f"column `{name}` only sometimes"
    return ""


def schema_of(annotation: Any) -> Schema | None:
    """Return the schema that an annotation declares, None if it declares none."""
    if get_origin(annotation) is Annotated:
        found = [_read(part) for part in get_args(annotation)[1:]]
        return next((schema for schema in found if schema is not None), None)
    origin = get_origin(annotation)
    if isinstance(origin, type) and origin.__module__.startswith("pandera.typing"):
        return _read(get_args(annotation)[0])
    return None


def _read(part: Any) -> Schema | None:
    """Return a pandera model or schema as a record; None for everything else."""
    names = {base.__name__ for base in getattr(part, "__mro__", type(part).__mro__)}
    pandera = any(
        base.__module__.startswith("pandera")
        for base in getattr(part, "__mro__", type(part).__mro__)
    )
    if not pandera:
        return None
    try:
        if names & {"DataFrameModel", "SchemaModel"} and isinstance(part, type):
            part = part.to_schema()  # type: ignore[attr-defined]
        columns = {
            name: Column(
                "" if column.dtype is None else str(column.dtype),
                bool(column.nullable),
                bool(column.required),
            )
            for name, column in part.columns.items()
            if not getattr(column, "regex", False)
        }
        return Schema(columns, part.strict is True, bool(part.coerce))
    except Exception:  # a schema that cannot be read is not known: nothing is claimed of it
        return None
