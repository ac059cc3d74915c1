"""Where definitions go: into the step, above it, into `shared.py`, or up to a parameter.

A function is *closed* when everything it reads is a definition too: it then lives in a module,
above the only step that uses it or in `shared.py`. One that reads data of the program is
written inside each step that uses it, where Python's closures give it the same late-bound view
of that data that it had in the notebook.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from thruway.graph.reach import Reach

if TYPE_CHECKING:
    from thruway.graph.types import Graph, Node
    from thruway.plan.cut import Segment

_OF_THE_MODULE = ("__file__", "__name__", "__doc__")
SCALARS = frozenset({"int", "float", "str", "bool"})


@dataclass
class Place:
    """What one step needs besides its own statements; filled here, frozen in `make`.

    Attributes:
        inline: definitions written among the step's statements.
        module: closed definitions needed at module level, by id.
        imports: (statement, bound name) pairs of imports needed at the top of the step.
        lifted: scalar constants that become parameters, by id.
        local: names that are local to the step function.
    """

    inline: set[int] = field(default_factory=set)
    module: set[int] = field(default_factory=set)
    imports: set[tuple[int, str]] = field(default_factory=set)
    lifted: set[int] = field(default_factory=set)
    local: frozenset[str] = frozenset()


class Definitions:
    """The replicable statements of a program, and how they hang together."""

    def __init__(self, graph: Graph, seeds: frozenset[int]) -> None:
        """Decide which definitions are closed."""
        self.nodes = {node.statement.id: node for node in graph.nodes}
        self.reach = Reach(graph.nodes)
        self.names = self.reach.carriers()
        self.seeds = seeds
        self._users = self._find_users(graph)
        self._closed: dict[int, bool] = {}
        self.module_constants = self._constants_of_functions()

    def closed(self, number: int) -> bool:
        """Whether a definition rests on nothing but closed definitions, wherever it is used."""
        known = self._closed.get(number)
        if known is None:
            self._closed[number] = True  # recursion and mutual recursion count as closed
            known = self._is_closed(self.nodes[number])
            self._closed[number] = known
        return known

    def sources(self, name: str, statement: int) -> tuple[int, ...]:
        """Return the definitions that give `name` before `statement`; dotted imports all count."""
        source = self.reach.before(name, statement)
        if source is None:
            return ()
        if not _is_plain_import(self.nodes[source], name):
            return (source,)
        writers = self.reach.writers(name)
        return tuple(w for w in writers if w < statement and _is_plain_import(self.nodes[w], name))

    def local(self, name: str, statement: int) -> str:
        """Return what a function or class is whose name means nothing outside of a step, or "".

        Args:
            name: as the program calls it.
            statement: the statement after which it is used.
        """
        source = self.reach.until(name, statement)
        if source is None or self.closed(source):
            return ""
        kind = self.nodes[source].statement.kind
        return kind if kind in {"function", "class"} else "definition"

    def _find_users(self, graph: Graph) -> dict[int, set[int]]:
        users: dict[int, set[int]] = {}
        for node in graph.nodes:
            for name in node.reads:
                source = self.reach.before(name, node.statement.id)
                if source is not None:
                    users.setdefault(source, set()).add(node.statement.id)
        return users

    def _is_closed(self, node: Node) -> bool:
        statement = node.statement
        if not node.replicable or statement.id in self.seeds:
            return False
        if statement.argument:
            return False  # a parameter: what reads it must see the value that is asked for
        if any(token.startswith("file:") for token in node.resources_read):
            return False  # the import of a module that the program writes
        if statement.kind in {"import", "constant"}:
            return len(self.reach.writers(_only(statement.stores))) == 1 or (
                statement.kind == "import"
            )
        if statement.kind not in {"function", "class"} or statement.global_writes:
            return False
        if any(name in statement.code for name in _OF_THE_MODULE):
            return False
        if any(len(self.reach.writers(name)) > 1 for name in statement.stores):
            return False
        early = [(name, statement.id) for name in node.reads]
        sites = self._sites(statement.id)
        late = [(name, site) for name in statement.deferred & self.names for site in sites]
        return all(self._resolves(name, site) for name, site in early + late)

    def _resolves(self, name: str, site: int) -> bool:
        sources = self.sources(name, site)
        if len(set(self.reach.writers(name))) > 1 and not all(
            self.nodes[s].statement.kind == "import" for s in self.reach.writers(name)
        ):
            return False
        return bool(sources) and all(self.closed(source) for source in sources)

    def _sites(self, number: int) -> tuple[int, ...]:
        """Statements, not definitions, from which a definition is finally used."""
        pending, seen, sites = [number], {number}, set()
        while pending:
            for user in self._users.get(pending.pop(), ()):
                if self.nodes[user].replicable and user not in seen:
                    seen.add(user)
                    pending.append(user)
                elif not self.nodes[user].replicable:
                    sites.add(user)
        return tuple(sorted(sites)) or (max(self.nodes) + 1,)

    def _constants_of_functions(self) -> frozenset[int]:
        """Constants that closed functions read: they stay in a module, beside the function."""
        found: set[int] = set()
        for number, node in self.nodes.items():
            if node.statement.kind not in {"function", "class"} or not self.closed(number):
                continue
            for name in node.statement.deferred | node.reads:
                for source in self.sources(name, max(self.nodes) + 1):
                    if self.nodes[source].statement.kind == "constant":
                        found.add(source)
        return frozenset(found)

    def module_needs(self, numbers: set[int]) -> tuple[set[int], set[tuple[int, str]]]:
        """Return the module-level definitions and imports that some definitions rest on."""
        pending = list(numbers)
        found: set[int] = set()
        imports: set[tuple[int, str]] = set()
        end = max(self.nodes) + 1
        while pending:
            number = pending.pop()
            if number in found:
                continue
            found.add(number)
            node = self.nodes[number]
            for name in node.reads | (node.statement.deferred & self.names):
                for source in self.sources(name, end):
                    if self.nodes[source].statement.kind == "import":
                        imports.add((source, name))
                    elif self.nodes[source].replicable:
                        pending.append(source)
        return found, imports


def place(
    segment: Segment, definitions: Definitions, locals_: frozenset[str], seeds_used: frozenset[int]
) -> Place:
    """Find every definition that a step needs, and where it goes in or above the step."""
    found = Place(local=locals_, inline=set(seeds_used))
    pending = [
        (name, number)
        for number in (*segment.statements, *seeds_used)
        for name in definitions.nodes[number].reads | definitions.nodes[number].updates
    ]
    seen: set[tuple[str, int]] = set()
    while pending:
        name, site = pending.pop()
        if (name, site) in seen:
            continue
        seen.add((name, site))
        for source in definitions.sources(name, site):
            if definitions.nodes[source].replicable:
                pending.extend(_settle(found, definitions, source, name, site))
    return found


def _settle(
    found: Place, definitions: Definitions, source: int, name: str, site: int
) -> list[tuple[str, int]]:
    """Put one definition in its place; return what it needs in turn."""
    node = definitions.nodes[source]
    statement = node.statement
    in_module = name not in found.local and definitions.closed(source)
    if statement.kind == "import" and in_module:
        found.imports.add((source, name))
        return []
    if statement.kind in {"function", "class"} and in_module:
        found.module.add(source)
        return []
    if statement.kind == "constant" and name not in found.local:
        if source in definitions.module_constants:
            found.module.add(source)
            return []
        plain = _is_scalar(node) or statement.argument
        if plain and len(definitions.reach.writers(name)) == 1:
            found.lifted.add(source)
            return []
    found.inline.add(source)
    late = statement.deferred & definitions.names
    return [(other, source) for other in node.reads] + [(other, site) for other in late]


def _is_scalar(node: Node) -> bool:
    """Whether a constant is a plain literal, so that it can be a parameter's default."""
    if len(node.statement.stores) != 1 or not _is_literal(node.statement.code):
        return False
    value = node.fact.values.get(_only(node.statement.stores))
    return value is not None and value.type.removeprefix("builtins.") in SCALARS


def _is_literal(code: str) -> bool:
    statement = ast.parse(code).body[0]
    if not isinstance(statement, ast.Assign | ast.AnnAssign) or statement.value is None:
        return False
    try:
        ast.literal_eval(statement.value)
    except ValueError:
        return False
    return True


def _is_plain_import(node: Node, name: str) -> bool:
    """Whether a node is `import a` or `import a.b`, which bind `a`: several of them add up."""
    if node.statement.kind != "import":
        return False
    return any(
        alias.asname is None and alias.name.split(".")[0] == name
        for statement in ast.parse(node.statement.code).body
        if isinstance(statement, ast.Import)
        for alias in statement.names
    )


def _only(names: frozenset[str]) -> str:
    return next(iter(sorted(names)), "")
