"""Which names a piece of text binds and uses: enough to write imports that fit."""

from __future__ import annotations

import ast
import builtins
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

BUILTINS = frozenset(dir(builtins))


def imported_names(lines: Iterable[str]) -> frozenset[str]:
    """Return the names that import lines bind (`import a.b` binds `a`)."""
    names: set[str] = set()
    for node in _imports(lines):
        for alias in node.names:
            plain = alias.name if isinstance(node, ast.ImportFrom) else alias.name.split(".")[0]
            names.add(alias.asname or plain)
    return frozenset(names)


def _imports(lines: Iterable[str]) -> list[ast.Import | ast.ImportFrom]:
    tree = ast.parse("\n".join(lines))
    return [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]


def pyplot_name(lines: Iterable[str]) -> str:
    """Return the expression by which import lines give pyplot, "" if they do not."""
    for node in _imports(lines):
        for alias in node.names:
            if isinstance(node, ast.Import) and alias.name == "matplotlib.pyplot":
                return alias.asname or alias.name
            if isinstance(node, ast.ImportFrom) and _is_pyplot(node, alias):
                return alias.asname or alias.name
    return ""


def _is_pyplot(node: ast.ImportFrom, alias: ast.alias) -> bool:
    return node.module == "matplotlib" and alias.name == "pyplot"


def future_features(lines: Iterable[str]) -> frozenset[str]:
    """Return the features of `from __future__ import …` lines."""
    return frozenset(
        alias.name
        for node in _imports(lines)
        if isinstance(node, ast.ImportFrom) and node.module == "__future__"
        for alias in node.names
    )


def is_future(line: str) -> bool:
    """Say whether a line is a `from __future__` import."""
    return line.split()[:2] == ["from", "__future__"]


def used_names(code: str) -> frozenset[str]:
    """Return every name that the code mentions, read or bound, at any depth."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Name):
            names.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.alias):
            names.add(node.asname or node.name.split(".")[0])
        elif isinstance(node, ast.Global | ast.Nonlocal):
            names.update(node.names)
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            names.add(node.name)
    return frozenset(names)


def annotation_names(annotation: str) -> frozenset[str]:
    """Return the root names of an annotation: `pd` for `pd.DataFrame`; None if it is no Python."""
    try:
        tree = ast.parse(annotation, mode="eval")
    except SyntaxError:
        return frozenset({annotation})
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return frozenset(names) - BUILTINS


def free_name(wanted: str, taken: Iterable[str], suffix: str = "_") -> str:
    """Return the name, with suffixes until it is free."""
    occupied = frozenset(taken)
    while wanted in occupied:
        wanted += suffix
    return wanted
