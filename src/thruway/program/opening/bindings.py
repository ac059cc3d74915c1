"""What a call gives to the parameters of a function, as assignments."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from thruway.program.opening.reasons import ClosedError
from thruway.program.opening.scope import names_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from thruway.program.opening.rows import Text


@dataclass(frozen=True)
class Binding:
    """One parameter and its value.

    Attributes:
        name: of the parameter.
        value: the expression.
        text: as the author wrote it.
        given: by the call; else it is the default.
    """

    name: str
    value: ast.expr
    text: str
    given: bool

    @property
    def early(self) -> bool:
        """Whether the value is known where the function is defined: a literal, or a default."""
        return not self.given or is_literal(self.value)

    @property
    def same(self) -> bool:
        """Whether the value is a variable of the parameter's own name."""
        return isinstance(self.value, ast.Name) and self.value.id == self.name


def bindings(
    text: Text, function: ast.FunctionDef, call: ast.Call, *, method: bool = False
) -> list[Binding]:
    """Return the parameters with their values, in the order in which these are evaluated.

    Args:
        text: of both.
        function: that is called.
        call: with its arguments.
        method: the first parameter is the object, which the call does not name.

    Raises:
        ClosedError: the call does not say which value goes where.
    """
    arguments = function.args
    if arguments.vararg or arguments.kwarg:
        raise ClosedError("it takes any number of arguments", "name its parameters")
    if any(isinstance(a, ast.Starred) for a in call.args) or any(
        k.arg is None for k in call.keywords
    ):
        raise ClosedError("it is called with `*` or `**`", "write its arguments out")
    positional = [a.arg for a in [*arguments.posonlyargs, *arguments.args]][int(method) :]
    known = {*positional, *(a.arg for a in arguments.kwonlyargs)}
    given: list[tuple[str, ast.expr]] = list(zip(positional, call.args, strict=False))
    given += [(keyword.arg or "", keyword.value) for keyword in call.keywords]
    named = [name for name, _ in given]
    if len(call.args) > len(positional) or len(set(named)) < len(named) or set(named) - known:
        raise ClosedError("it is called with arguments that it does not take")
    found = [Binding(name, value, text.source(value), given=True) for name, value in given]
    for name, value in _defaults(arguments):
        if name not in named:
            found.insert(0, Binding(name, value, text.source(value), given=False))
    if {binding.name for binding in found} != known:
        raise ClosedError("it is called with too few arguments")
    return found


def _defaults(arguments: ast.arguments) -> Iterator[tuple[str, ast.expr]]:
    positional = [*arguments.posonlyargs, *arguments.args]
    count = len(arguments.defaults)
    pairs = list(zip(positional[len(positional) - count :], arguments.defaults, strict=True))
    pairs += [
        (argument, value)
        for argument, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        if value is not None
    ]
    yield from reversed([(argument.arg, value) for argument, value in pairs])


def is_literal(node: ast.expr) -> bool:
    """Tell whether an expression is a literal."""
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError):
        return False
    return True


def overwrites(found: list[Binding]) -> bool:
    """Tell whether one parameter has the name of a variable that a later value reads."""
    written: set[str] = set()
    for binding in found:
        if binding.same:
            continue
        if names_in(binding.value) & written:
            return True
        written.add(binding.name)
    return False
