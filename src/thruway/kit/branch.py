"""`when`: a step that is called only if a condition holds; called, it is just an `if`.

In the DAG both branches are nodes with a condition (`kit.dag.Condition`), read from the text
before any value is known; the one that is not taken is skipped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from thruway.errors import PipelineError

if TYPE_CHECKING:
    from collections.abc import Callable

R = TypeVar("R")
S = TypeVar("S")


def when(
    condition: bool,
    step: Callable[..., R],
    otherwise: Callable[..., S] | None = None,
    /,
    **arguments: Any,
) -> R | S | None:
    """Return what a step gives if a condition holds; else what another gives, or None.

    Args:
        condition: True or False: a parameter of the pipeline, or what a step gave.
        step: called if it is True.
        otherwise: called if it is False, with the same arguments.
        arguments: of the step, by name.

    Raises:
        PipelineError: the condition is neither True nor False.

    >>> def greet(name: str) -> str:
    ...     return f"hello {name}"
    >>> when(True, greet, name="you"), when(False, greet, name="you")
    ('hello you', None)
    """
    check_condition(condition, getattr(step, "__name__", "the step"))
    if condition:
        return step(**arguments)
    return None if otherwise is None else otherwise(**arguments)


def check_condition(value: object, step: str, where: str = "") -> None:
    """Refuse what is neither True nor False.

    Raises:
        PipelineError: it is something else, a NumPy bool for example.
    """
    if type(value) is not bool:
        kind = f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")
        raise PipelineError(
            f"The condition of `{step}` is {kind}, and neither True nor False.",
            where,
            "let the step that gives it return bool(…)",
        )
