"""Import step modules from their text as it is now, never from a stale `.pyc`.

Python trusts a `.pyc` when the time and size of the text are the same; an edit within the same
second, or a checkout that keeps times, would run old code under a new cache key. So modules of
the project are compiled from their text. The same place rewrites a step for the probe: before
each return of the step function its local names are handed over.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import importlib.abc
import importlib.machinery
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thruway.kit.ambient import audit
from thruway.kit.ambient.ignored import is_machinery, prefixes_beside

if TYPE_CHECKING:
    from types import CodeType, ModuleType

    from thruway.kit.dag import Dag

PROBE_NAME = "__thruway_probe__"
_RESULT_NAME = "__thruway_result__"

Probe = Callable[[Mapping[str, Any]], None]


class ProjectFinder(importlib.abc.MetaPathFinder):
    """Finds the project's own modules before everything else.

    Attributes:
        roots: folders from which the project's modules are imported.
        probed: dotted module → names of the step functions to rewrite.
        probe: what the rewritten functions call.
    """

    def __init__(
        self,
        roots: Sequence[Path],
        probed: Mapping[str, frozenset[str]] | None = None,
        probe: Probe | None = None,
    ) -> None:
        self.roots = tuple(root.resolve() for root in roots)
        self.probed = dict(probed or {})
        self.probe = probe
        self._own: dict[str, bool] = {}

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        """Return the spec of a module with text inside the project, else None."""
        places = self._own_places(fullname, path)
        if not places:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, places, target)
        if spec is not None and spec.loader is None and path is None:
            return self._namespace(spec)
        if spec is None or not isinstance(spec.loader, importlib.machinery.SourceFileLoader):
            return None
        if not any(is_first_party(spec.loader.path, root) for root in self.roots):
            return None
        functions = self.probed.get(fullname, frozenset())
        spec.loader = TextLoader(fullname, spec.loader.path, functions, self.probe)
        return spec

    def _own_places(self, fullname: str, path: Sequence[str] | None) -> list[str]:
        """Return where the project may have a module; most imports are none of its business."""
        if path is None:
            return [str(root) for root in self.roots if fullname in _names_in(root)]
        return [place for place in path if self._is_own(place)]

    def _is_own(self, folder: str) -> bool:
        if folder not in self._own:
            self._own[folder] = any(is_first_party(folder, root) for root in self.roots)
        return self._own[folder]

    def _namespace(
        self, spec: importlib.machinery.ModuleSpec
    ) -> importlib.machinery.ModuleSpec | None:
        """Return a package without `__init__.py` as it is under the roots, and nowhere else."""
        elsewhere = importlib.machinery.PathFinder.find_spec(spec.name)
        if elsewhere is not None and elsewhere.loader is not None:
            return None  # a folder of data that bears the name of an installed package
        found = [Path(place) for place in spec.submodule_search_locations or ()]
        spec.submodule_search_locations = [str(place) for place in found]
        return spec


class TextLoader(importlib.machinery.SourceFileLoader):
    """Compiles a module from its text, and rewrites its steps for the probe."""

    def __init__(
        self, name: str, path: str, functions: frozenset[str], probe: Probe | None
    ) -> None:
        super().__init__(name, path)
        self.functions = functions
        self.probe = probe
        self.text = b""
        self.reads: tuple[str, ...] = ()

    def get_code(self, fullname: str) -> CodeType | None:
        """Return the code of the text as it is now."""
        path = self.get_filename(fullname)
        self.text = self.get_data(path)
        tree = ast.parse(self.text, path)
        if self.functions and self.probe is not None:
            tree = with_probe(tree, self.functions)
        return compile(tree, path, "exec", dont_inherit=True)

    def exec_module(self, module: ModuleType) -> None:
        """Execute the module; the probe is one of its globals."""
        if self.functions and self.probe is not None:
            module.__dict__[PROBE_NAME] = self.probe
        # It is imported once, for all steps: what it reads then, each of them depends on.
        reads: dict[str, None] = {}
        ignored = prefixes_beside(os.path.dirname(self.path))  # noqa: PTH120 - as text

        def note(touch: audit.Touch) -> None:
            if touch.kind == "file" and touch.mode == "read":
                path = os.path.abspath(touch.path)  # noqa: PTH100 - as text, in an audit hook
                if not is_machinery(path, written=True) and not path.startswith(ignored):
                    reads[path] = None

        audit.subscribe(note)
        try:
            super().exec_module(module)
        finally:
            audit.unsubscribe(note)
            self.reads = tuple(reads)


def with_probe(tree: ast.Module, functions: frozenset[str]) -> ast.Module:
    """Return a module in which top-level functions hand over their locals before they return."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name in functions:
            node.body = _probed_body(node.body)
    return ast.fix_missing_locations(tree)


def _probed_body(body: list[ast.stmt]) -> list[ast.stmt]:
    rewritten = [_ReturnRewriter().visit(statement) for statement in body]
    flat: list[ast.stmt] = []
    for statement in rewritten:
        flat.extend(statement if isinstance(statement, list) else [statement])
    last = body[-1]
    return [*flat, ast.copy_location(_probe_call(last), last)]


def _probe_call(place: ast.stmt) -> ast.stmt:
    call = ast.Expr(
        ast.Call(
            ast.Name(PROBE_NAME, ast.Load()),
            [ast.Call(ast.Name("locals", ast.Load()), [], [])],
            [],
        )
    )
    return ast.copy_location(call, place)


class _ReturnRewriter(ast.NodeTransformer):
    """Splits each return of one function; leaves nested functions and classes alone."""

    def visit_Return(self, node: ast.Return) -> list[ast.stmt]:
        value = node.value or ast.Constant(None)
        keep = ast.Assign([ast.Name(_RESULT_NAME, ast.Store())], value)
        back = ast.Return(ast.Name(_RESULT_NAME, ast.Load()))
        statements: list[ast.stmt] = [keep, _probe_call(node), back]
        return [ast.copy_location(statement, node) for statement in statements]

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        return node

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AsyncFunctionDef:
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.Lambda:
        return node


def visible_locals(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the locals of a step without names that the rewriting added."""
    return {name: value for name, value in values.items() if not name.startswith("__thruway")}


def is_first_party(file: str, root: Path) -> bool:
    """Say whether a file belongs to the project, and not to an environment inside it."""
    # As text: it is asked for every folder that anything is imported from.
    path = os.path.realpath(file)
    inside = path == str(root) or path.startswith(f"{root}{os.sep}")
    return inside and not {"site-packages", "dist-packages"} & set(Path(path).parts)


@contextlib.contextmanager
def project_imports(
    roots: Sequence[Path],
    probed: Mapping[str, frozenset[str]] | None = None,
    probe: Probe | None = None,
    *,
    anew: bool = False,
) -> Iterator[None]:
    """Make the project's modules importable inside the block, from their present text.

    Args:
        roots: folders from which they are imported.
        probed: dotted module → names of step functions to rewrite.
        probe: what the rewritten functions call.
        anew: modules that are loaded already are loaded again, and none is kept afterwards.
    """
    finder = ProjectFinder(roots, probed, probe)
    anew = anew or bool(probed)
    forget_stale(finder.roots, everything=anew)
    displaced = _displace(finder.roots)
    importlib.invalidate_caches()
    folders = [str(root) for root in finder.roots]
    sys.meta_path.insert(0, finder)
    sys.path[:0] = folders
    try:
        yield
    finally:
        with contextlib.suppress(ValueError):
            sys.meta_path.remove(finder)
        for folder in folders:
            with contextlib.suppress(ValueError):
                sys.path.remove(folder)
        if anew or displaced:
            forget_stale(finder.roots, everything=True)
        sys.modules.update(displaced)


def _displace(roots: Sequence[Path]) -> dict[str, ModuleType]:
    """Take aside loaded modules of others that bear the name of one of the project's.

    Returns:
        What is to be put back; modules of another project are not.
    """
    # Of two roots that have a module of one name, the first is meant.
    own = {name: root for root in reversed(roots) for name in _top_level(root)}
    for name in (*sys.stdlib_module_names, "thruway"):
        own.pop(name, None)
    displaced: dict[str, ModuleType] = {}
    for name, module in list(sys.modules.items()):
        root = own.get(name.partition(".")[0])
        if root is None:
            continue
        if not _importable_from(root, name, _file(module)):
            del sys.modules[name]
            if not isinstance(getattr(module, "__loader__", None), TextLoader):
                displaced[name] = module
    return displaced


def _top_level(root: Path) -> Iterator[str]:
    with contextlib.suppress(OSError):
        for entry in root.iterdir():
            if entry.suffix == ".py" or (entry / "__init__.py").is_file():
                yield entry.stem


def _names_in(root: Path) -> frozenset[str]:
    # Asked during imports of a step: it is not the step that looks.
    with contextlib.suppress(OSError), audit.paused():
        return frozenset(entry.name.partition(".")[0] for entry in os.scandir(root))
    return frozenset()


def is_importing() -> bool:
    """Say whether modules of a project are importable now."""
    return any(isinstance(finder, ProjectFinder) for finder in sys.meta_path)


def forget_stale(roots: Sequence[Path], *, everything: bool = False) -> None:
    """Drop loaded modules of the project if any of them is not what its text says now.

    All or none: a module that is kept would go on using the old functions of one that is not.
    """
    # Names first: to resolve the files of thousands of modules takes most of a second.
    tops = {root: _names_in(root) for root in roots}
    loaded = {
        name: module
        for name, module in list(sys.modules.items())
        for root in roots
        if name.partition(".")[0] in tops[root] and _importable_from(root, name, _file(module))
    }
    if everything or any(_is_stale(module) for module in loaded.values()):
        for name in loaded:
            sys.modules.pop(name, None)


def _importable_from(root: Path, name: str, file: str) -> bool:
    """Say whether a loaded module is what `import name` finds in the project."""
    if name == "__main__" or not file or not is_first_party(file, root):
        return False
    parts = Path(file).resolve().relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts) == name


def _file(module: ModuleType) -> str:
    return str(getattr(module, "__file__", None) or "")


def _is_stale(module: ModuleType) -> bool:
    loader = getattr(module, "__loader__", None)
    if not isinstance(loader, TextLoader) or loader.functions:
        return True
    try:
        return Path(loader.path).read_bytes() != loader.text
    except OSError:
        return True


def probed_steps(dag: Dag) -> dict[str, frozenset[str]]:
    """Return module → names of the steps in it, for a run that is probed."""
    modules = {node.step.module for node in dag.nodes}
    return {
        module: frozenset(node.step.qualname for node in dag.nodes if node.step.module == module)
        for module in modules
    }
