"""Columns of examples as arrays, with what is missing in them."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from thruway.components.models.labels import is_missing
from thruway.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import narwhals as nw

_EXACT = 2**53


def column(frame: nw.DataFrame[Any], name: str, what: str) -> tuple[Any, Any]:
    """Return the values of a column, and which are missing (null or NaN).

    Args:
        frame: the examples.
        name: of the column.
        what: the argument that named it, for the message.

    Raises:
        DataError: there is no such column.
    """
    if name not in frame.columns:
        near = difflib.get_close_matches(str(name), list(map(str, frame.columns)), 1)
        hint = f"did you mean `{near[0]}`?" if near else "look at the columns of the examples"
        raise DataError(f"the examples have no column `{name}`", f"argument `{what}`", hint)
    series = frame.get_column(name)
    values = series.to_numpy()
    return values, missing(values, series.is_null().to_numpy())


def array(values: Any, rows: int, what: str) -> tuple[Any, Any]:
    """Return values that were given beside the examples, and which are missing.

    Raises:
        UsageError: they are not one for each row.
    """
    import numpy as np

    found = np.asarray(values)
    if found.ndim == 2 and found.shape[1] == 1:
        found = found[:, 0]
    if found.ndim != 1 or len(found) != rows:
        raise UsageError(
            f"`{what}` has shape {found.shape}, and the examples have {rows:,} rows",
            fix="give one value for each row, in the order of the rows",
        )
    return found, missing(found, None)


def missing(values: Any, nulls: Any) -> Any:
    """Return which values are missing: None, NaN, NaT, or what the library calls null."""
    import numpy as np

    if values.dtype.kind == "f":
        none = np.isnan(values)
    elif values.dtype.kind in "mM":
        none = np.isnat(values)
    elif values.dtype.kind == "O":
        none = np.fromiter(map(is_missing, values.tolist()), bool, len(values))
    else:
        none = np.zeros(len(values), dtype=bool)
    return none if nulls is None else none | nulls


def plain(value: Any) -> Any:
    """Return a class as Python's own text or number."""
    item = value.item() if hasattr(value, "item") else value
    if isinstance(item, float) and abs(item) < _EXACT and item.is_integer():
        return int(item)  # a missing value beside them made them floats
    return item if isinstance(item, str | int | float | bool) else str(item)


def in_order(values: Iterable[Any]) -> list[Any]:
    """Return values sorted; of several types, by type first."""
    found = list(values)
    try:
        return sorted(found)
    except TypeError:
        return sorted(found, key=lambda value: (type(value).__name__, str(value)))
