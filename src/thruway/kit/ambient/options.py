"""Settings around a program: environment, working folder, import path, options of libraries.

`snapshot()` is called before and after every statement, so it must cost little: a library is
asked only when it is loaded, and a digest is computed only when the raw settings differ from
those of the last call.
"""

from __future__ import annotations

import gc
import logging
import os
import re
import signal
import sys
import time
import types
import warnings
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_DIALECTS = ("excel", "excel-tab", "unix")
_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGUSR1", "SIGUSR2", "SIGALRM") if hasattr(signal, name)
)
_CHOSEN_LATE = ("backend", "backend_fallback")
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_cache: dict[str, tuple[Any, str]] = {}
_environment: tuple[dict[Any, Any], dict[str, str]] = ({}, {})


def snapshot() -> dict[str, str]:
    """Return token → digest of the settings that are in force.

    Tokens: `env:<NAME>`, and `options:<what>` for cwd, path, pandas, numpy, decimal,
    warnings, matplotlib, logging, sklearn, torch and python (recursion limit, CSV field size).
    """
    result = dict(_environment_digests())
    for token, read in _READERS.items():
        raw = _guarded(read)
        if raw is None:
            continue
        known = _cache.get(token)
        if known is None or not _same(known[0], raw):
            known = _cache[token] = (raw, _digest(_text(raw)))
        result[token] = known[1]
    return result


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    """Return the tokens whose settings differ between two snapshots.

    Options of a library that was loaded in between are new, not changed.
    """
    if before == after:
        return ()
    return tuple(
        sorted(
            token
            for token in before.keys() | after.keys()
            if before.get(token) != after.get(token)
            and (token in before or not token.startswith("options:"))
        )
    )


def _guarded(read: Callable[[], Any]) -> Any:
    try:
        return read()
    except Exception:  # a library half imported, or changed inside: nothing to say about it
        return None


def _environment_digests() -> dict[str, str]:
    global _environment  # noqa: PLW0603 - the last answer, to be given again at once
    # The dict under `os.environ`, encoded: comparing it as a whole skips decoding every variable.
    raw = getattr(os.environ, "_data", None) or dict(os.environ)
    if raw != _environment[0]:
        digests = {f"env:{name}": _digest(value) for name, value in os.environ.items()}
        _environment = (dict(raw), digests)
    return _environment[1]


def _cwd() -> str:
    try:
        return os.getcwd()  # noqa: PTH109 - the cheaper, called around each statement
    except FileNotFoundError:
        return "(removed)"


def _path() -> tuple[str, ...]:
    return tuple(sys.path)


def _pandas() -> Any:
    config: Any = sys.modules.get("pandas._config.config")
    settings = getattr(config, "_global_config", None)
    return None if settings is None else _nested(settings)


def _nested(settings: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _nested(value) if isinstance(value, dict) else value
        for name, value in settings.items()
    }


def _numpy() -> Any:
    numpy: Any = sys.modules.get("numpy")
    if not hasattr(numpy, "get_printoptions") or not hasattr(numpy, "geterr"):
        return None
    return numpy.get_printoptions(), numpy.geterr()


def _decimal() -> Any:
    decimal: Any = sys.modules.get("decimal")
    if not hasattr(decimal, "getcontext"):
        return None
    context = decimal.getcontext()
    # Without `flags`: every rounded result sets one, and hardly anybody reads them.
    traps = tuple(signal.__name__ for signal, on in context.traps.items() if on)
    numbers = (context.prec, context.Emin, context.Emax, context.capitals, context.clamp)
    return (context.rounding, *numbers, traps)


def _warnings() -> Any:
    return (tuple(warnings.filters), warnings.showwarning, warnings.formatwarning)


def _matplotlib() -> Any:
    matplotlib: Any = sys.modules.get("matplotlib")
    parameters = getattr(matplotlib, "rcParams", None)
    if parameters is None:
        return None
    # Past `__getitem__`: asking for `backend` would choose one. Lists are copied, because
    # programs insert fonts into them in place.
    return {
        name: tuple(value) if type(value) is list else value
        for name, value in dict.items(parameters)
        if name not in _CHOSEN_LATE
    }


def _logging() -> Any:
    root = logging.root
    loggers = tuple(
        (name, *settings)
        for name, logger in list(root.manager.loggerDict.items())
        if isinstance(logger, logging.Logger) and (settings := _logger(logger)) != _PLAIN_LOGGER
    )
    return (root.manager.disable, _logger(root), loggers)


def _logger(logger: logging.Logger) -> tuple[Any, ...]:
    handlers = tuple(_handler(handler) for handler in logger.handlers)
    filters = tuple(map(repr, logger.filters))
    return (logger.level, logger.propagate, logger.disabled, handlers, filters)


_PLAIN_LOGGER = (logging.NOTSET, True, False, (), ())


def _handler(handler: logging.Handler) -> tuple[str, int, str]:
    pattern = getattr(handler.formatter, "_fmt", "") or ""
    return (type(handler).__name__, handler.level, pattern)


def _sklearn() -> Any:
    config: Any = sys.modules.get("sklearn._config")
    read = getattr(config, "get_config", None)
    return None if read is None else read()


def _torch() -> Any:
    torch: Any = sys.modules.get("torch")
    if not hasattr(torch, "get_default_dtype"):
        return None
    deterministic = torch.are_deterministic_algorithms_enabled()
    grad = torch.is_grad_enabled()
    return (str(torch.get_default_dtype()), torch.get_num_threads(), deterministic, grad)


def _python() -> Any:
    csv: Any = sys.modules.get("_csv")
    limit, dialects = 131_072, ()
    if hasattr(csv, "field_size_limit"):
        limit = csv.field_size_limit()
        dialects = tuple(name for name in csv.list_dialects() if name not in _DIALECTS)
    digits = getattr(sys, "get_int_max_str_digits", int)()  # from Python 3.11
    collecting = (gc.isenabled(), gc.get_threshold())
    handlers = tuple(map(signal.getsignal, _SIGNALS))
    return (sys.getrecursionlimit(), digits, limit, dialects, collecting, handlers)


def _time() -> Any:
    return (time.tzname, time.timezone)


_READERS: dict[str, Callable[[], Any]] = {
    "options:cwd": _cwd,
    "options:path": _path,
    "options:pandas": _pandas,
    "options:numpy": _numpy,
    "options:decimal": _decimal,
    "options:warnings": _warnings,
    "options:matplotlib": _matplotlib,
    "options:logging": _logging,
    "options:sklearn": _sklearn,
    "options:torch": _torch,
    "options:python": _python,
    "options:time": _time,
}


def _same(before: Any, after: Any) -> bool:
    try:
        return bool(before == after)
    except Exception:  # arrays among the settings: compare their texts
        return _text(before) == _text(after)


def _text(value: Any) -> str:
    """Return the settings as text without addresses, the same in every process."""
    if isinstance(value, dict):
        items = sorted(((str(name), _text(item)) for name, item in value.items()))
        return repr(items)
    if isinstance(value, list | tuple):
        return f"({', '.join(_text(item) for item in value)})"
    if isinstance(value, re.Pattern):
        return f"re:{value.pattern!r}{value.flags}"
    if isinstance(value, types.FunctionType):
        code = value.__code__
        body = _digest(repr((code.co_code, code.co_names, _ADDRESS.sub("", repr(code.co_consts)))))
        return f"{value.__module__}.{value.__qualname__} {body}"
    return _ADDRESS.sub("", repr(value))


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
