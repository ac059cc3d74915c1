"""Join what the text says with what the run showed: nodes first, then edges.

Static ∪ observed is the rule. A static store that the run did not reach may happen on other
data, so it is an update (needs the old value, leaves a new one); a static mutation that left
this run's content unchanged is an update too.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from thruway.graph.folders import Folders
from thruway.graph.identity import compares_identity
from thruway.graph.local_modules import LocalModules
from thruway.graph.reach import Reach, needs
from thruway.graph.replicable import mark_replicable
from thruway.graph.sharing import Sharing
from thruway.graph.types import Edge, Evidence, Graph, Node
from thruway.program.knowledge import lookup

if TYPE_CHECKING:
    from collections.abc import Iterator

    from thruway.kit.values.types import ValueKind
    from thruway.program.types import Program, Statement
    from thruway.trace.types import Fact, Trace

_FIXED_KINDS = frozenset({"module", "scalar", "text"})
# Objects that are settings themselves: changing them is an effect, not a new value of the name.
_OPTIONS = frozenset({"matplotlib.RcParams", "os._Environ", "decimal.Context"})
_SEEDS = {
    "numpy.random.seed": "random:numpy",
    "numpy.random.set_state": "random:numpy",
    "random.seed": "random:python",
    "random.setstate": "random:python",
    "torch.manual_seed": "random:torch",
    "tensorflow.random.set_seed": "random:tensorflow",
}
_DEFINING = frozenset({"function", "class"})
# Changed behind the author's back by libraries while they are imported or run; they count only
# when the text itself sets them.
_SKLEARN_LIKE = ("sklearn.", "imblearn.")
_QUIET = ("options:warnings", "options:logging", "env:", "options:path", "module:")
# What takes a stream's state without drawing from it, which the observed run cannot see. An update,
# not a read: who comes next gets the stream from here, as after a draw.
_STATES = {
    "numpy.random.get_state": "random:numpy",
    "random.getstate": "random:python",
    "torch.get_rng_state": "random:torch",
    "torch.random.get_rng_state": "random:torch",
}
_OPTION_TARGETS = {
    "warnings.": "options:warnings",
    "logging.": "options:logging",
    "os.environ": "env:",
    "os.putenv": "env:",
    "sys.path": "options:path",
}


def build_graph(program: Program, trace: Trace) -> Graph:
    """Return the dependence graph of the statements that ran."""
    facts = {fact.statement: fact for fact in trace.facts}
    ran = [statement for statement in program.statements if statement.id in facts]
    joined = list(_join(ran, facts, LocalModules(trace)))
    nodes = mark_replicable(joined)
    return Graph(program, trace, nodes, tuple(_edges(nodes)))


def _join(
    statements: list[Statement], facts: dict[int, Fact], modules: LocalModules
) -> Iterator[Node]:
    sharing = Sharing(
        tuple(facts[statement.id] for statement in statements),
        by_identity=compares_identity(statements),
    )
    deferred = _Deferred()
    kinds: dict[str, ValueKind] = {}
    types: dict[str, str] = {}
    folders = Folders()
    known: set[str] = set()
    foreign: set[str] = set()
    program_names = {name for s in statements for name in (*s.stores, *facts[s.id].binds)}
    for statement in statements:
        fact = facts[statement.id]
        static = (statement.loads | deferred.reached(statement, fact)) & program_names
        if statement.kind not in _DEFINING:
            static |= statement.deferred  # a lambda handed over may be called at any time
        reads = (static | fact.reads) & known
        binds = fact.binds - _uncertain(statement, fact, known)
        mutated = {n for n in statement.mutates & known if kinds.get(n) not in _FIXED_KINDS}
        mutated -= foreign
        updates = fact.changes | mutated | ((statement.stores | fact.binds) - binds)
        updates |= deferred.written(statement, fact)
        # An instance leads to its class; that a method changed one says nothing of the other.
        updates |= {
            name
            for name in sharing.closure(frozenset(mutated), statement.id)
            if name in mutated or kinds.get(name) != "class"
        }
        updates |= sharing.joined_here(statement.id)
        updates = (updates & known) - binds - {n for n in known if types.get(n) in _OPTIONS}
        if statement.fan:  # its iterations may run apart: only what they give leaves it
            updates &= {statement.fan.results}
            binds &= {statement.fan.results}
        text = f"{statement.code} {deferred.text(statement, fact)}"
        read_resources, written_resources = _resources(statement, fact, kinds, text, modules)
        read_resources |= folders.implied(read_resources, written_resources)
        read_resources |= modules.needed(statement, fact, frozenset(reads))
        models = any(types.get(name, "").startswith(_SKLEARN_LIKE) for name in reads)
        if models and _dumps(statement, fact):
            # A model that drew without a seed of its own is dumped with the stream that it holds.
            read_resources |= {"random:numpy"}
        yield Node(
            statement,
            fact,
            frozenset(reads),
            frozenset(binds),
            frozenset(updates),
            read_resources,
            written_resources,
        )
        known |= binds | fact.binds
        known -= fact.deletes
        kinds.update({name: value.kind for name, value in fact.values.items()})
        types.update({name: value.type for name, value in fact.values.items()})
        # A class of a library: changing it is an effect, as changing a module is.
        foreign -= fact.values.keys()
        foreign |= {n for n, v in fact.values.items() if v.kind == "class" and not v.definitions}
        deferred.learn(statement, fact)


def _uncertain(statement: Statement, fact: Fact, known: set[str]) -> frozenset[str]:
    """Names bound in this run that another run might have left at their old value.

    The target of a `for` loop counts as bound: an empty loop is the rare case, and the old
    value of a loop variable is never what the author meant.
    """
    try:
        top = ast.parse(statement.code).body
    except SyntaxError:
        return frozenset()
    if len(top) != 1 or not isinstance(top[0], ast.If | ast.Try | ast.While | ast.Match):
        return frozenset()
    return frozenset((fact.binds - statement.certain) & known)


def _resources(
    statement: Statement,
    fact: Fact,
    kinds: dict[str, ValueKind],
    text: str,
    modules: LocalModules,
) -> tuple[frozenset[str], frozenset[str]]:
    """Return the tokens read and written, quiet library chatter left out.

    `text` is that of the statement and of the functions that it uses.
    """
    targets = [call.target for call in statement.calls if not call.in_definition]
    seeded = {token for target, token in _SEEDS.items() if target in targets}
    read = {token for target, token in _STATES.items() if target in targets}
    written = seeded | read
    for effect in fact.effects:
        if statement.kind == "import" and effect.resource.startswith("random:"):
            continue
        of_the_program = modules.is_local(effect.resource)
        if effect.resource.startswith(_QUIET) and not (
            of_the_program or _sets_itself(statement, effect.resource, kinds, text)
        ):
            continue
        if effect.mode in {"read", "update"}:
            read.add(effect.resource)
        if effect.mode in {"write", "update"}:
            written.add(effect.resource)
    for target in targets:
        api = lookup(target)
        for token in api.effects if api else ():
            if token.startswith("options:"):
                written.add(token)
    only_seeds = seeded and _only_calls(statement)
    return frozenset(read - seeded if only_seeds else read), frozenset(written)


def _dumps(statement: Statement, fact: Fact) -> bool:
    """Whether a statement writes objects as they are into a file."""
    called = {call.method for call in statement.calls if not call.in_definition}
    return bool(fact.files_written) and not called.isdisjoint({"dump", "save", "to_pickle"})


def _only_calls(statement: Statement) -> bool:
    """Whether every call of the statement sets a stream, so that nothing consumes it."""
    return all(call.target in _SEEDS for call in statement.calls)


def _sets_itself(statement: Statement, token: str, kinds: dict[str, ValueKind], text: str) -> bool:
    """Whether the program's own text, not a library under it, touches this setting."""
    if statement.kind == "import":
        return False
    if token.startswith("module:pandas."):
        return True
    if token.startswith("module:"):
        return any(kinds.get(name) in {"module", "class"} for name in statement.mutates)
    return any(
        token.startswith(mark) and prefix.rstrip(".") in _dotted(statement, text)
        for prefix, mark in _OPTION_TARGETS.items()
    )


def _dotted(statement: Statement, text: str) -> str:
    targets = " ".join(call.target for call in statement.calls)
    return f"{targets} {text}"


class _Deferred:
    """What functions and classes of the program do when they are used, transitively."""

    def __init__(self) -> None:
        self._reads: dict[str, frozenset[str]] = {}
        self._writes: dict[str, frozenset[str]] = {}
        self._texts: dict[str, str] = {}
        self._classes: dict[str, str] = {}

    def learn(self, statement: Statement, fact: Fact) -> None:
        """Remember the deferred reads of what a statement defines, and instances of classes."""
        for name in statement.stores:
            self._reads[name] = statement.deferred
            self._writes[name] = statement.global_writes
            self._texts[name] = statement.code if statement.kind in _DEFINING else ""
        for name, value in fact.values.items():
            if value.type.startswith("__main__."):
                self._classes[name] = value.type.removeprefix("__main__.").split(".")[0]

    def written(self, statement: Statement, fact: Fact) -> frozenset[str]:
        """Return the globals that functions used by this statement bind, on some path."""
        names = self._used(statement, fact)
        return frozenset(other for name in names for other in self._writes.get(name, ()))

    def text(self, statement: Statement, fact: Fact) -> str:
        """Return the text of the functions that this statement uses."""
        names = self._used(statement, fact)
        return " ".join(self._texts.get(name, "") for name in sorted(names))

    def _used(self, statement: Statement, fact: Fact) -> frozenset[str]:
        used = statement.loads | fact.reads | self.reached(statement, fact)
        return used | {self._classes[name] for name in used if name in self._classes}

    def reached(self, statement: Statement, fact: Fact) -> frozenset[str]:
        """Return the names that functions used by this statement read."""
        if statement.kind in _DEFINING:
            return frozenset()
        pending = list(statement.loads | fact.reads)
        seen: set[str] = set()
        while pending:
            name = pending.pop()
            more = self._reads.get(name, frozenset())
            if name in self._classes:
                more = more | self._reads.get(self._classes[name], frozenset())
            for other in more - seen:
                seen.add(other)
                pending.append(other)
        return frozenset(seen)


def _edges(nodes: tuple[Node, ...]) -> Iterator[Edge]:
    reach = Reach(nodes)
    for node in nodes:
        for carrier in sorted(needs(node)):
            source = reach.before(carrier, node.statement.id)
            if source is not None:
                evidence = _evidence(node, carrier)
                yield Edge(source, node.statement.id, carrier, evidence)


def _evidence(node: Node, carrier: str) -> Evidence:
    static = carrier in node.statement.loads | node.statement.mutates | node.statement.stores
    observed = carrier in node.fact.reads | node.fact.changes | {
        effect.resource for effect in node.fact.effects
    }
    if static and observed:
        return "both"
    if static:
        return "static"
    return "observed" if observed else "assumed"
