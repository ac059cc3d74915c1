"""Streams of objects as values, with nothing found that is not known.

`load` finds only what is listed in `known`. That alone would let a hostile stream do what it likes
with what is listed: call a class that is only to be named, set attributes of classes. So a stream
that nobody vouches for is first gone through by `vet`, with stand-ins for everything it names.
Pickle's machine is the same both times and takes no decisions by values, so each name, call, state
and item of the real reading has been seen before, in its place. Nothing of a library runs for it.
"""

from __future__ import annotations

import copyreg
import functools
import itertools
import pickle
from typing import TYPE_CHECKING, Any, BinaryIO

from thruway.kit.values import known, origin
from thruway.kit.values.known import Unlisted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# Calls that take classes of other packages: they keep them, and make arrays of NumPy's.
_TAKES_ANY = {("collections", "defaultdict")}
_OURS = "thruway"
_REBUILD = "thruway.kit.values.rebuild"


def load(stream: BinaryIO, pieces: Iterable[Any], *, careful: bool = False) -> Any:
    """Return what a stream holds.

    Args:
        stream: of pickle, protocol 5.
        pieces: the memory beside it.
        careful: check what can be checked of values whose own library trusts their memory.

    Raises:
        Unlisted: it names what is not listed.
    """
    return _unpickler(_Careful if careful else _Reader)(stream, buffers=pieces).load()


def vet(stream: BinaryIO) -> None:
    """Go through a stream without making anything that it names.

    Raises:
        Unlisted: it names what is not listed, or does with a name what is not listed for it.
    """
    try:
        _unpickler(_Vetting)(stream, buffers=itertools.repeat(bytearray())).load()
    except Unlisted:
        raise
    except Exception as error:  # what the machine cannot do with a stand-in is not listed either
        raise Unlisted(f"the stream does what no stored value does: {error}") from error


def _unpickler(kind: type[Any]) -> type[Any]:
    """Return an unpickler that a registry of short names cannot be used to go around.

    The compiled one looks such names up by itself, in a registry that programs may fill.
    """
    return _slow(kind) if copyreg._extension_registry else kind  # type: ignore[attr-defined]


def _slow(kind: type[Any]) -> type[Any]:
    def get_extension(_: object, code: int) -> None:
        raise Unlisted(f"the stream uses the short name {code}")

    own = {
        "find_class": kind.find_class,
        "get_extension": get_extension,
        "persistent_load": kind.persistent_load,
    }
    return type(kind.__name__, (pickle._Unpickler,), own)


class Texts(pickle.Unpickler):
    """An unpickler of streams in which equal texts are one."""

    def persistent_load(self, text: Any) -> str:
        """Return the text that a stream refers to.

        Raises:
            Unlisted: it refers to something else.
        """
        if type(text) is not str:
            raise Unlisted("the stream refers to what is not in it")
        return text


class _Reader(Texts):
    def find_class(self, module: str, name: str) -> Any:
        return known.find(module, name)


class _Careful(_Reader):
    def find_class(self, module: str, name: str) -> Any:
        found = known.find(module, name)
        return _checked_arrow if (module, name) == _ARROW else found


_ARROW = ("pyarrow.lib", "_restore_array")


def _checked_arrow(data: Any) -> Any:
    """Return an array of Arrow whose offsets and indices lie within its memory.

    Raises:
        ArrowInvalid: they do not.
    """
    made = known.find(*_ARROW)(data)
    made.validate(full=True)
    return made


class _Vetting(Texts):
    def find_class(self, module: str, name: str) -> Any:
        known.find(module, name)
        return _stand_in(module, name)


class _Named(type):
    """What stands for a listed class or function: it can be named, and called if listed so."""

    place: tuple[str, str]
    roles: frozenset[str]

    def __call__(cls, *arguments: Any) -> Any:
        if not cls.roles & {"called", "restored"}:
            raise Unlisted(f"`{'.'.join(cls.place)}` is not to be called")
        return _made(cls, arguments, "restored")


class _Instance:
    """What stands for an instance. It has no more abilities than its class is listed with."""

    __slots__ = ("arguments", "given")
    place: tuple[str, str]
    roles: frozenset[str]
    arguments: tuple[Any, ...]
    given: bool

    def __new__(cls, *arguments: Any, **named: Any) -> Any:
        if "made" not in cls.roles or named:
            raise Unlisted(f"`{'.'.join(cls.place)}` is not to be made")
        return _made(cls, arguments, "made")

    def __setstate__(self, state: Any) -> None:
        if not self.given:
            raise Unlisted(f"`{'.'.join(self.place)}` is not to be given a state")
        for part in state if isinstance(state, tuple) else (state,):
            if isinstance(part, dict) and any(_is_special(key) for key in part):
                raise Unlisted(f"`{'.'.join(self.place)}` is not to be given special attributes")

    def __setitem__(self, _: Any, __: Any) -> None:
        self._fill()

    def append(self, _: Any) -> None:
        self._fill()

    def _fill(self) -> None:
        if "filled" not in self.roles:
            raise Unlisted(f"`{'.'.join(self.place)}` is not to be given items")


def _is_special(key: Any) -> bool:
    """Return whether an attribute means something to the language."""
    return isinstance(key, str) and key.startswith("__") and key.endswith("__")


def _made(cls: Any, arguments: tuple[Any, ...], role: str) -> Any:
    check = _CHECKS.get(cls.place, _check)
    check(cls.place, arguments)
    made = object.__new__(cls)
    made.arguments = arguments
    made.given = role in cls.roles
    return made


@functools.lru_cache(maxsize=4096)
def _stand_in(module: str, name: str) -> Any:
    place = (known.actual(module), name)
    own = {"__slots__": (), "place": place, "roles": known.roles(module, name)}
    return _Named(name, (_Instance,), own)


def _check(place: tuple[str, str], arguments: tuple[Any, ...]) -> None:
    """Let a library's calls be given classes of that library only.

    Some make an instance of what they are given: of anything else they shall not.
    """
    root = origin.root(place[0])
    if root == _OURS or place in _TAKES_ANY:
        return
    for one in arguments:
        if isinstance(one, _Named) and origin.root(one.place[0]) != root:
            raise Unlisted(f"`{'.'.join(place)}` is given `{'.'.join(one.place)}`")


def _check_scalar(place: tuple[str, str], arguments: tuple[Any, ...]) -> None:
    """Let a scalar be made of plain bytes and a plain dtype only."""
    dtype, *content = arguments
    plain = isinstance(dtype, _Instance) and dtype.place == (_REBUILD, "dtype_of")
    if not plain or "O" in dtype.arguments[0] or [type(part) for part in content] != [bytes]:
        raise Unlisted(f"`{'.'.join(place)}` is given more than bytes")


def _check_stream(place: tuple[str, str], arguments: tuple[Any, ...]) -> None:
    """Let a random stream be made by NumPy's own maker of bit generators only."""
    allowed = (str, _Instance)
    maker = ("numpy.random._pickle", "__bit_generator_ctor")
    for one in arguments:
        fine = one.place == maker if isinstance(one, _Named) else isinstance(one, allowed)
        if not fine:
            raise Unlisted(f"`{'.'.join(place)}` is given what it would call")


_CHECKS: dict[tuple[str, str], Callable[[tuple[str, str], tuple[Any, ...]], None]] = {
    ("numpy.core.multiarray", "scalar"): _check_scalar,
    ("numpy._core.multiarray", "scalar"): _check_scalar,
    ("numpy.random._pickle", "__generator_ctor"): _check_stream,
    ("numpy.random._pickle", "__randomstate_ctor"): _check_stream,
}
