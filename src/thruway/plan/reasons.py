"""Why a value crosses: which statement makes it, which need it, and how that is known."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from thruway.graph.reach import Reach, needs

if TYPE_CHECKING:
    from thruway.graph.types import Graph, Node
    from thruway.plan.types import Port, StepPlan

_MOST = 3
_WIDTH = 48


def with_port_reasons(
    graph: Graph, steps: tuple[StepPlan, ...], results: tuple[tuple[str, str], ...]
) -> tuple[StepPlan, ...]:
    """Return the steps with a reason at every port.

    Args:
        graph: what they were cut from.
        steps: in order.
        results: (port, step) that the pipeline returns.
    """
    why = _Why(graph, steps, frozenset(results))
    return tuple(
        replace(
            step,
            inputs=tuple(replace(p, reason=why.of_input(step, p)) for p in step.inputs),
            outputs=tuple(replace(p, reason=why.of_output(step, p)) for p in step.outputs),
        )
        for step in steps
    )


class _Why:
    def __init__(
        self, graph: Graph, steps: tuple[StepPlan, ...], results: frozenset[tuple[str, str]]
    ) -> None:
        self._graph = graph
        self._steps = steps
        self._results = results
        self._reach = Reach(graph.nodes)
        self._nodes = {node.statement.id: node for node in graph.nodes}
        self._evidence = {(e.source, e.target, e.carrier): e.evidence for e in graph.edges}

    def of_output(self, step: StepPlan, port: Port) -> str:
        """Say what made it, and who needs it."""
        takers = [s for s in self._steps if any(_same(port, taken) for taken in s.inputs)]
        parts = [self._maker(port)]
        parts += [
            f"needed by {self._needers(s, port)} in `{s.name}`" for s in takers if s is not step
        ]
        if (port.name, step.name) in self._results:
            parts.append("a result of the program")
        return "; ".join(part for part in parts if part)

    def of_input(self, step: StepPlan, port: Port) -> str:
        """Say what needs it, and what made it."""
        maker = self._maker(port)
        return f"needed by {self._needers(step, port)}" + (f"; {maker}" if maker else "")

    def _maker(self, port: Port) -> str:
        node = self._nodes.get(port.statement)
        if node is None:
            return ""
        verb = {"random": "drawn from", "file": "written"}.get(port.kind, "made")
        return f"{verb} by {_where(node)} (`{_line(node)}`)"

    def _needers(self, step: StepPlan, port: Port) -> str:
        carrier = port.resource or port.name
        nodes = [self._nodes[n] for n in step.body if n in self._nodes]
        users = [
            node
            for node in nodes
            if carrier in needs(node)
            and self._reach.before(carrier, node.statement.id) == port.statement
        ]
        if not users:
            return "what is defined"
        shown = [self._with_evidence(node, port, carrier) for node in users[:_MOST]]
        more = f" and {len(users) - _MOST} more" if users[_MOST:] else ""
        return f"{', '.join(shown)}{more}"

    def _with_evidence(self, node: Node, port: Port, carrier: str) -> str:
        evidence = self._evidence.get((port.statement, node.statement.id, carrier), "both")
        said = {
            "static": " (seen in the text only)",
            "observed": " (seen in the run only)",
            "assumed": " (assumed)",
        }
        return _where(node) + said.get(evidence, "")


def _same(given: Port, taken: Port) -> bool:
    one, other = given.resource or given.name, taken.resource or taken.name
    return one == other and given.statement == taken.statement


def _where(node: Node) -> str:
    place = node.statement.place
    return f"cell {place.cell}, line {place.line}" if place.cell else f"line {place.line}"


def _line(node: Node) -> str:
    line = node.statement.code.strip().splitlines()[0]
    return line if len(line) <= _WIDTH else line[: _WIDTH - 1] + "…"
