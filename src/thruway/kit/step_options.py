"""Options of `@step(...)`: what each may be, checked where it is written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from thruway.errors import PipelineError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_BINARY = {"ki": 1 << 10, "mi": 1 << 20, "gi": 1 << 30, "ti": 1 << 40}
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?i?)b?\s*", re.IGNORECASE)


def parse_bytes(size: str | int | None) -> int:
    """Return a size in bytes; 0 for none.

    Raises:
        ValueError: the text is no size.

    >>> parse_bytes("2GB"), parse_bytes("512MiB"), parse_bytes(1000), parse_bytes(None)
    (2000000000, 536870912, 1000, 0)
    """
    if size is None or isinstance(size, int):
        return size or 0
    match = _SIZE.fullmatch(size)
    if match is None or match[2].lower() == "i":
        raise ValueError(size)
    number, unit = match.groups()
    return int(float(number) * {**_UNITS, **_BINARY}[unit.lower()])


def _number(value: Any, *, least: float) -> bool:
    return type(value) in (int, float) and value >= least and value == value  # noqa: PLR0124 - not NaN


def _size(value: Any) -> bool:
    if value is None or (type(value) is int and value > 0):
        return True
    try:
        return isinstance(value, str) and parse_bytes(value) > 0
    except ValueError:
        return False


def _names(value: Any) -> bool:
    return isinstance(value, tuple | list) and all(
        isinstance(name, str) and name.isidentifier() for name in value
    )


OPTIONS: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "retries": ("a whole number from 0", lambda v: type(v) is int and v >= 0),
    "backoff": ("seconds, from 0", lambda v: _number(v, least=0)),
    "timeout": (
        "seconds above 0, or None",
        lambda v: v is None or (_number(v, least=0) and v > 0),
    ),
    "cpus": ("a number above 0", lambda v: _number(v, least=0) and v > 0),
    "memory": ('a size such as "2GB", bytes above 0, or None', _size),
    "gpu": ("a number from 0", lambda v: _number(v, least=0)),
    "env": ('a tuple of names, such as ("API_HOST",)', _names),
    "cache": ("True or False", lambda v: isinstance(v, bool)),
}
"""Option → what it is, and whether a value is such."""


def check_options(options: Mapping[str, Any], where: str = "") -> None:
    """Check the options of a step.

    Raises:
        PipelineError: one is unknown, or has no such value.
    """
    for name, value in options.items():
        if name not in OPTIONS:
            raise PipelineError(
                f"`@step` has no option `{name}`.",
                where,
                f"use one of: role, {', '.join(OPTIONS)}",
            )
        wanted, is_such = OPTIONS[name]
        if not is_such(value):
            raise PipelineError(
                f"The option `{name}` of `@step` is {value!r}.", where, f"give it {wanted}"
            )
