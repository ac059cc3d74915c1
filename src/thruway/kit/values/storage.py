"""Values to bytes and back, exactly: same types, same layout, and what is shared stays shared.

Three formats, the plainest that is exact: `json/1` for small data of exact built-in types,
`npy/1` for one plain array (its name follows the array, so `numpy.load` reads the file too),
`pickle/1` for everything else. Pickle is read from the user's own store only.
"""

from __future__ import annotations

import json
import pickle
import sys
from typing import TYPE_CHECKING, Any, BinaryIO

from thruway.errors import StorageError
from thruway.kit.values import arrays, views
from thruway.kit.values.storable import refused, unstorable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

__all__ = ["read", "unstorable", "write"]

_JSON_PARTS = 10_000
_JSON_DEPTH = 50


def write(values: Mapping[str, object], handle: BinaryIO) -> str:
    """Write named values to an open file, as one bundle; return the format's name.

    Raises:
        StorageError: when one of them cannot be stored; what was written is then void.
    """
    if _is_json(dict(values)):
        handle.write(json.dumps(dict(values)).encode())
        return "json/1"
    if len(values) == 1:
        ((name, value),) = values.items()
        if _is_plain_array(value):
            _write_array(name, value, handle)
            return "npy/1"
    try:
        _Pickler(values, handle).dump(dict(values))
    except (StorageError, OSError, MemoryError):
        raise
    except Exception as error:  # any class of the user's may refuse in its own way
        raise _refusal(values, error) from error
    return "pickle/1"


def read(format: str, path: Path) -> dict[str, object]:  # noqa: A002 - the word of the store
    """Read back the named values of a bundle.

    Raises:
        StorageError: when the format is unknown or the bytes are not what was written.
    """
    reader = _READERS.get(format)
    if reader is None:
        raise StorageError(
            f"The format `{format}` of an artifact is unknown.",
            str(path),
            "Use the version of Thruway that wrote it, or run the step again.",
        )
    try:
        return reader(path)
    except OSError as error:
        raise StorageError(
            f"An artifact cannot be read: {error.strerror or error}.", str(path)
        ) from error
    except Exception as error:  # a class that is gone or changed fails in its own way
        raise StorageError(
            f"An artifact cannot be read back: {type(error).__name__}: {error}.",
            str(path),
            "Check that the packages are those of the run, or run the step again.",
        ) from error


def _refusal(values: Mapping[str, object], error: Exception) -> StorageError:
    for name, value in values.items():
        reason = unstorable(value)
        if reason:
            return StorageError(f"`{name}` cannot be stored: {reason}.")
    names = ", ".join(f"`{name}`" for name in values)
    return StorageError(f"{names} cannot be stored: {type(error).__name__}: {error}.")


def _is_json(value: dict[str, object]) -> bool:
    """Return whether JSON gives the value back exactly: types, order, nothing shared."""
    stack: list[tuple[Any, int]] = [(value, 0)]
    seen: set[int] = set()
    budget = _JSON_PARTS
    while stack:
        part, depth = stack.pop()
        kind = type(part)
        budget -= 1
        if budget < 0 or depth > _JSON_DEPTH:
            return False
        if kind is list or kind is dict:
            if id(part) in seen or len(part) > budget:
                return False
            seen.add(id(part))
            stack.extend((child, depth + 1) for child in part)
            if kind is dict:
                if any(type(key) is not str for key in part):
                    return False
                stack.extend((child, depth + 1) for child in part.values())
        elif not _is_json_atom(part):
            return False
    return True


def _is_json_atom(value: object) -> bool:
    if type(value) is str:
        # Two lone surrogates would come back as one character.
        return value.isascii() or not any("\ud800" <= c <= "\udfff" for c in value)
    if type(value) is int:
        return -(1 << 63) <= value < 1 << 63
    return value is None or type(value) in {bool, float}


def _is_plain_array(value: Any) -> bool:
    np = sys.modules.get("numpy")
    if np is None or type(value) is not np.ndarray:
        return False
    flags = value.flags
    laid_out = flags.writeable and (flags.c_contiguous or flags.f_contiguous)
    return bool(laid_out and value.dtype.kind in "biufcmMSU" and value.dtype.metadata is None)


def _is_one(dtype: Any, made: Callable[[str], Any]) -> bool:
    """Return whether a dtype is the one object that NumPy has for it."""
    plain = dtype.kind in "biufc" and dtype.metadata is None
    return bool(plain and made(dtype.str) is dtype)


def _write_array(name: str, value: Any, handle: BinaryIO) -> None:
    import numpy as np

    np.lib.format.write_array(handle, value, allow_pickle=False)
    handle.write(json.dumps(name).encode())


def _read_json(path: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads(path.read_bytes())
    return found


def _read_array(path: Path) -> dict[str, object]:
    import numpy as np

    with path.open("rb") as handle:
        value = np.lib.format.read_array(handle, allow_pickle=False)
        return {json.loads(handle.read()): value}


def _read_pickle(path: Path) -> dict[str, object]:
    with path.open("rb") as handle:
        found: dict[str, object] = pickle.load(handle)
    return found


_READERS = {"json/1": _read_json, "npy/1": _read_array, "pickle/1": _read_pickle}


class _Pickler(pickle.Pickler):
    """A pickler that keeps the memory which arrays share, and their read-only flag."""

    def __init__(self, values: Mapping[str, object], handle: BinaryIO) -> None:
        super().__init__(handle, protocol=5)
        self._shared = views.shared(values.values())
        self._refused: dict[type, str] = {}
        self._array = getattr(sys.modules.get("numpy"), "ndarray", None)
        self._dtype = getattr(sys.modules.get("numpy"), "dtype", None)

    def reducer_override(self, part: Any) -> Any:
        """Return how to rebuild an array or a stream that plain pickling would change.

        Raises:
            PicklingError: for what pickle would take but nobody could use after, such as iterators.
        """
        kind = type(part)
        if self._dtype is not None and isinstance(part, self._dtype) and _is_one(part, self._dtype):
            # Pickle makes another dtype, and libraries copy or wrap what has not the very one.
            return self._dtype, (part.str,)
        if arrays.is_global_stream(part):
            return "_rand"  # by its name in NumPy: whoever holds it draws from the one there
        if kind is not self._array or self._array is None:
            if kind not in self._refused:
                self._refused[kind] = "" if issubclass(kind, type) else refused(kind)
            if self._refused[kind]:
                raise pickle.PicklingError(self._refused[kind])
            return NotImplemented
        whole = self._shared.get(id(part))
        if whole is not None:
            return views.window, views.parts(part, whole)
        if part.flags.writeable or part.dtype.hasobject or part.flags.forc:
            return NotImplemented
        return views.locked, (part.copy(),)
