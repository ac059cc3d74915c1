"""Statistics of one column."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from thruway.components.statistics import numeric, strings
from thruway.components.statistics.reading import Read, read
from thruway.components.statistics.types import ColumnStatistics, Kind, Type
from thruway.components.statistics.weighted import weigh

if TYPE_CHECKING:
    import narwhals as nw
    from numpy.typing import NDArray

_KINDS: dict[Type, Kind] = {
    "int": "numeric",
    "float": "numeric",
    "duration": "numeric",
    "datetime": "datetime",
    "bool": "boolean",
    "string": "categorical",
    "mixed": "categorical",
    "empty": "empty",
    "bytes": "other",
    "other": "other",
}


def described(
    series: nw.Series[Any],
    name: str,
    kind: Kind | None = None,
    weights: NDArray[Any] | None = None,
    unique: bool = False,
) -> ColumnStatistics:
    """Return the statistics of a column.

    Args:
        series: the column.
        name: of it.
        kind: how it is to be looked at, where a schema says so; a categorical column of numbers
            lists as many values as one of strings.
        weights: of the rows; None for all alike.
        unique: its values should be: the number of distinct ones is counted exactly.
    """
    column = read(series)
    found = _described(column, name, kind, unique)
    if column.lengths is not None:
        lengths = numeric.found_in(column.lengths).numbers
        found = replace(found, lengths=lengths, rows=column.rows, missing=column.missing)
    elif weights is not None:
        found = replace(found, weighted=weigh(series, column, weights))
    return found if kind is None or found.kind in {"empty", "other"} else replace(found, kind=kind)


def _described(column: Read, name: str, kind: Kind | None, unique: bool) -> ColumnStatistics:
    start = ColumnStatistics(
        name,
        column.type,
        _KINDS[column.type],
        column.dtype,
        column.rows,
        column.missing,
        types=column.types,
        zone=column.zone,
    )
    if column.type == "bool":
        return _truths(start, column)
    if column.numbers is not None:
        listed = strings.LISTED if kind == "categorical" else numeric.LISTED
        return _numbers(start, column.numbers, listed, unique)
    if column.type in {"string", "mixed"}:
        return _strings(start, column.present)
    if column.type == "empty" or column.missing == column.rows:
        return replace(start, kind="empty")
    # Nothing is known of objects but how many there are.
    many = column.rows - column.missing
    return replace(start, distinct=many, distinct_exact=False, complete=False, bound=many)


def _truths(start: ColumnStatistics, column: Read) -> ColumnStatistics:
    values: NDArray[np.bool_] = column.present.to_numpy().astype(bool)
    true = int(np.count_nonzero(values))
    pairs = [(True, true), (False, len(values) - true)]
    listed = tuple(sorted((one for one in pairs if one[1]), key=lambda one: (-one[1], one[0])))
    return replace(start, distinct=len(listed), values=listed)


def _numbers(
    start: ColumnStatistics, values: NDArray[Any], listed: int, unique: bool
) -> ColumnStatistics:
    found = numeric.found_in(values, listed, unique)
    return replace(
        start,
        nan=found.nan,
        infinite=found.infinite,
        distinct=found.distinct,
        distinct_exact=found.distinct_exact,
        values=found.values,
        complete=found.complete,
        bound=found.bound,
        numbers=found.numbers,
        hashes=found.hashes,
        kind=start.kind if len(values) else "empty",
    )


def _strings(start: ColumnStatistics, present: nw.Series[Any]) -> ColumnStatistics:
    found = strings.found_in(present)
    if found.text is None:
        return replace(start, kind="empty")
    return replace(
        start,
        distinct=found.distinct,
        values=found.values,
        complete=found.complete,
        bound=found.bound,
        text=found.text,
        hashes=found.hashes,
        kind=strings.kind_of(found.distinct, start.count, found.text.mean_words, found.complete),
    )
