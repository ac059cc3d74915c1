"""Modules beside the original, copied into the project: those it imported, and those it may import.

What the run imported is known; what only another branch imports is found by following imports as
text. A file that the program itself wrote is not there to copy: it travels as a file.
"""

from __future__ import annotations

import ast
import os
from typing import TYPE_CHECKING

from thruway.errors import PipelineError
from thruway.kit.code.modules import Finder, Module, module_name
from thruway.kit.project import local_place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from thruway.plan.types import Plan

LOCAL = "local"
_PACKAGE = "__init__.py"


def local_modules(plan: Plan) -> list[str]:
    """Return the files to copy, posix, relative to the original's folder."""
    source = plan.graph.program.source
    folder = source.path.parent
    found = {*plan.graph.trace.local_modules, *_reachable(plan, folder)}
    found |= {package for name in found for package in _packages(folder, name)}
    found -= {source.path.name}
    found -= {name for fact in plan.graph.trace.facts for name in fact.files_written}
    return sorted(name for name in found if (folder / name).is_file())


def local_files(plan: Plan) -> dict[str, str | bytes]:
    """Return path in the project → content of every file to copy."""
    folder = plan.graph.program.source.path.parent
    return {
        f"{LOCAL}/{local_place(name).as_posix()}": (folder / name).read_bytes()
        for name in local_modules(plan)
    }


def local_path(plan: Plan) -> list[str]:
    """Return where the copies are looked for, relative to the original's folder."""
    folder = plan.graph.program.source.path.parent
    return [each for each in plan.graph.trace.import_path if (folder / each).is_dir()]


def _packages(folder: Path, name: str) -> Iterator[str]:
    """Yield the `__init__.py` of the packages that a module lies in."""
    outer = os.path.dirname(name)  # noqa: PTH120 - posix text, not a path of this system
    while outer and (folder / outer / _PACKAGE).is_file():
        yield f"{outer}/{_PACKAGE}"
        outer = os.path.dirname(outer)  # noqa: PTH120 - the same


def _reachable(plan: Plan, folder: Path) -> Iterator[str]:
    """Yield the files that imports name, followed as text."""
    finder = Finder(tuple(folder / each for each in local_path(plan)))
    pending = [
        name
        for statement in plan.graph.program.statements
        if "import" in statement.code
        for name in _imported(ast.parse(statement.code), None)
    ]
    observed = [folder / name for name in plan.graph.trace.local_modules if name.endswith(".py")]
    pending += [module_name(file, finder.roots) for file in observed]
    seen: set[str] = set()
    while pending:
        name = pending.pop()
        if name in seen:
            continue
        seen.add(name)
        try:
            module = finder.find(name)
        except PipelineError:  # not valid Python: the program does not get there either
            continue
        if module is None or not _is_beside(module.file, finder.roots):
            continue
        if module.file.is_file():
            yield os.path.relpath(module.file, folder).replace(os.sep, "/")
        pending += _imported(module.tree, module)


def _is_beside(file: Path, roots: tuple[Path, ...]) -> bool:
    return any(file.is_relative_to(root) for root in roots)


def _imported(tree: ast.AST, module: Module | None) -> Iterator[str]:
    """Yield the dotted names that imports may mean: of modules, packages and their members."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                parts = alias.name.split(".")
                yield from (".".join(parts[: n + 1]) for n in range(len(parts)))
        elif isinstance(node, ast.ImportFrom):
            source = module.absolute(node) if module else node.module or ""
            parts = source.split(".")
            yield from (".".join(parts[: n + 1]) for n in range(len(parts)))
            yield from (f"{source}.{alias.name}" for alias in node.names)
