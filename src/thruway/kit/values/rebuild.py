"""How values of NumPy, torch and the standard library are made again from checked parts.

Streams of stored objects name these functions, so their names and arguments are a format: what is
here stays. Each takes plain data and other parts of the stream; none calls what it is given. No
memory is ever taken for pointers: an array of objects is made of a list, never of bytes.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

_SINGLETONS: dict[str, type] = {
    "NoneType": type(None),
    "ellipsis": type(...),
    "NotImplementedType": type(NotImplemented),
}


def _numpy() -> Any:
    import numpy as np

    return np


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
    """Return a plain dtype by its name, such as `<f8` or `<M8[ns]`."""
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
    """Return an array on memory as it is, without a copy; one that is locked can be unlocked."""
    np = _numpy()
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


def viewed(array: Any, kind: type) -> Any:
    """Return an array as a matrix or an array of records.

    Raises:
        TypeError: for any other class.
    """
    np = _numpy()
    if kind is not np.matrix and kind is not np.recarray:
        raise TypeError("only matrices and arrays of records are views of arrays")
    return array.view(kind)


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
        made.numpy()[:] = content
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
        TypeError: the dtype is none of torch's.
    """
    import torch

    kind = vars(torch).get(dtype)
    if not isinstance(kind, torch.dtype):
        raise TypeError(f"{dtype} is not a dtype of torch")
    made = torch.empty(0, dtype=kind).set_(content.untyped_storage(), offset, shape, strides)
    if parameter:
        return torch.nn.Parameter(made, requires_grad=requires_grad)
    return made.requires_grad_(requires_grad)


def set_gradient(tensor: Any, gradient: Any) -> None:
    """Give a tensor the gradient that it had."""
    torch = sys.modules["torch"]
    if isinstance(tensor, torch.Tensor) and isinstance(gradient, torch.Tensor):
        tensor.grad = gradient
