"""Values to bytes and back, exactly: same types, same layout, and what is shared stays shared.

Four formats, the plainest that is exact:

- `json/1`: small data of exact built-in types.
- `npy/1`: one plain array; its name follows the array, so `numpy.load` reads the file too.
- `objects/3`: what is made of constructors of known libraries only (`known`); read by an unpickler
  that finds nothing else, so that it can be read from anyone.
- `pickle/4`: everything else: classes and functions of the program, torch's modules. Reading it
  can run code, so it is read from the user's own store only.

The last two are one stream of pickle with the memory of large arrays beside it (`container`), which
is mapped when it is read, not copied. What earlier versions wrote is still read: `pickle/1`, a bare
stream; `objects/1` and `pickle/2`, in which equal texts are not one; `objects/2` and `pickle/3`, in
which a column of texts is a list of them.
"""

from __future__ import annotations

import io
import json
import pickle
import sys
from typing import TYPE_CHECKING, Any, BinaryIO

from thruway.errors import StorageError
from thruway.kit.values import container, unpickling
from thruway.kit.values.known import Unlisted
from thruway.kit.values.pickling import Pickler
from thruway.kit.values.storable import is_panic, unstorable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["is_safe", "read", "unstorable", "write"]

_JSON_PARTS = 10_000
_JSON_DEPTH = 50


def write(values: Mapping[str, object], handle: BinaryIO, named: set[str] | None = None) -> str:
    """Write named values to an open file, as one bundle; return the format's name.

    Args:
        values: name → value.
        handle: the file.
        named: takes what the values are made of: `module:name` of classes and functions of the
            program, top-level packages. What they do with a value may change with that code.

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
            if named is not None:
                named.add("numpy")
            return "npy/1"
    writer = container.Writer(handle)
    try:
        pickler = Pickler(values, writer, writer.beside)
        pickler.dump(dict(values))
    except (StorageError, OSError, MemoryError):
        raise
    except BaseException as error:  # any class may refuse in its own way
        if not isinstance(error, Exception) and not is_panic(error):
            raise
        raise _refusal(values, error) from error
    writer.close()
    if named is not None:
        named |= pickler.named
    return "objects/3" if pickler.known else "pickle/4"


def is_safe(format: str) -> bool:  # noqa: A002 - the word of the store
    """Return whether reading a format cannot run code that its writer chose."""
    return format in _SAFE


def read(
    format: str,  # noqa: A002 - the word of the store
    path: Path,
    *,
    trusted: bool = True,
) -> dict[str, object]:
    """Read back the named values of a bundle.

    Args:
        format: what `write` returned.
        path: the file.
        trusted: whoever wrote it may run code here: it is the user's own.

    Raises:
        StorageError: when the format is unknown, the bytes are not what was written, or reading
            them could run code of somebody who is not trusted.
    """
    if not trusted and format in _READERS and format not in _SAFE:
        raise StorageError(
            f"An artifact is a pickle (`{format}`), and reading a pickle can run any code in it.",
            str(path),
            "Run the step that made it in a store of your own, or trust this store if you know who "
            "wrote it.",
        )
    reader = (_READERS if trusted else _SAFE).get(format)
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
    except Unlisted as error:
        raise StorageError(
            f"An artifact was refused: {error}.",
            str(path),
            "Do not trust whoever wrote it, or run the step again with the packages you have.",
        ) from error
    except BaseException as error:  # a class that is gone or changed fails in its own way
        if not isinstance(error, Exception) and not is_panic(error):
            raise
        raise StorageError(
            f"An artifact cannot be read back: {type(error).__name__}: {error}.",
            str(path),
            "Check that the packages are those of the run, or run the step again.",
        ) from error


def _refusal(values: Mapping[str, object], error: BaseException) -> StorageError:
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
    flags, dtype = value.flags, value.dtype
    laid_out = flags.writeable and (flags.c_contiguous or flags.f_contiguous)
    if not laid_out or dtype.kind not in "biufcmMSU" or dtype.metadata is not None:
        return False
    return np.dtype(dtype.str).type is dtype.type  # there are two kinds of integers of a size


def _write_array(name: str, value: Any, handle: BinaryIO) -> None:
    """Write an array as `numpy.save` does, which cuts it up where there is no real file."""
    import numpy as np

    if isinstance(handle, io.BufferedWriter):
        np.lib.format.write_array(handle, value, allow_pickle=False)
    else:
        header = np.lib.format.header_data_from_array_1_0(value)
        np.lib.format.write_array_header_1_0(handle, header)
    if value.nbytes and not isinstance(handle, io.BufferedWriter):
        flat = (value if value.flags.c_contiguous else value.T).reshape(-1)
        handle.write(memoryview(flat.view(np.uint8)))
    handle.write(json.dumps(name).encode())


def _read_json(path: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads(path.read_bytes())
    return found


def _read_array(path: Path) -> dict[str, object]:
    """Read an array into memory of its own: who has it alone may resize it."""
    import numpy as np

    with path.open("rb") as handle:
        if np.lib.format.read_magic(handle) != (1, 0):
            raise ValueError("it is no array")
        shape, turned, dtype = np.lib.format.read_array_header_1_0(handle)
        if dtype.hasobject:
            raise ValueError("an array of objects is not stored so")
        value = np.empty(shape, dtype, order="F" if turned else "C")
        left = value.nbytes
        if left:
            flat = (value.T if turned else value).reshape(-1).view(np.uint8)
            if handle.readinto(memoryview(flat)) != left:
                raise ValueError("it is cut short")
        return {json.loads(handle.read()): value}


def _read_pickle(path: Path) -> dict[str, object]:
    with path.open("rb") as handle:
        found: dict[str, object] = pickle.load(handle)
    return found


def _read_beside(path: Path) -> dict[str, object]:
    stream, pieces = container.read(path)
    found: dict[str, object] = unpickling.Texts(stream, buffers=pieces).load()
    return found


def _read_objects(path: Path) -> dict[str, object]:
    stream, pieces = container.read(path)
    found: dict[str, object] = unpickling.load(stream, pieces)
    return found


def _vet_objects(path: Path) -> dict[str, object]:
    stream, pieces = container.read(path, copied=True)
    unpickling.vet(stream)
    stream.seek(0)
    found: dict[str, object] = unpickling.load(stream, pieces, careful=True)
    return found


_READERS = {
    "json/1": _read_json,
    "npy/1": _read_array,
    "objects/1": _read_objects,
    "objects/2": _read_objects,
    "objects/3": _read_objects,
    "pickle/1": _read_pickle,
    "pickle/2": _read_beside,
    "pickle/3": _read_beside,
    "pickle/4": _read_beside,
}
_SAFE = {
    "json/1": _read_json,
    "npy/1": _read_array,
    "objects/1": _vet_objects,
    "objects/2": _vet_objects,
    "objects/3": _vet_objects,
}
