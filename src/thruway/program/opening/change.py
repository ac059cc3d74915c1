"""Changes to the words of a text, each checked against the same change to its tree."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from thruway.program.opening.reasons import ClosedError
from thruway.program.opening.rows import Edit, Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Rewrite = Callable[[ast.expr], ast.expr | None]

_NAMED = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.ExceptHandler,
    ast.MatchAs,
    ast.MatchStar,
)


def rewritten(text: Text, rewrite: Rewrite) -> Text:
    """Return the text with expressions put in the place of others.

    Args:
        text: to be changed.
        rewrite: an expression → another one (a name), or None to leave it.

    Raises:
        ClosedError: the text cannot be changed in the way the tree can.
    """
    edits = [
        Edit(text.start(node), text.end(node), ast.unparse(new))
        for node, new in _changed(text.tree, rewrite)
    ]
    if not edits:
        return text
    try:
        done = text.edited(edits)
        same = ast.dump(done.tree) == ast.dump(_Rewriter(rewrite).visit(_copy(text)))
    except (SyntaxError, ValueError, IndexError):
        same = False
    if not same:
        raise ClosedError("a name in it cannot be changed safely (in a formatted string?)")
    return done


def _changed(tree: ast.AST, rewrite: Rewrite) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Yield the outermost expressions that change, with what they become."""
    for node in ast.iter_child_nodes(tree):
        new = rewrite(node) if isinstance(node, ast.expr) else None
        if new is not None and isinstance(node, ast.expr):
            yield node, new
        else:
            yield from _changed(node, rewrite)


def _copy(text: Text) -> ast.Module:
    return ast.parse("\n".join(text.lines))


class _Rewriter(ast.NodeTransformer):
    def __init__(self, rewrite: Rewrite) -> None:
        self._rewrite = rewrite

    def visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, ast.expr) and (new := self._rewrite(node)) is not None:
            return new
        return self.generic_visit(node)


def renamed(text: Text, new: Mapping[str, str]) -> Text:
    """Return the text with variables renamed.

    Raises:
        ClosedError: one of them is bound or named in a way that text edits do not reach.
    """
    if not new:
        return text
    for node in ast.walk(text.tree):
        _require_plain(node, frozenset(new))

    def rewrite(node: ast.expr) -> ast.expr | None:
        if isinstance(node, ast.Name) and node.id in new:
            return ast.Name(new[node.id], node.ctx)
        return None

    return rewritten(text, rewrite)


def _require_plain(node: ast.AST, names: frozenset[str]) -> None:
    bound: set[str | None] = set()
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        bound = {alias.asname or alias.name.split(".")[0] for alias in node.names}
    elif isinstance(node, _NAMED):
        bound = {node.name}
    elif isinstance(node, (ast.Global, ast.Nonlocal)):
        bound = set(node.names)
    elif isinstance(node, ast.arg):
        bound = {node.arg}
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        bound = set(re.findall(r"@([A-Za-z_]\w*)", node.value))
    if bound & names:
        raise ClosedError(f"`{min(n for n in bound if n in names)}` has two meanings in it")
