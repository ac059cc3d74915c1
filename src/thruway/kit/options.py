"""Options of `@step(...)`: what they may be, read from values and from text alike.

They say how a step is run, and nothing of what it computes; its code key does not hold them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from thruway.errors import PipelineError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Role = Literal[
    "ingest",
    "explore",
    "validate",
    "prepare",
    "split",
    "transform",
    "tune",
    "train",
    "evaluate",
    "predict",
    "export",
    "report",
]
ROLES: tuple[str, ...] = get_args(Role)

_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_BINARY = {"KI": 2**10, "MI": 2**20, "GI": 2**30, "TI": 2**40}
_MEMORY = re.compile(r"(\d+(?:\.\d+)?) ?([KMGT]?|[KMGT]I)B?", re.IGNORECASE)
_NAME = re.compile(r"[^=\0\s]+")


class StepOptions(NamedTuple):
    """How a step is run.

    Attributes:
        role: what it is for; "" if not said.
        retries: how often it is tried again when it fails.
        timeout: seconds after which a try is given up; None for no limit.
        backoff: seconds before the first further try, doubled before each that follows.
        cpus: processors that it keeps busy.
        memory: what it needs, in bytes or as text (`"2GB"`); None if not said.
        gpu: graphics processors that it needs, also parts of one.
        env: names of environment variables that its result depends on.
        cache: whether its result may be taken from the cache; if not, it is always executed.
    """

    role: str = ""
    retries: int = 0
    timeout: float | None = None
    backoff: float = 0.5
    cpus: float = 1
    memory: str | int | None = None
    gpu: float = 0
    env: tuple[str, ...] = ()
    cache: bool = True


DEFAULTS = StepOptions()


def with_options(
    given: Mapping[str, Any], before: StepOptions = DEFAULTS, where: str = ""
) -> StepOptions:
    """Return options with some of them changed.

    Args:
        given: option → value.
        before: those of the step that is made into another.
        where: place, for messages.

    Raises:
        PipelineError: there is no such option, or a value makes no sense for it.

    >>> with_options({"retries": 2, "env": ["HOME"]}).env
    ('HOME',)
    """
    for name, value in given.items():
        if name not in _CHECKS:
            raise PipelineError(
                f"`{name}` is not an option of @step.", where, f"use one of: {', '.join(_CHECKS)}"
            )
        check, noun = _CHECKS[name]
        if not check(value):
            what = f"`{value}` is not a role" if name == "role" else _not_so(name, noun, value)
            listed = f"use one of: {', '.join(ROLES)}"
            raise PipelineError(
                f"{what}.", where, listed if name == "role" else f"write {name}={_SAMPLES[name]}"
            )
    changed = dict(given)
    if "role" in changed:
        changed["role"] = changed["role"] or before.role
    if "env" in changed:
        changed["env"] = tuple(changed["env"])
    return before._replace(**changed)


def _not_so(name: str, noun: str, value: Any) -> str:
    return f"`{name}` of a step is {noun}, not {value!r}"


def memory_bytes(memory: str | int | None) -> int | None:
    """Return the bytes that `memory` means; None if nothing is said.

    >>> memory_bytes("2GB"), memory_bytes("1.5 GiB"), memory_bytes(1024)
    (2000000000, 1610612736, 1024)
    """
    if not isinstance(memory, str):
        return memory
    found = _MEMORY.fullmatch(memory.strip())
    if found is None:
        raise PipelineError(
            f"{_not_so('memory', _CHECKS['memory'][1], memory)}.",
            fix=f"write memory={_SAMPLES['memory']}",
        )
    return int(float(found[1]) * {**_UNITS, **_BINARY}[found[2].upper()])


def _is_number(value: Any) -> bool:
    # NaN is not equal to itself; infinity is no duration, and no count.
    return type(value) in (int, float) and value == value and abs(value) != float("inf")  # noqa: PLR0124


def _is_memory(value: Any) -> bool:
    if isinstance(value, str):
        return _MEMORY.fullmatch(value.strip()) is not None and bool(memory_bytes(value))
    return value is None or (type(value) is int and value > 0)


def _are_names(value: Any) -> bool:
    return isinstance(value, tuple | list) and all(
        isinstance(name, str) and _NAME.fullmatch(name) for name in value
    )


_CHECKS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "role": (lambda value: value is None or value == "" or value in ROLES, "a role"),
    "retries": (lambda value: type(value) is int and value >= 0, "a whole number from 0"),
    "timeout": (
        lambda value: value is None or (_is_number(value) and value > 0),
        "seconds above 0, or None",
    ),
    "backoff": (lambda value: _is_number(value) and value >= 0, "seconds from 0"),
    "cpus": (lambda value: _is_number(value) and value > 0, "a number above 0"),
    "memory": (_is_memory, "bytes, or a text with a unit"),
    "gpu": (lambda value: _is_number(value) and value >= 0, "a number from 0"),
    "env": (_are_names, "a tuple of names of environment variables"),
    "cache": (lambda value: type(value) is bool, "True or False"),
}
_SAMPLES = {
    "retries": "2",
    "timeout": "60.0",
    "backoff": "0.5",
    "cpus": "2",
    "memory": '"2GB"',
    "gpu": "1",
    "env": '("HOME",)',
    "cache": "False",
}
