"""Moves Python text one level in; what lies inside strings is not touched."""

from __future__ import annotations

import io
import tokenize

INDENT = "    "
_OPENING = ("FSTRING_START", "TSTRING_START")
_CLOSING = ("FSTRING_END", "TSTRING_END")


def indent(code: str, prefix: str = INDENT) -> str:
    """Return the code one level deeper; what is inside strings is not touched."""
    frozen = _lines_inside_strings(code)
    lines = code.split("\n")
    moved = [
        line if number in frozen or not line.strip() else prefix + line
        for number, line in enumerate(lines, start=1)
    ]
    return "\n".join(moved)


def _lines_inside_strings(code: str) -> frozenset[int]:
    """Return the numbers of the lines that begin inside a string."""
    frozen: set[int] = set()
    started: list[int] = []
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        kind = tokenize.tok_name[token.type]
        if kind in _OPENING:  # from Python 3.12 on, an f-string is several tokens
            started.append(token.start[0])
        elif kind in _CLOSING:
            frozen.update(range(started.pop() + 1, token.end[0] + 1))
        elif kind == "STRING":
            frozen.update(range(token.start[0] + 1, token.end[0] + 1))
    return frozenset(frozen)
