"""What the plan noticed about a program, as findings."""

from __future__ import annotations

import ast
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from thruway.findings import Finding, Severity

_MOST = 8

if TYPE_CHECKING:
    from collections.abc import Sequence

    from thruway.graph.types import Graph, Node
    from thruway.plan.link import Link


def notice(graph: Graph) -> tuple[Finding, ...]:
    """Return the findings of all layers up to this one."""
    found = [*graph.program.source.findings, *graph.program.findings]
    found += _local_modules(graph)
    temporary = any("tempfile" in node.statement.code for node in graph.nodes)
    for node in graph.nodes:
        if node.statement.dynamic:
            found.append(
                Finding(
                    "TW102", Severity.WARNING, node.statement.place, str(node.statement.dynamic)
                )
            )
        if node.statement.kind == "import" and (drawn := _draws(graph, node)):
            reason = (
                f"importing {drawn[0]} for the first time draws from the stream {drawn[1]} that "
                "the program seeded; that draw was left out of both runs, so that a run without "
                "Thruway may show other random numbers after it"
            )
            fix = "import everything before seeding"
            found.append(Finding("TW103", Severity.WARNING, node.statement.place, reason, fix))
        if outside := _outside(node, temporary=temporary):
            found.append(_told(node, outside))
        if any(
            token == "outside:network" for token in node.resources_read | node.resources_written
        ):
            found.append(
                Finding("TW105", Severity.WARNING, node.statement.place, "it uses the network")
            )
    return tuple(found)


def notice_moved(looks: Sequence[Node]) -> tuple[Finding, ...]:
    """Say which looks at the data stand elsewhere than in the original."""
    if not looks:
        return ()
    places = [str(node.statement.place).partition(", ")[2] for node in looks]
    more = f" and {len(places) - _MOST} more" if len(places) > _MOST else ""
    reason = (
        f"{len(looks)} looks at the data stand in steps of their own, so what they show comes at "
        f"another place of the output: {'; '.join(places[:_MOST])}{more}"
    )
    fix = "`--cut cells` or `--cut headings` leaves everything where it is"
    return (Finding("TW209", Severity.INFO, looks[0].statement.place, reason, fix),)


def _local_modules(graph: Graph) -> list[Finding]:
    """Say which modules beside the program are copied along, at the first that is imported."""
    written = {name for node in graph.nodes for name in node.fact.files_written}
    source = graph.program.source
    files = sorted({*graph.trace.local_modules} - written - {source.path.name})
    if not files:
        return []
    roots = {name.rpartition("/")[2].removesuffix(".py") for name in files}
    roots |= {part for name in files for part in name.split("/")[:-1]}
    imports = [n for n in graph.nodes if roots & {root for root, _ in _imported(n)}]
    place = (imports or graph.nodes)[0].statement.place
    reason = f"copied into the project: {', '.join(files)}"
    return [Finding("TW104", Severity.INFO, place, reason)]


def _outside(node: Node, *, temporary: bool) -> list[str]:
    """Files that a statement read or wrote at an absolute path, those of `tempfile` excepted."""
    own = (tempfile.gettempdir(), os.path.realpath(tempfile.gettempdir()))
    files = (t for t in node.resources_read | node.resources_written if t.startswith("file:"))
    return sorted(
        token
        for token in files
        if Path(token.removeprefix("file:")).is_absolute()
        and not (temporary and token.removeprefix("file:").startswith(own))
    )


def _told(node: Node, outside: list[str]) -> Finding:
    written = any(token in node.resources_written for token in outside)
    reason = f"it {'writes' if written else 'reads'} outside of the program's folder: "
    reason += ", ".join(token.removeprefix("file:") for token in outside[:3])
    fix = "name it relative to the program, or make it a parameter of the pipeline"
    severity = Severity.WARNING if written else Severity.INFO
    return Finding("TW106", severity, node.statement.place, reason, fix)


def _draws(graph: Graph, node: Node) -> tuple[str, str] | None:
    """The (module, stream) that an import drew from, if the program had set it and uses it."""
    roots = {root for root, _ in _imported(node)}
    for module, token in graph.trace.import_draws:
        writers = [n for n in graph.nodes if token in n.resources_written]
        before = any(n.statement.id < node.statement.id for n in writers)
        after = any(n.statement.id > node.statement.id for n in writers)
        if module.split(".")[0] in roots and before and after:
            return module, token
    return None


def _imported(node: Node) -> list[tuple[str, str]]:
    """(root package, dotted name) of what an import statement imports."""
    found = []
    for part in ast.walk(ast.parse(node.statement.code)):
        if isinstance(part, ast.Import):
            found += [(alias.name.split(".")[0], alias.name) for alias in part.names]
        elif isinstance(part, ast.ImportFrom) and part.module:
            found.append((part.module.split(".")[0], part.module))
    return found


def relevant(links: tuple[Link, ...], body: tuple[int, ...]) -> tuple[Link, ...]:
    """Return the links that hold statements of the body."""
    inside = set(body)
    return tuple(link for link in links if link.first in inside or link.last in inside)
