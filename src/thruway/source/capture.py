"""`%%capture name` as Python: the cell's output goes into a value instead of onto the screen."""

from __future__ import annotations

import io
import tokenize

from thruway.source.drafts import Line

INDENT = "    "


def captured(name: str, body: list[Line], marker: int) -> list[Line]:
    """Return a cell whose output is bound to `name`, as IPython does it.

    The value prints as the output and has it as `.stdout` too. It is a `UserString`, because
    that can be stored and needs no IPython where the program runs.

    Args:
        name: what the magic binds.
        body: the cell's Python under the magic.
        marker: line of the magic in the author's text.
    """
    stream = f"captured_{name}"
    last = body[-1].origin if body else marker
    keep = f"{name} = collections.UserString({stream}.getvalue())"
    return [
        Line("import collections, contextlib, io", marker),
        Line(f"with contextlib.redirect_stdout(io.StringIO()) as {stream}:", marker),
        *indented(body),
        Line(f"{INDENT}pass", last),
        Line(f"{keep}; {name}.stdout = {name}.data; del {stream}", last),
    ]


def indented(body: list[Line]) -> list[Line]:
    """Return the lines one level deeper, but for those inside strings."""
    inside = lines_in_strings("\n".join(line.text for line in body))
    return [
        Line(INDENT + line.text if line.text and number not in inside else line.text, line.origin)
        for number, line in enumerate(body)
    ]


def lines_in_strings(text: str) -> set[int]:
    """Return the lines, from 0, that begin inside a string of several lines."""
    inside: set[int] = set()
    open_strings: list[int] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            kind = tokenize.tok_name[token.type]
            if kind.endswith("STRING_START"):
                open_strings.append(token.start[0])
            elif kind.endswith("STRING_END"):
                inside.update(range(open_strings.pop(), token.end[0]))
            elif kind == "STRING":
                inside.update(range(token.start[0], token.end[0]))
    except (tokenize.TokenError, SyntaxError):
        return inside
    return inside
