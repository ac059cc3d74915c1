"""What a call leaves behind: in its arguments, and around it."""

from __future__ import annotations

import copy
import random
import sys
import types
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thruway.kit.ambient import audit, options
from thruway.kit.ambient import random as streams
from thruway.kit.ambient.files import FileLog
from thruway.kit.values.fingerprint import fingerprint, fingerprint_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class Call:
    """One call and what it left.

    Attributes:
        result: what it gave; None when it raised.
        error: what it raised.
        changed: arguments that are not the same after it.
        settings: tokens of options and environment that it changed.
        drew: random streams that it drew from.
        globals: names of its module whose values it changed.
        figures: how many figures it left open.
        outside: `network`, `process` …, where it went.
        files: file that it wrote → digest.
        imported: whether it imported what was not loaded.
    """

    result: Any = None
    error: Exception | None = None
    changed: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    drew: tuple[str, ...] = ()
    globals: tuple[str, ...] = ()
    figures: int = 0
    outside: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    imported: bool = False


def called(function: Callable[..., Any], given: Mapping[str, Any], seed: int) -> Call:
    """Call a function and see what it leaves; the random streams are put back.

    Args:
        function: the component.
        given: parameter → value; copies of them are passed where they can be copied.
        seed: of the global random streams, as a run seeds them before each step.
    """
    own = {name: copied(value) for name, value in given.items()}
    digests = {name: fingerprint(value).hex for name, value in own.items()}
    state = random.getstate()
    with streams.undisturbed():
        streams.seed_all(seed)
        found = _watched(function, own, digests)
    random.setstate(state)
    return found


def _watched(function: Callable[..., Any], own: dict[str, Any], digests: dict[str, str]) -> Call:
    loaded = len(sys.modules)
    settings, drawn, names = options.snapshot(), streams.streams(), _globals(function)
    figures = _figures()
    log = FileLog(Path.cwd()).start()
    result, error = None, None
    try:
        with streams.quiet_imports():
            result = _by_kind(function, own)
    except Exception as raised:  # it is the user's function
        error = raised
    finally:
        log.stop()
    accesses = log.take()
    after = streams.streams()
    with audit.paused():
        files = {a.resource: _file(a.path) for a in accesses if a.path and a.mode != "read"}
        changed = tuple(n for n, value in own.items() if fingerprint(value).hex != digests[n])
        values = _globals(function)
    return Call(
        result,
        error,
        changed,
        options.changed(settings, options.snapshot()),
        tuple(token for token, digest in drawn.items() if after.get(token) != digest),
        tuple(name for name in names if values.get(name) != names[name]),
        max(_figures() - figures, 0),
        tuple(a.resource.partition(":")[2] for a in accesses if not a.path),
        files,
        len(sys.modules) > loaded,
    )


def lasting(call: Call, again: Call) -> tuple[str, ...]:
    """Return the settings that a function changes, and not the libraries that it imports.

    Args:
        call: the first one.
        again: another one, before which the environment was put back.
    """
    if not call.imported:
        return call.settings
    by_imports = {"options:warnings", "options:logging", "options:path"}
    return tuple(
        token
        for token in call.settings
        if token in again.settings or not (token.startswith("env:") or token in by_imports)
    )


def _by_kind(function: Callable[..., Any], own: dict[str, Any]) -> Any:
    """Call a function by name, but for what is passed by position only."""
    import inspect

    parameters = inspect.signature(function).parameters
    first = [n for n in own if parameters[n].kind is inspect.Parameter.POSITIONAL_ONLY]
    named = {name: value for name, value in own.items() if name not in first}
    return function(*(own[name] for name in first), **named)


def copied(value: Any) -> Any:
    """Return a copy, so that the user's example stays as it is; itself where none can be made."""
    try:
        return copy.deepcopy(value)
    except Exception:  # connections and the like
        return value


def _globals(function: Any) -> dict[str, str]:
    """Return name → digest of the values in the function's module that a call could change."""
    names = getattr(function, "__globals__", {})
    if not _is_own(str(names.get("__file__", ""))):
        return {}
    return {
        name: fingerprint(value).hex
        for name, value in list(names.items())
        if not name.startswith("__") and not isinstance(value, _FIXED)
    }


_FIXED = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType)


def _is_own(file: str) -> bool:
    return not any(part in {"site-packages", "dist-packages"} for part in Path(file).parts)


def _figures() -> int:
    pyplot: Any = sys.modules.get("matplotlib.pyplot")
    return len(pyplot.get_fignums()) if hasattr(pyplot, "get_fignums") else 0


def _file(path: str) -> str:
    try:
        return fingerprint_file(path)
    except OSError:
        return "(gone)"
