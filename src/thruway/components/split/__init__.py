"""Examples in three parts, none of which knows of the others.

Which way is right depends on what is asked of the model: `random` when rows are independent,
`stratified` to keep the shares of rare classes, `group` when several rows are of one patient or
customer, `time` when the future is predicted, `hash` when the data grows and a row has to stay
where it is. What leaks all the same is found by `leakage`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from thruway.components.frames import Frame, wrapped
from thruway.components.split.by_hash import as_key, bucket, by_hash
from thruway.components.split.by_time import by_time
from thruway.components.split.checks import checked, count, share, texts
from thruway.components.split.shuffled import by_group, shuffled
from thruway.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import narwhals as nw

__all__ = ["Split", "as_key", "bucket", "split"]

By = Literal["random", "stratified", "group", "time", "hash"]
_NAMES = ("train", "eval", "test")


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
    names = checked(frame, by, column, stratify, gap)
    rows = len(frame)
    if by == "hash":
        places = by_hash(frame, names, share(eval, rows, by), share(test, rows, by), seed)
    elif by == "time":
        places = by_time(frame, names[0], count(eval, rows), count(test, rows), gap)
    elif by == "group":
        places = by_group(frame, names, texts(stratify), eval, test, seed)
    else:
        places = shuffled(frame, names, count(eval, rows), count(test, rows), seed)
    return _parts(frame, places, {"train": 1, "eval": eval, "test": test})


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
