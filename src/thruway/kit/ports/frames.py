"""Schemas of frames at ports: pandera models and schemas, compared where both ends have one.

A schema is read only when pandera is imported already, by whatever imports the steps: a pipeline
runs without it. Columns, their dtypes and whether they may miss values are compared; what a
schema says of contents (ranges, patterns, uniqueness) is for a run.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, get_args, get_origin

from thruway.kit.ports.types import Misfit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SHOWN = 3
_TEXTS = frozenset({"object", "str", "string", "string[python]", "string[pyarrow]"})


class Schema(NamedTuple):
    """What a pandera model or schema says of a frame.

    Attributes:
        name: how the user calls it.
        columns: name → pandera's column.
        strict: whether other columns are refused.
        coerce: whether it converts dtypes when it validates.
        dtype: of all columns, None if they have their own.
    """

    name: str
    columns: Mapping[Any, Any]
    strict: bool
    coerce: bool
    dtype: Any


def schema_of(hint: Any) -> Schema | None:
    """Return the schema that a type of a frame declares; None when it has none, or is not known."""
    for candidate in _candidates(hint):
        try:
            return _read(candidate)
        except Exception:  # noqa: S112 - a model that cannot be built is found by whoever uses it
            continue
    return None


def schema_name(hint: Any) -> str:
    """Return the name of the schema of a type, "" if it has none."""
    for candidate in _candidates(hint):
        return _name(candidate)
    return ""


def _candidates(hint: Any) -> Iterator[Any]:
    if "pandera" not in sys.modules:
        return
    origin = get_origin(hint)
    if origin is Annotated:
        yield from filter(_is_schema, hint.__metadata__)
        yield from _candidates(get_args(hint)[0])
    elif isinstance(origin, type) and origin.__module__.startswith("pandera.typing"):
        yield from filter(_is_schema, get_args(hint))


def _is_schema(value: Any) -> bool:
    kind = value if isinstance(value, type) else type(value)
    ours = any(base.__module__.startswith("pandera.") for base in kind.__mro__)
    return ours and hasattr(value, "to_schema" if kind is value else "columns")


def _name(value: Any) -> str:
    return str(getattr(value, "__name__", None) or getattr(value, "name", None) or "schema")


def _read(value: Any) -> Schema:
    made: Any = value
    schema = made.to_schema() if isinstance(value, type) else made
    return Schema(
        _name(value),
        dict(schema.columns),
        schema.strict is True,
        bool(schema.coerce),
        getattr(schema, "dtype", None),
    )


def difference(given: Any, wanted: Any) -> Misfit | None:
    """Return why a frame with one schema is not what another asks for; None if it may be."""
    one, other = schema_of(given), schema_of(wanted)
    if one is None or other is None:
        return None
    found = list(_differences(one, other))
    if not found:
        return None
    why = "; ".join(each.why for each in found[:_SHOWN])
    more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return Misfit(why + more, found[0].fix)


def _differences(one: Schema, other: Schema) -> Iterator[Misfit]:
    for name, wanted in other.columns.items():
        if getattr(wanted, "regex", False):
            yield from _matching(one, other, name, wanted)
            continue
        given = one.columns.get(name) or _by_pattern(one, name)
        if given is None:
            # A schema that lists no columns says nothing of which there are.
            if getattr(wanted, "required", True) and one.columns:
                yield _missing(one, other, name, wanted)
            continue
        if getattr(wanted, "required", True) and not getattr(given, "required", True):
            yield Misfit(
                f"column `{name}` may be missing from `{one.name}`",
                f"make `{name}` required in `{one.name}`, or optional in `{other.name}`",
            )
        yield from _of_column(one, other, name, given, wanted)
    if other.strict:
        yield from _further(one, other)


def _matching(one: Schema, other: Schema, pattern: Any, wanted: Any) -> Iterator[Misfit]:
    matched = [name for name in one.columns if _matches(pattern, name)]
    for name in matched:
        yield from _of_column(one, other, name, one.columns[name], wanted)
    patterns = any(getattr(column, "regex", False) for column in one.columns.values())
    if one.columns and not matched and not patterns and getattr(wanted, "required", True):
        yield _missing(one, other, pattern, wanted)


def _by_pattern(one: Schema, name: Any) -> Any:
    for pattern, column in one.columns.items():
        if getattr(column, "regex", False) and _matches(pattern, name):
            return column
    return None


def _matches(pattern: Any, name: Any) -> bool:
    return isinstance(pattern, str) and isinstance(name, str) and bool(re.match(pattern, name))


def _missing(one: Schema, other: Schema, name: Any, wanted: Any) -> Misfit:
    found = wanted.dtype or other.dtype
    dtype = "" if found is None else f" ({found})"
    return Misfit(
        f"`{one.name}` has no column `{name}`{dtype}, which `{other.name}` asks for",
        f"add `{name}` to `{one.name}`, or take it out of `{other.name}`",
    )


def _of_column(one: Schema, other: Schema, name: Any, given: Any, wanted: Any) -> Iterator[Misfit]:
    coerced = other.coerce or getattr(wanted, "coerce", False)
    had, asked = given.dtype or one.dtype, wanted.dtype or other.dtype
    if not coerced and not _same_dtype(had, asked):
        yield Misfit(
            f"column `{name}` is {had} in `{one.name}`, and {asked} in `{other.name}`",
            f"write the same dtype for `{name}` in both schemas, or convert the column in a step",
        )
    if given.nullable and not wanted.nullable:
        yield Misfit(
            f"column `{name}` may have missing values in `{one.name}`, and none in `{other.name}`",
            f"write `nullable=True` for `{name}` in `{other.name}`, or drop or fill them in a step "
            f"and say so in `{one.name}`",
        )


def _further(one: Schema, other: Schema) -> Iterator[Misfit]:
    patterns = [p for p, column in other.columns.items() if getattr(column, "regex", False)]
    for name in one.columns:
        if name not in other.columns and not any(_matches(p, name) for p in patterns):
            yield Misfit(
                f"`{other.name}` is strict, and `{one.name}` has the column `{name}` too",
                f"add `{name}` to `{other.name}`, or drop the column in a step",
            )


def _same_dtype(given: Any, wanted: Any) -> bool:
    if given is None or wanted is None:
        return True
    texts = {str(given), str(wanted)}
    # A column of objects may hold texts: what it holds is not known.
    if len(texts) == 1 or (texts <= _TEXTS and "object" in texts) or given == wanted:
        return True
    return _open_category(given, wanted)


def _open_category(given: Any, wanted: Any) -> bool:
    """Whether both are categories, and one of them leaves open which."""
    if str(given) != "category" and not hasattr(given, "categories"):
        return False
    if str(wanted) != "category" and not hasattr(wanted, "categories"):
        return False
    open_ends = (getattr(each, "categories", None) is None for each in (given, wanted))
    return any(open_ends)
