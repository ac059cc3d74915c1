"""Which libraries the processes of a run import once, before they fork for each step.

What a step imports after the fork is imported again for the next one: half a second a step for
pandas and scikit-learn. So the project's own modules, which may import them, are followed as text.
"""

from __future__ import annotations

import ast
import contextlib
from typing import TYPE_CHECKING

from thruway.errors import PipelineError
from thruway.kit.code.modules import Finder, module_name, parsed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from thruway.kit.code.modules import Module

_OURS = frozenset({"thruway", "__future__"})


def third_party_imports(files: Iterable[Path], roots: tuple[Path, ...]) -> tuple[str, ...]:
    """Return the modules of others that the project imports at the top of its modules.

    Args:
        files: the project's files that are imported; those that they import are followed.
        roots: folders from which the project's modules are imported.

    Returns:
        Dotted names, in the order in which they are met.
    """
    finder = Finder(roots)
    pending = [module for file in dict.fromkeys(files) for module in _read(file, roots)]
    seen = {module.file for module in pending}
    found: dict[str, None] = {}
    for module in pending:  # grows
        for name, members in _imports(module):
            own = [one for each in (name, *members) for one in _found(finder, each)]
            fresh = [one for one in own if one.file not in seen]
            seen |= {one.file for one in fresh}
            pending += fresh
            if not own and name.partition(".")[0] not in _OURS:
                found[name] = None
    return tuple(found)


def _found(finder: Finder, name: str) -> Iterator[Module]:
    with contextlib.suppress(PipelineError):  # the step that needs it says so
        module = finder.find(name)
        if module is not None:
            yield module


def _read(file: Path, roots: tuple[Path, ...]) -> Iterator[Module]:
    with contextlib.suppress(OSError, PipelineError):
        yield parsed(module_name(file, roots), file, file.name == "__init__.py")


def _imports(module: Module) -> Iterator[tuple[str, list[str]]]:
    """Give each module imported at the top, and what of it may be a module too."""
    for node in module.tree.body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, []
        elif isinstance(node, ast.ImportFrom):
            source = module.absolute(node)
            yield source, [f"{source}.{alias.name}" for alias in node.names]
