"""Arrays that share memory, pickled so that they come back sharing it.

Memory that two or more arrays of a bundle look at is written once, as bytes, from the first
byte that one of them sees to the last; each array is then a window on those bytes. Arrays that
share with no other are pickled as NumPy does. Arrays of objects share by their elements' slots.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from thruway.kit.values.reach import memory, reach
from thruway.kit.values.rebuild import window

if TYPE_CHECKING:
    from collections.abc import Iterable


class Memory:
    """A stretch of memory seen by several arrays, as an array of bytes or of objects."""

    def __init__(self, arrays: list[Any]) -> None:
        np = sys.modules["numpy"]
        bounds = [_bounds(array) for array in arrays]
        self.start = min(low for low, _ in bounds)
        self._owner = arrays  # keeps the memory alive as long as the window on it
        size = max(high for _, high in bounds) - self.start
        self.__array_interface__ = {
            # Said to be writeable, or pickle would bring it back as immutable bytes.
            "data": (self.start, False),
            "shape": (size,),
            "typestr": "|u1",
            "version": 3,
        }
        self.content = np.asarray(self)


def _bounds(array: Any) -> tuple[int, int]:
    """Return the addresses of an array's first byte and of the one after its last."""
    low = high = int(array.__array_interface__["data"][0])
    for length, stride in zip(array.shape, array.strides, strict=True):
        if stride < 0:
            low += stride * (length - 1)
        else:
            high += stride * (length - 1)
    return low, high + array.itemsize


def shared(values: Iterable[object]) -> dict[int, Memory]:
    """Return, by id, the arrays that share memory with another one, each with that memory."""
    if "numpy" not in sys.modules:
        return {}
    np = sys.modules["numpy"]
    by_memory: dict[int, dict[int, Any]] = {}
    reached = reach(tuple(values))
    for array in reached.arrays:
        address = memory(array)
        if address and array.size and type(array) is np.ndarray and not array.dtype.hasobject:
            by_memory.setdefault(address, {})[id(array)] = array
    for address, lent in reached.lent.items():
        # A frame under copy-on-write shares with the arrays taken from it, never with frames.
        if address in by_memory and not any(array.dtype.hasobject for array in lent):
            by_memory[address] |= {id(array): array for array in lent}
    found: dict[int, Memory] = {}
    for arrays in by_memory.values():
        if len(arrays) > 1:
            whole = Memory(list(arrays.values()))
            found |= dict.fromkeys(arrays, whole)
    return found


def parts(array: Any, whole: Memory) -> tuple[Any, ...]:
    """Return the arguments of `window` for one array."""
    offset = int(array.__array_interface__["data"][0]) - whole.start
    return (
        whole.content, offset, array.shape, array.strides, array.dtype,
        bool(array.flags.writeable),
    )  # fmt: skip


def locked(array: Any) -> Any:
    """Return an array that cannot be written to, as it was."""
    array.setflags(write=False)
    return array


__all__ = ["Memory", "locked", "parts", "shared", "window"]  # streams of before name these here
