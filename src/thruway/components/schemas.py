"""Schemas as components meet them: ours, pandera's, or anything that names columns.

A schema is asked by what it has, not by its class: `check(frame)` (ours), `validate(frame)`
(pandera's), `columns` (names, or a mapping from names).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from thruway.components.frames import wrapped
from thruway.components.models import tables
from thruway.errors import DataError, ThruwayError
from thruway.kit.gate import gate_of

if TYPE_CHECKING:
    from collections.abc import Sequence


def columns_of(schema: Any) -> list[str] | None:
    """Return the names of the columns of a schema; None when it names none.

    >>> columns_of({"age": "int"})
    ['age']
    """
    if schema is None:
        return None
    columns = schema if isinstance(schema, dict) else getattr(schema, "columns", None)
    if columns is None and hasattr(schema, "to_schema"):  # a pandera model
        columns = schema.to_schema().columns
    if columns is None:
        return None
    named = [getattr(one, "name", one) for one in columns]
    return [str(name) for name in named]


def check_columns(schema: Any, frame: Any, name: str, without: Sequence[str] = ()) -> None:
    """Check a frame against a schema; None checks nothing.

    Args:
        schema: see above.
        frame: of any library.
        name: of the frame, for the message.
        without: columns that may be missing: the label while serving.

    Raises:
        DataError: the frame is not what the schema says.
    """
    if schema is None:
        return
    there = set(wrapped(frame, name).columns)
    missing = [
        one for one in columns_of(schema) or [] if one not in there and one not in set(without)
    ]
    if missing and not hasattr(schema, "check"):
        raise DataError(
            f"`{name}` lacks {tables.quoted(missing)}, which the schema names",
            where=f"columns: {tables.quoted(sorted(there))}",
            fix="give it the columns of the schema, or review the schema",
        )
    ask = getattr(schema, "check", None) or getattr(schema, "validate", None)
    if ask is None:
        return
    try:
        gate = gate_of(ask(frame))
    except ThruwayError:
        raise
    except Exception as error:  # pandera says it in its own way
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise DataError(
            f"`{name}` is not what its schema says: {first}",
            fix="mend the rows, or review the schema",
        ) from error
    if gate is not None and gate.verdict == "fail":
        raise DataError(
            f"`{name}` is not what its schema says: {'; '.join(gate.reasons[:3])}",
            fix="mend the rows, or review the schema",
        )
