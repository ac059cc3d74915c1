"""Whether what one port gives fits what another takes: the rules of types, and of values.

Nothing is converted: an `int` does not fit a `float`. What is not known fits.
"""

from __future__ import annotations

import types
from collections.abc import Callable as AbstractCallable
from collections.abc import Mapping as AbstractMapping
from typing import (
    Annotated,
    Any,
    ForwardRef,
    Literal,
    TypeVar,
    Union,
    get_args,
    get_origin,
    is_typeddict,
)

from thruway.kit.annotations import Placeholder, field_hints

_SPECIAL = frozenset(
    {"__call__", "__len__", "__iter__", "__getitem__", "__contains__", "__array__"}
)
_UNIONS = (Union, types.UnionType)


def fits(given: Any, wanted: Any) -> bool:
    """Return whether every value of one type may be passed where the other is asked for.

    >>> fits(bool, int), fits(int, float), fits(int, int | None)
    (True, False, True)
    """
    given, wanted = _bound(_plain(given)), _bound(_plain(wanted))
    if given is wanted or _is_open(given) or _is_open(wanted) or wanted is object:
        return True
    if isinstance(wanted, tuple):  # a type variable that is one of several types
        return any(fits(given, member) for member in wanted)
    if isinstance(given, tuple):
        return all(fits(member, wanted) for member in given)
    if get_origin(given) in _UNIONS:
        return all(fits(member, wanted) for member in get_args(given))
    if get_origin(wanted) in _UNIONS:
        return any(fits(given, member) for member in get_args(wanted))
    if get_origin(given) is Literal:
        return all(value_fits(value, wanted) for value in get_args(given))
    if get_origin(wanted) is Literal:
        return False
    if is_typeddict(wanted):
        return not _lacks_keys(given, wanted)
    if is_typeddict(given):
        return _typeddict_fits(given, wanted)
    return _generic_fits(given, wanted)


def lacking(given: Any, wanted: Any) -> str:
    """Return what a type lacks to be another, where that can be said in a few words; else "".

    A method of a protocol, a key of a TypedDict.
    """
    given, wanted = _plain(given), _plain(wanted)
    if is_typeddict(wanted):
        return _lacks_keys(given, wanted)
    missing = _missing_members(get_origin(given) or given, get_origin(wanted) or wanted)
    return f"no `{missing[0]}`" if missing else ""


def _bound(hint: Any) -> Any:
    """Return what a type variable stands for; a tuple when it is one of several types."""
    if not isinstance(hint, TypeVar):
        return hint
    if hint.__constraints__:
        return hint.__constraints__
    bound = hint.__bound__
    return hint if bound is None or isinstance(bound, str | ForwardRef) else bound


def _lacks_keys(given: Any, wanted: Any) -> str:
    """Return why a mapping type is not a TypedDict; "" if it is, or may be."""
    if is_typeddict(given):
        have, want = field_hints(given), field_hints(wanted)
        for key, hint in want.items():
            if key not in have:
                if key in wanted.__required_keys__:
                    return f"no key `{key}`"
            elif not fits(have[key], hint):
                return f"key `{key}` of {show(have[key])} instead of {show(hint)}"
            elif key in wanted.__required_keys__ and key not in given.__required_keys__:
                return f"key `{key}` only sometimes"
        return ""
    if not _subclass(get_origin(given) or given, dict):
        return "no dict"
    args = get_args(given)
    if len(args) == 2:
        if not fits(str, args[0]) and not fits(args[0], str):
            return f"keys of {show(args[0])}"
        for key, hint in field_hints(wanted).items():
            if not fits(args[1], hint) and not fits(hint, args[1]):
                return f"key `{key}` of {show(args[1])} instead of {show(hint)}"
    return ""


def _typeddict_fits(given: Any, wanted: Any) -> bool:
    kind, args = get_origin(wanted) or wanted, get_args(wanted)
    if not _subclass(dict, kind):
        return False
    if len(args) != 2:
        return True
    return fits(str, args[0]) and all(fits(hint, args[1]) for hint in field_hints(given).values())


def items_of(given: Any) -> tuple[Any, ...] | None:
    """Return the types that the items of a list or tuple may have; None if it is neither.

    >>> items_of(list[int]), items_of(tuple[int, str]), items_of(dict)
    ((<class 'int'>,), (<class 'int'>, <class 'str'>), None)
    """
    given = _plain(given)
    if _is_open(given) or given is object:
        return ()
    if get_origin(given) in _UNIONS:
        members = [items_of(member) for member in get_args(given)]
        known = [member for member in members if member is not None]
        return tuple(item for member in known for item in member) if known else None
    kind = get_origin(given) or given
    if not isinstance(kind, type) or not (issubclass(kind, list | tuple) or issubclass(list, kind)):
        return None
    return tuple(item for item in get_args(given) if item is not Ellipsis)


def _plain(hint: Any) -> Any:
    """Return a type without what only annotates it."""
    while get_origin(hint) is Annotated:
        # Schemas of two ports may differ: a schema speaks of contents, which a run checks.
        hint = get_args(hint)[0]
    if hint is None:
        return type(None)
    origin = get_origin(hint) or hint
    if isinstance(origin, type) and origin.__module__.startswith("pandera.typing"):
        # Typing-only classes: the values are plain frames.
        return next((b for b in origin.__mro__ if not b.__module__.startswith("pandera")), hint)
    return hint


def _is_open(hint: Any) -> bool:
    return hint is Any or isinstance(hint, Placeholder | TypeVar | ForwardRef | str)


def _generic_fits(given: Any, wanted: Any) -> bool:
    given_class, wanted_class = get_origin(given) or given, get_origin(wanted) or wanted
    if not _subclass(given_class, wanted_class):
        return False
    given_args, wanted_args = get_args(given), get_args(wanted)
    if not given_args or not wanted_args or wanted_class is AbstractCallable:
        return True
    if given_class is tuple:
        return _tuple_fits(given_args, wanted_args, wanted_class)
    if len(given_args) != len(wanted_args):
        # A subclass may have other parameters than its base: no verdict.
        return True
    return all(_argument_fits(g, w) for g, w in zip(given_args, wanted_args, strict=True))


def _argument_fits(given: Any, wanted: Any) -> bool:
    if isinstance(given, list) or isinstance(wanted, list):
        return True
    return fits(given, wanted)


def _tuple_fits(given: tuple[Any, ...], wanted: tuple[Any, ...], wanted_class: Any) -> bool:
    if wanted_class is not tuple:
        return all(fits(member, wanted[0]) for member in given if member is not Ellipsis)
    if wanted[-1:] == (Ellipsis,):
        return all(fits(member, wanted[0]) for member in given if member is not Ellipsis)
    if given[-1:] == (Ellipsis,):
        return False
    return len(given) == len(wanted) and all(fits(g, w) for g, w in zip(given, wanted, strict=True))


def _subclass(given: Any, wanted: Any) -> bool:
    given = getattr(given, "__supertype__", given) if given is not wanted else given
    if given is wanted:
        return True
    if not isinstance(given, type) or not isinstance(wanted, type):
        # Something that is no class on one side only: nothing to compare by.
        return not hasattr(wanted, "__supertype__")
    if getattr(wanted, "_is_protocol", False):
        return not _missing_members(given, wanted)
    try:
        return issubclass(given, wanted)
    except TypeError:
        return True  # a class that cannot be asked


def _missing_members(given: Any, wanted: Any) -> list[str]:
    """Return the methods of a protocol that a class does not have.

    Attributes that a protocol only annotates may be set by `__init__`: nothing is said of them.
    """
    if not getattr(wanted, "_is_protocol", False) or not isinstance(given, type):
        return []
    methods = [
        name
        for base in wanted.__mro__
        if getattr(base, "_is_protocol", False)
        for name, member in vars(base).items()
        if (callable(member) or isinstance(member, property | classmethod | staticmethod))
        and (not name.startswith("_") or name in _SPECIAL)
    ]
    return [name for name in dict.fromkeys(methods) if not _has(given, name)]


def _has(given: type, name: str) -> bool:
    found = getattr(given, name, None)
    # `__hash__ = None` says that there is none; `property` and the like are asked of the class.
    return found is not None or any(name in vars(base) for base in given.__mro__)


def value_fits(value: Any, wanted: Any) -> bool:
    """Return whether a value may be passed where a type is asked for."""
    wanted = _plain(wanted)
    if _is_open(wanted) or wanted is object:
        return True
    origin, args = get_origin(wanted), get_args(wanted)
    if origin in _UNIONS:
        return any(value_fits(value, member) for member in args)
    if origin is Literal:
        return any(value == choice and type(value) is type(choice) for choice in args)
    if not _subclass(type(value), origin or wanted):
        return False
    return _members_fit(value, args)


def _members_fit(value: Any, args: tuple[Any, ...]) -> bool:
    if not args:
        return True
    if isinstance(value, tuple) and args[-1] is not Ellipsis and len(args) != 1:
        return len(value) == len(args) and all(map(value_fits, value, args))
    if isinstance(value, list | tuple | set | frozenset):
        return all(value_fits(item, args[0]) for item in value)
    if isinstance(value, AbstractMapping) and len(args) == 2:
        return all(value_fits(k, args[0]) and value_fits(v, args[1]) for k, v in value.items())
    return True


def show(hint: Any) -> str:
    """Return a type as a reader writes it."""
    while get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    if hint is None or hint is type(None):
        return "None"
    array = _array_name(hint)
    if array:
        return array
    if isinstance(hint, type) and not get_args(hint):
        if hint.__module__ == "builtins":
            return hint.__qualname__
        return f"{hint.__module__.split('.')[0]}.{hint.__qualname__}"
    if get_origin(hint) in _UNIONS:
        return " | ".join(show(member) for member in get_args(hint))
    return str(hint).replace("typing.", "")


def _array_name(hint: Any) -> str:
    """Return `numpy.NDArray[float64]` for what NumPy writes at length; "" for all else."""
    origin, args = get_origin(hint), get_args(hint)
    if getattr(origin, "__name__", "") != "ndarray" or len(args) != 2:
        return ""
    inner = get_args(args[1])
    return f"numpy.NDArray[{getattr(inner[0], '__name__', inner[0])}]" if inner else ""
