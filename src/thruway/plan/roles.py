"""What each statement is for, decided by the data flow first and the API tables second.

Names of variables are never looked at, and those of the program's own functions only where their
bodies call nothing that is known. A statement that feeds nothing and only shows is
`explore`; one that changes an estimator from data is `train`; and so on down to `prepare`,
which is what is left between the data and the model.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from thruway.graph.reach import Reach, needs
from thruway.plan.beside import statements_beside
from thruway.plan.naming.words import snake
from thruway.program.knowledge import lookup, lookup_method

if TYPE_CHECKING:
    from thruway.graph.types import Graph, Node
    from thruway.kit.values.types import Value
    from thruway.plan.types import Role
    from thruway.program.knowledge.table import Api
    from thruway.program.types import Call, Statement

# The first that a statement shows wins: what it does to the model outranks what it prints.
_ORDER: tuple[Role, ...] = (
    "tune",
    "train",
    "split",
    "export",
    "evaluate",
    "predict",
    "transform",
    "ingest",
    "prepare",
)
_SHOWN = frozenset({"explore", "report"})
_TABLES = frozenset({"frame", "series", "array"})
_MODEL_SIDE = frozenset({"train", "tune", "evaluate", "predict"})
_MADE = _MODEL_SIDE | {"export", "ingest", "split"}
_DEFINING = frozenset({"function", "class"})
_DEEP = 3  # calls of calls of calls that tell what a function of another module is for
_FIT_METHODS = frozenset({"fit", "partial_fit", "fit_predict", "fit_transform", "train"})
# First or last words of functions: `load_data_set`, `adaboost_train`.
_SAID: dict[Role, frozenset[str]] = {
    "ingest": frozenset({"load", "read"}),
    "split": frozenset({"split"}),
    "train": frozenset({"train", "fit"}),
    "evaluate": frozenset({"accuracy", "evaluate", "rmse", "score"}),
    "predict": frozenset({"classify", "predict"}),
}
_SEARCHES = ("GridSearchCV", "RandomizedSearchCV", "HalvingGridSearchCV", "Study")


def assign_roles(graph: Graph) -> dict[int, Role]:
    """Return the role of every statement that ran; definitions get that of their first user."""
    reach = Reach(graph.nodes)
    types: dict[str, Value] = {}
    first: dict[int, Role | None] = {}
    bodies: dict[int, set[str]] = {}
    beside = _bodies_beside(graph)
    needed = _needed(graph, reach)
    drawing: set[int] = set()
    for node in graph.nodes:
        number = node.statement.id
        bodies[number] = _body_roles(node)
        found = _by_calls(node, types, bodies, reach) | _roles_beside(node, beside)
        if _only_draws(node, types, needed.get(number, frozenset()), quiet=not found):
            drawing.add(number)
        first[number] = None if number in drawing else _strongest(found)
        types.update(node.fact.values)
    useful = _feeds_a_result(graph, reach, first, drawing)
    roles: dict[int, Role] = {}
    for node in graph.nodes:
        number = node.statement.id
        role = first[number]
        if node.replicable:
            roles[number] = "prepare"
        elif role in _MADE or (role == "transform" and _transforms(node)):
            roles[number] = role
        elif number not in useful and (number in drawing or not node.fact.files_written):
            roles[number] = "explore"
        else:
            roles[number] = role if role is not None else "prepare"
    return _inherit(graph, roles, first)


def announces(node: Node) -> bool:
    """Whether a statement only prints a text of its own, such as `print("training")`."""
    quiet = not (node.binds or node.updates or node.resources_written or node.fact.displays)
    return quiet and all(name in {"print", "time"} for name in node.reads)


def _by_calls(
    node: Node, types: dict[str, Value], bodies: dict[int, set[str]], reach: Reach
) -> set[str]:
    """The roles that the calls and the observed values of a statement show."""
    found: set[str] = set()
    if node.replicable:
        return found
    for call in node.statement.calls:
        if not call.in_definition:
            found |= _roles_of_call(call, node, types)
    helped = _roles_of_helpers(node, bodies, reach)
    found |= helped | _roles_of_effects(node)
    trains = _touches_model(node, types) or _fits(node)
    trains = trains or bool(helped & {"train", "tune"} and "transform" not in helped)
    if found & {"train", "tune"} and not trains:
        found -= {"train", "tune"}
        found.add("model")
    if not (node.binds or node.updates):
        found.discard("ingest")
    if not any(token.startswith("file:") for token in node.resources_written):
        found.discard("export")  # a branch not taken, or text that was only shown
    return found


def _strongest(found: set[str]) -> Role | None:
    for role in _ORDER:
        if role in found:
            return role
    if "model" in found:
        return "train"
    return None


def _roles_of_call(call: Call, node: Node, types: dict[str, Value]) -> set[str]:
    receiver = types.get(call.receiver) or node.fact.values.get(call.receiver)
    if call.resolved:
        api = lookup(call.target)
    else:
        api = _method(call, receiver.type if receiver else None)
    if api is None or api.role in _SHOWN or not api.role:
        return set()
    if call.method in _FIT_METHODS and receiver is not None:
        return {_fit_role(receiver)}
    return {api.role}


def _method(call: Call, receiver_type: str | None) -> Api | None:
    """What is known of a method; `split` without data is that of a text."""
    if call.method == "split" and receiver_type is None and not call.arguments:
        return None
    return lookup_method(call.method, receiver_type)


def _fit_role(receiver: Value) -> str:
    """A fit trains a model, searches for one, or fits a transformer."""
    if receiver.type.endswith(_SEARCHES):
        return "tune"
    known = lookup(receiver.type)
    holds = ".pipeline." in receiver.type  # and trains what it holds
    return "transform" if known and known.role == "transform" and not holds else "train"


def _roles_of_helpers(node: Node, bodies: dict[int, set[str]], reach: Reach) -> set[str]:
    """Roles of what the called functions of the program do in their bodies."""
    found: set[str] = set()
    for call in node.statement.calls:
        if call.in_definition or call.resolved:
            continue
        definition = reach.before(call.receiver or call.target, node.statement.id)
        known = bodies.get(definition or 0)
        if known is not None:
            found |= known or (_role_of_name(call.target) if not call.receiver else set())
    return found


def _bodies_beside(graph: Graph) -> dict[str, set[str]]:
    """Return dotted name → roles of the calls in its body, and in those of its neighbours there."""
    definitions = dict(statements_beside(graph))
    found = {name: _in_definition(statement) for name, statement in definitions.items()}
    for _ in range(_DEEP if found else 0):
        for name, statement in definitions.items():
            module = name.rpartition(".")[0]
            for call in statement.calls:
                found[name] |= found.get(f"{module}.{call.target}", set())
    return found


def _roles_beside(node: Node, beside: dict[str, set[str]]) -> set[str]:
    """Roles of what a statement calls of modules beside the program."""
    found: set[str] = set()
    for call in node.statement.calls if beside else ():
        if not call.in_definition and call.resolved:
            target = call.target
            while target not in beside and "." in target:
                target = target.rpartition(".")[0]
            found |= beside.get(target, set())
    if not (node.binds or node.updates):
        found -= {"ingest", "prepare", "transform"}
    return found


def _role_of_name(function: str) -> set[str]:
    """What the author says that a function is for, in its name."""
    words = snake(function).split("_")
    return {role for role, verbs in _SAID.items() if verbs & set(words[:1] + words[-1:])}


def _body_roles(node: Node) -> set[str]:
    """Roles of the calls inside the functions that a statement defines."""
    return _in_definition(node.statement) if node.statement.kind in _DEFINING else set()


def _in_definition(statement: Statement) -> set[str]:
    """Roles of the calls inside a definition."""
    found: set[str] = set()
    for call in statement.calls:
        api = lookup(call.target) if call.resolved else _method(call, None)
        if call.in_definition and api is not None and api.role not in _SHOWN:
            found.add(api.role)
    return found - {""}


def _roles_of_effects(node: Node) -> set[str]:
    found: set[str] = set()
    kinds = {node.fact.values[name].kind for name in node.fact.binds if name in node.fact.values}
    if node.fact.files_written:
        found.add("export")
    if node.fact.files_read and kinds & _TABLES:
        found.add("ingest")
    return found


def _needed(graph: Graph, reach: Reach) -> dict[int, frozenset[str]]:
    """Return statement → the names that later ones take from it."""
    found: dict[int, set[str]] = defaultdict(set)
    for node in graph.nodes:
        for carrier in needs(node):
            source = reach.before(carrier, node.statement.id)
            if source is not None:
                found[source].add(carrier)
    return {number: frozenset(names) for number, names in found.items()}


def _only_draws(
    node: Node, types: dict[str, Value], needed: frozenset[str], *, quiet: bool
) -> bool:
    """Whether a statement touches figures and makes nothing but parts of figures.

    Args:
        node: the statement.
        types: what the names held before it.
        needed: what later statements take from it.
        quiet: its calls do nothing else that is known; then what is left over from drawing
            (the variable of a loop) is nothing that it makes.
    """
    saves = any(call.method == "savefig" for call in node.statement.calls)
    touched = node.resources_read | node.resources_written
    if not saves and not any(token.startswith("figure:") for token in touched):
        return False
    binds = node.binds & needed if quiet and _draws(node, types) else node.binds
    made = [node.fact.values.get(name) for name in binds | node.fact.changes]
    return all(value is None or value.kind == "figure" for value in made)


def _draws(node: Node, types: dict[str, Value]) -> bool:
    """Whether a statement draws, or is only the last line of a cell, where figures end."""
    if not node.fact.flushed:
        return True
    figures = (types[name].kind == "figure" for name in node.reads if name in types)
    apis = (
        lookup(call.target) if call.resolved else _method(call, None)
        for call in node.statement.calls
    )
    return any(figures) or any(api is not None and api.role in _SHOWN for api in apis)


def _touches_model(node: Node, types: dict[str, Value]) -> bool:
    """Whether an estimator changed its state here."""
    changed = node.fact.changes | node.fact.binds
    values = [node.fact.values.get(name) or types.get(name) for name in changed]
    return any(value is not None and value.kind == "estimator" for value in values)


def _transforms(node: Node) -> bool:
    """Whether a statement leaves data or a transformer: also if only a picture shows them."""
    values = [node.fact.values.get(name) for name in node.fact.binds | node.fact.changes]
    kinds = {value.kind for value in values if value is not None}
    return bool(kinds & (_TABLES | {"estimator"}))


def _fits(node: Node) -> bool:
    return any(
        call.method in _FIT_METHODS and not call.in_definition for call in node.statement.calls
    )


def _feeds_a_result(
    graph: Graph, reach: Reach, roles: dict[int, Role | None], drawing: set[int]
) -> frozenset[int]:
    """Statements in the backward slice of models, scores, predictions and written files."""
    goals = [n for n in graph.nodes if roles[n.statement.id] in _MODEL_SIDE | {"export"}]
    if not goals:
        makers = (node for node in graph.nodes if node.binds or node.updates)
        goals = [node for node in makers if node.statement.id not in drawing]
    pending = [node.statement.id for node in goals]
    seen: set[int] = set()
    nodes = {node.statement.id: node for node in graph.nodes}
    while pending:
        number = pending.pop()
        if number in seen:
            continue
        seen.add(number)
        if number in drawing:
            continue
        for carrier in needs(nodes[number]):
            source = reach.before(carrier, number)
            if source is not None and not carrier.startswith("figure:"):
                pending.append(source)
    return frozenset(seen)


def _inherit(
    graph: Graph, roles: dict[int, Role], first: dict[int, Role | None]
) -> dict[int, Role]:
    """Give bare statements after a model the role of what they show."""
    reach = Reach(graph.nodes)
    for node in graph.nodes:
        number = node.statement.id
        made = bool(node.binds or node.updates)
        settled = first[number] is not None or made
        if node.replicable or (settled and roles[number] != "explore"):
            continue
        sources = {reach.before(name, number) for name in node.reads}
        shown = {roles[source] for source in sources if source is not None}
        after_fit = shown & {"train", "tune"} and (made or roles[number] == "prepare")
        if after_fit or shown & {"evaluate", "predict"}:
            roles[number] = "evaluate"
        elif shown & {"train", "tune"} and node.fact.displays:
            roles[number] = "report"  # a look at the model, not at the data
    return roles
