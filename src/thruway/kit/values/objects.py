"""Digests of Python's own things: containers, functions, classes, and objects of any class.

An object is its class and its state, the state being what pickle would take, without what the
object merely caches. Functions are their names, signatures, defaults and closures, never their
code, which compiles differently wherever the same text is nested.
"""

from __future__ import annotations

import abc
import collections
import contextlib
import copyreg
import enum
import functools
import io
import random
import sys
import types
import warnings
from typing import TYPE_CHECKING, Any

from thruway.kit.values import atoms, origin
from thruway.kit.values.atoms import text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from thruway.kit.values.digesting import Handler, Walk

_NOTHING: tuple[Any, ...] = ()
_COLORMAP = "matplotlib.colors.Colormap"
ADDRESS_OF_STOP_WORDS = "_stop_words_id"
"""What vectorizers of scikit-learn keep, and means something in one process only."""

# What hides its state, or would change if it were looked at.
_OPAQUE_ROOTS = {
    "_asyncio", "_queue", "_socket", "_sqlite3", "_ssl", "_thread", "asyncio", "concurrent",
    "mmap", "multiprocessing", "queue", "select", "socket", "sqlite3",
    "subprocess", "threading", "weakref",
}  # fmt: skip
_DESCRIPTORS = (
    types.GetSetDescriptorType, types.MemberDescriptorType, types.WrapperDescriptorType,
    types.MethodDescriptorType, types.ClassMethodDescriptorType,
)  # fmt: skip


def _list(walk: Walk, value: list[Any]) -> Iterator[Any]:
    walk.write("list")
    return walk.sequence(value)


def _tuple(walk: Walk, value: tuple[Any, ...]) -> Iterator[Any]:
    walk.write("tuple")
    return walk.sequence(value)


def _dict(walk: Walk, value: dict[Any, Any]) -> Iterator[Any]:
    walk.write("dict")
    return walk.mapping(value)


def _set(walk: Walk, value: Any) -> Iterator[Any]:
    walk.write(type(value).__name__)
    return walk.unordered(value)


def _slice(walk: Walk, value: slice) -> Iterator[Any]:
    walk.write("slice")
    return iter((value.start, value.stop, value.step))


def _bytearray(walk: Walk, value: bytearray) -> Iterator[Any]:
    walk.write("bytearray")
    walk.bulk(bytes(value))
    return iter(_NOTHING)


def _memoryview(walk: Walk, value: memoryview) -> Iterator[Any]:
    walk.write("memoryview", text(f"{value.format}{value.shape}"))
    walk.bulk(value.tobytes())
    return iter(_NOTHING)


def _array(walk: Walk, value: Any) -> Iterator[Any]:
    walk.write("array", text(value.typecode))
    walk.bulk(value.tobytes())
    return iter(_NOTHING)


def _deque(walk: Walk, value: Any) -> Iterator[Any]:
    walk.write("deque", text(str(value.maxlen)))
    return walk.sequence(list(value))


def _proxy(walk: Walk, value: Any) -> Iterator[Any]:
    walk.write("mappingproxy")
    return walk.mapping(dict(value))


def _module(walk: Walk, value: types.ModuleType) -> Iterator[Any]:
    walk.write("module", text(value.__name__))
    return iter(_NOTHING)


def _builtin(walk: Walk, value: Any) -> Iterator[Any]:
    owner = getattr(value, "__self__", None)
    walk.write("builtin", text(f"{origin.module_of(value)}:{value.__qualname__}"))
    if owner is not None and not isinstance(owner, types.ModuleType):
        yield owner


def _method(walk: Walk, value: types.MethodType) -> Iterator[Any]:
    walk.write("method")
    yield value.__func__
    yield value.__self__


def _function(walk: Walk, value: types.FunctionType) -> Iterator[Any]:
    """Write a function's name and signature; its defaults and closure are its parts."""
    code = value.__code__
    count = code.co_argcount + code.co_kwonlyargcount
    count += bool(code.co_flags & 4) + bool(code.co_flags & 8)
    names = ",".join(code.co_varnames[:count])
    shape = f"{code.co_posonlyargcount}|{code.co_argcount}|{code.co_kwonlyargcount}"
    walk.write("function", text(f"{origin.token(value)}({names}){shape}|{code.co_flags & 12}"))
    yield value.__defaults__
    yield value.__kwdefaults__
    closure = () if origin.in_step(value) else value.__closure__ or ()
    cells = zip(code.co_freevars if closure else (), closure, strict=True)
    for name, cell in sorted(cells, key=lambda pair: pair[0]):
        yield name
        try:
            content = cell.cell_contents
        except ValueError:
            walk.write("empty")
        else:
            yield content
    extra = {k: v for k, v in value.__dict__.items() if k != "__wrapped__"}
    if extra:
        walk.write("attributes")
        yield extra


def _partial(walk: Walk, value: functools.partial[Any]) -> Iterator[Any]:
    walk.write("partial", text(origin.token(type(value))))
    return iter((value.func, value.args, value.keywords))


def _cached(walk: Walk, value: Any) -> Iterator[Any]:
    """Write a function with a cache; what it remembers counts if calling it does more than that."""
    walk.write("wrapped", text(origin.token(type(value))))
    if _holds_data(value.__wrapped__):
        walk.write("remembers", text(str(value.cache_info())))
    return iter((value.__wrapped__,))


def _holds_data(function: Any) -> bool:
    """Whether a function of the program reads data that may change, as a global or in a cell."""
    code = getattr(function, "__code__", None)
    if code is None or not origin.first_party(origin.module_of(function)):
        return False
    found = [function.__globals__[name] for name in code.co_names if name in function.__globals__]
    for cell in function.__closure__ or ():
        with contextlib.suppress(ValueError):  # an empty one
            found.append(cell.cell_contents)
    return not all(_is_definition(value) for value in found)


def _is_definition(value: Any) -> bool:
    kinds = (types.ModuleType, types.FunctionType, types.BuiltinFunctionType, type)
    return isinstance(value, kinds) or hasattr(value, "__wrapped__") or _is_atom(type(value))


def _is_atom(kind: type) -> bool:
    return atoms.leaf(kind) is not None


def _warning(walk: Walk, value: Any) -> Iterator[Any]:
    """Write a recorded warning without the place in a file that it came from."""
    walk.write("warning", text(value.category.__name__))
    return iter((value.message,))


def _callbacks(walk: Walk, _: Any) -> Iterator[Any]:
    """Write that there are callbacks: who listens changes with every look at a figure."""
    walk.write("callbacks")
    return iter(_NOTHING)


def _descriptor(walk: Walk, value: Any) -> Iterator[Any]:
    walk.write("descriptor", text(f"{origin.token(value.__objclass__)}.{value.__name__}"))
    return iter(_NOTHING)


def _alias(walk: Walk, value: Any) -> Iterator[Any]:
    walk.write("alias")
    return iter((value.__origin__, value.__args__))


def _union(walk: Walk, value: Any) -> Iterator[Any]:
    walk.write("union")
    return iter((value.__args__,))


def _class(walk: Walk, value: type) -> Iterator[Any]:
    """Write a class's name; for first-party classes its data attributes are its parts."""
    walk.write("class", text(origin.token(value)))
    if not origin.first_party(origin.module_of(value)):
        return
    yield value.__bases__
    if isinstance(value, abc.ABCMeta) and (registered := _registered(value)):
        walk.write("registered", text(" ".join(registered)))
    for name, part in sorted(class_data(value).items()):
        yield name
        yield part


def _registered(kind: abc.ABCMeta) -> list[str]:
    """Return the classes that an abstract class was told to count as its own."""
    references = sys.modules["_abc"]._get_dump(kind)[0]  # the public way only prints it
    return sorted(origin.token(found) for one in references if (found := one()) is not None)


def class_data(kind: type) -> dict[str, Any]:
    """Return the attributes of a class that hold data rather than behaviour."""
    behaviour = (
        types.FunctionType, staticmethod, classmethod, property, functools.cached_property,
        *_DESCRIPTORS,
    )  # fmt: skip
    return {
        name: part
        for name, part in vars(kind).items()
        if not (name.startswith(("__", "_abc_")) or isinstance(part, behaviour))
    }


def _random(walk: Walk, value: random.Random) -> Iterator[Any]:
    walk.write("random", text(origin.token(type(value))))
    if not isinstance(value, random.SystemRandom):
        yield value.getstate()


def _text_file(walk: Walk, value: io.StringIO | io.BytesIO) -> Iterator[Any]:
    walk.write("memory file", text(type(value).__name__))
    if not value.closed:
        yield value.getvalue()
        yield value.tell()


def _opaque(walk: Walk, value: Any) -> Iterator[Any]:
    walk.give_up(value)
    return iter(_NOTHING)


def _enum(walk: Walk, value: enum.Enum) -> Iterator[Any]:
    walk.write("enum", text(f"{origin.token(type(value))}.{value._name_}"))
    return iter((value._value_,))


EXACT: dict[type, Handler] = {
    list: _list,
    tuple: _tuple,
    dict: _dict,
    set: _set,
    frozenset: _set,
    slice: _slice,
    bytearray: _bytearray,
    memoryview: _memoryview,
    types.ModuleType: _module,
    types.BuiltinFunctionType: _builtin,
    types.MethodType: _method,
    types.FunctionType: _function,
    types.MappingProxyType: _proxy,
    types.GenericAlias: _alias,
    types.UnionType: _union,
    functools.partial: _partial,
    io.StringIO: _text_file,
    io.BytesIO: _text_file,
    **dict.fromkeys(_DESCRIPTORS, _descriptor),
}
_NAMED: dict[str, Handler] = {
    "array.array": _array,
    "collections.deque": _deque,
    "functools._lru_cache_wrapper": _cached,
    "matplotlib.cbook.CallbackRegistry": _callbacks,
    "warnings.WarningMessage": _warning,
    "typing._GenericAlias": _alias,
    "typing._UnionGenericAlias": _alias,
}


def handler(kind: type) -> Handler:
    """Return how values of a class are digested, when no library claims it."""
    known = EXACT.get(kind) or _NAMED.get(f"{kind.__module__}.{kind.__qualname__}")
    if known is not None:
        return known
    if issubclass(kind, enum.Enum):
        return _enum
    if issubclass(kind, type):
        return _class
    if issubclass(kind, types.ModuleType):
        return _module
    if issubclass(kind, random.Random):
        return _random
    if is_opaque(kind):
        return _opaque
    return _object


def is_opaque(kind: type) -> bool:
    """Return whether values of a class hide their state or would change when looked at."""
    mine = origin.first_party(origin.module_of(kind))
    if any(origin.root(origin.module_of(base)) in _OPAQUE_ROOTS for base in kind.__mro__):
        return True
    if is_drawn(kind):
        return True
    if hasattr(kind, "__next__") or issubclass(kind, io.IOBase):
        # A user's own iterator has its position among its attributes; others hide theirs.
        return not mine or issubclass(kind, io.IOBase)
    return issubclass(
        kind, (types.CoroutineType, types.AsyncGeneratorType, types.FrameType, types.TracebackType)
    )


def is_drawn(kind: type) -> bool:
    """Return whether a class is a part of a matplotlib figure, or one itself."""
    return _is_drawn(kind)


@functools.lru_cache(maxsize=1024)
def _is_drawn(kind: type) -> bool:
    return any(
        base.__name__ in {"Artist", "Colorbar", "FigureBase", "FigureCanvasBase"}
        and origin.root(origin.module_of(base)) == "matplotlib"
        for base in kind.__mro__
    )


def _object(walk: Walk, value: Any) -> Iterator[Any]:
    """Write an object's class; its content as a container and its state are its parts."""
    kind = type(value)
    walk.write("object", text(origin.token(kind)))
    yield from _content(walk, value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pieces = state(value)
    if pieces is None:
        walk.give_up(value)
        return
    for name, piece in pieces:
        walk.write("state", text(name))
        yield piece


def _content(walk: Walk, value: Any) -> Iterator[Any]:
    """Yield what a subclass of a built-in container holds, whatever its own methods say."""
    if isinstance(value, dict):
        yield from walk.mapping(value)
    elif isinstance(value, list):
        yield from walk.sequence(list.copy(value))
    elif isinstance(value, tuple):
        yield from walk.sequence(tuple(tuple.__iter__(value)))
    elif isinstance(value, set | frozenset):
        yield from walk.unordered(frozenset(value))
    elif isinstance(value, int | float | complex | str | bytes | bytearray):
        base = next(b for b in (int, float, complex, str, bytes, bytearray) if isinstance(value, b))
        yield _plain(base, value)


def _plain(base: type, value: Any) -> Any:
    if base is str:
        return str.__str__(value)
    if base in (bytes, bytearray):
        return bytes(memoryview(value))
    return getattr(base, "__pos__")(value)  # noqa: B009 - the base's own, whatever it is


def _overrides(kind: type, name: str) -> bool:
    return getattr(kind, name, None) is not getattr(object, name)


def state(value: Any) -> list[tuple[str, Any]] | None:
    """Return the named parts of an object's state, None when it hides them.

    Raises whatever the object's own pickle methods raise.
    """
    kind = type(value)
    reduce = copyreg.dispatch_table.get(kind)
    if reduce is not None or _overrides(kind, "__reduce__") or _overrides(kind, "__reduce_ex__"):
        if not isinstance(value, dict | list | set | frozenset | tuple | BaseException):
            return _reduced(value, reduce)
    elif _overrides(kind, "__getstate__") and not isinstance(value, dict | list):
        return _attributes(kind, value.__getstate__())
    return _own_state(value, kind)


def _own_state(value: Any, kind: type) -> list[tuple[str, Any]] | None:
    """Read attributes and slots without calling anything of the object's."""
    found: dict[str, Any] = {}
    for base in kind.__mro__:
        found.update(slots(value, base))
    try:
        attributes = object.__getattribute__(value, "__dict__")
    except AttributeError:
        attributes = {}
    if isinstance(value, BaseException):
        found["args"] = value.args
    if isinstance(value, collections.defaultdict) and value.default_factory is not None:
        found["default_factory"] = value.default_factory
    found.update(attributes)
    if not found and _hides(value):
        return None
    return _attributes(kind, found)


def slots(value: Any, base: type) -> Iterator[tuple[str, Any]]:
    """Yield the slots of one class in an object's ancestry that are set."""
    for name, member in _slots_of(base):
        try:
            yield name, member.__get__(value)
        except AttributeError:  # a slot that was never set
            continue


@functools.lru_cache(maxsize=1024)
def _slots_of(base: type) -> tuple[tuple[str, Any], ...]:
    return tuple(
        (name, member)
        for name, member in vars(base).items()
        if isinstance(member, types.MemberDescriptorType) and not name.startswith("__")
    )


def _hides(value: Any) -> bool:
    """Return whether a compiled class keeps state that no attribute shows."""
    try:
        value.__reduce_ex__(2)
    except Exception:  # pickle refuses a layout that is larger than what it can see
        return True
    return False


def _attributes(kind: type, found: Any) -> list[tuple[str, Any]]:
    """Sort attributes by name, and leave out what the object only caches."""
    if isinstance(found, tuple) and len(found) == 2 and isinstance(found[1], dict):
        found = {**(found[0] or {}), **found[1]}
    if not isinstance(found, dict) or not all(type(name) is str for name in found):
        return [] if found is None else [("", found)]
    caches = _caches_of(kind)
    return [(name, found[name]) for name in sorted(found) if name not in caches]


@functools.lru_cache(maxsize=1024)
def _caches_of(kind: type) -> frozenset[str]:
    """Return the names of attributes that hold what can be made again."""
    members: dict[str, Any] = {}
    for base in reversed(kind.__mro__):
        members.update(vars(base))
    cached = functools.cached_property
    found = {name for name, member in members.items() if isinstance(member, cached)}
    if any(f"{base.__module__}.{base.__name__}" == _COLORMAP for base in kind.__mro__):
        found |= {"_isinit", "_lut"}  # its colours as a table, from when it is first drawn
    # scikit-learn loses the first of its own in pickling; the second is an address.
    own = {"_deprecated_key_to_warnings", ADDRESS_OF_STOP_WORDS}
    return frozenset(found | own | {"_cache", "__weakref__"})


def _reduced(value: Any, reduce: Callable[[Any], Any] | None) -> list[tuple[str, Any]] | None:
    """Return the parts that pickle would take of an object that says so itself."""
    try:
        result = reduce(value) if reduce else value.__reduce_ex__(4)
    except Exception:  # what cannot be pickled hides its state
        return None
    if isinstance(result, str):
        return [("global", result)]
    function, args, *rest = result
    parts = [("function", getattr(function, "__qualname__", "")), ("args", args)]
    if rest and rest[0] is not None:
        parts += _attributes(type(value), rest[0])
    parts += [(name, list(items)) for name, items in _items(rest)]
    return parts


def _items(rest: list[Any]) -> Iterator[tuple[str, Any]]:
    """Name the iterators that pickle would draw list items and dict items from."""
    for name, items in zip(("items", "pairs"), rest[1:3], strict=False):
        if items is not None:
            yield name, items
