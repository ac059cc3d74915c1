"""Everything around the names that a statement can touch, as effects on resource tokens.

The parts are watched by `kit.ambient`; here their states before and after a statement become
`Effect` records.
"""

from __future__ import annotations

import ast
import sys
import threading
import types
from typing import TYPE_CHECKING, TypeGuard

from thruway.kit.ambient import options, random
from thruway.kit.values import origin
from thruway.kit.values.fingerprint import fingerprint
from thruway.trace.child.imported import Beside, local_modules
from thruway.trace.types import Effect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from thruway.kit.ambient.figures import FigureLog
    from thruway.trace.job import Job

# Functions of pyplot that look at all open figures, and those that look at none.
_ALL_FIGURES = frozenset({"fignum_exists", "get_fignums", "get_figlabels"})
_NO_FIGURE = frozenset({
    "figaspect", "get_backend", "get_cmap", "get_plot_commands", "ioff", "ion", "isinteractive",
    "rc", "rc_context", "rcdefaults", "set_loglevel", "show", "switch_backend", "xkcd",
})  # fmt: skip

# What the import of a library sets, every step that imports it sets again.
_SET_BY_IMPORT = ("env:", "options:path", "options:warnings", "options:logging")


class Surroundings:
    """Compares what is around a statement, before and after."""

    def __init__(self, job: Job, figures: FigureLog) -> None:
        self._beside = Beside(job.cwd, job.workspace, job.root)
        self._figures = figures
        self._streams: dict[str, str] = {}
        self._options: dict[str, str] = {}
        self._drawn: set[int] = set()
        self._modules: dict[str, str] = {}
        self._loaded: set[str] = set()
        self._threads = 0
        self._attributes: dict[str, int] = {}

    def begin(self) -> None:
        """Take the state before the first statement; later ones start where `end` left it."""
        self._streams = random.streams()
        self._options = options.snapshot()
        self._threads = _threads()

    def end(self, tree: ast.Module, value: Callable[[str], Any]) -> list[Effect]:
        """Return the effects since the last call, without those on files."""
        imports = all(isinstance(node, (ast.Import, ast.ImportFrom)) for node in tree.body)
        effects = [*self._random_effects(imports=imports), *self._option_effects(imports=imports)]
        effects += self._figure_effects(tree, value)
        effects += self._module_effects()
        effects += self._class_effects(imports=imports)
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

    def _figure_effects(self, tree: ast.Module, value: Callable[[str], Any]) -> Iterable[Effect]:
        """What was drawn on, and what was asked for: the current figure, or all that are open."""
        touched, current = set(self._figures.touched()), self._figures.current()
        asked = _pyplot_calls(tree, value) if current else frozenset()
        if asked & _ALL_FIGURES:
            touched |= {*self._figures.open_figures()}
        elif asked - _NO_FIGURE and not touched:
            touched = {current}
        for number in sorted(touched):
            yield Effect(f"figure:{number}", "update" if number in self._drawn else "write")
            self._drawn.add(number)

    def _module_effects(self) -> Iterable[Effect]:
        """State of the modules beside the program; libraries are not looked into."""
        new = sys.modules.keys() - self._loaded
        if new:
            self._loaded |= new
            for name in sorted(local_modules(self._beside, new)):
                self._modules.setdefault(name, "")
        for name, before in self._modules.items():
            module = sys.modules.get(name)
            if module is not None:
                self._modules[name] = state = _module_state(module)
                if before not in ("", state):
                    yield Effect(f"module:{name}", "update")

    def _class_effects(self, *, imports: bool) -> Iterable[Effect]:
        """What is registered with pandas' own classes: accessors, `progress_apply`."""
        pandas = sys.modules.get("pandas")
        for name in ("DataFrame", "Series", "Index"):
            kind = getattr(pandas, name, None)
            if kind is not None:
                known, count = self._attributes.get(name, 0), len(vars(kind))
                self._attributes[name] = count
                if known not in (0, count) and not imports:
                    yield Effect(f"module:pandas.{name}", "write")


def _pyplot_calls(tree: ast.Module, value: Callable[[str], Any]) -> frozenset[str]:
    """Names of the functions of pyplot that a statement's text calls; classes left out."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    functions = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return frozenset(
        function.attr
        for function in functions
        if isinstance(function, ast.Attribute)
        if function.attr.islower()
        if _owner_of(function.value, value) is pyplot
    )


def _module_state(module: types.ModuleType) -> str:
    skipped = (types.ModuleType, types.FunctionType, types.BuiltinFunctionType, type)
    state = {
        name: value
        for name, value in list(vars(module).items())
        if not name.startswith("__") and not isinstance(value, skipped)
    }
    return fingerprint(state).hex


def _set_modules(tree: ast.Module, value: Callable[[str], Any]) -> list[str]:
    """Names of modules and classes of libraries whose attributes the statement's text changes."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            found.add(_library_name(node.value, value))
        elif _sets_by_name(node):
            found.add(_library_name(node.args[0], value))
    return sorted(found - {""})


def _sets_by_name(node: ast.AST) -> TypeGuard[ast.Call]:
    """Whether it is `setattr(…)` or `delattr(…)`."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return False
    return node.func.id in {"setattr", "delattr"} and bool(node.args)


def _library_name(node: ast.expr, value: Callable[[str], Any]) -> str:
    """Return the dotted name of a module, or of a class of a library; "" for anything else."""
    owner = _owner_of(node, value)
    if isinstance(owner, types.ModuleType):
        return owner.__name__
    if isinstance(owner, type) and not origin.first_party(origin.module_of(owner)):
        return origin.public_name(owner)
    return ""


def _owner_of(node: ast.expr, value: Callable[[str], Any]) -> Any:
    if isinstance(node, ast.Name):
        return value(node.id)
    if isinstance(node, ast.Attribute):
        owner = _owner_of(node.value, value)
        return getattr(owner, node.attr, None) if isinstance(owner, types.ModuleType) else None
    return None


def _threads() -> int:
    return sum(1 for thread in threading.enumerate() if not thread.daemon)
