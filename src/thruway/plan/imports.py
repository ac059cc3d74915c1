"""Import lines for a step: only the names that it needs, from the author's own imports."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from thruway.program.knowledge.sklearn import ENABLES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from thruway.graph.types import Node


def import_lines(needed: Iterable[tuple[int, str]], nodes: dict[int, Node]) -> tuple[str, ...]:
    """Return the lines that bind the needed names, in the author's order.

    An import that switches on what another one needs comes with it, though nothing reads its name.
    """
    lines: list[str] = []
    wanted = set(needed)
    for number, name in sorted(wanted | _enabling(wanted, nodes)):
        for line in _lines_for(nodes[number], name):
            if line not in lines:
                lines.append(line)
    return tuple(lines)


def _enabling(needed: set[tuple[int, str]], nodes: dict[int, Node]) -> set[tuple[int, str]]:
    switches = {
        (number, name)
        for number, node in nodes.items()
        if node.statement.kind == "import"
        for name in node.statement.stores & ENABLES.keys()
    }
    if not switches:
        return switches
    lines = [line for number, name in needed for line in _lines_for(nodes[number], name)]
    return {each for each in switches if any(_needs(line, *ENABLES[each[1]]) for line in lines)}


def _needs(line: str, module: str, name: str) -> bool:
    """Whether a line imports something of a module that begins with a name, or all of it."""
    if line.startswith(f"from {module} import "):
        return f"import {name}" in line
    package, _, last = module.rpartition(".")
    return line.startswith((f"import {module}", f"from {package} import {last}"))


def _lines_for(node: Node, name: str) -> list[str]:
    found = []
    for statement in ast.parse(node.statement.code).body:
        if isinstance(statement, ast.Import):
            found += [
                f"import {_alias(alias)}"
                for alias in statement.names
                if (alias.asname or alias.name.split(".")[0]) == name
            ]
        elif isinstance(statement, ast.ImportFrom):
            source = "." * statement.level + (statement.module or "")
            for alias in statement.names:
                if alias.name == "*":
                    found.append(f"from {source} import {name}")
                elif (alias.asname or alias.name) == name:
                    found.append(f"from {source} import {_alias(alias)}")
    return found


def _alias(alias: ast.alias) -> str:
    return f"{alias.name} as {alias.asname}" if alias.asname else alias.name


def star_import_edit(node: Node, names: Iterable[str]) -> str:
    """Return `from x import a, b` for a star import that must stand inside a function."""
    statement = ast.parse(node.statement.code).body[0]
    assert isinstance(statement, ast.ImportFrom)
    source = "." * statement.level + (statement.module or "")
    return f"from {source} import {', '.join(sorted(names))}"


def is_star(node: Node) -> bool:
    """Whether the node is `from x import *`."""
    return node.statement.kind == "import" and node.statement.code.rstrip().endswith("*")
