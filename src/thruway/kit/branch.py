"""`when`: a step that is called on a condition; called, it is just a choice.

In the DAG each branch is a node of its own (`kit.dag.Node.condition`), and what uses the result
takes it from the one that ran (`kit.dag.FromEither`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, overload

from thruway.errors import PipelineError

if TYPE_CHECKING:
    from collections.abc import Callable

R = TypeVar("R")
S = TypeVar("S")


@overload
def when(
    condition: bool, step: Callable[..., R], otherwise: None = ..., /, **arguments: Any
) -> R | None: ...
@overload
def when(
    condition: bool, step: Callable[..., R], otherwise: Callable[..., S], /, **arguments: Any
) -> R | S: ...
def when(
    condition: bool,
    step: Callable[..., R],
    otherwise: Callable[..., S] | None = None,
    /,
    **arguments: Any,
) -> R | S | None:
    """Return what a step gives if a condition holds, else what another one gives, or None.

    In a pipeline the condition is one of its parameters, or what a step returns: a bool, and
    nothing that only counts as true or false.

    Args:
        condition: decides which step is called.
        step: called if it holds.
        otherwise: called if it does not; without it, the result is then None.
        arguments: passed to the one that is called.

    Raises:
        PipelineError: the condition is not a bool.

    >>> def push(model: str) -> str:
    ...     return f"pushed {model}"
    >>> when(True, push, model="m"), when(False, push, model="m")
    ('pushed m', None)
    """
    check_condition(condition)
    if condition:
        return step(**arguments)
    return None if otherwise is None else otherwise(**arguments)


def check_condition(value: object, where: str = "") -> None:
    """Refuse what only counts as true or false.

    Raises:
        PipelineError: the value is not a bool.
    """
    kind: type = type(value)
    if kind is not bool:
        name = (
            kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
        )
        raise PipelineError(
            f"The condition of `when` must be a bool, and is {name} ({value!r:.80}).",
            where,
            "write bool(…) in the step that makes it",
        )
