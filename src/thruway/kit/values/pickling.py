"""Values as a pickle stream with the large memory beside it, and whether all it names is known.

The stream is pickle's own, but for what plain pickling changes, or what is read back only by code
that could be abused: arrays, dtypes, time zones and tensors are written as calls of `rebuild`. And
equal texts are one text: whether a program got the same one twice from Python depends on where they
come from (its source, another process), and the same value shall be the same bytes.
"""

from __future__ import annotations

import copyreg
import functools
import itertools
import pickle
import sys
import types
from typing import TYPE_CHECKING, Any

from thruway.kit.values import arrays, known, models, objects, rebuild, views
from thruway.kit.values.storable import refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Reduce = Callable[[Any], Any]

_PROTOCOL = 5
_SINGLETONS = (type(None), type(...), type(NotImplemented))
_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType)
_PLAIN_KINDS = "biufcmMSUOV"
_MANY_TEXTS = 100  # elements from which an array of texts is written as bytes and numbers


class Pickler(pickle.Pickler):
    """A pickler that keeps the memory which arrays share, and notes what it names.

    Attributes:
        known: all that was named so far is listed in `known`, with what is done with it.
        named: what the values are made of: `module:name` of classes and functions that are not
            listed, top-level packages of the others.
    """

    def __init__(
        self,
        values: Mapping[str, object],
        handle: Any,
        beside: Callable[[pickle.PickleBuffer], bool],
    ) -> None:
        """Prepare to write.

        Args:
            values: what will be dumped; memory that they share is found here.
            handle: where the stream goes; only `write` is used.
            beside: takes a piece of memory and returns whether to write it into the stream after
                all.
        """
        super().__init__(handle, protocol=_PROTOCOL, buffer_callback=beside)
        self._shared = views.shared(values.values())
        self._ways: dict[type, Reduce] = {}
        self._storages: dict[tuple[int, int], _Storage] = {}
        self._texts: dict[str, str] = {}
        self.named: set[str] = set()
        self.known = not copyreg._extension_registry  # type: ignore[attr-defined]

    def persistent_id(self, part: Any) -> str | None:
        """Return the one text for all that are equal; None for anything else."""
        return self._texts.setdefault(part, part) if type(part) is str else None

    def reducer_override(self, part: Any) -> Any:
        """Return how a part is made again.

        Raises:
            PicklingError: for what pickle would take but nobody could use after, such as iterators.
        """
        kind = type(part)
        way = self._ways.get(kind)
        if way is None:
            way = self._ways[kind] = self._way(kind)
        return way(part)

    def _way(self, kind: type) -> Reduce:
        """Return how the instances of a class are written."""
        self.named.add(str(kind.__module__).partition(".")[0])
        if issubclass(kind, type) or kind in _FUNCTIONS:
            return self._definition
        if kind is _Storage:
            return _storage
        for library, find in _LIBRARIES.items():
            if library in sys.modules:
                way = find(self, kind)
                if way is not None:
                    return way
        reason = refused(kind)
        if reason:
            raise pickle.PicklingError(reason)
        return self._exception if issubclass(kind, BaseException) else self._first

    def _exception(self, part: Any) -> Any:
        """Write an exception as its class says, whatever a library (tblib) told pickle of it."""
        return self._noted(part, part.__reduce_ex__(_PROTOCOL))

    def _noted(self, part: Any, reduced: Any) -> Any:
        """Return how a part is written, after a look at what that names."""
        self.known = self.known and _is_known(part, reduced)
        return reduced

    def _definition(self, thing: Any) -> Any:
        """Write a class or function by its name."""
        if any(thing is kind for kind in _SINGLETONS):
            return rebuild.singleton, (thing.__name__,)
        module, name = _module(thing), str(thing.__qualname__)
        listed = bool(known.roles(module, name))
        self.named.add(module.partition(".")[0] if listed else f"{module}:{name}")
        self.known = self.known and listed
        return NotImplemented

    def _first(self, part: Any) -> Any:
        """Write the first instance of a class, and see by it what its others will name."""
        self._ways[type(part)] = _as_pickle_does
        return self._alone(part)

    def _alone(self, part: Any) -> Any:
        """Write a part as its class says."""
        kind = type(part)
        if not self.known:
            return NotImplemented
        reduce = copyreg.dispatch_table.get(kind)
        reduced = reduce(part) if reduce is not None else part.__reduce_ex__(_PROTOCOL)
        self.known = _is_known(part, reduced)
        return reduced

    def _vectorizer(self, part: Any) -> Any:
        """Write what makes numbers of texts, without the address of its stop words.

        It has it to check them once in a process; in another process it checks them again anyway.
        """
        make, arguments, state, *rest = part.__reduce_ex__(_PROTOCOL)
        if isinstance(state, dict):
            state = {n: value for n, value in state.items() if n != objects.ADDRESS_OF_STOP_WORDS}
        return self._noted(part, (make, arguments, state, *rest))

    def _array(self, part: Any) -> Any:
        """Write an array as its memory, in the order in which it lies there."""
        whole = self._shared.get(id(part))
        if whole is not None:
            return rebuild.window, views.parts(part, whole)
        dtype = part.dtype
        flags = part.flags
        order = "F" if flags.f_contiguous and not flags.c_contiguous else "C"
        if dtype.kind == "O":
            values = part.ravel(order).tolist()
            words = _words(values) if len(values) >= _MANY_TEXTS else None
            if words is not None:
                return rebuild.words, (*words, part.shape, order, not flags.writeable)
            state = (values, not flags.writeable)
            return rebuild.objects, (part.shape, order), state, None, None, rebuild.fill
        if dtype.kind == "T":
            values = part.ravel(order).tolist()
            return rebuild.texts, (dtype, values, part.shape, order, not flags.writeable)
        if dtype.hasobject or dtype.num >= _OF_USERS:
            self.known = False
            return NotImplemented
        if not flags.forc:
            return self._spread(part)
        gaps = _gaps(dtype)
        if gaps:
            part = _without(part, gaps, order)
        locked = not flags.writeable and bool(flags.owndata)
        memory = _bytes_of(part, order, locked)
        return rebuild.array, (pickle.PickleBuffer(memory), dtype, part.shape, order, locked)

    def _spread(self, part: Any) -> Any:
        """Write a view with gaps without them, its axes in the order and direction they have."""
        back = tuple(stride < 0 for stride in part.strides)
        straight = rebuild.laid(part, tuple(range(part.ndim)), back)
        outer = sorted(range(part.ndim), key=lambda axis: -straight.strides[axis])
        block = straight.transpose(outer).copy(order="C")
        if not part.flags.writeable:
            block = views.locked(block)
        if outer == list(range(part.ndim)) and not any(back):
            return self._array(block)
        inner = tuple(outer.index(axis) for axis in range(part.ndim))
        return rebuild.laid, (block, inner, back)

    def _dtype(self, part: Any) -> Any:
        """Write a dtype as what NumPy makes it of: libraries copy what has not the very one."""
        found = _dtype_parts(part)
        if found is None:
            return self._alone(part)
        return found

    def _masked(self, part: Any) -> Any:
        ma = sys.modules["numpy"].ma
        if part is ma.masked or part._optinfo or part._baseclass is not self._ndarray():
            return self._alone(part)
        mask = part._mask
        return rebuild.masked, (
            part._data, None if mask is ma.nomask else mask, part._fill_value,
            bool(part._hardmask), bool(part._sharedmask),
        )  # fmt: skip

    @staticmethod
    def _ndarray() -> Any:
        return sys.modules["numpy"].ndarray

    def _viewed(self, part: Any) -> Any:
        """Write a matrix or an array of records."""
        if part.dtype.hasobject or not vars(part).keys() <= {"_getitem"}:
            return self._alone(part)
        return rebuild.viewed, (part.view(self._ndarray()), type(part))

    def _stream(self, part: Any) -> Any:
        """Write a random stream; NumPy's own by its name: whoever holds it draws from that one."""
        return "_rand" if arrays.is_global_stream(part) else self._alone(part)

    def _tensor(self, part: Any) -> Any:
        """Write a tensor in plain memory as the bytes it lies in, as often as it is asked once."""
        torch = sys.modules["torch"]
        plain = (
            part.layout is torch.strided and part.device.type == "cpu" and part.grad_fn is None
            and not (part.is_quantized or part.is_conj() or part.is_neg())
            and not (part.__dict__ or part._backward_hooks)
        )  # fmt: skip
        if not plain:
            self.known = False
            return NotImplemented
        storage = part.untyped_storage()
        place = (storage.data_ptr(), storage.nbytes())
        held = self._storages.setdefault(place, _Storage(storage))
        arguments = (
            held, str(part.dtype).partition(".")[2], part.storage_offset(), tuple(part.shape),
            part.stride(), part.requires_grad, type(part) is torch.nn.Parameter,
        )  # fmt: skip
        if part.grad is None:
            return rebuild.tensor, arguments
        return rebuild.tensor, arguments, part.grad, None, None, rebuild.set_gradient


class _Storage:
    """The memory below tensors, once for all of them."""

    def __init__(self, storage: Any) -> None:
        self.content = models.memory_of(storage)


def _storage(part: _Storage) -> Any:
    return rebuild.storage, (part.content,)


def _as_pickle_does(_: Any) -> Any:
    return NotImplemented


def _module(thing: Any) -> str:
    return str(getattr(thing, "__module__", None) or "")


def _is_known(part: Any, reduced: Any) -> bool:
    """Return whether what an instance is made of is done with names that are listed for it."""
    if isinstance(reduced, str):
        module = _module(part) or str(pickle.whichmodule(part, reduced))  # type: ignore[attr-defined]
        return bool(known.roles(module, reduced))
    call, arguments, *rest = reduced
    state, *items = [*rest, None, None, None][:3]
    if getattr(call, "__name__", "") in {"__newobj__", "__newobj_ex__"}:
        call, needed = arguments[0], {"made"}
    else:
        needed = {"called"} if state is None else {"restored"}
    found = known.roles(_module(call), str(getattr(call, "__qualname__", "")))
    if needed == {"called"} and "restored" in found:
        needed = {"restored"}
    if any(item is not None for item in items):
        needed.add("filled")
    return needed <= found


def _words(values: list[Any]) -> tuple[bytes, Any, Any] | None:
    """Return texts as their characters, the length of each, and which is where.

    A column of a table is an array like that, of few texts or of many, with None or NaN where there
    is none. Each element by itself would cost as much as all that is done here.

    Args:
        values: the elements.

    Returns:
        UTF-8 of the texts that differ, one after the other; how many characters each has; for each
        element its place among them, -1 for None and -2 for NaN; None for the places if no text is
        there twice. None altogether for elements that are something else.
    """
    kinds = set(map(type, values))
    if str not in kinds or not kinds <= {str, float, type(None)}:
        return None
    np = sys.modules["numpy"]
    numbers = [value for value in values if type(value) is float] if float in kinds else []
    if numbers and (np.array(numbers).view(np.int64) != np.array(np.nan).view(np.int64)).any():
        return None
    whole = kinds == {str}
    once = whole and len(set(values)) == len(values)
    texts = values if whole else [text for text in values if type(text) is str]
    texts = texts if once else list(dict.fromkeys(texts))
    content = "".join(texts).encode("utf-8", "surrogatepass")
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    if once:
        return content, lengths, None
    places: dict[Any, int] = {text: place for place, text in enumerate(texts)} | {None: -1}
    codes = map(places.get, values, itertools.repeat(-2))
    smallest = np.min_scalar_type(-len(places))
    return content, lengths, np.fromiter(codes, smallest, len(values))


@functools.lru_cache(maxsize=64)
def _gaps(dtype: Any) -> tuple[int, ...]:
    """Return the bytes of an element that are of no field, by their place: nobody wrote them."""
    if dtype.names is None and dtype.subdtype is None:
        return ()
    used = _used(dtype)
    return tuple(at for at in range(dtype.itemsize) if at not in used)


def _used(dtype: Any) -> set[int]:
    if dtype.subdtype is not None:
        base, _ = dtype.subdtype
        inner = _used(base)
        starts = range(0, dtype.itemsize, base.itemsize or 1)
        return {at + start for start in starts for at in inner}
    if dtype.names is None:
        return {*range(dtype.itemsize)}
    parts = ((dtype.fields[name][0], dtype.fields[name][1]) for name in dtype.names)
    return {at + start for field, start in parts for at in _used(field)}


def _without(array: Any, gaps: tuple[int, ...], order: str) -> Any:
    """Return a copy whose bytes between the fields are zero; it is locked if the array is."""
    np = sys.modules["numpy"]
    copy = array.copy(order=order)
    flat = copy.reshape(-1, order="A").view(np.uint8)
    flat.reshape(-1, array.dtype.itemsize)[:, list(gaps)] = 0
    copy.setflags(write=array.flags.writeable)
    return copy


def _bytes_of(array: Any, order: str, locked: bool) -> Any:
    """Return the memory of a contiguous array as bytes, to be written to if `locked`."""
    np = sys.modules["numpy"]
    writeable = array.flags.writeable or locked
    if array.nbytes == 0:
        return bytearray() if writeable else b""
    if locked:
        return views.Memory([array]).content
    flat = (array.T if order == "F" else array).reshape(-1).view(np.uint8)
    flat.setflags(write=writeable)
    return flat


# From this number on NumPy's dtypes are those of other packages.
_OF_USERS = 256


def _dtype_parts(dtype: Any) -> Any:
    """Return how a dtype is made again, None when that would not be quite the same."""
    np = sys.modules["numpy"]
    if dtype.metadata is not None:
        bare = np.dtype(dtype.descr) if dtype.names else np.dtype(dtype.str)
        return _checked(dtype, rebuild.annotated, (bare, dict(dtype.metadata)))
    if dtype.subdtype is not None:
        return _checked(dtype, rebuild.subarray, dtype.subdtype)
    if dtype.names is not None:
        fields = [dtype.fields[name] for name in dtype.names]
        arguments = (
            dtype.names, tuple(field[0] for field in fields), tuple(field[1] for field in fields),
            tuple(field[2] if len(field) > 2 else None for field in fields),
            dtype.itemsize, dtype.isalignedstruct, dtype.type is np.record,
        )  # fmt: skip
        return _checked(dtype, rebuild.structure, arguments)
    if dtype.num < _OF_USERS and dtype.kind in _PLAIN_KINDS:
        name = dtype.str
        if np.dtype(name).type is not dtype.type:  # two kinds of integers of the same size
            name = dtype.byteorder.strip("|=") + dtype.char
        return _checked(dtype, rebuild.dtype_of, (name,))
    return None


def _checked(dtype: Any, make: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    try:
        made = make(*arguments)
    except (TypeError, ValueError):
        return None
    same = (
        made == dtype
        and made.type is dtype.type
        and made.isalignedstruct == dtype.isalignedstruct
        and (made.metadata or None) == (dtype.metadata or None)
    )
    return (make, arguments) if same else None


def _numpy_way(pickler: Pickler, kind: type) -> Reduce | None:
    np = sys.modules["numpy"]
    if kind is np.ndarray:
        return pickler._array
    if issubclass(kind, np.dtype):
        return pickler._dtype
    if issubclass(kind, np.ufunc):
        return functools.partial(_ufunc, pickler)
    if kind is np.ma.MaskedArray:
        return pickler._masked
    if kind in (np.void, np.record):
        return _row
    if kind in (np.matrix, np.recarray):
        return pickler._viewed
    return pickler._stream if kind is np.random.RandomState else None


def _ufunc(pickler: Pickler, part: Any) -> Any:
    """Write a universal function by its name; those that `frompyfunc` makes have none."""
    name = str(part.__name__)
    for library in ("numpy", "scipy.special"):
        if library in sys.modules and vars(sys.modules[library]).get(name) is part:
            return rebuild.ufunc, (library, name)
    pickler.known = False
    return NotImplemented


def _row(part: Any) -> Any:
    """Write one row of an array with fields as an array: its bytes alone could be anything."""
    return rebuild.row, (sys.modules["numpy"].asarray(part),)


def _sklearn_way(pickler: Pickler, kind: type) -> Reduce | None:
    checks = getattr(kind, "_check_stop_words_consistency", None)
    names = {"__reduce_ex__", "__reduce__"}
    plain = all(names.isdisjoint(vars(base)) for base in kind.__mro__[:-1])
    return pickler._vectorizer if checks is not None and plain else None


def _torch_way(pickler: Pickler, kind: type) -> Reduce | None:
    torch = sys.modules["torch"]
    return pickler._tensor if kind in (torch.Tensor, torch.nn.Parameter) else None


def _zone_way(_: Pickler, kind: type) -> Reduce | None:
    return _zone if kind is sys.modules["zoneinfo"].ZoneInfo else None


def _zone(part: Any) -> Any:
    """Write a time zone by its key; pickle names a method for it, which is not just a name."""
    reduced = part.__reduce__()
    return (rebuild.zone, reduced[1]) if part.key is not None else reduced


_LIBRARIES: dict[str, Callable[[Pickler, type], Reduce | None]] = {
    "numpy": _numpy_way,
    "sklearn": _sklearn_way,
    "torch": _torch_way,
    "zoneinfo": _zone_way,
}
