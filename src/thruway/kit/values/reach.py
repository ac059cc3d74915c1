"""The mutable things that can be reached from a value: objects, array memory, frame memory.

A bounded walk that skips atoms by type and never calls anything of the user's. Under pandas'
copy-on-write two frames that share memory do not share in effect, so a frame's memory is kept
apart from an array's (`Reach.lent`): an array taken from a frame sees what is later written to
the frame, another frame does not.
"""

from __future__ import annotations

import datetime as dt
import functools
import gc
import sys
import types
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

from thruway.kit.values import arrays, atoms, objects, origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_BUDGET = 1_000_000
_OBJECT_SAMPLE = 200_000

# Types without parts that anyone could change.
_FIXED = (
    types.ModuleType, types.BuiltinFunctionType, types.CodeType, types.FrameType, property,
    dt.date, dt.time, dt.timedelta, dt.tzinfo,
)  # fmt: skip


@dataclass
class Reach:
    """What was reached.

    Attributes:
        objects: ids of mutable objects, and addresses of the memory of arrays.
        lent: the arrays of frames under copy-on-write which a write to the frame changes in
            place, by the address of their memory.
        arrays: the arrays reached, for those who restore what they share.
        complete: False when the budget ran out.
    """

    objects: set[int] = field(default_factory=set)
    lent: dict[int, list[Any]] = field(default_factory=dict)
    arrays: list[Any] = field(default_factory=list)
    complete: bool = True


def reach(value: object) -> Reach:
    """Return what can be reached from a value."""
    found = Reach()
    seen: set[int] = set()
    held: list[Any] = []
    stack: list[Any] = [value]
    budget = _BUDGET
    while stack:
        part = stack.pop()
        kind = type(part)
        if kind in atoms.CODES or id(part) in seen or atoms.leaf(kind) is not None:
            continue
        seen.add(id(part))
        held.append(part)
        budget -= 1
        if budget < 0:
            found.complete = False
            break
        try:
            stack.extend(_step(part, kind, found))
        except Exception:  # a value of a user's program may raise at any look
            found.objects.add(id(part))
    return found


def _step(part: Any, kind: type, found: Reach) -> Iterable[Any]:
    """Record one part and return what it leads to."""
    if kind is list or kind is set:
        found.objects.add(id(part))
        if kind is list and are_records(part):
            found.objects.update(map(id, part))
            return ()
        return composite(part)
    if kind is dict:
        found.objects.add(id(part))
        return (*composite(part.keys()), *composite(part.values()))
    if kind is tuple or kind is frozenset:
        return composite(part)
    if kind is types.FunctionType:
        return _function(part, found)
    if isinstance(part, type):
        return _class(part)
    if kind is types.MethodType:
        return (part.__self__, part.__func__)
    if kind is types.BuiltinMethodType and not isinstance(part.__self__, types.ModuleType | None):
        return (part.__self__,)  # `items.append` holds the list
    if isinstance(part, _FIXED):
        return ()
    if objects.is_drawn(kind):
        # An artist leads to its figure and so to thousands of objects that change with every
        # draw. What is shared is the figure: it stands for all of it.
        found.objects.add(id(_figure(part)))
        return ()
    for library in ("numpy", "pandas", "torch"):
        if library in sys.modules and _of(kind, library):
            answer = _LIBRARIES[library](part, found)
            if answer is not None:
                return answer
    return _instance(part, kind, found)


def _figure(artist: Any) -> Any:
    """Return the outermost figure of an artist; an artist of no figure stands for itself."""
    figure = getattr(artist, "figure", None)
    while figure is not None and figure is not artist:
        artist, figure = figure, getattr(figure, "figure", None)
    return artist


def composite(values: Iterable[Any]) -> list[Any]:
    """Return the elements that are not atoms; types first, so that a million atoms are cheap."""
    items = values if isinstance(values, list | tuple) else list(values)
    if set(map(type, items)) <= atoms.CODES.keys():
        return []
    return [item for item in items if type(item) not in atoms.CODES]


def are_records(values: list[Any]) -> bool:
    """Return whether a list holds nothing but dicts of atoms: thousands of them are cheap then."""
    if set(map(type, values)) != {dict}:
        return False
    keys = chain.from_iterable(map(dict.keys, values))
    pieces = chain(keys, chain.from_iterable(map(dict.values, values)))
    return set(map(type, pieces)) <= atoms.CODES.keys()


@functools.lru_cache(maxsize=4096)
def _of(kind: type, library: str) -> bool:
    return any(origin.root(origin.module_of(base)) == library for base in kind.__mro__)


def _function(part: types.FunctionType, found: Reach) -> Iterator[Any]:
    """Reach a function's cells, defaults and attributes; cells of definitions do not count."""
    for cell in part.__closure__ or ():
        try:
            content = cell.cell_contents
        except ValueError:
            continue
        if not isinstance(content, types.FunctionType | type | types.ModuleType):
            found.objects.add(id(cell))
        yield content
    yield part.__defaults__
    yield part.__kwdefaults__
    if part.__dict__:
        yield part.__dict__


def _class(part: type) -> Iterator[Any]:
    if origin.first_party(origin.module_of(part)):
        yield from objects.class_data(part).values()
        yield from part.__bases__


def _instance(part: Any, kind: type, found: Reach) -> Iterator[Any]:
    """Reach an object of any class: itself, its attributes, its class's own data."""
    found.objects.add(id(part))
    yield kind
    if isinstance(part, functools.partial):
        yield from (part.func, part.args, part.keywords)
    if isinstance(part, dict):
        yield from composite(dict.keys(part))
        yield from composite(dict.values(part))
    elif isinstance(part, list | tuple | set | frozenset):
        yield from composite(list(part))
    try:
        attributes = object.__getattribute__(part, "__dict__")
    except AttributeError:
        attributes = None
    if attributes:
        yield from composite(attributes.values())
    for base in kind.__mro__:
        yield from (piece for _, piece in objects.slots(part, base))
    if attributes is None and not origin.first_party(origin.module_of(kind)):
        yield from _held_inside(part)


def _held_inside(part: Any) -> Iterator[Any]:
    """Reach what a compiled object holds, such as the list below an iterator."""
    for piece in gc.get_referents(part):
        if isinstance(piece, dict) and "__builtins__" in piece:
            continue  # the globals of a function, which are everybody's
        if not isinstance(piece, type | types.ModuleType):
            yield piece


# Under these lies memory that other arrays have other parts of: what is shared is the address. The
# second is a file that the store has mapped.
_OWNERS = ("PyCapsule", "Mapped")


def memory(array: Any) -> int:
    """Return the address that stands for the memory below an array.

    Views of one array give the same address; 0 means that there is nothing to share.
    """
    np = sys.modules["numpy"]
    owner = array
    while isinstance(getattr(owner, "base", None), np.ndarray):
        owner = owner.base
    last = owner.base
    if isinstance(last, bytes):
        return 0
    while isinstance(last, memoryview):
        last = last.obj
    kind = type(last)
    if last is None or kind.__name__ in _OWNERS or "torch" in kind.__module__:
        return int(owner.__array_interface__["data"][0]) if owner.nbytes else 0
    return id(last)


def _numpy(part: Any, found: Reach) -> Iterable[Any] | None:
    np = sys.modules["numpy"]
    if isinstance(part, np.ndarray):
        found.objects.add(id(part))
        found.arrays.append(part)
        address = memory(part)
        if address:
            found.objects.add(address)
        return _elements(part) if part.dtype.hasobject else ()
    if isinstance(part, np.generic | np.dtype | np.ufunc) or arrays.is_global_stream(part):
        return ()
    return None


def _elements(array: Any) -> list[Any]:
    """Return the elements of an object array that are not atoms, of a sample if it is long."""
    if array.dtype.names is not None:
        return [one for name in array.dtype.names for one in _elements(array[name])]
    if array.dtype.kind != "O":
        return []
    flat = array.reshape(-1)
    if len(flat) > _OBJECT_SAMPLE:
        flat = flat[:: len(flat) // _OBJECT_SAMPLE + 1]
    return composite(flat.tolist())


@functools.lru_cache(maxsize=1)
def _pandas_version() -> int:
    return int(sys.modules["pandas"].__version__.partition(".")[0])


def copy_on_write() -> bool:
    """Return whether pandas' frames copy what they share before writing to it."""
    pd = sys.modules["pandas"]
    if _pandas_version() >= 3:
        return True
    try:
        return pd.options.mode.copy_on_write is True
    except AttributeError:  # before pandas 1.5
        return False


def _pandas(part: Any, found: Reach) -> Iterable[Any] | None:
    pd = sys.modules["pandas"]
    if isinstance(part, pd.DataFrame | pd.Series):
        found.objects.add(id(part))
        return _frame(part, found)
    if isinstance(part, pd.Index | pd.api.extensions.ExtensionDtype | pd.Timestamp | pd.Period):
        return ()
    if isinstance(part, pd.Interval | pd.offsets.BaseOffset) or part is pd.NA or part is pd.NaT:
        return ()
    if isinstance(part, pd.api.extensions.ExtensionArray):
        found.objects.add(id(part))
        return inner(part)
    return None


def _frame(part: Any, found: Reach) -> Iterator[Any]:
    """Reach a frame's memory and the objects in its columns."""
    lazy = copy_on_write()
    for block in part._mgr.blocks if hasattr(part._mgr, "blocks") else ():
        for array in inner(block.values):
            if not _is_array(array):
                continue
            if lazy:
                refs = getattr(block, "refs", None)
                if refs is None or not refs.has_reference():
                    found.lent.setdefault(memory(array), []).append(array)
                yield from _elements(array) if array.dtype.hasobject else ()
            else:
                yield array
    if part.attrs:
        yield part.attrs


def _is_array(part: Any) -> bool:
    return isinstance(part, sys.modules["numpy"].ndarray)


def inner(array: Any) -> list[Any]:
    """Return the NumPy arrays that an array of pandas is made of."""
    if _is_array(array):
        return [array]
    names = ("_ndarray", "_mask", "_codes", "_sparse_values", "_left", "_right")
    pieces = [getattr(array, name, None) for name in names]
    # By that name some classes have a property that warns.
    pieces.insert(1, getattr(array, "__dict__", {}).get("_data"))
    found = {id(p): p for p in pieces if _is_array(p)}
    return list(found.values())


def _torch(part: Any, found: Reach) -> Iterable[Any] | None:
    torch = sys.modules["torch"]
    if isinstance(part, torch.Tensor):
        found.objects.add(id(part))
        if part.layout == torch.strided and part.numel():
            found.objects.add(int(part.untyped_storage().data_ptr()))
        if not part.is_leaf:
            return computed_from(part)
        return () if part.grad is None else (part.grad,)
    return None


def computed_from(tensor: Any) -> list[Any]:
    """Return the leaves that a tensor of torch was computed from, which `backward` changes."""
    found: list[Any] = []
    waiting: list[Any] = [tensor.grad_fn]
    seen: set[Any] = set()
    while waiting and len(seen) < _STEPS:
        step = waiting.pop()
        if step is None or step in seen:
            continue
        seen.add(step)
        variable = getattr(step, "variable", None)
        if variable is not None:
            found.append(variable)
        waiting += [before for before, _ in step.next_functions]
    return found


_STEPS = 10_000  # operations that a tensor is followed back through
_LIBRARIES = {"numpy": _numpy, "pandas": _pandas, "torch": _torch}
