"""What can be split, and into how much; else why not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from thruway.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import narwhals as nw

__all__ = ["checked", "count", "share", "texts", "too_few"]


def texts(given: str | Sequence[str] | None) -> list[str]:
    """Return names of columns as a list."""
    return [given] if isinstance(given, str) else list(given or ())


def checked(
    frame: nw.DataFrame[Any],
    by: str,
    column: str | Sequence[str] | None,
    stratify: str | Sequence[str] | None,
    gap: Any,
) -> list[str]:
    """Return the columns that a split looks at.

    Raises:
        DataError: one is not there, or a value is missing.
        UsageError: the arguments make no sense together.
    """
    ways = ("random", "stratified", "group", "time", "hash")
    if by not in ways:
        raise UsageError(f"`{by}` is no way to split", fix=f"use one of: {', '.join(ways)}")
    names = texts(column)
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
    for name in (*names, *texts(stratify)):
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
    gone = int(column.null_count())
    return gone + int(column.is_nan().sum()) if column.dtype.is_float() and not gone else gone


def share(size: float, rows: int, by: str) -> float:
    """Return a size as a share of the rows."""
    count(size, rows)
    if isinstance(size, int) and size:
        raise UsageError(
            f"a split by {by} has shares, not numbers of rows", fix="give a number below 1"
        )
    return float(size)


def count(size: float, rows: int) -> int:
    """Return a size as a number of rows: at least one of what is asked for."""
    if isinstance(size, bool) or size < 0 or (isinstance(size, float) and size >= 1):
        raise UsageError(
            f"{size!r} is no size of a part", fix="give a share below 1, or a number of rows"
        )
    return size if isinstance(size, int) else (max(round(size * rows), 1) if size else 0)


def too_few(rows: int, what: str = "rows") -> DataError:
    """Return what to say when there is too little to split."""
    return DataError(
        f"{rows:,} {what} are too few for the parts that are asked for",
        fix="ask for smaller parts, or 0 for one of them",
    )
