"""Slices: the rows where some columns have certain values, each with statistics of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import narwhals as nw

from thruway.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from thruway.components.statistics.types import SplitStatistics

MISSING = "(missing)"


def crosses(slices: Iterable[str | Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    """Return what slices are asked for, each as the columns that are crossed.

    >>> crosses(["sex", ("sex", "class")])
    (('sex',), ('sex', 'class'))
    """
    if isinstance(slices, str):
        raise UsageError("`slices` is a string", fix=f"give a list: slices=[{slices!r}]")
    return tuple(
        tuple(map(str, one)) if isinstance(one, tuple | list) else (str(one),) for one in slices
    )


def sliced(
    frame: nw.DataFrame[Any],
    found: SplitStatistics,
    of_rows: Callable[[nw.DataFrame[Any]], SplitStatistics],
    asked: tuple[tuple[str, ...], ...],
    most: int,
) -> SplitStatistics:
    """Return the statistics of a frame with those of its slices.

    Args:
        frame: the rows.
        found: the statistics of all of them.
        of_rows: makes those of some rows.
        asked: columns, crossed, for each kind of slice.
        most: slices of one kind; the smaller ones are left out and counted.
    """
    slices: dict[str, SplitStatistics] = {}
    left_out: dict[str, int] = {}
    for columns in asked:
        groups = _groups(frame, columns)
        for name, values, _ in groups[:most]:
            slices[name] = of_rows(frame.filter(_where(columns, values)))
        if groups[most:]:
            left_out[", ".join(columns)] = sum(many for _, _, many in groups[most:])
    ordered = sorted(slices.items(), key=lambda one: (-one[1].rows, one[0]))
    return replace(found, slices=dict(ordered), unsliced=left_out)


def _groups(
    frame: nw.DataFrame[Any], columns: tuple[str, ...]
) -> list[tuple[str, tuple[Any, ...], int]]:
    """Return name, values and number of rows of each group; the largest first."""
    keys = frame.select(*columns)
    counted = keys.with_columns(nw.lit(1).alias(_ROWS)).group_by(*columns).agg(nw.col(_ROWS).sum())
    found = [(name_of(columns, row[:-1]), tuple(row[:-1]), int(row[-1])) for row in counted.rows()]
    return sorted(found, key=lambda one: (-one[2], one[0]))


_ROWS = "rows of the slice"


def name_of(columns: Sequence[str], values: Sequence[Any]) -> str:
    """Return the name of a slice.

    >>> name_of(["sex", "class"], ["female", 1.0])
    'sex=female, class=1'
    """
    pairs = zip(columns, values, strict=True)
    return ", ".join(f"{column}={_shown(value)}" for column, value in pairs)


def _shown(value: Any) -> str:
    if _is_missing(value):
        return MISSING
    if isinstance(value, float) and value.is_integer():  # what is whole in one part may not be
        return str(int(value))  # so in another, which has missing values
    return str(value)


def _is_missing(value: Any) -> bool:
    return value is None or bool(value != value)  # noqa: PLR0124 - NaN and NaT differ from themselves


def _where(columns: Sequence[str], values: Sequence[Any]) -> nw.Expr:
    parts = [
        _absent(column) if _is_missing(value) else nw.col(column) == value
        for column, value in zip(columns, values, strict=True)
    ]
    return nw.all_horizontal(*parts, ignore_nulls=False)


def _absent(column: str) -> nw.Expr:
    return nw.col(column).is_null()
