"""Examples in three parts, none of which knows of the others.

Which way is right depends on what is asked of the model: `random` when rows are independent,
`stratified` to keep the shares of rare classes, `group` when several rows are of one patient or
customer, `time` when the future is predicted, `hash` when the data grows and a row has to stay where
it is. What leaks all the same is found by `leakage`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from thruway.components.frames import Frame, wrapped
from thruway.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import narwhals as nw
    import numpy as np

__all__ = ["Split", "bucket", "split"]

By = Literal["random", "stratified", "group", "time", "hash"]
_NAMES = ("train", "eval", "test")
_FOLDS = 20
_ROUND = 1 << 64


class Split(NamedTuple):
    """Three frames of the library that was given; each keeps the order of its rows."""

    train: Any
    eval: Any
    test: Any


def split(
    examples: Frame,
    *,
    eval: float | int = 0.1,  # noqa: A002, PYI041 - a port takes no int for a float
    test: float | int = 0.1,  # noqa: PYI041 - the same
    by: By = "random",
    column: str | Sequence[str] | None = None,
    stratify: str | Sequence[str] | None = None,
    gap: Any = None,
    seed: int = 0,
) -> Split:
    """Return examples in three parts: no row twice, and none lost but those of `gap`.

    Args:
        examples: of pandas (the index stays with its rows), polars or Arrow.
        eval: share of the rows (below 1), or their number; 0 for none.
        test: the same.
        by: `random`; `stratified`, each value of `column` with the same share in every part;
            `group`, rows with one value of `column` stay together; `time`, the newest by `column`
            are the test; `hash`, by a digest of `column`, so that a row stays in its part whatever
            other rows there are.
        column: what `by` looks at; several make one key.
        stratify: with `group`: keeps the shares of this column too, as far as groups allow.
        gap: with `time`: rows so shortly before the next part are left out. A timedelta, or a text
            like `"7D"`; a number where the column holds numbers.
        seed: another one, another split; without meaning for `time`.

    Raises:
        DataError: too few rows, classes or groups; a key is missing.
        UsageError: the arguments make no sense together.

    Example:
        >>> import pandas as pd
        >>> parts = split(pd.DataFrame({"n": range(10)}), eval=0.2, test=0.2)
        >>> [len(part) for part in parts]
        [6, 2, 2]

    Sources: sha256 of `"<seed>:<key>"`, the first eight bytes as a number between 0 and 1:
    https://developers.google.com/machine-learning/data-prep/construct/sampling-splitting/randomization;
    `StratifiedGroupKFold`: https://scikit-learn.org/stable/modules/cross_validation.html.
    """
    frame = wrapped(examples)
    names = _checked(frame, by, column, stratify, gap)
    rows = len(frame)
    if by == "hash":
        places = _by_hash(frame, names, _share(eval, rows, by), _share(test, rows, by), seed)
    elif by == "time":
        places = _by_time(frame, names[0], _count(eval, rows), _count(test, rows), gap)
    elif by == "group":
        places = _by_group(frame, names, _texts(stratify), eval, test, seed)
    else:
        places = _shuffled(frame, names, _count(eval, rows), _count(test, rows), seed)
    return _parts(frame, places, {"train": 1, "eval": eval, "test": test})


def _texts(given: str | Sequence[str] | None) -> list[str]:
    return [given] if isinstance(given, str) else list(given or ())


def _checked(
    frame: nw.DataFrame[Any],
    by: str,
    column: str | Sequence[str] | None,
    stratify: str | Sequence[str] | None,
    gap: Any,
) -> list[str]:
    ways = ("random", "stratified", "group", "time", "hash")
    if by not in ways:
        raise UsageError(f"`{by}` is no way to split", fix=f"use one of: {', '.join(ways)}")
    names = _texts(column)
    if by == "random" and names:
        raise UsageError("a random split looks at no column", fix="say by='stratified', or 'hash'")
    if by != "random" and not names:
        raise UsageError(f"a split by {by} needs a column", fix="name it: column='…'")
    if by == "time" and len(names) > 1:
        raise UsageError("time is one column", fix="name one")
    if stratify and by != "group":
        raise UsageError("`stratify` goes with by='group'", fix="say by='stratified', column='…'")
    if gap is not None and by != "time":
        raise UsageError("`gap` goes with by='time'", fix="leave it out")
    if not len(frame):
        raise DataError("`examples` has no rows", fix="look at what was read")
    for name in (*names, *_texts(stratify)):
        _present(frame, name, by)
    return names


def _present(frame: nw.DataFrame[Any], name: str, by: str) -> None:
    if name not in frame.columns:
        import difflib

        close = difflib.get_close_matches(name, frame.columns, 1)
        raise DataError(
            f"`examples` has no column `{name}`",
            fix=f"did you mean `{close[0]}`?" if close else "check the name",
        )
    missing = _missing(frame[name])
    if missing:
        raise DataError(
            f"column `{name}` is missing in {missing:,} of {len(frame):,} rows",
            where=f"the split by {by}",
            fix="leave these rows out, or fill them: they belong to no part",
        )


def _missing(column: nw.Series[Any]) -> int:
    count = int(column.null_count())
    return count + int(column.is_nan().sum()) if column.dtype.is_float() and not count else count


def _share(size: float, rows: int, by: str) -> float:
    """Return a size as a share of the rows."""
    _count(size, rows)
    if isinstance(size, int) and size:
        raise UsageError(
            f"a split by {by} has shares, not numbers of rows", fix="give a number below 1"
        )
    return float(size)


def _count(size: float, rows: int) -> int:
    """Return a size as a number of rows: at least one of what is asked for."""
    if isinstance(size, bool) or size < 0 or (isinstance(size, float) and size >= 1):
        raise UsageError(
            f"{size!r} is no size of a part", fix="give a share below 1, or a number of rows"
        )
    return size if isinstance(size, int) else (max(round(size * rows), 1) if size else 0)


def _too_few(rows: int, what: str = "rows") -> DataError:
    return DataError(
        f"{rows:,} {what} are too few for the parts that are asked for",
        fix="ask for smaller parts, or 0 for one of them",
    )


def _shuffled(
    frame: nw.DataFrame[Any], names: list[str], evals: int, tests: int, seed: int
) -> np.ndarray[Any, Any]:
    """Return the part of each row: 0 train, 1 eval, 2 test."""
    import numpy as np

    rows = len(frame)
    if evals + tests >= rows:
        raise _too_few(rows)
    places = np.zeros(rows, dtype=np.int8)
    if not names:
        # The stream of RandomState is fixed for good; that of newer generators may change.
        order = np.random.RandomState(seed).permutation(rows)
        places[order[:tests]] = 2
        places[order[tests : tests + evals]] = 1
        return places
    classes = _codes(frame, names)
    _enough(frame, names, classes, evals, tests)
    left = np.arange(rows)
    for part, count in ((2, tests), (1, evals)):
        if count:
            chosen = _stratum(classes[left], count, seed)
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
            f"{said} is {value} in {counts[rare]} rows only, which cannot be in {parts} parts{more}",
            fix="put rare values together (numbers: cut them in ranges), or split by random",
        )
    if smallest < len(counts):
        raise DataError(
            f"a part of {smallest} rows cannot hold the {len(counts)} values of {said}",
            fix="ask for larger parts, or split by random",
        )


def _codes(frame: nw.DataFrame[Any], names: list[str]) -> np.ndarray[Any, Any]:
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


def _by_group(
    frame: nw.DataFrame[Any],
    names: list[str],
    stratify: list[str],
    evals: float,
    tests: float,
    seed: int,
) -> np.ndarray[Any, Any]:
    import numpy as np

    rows = len(frame)
    counts = (_count(tests, rows), _count(evals, rows))
    groups = _codes(frame, names)
    found = int(groups.max()) + 1
    parts = 1 + sum(map(bool, counts))
    if found < parts or sum(counts) >= rows:
        raise _too_few(found, "groups") if found < parts else _too_few(rows)
    if stratify:
        return _by_folds(groups, _codes(frame, stratify), [one / rows for one in counts], seed)
    # scikit-learn's GroupShuffleSplit counts groups; parts are to have their share of the rows.
    sizes = np.bincount(groups)
    order = np.random.RandomState(seed).permutation(found)
    ends = np.cumsum(sizes[order])
    of_group = np.zeros(found, dtype=np.int8)
    first = 0
    for part, count, after in ((2, counts[0], parts - 1), (1, counts[1], 1)):
        if count:
            start = ends[first - 1] if first else 0
            last = int(np.abs(ends[first:] - start - count).argmin()) + first
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
        raise _too_few(len(np.unique(groups)), "groups")
    splitter = StratifiedGroupKFold(n_splits=folds, shuffle=True, random_state=seed)
    places = np.zeros(len(groups), dtype=np.int8)
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


def _by_time(
    frame: nw.DataFrame[Any], name: str, evals: int, tests: int, gap: Any
) -> np.ndarray[Any, Any]:
    """Return the part of each row; -1 for those in a gap. Rows of one time stay together."""
    import numpy as np

    times = _times(frame, name)
    rows = len(times)
    if evals + tests >= rows:
        raise _too_few(rows)
    order = np.sort(times)
    places = np.zeros(rows, dtype=np.int8)
    width = _gap(frame, name, gap, times.dtype)
    start = order[rows - tests] if tests else None
    begin = order[rows - tests - evals] if evals else None
    for part, edge, later in ((1, begin, start), (2, start, None)):
        if edge is None:
            continue
        inside = times >= edge
        if later is not None:
            inside &= times < later
        places[inside] = part
        if width is not None:
            places[(times < edge) & (times >= edge - width)] = -1
    return places


def _times(frame: nw.DataFrame[Any], name: str) -> np.ndarray[Any, Any]:
    import narwhals as nw

    column = frame[name]
    if column.dtype.is_numeric():
        return column.to_numpy()
    if column.dtype == nw.Date:
        column = column.cast(nw.Datetime("us"))
    if not column.dtype.is_temporal():
        values = column.to_list()
        if values and all(isinstance(one, dt.date) for one in values):
            import numpy as np

            return np.asarray([np.datetime64(one, "us") for one in map(_naive, values)])
        raise DataError(
            f"column `{name}` holds no times but {column.dtype}",
            fix=f"read it as such: ingest(…, schema={{{name!r}: 'datetime'}})",
        )
    if getattr(column.dtype, "time_zone", None):
        column = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return column.to_numpy()


def _naive(moment: dt.date) -> dt.date:
    if isinstance(moment, dt.datetime) and moment.tzinfo is not None:
        return moment.astimezone(dt.UTC).replace(tzinfo=None)
    return moment


def _gap(frame: nw.DataFrame[Any], name: str, gap: Any, dtype: Any) -> Any:
    import numpy as np

    if gap is None:
        return None
    numbers = dtype.kind in "iuf"
    if numbers != (isinstance(gap, int | float) and not isinstance(gap, bool)):
        raise UsageError(
            f"the gap {gap!r} does not fit column `{name}`, which is {frame[name].dtype}",
            fix="give a number" if numbers else 'give a timedelta, or a text like "7D"',
        )
    if numbers:
        width: Any = gap
    else:
        width = np.timedelta64(_timedelta(gap), "us")
    if width < type(width)(0):
        raise UsageError("a gap cannot be negative", fix="give how long it is")
    return width


def _timedelta(gap: Any) -> dt.timedelta:
    import re

    if isinstance(gap, dt.timedelta):
        return gap
    units = {
        "D": "days",
        "h": "hours",
        "H": "hours",
        "min": "minutes",
        "s": "seconds",
        "W": "weeks",
    }
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]+)\s*", str(gap))
    if match is None or match[2] not in units:
        raise UsageError(f"{gap!r} is no span of time", fix='write it like "7D", "12h" or "30min"')
    return dt.timedelta(**{units[match[2]]: float(match[1])})


def _by_hash(
    frame: nw.DataFrame[Any], names: list[str], evals: float, tests: float, seed: int
) -> np.ndarray[Any, Any]:
    """Return the part of each row by where the digest of its key lies: test, eval, train."""
    import numpy as np

    if evals + tests >= 1:
        raise _too_few(len(frame))
    values = [frame[name].to_list() for name in names]
    known: dict[str, int] = {}
    places = np.zeros(len(frame), dtype=np.int8)
    # Whole numbers, so that the same key is on the same side of an edge on every machine.
    first = int(Fraction(tests) * _ROUND)
    second = int(Fraction(tests + evals) * _ROUND)
    for row, parts in enumerate(zip(*values, strict=True)):
        key = as_key(parts)
        place = known.get(key)
        if place is None:
            at = bucket(key, seed)
            place = known[key] = 2 if at < first else 1 if at < second else 0
        places[row] = place
    return places


def bucket(key: str, seed: int = 0) -> int:
    """Return where a key lies, from 0 to 2**64 - 1; the same for ever.

    It is the first eight bytes, most significant first, of the SHA-256 of `<seed>:<key>` in UTF-8.

    >>> bucket("ada@example.org") / 2**64 < 0.1
    False
    """
    digest = hashlib.sha256(f"{seed}:{key}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big")


def as_key(parts: Sequence[Any]) -> str:
    """Return the text of a key: alike in all libraries, also where one makes integers floats.

    >>> as_key(["ada"]), as_key([3.0]), as_key(["a", 1])
    ('ada', '3', '["a","1"]')
    """
    texts = [_text(part) for part in parts]
    return texts[0] if len(texts) == 1 else json.dumps(texts, separators=(",", ":"))


def _text(part: Any) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, float) and part.is_integer():
        return str(int(part))
    if isinstance(part, dt.datetime):
        moment = part.astimezone(dt.UTC) if part.tzinfo else part
        return moment.isoformat().removesuffix("T00:00:00")
    return part.isoformat() if isinstance(part, dt.date) else str(part)


def _parts(frame: nw.DataFrame[Any], places: Any, asked: dict[str, float]) -> Split:
    import numpy as np

    made = []
    for number, name in enumerate(_NAMES):
        rows = np.flatnonzero(places == number)
        if not len(rows) and asked[name]:
            raise DataError(
                f"no row is left for `{name}`: there are {len(places):,} rows",
                fix="ask for other sizes, or 0 for what is not needed; or for a smaller gap",
            )
        made.append(frame[rows.tolist()].to_native())
    return Split(*made)
