"""The key of a step's code: everything in first-party code that can change what it computes.

From the step's function, names are followed as text through modules, imports and attributes of
modules; nothing is imported. What cannot be followed exactly (a module object that is passed on,
`exec`, a star import) counts whole. Comments, docstrings and layout do not count, nor does code
that the step does not reach. Installed packages count by version.

Data files are not code: their contents are inputs of a run.
"""

from __future__ import annotations

import ast
import hashlib
import sys
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from thruway.errors import PipelineError
from thruway.kit import packages, scope
from thruway.kit.effects import side_effects
from thruway.kit.modules import Finder, Foreign, Local, Module, module_name, parsed
from thruway.kit.modules import is_typing_block as typing_block

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from thruway.kit.modules import Bound, Hit
    from thruway.kit.scope import Chain

IngredientKind = Literal["function", "class", "constant", "module", "import"]

# They can reach anything in the module that they are written in.
_DYNAMIC = frozenset({"exec", "eval", "globals", "vars", "compile"})
# What an annotation or a note of the kit is made of computes nothing.
_WITHOUT_EFFECT = frozenset({"thruway", "typing", "typing_extensions", "__future__"})
# They can reach any module.
_IMPORTERS = frozenset({"__import__", "importlib.import_module", "importlib.reload"})


@dataclass(frozen=True)
class CodeKey:
    """What the code of a step is made of.

    Attributes:
        hex: 40 hex digits over all that follows.
        ingredients: (kind, dotted place, digest), sorted. `module` at `churn.shared` are its
            statements that do something when it is imported; at `churn.shared.*` it is all of
            it. `import` says what an imported name means.
        packages: (distribution, version) of installed packages used, and `python`; sorted.
    """

    hex: str
    ingredients: tuple[tuple[IngredientKind, str, str], ...]
    packages: tuple[tuple[str, str], ...]

    def dump(self) -> str:
        """Return one line per ingredient, without digests."""
        rows = [f"{kind} {place}" for kind, place, _ in self.ingredients]
        return "\n".join([*rows, *(f"package {name}" for name, _ in self.packages)])


def code_key(file: Path | None, qualname: str, roots: Sequence[Path], module: str = "") -> CodeKey:
    """Return the key of the code that a function, class or constant reaches.

    Args:
        file: the first-party file that defines it; None for a step of an installed package,
            whose code counts by version.
        qualname: its name in the file.
        roots: folders from which first-party modules are imported.
        module: dotted name of its module, for `file=None` or a file outside the roots.

    Raises:
        PipelineError: the file is not valid Python, or has no such name.
    """
    closure = _Closure(Finder(tuple(roots)))
    if file is None:
        closure.foreign(f"{module}.{qualname}", even_ours=True)
        return closure.key()
    home = parsed(module or module_name(file, roots), file, file.name == "__init__.py")
    name = qualname.partition(".")[0]
    hits = list(closure.finder.follow(home, (name,)))
    if not hits:
        raise PipelineError(
            f"{file.name} does not define `{name}`.", str(file), "check the import in the pipeline"
        )
    closure.load(home)
    closure.reach(home, (name,))
    return closure.key()


@dataclass
class _Closure:
    """Grows from one name to all that it reaches."""

    finder: Finder
    ingredients: dict[tuple[IngredientKind, str], str] = field(default_factory=dict)
    tops: set[str] = field(default_factory=set)
    loaded: set[str] = field(default_factory=set)
    reached: set[tuple[str, Chain]] = field(default_factory=set)
    pending: list[tuple[Module, Chain]] = field(default_factory=list)

    def key(self) -> CodeKey:
        """Follow all that is pending, and return the key."""
        while self.pending:
            self._step(*self.pending.pop())
        found = tuple(sorted((*place, digest) for place, digest in self.ingredients.items()))
        python = ("python", f"{sys.version_info.major}.{sys.version_info.minor}")
        used = {pair for top in self.tops for pair in packages.versions(top)}
        installed = tuple(sorted({*used, python}))
        text = repr((found, installed))
        return CodeKey(hashlib.blake2b(text.encode(), digest_size=20).hexdigest(), found, installed)

    def reach(self, module: Module, chain: Chain) -> None:
        """Note that a chain of names is read in a module."""
        if (module.name, chain) not in self.reached:
            self.reached.add((module.name, chain))
            self.pending.append((module, chain))

    def _step(self, module: Module, chain: Chain) -> None:
        self._dynamic(module, chain)
        for bound in module.bindings.get(chain[0], ()):
            if bound.source:
                self._imported(module, chain[0], bound)
        for hit in self.finder.follow(module, chain):
            self._hit(hit)
        if chain[0] not in module.bindings:
            for source in module.stars:
                for hit in self.finder.member(source, ()):
                    self._hit(hit)

    def _imported(self, module: Module, name: str, bound: Bound) -> None:
        target = f"{bound.source}.{bound.attribute}".rstrip(".")
        place = f"{module.name}.{name}"
        if bound.source.partition(".")[0] not in _WITHOUT_EFFECT:
            self._add("import", place, target)

    def _hit(self, hit: Hit) -> None:
        if isinstance(hit, Foreign):
            self.foreign(hit.name)
            return
        self.load(hit.module)
        if isinstance(hit, Local):
            self._symbol(hit.module, hit.name)
        else:
            self._whole(hit.module)

    def foreign(self, name: str, even_ours: bool = False) -> None:
        """Note the use of a name of an installed package or of the standard library."""
        top = name.partition(".")[0]
        # The kit is how a step is run; only components are code of a step.
        ours = top == "thruway" and not (even_ours or name.startswith("thruway.components"))
        if top and top not in sys.stdlib_module_names and not ours:
            self.tops.add(top)

    def _symbol(self, module: Module, name: str) -> None:
        units = {id(b.unit): b.unit for b in module.bindings[name] if not b.source}
        kind = _kind_of(list(units.values()))
        if (kind, f"{module.name}.{name}") not in self.ingredients:
            facts = [_facts(module, unit) for unit in units.values()]
            self._add(kind, f"{module.name}.{name}", "".join(fact.digest for fact in facts))
            self._uses(module, facts)

    def _whole(self, module: Module) -> None:
        place = f"{module.name}.*"
        if ("module", place) not in self.ingredients:
            facts = [_facts(module, unit) for unit in module.tree.body if not typing_block(unit)]
            self._add("module", place, "".join(fact.digest for fact in facts))
            self._uses(module, facts)
            for name, bounds in module.bindings.items():
                # What it imports can be had through it.
                if any(bound.source and not bound.typing_only for bound in bounds):
                    self.reach(module, (name,))

    def load(self, module: Module) -> None:
        """Note that a module is imported: what it does then counts, also in its parents."""
        if module.name in self.loaded:
            return
        self.loaded.add(module.name)
        parent = self.finder.find(module.name.rpartition(".")[0]) if "." in module.name else None
        if parent is not None:
            self.load(parent)
        for bounds in module.bindings.values():
            for bound in bounds:
                if bound.source and not bound.typing_only:
                    self._load_imported(bound)
        facts = [_facts(module, unit) for unit in side_effects(module, self.finder)]
        if facts:
            self._add("module", module.name, "".join(fact.digest for fact in facts))
            self._uses(module, facts)

    def _load_imported(self, bound: Bound) -> None:
        names = [bound.source, f"{bound.source}.{bound.attribute}"]
        if isinstance(bound.node, ast.Import):
            names = [alias.name for alias in bound.node.names]
        for name in names:
            module = self.finder.find(name)
            if module is not None:
                self.load(module)

    def _uses(self, module: Module, facts: Iterable[_Facts]) -> None:
        for fact in facts:
            for chain in fact.uses.chains:
                self.reach(module, chain)
            for chain in fact.uses.metadata:
                # A schema that only type checkers import is not there when the step runs.
                if not any(bound.typing_only for bound in module.bindings.get(chain[0], ())):
                    self.reach(module, chain)
            for statement in fact.uses.imports:
                self._nested_import(module, statement)

    def _nested_import(self, module: Module, node: ast.Import | ast.ImportFrom) -> None:
        """Follow an import inside a function, where names of the module are not bound."""
        for alias in node.names:
            if isinstance(node, ast.Import):
                hits = self.finder.member(alias.name, ())
            elif alias.name == "*":
                hits = self.finder.member(module.absolute(node), ())
            else:
                hits = self.finder.member(module.absolute(node), (alias.name,))
            for hit in hits:
                self._hit(hit)
                if isinstance(hit, Foreign) and hit.name in {*_IMPORTERS, "importlib"}:
                    self._everything(module)

    def _dynamic(self, module: Module, chain: Chain) -> None:
        if chain[0] in module.bindings:
            meant = {
                hit.name for hit in self.finder.follow(module, chain) if isinstance(hit, Foreign)
            }
        else:
            meant = {chain[0]}
            if chain[0] in _DYNAMIC:
                self._whole(module)
        if meant & _IMPORTERS or "__subclasses__" in chain:
            self._everything(module)

    def _everything(self, module: Module) -> None:
        """Count all modules beside this one: any of them may be meant."""
        for name in _siblings(module):
            other = self.finder.find(name)
            if other is not None:
                self._whole(other)

    def _add(self, kind: IngredientKind, place: str, text: str) -> None:
        digest = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
        before = self.ingredients.get((kind, place))
        if before is not None and before != digest:
            # A name imported in two branches: both count, in whatever order they are met.
            digest = "".join(sorted((before, digest)))
        self.ingredients[kind, place] = digest


@dataclass(frozen=True)
class _Facts:
    digest: str
    uses: scope.Uses


@lru_cache(maxsize=8192)
def _facts(module: Module, unit: ast.stmt) -> _Facts:
    """Return the digest of a top-level statement and what it needs."""
    notes = frozenset(_notes(module, unit))
    text = scope.shape(unit, notes)
    return _Facts(hashlib.blake2b(text.encode(), digest_size=16).hexdigest(), scope.uses([unit]))


def _notes(module: Module, unit: ast.stmt) -> list[ast.AST]:
    """Decorators of the kit: how a step is run, not what it computes."""
    if not isinstance(unit, ast.FunctionDef):
        return []
    notes: list[ast.AST] = []
    for decorator in unit.decorator_list:
        call = decorator.func if isinstance(decorator, ast.Call) else decorator
        root = scope.chain_of(call)[:1]
        bounds = module.bindings.get(root[0], ()) if root else ()
        if any(bound.source.partition(".")[0] == "thruway" for bound in bounds):
            notes.append(decorator)
    return notes


def _kind_of(units: list[ast.stmt]) -> IngredientKind:
    if all(isinstance(unit, ast.ClassDef) for unit in units):
        return "class"
    if all(isinstance(unit, ast.FunctionDef | ast.AsyncFunctionDef) for unit in units):
        return "function"
    return "constant"


def _siblings(module: Module) -> list[str]:
    """Names of the module, and of every module of the package that it belongs to."""
    parts = module.name.split(".")
    folder = module.file.parent if module.file.suffix == ".py" else module.file
    depth = len(parts) - (1 if not module.package else 0)
    if depth == 0:
        return [module.name, *(file.stem for file in sorted(folder.glob("*.py")))]
    top = folder.parents[depth - 2] if depth > 1 else folder
    found = {module_name(file, [top.parent]) for file in top.rglob("*.py")}
    return sorted({module.name, *found})
