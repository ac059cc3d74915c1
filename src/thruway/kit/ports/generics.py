"""Parameters of generic types: what they are seen as another class (a `dict` as an `Iterable`)."""

from __future__ import annotations

import collections
import collections.abc as abstract
from types import GenericAlias
from typing import Any, Generic, Protocol, TypeVar, get_args, get_origin

from thruway.kit.ports.annotations import field_hints

_ONE_ITEM = (
    abstract.Iterable,
    abstract.Iterator,
    abstract.Container,
    abstract.Collection,
    abstract.Reversible,
    abstract.Sequence,
    abstract.MutableSequence,
    abstract.Set,
    abstract.MutableSet,
)
_SIMPLE: dict[type, type] = {str: str, bytes: int, bytearray: int, range: int}


def is_named_tuple(kind: Any) -> bool:
    """Whether a class is a NamedTuple."""
    return isinstance(kind, type) and issubclass(kind, tuple) and hasattr(kind, "_fields")


def tuple_items(hint: Any) -> tuple[Any, ...] | None:
    """Return the types of a tuple's items, as in `tuple[...]`; None if they are not known.

    >>> tuple_items(tuple[int, ...]), tuple_items(tuple)
    ((<class 'int'>, Ellipsis), None)
    """
    kind = get_origin(hint) or hint
    if kind is tuple:
        return get_args(hint) or None
    if is_named_tuple(kind):
        found = field_hints(kind)
        if all(name in found for name in kind._fields):
            return tuple(substituted(found[name], hint) for name in kind._fields)
        return None
    return None if not isinstance(kind, type) else parameters_as(hint, tuple)


def item_types(hint: Any) -> tuple[Any, ...] | None:
    """Return the types that iterating over a value of a type gives; None if they are not known.

    >>> item_types(dict[str, int]), item_types(tuple[int, str]), item_types(str)
    ((<class 'str'>,), (<class 'int'>, <class 'str'>), (<class 'str'>,))
    """
    kind, args = get_origin(hint) or hint, get_args(hint)
    if not isinstance(kind, type):
        return None
    if issubclass(kind, tuple):
        items = tuple_items(hint)
        return None if items is None else tuple(item for item in items if item is not Ellipsis)
    for simple, item in _SIMPLE.items():
        if issubclass(kind, simple):
            return (item,)
    if kind is abstract.ItemsView and len(args) == 2:
        return (GenericAlias(tuple, args),)
    return args[:1] or _inherited(hint, abstract.Iterable)


def parameters_as(hint: Any, wanted: Any) -> tuple[Any, ...] | None:
    """Return a type's parameters, seen as another class that it is; None if they are not known.

    >>> parameters_as(dict[str, int], abstract.Iterable)
    (<class 'str'>,)
    """
    kind, args = get_origin(hint) or hint, get_args(hint)
    if kind is wanted:
        return args or None
    if kind is collections.Counter and args and wanted in (dict, *_MAPPINGS):
        return (args[0], int)
    if wanted in _ONE_ITEM:
        items = item_types(hint)
        if items is None or len(items) <= 1:
            return items or None
        return (_union(items),)
    return _inherited(hint, wanted) or (args or None)


_MAPPINGS = (abstract.Mapping, abstract.MutableMapping)


def _union(items: tuple[Any, ...]) -> Any:
    from typing import Union

    return Union[items]  # noqa: UP007 - made of a tuple


def _inherited(hint: Any, wanted: Any) -> tuple[Any, ...] | None:
    """Return what the bases of a class say of the parameters of another."""
    kind = get_origin(hint) or hint
    if not isinstance(kind, type):
        return None
    for base in kind.__dict__.get("__orig_bases__", kind.__bases__):
        origin = get_origin(base) or base
        if origin in (Generic, Protocol, object) or not isinstance(origin, type):
            continue
        if issubclass(origin, wanted):
            found = parameters_as(substituted(base, hint), wanted)
            if found:
                return found
    return None


def substituted(hint: Any, alias: Any) -> Any:
    """Return a type with the variables of a class replaced by what `alias` gives for them.

    >>> T = TypeVar("T")
    >>> class Box(Generic[T]): ...
    >>> substituted(list[T], Box[int])
    list[int]
    """
    variables = getattr(get_origin(alias), "__parameters__", ())
    args = get_args(alias)
    if not variables or len(variables) != len(args):
        return hint
    known = dict(zip(variables, args, strict=True))
    if isinstance(hint, TypeVar):
        return known.get(hint, hint)
    needed = getattr(hint, "__parameters__", ()) if get_origin(hint) else ()
    return hint[tuple(known.get(name, name) for name in needed)] if needed else hint
