"""Rows of two frames that are the same row, by key, and which of their values differ."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from thruway.components.statistics.reading import read
from thruway.errors import DataError

if TYPE_CHECKING:
    import narwhals as nw
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Matched:
    """Which rows belong together; numbers of rows, in their order.

    Attributes:
        keys: the columns.
        new: of the new frame, each with the one at the same place in `old`.
        old: of the old frame.
        added: only in the new one.
        removed: only in the old one.
        new_duplicated: rows of the new frame that share their key.
        old_duplicated: likewise.
        missing: rows without a key, in both.
    """

    keys: tuple[str, ...]
    new: NDArray[np.int64]
    old: NDArray[np.int64]
    added: NDArray[np.int64]
    removed: NDArray[np.int64]
    new_duplicated: NDArray[np.int64]
    old_duplicated: NDArray[np.int64]
    missing: tuple[int, int]

    @property
    def duplicates(self) -> tuple[int, int]:
        """How many rows share their key."""
        return len(self.new_duplicated), len(self.old_duplicated)


def matched(new: nw.DataFrame[Any], old: nw.DataFrame[Any], keys: tuple[str, ...]) -> Matched:
    """Return which rows have the same key.

    Raises:
        DataError: keys are of types that are never equal.
    """
    left: NDArray[np.int64] = np.zeros(len(new), dtype=np.int64)
    right: NDArray[np.int64] = np.zeros(len(old), dtype=np.int64)
    absent: NDArray[np.bool_] = np.zeros(len(new), dtype=bool)
    gone: NDArray[np.bool_] = np.zeros(len(old), dtype=bool)
    for key in keys:
        ours, theirs, many = _codes(new[key], old[key], key)
        absent |= ours < 0
        gone |= theirs < 0
        left, right = _together(left, right, ours, theirs, many)
    alone, shared = _once(left, ~absent)
    their_alone, their_shared = _once(right, ~gone)
    # The keys that are not to be compared on one side are neither added nor removed on the other.
    known_left = np.isin(left, right[~gone]) & ~absent
    known_right = np.isin(right, left[~absent]) & ~gone
    order = np.argsort(right[their_alone], kind="stable")
    candidates = their_alone[order]
    places = np.searchsorted(right[candidates], left[alone])
    places = np.minimum(places, max(len(candidates) - 1, 0))
    both: NDArray[np.bool_] = np.zeros(len(alone), dtype=bool)
    if len(candidates):
        both = right[candidates][places] == left[alone]
    return Matched(
        keys,
        alone[both],
        candidates[places[both]] if len(candidates) else np.empty(0, dtype=np.int64),
        alone[~known_left[alone]],
        their_alone[~known_right[their_alone]],
        shared,
        their_shared,
        (int(absent.sum()), int(gone.sum())),
    )


def _once(codes: NDArray[np.int64], held: NDArray[np.bool_]) -> tuple[Any, Any]:
    """Return the rows whose code occurs once, and the others."""
    rows = np.flatnonzero(held)
    _, inverse, counts = np.unique(codes[rows], return_inverse=True, return_counts=True)
    single = counts[inverse] == 1 if len(rows) else np.empty(0, dtype=bool)
    return rows[single], rows[~single]


def _together(
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    ours: NDArray[np.int64],
    theirs: NDArray[np.int64],
    many: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return codes of the key so far together with one more column; small again, so as to fit."""
    joined = np.concatenate([left * many + ours, right * many + theirs])
    _, codes = np.unique(joined, return_inverse=True)
    return codes[: len(left)], codes[len(left) :]


def _codes(
    new: nw.Series[Any], old: nw.Series[Any], name: str
) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Return a number for each value, the same for equal ones; -1 where it is missing."""
    ours, theirs = _Values(new), _Values(old)
    if not ours.empty and not theirs.empty and ours.group != theirs.group:
        raise DataError(
            f"the key `{name}` is {ours.type} in `examples` and {theirs.type} in `baseline`",
            fix="give both the same type: no row could be found again",
        )
    every = np.concatenate([ours.held(), theirs.held()])
    unique, codes = np.unique(every, return_inverse=True)
    left: NDArray[np.int64] = np.full(len(ours.missing), -1, dtype=np.int64)
    right: NDArray[np.int64] = np.full(len(theirs.missing), -1, dtype=np.int64)
    many = int((~ours.missing).sum())
    left[~ours.missing] = codes[:many]
    right[~theirs.missing] = codes[many:]
    return left, right, len(unique) + 1


class _Values:
    """A column as numbers, times or text, and where it has none."""

    def __init__(self, series: nw.Series[Any]) -> None:
        column = read(series)
        self.missing: NDArray[np.bool_] = series.is_null().to_numpy().astype(bool)
        self.type = column.type
        self.group = "number" if column.type in {"int", "float", "bool"} else column.type
        self.dtype = column.dtype
        self._series = series
        self._column = column
        self.empty = bool(self.missing.all())

    def numbers(self) -> NDArray[Any]:
        """Return a number for each row that has a value."""
        if self._column.numbers is not None:
            found = self._column.numbers
            # Signed and unsigned numbers together would become floats.
            fits = found.dtype == np.uint64 and (not len(found) or int(found.max()) < 1 << 63)
            return found.astype(np.int64) if fits else found
        return self._column.present.to_numpy().astype(np.int64)  # truths

    def texts(self) -> NDArray[Any]:
        """Return a text for each row that has a value."""
        found = self._series.drop_nulls().to_list()
        whole = self.type in {"int", "float"}
        return np.array([_text(one, whole) for one in found], dtype=object)

    def held(self) -> NDArray[Any]:
        if self.empty:
            return np.empty(0)
        if self.group in {"number", "datetime", "duration"}:
            return self.numbers()
        return self.texts()


def _text(value: Any, number: bool) -> str:
    if number and isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


class Sides:
    """The values of one column in the matched rows of both frames."""

    def __init__(self, new: nw.Series[Any], old: nw.Series[Any], rows: Matched) -> None:
        self._new, self._old = _Values(new), _Values(old)
        self._rows = rows
        self.new_missing = self._new.missing[rows.new]
        self.old_missing = self._old.missing[rows.old]
        alike = self._new.group == self._old.group or self._new.empty or self._old.empty
        self.types = None if alike else (self._old.type, self._new.type)
        self._numeric = self._new.group == self._old.group == "number"
        counted = self._new.group == self._old.group and self._new.group in {"datetime", "duration"}
        self._exact = self._numeric or counted

    def differ(self, tolerance: float) -> NDArray[np.bool_]:
        """Return which rows have different values."""
        found = self.new_missing != self.old_missing
        both = ~self.new_missing & ~self.old_missing
        if not both.any():
            return found
        now, before = self._pair()
        unequal = now[both] != before[both]
        if self._numeric:
            a, b = now[both].astype(float), before[both].astype(float)
            unequal &= ~(np.isnan(a) & np.isnan(b))
            if tolerance:
                with np.errstate(invalid="ignore"):
                    near = np.abs(a - b) <= tolerance * np.maximum(np.abs(a), np.abs(b))
                unequal &= ~near
        found[both] = unequal.astype(bool)
        return found

    def difference(self, places: NDArray[np.int64]) -> tuple[float | None, float | None]:
        """Return the largest and the mean difference of numbers at places."""
        places = places[~self.new_missing[places] & ~self.old_missing[places]]
        if not self._numeric or not len(places):
            return None, None
        now, before = self._pair()
        with np.errstate(all="ignore"):
            steps = now[places].astype(float) - before[places].astype(float)
        steps = steps[np.isfinite(steps)]
        return (float(np.abs(steps).max()), float(steps.mean())) if len(steps) else (None, None)

    def _pair(self) -> tuple[NDArray[Any], NDArray[Any]]:
        return self._spread(self._new, self._rows.new), self._spread(self._old, self._rows.old)

    def _spread(self, values: _Values, rows: NDArray[np.int64]) -> NDArray[Any]:
        """Return the values of rows; anything where they are missing."""
        held = values.numbers() if self._exact else values.texts()
        whole = np.zeros(len(values.missing), dtype=held.dtype)
        whole[~values.missing] = held
        return whole[rows]


def plain(value: Any) -> Any:
    """Return a value as plain data: numbers, text, truths, None."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return None if value != value else value  # noqa: PLR0124 - NaN
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat() if value == value else None  # noqa: PLR0124 - NaT
    return str(value)
