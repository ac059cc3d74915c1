"""Rows that are kept: `where=[("age", ">=", 18), ("city", "in", ["Rome", "Oslo"])]`, all of them.

The form is that of pandas and Arrow for Parquet, where it is used while reading. A missing value
meets no condition but `is missing`, in every library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from thruway.components.frames import wrapped
from thruway.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Condition", "checked", "columns_of", "for_parquet", "kept"]

Condition = tuple[Any, ...]
"""Column, operator, value; without a value for `is missing` and `is present`."""

_UNARY = ("is missing", "is present")
_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "==": lambda column, value: column == value,
    "=": lambda column, value: column == value,
    "!=": lambda column, value: column != value,
    "<": lambda column, value: column < value,
    "<=": lambda column, value: column <= value,
    ">": lambda column, value: column > value,
    ">=": lambda column, value: column >= value,
    "in": lambda column, value: column.is_in(list(value)),
    "not in": lambda column, value: ~column.is_in(list(value)),
}


def checked(where: Any) -> tuple[Condition, ...]:
    """Return conditions as a tuple of them.

    Raises:
        UsageError: one of them is no condition.
    """
    if not where:
        return ()
    if isinstance(where, str):
        raise UsageError(
            "`where` is a text, and conditions are tuples", fix='write where=[("age", ">=", 18)]'
        )
    single = isinstance(where, tuple) and len(where) in {2, 3} and isinstance(where[0], str)
    every = (where,) if single else tuple(where)
    for one in every:
        good = isinstance(one, tuple | list) and (
            (len(one) == 3 and one[1] in _COMPARE) or (len(one) == 2 and one[1] in _UNARY)
        )
        if not good:
            raise UsageError(
                f"{one!r} is no condition",
                fix='write ("age", ">=", 18), ("city", "in", ["Rome"]) or ("age", "is present"); '
                f"operators: {', '.join([*_COMPARE, *_UNARY])}",
            )
    return tuple(tuple(one) for one in every)


def columns_of(where: tuple[Condition, ...]) -> tuple[str, ...]:
    """Return the columns that conditions look at."""
    return tuple(dict.fromkeys(str(one[0]) for one in where))


def for_parquet(where: tuple[Condition, ...]) -> list[tuple[Any, ...]] | None:
    """Return the conditions as readers of Parquet take them; None when they cannot do them all."""
    if not where or any(one[1] in _UNARY for one in where):
        return None
    return [tuple(one) for one in where]


def kept(frame: Any, where: tuple[Condition, ...]) -> Any:
    """Return the rows that meet every condition, in the library of the frame.

    Raises:
        DataError: a condition cannot be applied to its column.
    """
    if not where:
        return frame
    import narwhals as nw

    seen = wrapped(frame)
    for one in where:
        column = nw.col(str(one[0]))
        if one[1] == "is missing":
            expression = column.is_null()
        elif one[1] == "is present":
            expression = ~column.is_null()
        else:
            expression = ~column.is_null() & _COMPARE[one[1]](column, one[2])
        try:
            seen = seen.filter(expression)
        except Exception as error:  # each library has its own for a text compared with a number
            raise DataError(
                f"the condition {one!r} cannot be applied: {str(error).splitlines()[0]}",
                where=f"column `{one[0]}` is {seen[str(one[0])].dtype}",
                fix="compare it with a value of its type, or give the column one by `schema`",
            ) from error
    native = seen.to_native()
    return native.reset_index(drop=True) if hasattr(native, "reset_index") else native
