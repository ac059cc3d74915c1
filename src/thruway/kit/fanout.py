"""`map_over`: one step called once for each item of a list; called, it is just a loop.

In the DAG it is one node (`kit.dag.Node.mapped`), read from the text before any item is known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from thruway.errors import PipelineError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

R = TypeVar("R")

RANDOM = ("NumpyRandom", "PythonRandom", "TorchRandom")
"""Classes of random streams, which pass from one call to the next in an order."""


def map_over(step: Callable[..., R], items: Iterable[Any], /, **fixed: Any) -> list[R]:
    """Return what a step gives for each item, in their order.

    In a run, every item has a cache key, a stored result and, with `--isolate -j N`, a process of
    its own; it gets its own copy of everything, and does not see what other items changed.

    Args:
        step: called with the item as its first argument.
        items: a list or tuple.
        fixed: further arguments, the same for every item.

    Raises:
        PipelineError: a random stream is passed, whose state would depend on the order.

    >>> def power(base: int, exponent: int) -> int:
    ...     return base**exponent
    >>> map_over(power, [1, 2, 3], exponent=2)
    [1, 4, 9]
    """
    name = getattr(step, "__name__", "the step")
    for argument, value in fixed.items():
        refuse_random(type(value).__name__, name, f"`{argument}`")
    results: list[R] = []
    for index, item in enumerate(items):
        try:
            results.append(step(item, **fixed))
        except Exception as error:
            error.add_note(f"in `{name}`, for item {index}")
            raise
    return results


def refuse_random(kind: str, step: str, port: str, where: str = "") -> None:
    """Refuse a random stream at a port of a mapped step.

    Raises:
        PipelineError: the class is one of a random stream.
    """
    if kind in RANDOM:
        raise PipelineError(
            f"`{step}` cannot be called for each item: {port} is the random stream `{kind}`, "
            "and every item would have to begin where the one before ended.",
            where,
            "give the step a seed of its own, or loop inside one step",
        )
