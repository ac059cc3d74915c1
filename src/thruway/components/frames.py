"""The frames that components take: pandas, polars and Arrow, seen through narwhals.

Nothing here decides anything about data; it says what is a frame, and gives back what it was given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from thruway.errors import DataError, UsageError

if TYPE_CHECKING:
    import narwhals as nw

__all__ = ["F", "Frame", "duplicated", "wrapped"]


class Frame(Protocol):
    """A table of named columns: a DataFrame of pandas or polars, or a Table of Arrow."""

    def __dataframe__(self, *args: Any, **kwargs: Any) -> Any:
        """Return the frame by the interchange protocol: all three have it."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""


F = TypeVar("F", bound=Frame)
"""The library of the frame that is given is the library of the frame that is returned."""


def wrapped(frame: Any, name: str = "examples") -> nw.DataFrame[Any]:
    """Return a frame as narwhals sees it; `.to_native()` gives the library's own back.

    Args:
        frame: of pandas, polars (lazy ones are collected) or Arrow.
        name: of the argument, for the message.

    Raises:
        UsageError: narwhals is not installed.
        DataError: it is no frame, or two columns have one name.
    """
    try:
        import narwhals as nw
    except ImportError as error:
        raise UsageError(
            "components need the library narwhals, which is not installed",
            fix='install it: pip install "thruway[components]"',
        ) from error
    twice = duplicated(frame)
    if twice:
        raise DataError(
            f"`{name}` has two columns called `{twice[0]}`",
            where=f"columns {', '.join(f'`{column}`' for column in twice)}",
            fix="rename one of them, or leave it out, before this component",
        )
    try:
        found: Any = nw.from_native(frame)
    except TypeError as error:
        raise DataError(
            f"`{name}` is no frame but a {type(frame).__module__}.{type(frame).__qualname__}",
            fix="give it a DataFrame of pandas or polars, or a Table of Arrow",
        ) from error
    return found.collect() if isinstance(found, nw.LazyFrame) else found


def duplicated(frame: Any) -> list[str]:
    """Return the names that several columns of a frame have, as text; each once."""
    names: Any = getattr(frame, "column_names", None)
    if hasattr(frame, "collect_schema"):  # of polars; a lazy one warns when asked otherwise
        names = frame.collect_schema().names()
    if names is None:
        names = getattr(frame, "columns", ())
    seen: set[str] = set()
    twice: dict[str, None] = {}
    for name in map(str, names):
        if name in seen:
            twice[name] = None
        seen.add(name)
    return list(twice)
