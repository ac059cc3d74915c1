"""Statistics of frames: of each split, of the parts of one, and of slices."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from thruway.components.statistics.column import described
from thruway.components.statistics.merge import merged_splits
from thruway.components.statistics.reading import read
from thruway.components.statistics.slicing import crosses, sliced
from thruway.components.statistics.sources import ALL, frames_of, splits_of
from thruway.components.statistics.types import Kind, SplitStatistics, Statistics
from thruway.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import narwhals as nw
    from numpy.typing import NDArray

    from thruway.components.frames import Frame
    from thruway.components.schema import Schema

_AT_ONCE = 16


def statistics(
    examples: Frame | Mapping[str, Any] | Iterable[Frame],
    schema: Schema | None = None,
    *,
    columns: Sequence[str] | None = None,
    slices: Sequence[str | tuple[str, ...]] = (),
    weights: str | None = None,
    max_slices: int = 50,
) -> Statistics:
    """Return the statistics of examples, column by column, for each split.

    All values are looked at, none is sampled. Of one frame all is exact, but the number of distinct
    values of a numeric column that has many (about 3 %); of parts see `merge_statistics`.

    Args:
        examples: a frame of pandas, polars or Arrow; or an iterable of frames, which are parts of
            one whole and are looked at one by one (chunks of a file that does not fit into
            memory); or a dict, or NamedTuple, of these by split.
        schema: says how columns are looked at: numbers that are categories, and columns of unique
            values, whose distinct values are then counted exactly.
        columns: only these; None for all.
        slices: columns whose values make slices, which get statistics of their own; a tuple makes
            crosses. `["sex", ("sex", "class")]` makes `sex=female`, …, `sex=female, class=1`.
        weights: column with the weight of each row, at least 0; every column then has `weighted`.
        max_slices: the largest slices that are kept, of each entry of `slices`.

    Raises:
        DataError: something is no frame; weights are missing, negative, or no numbers.
        UsageError: a column that is asked for is not there.

    >>> import polars as pl
    >>> found = statistics(pl.DataFrame({"age": [22, 38, None, 35], "sex": ["m", "f", "f", "f"]}))
    >>> found["age"].missing, found["age"].numbers.median, found["sex"].values
    (1, 35.0, (('f', 3), ('m', 1)))
    """
    asked = Asked(
        None if columns is None else tuple(map(str, columns)),
        crosses(slices),
        None if weights is None else str(weights),
        max_slices,
        schema.kinds() if schema is not None else {},
        schema.keys() if schema is not None else frozenset(),
    )
    splits = splits_of(examples)
    return Statistics({name: of_split(given, name, asked) for name, given in splits.items()})


@dataclass(frozen=True)
class Asked:
    """What is wanted of each split; see `statistics`."""

    columns: tuple[str, ...] | None = None
    slices: tuple[tuple[str, ...], ...] = ()
    weights: str | None = None
    max_slices: int = 50
    kinds: dict[str, Kind] = field(default_factory=dict)
    keys: frozenset[str] = frozenset()


def of_split(examples: Any, split: str, asked: Asked) -> SplitStatistics:
    """Return the statistics of a split: a frame, or the parts of one, looked at one by one."""
    name = "examples" if split == ALL else split
    waiting: list[tuple[int, SplitStatistics]] = []  # how many merges are in it, and the part
    for frame in frames_of(examples, name):
        waiting.append((0, _of_frame(frame, name, asked)))
        _gather(waiting)
    return merged_splits([part for _, part in waiting])


def _gather(waiting: list[tuple[int, SplitStatistics]]) -> None:
    """Merge parts once there are many of one level, so that each is merged but a few times."""
    while len(waiting) >= _AT_ONCE and len({level for level, _ in waiting[-_AT_ONCE:]}) == 1:
        merged = merged_splits([part for _, part in waiting[-_AT_ONCE:]])
        waiting[-_AT_ONCE:] = [(waiting[-1][0] + 1, merged)]


def _of_frame(frame: nw.DataFrame[Any], name: str, asked: Asked) -> SplitStatistics:
    wanted = [*(asked.columns or ()), *(one for cross in asked.slices for one in cross)]
    _check(frame, [*wanted, *([asked.weights] if asked.weights else [])], name)
    if asked.weights:
        _weights(frame[asked.weights], asked.weights)

    def of_rows(rows: nw.DataFrame[Any]) -> SplitStatistics:
        return _of_rows(rows, asked)

    return sliced(frame, of_rows(frame), of_rows, asked.slices, asked.max_slices)


def _of_rows(rows: nw.DataFrame[Any], asked: Asked) -> SplitStatistics:
    weights = None
    if asked.weights:
        weights = _weights(rows[asked.weights], asked.weights)
    found = {
        str(name): described(
            rows[name], str(name), asked.kinds.get(str(name)), weights, str(name) in asked.keys
        )
        for name in asked.columns or rows.columns
        if name != asked.weights
    }
    return SplitStatistics(
        len(rows), found, weight=None if weights is None else float(weights.sum())
    )


def _check(frame: nw.DataFrame[Any], wanted: Sequence[str], name: str) -> None:
    absent = [one for one in dict.fromkeys(wanted) if one not in frame.columns]
    if absent:
        raise UsageError(
            f"`{name}` has no column `{absent[0]}`",
            where=f"columns {listed(frame.columns)}",
            fix="name one of them",
        )


def listed(names: Sequence[str], most: int = 12) -> str:
    """Return names for a message; of many only the first ones."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(f"`{one}`" for one in names[:most]) + more


def _weights(series: nw.Series[Any], name: str) -> NDArray[np.float64]:
    column = read(series)
    if column.numbers is None or column.type not in {"int", "float"}:
        raise DataError(
            f"the weights `{name}` are no numbers but {column.type}",
            fix="give each row a number of at least 0",
        )
    found = column.numbers.astype(np.float64)
    bad = int(np.count_nonzero(~(np.isfinite(found) & (found >= 0))))
    if column.missing or bad:
        raise DataError(
            f"{column.missing} of the weights `{name}` are missing, {bad} negative or not finite",
            fix="give each row a number of at least 0",
        )
    return found
