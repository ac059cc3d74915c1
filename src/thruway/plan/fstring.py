"""The pieces of an f-string, with their places: Python tells them from 3.12 on only.

Only what stands on one line, in one pair of quotes, is taken apart; all else is left whole.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

_WHOLE = re.compile(r"""(?:[fF][rR]?|[rR][fF])('''|\"""|'|")(.*)\1""")
_PAIRS = {"(": ")", "[": "]", "{": "}"}


@dataclass(frozen=True)
class Piece:
    """A piece of an f-string.

    Attributes:
        text: what stands there: plain text, or the expression of a field.
        start: where it begins, in characters from the start of the f-string.
        field: it is the expression of a field.
        rest: what follows the expression inside the braces (`!r`, `:.2f`).
    """

    text: str
    start: int
    field: bool = False
    rest: str = ""


def pieces_of(source: str) -> tuple[Piece, ...] | None:
    """Return the pieces of an f-string's source text; None where it is not simple.

    >>> [piece.text for piece in pieces_of('f"{name}: {score:.2f}!"')]
    ['name', ': ', 'score', '!']
    """
    found = _WHOLE.fullmatch(source)
    if not found or "\\" in source or "{{" in source or "}}" in source:
        return None
    quote, body = found.groups()
    if quote in body:
        return None
    offset = found.start(2)
    pieces: list[Piece] = []
    at = 0
    while at < len(body):
        if body[at] != "{":
            end = body.find("{", at)
            end = len(body) if end < 0 else end
            pieces.append(Piece(body[at:end], offset + at))
        else:
            end = _closing(body, at) + 1
            piece = _field(body[at + 1 : end - 1], offset + at + 1)
            if not end or piece is None:
                return None
            pieces.append(piece)
        at = end
    return tuple(pieces)


def _closing(body: str, start: int) -> int:
    """Return where the brace that opens at `start` closes, -1 if it does not."""
    expected: list[str] = []
    quote = ""
    for at in range(start, len(body)):
        char = body[at]
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char in _PAIRS:
            expected.append(_PAIRS[char])
        elif expected and char == expected[-1]:
            expected.pop()
            if not expected:
                return at
    return -1


def _field(text: str, start: int) -> Piece | None:
    """Return the piece of what stands between braces; None if it is more than an expression."""
    for end in (len(text), *(found.start() for found in re.finditer(r"[!:]", text))):
        if _is_expression(text[:end]):
            rest = text[end:]
            return None if "{" in rest else Piece(text[:end], start, field=True, rest=rest)
    return None


def _is_expression(text: str) -> bool:
    try:
        ast.parse(f"({text})", mode="eval")
    except SyntaxError:
        return False
    return bool(text.strip())
