"""What a function says of itself, and whether its examples and results are that."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from thruway.api.component.report import Flaw
from thruway.kit.ports.annotations import Placeholder, hints
from thruway.kit.ports.fit import is_open
from thruway.kit.ports.fit_values import value_misfit
from thruway.kit.ports.shown import show
from thruway.kit.step import Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def announced(function: Callable[..., Any]) -> Iterator[Flaw]:
    """Give what is missing in a signature."""
    signature = inspect.signature(function)
    known = hints(function)
    bare = [
        name
        for name, parameter in signature.parameters.items()
        if name not in known and parameter.kind not in _VARIADIC
    ]
    if bare:
        yield Flaw(
            "types", "warn",
            f"{len(bare)} of {len(signature.parameters)} parameters say no type",
            f"parameters {', '.join(f'`{name}`' for name in bare)}",
            "annotate them: a pipeline is then checked before it runs",
        )  # fmt: skip
    if "return" not in known:
        yield Flaw(
            "types", "warn", "it does not say what it returns", "its result",
            "annotate it; several results are fields of a NamedTuple",
        )  # fmt: skip
    for name, kind in known.items():
        if isinstance(kind, Placeholder):
            yield Flaw(
                "types", "warn", f"the type {kind!r} is not known here", _place(name),
                "import the name at the top of its module",
            )  # fmt: skip


def arguments(
    function: Callable[..., Any], given: Mapping[str, Any], number: int
) -> Iterator[Flaw]:
    """Give which examples are not what the parameters say."""
    known = hints(function)
    for name, value in given.items():
        if name in known:
            yield from _misfit(
                value, known[name], f"{_place(name)}, example {number}", "it is given"
            )


def result(function: Callable[..., Any], found: Any, number: int) -> Iterator[Flaw]:
    """Give whether a result is not what the function says that it returns."""
    wanted = hints(function).get("return")
    if wanted is not None:
        yield from _misfit(found, wanted, f"its result, example {number}", "it gives")


def _misfit(value: Any, wanted: Any, where: str, told: str) -> Iterator[Flaw]:
    misfit = None if is_open(wanted) else value_misfit(value, wanted)
    if misfit is not None:
        why = f": {misfit.why}" if misfit.why else ""
        yield Flaw(
            "types", "fail",
            f"{show(wanted)} is announced, and {told} {show(type(value))}{why}",
            where, "change the annotation, or the value",
        )  # fmt: skip


def _place(name: str) -> str:
    return "its result" if name == "return" else f"parameter `{name}`"


def plain(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function below `@step`."""
    return function.function if isinstance(function, Step) else function


def bound(function: Callable[..., Any], example: Any) -> dict[str, Any]:
    """Return an example as parameter → value.

    Raises:
        TypeError: it does not match the signature.
    """
    signature = inspect.signature(function)
    if isinstance(example, dict):
        match = signature.bind(**example)
    else:
        match = signature.bind(*(example if isinstance(example, tuple) else (example,)))
    for name, parameter in signature.parameters.items():
        if parameter.kind in _VARIADIC and match.arguments.get(name):
            message = f"it takes `{parameter}`; a step is given parameters by name"
            raise TypeError(message)
    return dict(match.arguments)


def outputs(found: Any) -> dict[str, Any]:
    """Return the ports of a result: fields of a NamedTuple, or the one value."""
    fields = getattr(found, "_fields", None) if isinstance(found, tuple) else None
    return {"result": found} if not fields else dict(zip(fields, found, strict=True))
