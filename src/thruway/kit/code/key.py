"""The key of a step's code: everything in first-party code that can change what it computes.

From the step's function, names are followed as text through modules, imports and attributes of
modules; nothing is imported. What cannot be followed exactly (a module object that is passed on,
`exec`, a module found by its name) counts whole. Comments, docstrings and layout do not count
(docstrings do where something reads them), nor does code that the step does not reach. Order counts
where it means something: of names bound twice, of what modules do when they are imported.
Installed packages count by version, compiled modules of the program by their bytes.

Data files are not code: their contents are inputs of a run.
"""

from __future__ import annotations

import ast
import builtins
import hashlib
import os
import sys
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from thruway.errors import PipelineError
from thruway.kit.ambient.skipped import is_skipped
from thruway.kit.code import packages, scope
from thruway.kit.code.effects import Imports
from thruway.kit.code.modules import Foreign, Local, Module, Whole, module_name, parsed
from thruway.kit.code.modules import is_typing_block as typing_block

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from thruway.kit.code.modules import Bound, Hit
    from thruway.kit.code.scope import Chain

IngredientKind = Literal[
    "function", "class", "constant", "module", "import", "order", "docstrings", "text"
]
DEFINITIONS = frozenset({"function", "class", "constant", "module"})
"""Kinds of ingredients that are pieces of code, and not what is true of some."""

# They can reach anything in the module that they are written in.
_DYNAMIC = frozenset({"exec", "eval", "globals", "vars", "compile"})
# So can libraries that look for the names in a text where they are called.
_EVALUATORS = (
    "bambi.", "duckdb.", "formulaic.", "numexpr.", "pandas.eval", "pandasql.", "patsy.",
    "statsmodels.formula.",
)  # fmt: skip
# What an annotation or a note of the kit is made of computes nothing.
_WITHOUT_EFFECT = frozenset({"thruway", "typing", "typing_extensions", "__future__"})
# They can reach any module; to read a pickle, too, is to import what it names.
_IMPORTERS = frozenset(
    {"__import__", "importlib", "importlib.import_module", "importlib.reload", "sys.modules",
     "cloudpickle.load", "cloudpickle.loads", "dill.load", "dill.loads", "joblib.load",
     "pandas.read_pickle", "pickle.Unpickler", "pickle.load", "pickle.loads", "pydoc.locate",
     "shelve.open", "torch.load"}
)  # fmt: skip
_IMPORTING = ("hydra.", "imp.", "importlib.machinery.", "importlib.util.", "pkgutil.", "runpy.")
# Packages that do something with docstrings, and functions that do with all of the text.
_TELLERS = frozenset(
    {"agents", "docopt", "dspy", "guidance", "inspect", "instructor", "langchain",
     "langchain_core", "llama_index", "magentic", "marvin", "outlines", "pydantic",
     "pydantic_ai", "smolagents"}
)  # fmt: skip
_READERS = (
    "inspect.currentframe", "inspect.findsource", "inspect.getcomments", "inspect.getframeinfo",
    "inspect.getsource", "inspect.stack", "inspect.trace", "linecache.", "sys._getframe",
)  # fmt: skip


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


def code_key(
    file: Path | None,
    qualname: str,
    roots: Sequence[Path],
    module: str = "",
    imports: Imports | None = None,
) -> CodeKey:
    """Return the key of the code that a function, class or constant reaches.

    Args:
        file: the first-party file that defines it; None for a step of an installed package,
            whose code counts by version.
        qualname: its name in the file.
        roots: folders from which first-party modules are imported.
        module: dotted name of its module, for `file=None` or a file outside the roots.
        imports: what is known of the modules, for many keys of the same moment.

    Raises:
        PipelineError: the file is not valid Python, or has no such name.
    """
    closure = _Closure(imports or Imports(tuple(roots)))
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
    return closure.key(home)


def value_key(
    module: str, name: str, roots: Sequence[Path], imports: Imports | None = None
) -> CodeKey:
    """Return the key of the code that a value brings with it.

    Args:
        module: dotted name of the module of its class; any installed package.
        name: qualified name of the class or function in it, "" for a package as a whole.
        roots: folders from which first-party modules are imported.
        imports: what is known of the modules, for many keys of the same moment.
    """
    closure = _Closure(imports or Imports(tuple(roots)))
    home = closure.finder.find(module) if name else None
    if home is None:
        if not name and closure.finder.find(module) is not None:
            return closure.key()  # its classes are named one by one
        closure.foreign(f"{module}.{name}".rstrip("."))
        return closure.key()
    closure.load(home)
    closure.reach(home, (name.partition(".")[0],))
    return closure.key(home)


@dataclass
class _Closure:
    """Grows from one name to all that it reaches.

    Attributes:
        finder: finds modules.
        ingredients: (kind, place) → digest.
        tops: installed packages.
        loaded: names of modules that are imported.
        reached: module and chain of names that are, or will be, followed.
        pending: what is yet to be followed.
        tells: something reads docstrings.
        reads: something reads the text of code.
    """

    finder: Imports
    ingredients: dict[tuple[IngredientKind, str], str] = field(default_factory=dict)
    tops: set[str] = field(default_factory=set)
    loaded: set[str] = field(default_factory=set)
    reached: set[tuple[str, Chain]] = field(default_factory=set)
    pending: list[tuple[Module, Chain]] = field(default_factory=list)
    tells: bool = False
    reads: bool = False

    def key(self, home: Module | None = None) -> CodeKey:
        """Follow all that is pending, and return the key."""
        while self.pending:
            self._step(*self.pending.pop())
        if home is not None:
            acting = self.finder.order_of(home)
            if len(set(acting)) > 1:
                self._add("order", home.name, " ".join(acting))
        self._texts()
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

    def _texts(self) -> None:
        for name in sorted(self.loaded) if self.tells or self.reads else ():
            module = self.finder.find(name)
            if module is not None and self.reads:
                self._add("text", name, repr(module.text))
            elif module is not None:
                docstrings = [scope.docstring_of(node) for node in ast.walk(module.tree)]
                self._add("docstrings", name, repr([text for text in docstrings if text]))

    def _step(self, module: Module, chain: Chain) -> None:
        self._dynamic(module, chain)
        self._bound(module, chain[0])
        hits = list(self.finder.follow(module, chain))
        for hit in hits:
            self._hit(hit)
        if module.stars:
            known = bool(hits) or hasattr(builtins, chain[0])
            self._starred(module, chain[0], frozenset({module.name}), known=known)

    def _bound(self, module: Module, name: str) -> None:
        """Note what a name means: of several ways to bind it, the last one that runs counts."""
        ways = self.finder.ways(module, name)
        places = [text for text, bound in ways if bound.source]
        if not places:
            return
        if len(ways) > 1:
            self._add("import", f"{module.name}.{name}", " > ".join(text for text, _ in ways))
            return
        bound = ways[0][1]
        if bound.source.partition(".")[0] not in _WITHOUT_EFFECT:
            moment = self.finder.moment(module, bound.unit) if bound.attribute else 0
            self._add("import", f"{module.name}.{name}", f"{places[0]}{moment or ''}")

    def _starred(self, module: Module, name: str, seen: frozenset[str], *, known: bool) -> None:
        """Note what decides whether a name comes out of a star import."""
        for source in module.stars:
            other = self.finder.find(source)
            if other is None:
                self.foreign(source)
            elif other.is_dynamic or not known:
                self._hit(Whole(other))
            elif source not in seen and self.finder.gives(other, name):
                if "__all__" in other.bindings:
                    self.reach(other, ("__all__",))
                self._starred(other, name, seen | {source}, known=known)

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
        self.tells |= top in _TELLERS
        self.reads |= name.startswith(_READERS) or name == "inspect"
        if not top or top in sys.stdlib_module_names or ours:
            return
        if self.finder.is_unknown(top):
            file = self.finder.binary(name)
            if file is not None:
                self._add("module", name, hashlib.blake2b(file.read_bytes()).hexdigest())
                return
        self.tops.add(top)

    def _symbol(self, module: Module, name: str) -> None:
        units = {id(b.unit): b.unit for b in module.bindings[name] if not b.source}
        kind = _kind_of(list(units.values()))
        if (kind, f"{module.name}.{name}") not in self.ingredients:
            facts = [_facts(module, unit) for unit in units.values()]
            # What is computed when the module is imported depends on what was done before.
            moments = [
                self.finder.moment(module, unit) if fact.at_once else 0
                for unit, fact in zip(units.values(), facts, strict=True)
            ]
            text = "".join(fact.digest for fact in facts)
            self._add(kind, f"{module.name}.{name}", f"{text}{moments if any(moments) else ''}")
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
        facts = [_facts(module, unit) for unit in self.finder.effects(module)]
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
            self.tells |= fact.tells
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
                if isinstance(hit, Foreign):
                    self._by_name(module, hit.name)

    def _dynamic(self, module: Module, chain: Chain) -> None:
        if chain[0] in module.bindings:
            for hit in self.finder.follow(module, chain):
                if isinstance(hit, Foreign):
                    self._by_name(module, hit.name)
        elif chain[0] in _DYNAMIC:
            self._whole(module)
        elif chain[0] in _IMPORTERS:
            self._everything(module)
        if "__subclasses__" in chain:
            self._everything(module)
        if "from_formula" in chain:
            self._whole(module)

    def _by_name(self, module: Module, name: str) -> None:
        """Follow what a function of a library may look for by its name."""
        if name in _IMPORTERS or f"{name}.".startswith(_IMPORTING):
            self._everything(module)
        if f"{name}.".startswith(_EVALUATORS):
            self._whole(module)

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
    """What is known of a top-level statement.

    Attributes:
        digest: of its shape.
        uses: what it needs.
        tells: it reads docstrings.
        at_once: it reads names when the module is imported, and not only when it is called.
    """

    digest: str
    uses: scope.Uses
    tells: bool
    at_once: bool


@lru_cache(maxsize=8192)
def _facts(module: Module, unit: ast.stmt) -> _Facts:
    """Return the digest of a top-level statement and what it needs."""
    notes = frozenset(_notes(module, unit))
    text = scope.shape(unit, notes)
    if notes and isinstance(unit, ast.FunctionDef) and len(notes) < len(unit.decorator_list):
        # What wraps a step is given the step, and not the function.
        text += repr([note in notes for note in unit.decorator_list])
    return _Facts(
        hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest(),
        scope.uses([unit]),
        "'__doc__'" in text,
        _reads_at_once(unit, notes),
    )


def _reads_at_once(unit: ast.stmt, notes: frozenset[ast.AST]) -> bool:
    pieces: list[ast.AST | None] = [unit]
    if isinstance(unit, ast.FunctionDef | ast.AsyncFunctionDef):
        decorators = [one for one in unit.decorator_list if one not in notes]
        pieces = [*decorators, *unit.args.defaults, *unit.args.kw_defaults]
    return any(
        isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
        for piece in pieces
        if piece is not None
        for node in ast.walk(piece)
    )


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
    """Names of all modules that are imported from the folder that a module is."""
    depth = len(module.name.split(".")) - (0 if module.package else 1)
    folder = module.file.parent if module.file.suffix == ".py" else module.file
    root = folder.parents[depth - 1] if depth else folder
    return sorted({module.name, *_modules_below(root, "")})


def _modules_below(folder: Path, prefix: str) -> Iterator[str]:
    """Give the names of modules in a folder and the folders below, environments left out."""
    for entry in sorted(os.scandir(folder), key=lambda one: one.name):
        stem, suffix = os.path.splitext(entry.name)  # noqa: PTH122 - names alone
        if suffix == ".py" and stem.isidentifier():
            yield f"{prefix}{stem}" if stem != "__init__" else prefix.rstrip(".") or stem
        elif entry.is_dir() and stem.isidentifier() and not suffix and not is_skipped(entry):
            yield from _modules_below(Path(entry.path), f"{prefix}{entry.name}.")
