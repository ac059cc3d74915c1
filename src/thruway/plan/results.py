"""Which values nobody downstream takes are results all the same.

A result is a value that the program ends with and that nothing uses to make another one: the
scores, the tables, the predictions; and every fitted model.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from thruway.plan.inside import why_inside
from thruway.program.knowledge import lookup, lookup_method

if TYPE_CHECKING:
    from thruway.graph.reach import Reach
    from thruway.graph.types import Graph, Node
    from thruway.plan.cut import Segment
    from thruway.plan.place import Definitions
    from thruway.plan.types import Role

_KINDS = frozenset({"frame", "series", "array", "estimator", "scalar", "text", "container"})
_MOST = 10


def results_of(
    graph: Graph,
    definitions: Definitions,
    segments: tuple[Segment, ...],
    roles: dict[int, Role],
    unstorable: frozenset[tuple[str, int]],
) -> list[tuple[str, ...]]:
    """Return the result names of each segment."""
    reach = definitions.reach
    makers = _makers(graph, reach, roles)
    kept_inside = {name for name, _ in unstorable}
    loops = frozenset(name for node in graph.nodes for name in _scaffolding(node))
    last = graph.nodes[-1].statement.id if graph.nodes else 0
    found = []
    for segment in segments:
        names: dict[str, int] = {}
        for number in segment.statements:
            for name in _made(graph, number):
                names[name] = number
        found.append(
            tuple(
                name
                for name, number in sorted(names.items(), key=lambda item: (item[1], item[0]))
                if name in graph.trace.alive
                and name not in loops
                and _last_maker(graph, reach, name, last) == number
                and name not in kept_inside
                and _is_result(graph, name, number, makers, roles)
                and not why_inside(
                    name, number, graph.value_at(name, number), definitions, unstorable
                )
            )[-_MOST:]
        )
    return found


def _made(graph: Graph, number: int) -> frozenset[str]:
    """Names that a statement bound, or whose content it left visibly different."""
    node = graph.node(number)
    return node.binds | {
        name
        for name in node.fact.changes
        if _digest(graph, name, number) != _digest(graph, name, number - 1)
    }


def _last_maker(graph: Graph, reach: Reach, name: str, last: int) -> int | None:
    """The last statement that made what a name holds at the end."""
    writer = reach.until(name, last)
    while writer is not None and name not in _made(graph, writer):
        writer = reach.before(name, writer)
    return writer


def _digest(graph: Graph, name: str, number: int) -> str:
    value = graph.value_at(name, number)
    return value.fingerprint if value else ""


def _is_result(
    graph: Graph,
    name: str,
    number: int,
    makers: frozenset[tuple[str, int]],
    roles: dict[int, Role],
) -> bool:
    value = graph.value_at(name, number)
    if value is None or value.kind not in _KINDS or value.unstorable or value.opaque:
        return False
    if name.startswith("_"):
        return False
    if value.kind == "estimator" and roles[number] in {"train", "tune"}:
        return True
    if value.kind == "scalar" and roles[number] == "evaluate":
        return True  # a score, also if a table of scores is made of it
    if _holds_models(graph, number):
        return True
    if roles[number] == "explore":
        return False
    return (name, number) not in makers


def _holds_models(graph: Graph, number: int) -> bool:
    """Whether a statement gathers fitted models, or puts them back where they came from."""
    node = graph.node(number)
    if node.statement.fan and not node.statement.fan.fitted:
        given = node.statement.code.rpartition(".append(")[2]
        values = node.fact.values
        return any(values[n].kind == "estimator" for n in re.findall(r"\w+", given) if n in values)
    earlier = graph.program.statements[number - 2].fan if number > 1 else None
    return earlier is not None and earlier.fitted


def _makers(graph: Graph, reach: Reach, roles: dict[int, Role]) -> frozenset[tuple[str, int]]:
    """(name, writer) pairs that a later statement reads in order to make something."""
    found = set()
    for node in graph.nodes:
        shows = roles[node.statement.id] in {"explore", "export"}
        used = node.reads | node.updates
        if shows:
            used = frozenset(
                n for n in used if node.fact.files_written and _is_text(graph, n, node)
            )
        elif not (node.binds or node.updates or _asks(node)):
            continue
        for name in used:
            source = reach.before(name, node.statement.id)
            while source is not None:
                found.add((name, source))
                source = reach.before(name, source) if name not in _made(graph, source) else None
    return frozenset(found)


def _asks(node: Node) -> bool:
    """Whether a statement asks a model, or judges it: what it does that with is used by that."""
    calls = [call for call in node.statement.calls if not call.in_definition]
    apis = (lookup(c.target) if c.resolved else lookup_method(c.method, None) for c in calls)
    return any(api is not None and api.role in {"evaluate", "predict"} for api in apis)


def _is_text(graph: Graph, name: str, node: Node) -> bool:
    value = graph.value_at(name, node.statement.id - 1)
    return value is not None and value.kind == "text"


def _scaffolding(node: Node) -> frozenset[str]:
    """Targets of loops and `with`, and what only a handler binds: scaffolding, not results."""
    names = set()
    for part in ast.walk(ast.parse(node.statement.code)):
        targets: list[ast.AST] = []
        if isinstance(part, ast.For | ast.AsyncFor):
            targets = [part.target]
        elif isinstance(part, ast.With):
            targets = [item.optional_vars for item in part.items if item.optional_vars]
        elif isinstance(part, ast.ExceptHandler):
            targets = [each for each in part.body if isinstance(each, ast.Assign)]
        for target in targets:
            stored = (n for n in ast.walk(target) if isinstance(n, ast.Name))
            names |= {n.id for n in stored if isinstance(n.ctx, ast.Store)}
    return frozenset(names)
