"""`if __name__ == "__main__":` is true in a program that runs: its body stands for it."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from thruway.program.opening.rows import Row, Text

_GUARDS = frozenset(
    ast.dump(ast.parse(text, mode="eval").body)
    for text in ('__name__ == "__main__"', '"__main__" == __name__')
)


def without_guards(text: Text) -> Text:
    """Return the text with the bodies of guards at the top level."""
    found: dict[ast.stmt, list[Row]] = {
        node: [replace(row, moved=True) for row in text.block(node).rows]
        for node in text.body
        if isinstance(node, ast.If) and not node.orelse and ast.dump(node.test) in _GUARDS
    }
    return text.replaced(found) if found else text
