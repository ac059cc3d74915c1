"""Python expressions as text, laid out as a formatter lays them out: one line if it fits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

WIDTH = 88


@dataclass(frozen=True)
class Group:
    """Something with brackets around it.

    Attributes:
        opening: what is before its parts, the bracket included: `Param(`, `[`.
        parts: (what is before each: `name=`, `"name": `, or nothing; the part itself).
        closing: the bracket, and what is after it.
    """

    opening: str
    parts: tuple[tuple[str, Group | str], ...]
    closing: str


def call(function: str, *positional: Group | str, **named: Group | str) -> Group:
    """Return a call."""
    parts = [("", part) for part in positional] + [(f"{name}=", p) for name, p in named.items()]
    return Group(f"{function}(", tuple(parts), ")")


def listed(parts: list[Group | str]) -> Group:
    """Return a list."""
    return Group("[", tuple(("", part) for part in parts), "]")


def mapping(parts: dict[str, Group | str]) -> Group:
    """Return a dict with texts as keys."""
    return Group("{", tuple((f"{literal(name)}: ", part) for name, part in parts.items()), "}")


def literal(value: Any) -> str:
    """Return a plain value as Python writes it, texts with double quotes if they hold none.

    >>> print(literal(["a", 'say "a"', True, None]))
    ["a", 'say "a"', True, None]
    """
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{literal(k)}: {literal(v)}' for k, v in value.items())}}}"
    written = repr(value)
    if not isinstance(value, str) or '"' in written:
        return written
    return f'"{written[1:-1]}"'


def value(found: Any) -> Group | str:
    """Return a value of JSON as an expression that can be spread over lines."""
    if isinstance(found, dict):
        return mapping({name: value(part) for name, part in found.items()})
    if isinstance(found, list):
        return listed([value(part) for part in found])
    return literal(found)


def flat(part: Group | str) -> str:
    """Return an expression on one line."""
    if isinstance(part, str):
        return part
    inside = ", ".join(f"{before}{flat(each)}" for before, each in part.parts)
    return f"{part.opening}{inside}{part.closing}"


def laid(before: str, part: Group | str, after: str = "", indent: int = 0) -> str:
    """Return a line, or several if it is too long: `before` is what is left of it.

    >>> print(laid("a = ", call("f", "x" * 50, y="1" * 50)))
    a = f(
        xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx,
        y=11111111111111111111111111111111111111111111111111,
    )
    """
    line = f"{' ' * indent}{before}{flat(part)}{after}"
    if len(line) <= WIDTH or isinstance(part, str) or not part.parts:
        return line
    lines = [f"{' ' * indent}{before}{part.opening}"]
    lines += [laid(name, each, ",", indent + 4) for name, each in part.parts]
    return "\n".join([*lines, f"{' ' * indent}{part.closing}{after}"])
