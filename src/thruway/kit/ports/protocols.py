"""Whether a class has what a `typing.Protocol` asks for, and what it lacks.

Methods have to be there and to take what they are called with. An attribute that is only
annotated in the protocol may be set when an object is made, which a class does not show: that
one is missing is not known.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, NamedTuple

from thruway.kit.ports.annotations import hints
from thruway.kit.ports.shown import show
from thruway.kit.ports.types import Misfit

if TYPE_CHECKING:
    from collections.abc import Callable

# What a class statement adds by itself.
_INNER = frozenset(
    {
        *("__abstractmethods__", "__annotate__", "__annotate_func__", "__annotations__"),
        *("__annotations_cache__", "__callable_proto_members_only__", "__class_getitem__"),
        *("__dict__", "__doc__", "__firstlineno__", "__init__", "__match_args__", "__module__"),
        *("__new__", "__non_callable_proto_members__", "__orig_bases__", "__parameters__"),
        *("__protocol_attrs__", "__qualname__", "__slots__", "__static_attributes__"),
        *("__subclasshook__", "__type_params__", "__weakref__", "_abc_impl", "_is_protocol"),
        "_is_runtime_protocol",
    }
)


def is_protocol(kind: Any) -> bool:
    """Whether a class is a protocol itself, and not only made after one."""
    return isinstance(kind, type) and bool(getattr(kind, "_is_protocol", False))


def members(protocol: type) -> dict[str, Any]:
    """Return what a protocol asks for: a method, or None for an attribute."""
    found: dict[str, Any] = {}
    for base in reversed(protocol.__mro__):
        if not is_protocol(base) or (base.__module__ == "typing" and base.__name__ == "Protocol"):
            continue
        names = {**dict.fromkeys(inspect.get_annotations(base)), **base.__dict__}
        for name, value in names.items():
            if name not in _INNER:
                found[name] = value if _is_method(value) else None
    return found


def _is_method(value: object) -> bool:
    return inspect.isroutine(value) or isinstance(value, staticmethod | classmethod)


def lack(given: type, protocol: type, fits: Callable[[Any, Any], bool]) -> Misfit | None:
    """Return what a class lacks of what a protocol asks for, None if nothing is known to be.

    Args:
        given: the class.
        protocol: the protocol.
        fits: whether one type fits another, for parameters and results of methods.
    """
    wanted = members(protocol)
    if _is_dynamic(given):
        return None
    missing = [
        name for name, value in wanted.items() if value is not None and not _has(given, name)
    ]
    if missing:
        return _missing(given, protocol, missing)
    for name, value in wanted.items():
        found = value is not None and _other_call(given, protocol, name, fits)
        if found:
            return found
    return None


def abstract_lack(given: type, wanted: type) -> str:
    """Return which methods keep a class from being a simple abstract one (`Iterable`), or ""."""
    asked: frozenset[str] = getattr(wanted, "__abstractmethods__", frozenset())
    missing = sorted(name for name in asked if not _has(given, name))
    return f"`{given.__name__}` has no {_methods(missing)}" if missing else ""


def _missing(given: type, protocol: type, names: list[str]) -> Misfit:
    methods = _methods(names)
    return Misfit(
        f"`{given.__name__}` has no {methods}",
        f"give something that has the {methods}, or ask for less than `{protocol.__name__}` for "
        "{port}",
    )


def _methods(names: list[str]) -> str:
    listed = ", ".join(f"`{name}`" for name in names)
    return f"{'methods' if len(names) > 1 else 'method'} {listed}"


def _has(kind: type, name: str) -> bool:
    for base in kind.__mro__:
        if name in base.__dict__:
            return base.__dict__[name] is not None
        if name in inspect.get_annotations(base):
            return True
    return False


def _is_dynamic(kind: type) -> bool:
    """Whether what an object has is computed when it is asked for."""
    return any(
        inspect.isfunction(base.__dict__.get(name))
        for base in kind.__mro__
        for name in ("__getattr__", "__getattribute__")
    )


def _other_call(
    given: type, protocol: type, name: str, fits: Callable[[Any, Any], bool]
) -> Misfit | None:
    mine, theirs = _signature(given, name), _signature(protocol, name)
    if mine is None or theirs is None:
        return None
    taken, asked = mine.signature, theirs.signature
    if not _takes(taken, asked):
        return Misfit(
            f"`{given.__name__}.{name}` takes {_listed(taken)}, and is called with "
            f"{_listed(asked)} in `{protocol.__name__}`",
            f"give `{given.__name__}.{name}` these parameters, or change `{protocol.__name__}`",
        )
    returned, wanted = mine.hints.get("return"), theirs.hints.get("return")
    known = "return" in mine.hints and "return" in theirs.hints
    if known and not fits(returned, wanted):
        return Misfit(
            f"`{given.__name__}.{name}` returns {show(returned)}, and {show(wanted)} in "
            f"`{protocol.__name__}`",
            f"correct what one of the two methods `{name}` is said to return",
        )
    return None


class _Method(NamedTuple):
    signature: inspect.Signature
    hints: dict[str, Any]


def _signature(kind: type, name: str) -> _Method | None:
    """Return how a method is called on an object; None if that is not known."""
    raw = next((b.__dict__[name] for b in kind.__mro__ if name in b.__dict__), None)
    try:
        method: Any = getattr(kind, name)
        signature = inspect.signature(method)
        found = hints(method)
    except Exception:  # whatever a descriptor raises when it is asked on the class
        return None
    if inspect.isfunction(method) and not isinstance(raw, staticmethod):
        parameters = list(signature.parameters.values())
        if not parameters:
            return None
        if parameters[0].kind is not inspect.Parameter.VAR_POSITIONAL:
            signature = signature.replace(parameters=parameters[1:])
    elif not isinstance(raw, staticmethod | classmethod):
        # A method of a C class, or a descriptor: whether `self` is in it is not known.
        return None
    return _Method(signature, found)


_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def _takes(taken: inspect.Signature, asked: inspect.Signature) -> bool:
    """Whether every call that one signature allows is taken by the other."""
    wanted = asked.parameters.values()
    positional = [p for p in wanted if p.kind in _POSITIONAL]
    named = [p for p in wanted if p.kind is inspect.Parameter.KEYWORD_ONLY]
    for needed_only in (False, True):
        values = [p for p in positional if not needed_only or p.default is p.empty]
        names = [p.name for p in named if not needed_only or p.default is p.empty]
        try:
            taken.bind(*values, **dict.fromkeys(names))
        except TypeError:
            return False
    return True


def _listed(signature: inspect.Signature) -> str:
    plain = [p.replace(annotation=p.empty) for p in signature.parameters.values()]
    return str(inspect.Signature(plain))
