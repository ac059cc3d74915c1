"""Whether what one port gives fits what another takes: the rules of types.

Nothing is converted: an `int` does not fit a `float`. What is not known fits. The rules are those
of Python's typing, with one difference: containers are covariant (a `list[bool]` fits a
`list[int]`), for a step gets a copy, and what it adds to it nobody else sees. Values are judged in
`fit_values`, protocols in `protocols`, schemas of frames in `frames`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable as AbstractCallable
from typing import (
    Annotated,
    Any,
    ForwardRef,
    Literal,
    Never,
    NoReturn,
    ParamSpec,
    TypeVar,
    TypeVarTuple,
    get_args,
    get_origin,
    is_typeddict,
)

from thruway.kit.ports import frames, protocols
from thruway.kit.ports.annotations import Placeholder, field_hints, hints
from thruway.kit.ports.generics import (
    is_named_tuple,
    item_types,
    parameters_as,
    substituted,
    tuple_items,
)
from thruway.kit.ports.shown import UNIONS, show
from thruway.kit.ports.typed_dicts import dict_misfit
from thruway.kit.ports.types import Misfit

_DEEP = 60
_ABSTRACT = frozenset(
    {
        *("generic", "number", "integer", "signedinteger", "unsignedinteger", "inexact"),
        *("floating", "complexfloating", "flexible", "character"),
    }
)
_OPEN = (Placeholder, ForwardRef, ParamSpec, TypeVarTuple, str)


def fits(given: Any, wanted: Any) -> bool:
    """Return whether every value of one type may be passed where the other is asked for.

    >>> fits(bool, int), fits(int, float), fits(int, int | None)
    (True, False, True)
    """
    return misfit(given, wanted) is None


def misfit(given: Any, wanted: Any) -> Misfit | None:
    """Return why a type does not fit another, None if it does or if that is not known.

    >>> misfit(int | None, int).why
    'it may be None'
    """
    return _Judge().judge(given, wanted)


def items_of(given: Any) -> tuple[Any, ...] | None:
    """Return the types that the items of a list or tuple may have; None if it is neither.

    >>> items_of(list[int]), items_of(tuple[int, str]), items_of(dict)
    ((<class 'int'>,), (<class 'int'>, <class 'str'>), None)
    """
    given = plain(given)
    if is_open(given) or given is object:
        return ()
    if get_origin(given) in UNIONS:
        members = [items_of(member) for member in get_args(given)]
        known = [member for member in members if member is not None]
        return tuple(item for member in known for item in member) if known else None
    kind = get_origin(given) or given
    if not isinstance(kind, type) or not (issubclass(kind, list | tuple) or issubclass(list, kind)):
        return None
    return item_types(given) or ()


def members_of(hint: Any) -> tuple[Any, ...]:
    """Return what a union is made of; any other type is made of itself."""
    inner = plain(hint)
    return get_args(inner) if get_origin(inner) in UNIONS else (hint,)


def plain(hint: Any) -> Any:
    """Return a type without what only annotates it."""
    while True:
        alias = get_origin(hint) or hint
        if alias is Annotated:
            hint = get_args(hint)[0]
        elif type(alias).__name__ == "TypeAliasType":
            hint = _aliased(alias, get_args(hint))
        else:
            break
    if hint is None:
        return type(None)
    origin = get_origin(hint) or hint
    if isinstance(origin, type) and origin.__module__.startswith("pandera.typing"):
        # Typing-only classes: the values are plain frames.
        bases = (base for base in origin.__mro__ if not base.__module__.startswith("pandera"))
        return next(bases, hint)
    return hint


def _aliased(alias: Any, args: tuple[Any, ...]) -> Any:
    """Return what `type Name[T] = ...` stands for; NumPy writes `NDArray` so."""
    value = alias.__value__
    known = dict(zip(alias.__type_params__, args, strict=False))
    needed = getattr(value, "__parameters__", ())
    return value[tuple(known.get(name, name) for name in needed)] if needed and args else value


def is_open(hint: Any) -> bool:
    """Whether nothing is known of a type."""
    if hint is Any or isinstance(hint, _OPEN) or getattr(hint, "_name", "") == "Self":
        return True
    # What NumPy says of "anything like an array" is for its own stubs, not for comparing classes.
    return str(getattr(get_origin(hint) or hint, "__module__", "")).startswith("numpy._typing")


class _Judge:
    """Judges one pair of types, and the pairs inside it."""

    def __init__(self) -> None:
        self._going: list[tuple[Any, Any]] = []

    def judge(self, given: Any, wanted: Any) -> Misfit | None:
        # A type that is made of itself fits if nothing else in it does not.
        if len(self._going) > _DEEP or any(a is given and b is wanted for a, b in self._going):
            return None
        self._going.append((given, wanted))
        try:
            found = self._types(given, wanted)
        finally:
            self._going.pop()
        if found is not None:
            return found
        return frames.difference(given, wanted)

    def fits(self, given: Any, wanted: Any) -> bool:
        return self.judge(given, wanted) is None

    def _types(self, declared: Any, asked: Any) -> Misfit | None:
        given, wanted = plain(declared), plain(asked)
        if given is wanted or is_open(given) or is_open(wanted) or wanted is object:
            return None
        if given in (Never, NoReturn):
            return None
        if isinstance(given, TypeVar) or isinstance(wanted, TypeVar):
            return self._variable(given, wanted)
        if get_origin(given) in UNIONS:
            return self._union(given, wanted)
        if get_origin(given) is Literal and len(get_args(given)) > 1:
            return self._literals(get_args(given), wanted)
        if get_origin(wanted) in UNIONS:
            # With its schema, which may be that of one of them.
            return self._any_of(declared, get_args(wanted))
        if get_origin(given) is Literal:
            return self._literal(get_args(given)[0], wanted)
        if get_origin(wanted) is Literal:
            return self._one_of(given, wanted)
        return self._new_type(given, wanted)

    def _variable(self, given: Any, wanted: Any) -> Misfit | None:
        if isinstance(given, TypeVar):
            # What it stands for is known to a caller only: any of what it may be will do.
            may_be = _alternatives(given)
            possible = any(self.fits(m, wanted) or self.fits(wanted, m) for m in may_be)
            return None if possible or not may_be else Misfit()
        allowed = _alternatives(wanted)
        return self._any_of(given, allowed) if allowed else None

    def _union(self, given: Any, wanted: Any) -> Misfit | None:
        members = get_args(given)
        found = [(member, self.judge(member, wanted)) for member in members]
        bad = [(member, misfit) for member, misfit in found if misfit is not None]
        if not bad:
            return None
        member, first = bad[0]
        if member is type(None):
            return Misfit(
                "it may be None",
                f"return no None, or write `{show(wanted)} | None` for {{port}}",
            )
        if len(bad) == len(members):
            return Misfit()
        return Misfit(first.why or f"it may be {show(member)}", first.fix)

    def _any_of(self, given: Any, allowed: tuple[Any, ...]) -> Misfit | None:
        found = [self.judge(given, member) for member in allowed]
        if not found or any(each is None for each in found):
            return None
        real = [e for e, m in zip(found, allowed, strict=True) if m not in (None, type(None))]
        return (real[0] or Misfit()) if len(real) == 1 else Misfit()

    def _literals(self, values: tuple[Any, ...], wanted: Any) -> Misfit | None:
        found = [self.judge(Literal[value], wanted) for value in values]
        return next((each for each in found if each is not None), None)

    def _literal(self, value: Any, wanted: Any) -> Misfit | None:
        if get_origin(wanted) is not Literal:
            return self.judge(type(value), wanted)
        if any(value == choice and type(value) is type(choice) for choice in get_args(wanted)):
            return None
        return Misfit(f"it may be {value!r}", f"add {value!r} to the Literal of {{port}}")

    def _one_of(self, given: Any, wanted: Any) -> Misfit | None:
        choices = get_args(wanted)
        if given is bool and {True, False} <= {c for c in choices if type(c) is bool}:
            return None
        return Misfit(
            f"it may be any {show(given)}",
            f"annotate what gives it as {show(wanted)}, or {{port}} as {show(given)}",
        )

    def _new_type(self, given: Any, wanted: Any) -> Misfit | None:
        if hasattr(given, "__supertype__"):
            return self.judge(given.__supertype__, wanted)
        if hasattr(wanted, "__supertype__"):
            if self.fits(given, wanted.__supertype__):
                name = wanted.__name__
                return Misfit(
                    f"{name} is a type of its own", f"write {name}(…) where it is made, and say so"
                )
            return Misfit()
        return self._classes(given, wanted)

    def _classes(self, given: Any, wanted: Any) -> Misfit | None:
        given_class, wanted_class = get_origin(given) or given, get_origin(wanted) or wanted
        if is_typeddict(given_class) or is_typeddict(wanted_class):
            return dict_misfit(given, wanted, self.judge)
        if wanted_class is AbstractCallable:
            return self._callable(given, wanted)
        if not isinstance(given_class, type) or not isinstance(wanted_class, type):
            return None  # something that is no class: nothing to compare by
        found = self._class(given_class, wanted_class)
        return found if found is not None else self._parameters(given, wanted)

    def _class(self, given: type, wanted: type) -> Misfit | None:
        if wanted in given.__mro__:
            return None
        if protocols.is_protocol(wanted):
            return protocols.lack(given, wanted, self.fits)
        try:
            if issubclass(given, wanted):
                return None
        except TypeError:
            return None  # a class that cannot be asked about classes
        return Misfit(protocols.abstract_lack(given, wanted))

    def _parameters(self, given: Any, wanted: Any) -> Misfit | None:
        asked = get_args(wanted)
        if not asked:
            return None
        wanted_class = get_origin(wanted)
        if wanted_class is tuple:
            return self._tuple(given, asked)
        found = parameters_as(given, wanted_class)
        if found is None or len(found) != len(asked):
            return None  # a subclass may have other parameters than its base: no verdict
        if getattr(wanted_class, "__module__", "") == "numpy":
            return self._array(found, asked)
        return self._each(found, asked)

    def _each(self, given: tuple[Any, ...], wanted: tuple[Any, ...]) -> Misfit | None:
        for one, other in zip(given, wanted, strict=True):
            found = (
                None if isinstance(one, list) or isinstance(other, list) else self.judge(one, other)
            )
            if found is not None:
                return found
        return None

    def _array(self, given: tuple[Any, ...], wanted: tuple[Any, ...]) -> Misfit | None:
        if len(given) != 2:
            return self._each(given, wanted)
        if self.judge(given[1], wanted[1]) is None:
            return self.judge(given[0], wanted[0])
        dtype = (get_args(wanted[1]) or (wanted[1],))[0]
        name = getattr(dtype, "__name__", "")
        made = bool(name) and name not in _ABSTRACT
        return Misfit(
            "", f"write `{{value}}.astype(np.{name})` in a step; or {{change}}" if made else ""
        )

    def _tuple(self, given: Any, asked: tuple[Any, ...]) -> Misfit | None:
        found = tuple_items(given)
        if found is None:
            return None
        if asked[-1:] == (Ellipsis,):
            return self._all(found, asked[0])
        if found[-1:] == (Ellipsis,):
            return None if is_open(found[0]) else Misfit("it may have any number of items")
        if len(found) != len(asked):
            return Misfit(f"it has {len(found)} items, and {len(asked)} are asked for")
        return self._each(found, asked)

    def _all(self, given: tuple[Any, ...], wanted: Any) -> Misfit | None:
        for member in given:
            found = None if member is Ellipsis else self.judge(member, wanted)
            if found is not None:
                return found
        return None

    def _callable(self, given: Any, wanted: Any) -> Misfit | None:
        call = _call_of(given)
        if call is None:
            return Misfit(f"{show(given)} cannot be called")
        asked = get_args(wanted)
        if len(asked) != 2:
            return None
        parameters, returned = call
        if isinstance(parameters, list) and isinstance(asked[0], list):
            if len(parameters) != len(asked[0]):
                return Misfit(
                    f"it takes {_arguments(len(parameters))}, and is called with {len(asked[0])}"
                )
            for taken, passed in zip(parameters, asked[0], strict=True):
                if not self.fits(passed, taken):
                    return Misfit(f"it takes {show(taken)}, and is called with {show(passed)}")
        if self.fits(returned, asked[1]):
            return None
        return Misfit(f"it returns {show(returned)}, and {show(asked[1])} is asked for")


def _alternatives(variable: TypeVar) -> tuple[Any, ...]:
    if variable.__constraints__:
        return variable.__constraints__
    return () if variable.__bound__ is None else (variable.__bound__,)


def _arguments(count: int) -> str:
    return "1 argument" if count == 1 else f"{count} arguments"


def _call_of(given: Any) -> tuple[Any, Any] | None:
    """Return (types of the parameters, of the result) of what is called; None if it cannot be."""
    origin, args = get_origin(given) or given, get_args(given)
    unknown = Placeholder()
    if origin is AbstractCallable:
        return (args[0], args[1]) if len(args) == 2 else (unknown, unknown)
    if origin is type:
        return unknown, args[0] if args else unknown
    if not isinstance(origin, type):
        return unknown, unknown
    if not any("__call__" in base.__dict__ for base in origin.__mro__):
        return None
    call = inspect.getattr_static(origin, "__call__")
    found = hints(call) if inspect.isfunction(call) else {}
    return unknown, found.get("return", unknown)


def part_of(returned: Any, name: str) -> Any:
    """Return the type of one part of a result: a field, or a position ("0") of a tuple."""
    unknown, returned = Placeholder(), plain(returned)
    kind = get_origin(returned) or returned
    if not name.isdigit():
        found = field_hints(kind).get(name, unknown) if isinstance(kind, type) else unknown
        return substituted(found, returned)
    items = tuple_items(returned) if kind is tuple or is_named_tuple(kind) else ()
    if not items:
        return unknown
    if items[-1] is Ellipsis:
        return items[0]
    return items[int(name)] if int(name) < len(items) else unknown
