"""Modules of the project that a model's classes are in, and those that these import.

They are copied as files, so that they can be read; they are found again behind everything that is
installed.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from thruway.kit.values import origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["imported_by", "sources_of"]


def sources_of(modules: Iterable[str]) -> dict[str, bytes]:
    """Return path → text of the project's modules, and of those of the project they import.

    Args:
        modules: dotted names; others than the project's are passed over.
    """
    found: dict[str, bytes] = {}
    waiting = sorted(set(modules))
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in seen or name == "__main__" or not _is_ours(name):
            continue
        seen.add(name)
        file = Path(str(sys.modules[name].__file__))
        text = file.read_bytes()
        package = file.name == "__init__.py"
        found[name.replace(".", "/") + ("/__init__.py" if package else ".py")] = text
        parents = [name.rsplit(".", count)[0] for count in range(1, name.count(".") + 1)]
        waiting += [*parents, *_imports(text, name, package)]
    return dict(sorted(found.items()))


def imported_by(sources: Iterable[bytes]) -> set[str]:
    """Return the top-level names that the texts of modules import."""
    return {
        name.partition(".")[0] for text in sources for name in _imports(text, "", package=False)
    }


def _is_ours(name: str) -> bool:
    module = sys.modules.get(name)
    file = getattr(module, "__file__", None)
    return bool(file) and str(file).endswith(".py") and origin.first_party(name)


def _imports(text: bytes, name: str, package: bool) -> Iterator[str]:
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = name.split(".") if node.level else []
            keep = len(parts) - node.level + package
            start = ".".join([*parts[: max(keep, 0)], *([node.module] if node.module else [])])
            if start:
                yield start
                yield from (f"{start}.{alias.name}" for alias in node.names)
