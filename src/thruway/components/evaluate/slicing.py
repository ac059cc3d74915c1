"""Slices of examples: by the values of a column, by bins of numbers, by a function, crossed."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from thruway.components.evaluate.columns import array, column, in_order, plain
from thruway.errors import UsageError

if TYPE_CHECKING:
    import narwhals as nw

_MISSING = "(missing)"
_FEW = 10
_BINS = 4
MOST = 50

Slicer = str | Callable[[Any], Any] | Mapping[str, Any] | Sequence[Any]
"""What rows are sliced by: see `evaluate`."""


@dataclass(frozen=True)
class Cut:
    """One way of slicing.

    Attributes:
        by: `sex × age`.
        parts: name of a slice → which rows are in it, in the order of the values.
        left_out: how many slices were too many; the smallest ones.
    """

    by: str
    parts: tuple[tuple[str, Any], ...]
    left_out: int = 0


@dataclass(frozen=True)
class _Axis:
    name: str
    labels: tuple[str, ...]
    codes: Any


def cuts(frame: nw.DataFrame[Any], slicers: Sequence[Slicer] | Slicer) -> list[Cut]:
    """Return every way of slicing that was asked for.

    Raises:
        DataError: a column is not there.
        UsageError: it is nothing to slice by.
    """
    single = isinstance(slicers, str | Mapping) or callable(slicers)
    every: Sequence[Any] = [slicers] if single else list(slicers)  # type: ignore[arg-type]
    return [_cut([axis for part in _parts(one) for axis in _axes(frame, part)]) for one in every]


def by_value(frame: nw.DataFrame[Any], name: str, what: str) -> Cut:
    """Return the slices of each value of a column, also of many numbers."""
    return _cut([_by_value(name, *column(frame, name, what))])


def _parts(slicer: Any) -> list[Any]:
    crossed = isinstance(slicer, Sequence) and not isinstance(slicer, str)
    parts = list(slicer) if crossed else [slicer]
    if not parts:
        raise UsageError("a cross of slices names no column", fix='write ("sex", "age")')
    return parts


def _axes(frame: nw.DataFrame[Any], part: Any) -> list[_Axis]:
    if isinstance(part, str):
        return [_by_column(frame, part)]
    if isinstance(part, Mapping):
        return [_binned(frame, name, bins) for name, bins in part.items()]
    if callable(part):
        return [_by_function(frame, part)]
    raise UsageError(
        f"{part!r} is nothing to slice by",
        where="argument `slices`",
        fix="give the name of a column, {column: bins}, a function of the frame, or a tuple of "
        "these to cross them",
    )


def _by_column(frame: nw.DataFrame[Any], name: str) -> _Axis:
    import numpy as np

    values, none = column(frame, name, "slices")
    if values.dtype.kind in "iuf" and len(np.unique(values[~none])) > _FEW:
        return _binned(frame, name, _BINS)
    return _by_value(name, values, none)


def _by_function(frame: nw.DataFrame[Any], function: Callable[[Any], Any]) -> _Axis:
    name = getattr(function, "__name__", type(function).__name__)
    found = function(frame.to_native())
    return _by_value(name, *array(found, len(frame), f"slices: {name}"))


def _by_value(name: str, values: Any, none: Any) -> _Axis:
    import numpy as np

    kept = [plain(value) for value in values[~none].tolist()]
    ordered = in_order(set(kept))
    place = {value: at for at, value in enumerate(ordered)}
    codes = np.full(len(values), len(ordered))
    codes[~none] = [place[value] for value in kept]
    return _Axis(name, (*map(_shown, ordered), _MISSING), codes)


def _binned(frame: nw.DataFrame[Any], name: str, bins: Any) -> _Axis:
    import numpy as np

    values, none = column(frame, name, "slices")
    if values.dtype.kind not in "iufb":
        raise UsageError(
            f"`{name}` has no numbers to make bins of",
            where="argument `slices`",
            fix="name the column alone, or give a function of the frame",
        )
    values = values.astype(float)
    known = values[~none]
    if isinstance(bins, int):
        if bins < 1:
            raise UsageError(f"{bins} bins of `{name}`", "argument `slices`", "at least one")
        at = np.linspace(0, 1, bins + 1)
        # An observed value for each edge: it can be read, and no bin differs by a rounding.
        edges: Any = np.unique(np.quantile(known, at, **_NEAREST)) if len(known) else np.zeros(1)
        labels = [f"[{_number(a)}, {_number(b)})" for a, b in itertools.pairwise(edges)]
        labels = [*labels[:-1], labels[-1][:-1] + "]"] if labels else [_number(edges[0])]
        codes = np.clip(np.searchsorted(edges, values, "right") - 1, 0, len(labels) - 1)
    else:
        edges = np.asarray(sorted(bins), dtype=float)
        inner = [f"[{_number(a)}, {_number(b)})" for a, b in itertools.pairwise(edges)]
        labels = [f"< {_number(edges[0])}", *inner, f"≥ {_number(edges[-1])}"]
        codes = np.searchsorted(edges, values, "right")
    codes[none] = len(labels)
    return _Axis(name, (*labels, _MISSING), codes)


_NEAREST: dict[str, Any] = {"method": "nearest"}


def _shown(value: object) -> str:
    return _number(value) if isinstance(value, float) else str(value)


def _number(value: float) -> str:
    return f"{value:.6g}"


def _cut(axes: list[_Axis]) -> Cut:
    """Cross axes; only combinations that rows have are slices, the largest if there are many."""
    import numpy as np

    flat: Any = np.zeros(len(axes[0].codes), dtype=np.int64)
    for axis in axes:
        flat = flat * len(axis.labels) + axis.codes
    codes, counts = np.unique(flat, return_counts=True)
    largest = np.sort(np.argsort(-counts, kind="stable")[:MOST])
    parts = []
    for code in codes[largest]:
        labels, rest = [], int(code)
        for axis in reversed(axes):
            rest, label = divmod(rest, len(axis.labels))
            labels.append(f"{axis.name}={axis.labels[label]}")
        parts.append((", ".join(reversed(labels)), flat == code))
    by = " × ".join(axis.name for axis in axes)
    return Cut(by, tuple(parts), len(codes) - len(parts))
