"""TypedDicts at ports: compared by their keys, whatever they are called."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, get_args, get_origin, is_typeddict

from thruway.kit.ports.annotations import Placeholder, field_hints
from thruway.kit.ports.generics import item_types, parameters_as
from thruway.kit.ports.shown import show
from thruway.kit.ports.types import Misfit

if TYPE_CHECKING:
    from collections.abc import Callable

    Judge = Callable[[Any, Any], Misfit | None]

_NOTES = ("Required", "NotRequired", "ReadOnly")


def dict_misfit(given: Any, wanted: Any, judge: Judge) -> Misfit | None:
    """Return why a TypedDict does not fit a type, or a type a TypedDict; None if it may."""
    one, other = get_origin(given) or given, get_origin(wanted) or wanted
    if is_typeddict(one) and is_typeddict(other):
        return _keys(one, other, judge)
    if is_typeddict(other):
        return _from_plain(given, other, judge)
    return _as_plain(one, wanted, judge)


def keys_of(kind: Any) -> dict[str, Any]:
    """Return key → type of a TypedDict."""
    return {name: _unmarked(hint) for name, hint in field_hints(kind).items()}


def required_keys(kind: Any) -> frozenset[str]:
    """Return the keys that must be there."""
    found = frozenset(kind.__required_keys__)
    # Annotations that are text hide the marks from the class itself.
    for name, hint in field_hints(kind).items():
        mark = _mark(hint)
        found = found | {name} if mark == "Required" else found
        found = found - {name} if mark == "NotRequired" else found
    return found


def _mark(hint: Any) -> str:
    return str(getattr(get_origin(hint), "_name", "") or "")


def _unmarked(hint: Any) -> Any:
    while _mark(hint) in _NOTES:
        hint = get_args(hint)[0]
    return hint


def is_closed(kind: Any) -> bool:
    """Whether other keys are refused (`closed=True`, PEP 728)."""
    return getattr(kind, "__closed__", None) is True


def _keys(one: Any, other: Any, judge: Judge) -> Misfit | None:
    given, wanted = keys_of(one), keys_of(other)
    needed, sure = required_keys(other), required_keys(one)
    for name, hint in wanted.items():
        if name not in given:
            if name in needed:
                return _missing(one, other, name, hint)
            continue
        if name in needed and name not in sure:
            return Misfit(
                f"the key `{name}` may be missing from `{one.__name__}`",
                f"make `{name}` required in `{one.__name__}`, or NotRequired in `{other.__name__}`",
            )
        if judge(given[name], hint) is not None:
            return Misfit(
                f"the key `{name}` is {show(given[name])} in `{one.__name__}`, and {show(hint)} "
                f"in `{other.__name__}`",
                f"write the same type for `{name}` in both, or convert it in a step",
            )
    further = [name for name in given if name not in wanted]
    if further and is_closed(other):
        return Misfit(
            f"`{other.__name__}` is closed, and `{one.__name__}` has the key `{further[0]}` too",
            f"add `{further[0]}` to `{other.__name__}`, or leave it out in a step",
        )
    return None


def _missing(one: Any, other: Any, name: str, hint: Any) -> Misfit:
    return Misfit(
        f"`{one.__name__}` has no key `{name}`, which `{other.__name__}` asks for",
        f"add `{name}: {show(hint)}` to `{one.__name__}`, or make it NotRequired in "
        f"`{other.__name__}`",
    )


def _from_plain(given: Any, other: Any, judge: Judge) -> Misfit | None:
    """Judge a plain dict: which keys it has is not known, what they can hold may be."""
    kind = get_origin(given) or given
    if not isinstance(kind, type):
        return None
    if not issubclass(kind, dict):
        return Misfit("" if not issubclass(kind, Mapping) else "it may be no dict")
    found = parameters_as(given, dict)
    if found is None or len(found) != 2:
        return None
    if judge(found[0], str) is not None:
        return Misfit(f"its keys are {show(found[0])}, and those of `{other.__name__}` are str")
    for name in sorted(required_keys(other)):
        hint = keys_of(other)[name]
        if judge(found[1], hint) is not None and judge(hint, found[1]) is not None:
            return Misfit(
                f"its values are {show(found[1])}, and the key `{name}` of `{other.__name__}` is "
                f"{show(hint)}"
            )
    return None


def _as_plain(one: Any, wanted: Any, judge: Judge) -> Misfit | None:
    kind = get_origin(wanted) or wanted
    if not isinstance(kind, type):
        return None
    values: Any = tuple(keys_of(one).values()) or (Placeholder(),)
    union = typing.Union[values]  # noqa: UP007 - made of a tuple
    if kind in (dict, Mapping) or kind.__name__ == "MutableMapping":
        asked = get_args(wanted)
        return judge(dict[str, union], wanted) if len(asked) == 2 else None
    found = judge(dict, kind)
    items = item_types(wanted)
    if found is not None or not items:
        return found
    return judge(str, items[0])
