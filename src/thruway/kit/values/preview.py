"""A line about a value for the report; never a costly `repr` of large data."""

from __future__ import annotations

import sys
from typing import Any

from thruway.kit.values import atoms, origin

LIMIT = 200
_ITEMS = 6


def preview(value: object) -> str:
    """Return at most 200 characters that show a value.

    Example:
        >>> preview(list(range(100)))
        '[0, 1, 2, 3, 4, 5, … 94 more]'
    """
    try:
        text = _show(value, 0)
    except Exception as error:  # a `repr` of a user's program may raise anything
        text = f"<{type(value).__name__}: its repr raised {type(error).__name__}>"
    text = " ".join(text.split())
    return text if len(text) <= LIMIT else text[: LIMIT - 1] + "…"


def _show(value: Any, depth: int) -> str:
    kind = type(value)
    if kind is str or kind is bytes:
        return repr(value[:LIMIT])
    if kind is int and value.bit_length() > 1000:
        return f"<int of {value.bit_length()} bits>"
    if atoms.leaf(kind) is not None:
        return repr(value)
    if kind in (list, tuple, set, frozenset, dict):
        return _items(value, kind, depth)
    fields = getattr(kind, "_fields", ()) if isinstance(value, tuple) else _dataclass_fields(kind)
    if fields:
        return _fields_of(value, kind, fields, depth)
    if isinstance(value, type):
        return f"class {value.__qualname__}"
    if callable(getattr(kind, "get_params", None)) and depth == 0:
        return (
            repr(value)[:1000]
            if origin.root(kind.__module__) == "sklearn"
            else f"{kind.__name__}()"
        )
    return _data(value, kind)


def _items(value: Any, kind: type, depth: int) -> str:
    opening, closing = "[]" if kind is list else "()" if kind is tuple else "{}"
    if depth > 2:
        return f"{opening}…{closing}"
    shown = []
    pairs = value.items() if kind is dict else ((None, part) for part in value)
    for (key, part), _ in zip(pairs, range(_ITEMS), strict=False):
        head = f"{_show(key, depth + 1)}: " if kind is dict else ""
        shown.append(head + _show(part, depth + 1))
    if len(value) > _ITEMS:
        shown.append(f"… {len(value) - _ITEMS} more")
    inside = ", ".join(shown)
    return f"{opening}{inside}{closing}" if value or kind is not set else "set()"


def _dataclass_fields(kind: type) -> tuple[str, ...]:
    found = getattr(kind, "__dataclass_fields__", {})
    return tuple(name for name, field in found.items() if field.repr)


def _fields_of(value: Any, kind: type, fields: tuple[str, ...], depth: int) -> str:
    if depth > 2:
        return f"{kind.__name__}(…)"
    shown = [f"{name}={_show(getattr(value, name), depth + 1)}" for name in fields[:_ITEMS]]
    if len(fields) > _ITEMS:
        shown.append(f"… {len(fields) - _ITEMS} more")
    return f"{kind.__name__}({', '.join(shown)})"


def _data(value: Any, kind: type) -> str:
    shape = origin.attribute(value, "shape")
    np = sys.modules.get("numpy")
    pd = sys.modules.get("pandas")
    if np is not None and isinstance(value, np.ndarray):
        head = np.array2string(value.reshape(-1)[:_ITEMS], separator=", ") if value.size else "[]"
        return f"{value.dtype} array {_by(shape)}: {head}"
    if np is not None and isinstance(value, np.generic):
        return repr(value)
    if pd is not None and isinstance(value, pd.DataFrame):
        names = ", ".join(str(name) for name in value.columns[:30])
        return f"{_by(shape)} frame: {names}"
    if pd is not None and isinstance(value, pd.Series | pd.Index):
        head = ", ".join(repr(part) for part in value[:_ITEMS].tolist())
        return f"{value.dtype} {kind.__name__.lower()} of {len(value)}: {head}"
    if isinstance(shape, tuple):
        return f"<{kind.__name__} {_by(shape)}>"
    name = origin.attribute(value, "__qualname__") or origin.attribute(value, "__name__")
    return f"{kind.__name__} {name}" if isinstance(name, str) else f"<{kind.__name__}>"


def _by(shape: Any) -> str:
    return " × ".join(str(n) for n in shape) if shape else "0-d"
