"""Arguments of a command line, once they are known: constants that become parameters.

Whatever parses them (`argparse`, `click`, `typer`), an argument has a name, a value, a type and a
help text. It becomes an assignment where it was declared, with its help as the comment, and is
marked, so that the plan makes a parameter of it whatever its type.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from thruway.program.calls import literal_value

if TYPE_CHECKING:
    import ast

    from thruway.program.opening.rows import Row

_WIDTH = 95
_SIMPLE = frozenset({"Path", "pathlib.Path"})
_SCALARS = (int, float, str, bool)


@dataclass(frozen=True)
class Computed:
    """A default that is no literal: its text."""

    text: str


@dataclass(frozen=True)
class Argument:
    """One argument.

    Attributes:
        name: as the program reads it.
        value: a literal, or the text of a default that is computed.
        annotation: type of the parameter, as text.
        help: what the author says of it.
        declared: the statement that declares it.
        convert: text of the function that the program applies to the words of the command line.
        many: it is applied to each of several words.
    """

    name: str
    value: Any
    annotation: str
    help: str
    declared: ast.stmt | None = None
    convert: str = ""
    many: bool = False

    @property
    def simple(self) -> bool:
        """Whether the conversion may be made wherever the value is used: it gives the same."""
        return self.convert in _SIMPLE and not self.many

    def converted(self, name: str, raw: str) -> str:
        """Return the assignment that turns the words into the value."""
        call = f"({self.convert})" if "lambda" in self.convert else self.convert
        value = f"[{call}(one) for one in {raw}]" if self.many else f"{call}({raw})"
        return f"{name} = {value}"


def argument_rows(argument: Argument, name: str, origin: Row) -> list[Row]:
    """Return the assignment of an argument, its help above."""
    words = " ".join(argument.help.split())
    rows = [replace(origin, text=f"# {line}", moved=True) for line in textwrap.wrap(words, _WIDTH)]
    if isinstance(argument.value, Computed):
        return [*rows, replace(origin, text=f"{name} = {argument.value.text}", moved=True)]
    text = f"{name} = {argument.value!r}"
    return [*rows, replace(origin, text=text, moved=True, argument=argument.annotation)]


def annotation_of(value: Any, base: str, *, many: bool) -> str:
    """Return the type of a parameter.

    Args:
        value: its default.
        base: type of one word, "" if the parser does not say.
        many: it takes several words.

    Examples:
        >>> annotation_of(0.1, "float", many=False), annotation_of(None, "", many=False)
        ('float', 'str | None')
        >>> annotation_of([1, 2], "int", many=True)
        'list[int]'
    """
    if many or isinstance(value, list):
        members = value if isinstance(value, list) else []
        found = f"list[{base or _common(members)}]"
    elif isinstance(value, tuple):
        found = "tuple"
    else:
        found = base or (type(value).__name__ if isinstance(value, _SCALARS) else "str")
    if value is None:
        return f"{found} | None"
    return found if _fits(value, found) else f"{found} | {type(value).__name__}"


def literal(node: ast.expr) -> Any:
    """Return the value of a literal, `...` if it is none."""
    try:
        return literal_value(node)
    except (ValueError, ArithmeticError, TypeError):
        return ...


def _common(members: list[Any]) -> str:
    kinds = {type(member).__name__ for member in members}
    return kinds.pop() if len(kinds) == 1 else "str" if not kinds else "object"


def _fits(value: Any, annotation: str) -> bool:
    if annotation == "float":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return annotation.partition("[")[0] == type(value).__name__
