"""Digests of pandas, polars and pyarrow: columns, indexes, scalars.

A frame is its index, its column labels, and each column's dtype and content: how pandas lays
the columns out in blocks, or a string column in memory, does not count.
"""

from __future__ import annotations

import hashlib
import sys
from typing import TYPE_CHECKING, Any

from thruway.kit.values import arrays, atoms, origin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from thruway.kit.values.digesting import Handler, Walk

_ROWS = 1 << 13


def _pandas() -> Any:
    return sys.modules["pandas"]


def claim(kind: type) -> Handler | None:
    """Return how values of one of pandas' classes are digested."""
    pd = _pandas()
    table: list[tuple[Any, Handler]] = [
        (pd.DataFrame, _frame),
        (pd.Series, _series),
        (pd.Index, _index_value),
        (pd.api.extensions.ExtensionArray, _extension),
        (pd.api.extensions.ExtensionDtype, _dtype),
        ((type(pd.NaT), type(pd.NA)), _missing),
        ((pd.Timestamp, pd.Timedelta, pd.Period), _moment),
        (pd.Interval, _interval),
    ]
    for classes, handler in table:
        if issubclass(kind, classes):
            return handler
    if any(base.__name__ == "BaseGroupBy" for base in kind.__mro__):
        return _groups
    return None


def _frame(walk: Walk, value: Any) -> Iterator[Any]:
    walk.write("DataFrame", atoms.text(f"{_subclass(value, _pandas().DataFrame)}{value.shape}"))
    yield from _labels(walk, value.index)
    yield from _labels(walk, value.columns)
    for column in columns(value):
        if isinstance(column, bytes):
            walk.write("column", column)
        else:
            yield from values(walk, column)
    yield from _extras(value)


def _series(walk: Walk, value: Any) -> Iterator[Any]:
    walk.write("Series", atoms.text(f"{_subclass(value, _pandas().Series)}{value.shape}"))
    yield value.name
    yield from _labels(walk, value.index)
    array = value._values  # the array itself: public `.array` wraps NumPy's
    if _plain(array):
        walk.write("column", _strided(array.reshape(1, -1))[0])
    else:
        yield from values(walk, array)
    yield from _extras(value)


def _subclass(value: Any, base: type) -> str:
    kind = type(value)
    return "" if kind is base else origin.token(kind)


def _extras(value: Any) -> Iterator[Any]:
    """Yield what a frame carries beside its columns."""
    if value.attrs:
        yield ("attrs", value.attrs)
    if not value.flags.allows_duplicate_labels:
        yield "unique labels"
    for name in type(value)._metadata:  # what a subclass of a frame declares as its own
        if name not in {"name", "_name"}:
            yield (name, getattr(value, name, None))


def _plain(array: Any) -> bool:
    np = arrays.numpy()
    return isinstance(array, np.ndarray) and not array.dtype.hasobject


def columns(frame: Any) -> list[Any]:
    """Return a digest for each plain column of a frame, and the array of each other one."""
    found: list[Any] = [None] * frame.shape[1]
    blocks = getattr(frame._mgr, "blocks", None)
    if blocks is None:  # one array a column, an option of pandas 1.3 to 2.2
        return [frame.iloc[:, i]._values for i in range(frame.shape[1])]
    for block in blocks:
        block_values = block.values
        places = list(block.mgr_locs)
        if _plain(block_values) and block_values.ndim == 2:
            rows: Any = _strided(block_values)
        else:
            rows = block_values if block_values.ndim == 2 else (block_values,)
        for place, row in zip(places, rows, strict=True):
            found[place] = row
    return found


def _strided(block: Any) -> list[bytes]:
    """Return a digest for each row of a block, reading memory in the order it lies in."""
    np = arrays.numpy()
    count, length = block.shape
    head = atoms.text(f"{arrays.dtype_name(block.dtype)}{length}|")
    hashes = [hashlib.sha256(head) for _ in range(count)]
    if not block.dtype.itemsize:
        return [one.digest()[:16] for one in hashes]
    if block.strides[1] == block.dtype.itemsize:
        for one, row in zip(hashes, block, strict=True):
            for start in range(0, length, arrays.CHUNK):
                one.update(arrays.canonical(row[start : start + arrays.CHUNK]))
    else:
        for start in range(0, length, _ROWS):
            piece = np.ascontiguousarray(block[:, start : start + _ROWS])
            for one, row in zip(hashes, piece, strict=True):
                one.update(arrays.canonical(row))
    return [one.digest()[:16] for one in hashes]


def values(walk: Walk, array: Any) -> Iterator[Any]:
    """Write one column's dtype and content, of whatever kind of array."""
    np = arrays.numpy()
    if isinstance(array, np.ndarray):
        walk.write("values", atoms.text(f"{arrays.dtype_name(array.dtype)}{array.shape}"))
        yield from arrays.content(walk, array)
        return
    name = type(array).__name__
    walk.write("values", atoms.text(f"{array.dtype}{array.shape}"))
    if name == "Categorical":
        walk.write("ordered", b"1" if array.ordered else b"0")
        yield from _labels(walk, array.categories)
        yield from arrays.content(walk, array.codes)
    elif hasattr(array, "asi8"):
        yield from arrays.content(walk, np.ascontiguousarray(array.asi8))
    elif name.startswith("Interval"):
        walk.write("closed", atoms.text(array.closed))
        yield from _labels(walk, array.left)
        yield from _labels(walk, array.right)
    elif name == "SparseArray":
        yield array.fill_value
        yield from values(walk, array.sp_values)
        yield from arrays.content(walk, array.sp_index.indices)
    else:
        yield from _masked_or_text(walk, array)


def _masked_or_text(walk: Walk, array: Any) -> Iterator[Any]:
    np = arrays.numpy()
    arrow = getattr(array, "_pa_array", None)
    if _is_text(array):
        if arrow is not None:
            _arrow_text(walk, arrow)
        else:
            _object_text(walk, array._ndarray.tolist())
    elif arrow is not None:
        yield from _arrow(walk, arrow)
    elif hasattr(array, "_mask"):
        # What lies under the mask is garbage.
        yield from arrays.content(
            walk, np.where(array._mask, array._data.dtype.type(), array._data)
        )
        yield from arrays.content(walk, array._mask)
    elif hasattr(array, "_ndarray"):
        yield from arrays.content(walk, array._ndarray)
    else:
        yield from walk.sequence(np.asarray(array, dtype=object).tolist())


def _is_text(array: Any) -> bool:
    return array.dtype.name in {"str", "string"} and array.ndim == 1


def _object_text(walk: Walk, found: list[Any]) -> None:
    """Write strings and which are missing, from Python objects."""
    if set(map(type, found)) <= {str}:
        walk.write("missing")
    else:
        walk.write("missing")
        walk.bulk(bytes([not isinstance(v, str) for v in found]))
        found = [str(v) for v in found if isinstance(v, str)]
    for buffer in atoms.texts(found):
        walk.bulk(buffer)


def _arrow_text(walk: Walk, column: Any) -> None:
    """Write the same bytes from Arrow's buffers."""
    import pyarrow as pa
    import pyarrow.compute as pc

    np = arrays.numpy()
    walk.write("missing")
    if column.null_count:
        walk.bulk(np.asarray(column.is_null()).astype(np.uint8))
        column = column.drop_null()
    text = column.cast(pa.large_string())
    if isinstance(text, pa.ChunkedArray):
        text = text.combine_chunks()
    if isinstance(text, pa.ChunkedArray):  # older versions give chunks for none
        text = pa.concat_arrays(text.chunks) if text.num_chunks else pa.array([], text.type)
    lengths = pc.utf8_length(text).to_numpy(zero_copy_only=False).astype(np.int64)
    walk.bulk(lengths)
    if not len(text):
        walk.bulk(b"")
        return
    _, offsets, data = text.buffers()
    ends = np.frombuffer(offsets, np.int64)[text.offset : text.offset + len(text) + 1]
    walk.bulk(memoryview(data)[ends[0] : ends[-1]] if data is not None else b"")


def _extension(walk: Walk, value: Any) -> Iterator[Any]:
    walk.write("extension", atoms.text(type(value).__name__ if not _is_text(value) else ""))
    yield from values(walk, value)


def _dtype(walk: Walk, value: Any) -> Iterator[Any]:
    walk.write("dtype", atoms.text(str(value)))
    if getattr(value, "categories", None) is not None:
        walk.write("ordered", b"1" if value.ordered else b"0")
        yield from _labels(walk, value.categories)


def _index_value(walk: Walk, value: Any) -> Iterator[Any]:
    yield from _labels(walk, value)


def _labels(walk: Walk, index: Any) -> Iterator[Any]:
    """Write an index: its class, names and values."""
    kind = type(index).__name__
    walk.write("index", atoms.text(f"{kind}{len(index)}"))
    yield list(index.names)
    if kind == "RangeIndex":
        walk.write("range", atoms.text(f"{index.start},{index.stop},{index.step}"))
    elif kind == "MultiIndex":
        for level, codes in zip(index.levels, index.codes, strict=True):
            yield from _labels(walk, level)
            walk.write("codes", atoms.text(str(codes.dtype)))
            yield from arrays.content(walk, arrays.numpy().asarray(codes))
    else:
        walk.write("freq", atoms.text(str(getattr(index, "freqstr", None))))
        yield from values(walk, index._values)


def _missing(walk: Walk, value: Any) -> Iterator[Any]:
    walk.write("missing", atoms.text(type(value).__name__))
    return iter(())


def _moment(walk: Walk, value: Any) -> Iterator[Any]:
    kind = type(value).__name__
    number = (
        value.ordinal
        if kind == "Period"
        else value._value
        if hasattr(value, "_value")
        else value.value
    )
    extra = value.freqstr if kind == "Period" else getattr(value, "unit", "ns")
    zone = str(getattr(value, "tz", None))
    fold = getattr(value, "fold", 0)
    walk.write("moment", atoms.text(f"{kind}|{number}|{extra}|{zone}|{fold}"))
    return iter(())


def _interval(walk: Walk, value: Any) -> Iterator[Any]:
    walk.write("interval", atoms.text(value.closed))
    return iter((value.left, value.right))


_GROUP_PARTS = ("obj", "keys", "level", "as_index", "sort", "group_keys", "dropna", "observed")


def _groups(walk: Walk, value: Any) -> Iterator[Any]:
    """Write what a group-by was made of; the groups themselves are found lazily."""
    walk.write("groups", atoms.text(type(value).__name__))
    for name in (*_GROUP_PARTS, "_selection"):
        yield getattr(value, name, None)


def claim_polars(kind: type) -> Handler | None:
    """Return how polars' frames and series are digested."""
    pl = sys.modules["polars"]
    if issubclass(kind, pl.DataFrame):
        return _polars_frame
    if issubclass(kind, pl.Series):
        return _polars_series
    if kind.__name__ == "LazyFrame":
        return _polars_lazy
    return None


def _polars_frame(walk: Walk, value: Any) -> Iterator[Any]:
    walk.write(
        "polars", atoms.text(f"{_subclass(value, sys.modules['polars'].DataFrame)}{value.shape}")
    )
    for column in value.get_columns():
        yield from _polars_series(walk, column)


def _polars_series(walk: Walk, value: Any) -> Iterator[Any]:
    """Write a polars column: nulls apart, numbers and text in bulk, the rest by element."""
    pl = sys.modules["polars"]
    walk.write("polars column", atoms.text(f"{value.name}|{value.dtype!r}|{len(value)}"))
    if value.dtype in (pl.String, pl.Categorical) or isinstance(value.dtype, pl.Enum):
        yield from walk.sequence(value.cast(pl.String).to_list())
        return
    physical = value.to_physical()
    if (
        not (physical.dtype.is_numeric() or physical.dtype == pl.Boolean)
        or "numpy" not in sys.modules
    ):
        yield from walk.sequence(value.to_list())
        return
    nulls = value.null_count()
    walk.write("nulls", b"%d" % nulls)
    if nulls:
        yield from arrays.content(walk, value.is_null().to_numpy())
        physical = physical.drop_nulls()
    yield from arrays.content(walk, physical.to_numpy())


def _polars_lazy(walk: Walk, value: Any) -> Iterator[Any]:
    walk.give_up(value)
    return iter(())


def claim_arrow(kind: type) -> Handler | None:
    """Return how pyarrow's tables and arrays are digested."""
    pa = sys.modules["pyarrow"]
    if issubclass(kind, pa.Table | pa.RecordBatch):
        return _arrow_table
    if issubclass(kind, pa.ChunkedArray | pa.Array):
        return _arrow
    if issubclass(kind, pa.DataType | pa.Schema | pa.Field):
        return _arrow_type
    return None


def _arrow_type(walk: Walk, value: Any) -> Iterator[Any]:
    walk.write("arrow type", atoms.text(str(value)))
    return iter(())


def _arrow_table(walk: Walk, value: Any) -> Iterator[Any]:
    walk.write("arrow table", atoms.text(f"{type(value).__name__}|{value.schema}|{value.num_rows}"))
    for column in value.columns:
        yield from _arrow(walk, column)


def _arrow(walk: Walk, value: Any) -> Iterator[Any]:
    """Write an Arrow column, chunked as it may be."""
    import pyarrow as pa

    kind = value.type
    walk.write("arrow", atoms.text(f"{kind}|{len(value)}"))
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        _arrow_text(walk, value)
    elif (pa.types.is_integer(kind) or pa.types.is_floating(kind)) and "numpy" in sys.modules:
        walk.write("nulls", b"%d" % value.null_count)
        if value.null_count:
            yield from arrays.content(walk, arrays.numpy().asarray(value.is_null()))
            value = value.drop_null()
        yield from arrays.content(walk, arrays.numpy().asarray(value))
    else:
        yield from walk.sequence(value.to_pylist())


CLAIMS: dict[str, Callable[[type], Handler | None]] = {
    "pandas": claim,
    "polars": claim_polars,
    "pyarrow": claim_arrow,
}
