"""Two data sets row by row: which rows came, went, and changed, by key."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from thruway.components.matching import Matched, matched, plain
from thruway.components.statistics.sources import tabled
from thruway.errors import UsageError
from thruway.kit.gate import Gate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import narwhals as nw
    from numpy.typing import NDArray

    from thruway.components.frames import Frame

__all__ = ["ColumnDiff", "ExampleDiffResult", "example_diff"]

Key = tuple[Any, ...]
_LIMITS = ("added", "removed", "changed", "duplicates")


@dataclass(frozen=True)
class ColumnDiff:
    """What changed in one column, in the rows that both data sets have.

    Attributes:
        changed: rows with another value.
        appeared: of these, rows whose value was missing before.
        vanished: of these, rows whose value is missing now.
        largest: largest absolute difference of numbers; None for others.
        mean: mean difference of the changed numbers, new less old.
        types: how the two call the type of the column, when it is another one.
        samples: key, value before, value now, of the first changed rows.
    """

    changed: int
    appeared: int = 0
    vanished: int = 0
    largest: float | None = None
    mean: float | None = None
    types: tuple[str, str] | None = None
    samples: tuple[tuple[Key, Any, Any], ...] = ()


@dataclass(frozen=True)
class ExampleDiffResult:
    """What is different between two data sets.

    Attributes:
        key: columns that say which row is which.
        rows: of the examples.
        baseline_rows: of the baseline.
        added: rows whose key the baseline does not have.
        removed: rows of the baseline whose key the examples do not have.
        changed: rows with another value in some column.
        unchanged: rows that are the same.
        columns: of both, with what changed in each; the most changed first.
        columns_added: that only the examples have.
        columns_removed: that only the baseline has.
        duplicates: rows, of the examples and of the baseline, whose key is not theirs alone: these
            are not compared.
        missing_keys: rows, likewise, that have no key.
        sample_added: keys of the first added rows.
        sample_removed: likewise.
        sample_duplicates: keys that several rows have.
        gate: by `limits`; warns of duplicates.
    """

    key: tuple[str, ...]
    rows: int
    baseline_rows: int
    added: int
    removed: int
    changed: int
    unchanged: int
    columns: dict[str, ColumnDiff]
    columns_added: tuple[str, ...]
    columns_removed: tuple[str, ...]
    duplicates: tuple[int, int]
    missing_keys: tuple[int, int]
    sample_added: tuple[Key, ...]
    sample_removed: tuple[Key, ...]
    sample_duplicates: tuple[Key, ...]
    gate: Gate

    def to_dict(self) -> dict[str, Any]:
        """Return all as JSON takes it."""
        return asdict(self)

    def __repr__(self) -> str:
        return (
            f"<ExampleDiffResult {self.added:,} added, {self.removed:,} removed,"
            f" {self.changed:,} changed, {self.unchanged:,} unchanged>"
        )

    def _repr_html_(self) -> str:
        from thruway.components.example_diff_view import shown

        return shown(self)


def example_diff(
    examples: Frame,
    baseline: Frame,
    key: str | Sequence[str],
    *,
    columns: Sequence[str] | None = None,
    tolerance: float = 0.0,
    samples: int = 10,
    limits: Mapping[str, float] | None = None,
) -> ExampleDiffResult:
    """Return what is different between two data sets, row by row.

    Values are the same when they are equal, also of different types (1, 1.0 and True), or both
    missing; a number and its text are the same value of another type, which is said.

    Args:
        examples: the new data.
        baseline: the old data; a frame of another library is fine.
        key: column, or columns, that say which row is which.
        columns: compared; None for all that both have.
        tolerance: numbers that differ by at most this share of the larger one are the same.
        samples: of keys and values that are shown, of each kind.
        limits: shares of the baseline's rows that may be `added`, `removed`, `changed`, or
            `duplicates`; what is above makes the gate fail.

    Raises:
        DataError: something is no frame, or the keys are of types that cannot be equal.
        UsageError: a column is not there, or a limit is none.

    >>> import polars as pl
    >>> new = pl.DataFrame({"id": [1, 2, 4], "city": ["Rome", "Bern", "Oslo"]})
    >>> old = pl.DataFrame({"id": [1, 2, 3], "city": ["Rome", "Wien", "Bonn"]})
    >>> found = example_diff(new, old, key="id")
    >>> found, found.columns["city"].samples
    (<ExampleDiffResult 1 added, 1 removed, 1 changed, 1 unchanged>, (((2,), 'Wien', 'Bern'),))
    """
    keys = tuple(map(str, key if isinstance(key, list | tuple) else (key,)))
    new, old = tabled(examples, "examples"), tabled(baseline, "baseline")
    compared = _columns(new, old, keys, columns)
    for name in limits or {}:
        if name not in _LIMITS:
            raise UsageError(f"`limits` has {name!r}", fix=f"limits are of {', '.join(_LIMITS)}")
    rows = matched(new, old, keys)
    changed: NDArray[np.bool_] = np.zeros(len(rows.new), dtype=bool)
    found: dict[str, ColumnDiff] = {}
    for name in compared:
        differs, diff = _column(new, old, name, rows, tolerance, samples)
        changed |= differs
        found[name] = diff
    many = int(changed.sum())
    ordered = sorted(found.items(), key=lambda one: -one[1].changed)
    counts = {
        "added": len(rows.added),
        "removed": len(rows.removed),
        "changed": many,
        "duplicates": sum(rows.duplicates),
    }
    return ExampleDiffResult(
        key=keys,
        rows=len(new),
        baseline_rows=len(old),
        added=counts["added"],
        removed=counts["removed"],
        changed=many,
        unchanged=len(changed) - many,
        columns=dict(ordered),
        columns_added=tuple(one for one in new.columns if one not in old.columns),
        columns_removed=tuple(one for one in old.columns if one not in new.columns),
        duplicates=rows.duplicates,
        missing_keys=rows.missing,
        sample_added=_keys(new, keys, rows.added[:samples]),
        sample_removed=_keys(old, keys, rows.removed[:samples]),
        sample_duplicates=_duplicated(new, old, keys, rows, samples),
        gate=_gate(counts, len(old), rows, limits or {}),
    )


def _columns(
    new: nw.DataFrame[Any],
    old: nw.DataFrame[Any],
    keys: tuple[str, ...],
    columns: Sequence[str] | None,
) -> list[str]:
    if not keys:
        raise UsageError("there is no key", fix="name the column, or columns, that rows have it by")
    for name in (*keys, *(columns or ())):
        for frame, where in ((new, "examples"), (old, "baseline")):
            if name not in frame.columns:
                raise UsageError(
                    f"`{where}` has no column `{name}`",
                    where=f"columns {', '.join(map(str, frame.columns[:12]))}",
                    fix="name one that both have",
                )
    both = [one for one in new.columns if one in old.columns and one not in keys]
    return both if columns is None else [one for one in columns if one not in keys]


def _keys(
    frame: nw.DataFrame[Any], keys: tuple[str, ...], rows: NDArray[np.int64]
) -> tuple[Key, ...]:
    picked = [frame[name][rows.tolist()].to_list() for name in keys]
    return tuple(tuple(map(plain, row)) for row in zip(*picked, strict=True))


def _duplicated(
    new: nw.DataFrame[Any],
    old: nw.DataFrame[Any],
    keys: tuple[str, ...],
    rows: Matched,
    samples: int,
) -> tuple[Key, ...]:
    found = dict.fromkeys(_keys(new, keys, rows.new_duplicated[: 20 * samples]))
    found |= dict.fromkeys(_keys(old, keys, rows.old_duplicated[: 20 * samples]))
    return tuple(found)[:samples]


def _column(
    new: nw.DataFrame[Any],
    old: nw.DataFrame[Any],
    name: str,
    rows: Matched,
    tolerance: float,
    samples: int,
) -> tuple[NDArray[np.bool_], ColumnDiff]:
    from thruway.components.matching import Sides

    sides = Sides(new[name], old[name], rows)
    differs = sides.differ(tolerance)
    places = np.flatnonzero(differs)
    shown = places[:samples]
    now = new[name][rows.new[shown].tolist()].to_list()
    before = old[name][rows.old[shown].tolist()].to_list()
    keys = _keys(new, rows.keys, rows.new[shown])
    largest, mean = sides.difference(places)
    return differs, ColumnDiff(
        changed=len(places),
        appeared=int((differs & sides.old_missing).sum()),
        vanished=int((differs & sides.new_missing).sum()),
        largest=largest,
        mean=mean,
        types=sides.types,
        samples=tuple(
            (one, plain(was), plain(is_)) for one, was, is_ in zip(keys, before, now, strict=True)
        ),
    )


def _gate(
    counts: Mapping[str, int], rows: int, matched_: Matched, limits: Mapping[str, float]
) -> Gate:
    failed = []
    for name, limit in limits.items():
        share = counts[name] / rows if rows else float(counts[name] > 0)
        if share > limit:
            said = f"{counts[name]:,} rows are {name} ({share:.2%} of the baseline)"
            failed.append(
                f"{said}, at most {limit:.2%} may be".replace("are duplicates", "share their key")
            )
    if failed:
        return Gate("fail", tuple(failed))
    if sum(matched_.duplicates):
        ours, theirs = matched_.duplicates
        said = (
            f"{ours:,} rows, and {theirs:,} of the baseline, share their key and are not compared"
        )
        return Gate("warn", (said,))
    return Gate("pass")
