"""A command line that the program reads by itself: its words take the place of `sys.argv`.

A step runs in a process of its own, whose command line is another one.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from thruway.program.opening.change import rewritten
from thruway.program.opening.choose import PARSERS
from thruway.program.opening.reasons import ClosedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from thruway.program.opening.rows import Text


def with_words(text: Text, words: Sequence[str]) -> Text:
    """Return the text with the command line written out, the script's name first.

    Raises:
        ClosedError: it cannot be written there.
    """
    for node in ast.walk(text.tree):
        if _is_argv(node) and not isinstance(getattr(node, "ctx", None), ast.Load):
            raise ClosedError("the program sets `sys.argv`")

    def rewrite(node: ast.expr) -> ast.expr | None:
        if isinstance(node, ast.Subscript) and _is_argv(node.value):
            index = node.slice.value if isinstance(node.slice, ast.Constant) else None
            if isinstance(index, int) and -len(words) <= index < len(words):
                return ast.Constant(words[index])
        if _is_argv(node):
            return _list(words)
        if _asks(node):
            assert isinstance(node, ast.Call)
            return ast.Call(node.func, [_list(words[1:])], [])
        return None

    return rewritten(text, rewrite)


def _is_argv(node: ast.AST) -> bool:
    if not isinstance(node, ast.Attribute) or node.attr != "argv":
        return False
    return isinstance(node.value, ast.Name) and node.value.id == "sys"


def _asks(node: ast.AST) -> bool:
    """Tell whether a parser is asked without being given words."""
    if not isinstance(node, ast.Call) or node.args or node.keywords:
        return False
    return isinstance(node.func, ast.Attribute) and node.func.attr in PARSERS


def _list(words: Sequence[str]) -> ast.List:
    return ast.List([ast.Constant(word) for word in words], ast.Load())
