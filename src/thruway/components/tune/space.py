"""Search spaces as plain dicts, and the distributions of optuna that they mean.

| written | means |
|---|---|
| `(2, 8)` | whole numbers from 2 to 8, both included |
| `(0.1, 0.9)` | numbers between |
| `("log", 1e-3, 0.3)` | numbers between, even on a logarithmic scale; whole ones if both ends are |
| `("step", 100, 1000, 100)` | 100, 200, … 1000 |
| `["a", "b", None]` | one of these |
| anything else that is plain | always this |

A distribution of optuna may be given as it is; a function of a trial of optuna that returns a dict
says what depends on what.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from thruway.errors import UsageError

Space = Mapping[str, Any] | Callable[[Any], dict[str, Any]]


def optuna() -> Any:
    """Return the library.

    Raises:
        UsageError: it is not installed.
    """
    try:
        import optuna as library
    except ImportError as error:
        raise UsageError(
            "`tune` needs the library optuna, which is not installed",
            fix='install it: pip install "thruway[tune]"',
        ) from error
    return library


def check(space: Space) -> None:
    """Check a search space.

    Raises:
        UsageError: it says nothing, or something that is no range.
    """
    if callable(space):
        return
    if not isinstance(space, Mapping) or not space:
        raise UsageError(
            "`search_space` is empty or no dict",
            fix='write parameter → range, as {"max_depth": (2, 8), "kind": ["a", "b"]}',
        )
    for name, written in space.items():
        distribution(name, written)


def asked(space: Space, trial: Any) -> dict[str, Any]:
    """Return the setting that a trial of optuna proposes."""
    if callable(space):
        return dict(space(trial))
    found = {}
    for name, written in space.items():
        searched = distribution(name, written)
        # `_suggest` is what all its `suggest_…` call; they take no distributions.
        found[name] = written if searched is None else trial._suggest(name, searched)
    return found


def distribution(name: str, written: Any) -> Any:
    """Return the distribution that a range means; None for a value that is always this.

    Raises:
        UsageError: it is no range.
    """
    known = optuna().distributions
    if isinstance(written, known.BaseDistribution):
        return written
    try:
        if isinstance(written, list):
            return known.CategoricalDistribution(tuple(written))
        if not isinstance(written, tuple):
            return None
        return _range(known, written)
    except (ValueError, TypeError) as error:
        raise UsageError(
            f"the range of `{name}` cannot be searched: {written!r}",
            where=str(error),
            fix='write (low, high), ("log", low, high), ("step", low, high, step) or a list',
        ) from error


def _range(known: Any, written: tuple[Any, ...]) -> Any:
    log, stepped = written[:1] == ("log",), written[:1] == ("step",)
    ends = written[1:] if log or stepped else written
    step = ends[-1] if stepped else None
    low, high = ends[:-1] if stepped else ends
    for end in (low, high, *([] if step is None else [step])):
        if isinstance(end, bool) or not isinstance(end, int | float):
            raise TypeError(f"{end!r} is no number")
    if all(isinstance(end, int) for end in (low, high, 1 if step is None else step)):
        return known.IntDistribution(low, high, log=log, step=step or 1)
    return known.FloatDistribution(float(low), float(high), log=log, step=step)


def words(space: Space) -> dict[str, str]:
    """Return a search space in words, parameter by parameter."""
    if callable(space):
        return {}
    return {str(name): _words(written) for name, written in space.items()}


def _words(written: Any) -> str:
    if isinstance(written, list):
        return " | ".join(map(str, written))
    if not isinstance(written, tuple):
        return f"always {written}" if not hasattr(written, "to_internal_repr") else str(written)
    kind = written[0] if isinstance(written[0], str) else ""
    low, high = written[1:3] if kind else written[:2]
    more = {"log": ", logarithmic", "step": f", step {written[-1]}"}.get(kind, "")
    return f"{low} … {high}{more}"


def at_edge(space: Space, best: Mapping[str, Any]) -> list[str]:
    """Return a note for each best value that lies at an end of its range."""
    if callable(space):
        return []
    found = []
    for name, written in space.items():
        searched = distribution(name, written)
        value = best.get(name)
        low, high = getattr(searched, "low", None), getattr(searched, "high", None)
        if low is None or value is None or low == high:
            continue
        if value in {low, high}:
            end = "lower" if value == low else "upper"
            found.append(f"the best `{name}` is at the {end} end of its range: widen it")
    return found
