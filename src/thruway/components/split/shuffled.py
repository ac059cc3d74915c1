"""Rows, classes and groups in an order of chance: the part of each row is 0, 1 or 2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from thruway.components.split.checks import count, too_few
from thruway.errors import DataError

if TYPE_CHECKING:
    import narwhals as nw

__all__ = ["by_group", "shuffled"]

_FOLDS = 20


def shuffled(frame: nw.DataFrame[Any], names: list[str], evals: int, tests: int, seed: int) -> Any:
    """Return the part of each row: 0 train, 1 eval, 2 test."""
    import numpy as np

    rows = len(frame)
    if evals + tests >= rows:
        raise too_few(rows)
    places: Any = np.zeros(rows, dtype=np.int8)
    if not names:
        # The stream of RandomState is fixed for good; that of newer generators may change.
        order = np.random.RandomState(seed).permutation(rows)
        places[order[:tests]] = 2
        places[order[tests : tests + evals]] = 1
        return places
    classes = _codes(frame, names)
    _enough(frame, names, classes, evals, tests)
    left = np.arange(rows)
    for part, size in ((2, tests), (1, evals)):
        if size:
            chosen = _stratum(classes[left], size, seed)
            places[left[chosen]] = part
            left = left[~np.isin(np.arange(len(left)), chosen)]
    return places


def _stratum(classes: Any, count: int, seed: int) -> Any:
    from sklearn.model_selection import StratifiedShuffleSplit

    one = StratifiedShuffleSplit(n_splits=1, test_size=count, random_state=seed)
    return next(iter(one.split(classes, classes)))[1]


def _enough(
    frame: nw.DataFrame[Any], names: list[str], classes: Any, evals: int, tests: int
) -> None:
    """Raise unless every class can be in every part."""
    import numpy as np

    counts = np.bincount(classes)
    parts = 1 + bool(evals) + bool(tests)
    said = ", ".join(f"`{name}`" for name in names)
    smallest = min(size for size in (evals, tests, len(classes) - evals - tests) if size)
    rare = int(counts.argmin())
    if counts[rare] < parts:
        row = int((classes == rare).argmax())
        value = ", ".join(str(frame[name][row]) for name in names)
        several = int((counts < parts).sum())
        more = f"; {several} of {len(counts)} values are so rare" if several > 1 else ""
        raise DataError(
            f"{said} is {value} in {counts[rare]} rows only, which cannot be in {parts} "
            f"parts{more}",
            fix="put rare values together (numbers: cut them in ranges), or split by random",
        )
    if smallest < len(counts):
        raise DataError(
            f"a part of {smallest} rows cannot hold the {len(counts)} values of {said}",
            fix="ask for larger parts, or split by random",
        )


def _codes(frame: nw.DataFrame[Any], names: list[str]) -> Any:
    """Return a number for each row, the same for the same values, by order of appearance."""
    import numpy as np

    known: dict[Any, int] = {}
    values = [frame[name].to_list() for name in names]
    keys = values[0] if len(values) == 1 else list(zip(*values, strict=True))
    try:
        return np.fromiter(
            (known.setdefault(key, len(known)) for key in keys), np.int64, len(frame)
        )
    except TypeError as error:
        raise DataError(
            f"column `{names[0]}` holds values that cannot be told apart quickly: {error}",
            fix="make it texts or numbers first",
        ) from error


def by_group(
    frame: nw.DataFrame[Any],
    names: list[str],
    stratify: list[str],
    evals: float,
    tests: float,
    seed: int,
) -> Any:
    """Return the part of each row; rows of one group are in one."""
    import numpy as np

    rows = len(frame)
    counts = (count(tests, rows), count(evals, rows))
    groups = _codes(frame, names)
    found = int(groups.max()) + 1
    parts = 1 + sum(map(bool, counts))
    if found < parts or sum(counts) >= rows:
        raise too_few(found, "groups") if found < parts else too_few(rows)
    if stratify:
        return _by_folds(groups, _codes(frame, stratify), [one / rows for one in counts], seed)
    # scikit-learn's GroupShuffleSplit counts groups; parts are to have their share of the rows.
    sizes = np.bincount(groups)
    order = np.random.RandomState(seed).permutation(found)
    ends = np.cumsum(sizes[order])
    of_group: Any = np.zeros(found, dtype=np.int8)
    first = 0
    for part, size, after in ((2, counts[0], parts - 1), (1, counts[1], 1)):
        if size:
            start = ends[first - 1] if first else 0
            last = int(np.abs(ends[first:] - start - size).argmin()) + first
            last = min(last, found - 1 - (after if part == 2 and counts[1] else 1))
            of_group[order[first : last + 1]] = part
            first = last + 1
    return of_group[groups]


def _by_folds(groups: Any, classes: Any, shares: list[float], seed: int) -> Any:
    """Return the part of each row, from folds that keep groups whole and classes in proportion."""
    import warnings

    import numpy as np
    from sklearn.model_selection import StratifiedGroupKFold

    most = min(_FOLDS, len(np.unique(groups)))
    folds = _folds(shares, most)
    wanted = [max(round(share * folds), 1) if share else 0 for share in shares]
    if sum(wanted) >= folds:
        raise too_few(len(np.unique(groups)), "groups")
    splitter = StratifiedGroupKFold(n_splits=folds, shuffle=True, random_state=seed)
    places: Any = np.zeros(len(groups), dtype=np.int8)
    with warnings.catch_warnings():
        # That a class is rarer than there are folds is no fault: several folds make one part.
        warnings.filterwarnings("ignore", message="The least populated class", category=UserWarning)
        try:
            every = [held for _, held in splitter.split(classes, classes, groups)]
        except ValueError as error:
            raise DataError(
                f"groups cannot be split with the shares of classes kept: {error}",
                fix="leave `stratify` out, or ask for larger parts",
            ) from error
    for number, held in enumerate(every[: sum(wanted)]):
        places[held] = 2 if number < wanted[0] else 1
    return places


def _folds(shares: list[float], most: int) -> int:
    """Return how many folds give the shares as closely as may be; the fewest that do."""

    def off(folds: int) -> float:
        return sum(abs(max(round(one * folds), 1) / folds - one) for one in shares if one)

    return min(range(2, most + 1), key=lambda folds: (round(off(folds), 3), folds))
