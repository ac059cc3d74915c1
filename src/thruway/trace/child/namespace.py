"""The globals of the observed program: a dictionary that knows which names a statement used.

Recording every `LOAD_GLOBAL` in a Python-level `__getitem__` makes loops in the user's functions
ten times slower. So names are *hidden* before each statement: they live in a second dictionary,
and the first read of one lands in `__missing__`, which records it and moves it back. Every later
read runs at the interpreter's own speed. Built-in functions are lent in the same way.

What the interpreter looks up without asking a subclass stays in the real dictionary: dunder names,
and names that `pin` is told of (loads in class bodies of functions, `del` of a global).
"""

from __future__ import annotations

import builtins
from collections.abc import ItemsView, KeysView, ValuesView
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_BUILTINS = vars(builtins)
_ABSENT: Any = object()


@dataclass(frozen=True)
class Touched:
    """What one statement did to the names.

    Attributes:
        reads: names whose value from before was read, before the statement bound them.
        binds: names bound, and alive at the end.
        deletes: names that were there before, and are gone.
    """

    reads: frozenset[str]
    binds: frozenset[str]
    deletes: frozenset[str]


class Namespace(dict[str, Any]):
    """Globals that record reads, bindings and deletions between `begin` and `end`."""

    def __init__(self, values: dict[str, Any] | None = None, *, lend_builtins: bool = True) -> None:
        super().__init__()
        self._hidden: dict[str, Any] = {}
        self._read: dict[str, int] = {}
        self._bound: set[str] = set()
        self._dropped: set[str] = set()
        self._lent: dict[str, Any] = {}
        self._pinned: dict[str, int] = {}
        self._pins: frozenset[str] = frozenset()
        self._lend = lend_builtins
        dict.__setitem__(self, "__builtins__", builtins)
        for name, value in (values or {}).items():
            dict.__setitem__(self, name, value)

    # -- the observer's side ------------------------------------------------------------------

    def pin(self, names: Iterable[str]) -> None:
        """Keep these names where the interpreter finds them without asking; reads are not seen."""
        self._pins |= {name for name in names if not _dunder(name)}

    @property
    def pins(self) -> frozenset[str]:
        """Names whose reads are not recorded."""
        return self._pins

    def begin(self) -> None:
        """Start to record."""
        self._hide()
        self._read.clear()
        self._bound.clear()
        self._dropped.clear()
        self._pinned = {
            name: id(dict.__getitem__(self, name))
            for name in self._pins
            if dict.__contains__(self, name)
        }

    def end(self) -> Touched:
        """Stop, and say what happened since `begin`."""
        before = {*self._read, *self._hidden, *self._dropped, *self._pinned}
        binds = {name for name in self._bound if dict.__contains__(self, name)}
        for name in self._names():
            # The compiler's STORE_GLOBAL does not ask a subclass: seen by what is there now.
            stored = name in self._hidden or name not in self._known(name)
            if stored or self._known(name)[name] != id(dict.__getitem__(self, name)):
                binds.add(name)
        reads = frozenset(self._read)
        alive = {*self._names(), *self._hidden}
        touched = Touched(reads, frozenset(binds), frozenset(before - alive))
        self._hide()
        return touched

    def value(self, name: str, default: Any = None) -> Any:
        """Return a value without recording a read."""
        found = dict.get(self, name, _ABSENT)
        if found is _ABSENT or name in self._lent:
            found = self._hidden.get(name, default)
        return found

    def user_names(self) -> list[str]:
        """Names in the order of their binding, without dunders and lent builtins."""
        return [*self._hidden, *(name for name in self._names() if name not in self._hidden)]

    def _known(self, name: str) -> dict[str, int]:
        return self._pinned if name in self._pinned else self._read

    def _names(self) -> list[str]:
        return [
            name
            for name in dict.__iter__(self)
            if not _dunder(name)
            and not (name in self._lent and dict.__getitem__(self, name) is self._lent[name])
        ]

    def _hide(self) -> None:
        names = self._names()
        for name in [name for name in self._lent if dict.__contains__(self, name)]:
            if name not in names:
                dict.__delitem__(self, name)
        self._lent.clear()
        for name in names:
            if name in self._pins:
                self._hidden.pop(name, None)
            else:
                self._hidden[name] = dict.pop(self, name)
        for name in self._pins & self._hidden.keys():
            dict.__setitem__(self, name, self._hidden.pop(name))

    # -- the program's side -------------------------------------------------------------------

    def __missing__(self, name: str) -> Any:
        if name in self._hidden:
            value = self._hidden.pop(name)
            self._read[name] = id(value)
        elif self._lend and name in _BUILTINS:
            value = self._lent[name] = _BUILTINS[name]
        else:
            raise KeyError(name)
        dict.__setitem__(self, name, value)
        return value

    def __setitem__(self, name: str, value: Any) -> None:
        if isinstance(name, str) and not _dunder(name):
            self._bound.add(name)
            self._lent.pop(name, None)
        # Dropped after the new value is in place: a finaliser of the old one may look.
        dict.__setitem__(self, name, value)
        self._drop_hidden(name)

    def _drop_hidden(self, name: str) -> None:
        old = self._hidden.pop(name, _ABSENT)
        if old is not _ABSENT:
            self._dropped.add(name)

    def __delitem__(self, name: str) -> None:
        if name in self._lent:
            raise KeyError(name)
        if name in self._hidden:
            self._drop_hidden(name)
            dict.pop(self, name, None)
        else:
            dict.__delitem__(self, name)
        self._bound.discard(name)

    def __contains__(self, name: object) -> bool:
        if name in self._lent:
            return False
        if name in self._hidden:
            self.__missing__(name)  # whether it exists is what the program now knows
        return dict.__contains__(self, name)

    def __iter__(self) -> Iterator[str]:
        return iter([*self._hidden, *(n for n in dict.__iter__(self) if n not in self._lent)])

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __reversed__(self) -> Iterator[str]:
        return reversed(list(self))

    def __eq__(self, other: object) -> bool:
        return self is other

    def __ne__(self, other: object) -> bool:
        return self is not other

    __hash__ = None

    def __or__(self, other: Any) -> Any:
        return dict(self.items()) | other

    def __ror__(self, other: Any) -> Any:
        return other | dict(self.items())

    def __ior__(self, other: Any) -> Self:  # type: ignore[override]
        self.update(other)
        return self

    def __repr__(self) -> str:
        return repr(dict(self.items()))

    def get(self, name: str, default: Any = None) -> Any:
        """Return the value of a name of the program, or the default."""
        try:
            return self[name]
        except KeyError:
            return default

    def keys(self) -> Any:
        """Return the names; their values are not read by that."""
        return KeysView(self)

    def values(self) -> Any:
        """Return the values."""
        return ValuesView(self)

    def items(self) -> Any:
        """Return the pairs."""
        return ItemsView(self)

    def copy(self) -> Any:
        """Return a copy whose reads are still recorded here (`DataFrame.query` makes one)."""
        return Window(self)

    def pop(self, name: str, default: Any = _ABSENT) -> Any:
        """Remove a name and return its value."""
        if name not in self:
            if default is _ABSENT:
                raise KeyError(name)
            return default
        value = self[name]
        del self[name]
        return value

    def popitem(self) -> tuple[str, Any]:
        """Remove the last name."""
        name = list(self)[-1]
        return name, self.pop(name)

    def setdefault(self, name: str, default: Any = None) -> Any:
        """Return the value of a name, bound to the default when it was not there."""
        if name not in self:
            self[name] = default
        return self[name]

    def update(self, *others: Any, **names: Any) -> None:
        """Bind several names."""
        for name, value in dict(*others, **names).items():
            self[name] = value

    def clear(self) -> None:
        """Delete every name that is not a dunder."""
        for name in [name for name in self if not _dunder(name)]:
            del self[name]


class EagerNamespace(Namespace):
    """The slow and literal variant, for programs that run text of their own (`exec`).

    Nothing is hidden, because a class body in such text looks names up behind our back.
    """

    def begin(self) -> None:
        """Start to record."""
        super().begin()
        self._eager = {name: id(value) for name, value in self._hidden.items()}
        for name in list(self._hidden):
            dict.__setitem__(self, name, self._hidden.pop(name))
        self._pinned |= self._eager

    def __getitem__(self, name: str) -> Any:
        value = dict.__getitem__(self, name)
        if self._pinned.get(name) == id(value) and name not in self._bound:
            self._read.setdefault(name, id(value))
        return value

    def __delitem__(self, name: str) -> None:
        super().__delitem__(name)
        if name in self._pinned:
            self._dropped.add(name)


class Window(dict[str, Any]):
    """A copy of a namespace: its own writes, the reads passed on and so recorded."""

    def __init__(self, namespace: Namespace) -> None:
        super().__init__()
        self._namespace = namespace

    def __missing__(self, name: str) -> Any:
        return self._namespace[name]

    def __contains__(self, name: object) -> bool:
        return dict.__contains__(self, name) or name in self._namespace

    def __iter__(self) -> Iterator[str]:
        return iter(
            [*(n for n in self._namespace if n not in {*dict.__iter__(self)}), *dict.__iter__(self)]
        )

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def get(self, name: str, default: Any = None) -> Any:
        """Return the value of a name, or the default."""
        try:
            return self[name]
        except KeyError:
            return default

    def keys(self) -> Any:
        """Return the names."""
        return KeysView(self)

    def values(self) -> Any:
        """Return the values."""
        return ValuesView(self)

    def items(self) -> Any:
        """Return the pairs."""
        return ItemsView(self)

    def copy(self) -> Any:
        """Return another window with the same writes."""
        other = Window(self._namespace)
        for name in dict.__iter__(self):
            dict.__setitem__(other, name, dict.__getitem__(self, name))
        return other


class MainModule(ModuleType):
    """`sys.modules["__main__"]` of the program: its attributes are the names of the namespace.

    With it, classes and functions of the program pickle, and `dataclass` finds their module.
    """

    def __init__(self, namespace: Namespace) -> None:
        super().__init__("__main__")
        object.__setattr__(self, "_namespace", namespace)

    @property
    def __dict__(self) -> Any:  # type: ignore[override]
        """The namespace, since a module's own dictionary cannot be of another class."""
        return object.__getattribute__(self, "_namespace")

    def __getattr__(self, name: str) -> Any:
        try:
            return object.__getattribute__(self, "_namespace")[name]
        except KeyError:
            raise AttributeError(f"module '__main__' has no attribute {name!r}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        object.__getattribute__(self, "_namespace")[name] = value

    def __delattr__(self, name: str) -> None:
        del object.__getattribute__(self, "_namespace")[name]

    def __dir__(self) -> list[str]:
        return list(object.__getattribute__(self, "_namespace"))


def _dunder(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")
