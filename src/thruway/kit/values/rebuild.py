"""How values of NumPy, torch and the standard library are made again from checked parts.

Streams of stored objects name these functions, so their names and arguments are a format: what is
here stays. Each takes plain data and other parts of the stream; none calls what it is given. No
memory is ever taken for pointers: an array of objects is made of a list, never of bytes.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

_SINGLETONS: dict[str, type] = {
    "NoneType": type(None),
    "ellipsis": type(...),
    "NotImplementedType": type(NotImplemented),
}


# A letter with its order of bytes and its size, and the unit of a date.
_PLAIN = re.compile(r"[<>=|]?[a-zA-Z?]\d*(\[\d*\w+\])?")
_MEMORY_KINDS = "biufcmMSUV"


def _numpy() -> Any:
    import numpy as np

    return np


def _no_pointers(dtype: Any) -> None:
    """Make sure that bytes taken for elements of a dtype are not taken for pointers.

    Raises:
        TypeError: they would be. NumPy itself does not look.
    """
    if dtype.hasobject or dtype.kind not in _MEMORY_KINDS:
        raise TypeError(f"memory cannot be taken for elements of {dtype}")


def singleton(name: str) -> type:
    """Return the class of `None`, `...` or `NotImplemented`."""
    return _SINGLETONS[name]


def zone(key: str, cached: bool) -> Any:
    """Return a time zone by its key in the database of time zones."""
    from zoneinfo import ZoneInfo

    return ZoneInfo(key) if cached else ZoneInfo.no_cache(key)


def ufunc(library: str, name: str) -> Any:
    """Return a universal function of NumPy or of `scipy.special`.

    Raises:
        TypeError: there is none of that name.
    """
    np = _numpy()
    if library == "scipy.special":
        import scipy.special

        found = vars(scipy.special).get(name)
    else:
        found = vars(np).get(name)
    if not isinstance(found, np.ufunc):
        raise TypeError(f"{name} is not a universal function of {library}")
    return found


def dtype_of(name: str) -> Any:
    """Return a plain dtype by its name, such as `<f8` or `<M8[ns]`.

    Raises:
        TypeError: it is more than one plain type.
    """
    if _PLAIN.fullmatch(name) is None:
        raise TypeError(f"{name} is not the name of a plain dtype")
    return _numpy().dtype(name)


def structure(
    names: Sequence[str],
    formats: Sequence[Any],
    offsets: Sequence[int],
    titles: Sequence[Any],
    itemsize: int,
    aligned: bool,
    record: bool,
) -> Any:
    """Return a dtype with fields, at their places in bytes; a record if it says so."""
    np = _numpy()
    spec = {"names": list(names), "formats": list(formats), "offsets": list(offsets)}
    if any(title is not None for title in titles):
        spec["titles"] = list(titles)
    made = np.dtype({**spec, "itemsize": itemsize}, align=aligned)
    return np.dtype((np.record, made)) if record else made


def subarray(base: Any, shape: tuple[int, ...]) -> Any:
    """Return a dtype whose elements are arrays."""
    return _numpy().dtype((base, shape))


def annotated(dtype: Any, metadata: dict[str, Any]) -> Any:
    """Return a dtype with a program's notes on it."""
    return _numpy().dtype(dtype, metadata=metadata)


def array(buffer: Any, dtype: Any, shape: tuple[int, ...], order: str, locked: bool) -> Any:
    """Return an array on memory as it is, without a copy; one that is locked can be unlocked.

    Raises:
        TypeError: the elements would be pointers, or the memory is not just bytes.
    """
    np = _numpy()
    _no_pointers(dtype)
    if not isinstance(buffer, bytes | bytearray) and memoryview(buffer).format != "B":
        raise TypeError("the memory of an array is bytes")
    empty = 0 in shape or dtype.itemsize == 0
    made = np.ndarray(shape, dtype, None if empty else buffer, 0, None, order)
    if empty and memoryview(buffer).readonly:
        locked = True
    if locked:
        made.setflags(write=False)
    return made


def laid(block: Any, axes: tuple[int, ...], reversed_: tuple[bool, ...]) -> Any:
    """Return an array whose axes lie in memory in another order or direction than in C's."""
    turned = block.transpose(axes)
    return turned[tuple(slice(None, None, -1) if back else slice(None) for back in reversed_)]


def objects(shape: tuple[int, ...], order: str) -> Any:
    """Return an array of objects, to be filled."""
    return _numpy().empty(shape, dtype=object, order=order)


def fill(array: Any, state: tuple[list[Any], bool]) -> None:
    """Put the elements into an array of objects, in the order of its memory; lock it if asked.

    Raises:
        TypeError: it is no array of objects.
    """
    np = _numpy()
    values, locked = state
    if type(array) is not np.ndarray or array.dtype != object or type(values) is not list:
        raise TypeError("only arrays of objects are filled")
    array.reshape(-1, order="A")[:] = np.fromiter(values, dtype=object, count=len(values))
    if locked:
        array.setflags(write=False)


def words(
    content: Any, lengths: Any, codes: Any, shape: tuple[int, ...], order: str, locked: bool
) -> Any:
    """Return an array of objects that are texts, None or NaN; equal texts are one.

    Args:
        content: UTF-8 of the texts that differ, one after the other.
        lengths: characters of each.
        codes: for each element its place among them, -1 for None, -2 for NaN; None: all in order.
        shape: of the array.
        order: of its elements in memory.
        locked: whether it cannot be written to.

    Raises:
        TypeError: these are not texts and places.
    """
    np = _numpy()
    plain = [each for each in (lengths, codes) if each is not None]
    if type(content) is not bytes or any(
        type(each) is not np.ndarray or each.dtype.kind != "i" or each.ndim != 1 for each in plain
    ):
        raise TypeError("an array of texts is made of bytes and numbers")
    text = content.decode("utf-8", "surrogatepass")
    ends = np.cumsum(lengths).tolist()
    if (ends[-1] if ends else 0) != len(text) or (lengths < 0).any():
        raise TypeError("the lengths of texts are not those of their characters")
    found = [text[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    known = np.fromiter([*found, np.nan, None], object, len(found) + 2)
    if codes is not None and not ((codes >= -2) & (codes < len(found))).all():
        raise TypeError("there is no such text")
    made = np.empty(shape, dtype=object, order=order)
    made.reshape(-1, order="A")[:] = known[:-2] if codes is None else known[codes]
    if locked:
        made.setflags(write=False)
    return made


def texts(dtype: Any, values: list[Any], shape: tuple[int, ...], order: str, locked: bool) -> Any:
    """Return an array of NumPy's strings of any length.

    Raises:
        TypeError: the dtype is another.
    """
    np = _numpy()
    if dtype.kind != "T":
        raise TypeError("only strings are made of texts")
    made = np.empty(shape, dtype=dtype, order=order)
    flat = np.empty(len(values), dtype=object)
    flat[:] = values
    made.reshape(-1, order="A")[:] = flat
    if locked:
        made.setflags(write=False)
    return made


def window(
    content: Any,
    offset: int,
    shape: tuple[int, ...],
    strides: tuple[int, ...],
    dtype: Any,
    writeable: bool,
) -> Any:
    """Return an array on a part of memory that others have parts of; offset and strides in bytes.

    Raises:
        TypeError: the elements would be pointers, or the memory is not just bytes.
    """
    np = _numpy()
    _no_pointers(dtype)
    if type(content) is not np.ndarray or content.dtype != np.uint8:
        raise TypeError("the memory of an array is bytes")
    array = np.ndarray(shape, dtype, content, offset, strides)
    array.setflags(write=writeable)
    return array


def viewed(array: Any, kind: type) -> Any:
    """Return an array as a matrix or an array of records.

    Raises:
        TypeError: for any other class.
    """
    np = _numpy()
    if kind is not np.matrix and kind is not np.recarray:
        raise TypeError("only matrices and arrays of records are views of arrays")
    return array.view(kind)


def row(array: Any) -> Any:
    """Return the one row of an array without axes."""
    return array[()]


def masked(data: Any, mask: Any, fill_value: Any, hard: bool, shared: bool) -> Any:
    """Return an array with a mask; None is for no mask at all."""
    ma = _numpy().ma
    made = ma.MaskedArray(
        data, mask=ma.nomask if mask is None else mask, copy=False, hard_mask=hard
    )
    made._fill_value = fill_value
    made._sharedmask = shared
    return made


def storage(content: Any) -> Any:
    """Return a tensor of bytes with memory of its own, which other tensors are put upon."""
    import torch

    made = torch.empty(content.nbytes, dtype=torch.uint8)
    if content.nbytes:
        made.copy_(torch.from_numpy(content))
    return made


def tensor(
    content: Any,
    dtype: str,
    offset: int,
    shape: tuple[int, ...],
    strides: tuple[int, ...],
    requires_grad: bool,
    parameter: bool,
) -> Any:
    """Return a tensor, or a parameter, on the memory of a tensor of bytes; units are elements.

    Raises:
        TypeError: the dtype is none of torch's, or the tensor larger than its memory.
    """
    import torch

    kind = vars(torch).get(dtype)
    if not isinstance(kind, torch.dtype):
        raise TypeError(f"{dtype} is not a dtype of torch")
    memory = content.untyped_storage()
    size = memory.nbytes()
    made = torch.empty(0, dtype=kind).set_(memory, offset, shape, strides)
    if memory.nbytes() != size:
        raise TypeError("a tensor is larger than its memory")
    if parameter:
        return torch.nn.Parameter(made, requires_grad=requires_grad)
    return made.requires_grad_(requires_grad)


def set_gradient(tensor: Any, gradient: Any) -> None:
    """Give a tensor the gradient that it had."""
    torch = sys.modules["torch"]
    if isinstance(tensor, torch.Tensor) and isinstance(gradient, torch.Tensor):
        tensor.grad = gradient
