"""Seeds: every random state of an estimator, and the global streams while it is fitted."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any

from thruway.components.models.adapters.recognise import root_of
from thruway.kit.ambient.random import NumpyRandom, PythonRandom, TorchRandom, seed_all

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAMES = ("random_state", "random_seed", "seed")


def seed(estimator: Any, number: int) -> dict[str, int]:
    """Set every random state of an estimator that its user left open; return what is set.

    States that the user set to a number stay, and are in the result too.
    """
    if not hasattr(estimator, "get_params"):
        return {}
    parameters = estimator.get_params(deep=True)
    states = {name: value for name, value in parameters.items() if _is_state(name)}
    if root_of(estimator) == "catboost" and not states:
        states = {"random_seed": None}
    missing = [name for name, value in states.items() if value is None]
    if missing:
        estimator.set_params(**dict.fromkeys(missing, number))
    return {
        name: number if value is None else int(value)
        for name, value in sorted(states.items())
        if value is None or isinstance(value, int)
    }


@contextlib.contextmanager
def seeded(number: int) -> Iterator[None]:
    """Seed the global streams of Python, NumPy and torch, and put them back afterwards."""
    kinds: list[Any] = [PythonRandom, NumpyRandom]
    if "torch" in sys.modules:
        kinds.append(TorchRandom)
    before = [kind.capture() for kind in kinds]
    seed_all(number)
    try:
        yield
    finally:
        for state in before:
            state.restore()


def _is_state(name: str) -> bool:
    return name.rpartition("__")[2] in _NAMES
