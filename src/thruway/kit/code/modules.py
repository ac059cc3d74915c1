"""First-party modules as text: found, parsed, and names followed through their imports.

Nothing is imported. A module is first-party when it lies under one of the roots (the project's
folder), or anywhere outside the installed packages and the standard library (a local module, an
editable install): code that may change without a version changing.
"""

from __future__ import annotations

import ast
import itertools
import sys
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import TYPE_CHECKING

from thruway.errors import PipelineError
from thruway.kit.code import packages
from thruway.kit.code.scope import chain_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from thruway.kit.code.scope import Chain

# Always by version, also when it is installed from a checkout.
_VERSIONED = frozenset({"thruway"})
_INSTALLED = frozenset({"site-packages", "dist-packages"})
_BINDERS = frozenset({"exec", "globals", "locals", "setattr", "vars"})


@dataclass(frozen=True)
class Bound:
    """One way in which a module binds a name.

    Attributes:
        node: the statement itself.
        unit: the top-level statement that holds it.
        source: for imports, the dotted module; "" otherwise.
        attribute: for `from source import attribute`; "" otherwise.
        typing_only: under `if TYPE_CHECKING`.
    """

    node: ast.stmt
    unit: ast.stmt
    source: str = ""
    attribute: str = ""
    typing_only: bool = False


@dataclass(frozen=True, eq=False)
class Module:
    """A first-party module, parsed.

    Attributes:
        name: dotted name.
        file: its file, or its folder for a package without `__init__.py`.
        package: whether it is a package.
        tree: its syntax.
        text: its bytes.
    """

    name: str
    file: Path
    package: bool
    tree: ast.Module
    text: bytes = b""

    @cached_property
    def bindings(self) -> dict[str, tuple[Bound, ...]]:
        """Every name bound at module level, with each way it is bound."""
        found: dict[str, list[Bound]] = {}
        for unit in self.tree.body:
            for name, bound in _bounds(self, unit, unit, typing_only=False):
                found.setdefault(name, []).append(bound)
        return {name: tuple(bounds) for name, bounds in found.items()}

    @cached_property
    def stars(self) -> tuple[str, ...]:
        """Modules of which everything is imported."""
        return tuple(bound.source for bound in self.bindings.get("*", ()))

    @cached_property
    def is_dynamic(self) -> bool:
        """Whether it may bind names that its text does not show."""
        return any(
            isinstance(node, ast.Name) and node.id in _BINDERS for node in ast.walk(self.tree)
        )

    def absolute(self, node: ast.ImportFrom) -> str:
        """Return the dotted name of the module that a `from … import` means."""
        if not node.level:
            return node.module or ""
        parts = self.name.split(".")
        kept = parts[: len(parts) - node.level + (1 if self.package else 0)]
        return ".".join([*kept, *([node.module] if node.module else [])])


@dataclass(frozen=True)
class Local:
    """A name that a first-party module defines itself."""

    module: Module
    name: str


@dataclass(frozen=True)
class Whole:
    """A first-party module as an object."""

    module: Module


@dataclass(frozen=True)
class Foreign:
    """A name of an installed package or of the standard library: `sklearn.svm.SVC`."""

    name: str


Hit = Local | Whole | Foreign


@dataclass
class Finder:
    """Finds first-party modules by name.

    Attributes:
        roots: folders that dotted names start from.
    """

    roots: tuple[Path, ...]
    _found: dict[str, Module | None] = field(default_factory=dict)
    _outside: dict[str, Path | None] = field(default_factory=dict)
    _unknown: dict[str, bool] = field(default_factory=dict)

    def find(self, name: str) -> Module | None:
        """Return a module, or None when it is not first-party or does not exist."""
        if name not in self._found:
            self._found[name] = self._find(name)
        return self._found[name]

    def _find(self, name: str) -> Module | None:
        parts = name.split(".")
        for root in (*self.roots, *self._local_root(parts[0])):
            place = _locate(root, parts)
            if place is not None and not (len(parts) == 1 and _shadowed(place[0], name)):
                file, package = place
                return parsed(name, file, package)
        return None

    def _local_root(self, top: str) -> tuple[Path, ...]:
        if top not in self._outside:
            self._outside[top] = _root_outside(top, *packages.searched())
        root = self._outside[top]
        return () if root is None else (root,)

    def follow(
        self, module: Module, chain: Chain, seen: frozenset[tuple[str, str]] = frozenset()
    ) -> Iterator[Hit]:
        """Yield what a chain of names, read in a module, may mean; nothing for builtins."""
        name, rest = chain[0], chain[1:]
        known = (module.name, name) in seen
        bounds = () if known else module.bindings.get(name, ())
        seen |= {(module.name, name)}
        if any(not bound.source for bound in bounds):
            yield Local(module, name)
        for bound in bounds:
            if bound.source:
                inner = (bound.attribute, *rest) if bound.attribute else rest
                yield from self.member(bound.source, inner, seen)
        if not bounds and module.package and self.find(f"{module.name}.{name}") is not None:
            yield from self.member(f"{module.name}.{name}", rest, seen)
        for source in module.stars:
            other = self.find(source)
            if other is not None and (source, name) not in seen:
                yield from self.follow(other, chain, seen)

    def member(
        self, source: str, chain: Chain, seen: frozenset[tuple[str, str]] = frozenset()
    ) -> Iterator[Hit]:
        """Yield what a chain of attributes of a module means; () is the module itself."""
        module = self.find(source)
        if module is None:
            yield Foreign(".".join((source, *chain)))
        elif not chain:
            yield Whole(module)
        else:
            hits = list(self.follow(module, chain, seen))
            yield from hits or [Whole(module)]

    def is_unknown(self, top: str) -> bool:
        """Return whether a name is neither the program's nor that of an installed package."""
        if top not in self._unknown:
            versions = packages.versions(top)
            self._unknown[top] = (top, "missing") in versions or self.find(top) is not None
        return self._unknown[top]

    def binary(self, name: str) -> Path | None:
        """Return the file of a compiled module of the program that a dotted name lies in."""
        parts = name.split(".")
        for root, end in itertools.product(self.roots, range(1, len(parts) + 1)):
            place = root.joinpath(*parts[:end])
            for suffix in EXTENSION_SUFFIXES:
                file = place.with_name(place.name + suffix)
                if file.is_file():
                    return file
        return None


def _bounds(
    module: Module, node: ast.stmt, unit: ast.stmt, typing_only: bool
) -> Iterator[tuple[str, Bound]]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            name = alias.asname or alias.name.partition(".")[0]
            source = alias.name if alias.asname else name
            yield name, Bound(node, unit, source, "", typing_only)
    elif isinstance(node, ast.ImportFrom):
        source = module.absolute(node)
        for alias in node.names:
            yield alias.asname or alias.name, Bound(node, unit, source, alias.name, typing_only)
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name, Bound(node, unit, typing_only=typing_only)
    else:
        for name in _stored(node):
            yield name, Bound(node, unit, typing_only=typing_only)
        inside = typing_only or is_typing_block(node)
        for child in inner_statements(node):
            # The `else` of `if TYPE_CHECKING` is what runs.
            runs = isinstance(node, ast.If) and child in node.orelse
            yield from _bounds(module, child, unit, typing_only if runs else inside)


def _stored(node: ast.stmt) -> list[str]:
    """Names bound by the statement's own expressions, not by statements inside it."""
    names: list[str] = []
    pending: list[ast.AST] = [
        child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.stmt)
    ]
    while pending:
        current = pending.pop()
        if isinstance(current, ast.Name) and isinstance(current.ctx, ast.Store):
            names.append(current.id)
        if isinstance(current, ast.ExceptHandler | ast.Lambda):
            continue
        pending.extend(
            child for child in ast.iter_child_nodes(current) if not isinstance(child, ast.stmt)
        )
    return names


def inner_statements(node: ast.stmt) -> Iterator[ast.stmt]:
    """Yield the statements directly inside a compound one, of all its branches."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child
        elif isinstance(child, ast.ExceptHandler | ast.match_case):
            yield from child.body


def is_typing_block(node: ast.stmt) -> bool:
    """Whether it is `if TYPE_CHECKING:`."""
    return isinstance(node, ast.If) and chain_of(node.test)[-1:] == ("TYPE_CHECKING",)


def _locate(root: Path, parts: list[str]) -> tuple[Path, bool] | None:
    folder = root.joinpath(*parts)
    if (folder / "__init__.py").is_file():
        return folder / "__init__.py", True
    file = folder.with_name(f"{folder.name}.py")
    if file.is_file():
        return file, False
    return (folder, True) if folder.is_dir() else None


def _shadowed(file: Path, top: str) -> bool:
    """Whether a bare folder (of data, say) only happens to be named like an importable package."""
    if not file.is_dir():
        return False
    return top in sys.stdlib_module_names or _origin(top, *packages.searched()) is not None


@lru_cache(maxsize=1024)
def _root_outside(top: str, path: tuple[str, ...], changed: tuple[int, ...]) -> Path | None:
    """Return the folder that holds a local module or editable package, None for all others."""
    if top in sys.stdlib_module_names or top in _VERSIONED or not top:
        return None
    origin = _origin(top, path, changed)
    if origin is None or origin.suffix != ".py" or _INSTALLED & set(origin.parts):
        return None
    # A frozen or built-in module has no file; what lies in the standard library is versioned.
    if origin.is_relative_to(_stdlib()):
        return None
    return origin.parents[1] if origin.name == "__init__.py" else origin.parent


@lru_cache(maxsize=1024)
def _origin(top: str, _path: tuple[str, ...], _changed: tuple[int, ...]) -> Path | None:
    """Return the file that `import top` would run, None if there is none."""
    # Imported here: most names are found in the roots.
    from importlib.util import find_spec

    try:
        spec = find_spec(top)
    except (ImportError, ValueError, AttributeError):
        return None
    return Path(spec.origin) if spec is not None and spec.origin else None


@lru_cache(maxsize=1)
def _stdlib() -> Path:
    return Path(ast.__file__).parent


def parsed(name: str, file: Path, package: bool) -> Module:
    """Return the module in a file, parsed once per content: its time and size say nothing of it.

    Raises:
        PipelineError: the file is not valid Python.
    """
    if file.is_dir():
        return Module(name, file, package, ast.Module([], []))
    return _parse(name, file, package, file.read_bytes())


@lru_cache(maxsize=1024)
def _parse(name: str, file: Path, package: bool, text: bytes) -> Module:
    try:
        tree = ast.parse(text, str(file))
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        raise PipelineError(
            f"{file.name} is not valid Python: {getattr(error, 'msg', error)}.",
            f"{file}, line {line}",
            "correct the line",
        ) from error
    return Module(name, file, package, tree, text)


def module_name(file: Path, roots: Iterable[Path]) -> str:
    """Return the dotted name of a file under the innermost root that holds it, else its stem."""
    for root in sorted(roots, key=lambda root: len(root.parts), reverse=True):
        if file.is_relative_to(root):
            parts = [*file.relative_to(root).parent.parts, file.stem]
            return ".".join(parts[:-1] if file.stem == "__init__" and parts[:-1] else parts)
    return file.stem
