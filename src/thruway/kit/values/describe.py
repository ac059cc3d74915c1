"""What a value is, in a record that does not hold it."""

from __future__ import annotations

import io
import sys
import types
from typing import TYPE_CHECKING, Any, TypeVar

from thruway.kit.values import annotation, atoms, origin
from thruway.kit.values.fingerprint import fingerprint
from thruway.kit.values.preview import preview
from thruway.kit.values.reach import composite
from thruway.kit.values.storable import unstorable
from thruway.kit.values.types import Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from thruway.kit.values.types import ValueKind

_T = TypeVar("_T")
_COLUMNS = 1000
_SAMPLE = 1000
_PARTS = 20_000


def describe(value: object, digest: bool = False) -> Value:
    """Return a value described; its fingerprint only if asked, for it costs a read of all.

    Example:
        >>> describe([1, 2]).annotation
        'list[int]'
    """
    unknown: annotation.Annotation = ("Any", ("from typing import Any",))
    words, imports = _guarded(annotation.annotate, value, unknown)
    found = fingerprint(value) if digest else None
    return Value(
        kind=kind_of(value),
        type=origin.public_name(type(value)),
        annotation=words,
        imports=imports,
        shape=_guarded(_shape, value, None),
        columns=_guarded(_columns, value, ()),
        dtype=_guarded(_dtype, value, ""),
        bytes=_guarded(size, value, 0),
        fingerprint=found.hex if found else "",
        opaque=found.opaque if found else "",
        unstorable=unstorable(value),
        preview=preview(value),
    )


def _guarded(look: Callable[[Any], _T], value: object, otherwise: _T) -> _T:
    try:
        return look(value)
    except Exception:  # attributes of a user's class may raise anything
        return otherwise


def kind_of(value: object) -> ValueKind:
    """Return the coarse kind of a value, from its class and never from its content."""
    kind = type(value)
    for classes, answer in _BY_CLASS:
        if isinstance(value, classes):
            return answer
    names = {base.__name__ for base in kind.__mro__}
    roots = {origin.root(origin.module_of(base)) for base in kind.__mro__}
    if roots & {"pandas", "polars", "pyarrow"}:
        data = _frame_kind(names)
        if data is not None:
            return data
    if names & {"ndarray", "Tensor", "spmatrix", "sparray", "_spbase"}:
        return "array"
    if "generic" in names and "numpy" in roots:
        return "scalar"
    if "matplotlib" in roots and names & {"Artist", "FigureBase"}:
        return "figure"
    if callable(getattr(kind, "fit", None)) or "Booster" in names or "Module" in names:
        return "estimator"
    return _other_kind(value, kind, roots)


def _frame_kind(names: set[str]) -> ValueKind | None:
    if names & {"DataFrame", "LazyFrame", "Table"}:
        return "frame"
    if names & {"Series", "Index", "ChunkedArray"}:
        return "series"
    if names & {"ExtensionArray", "Array"}:
        return "array"
    return "scalar" if names & {"Timestamp", "Timedelta", "Period", "NaTType"} else None


def _other_kind(value: object, kind: type, roots: set[str]) -> ValueKind:
    if isinstance(value, io.IOBase) or roots & _HANDLES:
        return "handle"
    if hasattr(kind, "__next__"):
        return "iterator"
    if atoms.leaf(kind) is not None or isinstance(value, int | float | complex):
        return "scalar"
    if isinstance(value, list | tuple | dict | set | frozenset) or kind.__name__ == "deque":
        return "container"
    return "other"


_BY_CLASS: tuple[tuple[Any, ValueKind], ...] = (
    (types.ModuleType, "module"),
    (type, "class"),
    ((types.FunctionType, types.BuiltinFunctionType, types.MethodType), "function"),
    ((str, bytes), "text"),
)
_HANDLES = {"socket", "_socket", "sqlite3", "_sqlite3", "threading", "_thread", "subprocess"}


def _shape(value: Any) -> tuple[int, ...] | None:
    if isinstance(value, type):
        return None
    shape = getattr(value, "shape", None)
    if not isinstance(shape, tuple):
        return None
    return tuple(int(n) for n in shape)


def _dtype(value: Any) -> str:
    if isinstance(value, type) or not hasattr(value, "shape"):
        return ""
    dtype = getattr(value, "dtype", None)
    return "" if dtype is None else str(dtype)


def _columns(value: Any) -> tuple[tuple[str, str, bool], ...]:
    """Return name, dtype and whether it has nulls, for the columns of a frame."""
    if isinstance(value, type):
        return ()
    pd = sys.modules.get("pandas")
    if pd is not None and isinstance(value, pd.DataFrame):
        part = value.iloc[:, :_COLUMNS]
        nulls = part.isna().any().tolist()
        return tuple(zip(map(str, part.columns), map(str, part.dtypes), nulls, strict=True))
    pl = sys.modules.get("polars")
    if pl is not None and isinstance(value, pl.DataFrame):
        return tuple(
            (column.name, str(column.dtype), column.null_count() > 0)
            for column in value.get_columns()[:_COLUMNS]
        )
    return ()


def size(value: object) -> int:
    """Return the bytes that a value takes in memory, estimated from a sample of its parts."""
    stack, seen, held, total = [value], set[int](), list[object](), 0
    while stack and len(held) < _PARTS:
        part = stack.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        held.append(part)
        own, parts = _own_size(part)
        total += own
        stack += parts
    return total


def _own_size(part: Any) -> tuple[int, list[Any]]:
    """Return the bytes of one part without its parts, and these."""
    if isinstance(part, type | types.ModuleType | types.FunctionType):
        return 0, []
    if isinstance(part, list | tuple | set | frozenset):
        return _sampled(list(part), sys.getsizeof(part))
    if isinstance(part, dict):
        own, parts = _sampled(list(dict.values(part)), sys.getsizeof(part))
        keys, more = _sampled(list(dict.keys(part)), 0)
        return own + keys, parts + more
    if callable(getattr(part, "memory_usage", None)):
        return _frame_size(part), []
    for name in ("nbytes", "estimated_size"):
        number = getattr(part, name, None)
        number = number() if name == "estimated_size" and callable(number) else number
        if isinstance(number, int):
            return number, []
    attributes = getattr(part, "__dict__", None)
    return sys.getsizeof(part), [attributes] if type(attributes) is dict else []


def _sampled(parts: list[Any], own: int) -> tuple[int, list[Any]]:
    """Count the atoms by a sample; return what is not an atom, to be looked into."""
    atoms_only = [part for part in parts[:_SAMPLE] if type(part) in atoms.CODES]
    if atoms_only:
        mean = sum(map(sys.getsizeof, atoms_only)) / min(len(parts), _SAMPLE)
        own += int(mean * len(parts))
    return own, composite(parts)


def _frame_size(part: Any) -> int:
    """Return the bytes of a frame or series; of object columns by a sample."""
    usage = part.memory_usage(deep=False)
    total = int(usage if isinstance(usage, int) else usage.sum())
    if not len(part):
        return total
    step = max(1, len(part) // _SAMPLE)
    sample = part[::step] if part.ndim == 1 else part.iloc[::step]
    flat, deep = sample.memory_usage(deep=False), sample.memory_usage(deep=True)
    extra = deep - flat if isinstance(flat, int) else int((deep - flat).sum())
    return total + int(extra * len(part) / len(sample))
