"""What `statistics` is given: a frame, its parts one after the other, or splits of either."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import narwhals as nw

from thruway.components.frames import wrapped
from thruway.errors import DataError, UsageError

ALL = "all"
"""The name of the only split of a frame that was not split."""


def splits_of(examples: Any) -> dict[str, Any]:
    """Return the splits that were given, by name; each is a frame or an iterable of them.

    Raises:
        UsageError: there is none.
    """
    fields = getattr(examples, "_fields", None)
    if isinstance(examples, tuple) and fields is not None:
        examples = {
            name: value for name, value in zip(fields, examples, strict=True) if _is_data(value)
        }
        if not examples:
            raise UsageError(
                "none of the fields of the tuple is a frame",
                where=f"fields {', '.join(fields)}",
                fix="give a frame, or a dict of frames by the names of the splits",
            )
    if not isinstance(examples, Mapping):
        return {ALL: examples}
    if not examples:
        raise UsageError("there is no split", fix="give at least one: {'train': frame}")
    return {str(name): value for name, value in examples.items()}


def frames_of(examples: Any, name: str) -> Iterator[nw.DataFrame[Any]]:
    """Return the frames of a split: one, or its parts.

    Raises:
        DataError: something in it is no frame, or there is no part at all.
    """
    if (
        is_frame(examples)
        or not isinstance(examples, Iterable)
        or isinstance(examples, str | bytes)
    ):
        yield tabled(examples, name)
        return
    number = -1
    for number, part in enumerate(examples):
        yield tabled(part, f"{name}[{number}]")
    if number < 0:
        raise DataError(
            f"`{name}` has no part: nothing is known of it, not even its columns",
            fix="give at least one frame; it may have no rows",
        )


def tabled(value: Any, name: str) -> nw.DataFrame[Any]:
    """Return a frame whose columns have text for names; pandas allows numbers, and tuples.

    Raises:
        DataError: it is no frame.
    """
    if _is_batch(value):
        import pyarrow as pa

        value = pa.Table.from_batches([value])
    frame = wrapped(value, name)
    if all(isinstance(one, str) for one in frame.columns):
        return frame
    native: Any = frame.to_native()
    native = native.set_axis([str(one) for one in native.columns], axis=1)
    return nw.from_native(native, eager_only=True)


def _is_batch(value: Any) -> bool:
    kind = type(value)
    return kind.__name__ == "RecordBatch" and kind.__module__.startswith("pyarrow")


def is_frame(value: Any) -> bool:
    """Tell whether a value is a frame of a library that components know; also a lazy one."""
    if _is_batch(value):
        return True
    try:
        nw.from_native(value)
    except TypeError:
        return False
    except Exception:  # a frame that narwhals refuses: its column names; `wrapped` says why
        return True
    return True


def _is_data(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return bool(value) and is_frame(value[0])
    return is_frame(value) or isinstance(value, Iterator)
