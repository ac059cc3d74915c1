"""Sort the statements by how they are written: in order, or wherever they are needed.

Settings (options, warnings filters, environment), seeds and makers of folders do not belong to one
step: they go to every step, or to the one that draws first, or to those that use the folder.
"""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass
from typing import TYPE_CHECKING

from thruway.graph.reach import Reach

if TYPE_CHECKING:
    from thruway.graph.types import Graph, Node
    from thruway.plan.cut import Segment

_AMBIENT = ("options:", "env:", "module:")
_RANDOM = "random:"


@dataclass(frozen=True)
class Sorted:
    """The statements that ran, sorted by how they are written."""

    body: tuple[int, ...]
    settings: frozenset[int]
    seeds: frozenset[int]
    folders: frozenset[int]
    dropped: tuple[tuple[int, str], ...]


def sort_statements(graph: Graph) -> Sorted:
    """Return the statements that ran, sorted."""
    reach = Reach(graph.nodes)
    nodes = {node.statement.id: node for node in graph.nodes}
    settings = {n.statement.id for n in graph.nodes if _is_setting(n, reach, nodes)}
    seeds = {n.statement.id for n in graph.nodes if _is_seed(n, reach, nodes)}
    folders = {n.statement.id for n in graph.nodes if _is_folder(n, reach, nodes)}
    apart = settings | seeds | folders
    dropped = {n.statement.id: why for n in graph.nodes if (why := _drop(n))}
    body = [
        number
        for number, node in nodes.items()
        if number not in apart and number not in dropped and not node.replicable
    ]
    if not body:
        body = [n for n, node in nodes.items() if node.statement.kind == "constant"]
        body += sorted(apart if not body else ())
    return Sorted(
        tuple(sorted(body)),
        frozenset(settings - set(body)),
        frozenset(seeds - set(body)),
        frozenset(folders - set(body)),
        tuple(dropped.items()),
    )


def _only_effects(node: Node, reach: Reach, nodes: dict[int, Node]) -> bool:
    if node.replicable or node.fact.binds or node.updates or node.fact.stdout:
        return False
    if node.fact.figures or node.fact.files_written or node.statement.deletes:
        return False
    sources = [reach.before(name, node.statement.id) for name in node.reads]
    return all(source is None or nodes[source].replicable for source in sources)


def _is_setting(node: Node, reach: Reach, nodes: dict[int, Node]) -> bool:
    """Whether a statement only sets options, from constants."""
    tokens = node.resources_written
    if not tokens or not _only_effects(node, reach, nodes):
        return False
    if any(token.startswith("module:") for token in tokens) and not _assigns(node):
        return False  # what a function does to its module, it may do again and again
    return all(token.startswith(_AMBIENT) for token in tokens | node.resources_read)


def _assigns(node: Node) -> bool:
    return all(isinstance(one, ast.Assign) for one in ast.parse(node.statement.code).body)


def _is_seed(node: Node, reach: Reach, nodes: dict[int, Node]) -> bool:
    """Whether a statement only sets a random stream, whatever its state was."""
    tokens = node.resources_written
    if not tokens or node.resources_read or not _only_effects(node, reach, nodes):
        return False
    return all(token.startswith(_RANDOM) for token in tokens)


def _is_folder(node: Node, reach: Reach, nodes: dict[int, Node]) -> bool:
    """Whether a statement only makes a folder, and may do so again where it exists."""
    tokens = node.resources_written
    if not tokens or not _only_effects(node, reach, nodes):
        return False
    again = "exist_ok" in node.statement.code or "exists(" in node.statement.code
    return again and all(t.startswith("dir:") for t in tokens | node.resources_read)


def _drop(node: Node) -> str:
    statement = node.statement
    if statement.kind == "docstring":
        return "the docstring of the program"
    if statement.code.strip() == "pass":
        return "does nothing"
    tree = ast.parse(statement.code).body
    if len(tree) == 1 and isinstance(tree[0], ast.Delete):
        targets = tree[0].targets
        names = [t.id for t in targets if isinstance(t, ast.Name)]
        if len(names) == len(targets) and not any(hasattr(builtins, n) for n in names):
            return "the variables of a step end with it"
    return ""


def written_into(
    sorted_: Sorted, segments: tuple[Segment, ...], nodes: dict[int, Node], reach: Reach
) -> dict[int, frozenset[int]]:
    """Return statement → segments it is written into, for those that belong to no one step.

    Seeds go to the step that first draws from them, folders to every step that uses them;
    settings inside a step stay there.
    """
    found: dict[int, frozenset[int]] = {}
    home = {number: i for i, segment in enumerate(segments) for number in segment.statements}
    for number in sorted_.settings:
        inside = [i for i, s in enumerate(segments) if s.statements[0] < number < s.statements[-1]]
        if number > segments[-1].statements[-1]:
            inside = [len(segments) - 1]
        found[number] = frozenset(inside)
    for number in sorted_.seeds | sorted_.folders:
        after = [n for n in sorted(home) if n > number]
        users = [
            n for n in after if any(reach.before(t, n) == number for t in nodes[n].resources_read)
        ]
        chosen = users if users and number in sorted_.folders else (users or after)[:1]
        chosen = chosen or [max(home)]
        found[number] = frozenset(home[n] for n in chosen)
    return found
