"""Whether a value can be stored and read back exactly, decided by its types where possible."""

from __future__ import annotations

import collections
import functools
import io
import pickle
import sys
import types
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from thruway.kit.values import atoms, objects, origin
from thruway.kit.values.reach import are_records, composite

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_BUDGET = 200_000
_DEPTH = 200
_GUARD = 8 << 20

# What these packages define is pickled by its authors, and their tests hold that.
_TRUSTED = {
    "numpy", "pandas", "scipy", "sklearn", "pyarrow", "polars", "xgboost", "lightgbm",
    "catboost", "datetime", "decimal", "fractions", "uuid", "zoneinfo", "re", "pathlib",
    "collections", "array", "random", "ipaddress", "builtins", "pytz",
}  # fmt: skip

_SINGLETONS = (type(None), type(...), type(NotImplemented))
_SEQUENCES = (list, tuple, set, frozenset, collections.deque)

_REASONS: dict[str, str] = {
    "generator": "a generator holds a running frame",
    "coroutine": "a coroutine holds a running frame",
    "async_generator": "a generator holds a running frame",
    "frame": "a frame of a running function",
    "traceback": "a traceback holds running frames",
    "module": "a module is imported, not stored",
    "mappingproxy": "a view of another dict",
    "dict_keys": "a view of another dict",
    "dict_values": "a view of another dict",
    "dict_items": "a view of another dict",
    "memoryview": "a view of another object's memory",
}
_ROOT_REASONS: dict[str, str] = {
    "_thread": "a lock or thread-local state belongs to its process",
    "threading": "a thread or lock belongs to its process",
    "socket": "an open socket",
    "_socket": "an open socket",
    "ssl": "an open connection",
    "sqlite3": "an open database connection",
    "_sqlite3": "an open database connection",
    "subprocess": "a running process",
    "multiprocessing": "belongs to its process",
    "asyncio": "belongs to a running loop",
    "_asyncio": "belongs to a running loop",
    "weakref": "a weak reference",
    "mmap": "an open file",
}


class _TooMuch(Exception):  # noqa: N818 - a stop sign, not a fault
    pass


class _Guard:
    """A file that only counts, and stops when it was enough to believe."""

    def __init__(self) -> None:
        self.left = _GUARD

    def write(self, data: Any) -> int:
        """Count bytes."""
        size = memoryview(data).nbytes
        self.left -= size
        if self.left < 0:
            raise _TooMuch
        return size


@dataclass
class Storability:
    """What a look through a value found.

    Attributes:
        reason: why it cannot be stored and read back exactly, "" when it can.
        definitions: functions and classes of the program that it names, by top-level name: they
            must be importable wherever it is read back. Complete only without a reason.
    """

    reason: str = ""
    definitions: set[str] = field(default_factory=set)


def unstorable(value: object) -> str:
    """Return why a value cannot be stored and read back exactly, "" when it can.

    Example:
        >>> unstorable([1, {"a": (2.0, None)}])
        ''
        >>> unstorable([print, iter([])])
        'a list_iterator is used up by reading it'
    """
    return storability(value).reason


def storability(value: object) -> Storability:
    """Return whether a value can be stored and read back exactly, and what of the program it needs.

    Example:
        >>> storability([print]).reason
        ''
    """
    found = Storability()
    found.reason = _reason(value, found.definitions)
    return found


def _reason(value: object, definitions: set[str]) -> str:
    stack: list[tuple[Any, int]] = [(value, 0)]
    seen: set[int] = set()
    held: list[Any] = []
    tried = False
    while stack:
        part, depth = stack.pop()
        if type(part) in atoms.CODES or id(part) in seen:
            continue
        seen.add(id(part))
        held.append(part)
        if len(held) > _BUDGET:
            return _try(value)
        try:
            reason, parts = _look(part)
            definitions.update(_definition(part))
        except Exception as error:  # a value of a user's program may raise at any look
            reason, parts = f"looking at it raised {type(error).__name__}", ()
        if reason:
            return reason
        if parts is None or depth > _DEPTH:
            tried, parts = True, parts or ()
        stack.extend((child, depth + 1) for child in parts)
    return _try(value) if tried else ""


def _definition(part: Any) -> Iterator[str]:
    """Yield the top-level name of a part of the program that a value names."""
    named = isinstance(part, type | types.FunctionType) or hasattr(type(part), "cache_info")
    thing = part if named else type(part)
    if origin.module_of(thing) == "__main__":
        yield str(getattr(thing, "__qualname__", "")).partition(".")[0]


def _look(part: Any) -> tuple[str, Iterable[Any] | None]:
    """Return a reason against one part, and what else to look at; None if only trying tells."""
    kind = type(part)
    if kind in (list, tuple, set, frozenset):
        return "", () if kind is list and are_records(part) else composite(part)
    if kind is dict:
        return "", [*composite(part.keys()), *composite(part.values())]
    reason = refused(kind)
    if reason:
        return reason, ()
    torch = sys.modules.get("torch")
    if torch is not None and issubclass(kind, torch.Tensor) and part.grad_fn is not None:
        return "a tensor that remembers how it was computed, for `backward`", ()
    if isinstance(part, type | types.FunctionType | types.BuiltinFunctionType):
        return _by_name(part), ()
    if kind is types.MethodType:
        return "", (part.__self__,)
    if kind is functools.partial:
        return "", (part.func, part.args, part.keywords)
    if isinstance(part, BaseException) and part.__traceback__ is not None:
        return "an exception holds the running frames that it went through", ()
    trusted = origin.root(origin.module_of(kind)) in _TRUSTED
    if not trusted and not origin.importable(kind):
        return _by_name(kind), ()
    return "", _inside(part, kind, trusted)


def _keeps_its_place(kind: type) -> bool:
    """Whether what can be iterated over is more than a way through something else.

    A class of the program says all in its attributes; one of a library that says how it is pickled
    (a Kalman filter, which can be stepped through) is what its state is.
    """
    module = origin.module_of(kind)
    if origin.first_party(module):
        return True
    standard = origin.root(module) in sys.stdlib_module_names
    return not standard and any("__reduce__" in vars(base) for base in kind.__mro__[:-1])


def refused(kind: type) -> str:
    """Return why values of a class are never stored, "" when their content decides."""
    reason = _REASONS.get(kind.__name__, "")
    if reason and origin.module_of(kind) in {"builtins", "types"}:
        return reason
    if issubclass(kind, types.ModuleType):
        return _REASONS["module"]
    roots = {origin.root(origin.module_of(base)) for base in kind.__mro__}
    for name in sorted(roots & _ROOT_REASONS.keys()):
        return _ROOT_REASONS[name]
    if objects.is_drawn(kind):
        return f"a matplotlib {kind.__name__} belongs to its figure"
    if kind.__name__ == "memmap" and origin.root(origin.module_of(kind)) == "numpy":
        return "an array that is a file"
    if issubclass(kind, io.IOBase):
        return "" if kind in (io.StringIO, io.BytesIO) else "an open file"
    if hasattr(kind, "__next__") and not _keeps_its_place(kind):
        return f"a {kind.__name__} is used up by reading it"
    return ""


def _by_name(thing: Any) -> str:
    """Return why a class or function is not found again by its name."""
    owner = getattr(thing, "__self__", None)
    if isinstance(thing, types.BuiltinFunctionType) and owner is not None:
        return "" if isinstance(owner, types.ModuleType | type) else _look(owner)[0]
    if origin.importable(thing) or thing in _SINGLETONS:
        return ""
    name = str(getattr(thing, "__qualname__", thing))
    what = "class" if isinstance(thing, type) else "function"
    if "<lambda>" in name:
        return "a lambda has no name to be imported by"
    if "<locals>" in name:
        return f"the {what} `{origin.qualname_of(thing)}` is defined inside a function"
    return f"the {what} `{name}` is not found in its module"


def _inside(part: Any, kind: type, trusted: bool) -> Iterable[Any] | None:
    """Return the parts of an object of a class that can be imported."""
    np = sys.modules.get("numpy")
    if np is not None and isinstance(part, np.ufunc):
        return None  # those that `frompyfunc` makes are found nowhere
    if np is not None and isinstance(part, np.ndarray):
        return composite(part.ravel().tolist()) if part.dtype.kind == "O" else ()
    pd = sys.modules.get("pandas")
    if pd is not None and isinstance(part, pd.DataFrame | pd.Series):
        return _columns(part)
    custom = any(
        getattr(kind, name, None) is not getattr(object, name)
        for name in ("__reduce__", "__reduce_ex__", "__getstate__")
    )
    if custom and not trusted:
        return None
    if isinstance(part, dict):
        held = [*composite(dict.keys(part)), *composite(dict.values(part))]
        if isinstance(part, collections.defaultdict):
            held.append(part.default_factory)
    else:
        held = composite(list(part)) if isinstance(part, _SEQUENCES) else []
    attributes = getattr(part, "__dict__", None)
    if attributes is None and not trusted and not hasattr(kind, "__slots__"):
        return None
    held += composite((attributes or {}).values())
    for base in kind.__mro__:
        held += composite([piece for _, piece in objects.slots(part, base)])
    return held


def _columns(part: Any) -> Iterable[Any]:
    """Return what is not an atom in the object columns of a frame."""
    for block in getattr(part._mgr, "blocks", ()):
        if str(block.values.dtype) == "object":
            yield from composite(block.values.ravel().tolist())
    yield from composite(part.attrs.values())


def _try(value: object) -> str:
    """Pickle a value into nothing, as far as the guard lets it."""
    try:
        pickle.Pickler(_Guard(), protocol=5).dump(value)
    except _TooMuch:
        return ""
    except RecursionError:
        return "nested too deeply"
    except BaseException as error:  # any class may refuse in its own way
        if not isinstance(error, Exception) and not is_panic(error):
            raise
        return f"pickle refuses it: {str(error) or type(error).__name__}"[:200]
    return ""


def is_panic(error: BaseException) -> bool:
    """Return whether an error is how compiled code in Rust says that it cannot."""
    return type(error).__name__ == "PanicException"
