"""Types as a reader writes them, for messages."""

from __future__ import annotations

import types
from collections.abc import Callable as AbstractCallable
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from thruway.kit.ports.frames import schema_name

UNIONS = (Union, types.UnionType)
_BARE = frozenset({"builtins", "typing", "typing_extensions", "collections.abc", "types"})


def show(hint: Any, *, full: bool = False) -> str:
    """Return a type as a reader writes it.

    Args:
        hint: the type.
        full: write every module out, where the short names of two types are the same.

    >>> show(int | None), show(list[dict[str, float]]), show(Literal["a", 1])
    ('int | None', 'list[dict[str, float]]', "Literal['a', 1]")
    """
    return _Shower(full).show(hint)


class _Shower:
    def __init__(self, full: bool) -> None:
        self._full = full

    def show(self, hint: Any) -> str:
        if hint is None or hint is type(None):
            return "None"
        if hint is Ellipsis:
            return "..."
        if isinstance(hint, list):
            return f"[{self._joined(hint)}]"
        origin, args = get_origin(hint), get_args(hint)
        if origin is Annotated:
            return f"{self.show(args[0])}{_schema(hint)}"
        if origin in UNIONS:
            return " | ".join(map(self.show, args))
        if origin is Literal:
            return f"Literal[{', '.join(map(_literal, args))}]"
        if origin is not None and args:
            return self._generic(hint, origin, args)
        return self._plain(hint)

    def _plain(self, hint: Any) -> str:
        name = getattr(hint, "__qualname__", None) or getattr(hint, "__name__", None)
        if not isinstance(name, str) or (not isinstance(hint, type) and get_origin(hint)):
            return str(hint).replace("typing.", "")
        module = str(getattr(hint, "__module__", "") or "")
        if module in _BARE or module.startswith("thruway.kit"):
            return name
        # Where a class is inside its package says little; its package says much.
        return f"{module if self._full else module.partition('.')[0]}.{name}"

    def _generic(self, hint: Any, origin: Any, args: tuple[Any, ...]) -> str:
        if schema := _schema(hint):
            bases = [b for b in origin.__mro__ if not b.__module__.startswith("pandera")]
            return f"{self._plain(bases[0])}{schema}"
        if getattr(origin, "__module__", "") == "numpy" and origin.__name__ == "ndarray":
            return self._array(args)
        if origin is AbstractCallable and len(args) == 2:
            return f"Callable[{self.show(args[0])}, {self.show(args[1])}]"
        # `NDArray` is an alias of its own from Python 3.12 on.
        aliased = type(origin).__name__ == "TypeAliasType"
        return f"{origin.__name__ if aliased else self._plain(origin)}[{self._joined(args)}]"

    def _array(self, args: tuple[Any, ...]) -> str:
        items = get_args(args[1]) if len(args) == 2 else ()
        if not items:
            return "numpy.ndarray"
        return f"NDArray[{self.show(items[0])}]"

    def _joined(self, args: Any) -> str:
        return ", ".join(map(self.show, args))


def _literal(value: Any) -> str:
    # The repr of an enum's member cannot be written.
    return str(value) if isinstance(value, Enum) else repr(value)


def _schema(hint: Any) -> str:
    name = schema_name(hint)
    return f"[{name}]" if name else ""
