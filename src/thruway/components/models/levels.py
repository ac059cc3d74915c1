"""The levels of categorical columns, so that a row alone means what it means among others.

Libraries take a category for its place among the levels of the frame they are given. In a single
row there is one level, and its place is always the first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def levels_of(table: Any) -> dict[str, tuple[Any, ...]]:
    """Return the levels of the categorical columns of a frame (narwhals)."""
    import narwhals as nw

    found: dict[str, tuple[Any, ...]] = {}
    for name, kind in table.schema.items():
        if kind in (nw.Categorical, nw.Enum):
            found[name] = tuple(_levels(table, name))
    return found


def _levels(table: Any, name: str) -> list[Any]:
    if table.implementation.is_pandas():
        return list(table.to_native()[name].cat.categories)
    fixed = getattr(table.schema[name], "categories", None)
    if fixed is not None:
        return list(fixed)
    return sorted(one for one in table[name].unique().to_list() if one is not None)


def with_levels(table: Any, categories: Mapping[str, tuple[Any, ...]]) -> Any:
    """Return the frame with those columns categorical, of exactly these levels; others missing."""
    if not categories:
        return table
    if table.implementation.is_pandas():
        return _in_pandas(table, categories)
    if table.implementation.is_pyarrow():
        return _in_arrow(table, categories)
    import narwhals as nw

    def known(name: str, levels: tuple[Any, ...]) -> Any:
        text = nw.col(name).cast(nw.String)
        return nw.when(text.is_in(list(levels))).then(text).cast(nw.Enum(list(levels))).alias(name)

    return table.with_columns(*[known(name, levels) for name, levels in categories.items()])


def _in_arrow(table: Any, categories: Mapping[str, tuple[Any, ...]]) -> Any:
    import narwhals as nw
    import pyarrow as pa
    from pyarrow import compute

    native = table.to_native()
    for name, levels in categories.items():
        values = native[name].combine_chunks()
        if pa.types.is_dictionary(values.type):
            values = values.cast(values.type.value_type)
        dictionary = pa.array(levels, type=values.type)
        places = compute.index_in(values, value_set=dictionary)
        made = pa.DictionaryArray.from_arrays(places.cast(pa.int32()), dictionary)
        native = native.set_column(native.column_names.index(name), name, made)
    return nw.from_native(native, eager_only=True)


def _known(column: Any, levels: tuple[Any, ...]) -> Any:
    return column.astype(object).where(column.isin(list(levels)), None)


def _in_pandas(table: Any, categories: Mapping[str, tuple[Any, ...]]) -> Any:
    import narwhals as nw
    import pandas as pd

    native = table.to_native()
    made = {
        name: pd.Categorical(_known(native[name], levels), categories=list(levels))
        for name, levels in categories.items()
        if list(getattr(native[name].dtype, "categories", [])) != list(levels)
    }
    return nw.from_native(native.assign(**made), eager_only=True) if made else table
