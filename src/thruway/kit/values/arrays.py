"""Digests of NumPy arrays, scalars and generators, and of SciPy's sparse matrices.

Content in C order, whatever the layout in memory, in chunks that stay in the processor's cache.
Structured arrays go field by field: the bytes between their fields are garbage.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from thruway.kit.values import atoms, origin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from thruway.kit.values.digesting import Handler, Walk

CHUNK = 1 << 16
_LONG_DOUBLE_BYTES = 10


def numpy() -> Any:
    """Return NumPy as the user's program imported it."""
    return sys.modules["numpy"]


def dtype_name(dtype: Any) -> str:
    """Return a dtype in words: fields with their types, without offsets and padding."""
    if dtype.names is not None:
        fields = ",".join(f"{name}:{dtype_name(dtype[name])}" for name in dtype.names)
        return f"{{{fields}}}"
    if dtype.subdtype is not None:
        return f"{dtype_name(dtype.subdtype[0])}{dtype.subdtype[1]}"
    return str(dtype.str) if dtype.kind != "T" else repr(dtype)


def claim(kind: type) -> Handler | None:
    """Return how values of one of NumPy's or SciPy's classes are digested."""
    np = numpy()
    if issubclass(kind, np.ndarray):
        return _array
    if issubclass(kind, np.generic):
        return _scalar
    if issubclass(kind, np.dtype):
        return _dtype
    if issubclass(kind, np.ufunc):
        return _ufunc
    if kind.__name__ == "RandomState":
        return _random_state
    if kind.__name__ == "Generator":
        return _generator
    if issubclass(kind, np.random.BitGenerator):
        return _bit_generator
    return None


def claim_sparse(kind: type) -> Handler | None:
    """Return how SciPy's sparse matrices and search trees are digested."""
    if any(base.__name__ == "cKDTree" for base in kind.__mro__):
        return _search_tree
    is_sparse = any(b.__module__.startswith("scipy.sparse") for b in kind.__mro__)
    return _sparse if is_sparse and hasattr(kind, "format") else None


def _array(walk: Walk, value: Any) -> Iterator[Any]:
    """Write an array's dtype, shape and content; a subclass adds its attributes."""
    np = numpy()
    kind = type(value)
    plain = kind is np.ndarray or kind is np.memmap
    walk.write("ndarray", atoms.text(f"{dtype_name(value.dtype)}{value.shape}"))
    if issubclass(kind, np.ma.MaskedArray):
        yield from _masked(walk, value)
        return
    data = value if kind is np.ndarray else value.view(np.ndarray)
    yield from content(walk, data)
    if not plain:
        walk.write("subclass", atoms.text(origin.token(kind)))
        yield getattr(value, "__dict__", None)


def _masked(walk: Walk, value: Any) -> Iterator[Any]:
    np = numpy()
    mask = np.ma.getmaskarray(value)
    data = np.array(np.ma.getdata(value))
    if data.dtype.names is None:
        data[mask] = np.zeros((), data.dtype)
    walk.write("masked", atoms.text(f"{value.hardmask}"))
    yield from content(walk, data)
    yield from content(walk, mask)
    yield value.fill_value


def content(walk: Walk, array: Any) -> Iterator[Any]:
    """Write an array's elements; the elements of an object array are its parts."""
    dtype = array.dtype
    if dtype.names is not None:
        for name in dtype.names:
            yield from content(walk, array[name])
    elif dtype.hasobject or dtype.kind == "T":
        yield from walk.sequence(array.astype(object, copy=False).ravel().tolist())
    else:
        for chunk in chunks(array):
            walk.bulk(chunk)


def chunks(array: Any) -> Iterator[Any]:
    """Yield an array's elements in C order, as buffers of bytes with canonical NaN."""
    if array.size == 0 or array.dtype.itemsize == 0:
        return
    if array.size <= CHUNK:
        yield canonical(numpy().ascontiguousarray(array))
        return
    for piece in _pieces(array):
        yield canonical(piece)


def _pieces(array: Any) -> Iterator[Any]:
    """Cut an array into contiguous pieces of the same sizes whatever its layout."""
    np = numpy()
    row = array.size // len(array) if array.ndim else 1
    if array.ndim == 0:
        yield array.reshape(1)
    elif row > CHUNK:
        for part in array:
            yield from _pieces(part)
    else:
        step = max(1, CHUNK // row)
        for start in range(0, len(array), step):
            yield np.ascontiguousarray(array[start : start + step])


def canonical(piece: Any) -> Any:
    """Return a contiguous piece's bytes with one and the same NaN, copied only if needed."""
    np = numpy()
    flat = piece.reshape(-1)
    if flat.dtype.kind in "fc":
        if flat.dtype.kind == "c":
            flat = flat.view(flat.real.dtype)
        missing = np.isnan(flat)
        if missing.any():
            flat = np.where(missing, np.array(np.nan, flat.dtype), flat)
        if flat.dtype.itemsize > 8:
            return _long_doubles(flat)
    return flat.view(np.uint8)


def _long_doubles(flat: Any) -> Any:
    """Drop the bytes that pad an 80-bit float to sixteen."""
    np = numpy()
    rows = flat.view(np.uint8).reshape(len(flat), -1)
    if np.finfo(flat.dtype).nmant == 63:
        rows = rows[:, :_LONG_DOUBLE_BYTES]
    return np.ascontiguousarray(rows).reshape(-1)


def _scalar(walk: Walk, value: Any) -> Iterator[Any]:
    np = numpy()
    walk.write("scalar", atoms.text(dtype_name(value.dtype)))
    array = np.asarray(value)
    if array.dtype.names is not None or array.dtype.hasobject:
        yield from content(walk, array)
    else:
        for chunk in chunks(array):
            walk.write("", bytes(chunk))


def _dtype(walk: Walk, value: Any) -> Iterator[Any]:
    walk.write("dtype", atoms.text(dtype_name(value)))
    return iter(())


def _ufunc(walk: Walk, value: Any) -> Iterator[Any]:
    walk.write("ufunc", atoms.text(value.__name__))
    return iter(())


def is_global_stream(value: Any) -> bool:
    """Whether a value is the stream that `np.random.rand` and its like draw from."""
    module = sys.modules.get("numpy.random.mtrand")
    return module is not None and value is getattr(module, "_rand", None)


def _random_state(walk: Walk, value: Any) -> Iterator[Any]:
    """Write a stream's state; that of NumPy's own is a resource, not part of who holds it."""
    walk.write("random state")
    yield "numpy's own" if is_global_stream(value) else value.get_state(legacy=False)


def _generator(walk: Walk, value: Any) -> Iterator[Any]:
    walk.write("generator")
    yield value.bit_generator


def _bit_generator(walk: Walk, value: Any) -> Iterator[Any]:
    """Write a stream's state, and how many streams were spawned of it where pickle keeps that."""
    walk.write("bit generator", atoms.text(type(value).__name__))
    yield value.state
    if int(numpy().__version__.partition(".")[0]) >= 2:
        yield getattr(getattr(value, "seed_seq", None), "n_children_spawned", None)


_SPARSE_PARTS = {
    "csr": ("data", "indices", "indptr"),
    "csc": ("data", "indices", "indptr"),
    "bsr": ("data", "indices", "indptr"),
    "coo": ("data", "row", "col"),
    "dia": ("data", "offsets"),
    "lil": ("data", "rows"),
}


def _sparse(walk: Walk, value: Any) -> Iterator[Any]:
    walk.write("sparse", atoms.text(f"{type(value).__name__}{tuple(value.shape)}"))
    names = _SPARSE_PARTS.get(value.format)
    if names is None:
        yield dict(value.items())
        yield value.dtype
        return
    for name in names:
        part = getattr(value, name)
        walk.write(name, atoms.text(f"{dtype_name(part.dtype)}{part.shape}"))
        yield from content(walk, part)


def _search_tree(walk: Walk, value: Any) -> Iterator[Any]:
    """Write what a tree was built of: its own state holds addresses."""
    walk.write("search tree", atoms.text(type(value).__name__))
    return iter((value.data, value.leafsize, value.boxsize, value.indices))


CLAIMS: dict[str, Callable[[type], Handler | None]] = {"numpy": claim, "scipy": claim_sparse}
