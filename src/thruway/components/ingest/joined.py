"""Frames of several files as one, when they fit; else which column does not, in which file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from thruway.components.places import bare
from thruway.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["joined", "with_partition"]

_NUMBERS = "iuf"


def joined(frames: Sequence[Any], files: Sequence[str], library: str) -> Any:
    """Return one frame with the rows of all, in their order; pandas' index is numbered anew.

    Raises:
        DataError: they have other columns, or a column is a text in one file and not in another.
    """
    if len(frames) == 1:
        return frames[0]
    first = _names(frames[0])
    for frame, file in zip(frames[1:], files[1:], strict=True):
        _same_columns(first, _names(frame), files[0], file)
    if library == "polars":
        import polars as pl

        _same_families([dict(zip(f.columns, map(_polars_family, f.dtypes), strict=True))
                        for f in frames], files)  # fmt: skip
        return pl.concat([frame.select(first) for frame in frames], how="vertical_relaxed")
    if library == "pyarrow":
        import pyarrow as pa

        _same_families([{f.name: _arrow_family(f.type) for f in one.schema} for one in frames],
                       files)  # fmt: skip
        return pa.concat_tables(
            [frame.select(first) for frame in frames], promote_options="permissive"
        )
    return _pandas(frames, files, first)


def _pandas(frames: Sequence[Any], files: Sequence[str], first: list[str]) -> Any:
    import pandas as pd

    families = [{name: _pandas_family(frame[name]) for name in first} for frame in frames]
    settled = _same_families(families, files)
    aligned = []
    for frame, own in zip(frames, families, strict=True):
        empty = [name for name in first if not own[name] and settled[name]]
        # What is missing throughout takes the type that the column has elsewhere.
        aligned.append(frame[first].astype({name: _like(frames, families, name) for name in empty}))
    return pd.concat(aligned, ignore_index=True)


def _like(frames: Sequence[Any], families: Sequence[dict[str, str]], name: str) -> Any:
    for frame, own in zip(frames, families, strict=True):
        if own[name]:
            dtype = frame[name].dtype
            return (
                "float64"
                if dtype.kind in "iu" and _is_numpy(dtype)
                else ("object" if dtype.kind == "b" and _is_numpy(dtype) else dtype)
            )
    return "object"


def _is_numpy(dtype: Any) -> bool:
    return type(dtype).__module__.startswith("numpy")


def _names(frame: Any) -> list[str]:
    names = getattr(frame, "column_names", None)
    return list(frame.columns if names is None else names)


def _same_columns(first: list[str], other: list[str], file: str, second: str) -> None:
    if set(first) == set(other):
        return
    fewer = [name for name in first if name not in other]
    more = [name for name in other if name not in first]
    name = (fewer or more)[0]
    has, lacks = (file, second) if fewer else (second, file)
    raise DataError(
        f"the files do not have the same columns: `{name}` is in `{bare(has)}` and not in "
        f"`{bare(lacks)}`",
        where=f"{len(fewer) + len(more)} columns differ",
        fix="read what they share by `columns=[…]`, or read them apart",
    )


def _same_families(frames: Sequence[dict[str, str]], files: Sequence[str]) -> dict[str, str]:
    settled: dict[str, tuple[str, str]] = {}
    for families, file in zip(frames, files, strict=True):
        for name, family in families.items():
            if not family:
                continue
            known = settled.setdefault(name, (family, file))
            if known[0] != family:
                raise DataError(
                    f"column `{name}` is {known[0]} in one file and {family} in another",
                    where=f"`{bare(known[1])}` and `{bare(file)}`",
                    fix=f"say what it is: schema={{{name!r}: 'string'}}, or what it should be",
                )
    return {name: settled.get(name, ("", ""))[0] for name in frames[0]}


def _pandas_family(column: Any) -> str:
    """Return numbers, texts, times …; "" when every value is missing."""
    import pandas as pd

    if not bool(column.notna().any()):
        return ""
    kind = pd.api.types.infer_dtype(column, skipna=True)
    return {
        "integer": "numbers", "floating": "numbers", "mixed-integer-float": "numbers",
        "decimal": "numbers", "string": "texts", "boolean": "true or false",
        "datetime64": "times", "datetime": "times", "date": "times", "timedelta64": "durations",
        "categorical": "texts",
    }.get(kind, kind)  # fmt: skip


def _polars_family(dtype: Any) -> str:
    word = str(dtype).partition("(")[0]
    if word == "Null":
        return ""
    if dtype.is_numeric():
        return "numbers"
    return {"String": "texts", "Utf8": "texts", "Boolean": "true or false", "Date": "times",
            "Datetime": "times", "Categorical": "texts", "Enum": "texts",
            }.get(word, word)  # fmt: skip


def _arrow_family(kind: Any) -> str:
    from pyarrow import types

    if types.is_null(kind):
        return ""
    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        return "numbers"
    if types.is_string(kind) or types.is_large_string(kind) or types.is_dictionary(kind):
        return "texts"
    if types.is_temporal(kind):
        return "times"
    return "true or false" if types.is_boolean(kind) else str(kind)


def with_partition(frame: Any, said: Sequence[tuple[str, str]], library: str) -> Any:
    """Return a frame with what its folders say (`year=2024/`) as columns behind its own."""
    new = {name: int(value) if value.isdecimal() else value for name, value in said}
    new = {name: value for name, value in new.items() if name not in _names(frame)}
    if not new:
        return frame
    if library == "pandas":
        return frame.assign(**new)
    if library == "polars":
        import polars as pl

        return frame.with_columns(**{name: pl.lit(value) for name, value in new.items()})
    import pyarrow as pa

    for name, value in new.items():
        frame = frame.append_column(name, pa.array([value] * frame.num_rows))
    return frame
