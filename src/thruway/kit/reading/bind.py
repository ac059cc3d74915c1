"""Arguments of a call in a pipeline bound to the signature of the step, as Python would."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from thruway.errors import PipelineError

if TYPE_CHECKING:
    from thruway.kit.dag import StepRef

Argument = tuple[str, ast.expr]


def bind(step: StepRef, call: ast.Call, where: str) -> list[Argument]:
    """Return (parameter, expression) for each argument, in the order of the call.

    Positional arguments of a step whose signature is not known, or that take part in `*args`,
    are named by position: "0", "1" ….

    Raises:
        PipelineError: an argument is missing, unexpected, or given twice.
    """
    positional = _positional(step, call, where)
    named = _named(step, call, where)
    given = [name for name, _ in (*positional, *named)]
    for name in given:
        if given.count(name) > 1:
            raise _error(step, f"`{name}` is given twice", where)
    if step.known:
        _check(step, given, len(call.args), where)
    return [*positional, *named]


def _positional(step: StepRef, call: ast.Call, where: str) -> list[Argument]:
    if any(isinstance(value, ast.Starred) for value in call.args):
        raise _error(step, "a pipeline cannot pass `*values`", where, "name each argument")
    names = [parameter.name for parameter in step.parameters if not parameter.keyword_only]
    if not step.known or (step.variadic and len(call.args) > len(names)):
        names = [str(number) for number in range(len(call.args))]
    if len(call.args) > len(names):
        what = f"{len(call.args)} positional arguments are passed, and {len(names)} are taken"
        raise _error(step, what, where)
    return list(zip(names, call.args, strict=False))


def _named(step: StepRef, call: ast.Call, where: str) -> list[Argument]:
    named: list[Argument] = []
    for keyword in call.keywords:
        if keyword.arg is None:
            raise _error(step, "a pipeline cannot pass `**values`", where, "name each argument")
        named.append((keyword.arg, keyword.value))
    return named


def _check(step: StepRef, given: list[str], positional: int, where: str) -> None:
    known = {parameter.name for parameter in step.parameters}
    for name in given:
        if name not in known and not name.isdigit() and not step.open:
            raise _error(step, f"there is no parameter `{name}`", where)
    by_position = [p.name for p in step.parameters if not p.keyword_only][:positional]
    missing = [
        parameter.name
        for parameter in step.parameters
        if not parameter.has_default and parameter.name not in {*given, *by_position}
    ]
    if missing:
        raise _error(step, f"`{'`, `'.join(missing)}` is missing", where)


def _error(step: StepRef, what: str, where: str, fix: str = "") -> PipelineError:
    return PipelineError(
        f"`{step.name}` cannot be called so: {what}.", where, fix or f"it takes {step.signature}"
    )
