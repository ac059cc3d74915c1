"""Everything around the names that a statement can touch, as effects on resource tokens.

The parts are watched by `kit.ambient`; here their states before and after a statement become
`Effect` records.
"""

from __future__ import annotations

import ast
import sys
import threading
import types
from pathlib import Path
from typing import TYPE_CHECKING

from thruway.kit.ambient import options, random
from thruway.kit.values.fingerprint import fingerprint
from thruway.trace.child.imported import local_modules
from thruway.trace.types import Effect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from thruway.kit.ambient.figures import FigureLog
    from thruway.trace.job import Job

# What the import of a library sets, every step that imports it sets again.
_SET_BY_IMPORT = ("env:", "options:path", "options:warnings", "options:logging")


class Surroundings:
    """Compares what is around a statement, before and after."""

    def __init__(self, job: Job, figures: FigureLog) -> None:
        self._folder = Path(job.cwd)
        self._figures = figures
        self._streams: dict[str, str] = {}
        self._options: dict[str, str] = {}
        self._drawn: set[int] = set()
        self._modules: dict[str, str] = {}
        self._loaded: set[str] = set()
        self._threads = 0

    def begin(self) -> None:
        """Take the state before the first statement; later ones start where `end` left it."""
        self._streams = random.streams()
        self._options = options.snapshot()
        self._threads = _threads()

    def end(self, tree: ast.Module, value: Callable[[str], Any]) -> list[Effect]:
        """Return the effects since the last call, without those on files."""
        imports = all(isinstance(node, (ast.Import, ast.ImportFrom)) for node in tree.body)
        effects = [*self._random_effects(imports=imports), *self._option_effects(imports=imports)]
        effects += self._figure_effects()
        effects += self._module_effects()
        effects += [Effect(f"module:{name}", "update") for name in _set_modules(tree, value)]
        threads, self._threads = self._threads, _threads()
        if self._threads > threads:
            effects.append(Effect("outside:thread", "update"))
        return effects

    def _random_effects(self, *, imports: bool) -> Iterable[Effect]:
        known, self._streams = self._streams, random.streams()
        for token, state in self._streams.items():
            # A stream that appears with its library is in its seeded state, unless it was used.
            if known.get(token, state if imports else "") != state:
                yield Effect(token, "update")

    def _option_effects(self, *, imports: bool) -> Iterable[Effect]:
        known, self._options = self._options, options.snapshot()
        for token in options.changed(known, self._options):
            if not (imports and token.startswith(_SET_BY_IMPORT)):
                yield Effect(token, "write")

    def _figure_effects(self) -> Iterable[Effect]:
        for number in self._figures.touched():
            yield Effect(f"figure:{number}", "update" if number in self._drawn else "write")
            self._drawn.add(number)

    def _module_effects(self) -> Iterable[Effect]:
        """State of the modules beside the program; libraries are not looked into."""
        new = sys.modules.keys() - self._loaded
        if new:
            self._loaded |= new
            for name in sorted(local_modules(self._folder, new)):
                self._modules.setdefault(name, "")
        for name, before in self._modules.items():
            module = sys.modules.get(name)
            if module is not None:
                self._modules[name] = state = _module_state(module)
                if before not in ("", state):
                    yield Effect(f"module:{name}", "update")


def _module_state(module: types.ModuleType) -> str:
    skipped = (types.ModuleType, types.FunctionType, types.BuiltinFunctionType, type)
    state = {
        name: value
        for name, value in list(vars(module).items())
        if not name.startswith("__") and not isinstance(value, skipped)
    }
    return fingerprint(state).hex


def _set_modules(tree: ast.Module, value: Callable[[str], Any]) -> list[str]:
    """Names of modules whose attributes the statement's own text assigns or deletes."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            module = _module_of(node.value, value)
            if module is not None:
                found.add(module.__name__)
    return sorted(found)


def _module_of(node: ast.expr, value: Callable[[str], Any]) -> types.ModuleType | None:
    if isinstance(node, ast.Name):
        owner = value(node.id)
    elif isinstance(node, ast.Attribute):
        owner = getattr(_module_of(node.value, value), node.attr, None)
    else:
        return None
    return owner if isinstance(owner, types.ModuleType) else None


def _threads() -> int:
    return sum(1 for thread in threading.enumerate() if not thread.daemon)
