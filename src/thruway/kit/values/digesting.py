"""The walk that turns a value into one digest: a stack of pending parts, never recursion.

What a part consists of is said elsewhere, one file per family (`atoms`, `objects`, `arrays`,
`frames`, `models`); here is the order of the walk, the memory of what was seen, and the hash.
Every node writes its tag, its class and its count before its parts, so that no two different
structures write the same bytes.

SHA-256 because it is the fastest of the standard library where the processor has instructions
for it (1.7 GB/s against 0.7 for BLAKE2b on the machine where it was chosen), and as good an
address as any other.
"""

from __future__ import annotations

import hashlib
from array import array
from itertools import chain
from typing import TYPE_CHECKING, Any

from thruway.kit.values import atoms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Handler = Callable[["Walk", Any], Iterator[Any]]

_FLUSH = 1 << 16
_SMALL = 1 << 12
_TUPLE_VISITS = 100
_SET_DEPTH = 8


class Walk:
    """One digest in the making.

    Attributes:
        opaque: type of the first part that could not be looked into, "" if none.
    """

    def __init__(
        self,
        handler: Callable[[type], Handler],
        seen: dict[int, tuple[int, Any]] | None = None,
        depth: int = 0,
    ) -> None:
        self.opaque = ""
        self._handler = handler
        self._handlers: dict[type, Handler] = {}
        self._leaves: dict[type, tuple[bytes, Callable[[Any], bytes]] | None] = {}
        self._hash = hashlib.sha256()
        self._buffer = bytearray()
        # Identity to ordinal; the value is held, or its address would be given out again.
        self._seen: dict[int, tuple[int, Any]] = seen if seen is not None else {}
        self._visits: dict[int, int] = {}
        self._held: list[Any] = []
        self._depth = depth

    def hex(self) -> str:
        """Return the digest of all that was written, 32 hex digits."""
        self._hash.update(self._buffer)
        self._buffer.clear()
        return self._hash.hexdigest()[:32]

    def write(self, tag: str, data: bytes = b"") -> None:
        """Add a short text or bytes under a tag."""
        self._buffer += b"%s:%d:" % (tag.encode("utf-8", "surrogatepass"), len(data))
        self._buffer += data
        if len(self._buffer) > _FLUSH:
            self._hash.update(self._buffer)
            self._buffer.clear()

    def bulk(self, buffer: Any) -> None:
        """Add a contiguous buffer of any size without copying it."""
        view = memoryview(buffer)
        self._buffer += b"*%d:" % view.nbytes
        if view.nbytes < _SMALL:
            self._buffer += view
            if len(self._buffer) <= _FLUSH:
                return
            view = memoryview(b"")
        self._hash.update(self._buffer)
        self._buffer.clear()
        self._hash.update(view)

    def give_up(self, value: Any) -> None:
        """Write only the class of a part that cannot be looked into, and remember it."""
        kind = type(value)
        name = f"{kind.__module__}.{kind.__qualname__}"
        self.write("opaque", atoms.text(name))
        self.opaque = self.opaque or name

    def run(self, value: Any) -> None:
        """Digest a value and everything in it."""
        stack: list[Iterator[Any]] = [iter((value,))]
        while stack:
            try:
                part = next(stack[-1])
            except StopIteration:
                stack.pop()
                continue
            except Exception as error:  # whatever a value of a user's program raises
                self._failed(error)
                stack.pop()
                continue
            try:
                parts = self._enter(part)
            except Exception as error:  # the same, and its siblings are still to come
                self._failed(error)
            else:
                if parts is not None:
                    stack.append(parts)

    def _failed(self, error: Exception) -> None:
        name = type(error).__name__
        self.write("failed", atoms.text(name))
        self.opaque = self.opaque or f"a part that raised {name}"

    def _enter(self, part: Any) -> Iterator[Any] | None:
        """Write a leaf, or return the parts of what is not one."""
        kind = type(part)
        try:
            leaf = self._leaves[kind]
        except KeyError:
            encode = atoms.leaf(kind)
            leaf = encode and (kind.__name__.encode(), encode)
            self._leaves[kind] = leaf
        if leaf is not None:
            data = leaf[1](part)
            self._buffer += b"%s:%d:" % (leaf[0], len(data))
            self._buffer += data
            if len(self._buffer) > _FLUSH:
                self._hash.update(self._buffer)
                self._buffer.clear()
            return None
        return None if self._again(part, kind) else self._parts(part, kind)

    def _parts(self, part: Any, kind: type) -> Iterator[Any]:
        try:
            handler = self._handlers[kind]
        except KeyError:
            handler = self._handlers[kind] = self._handler(kind)
        return handler(self, part)

    def _again(self, part: Any, kind: type) -> bool:
        """Write the ordinal of something seen before; tell whether it was.

        Immutable containers are walked each time, since whether two equal ones are one object
        is the compiler's affair; up to a limit, against those that nest themselves.
        """
        key = id(part)
        if kind is tuple or kind is frozenset:
            count = self._visits[key] = self._visits.get(key, 0) + 1
            if count == 1:
                self._held.append(part)
            if count <= _TUPLE_VISITS:
                return False
            self.write("often")
            return True
        known = self._seen.get(key)
        if known is not None:
            self.write("again", b"%d" % known[0])
            return True
        self._seen[key] = (len(self._seen), part)
        return False

    def sequence(self, values: Any) -> Iterator[Any]:
        """Write a list or tuple of atoms at once, or return its parts."""
        self._buffer += b"#%d:" % len(values)
        if not values:
            return iter(())
        kinds = set(map(type, values))
        if kinds == {tuple}:
            # Rows: one buffer for all their atoms. Tuples have no identity to lose.
            flat = list(chain.from_iterable(values))
            buffers = atoms.bulk(flat) if flat else None
            if buffers is not None:
                self._buffer += b"rows"
                self._write_all((array("q", map(len, values)), *buffers))
                return iter(())
        if kinds == {dict} and self._records(values):
            return iter(())
        buffers = atoms.bulk(values, kinds)
        if buffers is None:
            return iter(values)
        self._write_all(buffers)
        return iter(())

    def _records(self, values: list[dict[Any, Any]]) -> bool:
        """Write dicts of the same texts to atoms at once; tell whether they are such.

        None of them was seen before, so that each takes the ordinal that it would have had.
        """
        keys = list(dict.keys(values[0]))
        if not all(list(dict.keys(one)) == keys for one in values):
            return False
        if set(map(type, chain.from_iterable(map(dict.keys, values)))) != {str}:
            return False  # `1`, `1.0` and `True` are equal
        flat = list(chain.from_iterable(map(dict.values, values)))
        ids = set(map(id, values))
        if len(ids) < len(values) or not ids.isdisjoint(self._seen):
            return False
        names, buffers = atoms.bulk(keys), atoms.bulk(flat)
        if names is None or buffers is None:
            return False
        self._buffer += b"records"
        self._write_all((*names, *buffers))
        for one in values:
            self._seen[id(one)] = (len(self._seen), one)
        return True

    def _write_all(self, buffers: Iterable[Any]) -> None:
        for buffer in buffers:
            data = memoryview(buffer)
            if data.nbytes > _FLUSH:
                self.bulk(data)
            else:
                self._buffer += b"*%d:" % data.nbytes
                self._buffer += data

    def mapping(self, value: dict[Any, Any]) -> Iterator[Any]:
        """Return the keys and values of a dict in its order, atoms at once."""
        keys = self.sequence(list(dict.keys(value)))
        return chain(keys, self._later(list(dict.values(value))))

    def _later(self, values: list[Any]) -> Iterator[Any]:
        yield from self.sequence(values)

    def unordered(self, values: Any) -> Iterator[Any]:
        """Return the parts of a set in the order of their own digests."""
        parts = list(values)
        kinds = set(map(type, parts))
        self._buffer += b"#%d:" % len(parts)
        if kinds in ({str}, {int}):
            return self.sequence(sorted(parts))
        if self._depth >= _SET_DEPTH:
            self.give_up(values)
            return iter(())
        return iter([part for _, part in sorted(map(self._alone, parts), key=lambda p: p[0])])

    def _alone(self, part: Any) -> tuple[str, Any]:
        walk = Walk(self._handler, dict(self._seen), self._depth + 1)
        walk.run(part)
        return walk.hex(), part
