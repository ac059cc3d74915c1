"""Move the user's text without changing what it means.

Indenting is the delicate part, see `program.indent`: a line inside a string must stay as it is.
"""

from __future__ import annotations

import ast
import io
import tokenize
from typing import TYPE_CHECKING

from thruway.program.indent import INDENT, indent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from thruway.plan.types import Edit

__all__ = ["INDENT", "apply_edits", "camel_case", "display", "docstring", "indent", "quoted"]


def _tokens(code: str) -> Iterator[tokenize.TokenInfo]:
    return tokenize.generate_tokens(io.StringIO(code).readline)


def apply_edits(code: str, edits: Iterable[Edit]) -> str:
    """Return the code with every span replaced by its text."""
    lines = code.split("\n")
    for edit in sorted(edits, key=lambda edit: (edit.line, edit.column), reverse=True):
        head = lines[edit.line - 1][: edit.column]
        tail = lines[edit.end_line - 1][edit.end_column :]
        lines[edit.line - 1 : edit.end_line] = (head + edit.text + tail).split("\n")
    return "\n".join(lines)


def display(code: str, call: str = "display", *, underscore: bool = False) -> str:
    """Return the code with its expression displayed; comments stay where they are.

    Args:
        code: a statement that is one expression.
        call: name of the function that displays.
        underscore: the value is read later as `_`, so it is bound too.
    """
    expression = _last_expression(code)
    if expression is None:
        return code
    start, end = _span(code, expression)
    text = code[start:end]
    if underscore:
        return f"{code[:start]}_ = {_in_brackets(text)}{code[end:]}\n{call}(_)"
    bare_tuple = isinstance(expression.value, ast.Tuple) and not _is_bracketed(text)
    inner = f"({text})" if bare_tuple else text
    return f"{code[:start]}{call}({inner}){_after(code[end:])}"


def _after(rest: str) -> str:
    """Return what followed an expression, without a semicolon that would end nothing."""
    stripped = rest.lstrip()
    return rest.replace(";", "", 1) if stripped.startswith(";") else rest


def _in_brackets(text: str) -> str:
    """Return an expression that may follow `_ =` even if it spans lines."""
    return f"({text})" if "\n" in text and not _is_bracketed(text) else text


def _is_bracketed(text: str) -> bool:
    if not (text.startswith("(") and text.endswith(")")):
        return False
    depth = 0
    brackets = [t for t in _tokens(text) if t.type == tokenize.OP and t.string in "()[]{}"]
    for position, token in enumerate(brackets):
        depth += 1 if token.string in "([{" else -1
        if depth == 0:
            return position == len(brackets) - 1
    return False


def _last_expression(code: str) -> ast.Expr | None:
    body = ast.parse(code).body
    return body[-1] if body and isinstance(body[-1], ast.Expr) else None


def _span(code: str, node: ast.Expr) -> tuple[int, int]:
    """Return the character offsets of a node; `ast` counts columns in bytes."""
    lines = code.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)

    def offset(line: int, column: int) -> int:
        return starts[line - 1] + len(lines[line - 1].encode()[:column].decode())

    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return offset(node.lineno, node.col_offset), offset(node.end_lineno, node.end_col_offset)


def camel_case(name: str) -> str:
    """Return `TrainModel` for `train_model`."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_") if part) or "Outputs"


def quoted(text: str) -> str:
    """Return a Python string literal in double quotes, as the formatter writes it."""
    literal = repr(text)
    if literal[0] == "'" and '"' not in text:
        return f'"{literal[1:-1]}"'.replace("\\'", "'")
    return literal


def docstring(text: str, about: str = "") -> str:
    """Return one line of text as a docstring, with more below it if there is more."""
    clean = _harmless(" ".join(text.split()))
    if clean and clean[-1] not in ".!?…:":
        clean += "."
    if not about:
        return f'"""{clean}"""'
    rows = "\n".join(row.rstrip() for row in _harmless(about.strip()).split("\n"))
    return f'"""{clean}\n\n{rows}\n"""'


def _harmless(text: str) -> str:
    """Return text that may stand in a docstring."""
    return text.replace("\\", "\\\\").replace('"""', "'''")
