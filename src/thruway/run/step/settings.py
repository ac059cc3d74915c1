"""Process-wide settings that a step may change, put back after it.

Steps in processes of their own cannot see each other's settings; steps in one process must not
either. Only libraries that are already loaded are looked at.
"""

from __future__ import annotations

import contextlib
import decimal
import os
import random
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Undo = Callable[[], None]


@contextlib.contextmanager
def settings_kept() -> Iterator[None]:
    """Put back folder, environment, paths, filters, random states and library options."""
    undo = [_folder(), _environment(), _path(), _decimal(), _random()]
    undo += _libraries()
    loaded = set(sys.modules)
    try:
        with warnings.catch_warnings():
            yield
    finally:
        for one in undo:
            # One setting that cannot be put back must not keep the others from it.
            with contextlib.suppress(Exception):
                one()
        _defaults_of_new(loaded)


def _folder() -> Undo:
    before = Path.cwd()
    return lambda: os.chdir(before)


def _environment() -> Undo:
    before = dict(os.environ)

    def put_back() -> None:
        now = dict(os.environ)
        if now != before:
            for name in now.keys() - before.keys():
                del os.environ[name]
            os.environ.update({n: v for n, v in before.items() if now.get(n) != v})

    return put_back


def _path() -> Undo:
    before = list(sys.path)

    def put_back() -> None:
        sys.path[:] = before

    return put_back


def _decimal() -> Undo:
    before = decimal.getcontext().copy()
    return lambda: decimal.setcontext(before)


def _random() -> Undo:
    before = random.getstate()
    return lambda: random.setstate(before)


def _libraries() -> list[Undo]:
    known = {"numpy": _numpy, "pandas": _pandas, "matplotlib": _matplotlib}
    undo: list[Undo] = []
    for name, capture in known.items():
        if name in sys.modules:
            # A half-imported or very old library has no such options: nothing to put back.
            with contextlib.suppress(Exception):
                undo.append(capture())
    return undo


def _numpy() -> Undo:
    import numpy as np

    from thruway.kit.ambient.random import NumpyRandom

    state, errors, printing = NumpyRandom.capture(), np.geterr(), np.get_printoptions()

    def put_back() -> None:
        state.restore()
        np.seterr(**errors)
        if np.get_printoptions() != printing:
            np.set_printoptions(**printing)

    return put_back


def _pandas() -> Undo:
    config: Any = sys.modules["pandas._config.config"]
    before = dict(_flat(config._global_config))

    def put_back() -> None:
        for name, value in _flat(config._global_config):
            if name in before and before[name] is not value:
                with contextlib.suppress(Exception), warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    config.set_option(name, before[name])

    return put_back


def _flat(tree: dict[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _matplotlib() -> Undo:
    import matplotlib as mpl

    before = dict(mpl.rcParams.items())

    def put_back() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dict.update(mpl.rcParams, before)

    return put_back


def _defaults_of_new(loaded: set[str]) -> None:
    """Give libraries that the step itself imported the settings they begin with."""
    if "pandas" in sys.modules and "pandas" not in loaded:
        with contextlib.suppress(Exception), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            sys.modules["pandas"].reset_option("all", silent=True)
    if "matplotlib" in sys.modules and "matplotlib" not in loaded:
        with contextlib.suppress(Exception):
            mpl = sys.modules["matplotlib"]
            dict.update(mpl.rcParams, mpl.rcParamsOrig, backend=mpl.rcParams["backend"])
