"""Whether a value may be passed where a type is asked for: literals, and parameters of a run."""

from __future__ import annotations

from collections.abc import Callable as AbstractCallable
from collections.abc import Mapping
from typing import Any, Literal, TypeVar, get_args, get_origin, is_typeddict

from thruway.kit.ports.fit import is_open, misfit, plain
from thruway.kit.ports.generics import parameters_as, tuple_items
from thruway.kit.ports.shown import UNIONS, show
from thruway.kit.ports.typed_dicts import is_closed, keys_of, required_keys
from thruway.kit.ports.types import Misfit


def value_fits(value: Any, wanted: Any) -> bool:
    """Return whether a value may be passed where a type is asked for.

    >>> value_fits([1, 2], list[int]), value_fits(1, float)
    (True, False)
    """
    return value_misfit(value, wanted) is None


def value_misfit(value: Any, wanted: Any) -> Misfit | None:
    """Return why a value does not fit a type, None if it does or if that is not known."""
    wanted = plain(wanted)
    if is_open(wanted) or wanted is object:
        return None
    if isinstance(wanted, TypeVar):
        return misfit(type(value), wanted)
    origin, args = get_origin(wanted), get_args(wanted)
    if origin in UNIONS:
        found = [value_misfit(value, member) for member in args]
        return None if any(each is None for each in found) else Misfit()
    if origin is Literal:
        chosen = any(value == choice and type(value) is type(choice) for choice in args)
        return None if chosen else Misfit("", f"write one of {', '.join(map(repr, args))}")
    if hasattr(wanted, "__supertype__"):
        # A literal has no other way to be one.
        return value_misfit(value, wanted.__supertype__)
    return _of_class(value, wanted, origin or wanted)


def _of_class(value: Any, wanted: Any, kind: Any) -> Misfit | None:
    if is_typeddict(kind):
        return _typed_dict(value, kind)
    if kind is AbstractCallable:
        return None if callable(value) else Misfit(f"{show(type(value))} cannot be called")
    if kind is type and isinstance(value, type):
        return misfit(type[value], wanted)
    found = misfit(type(value), kind)
    return found if found is not None else _members(value, wanted, kind)


def _typed_dict(value: Any, kind: Any) -> Misfit | None:
    if not isinstance(value, dict):
        return Misfit()
    known = keys_of(kind)
    missing = sorted(required_keys(kind) - set(value))
    if missing:
        return Misfit(f"it has no key `{missing[0]}`", f"write a value for `{missing[0]}`")
    for name, item in value.items():
        if name not in known:
            if known or is_closed(kind):
                return Misfit(
                    f"`{kind.__name__}` has no key `{name}`",
                    f"leave `{name}` out, or add it to `{kind.__name__}`",
                )
        elif value_misfit(item, known[name]) is not None:
            return Misfit(f"its key `{name}` is {item!r}, and {show(known[name])} is asked for")
    return None


def _members(value: Any, wanted: Any, kind: Any) -> Misfit | None:
    """Judge what is inside a value of the right class."""
    args = get_args(wanted)
    if not args:
        return None
    if kind is tuple or isinstance(value, tuple):
        return _tuple(value, wanted, args)
    if isinstance(value, Mapping):
        found = args if len(args) == 2 else (args[0], Any)
        for key, item in value.items():
            if value_misfit(key, found[0]) or value_misfit(item, found[1]):
                return Misfit(f"it has {key!r}: {item!r}")
        return None
    if isinstance(value, list | set | frozenset):
        bad = [item for item in value if value_misfit(item, args[0]) is not None]
        return Misfit(f"it has {bad[0]!r} in it") if bad else None
    return _array(value, wanted)


def _tuple(value: tuple[Any, ...], wanted: Any, args: tuple[Any, ...]) -> Misfit | None:
    items = tuple_items(wanted) or args
    if items[-1] is Ellipsis or (get_origin(wanted) is not tuple and len(items) == 1):
        bad = [item for item in value if value_misfit(item, items[0]) is not None]
    elif len(items) != len(value):
        return Misfit(f"it has {len(value)} items, and {len(items)} are asked for")
    else:
        pairs = zip(value, items, strict=True)
        bad = [item for item, asked in pairs if value_misfit(item, asked) is not None]
    return Misfit(f"it has {bad[0]!r} in it") if bad else None


def _array(value: Any, wanted: Any) -> Misfit | None:
    """Judge the dtype of an array, and the items of what else is generic not at all."""
    if type(value).__module__ != "numpy" or not hasattr(value, "dtype"):
        return None
    found = parameters_as(wanted, get_origin(wanted)) or ()
    asked = get_args(found[1]) if len(found) == 2 else ()
    return misfit(value.dtype.type, asked[0]) if asked else None
