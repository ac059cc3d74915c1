"""What a value is, in a record that does not hold it."""

from __future__ import annotations

import io
import sys
import types
from typing import TYPE_CHECKING, Any, TypeVar

from thruway.kit.values import annotation, atoms, origin
from thruway.kit.values.fingerprint import fingerprint
from thruway.kit.values.objects import is_drawn
from thruway.kit.values.preview import preview
from thruway.kit.values.size import size
from thruway.kit.values.storable import storability
from thruway.kit.values.types import Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from thruway.kit.values.types import ValueKind

_T = TypeVar("_T")
_COLUMNS = 1000
_FEW = 20


def describe(value: object, digest: bool = False) -> Value:
    """Return a value described; its fingerprint only if asked, for it costs a read of all.

    Example:
        >>> describe([1, 2]).annotation
        'list[int]'
    """
    unknown: annotation.Annotation = ("Any", ("from typing import Any",))
    words, imports = _guarded(annotation.annotate, value, unknown)
    found = fingerprint(value) if digest else None
    stored = storability(value)
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
        unstorable=stored.reason,
        definitions=tuple(sorted(stored.definitions)),
        preview=preview(value),
    )


def _guarded(look: Callable[[Any], _T], value: object, otherwise: _T) -> _T:
    try:
        return look(value)
    except Exception:  # attributes of a user's class may raise anything
        return otherwise


def kind_of(value: object) -> ValueKind:
    """Return the coarse kind of a value, from its class; of parts of a figure, as a group too."""
    kind = type(value)
    if "matplotlib" in sys.modules and _guarded(_holds_drawn, value, otherwise=False):
        return "figure"
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
    if is_drawn(kind):
        return "figure"
    if callable(getattr(kind, "fit", None)) or "Booster" in names or "Module" in names:
        return "estimator"
    return _other_kind(value, kind, roots)


def _holds_drawn(value: Any, depth: int = 2) -> bool:
    """Return whether a value holds nothing but parts of figures, as far as its first items tell."""
    if type(value).__name__ == "ndarray" and value.dtype == object:
        value = value.reshape(-1)[:_FEW].tolist()
    if isinstance(value, dict):
        value = list(dict.values(value))
    if not depth or not isinstance(value, list | tuple):
        return False
    parts = [part for part in value[:_FEW] if not (isinstance(part, list) and not part)]
    return bool(parts) and all(
        is_drawn(type(part)) or _holds_drawn(part, depth - 1) for part in parts
    )


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
    shape = origin.attribute(value, "shape")
    if not isinstance(shape, tuple):
        return None
    return tuple(int(n) for n in shape)


def _dtype(value: Any) -> str:
    if isinstance(value, type) or origin.attribute(value, "shape") is None:
        return ""
    dtype = origin.attribute(value, "dtype")
    return "" if dtype is None else str(dtype)


def _columns(value: Any) -> tuple[tuple[str, str, bool], ...]:
    """Return name, dtype and whether it has nulls, for the columns of a frame."""
    if isinstance(value, type):
        return ()
    pd = sys.modules.get("pandas")
    if pd is not None and isinstance(value, pd.DataFrame):
        names = map(str, value.columns[:_COLUMNS])
        return tuple(
            (name, *facts) for name, facts in zip(names, _frame_columns(value), strict=True)
        )
    pl = sys.modules.get("polars")
    if pl is not None and isinstance(value, pl.DataFrame):
        return tuple(
            (column.name, str(column.dtype), column.null_count() > 0)
            for column in value.get_columns()[:_COLUMNS]
        )
    return ()


def _frame_columns(frame: Any) -> list[tuple[str, bool]]:
    """Return dtype and whether it has nulls, a block of equal columns at a time."""
    blocks = getattr(frame._mgr, "blocks", None)
    if blocks is None or frame.shape[1] > _COLUMNS:
        part = frame.iloc[:, :_COLUMNS]
        return list(zip(map(str, part.dtypes), part.isna().any().tolist(), strict=True))
    found: list[tuple[str, bool]] = [("", False)] * frame.shape[1]
    for block in blocks:
        words = str(block.dtype)
        for place, nulls in zip(block.mgr_locs, _nulls(block.values), strict=True):
            found[place] = words, bool(nulls)
    return found


def _nulls(array: Any) -> Any:
    """Return whether each row of a block has nulls; without a copy where numbers show them."""
    np, pd = sys.modules["numpy"], sys.modules["pandas"]
    if not isinstance(array, np.ndarray):
        rows = array if array.ndim == 2 else (array,)
        return [bool(pd.isna(row).any()) for row in rows]
    if not array.size or array.dtype.kind in "biu":
        return [False] * len(array)
    if array.dtype.kind == "f":
        with np.errstate(invalid="ignore"):
            return np.isnan(array.min(axis=1))  # the least of several numbers, or NaN
    return [bool(pd.isna(row).any()) for row in array]  # four times as fast as all at once
