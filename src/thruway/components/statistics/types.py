"""What statistics are: plain records, one for each column of each split.

They hold no data frame, so that they can be stored, compared and merged; sketches are in them as
numbers and text.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from thruway.errors import UsageError

Type = Literal[
    "int", "float", "bool", "string", "datetime", "duration", "bytes", "mixed", "other", "empty"
]
"""mixed: values of several types in one column; empty: no value at all; other: objects, structs."""

Kind = Literal["numeric", "categorical", "text", "datetime", "boolean", "other", "empty"]
"""How a column is looked at. Strings are categorical when their values repeat, else text."""

Value = str | int | float | bool


@dataclass(frozen=True)
class Histogram:
    """Bars of one width, at multiples of it; the width is a power of two.

    Attributes:
        exponent: e; the bars are 2^e wide.
        first: the first bar begins at first · 2^e.
        counts: of the bars; each holds its left border and not its right one.
    """

    exponent: int
    first: int
    counts: tuple[int, ...]

    @property
    def edges(self) -> tuple[float, ...]:
        """The borders of the bars: one more than there are bars."""
        many = range(len(self.counts) + 1)
        return tuple((self.first + number) * 2.0**self.exponent for number in many)


@dataclass(frozen=True)
class Numbers:
    """What finite numbers are like.

    Attributes:
        count: how many.
        min: the smallest.
        max: the largest.
        mean: of all.
        std: with n - 1; None for a single value.
        zeros: how many are 0.
        negative: how many are below 0.
        whole: all are whole numbers.
        quantiles: `1%`, `5%`, `10%`, `25%`, `50%`, `75%`, `90%`, `95%`, `99%`.
        exact: the quantiles are exact, not within `error`.
        histogram: exact, also after merges.
        points: values at evenly spaced ranks, for merges and distances; empty when the column
            lists all its values.
        error: by which share of all values the rank of a point may be off.
    """

    count: int
    min: int | float
    max: int | float
    mean: float
    std: float | None
    zeros: int
    negative: int
    whole: bool
    quantiles: dict[str, float]
    exact: bool
    histogram: Histogram
    points: tuple[int | float, ...] = ()
    error: float = 0.0

    @property
    def median(self) -> float:
        """The value in the middle."""
        return self.quantiles["50%"]


@dataclass(frozen=True)
class Text:
    """What strings are like.

    Attributes:
        shortest: characters of the shortest.
        longest: characters of the longest.
        mean_length: characters.
        mean_words: parts between spaces.
        empty: how many are "".
        blank: how many are spaces only.
        padded: how many begin or end with a space.
        numbers: how many read as a number, of those in `values`.
        samples: the first few.
    """

    shortest: int
    longest: int
    mean_length: float
    mean_words: float
    empty: int
    blank: int
    padded: int
    numbers: int
    samples: tuple[str, ...]


@dataclass(frozen=True)
class Weighted:
    """A column where each row counts as much as its weight.

    Attributes:
        count: weight of the rows that have a value.
        missing: weight of those that have none.
        mean: of the finite numbers; None for others.
        std: likewise, with the weight as number of values.
        quantiles: likewise.
        values: most frequent ones with their weights.
    """

    count: float
    missing: float
    mean: float | None = None
    std: float | None = None
    quantiles: dict[str, float] = field(default_factory=dict)
    values: tuple[tuple[Value, float], ...] = ()


@dataclass(frozen=True)
class ColumnStatistics:
    """One column.

    Attributes:
        name: of the column.
        type: of its values.
        kind: how it is looked at.
        dtype: what the library calls it.
        rows: all of them.
        missing: rows without a value; NaN too where a library means that by it (pandas).
        nan: values that are NaN, where a library tells these from missing ones (polars, Arrow).
        infinite: values that are -infinity, and +infinity; `numbers` leave them out.
        distinct: how many different values.
        distinct_exact: else within about 3 % (one standard deviation).
        values: most frequent ones and their counts; what occurs more often comes first.
        complete: `values` are all there are (of numbers: all finite ones), and exact.
        bound: how often a value that is not listed may occur at most (and by how much the count of
            a listed one may be too low).
        numbers: for numbers; for datetimes in microseconds since 1970 in UTC, for durations in
            microseconds; for lists those in them.
        text: for strings.
        lengths: of lists: how many values a row has.
        weighted: the same with weights, where given.
        types: how many values of which Python type, where they are mixed.
        zone: time zone of datetimes; "" without one.
        hashes: sketch of the distinct values; empty where `values` are complete.
    """

    name: str
    type: Type
    kind: Kind
    dtype: str
    rows: int
    missing: int
    nan: int = 0
    infinite: tuple[int, int] = (0, 0)
    distinct: int = 0
    distinct_exact: bool = True
    values: tuple[tuple[Value, int], ...] = ()
    complete: bool = True
    bound: int = 0
    numbers: Numbers | None = None
    text: Text | None = None
    lengths: Numbers | None = None
    weighted: Weighted | None = None
    types: dict[str, int] = field(default_factory=dict)
    zone: str = ""
    hashes: str = field(default="", repr=False)

    @property
    def count(self) -> int:
        """Rows with a value."""
        return self.rows - self.missing

    @property
    def present(self) -> float:
        """Share of the rows that have a value; 1 when there are no rows."""
        return self.count / self.rows if self.rows else 1.0

    @property
    def sequential(self) -> bool:
        """Whether it looks like numbers of rows: whole, almost all different, with few gaps."""
        if self.type != "int" or self.numbers is None or self.count < 20:
            return False
        dense = self.numbers.max - self.numbers.min < 2 * self.count
        return dense and self.distinct >= 0.9 * self.count


@dataclass(frozen=True)
class SplitStatistics:
    """One split, or one slice of it.

    Attributes:
        rows: how many.
        columns: by name, in the order of the frame.
        slices: by what they hold (`sex=female`), the largest first.
        weight: sum of the weights, where given.
        unsliced: rows in slices that were left out, because there were too many; by slice columns.
    """

    rows: int
    columns: dict[str, ColumnStatistics]
    slices: dict[str, SplitStatistics] = field(default_factory=dict)
    weight: float | None = None
    unsliced: dict[str, int] = field(default_factory=dict)

    def __getitem__(self, column: str) -> ColumnStatistics:
        return self.columns[column]


@dataclass(frozen=True)
class Statistics:
    """Statistics of one or several splits.

    Attributes:
        splits: by name; `all` when a frame without splits was given.
    """

    splits: dict[str, SplitStatistics]

    @property
    def only(self) -> SplitStatistics:
        """The split, where there is one.

        Raises:
            UsageError: there are several.
        """
        if len(self.splits) != 1:
            raise UsageError(
                f"these statistics have {len(self.splits)} splits: {', '.join(self.splits)}",
                fix='say which one is meant: statistics.splits["train"]',
            )
        return next(iter(self.splits.values()))

    @property
    def columns(self) -> dict[str, ColumnStatistics]:
        """The columns of the only split."""
        return self.only.columns

    @property
    def rows(self) -> int:
        """The rows of the only split."""
        return self.only.rows

    def __getitem__(self, column: str) -> ColumnStatistics:
        return self.only.columns[column]

    def to_dict(self) -> dict[str, Any]:
        """Return all as JSON takes it."""
        return asdict(self)

    def __repr__(self) -> str:
        parts = (
            f"{name}: {split.rows:,} rows, {len(split.columns):,} columns"
            + (f", {len(split.slices):,} slices" if split.slices else "")
            for name, split in self.splits.items()
        )
        return f"<Statistics {'; '.join(parts)}>"

    def _repr_html_(self) -> str:
        from thruway.components.statistics.view import shown

        return shown(self)
