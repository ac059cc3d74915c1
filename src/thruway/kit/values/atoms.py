"""The bytes of immutable atoms, singly and in bulk.

An atom is a value without parts that could be shared or changed: numbers, text, dates, paths,
patterns. Long lists of atoms and object columns are encoded by C-level loops (`map`, `join`,
`array`), which is what makes a digest of a text column cheap. Equal content gives equal bytes
whatever holds it, so the choice of loop depends on the content only.
"""

from __future__ import annotations

import struct
from array import array
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_NAN = struct.pack("<d", float("nan"))
_pack = struct.Struct("<d").pack


def text(value: str) -> bytes:
    """Return a string's bytes, lone surrogates included."""
    return value.encode("utf-8", "surrogatepass")


def real(value: float) -> bytes:
    """Return eight bytes of a float; every NaN is the same NaN, -0.0 is not 0.0."""
    return _pack(value) if value == value else _NAN  # noqa: PLR0124 - false for NaN only


def _zone(value: Any) -> str:
    zone = value.tzinfo
    return "" if zone is None else str(getattr(zone, "key", None) or zone)


def _moment(value: Any) -> bytes:
    return text(f"{value.isoformat()}|{_zone(value)}|{value.fold}")


def _repr(value: Any) -> bytes:
    return text(repr(value))


def _str(value: Any) -> bytes:
    return text(str(value))


LEAVES: dict[type, Callable[[Any], bytes]] = {
    type(None): lambda _: b"",
    type(...): lambda _: b"",
    type(NotImplemented): lambda _: b"",
    bool: lambda v: b"1" if v else b"0",
    # `hex`: `str` of a long integer is limited, and quadratic.
    int: lambda v: hex(v).encode(),
    float: real,
    complex: lambda v: real(v.real) + real(v.imag),
    str: text,
    bytes: lambda v: v,
    range: _repr,
}

# By name, so that none of these modules is imported for the asking.
NAMED: dict[str, Callable[[Any], bytes]] = {
    "decimal.Decimal": lambda v: text(str(v.as_tuple())),
    "fractions.Fraction": _repr,
    "datetime.datetime": _moment,
    "datetime.time": _moment,
    "datetime.date": lambda v: text(v.isoformat()),
    "datetime.timedelta": _repr,
    "datetime.timezone": _repr,
    "zoneinfo.ZoneInfo": _str,
    "uuid.UUID": lambda v: bytes(v.bytes),
    "re.Pattern": lambda v: text(f"{v.flags}|{v.pattern!r}"),
    "ipaddress.IPv4Address": _repr,
    "ipaddress.IPv6Address": _repr,
    **{
        f"{module}.{name}": _str
        for module in ("pathlib", "pathlib._local")
        for name in ("PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath")
    },
}


def leaf(kind: type) -> Callable[[Any], bytes] | None:
    """Return the encoder of an atom type, None when the type is not one."""
    return LEAVES.get(kind) or NAMED.get(f"{kind.__module__}.{kind.__qualname__}")


# Atoms that come by the million; one byte each tells their types apart.
CODES: dict[type, int] = {
    str: ord("s"),
    int: ord("i"),
    float: ord("f"),
    bool: ord("b"),
    type(None): ord("n"),
    bytes: ord("y"),
    complex: ord("c"),
}


def texts(values: Sequence[str]) -> Iterator[Any]:
    """Yield the lengths and the bytes of many strings."""
    yield array("q", map(len, values))
    yield text("".join(values))


def _integers(values: Sequence[int]) -> Iterator[Any]:
    try:
        yield array("q", values)
    except OverflowError:
        yield b"wide"
        yield ",".join(map(hex, values)).encode()


def reals(values: Sequence[float]) -> array[float]:
    """Return many floats, with one and the same NaN."""
    total = sum(values)
    if total == total:  # noqa: PLR0124 - a NaN anywhere makes the sum one
        return array("d", values)
    nan = float("nan")
    return array("d", [v if v == v else nan for v in values])  # noqa: PLR0124


def _binaries(values: Sequence[bytes]) -> Iterator[Any]:
    yield array("q", map(len, values))
    yield b"".join(values)


def _complexes(values: Sequence[complex]) -> Iterator[Any]:
    yield reals([v.real for v in values])
    yield reals([v.imag for v in values])


def _same(code: int, values: Sequence[Any]) -> Iterator[Any]:
    match chr(code):
        case "s":
            yield from texts(values)
        case "i":
            yield from _integers(values)
        case "f":
            yield reals(values)
        case "b":
            yield bytes(values)
        case "y":
            yield from _binaries(values)
        case "c":
            yield from _complexes(values)


def bulk(values: Sequence[Any], kinds: set[type] | None = None) -> Iterator[Any] | None:
    r"""Return buffers that hold many atoms, or None when one of them is something else.

    Example:
        >>> [bytes(part) for part in bulk([True, False])]
        [b'b', b'\x01\x00']
        >>> bulk([1, []]) is None
        True
    """
    kinds = set(map(type, values)) if kinds is None else kinds
    if not kinds <= CODES.keys():
        return None
    if len(kinds) == 1:
        return _uniform(CODES[next(iter(kinds))], values)
    return _mixed(kinds, values)


def _uniform(code: int, values: Sequence[Any]) -> Iterator[Any]:
    yield bytes((code,))
    yield from _same(code, values)


def _mixed(kinds: set[type], values: Sequence[Any]) -> Iterator[Any]:
    yield bytes(map(CODES.__getitem__, map(type, values)))
    for kind in sorted(kinds, key=CODES.__getitem__):
        yield from _same(CODES[kind], [v for v in values if type(v) is kind])
