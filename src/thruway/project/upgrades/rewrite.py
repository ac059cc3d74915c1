"""A file with components where calls of libraries were; all other lines as they are."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from thruway.project.upgrades.types import Edit

_IMPORT = "from thruway import components"


def rewritten(content: bytes, edits: Iterable[Edit]) -> bytes:
    r"""Return the text of a module with edits made, and with the import that they need.

    >>> from thruway.project.upgrades.types import Edit
    >>> text = rewritten(b"import pandas as pd\n\nx = pd.read_csv(a)\n", [Edit(25, 39, "load(a)")])
    >>> print(text.decode())
    import pandas as pd
    from thruway import components
    <BLANKLINE>
    x = load(a)
    <BLANKLINE>
    """
    for edit in sorted(edits, key=lambda each: each.start, reverse=True):
        content = content[: edit.start] + edit.text.encode() + content[edit.end :]
    return _with_import(content)


def _with_import(content: bytes) -> bytes:
    body = ast.parse(content).body
    imports = [one for one in body if isinstance(one, ast.Import | ast.ImportFrom)]
    if any(
        isinstance(one, ast.ImportFrom)
        and one.module == "thruway"
        and any(name.name == "components" and name.asname is None for name in one.names)
        for one in imports
    ):
        return content
    lines = content.splitlines(keepends=True)
    newline = b"\r\n" if lines and lines[0].endswith(b"\r\n") else b"\n"
    ours = [one for one in imports if isinstance(one, ast.ImportFrom) and one.module == "thruway"]
    for one in ours:
        if one.lineno == one.end_lineno and not any(name.asname for name in one.names):
            names = sorted({"components", *(name.name for name in one.names)})
            rest = lines[one.lineno - 1][one.end_col_offset :]
            lines[one.lineno - 1] = f"from thruway import {', '.join(names)}".encode() + rest
            return b"".join(lines)
    at = _after(imports[-1]) if imports else _after_docstring(body)
    return b"".join([*lines[:at], _IMPORT.encode() + newline, *lines[at:]])


def _after(statement: ast.stmt) -> int:
    return statement.end_lineno or statement.lineno


def _after_docstring(body: list[ast.stmt]) -> int:
    first = body[0] if body else None
    said = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return _after(first) if first is not None and said else 0
