"""What the reader of a pipeline's text knows at a line: names, nodes so far, where it is."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

from thruway.errors import PipelineError
from thruway.kit.code.scope import chain_of
from thruway.kit.reading.unsupported import unsupported

if TYPE_CHECKING:
    from thruway.kit.code.modules import Finder, Module
    from thruway.kit.code.scope import Chain
    from thruway.kit.dag import Binding, FromOutput, Node, StepRef
    from thruway.kit.reading.inline import Parts

    Value = Binding | Parts

_CALLERS = frozenset({"map_over", "when"})


@dataclass
class Reading:
    """State of reading one body.

    Attributes:
        finder: finds first-party modules.
        module: the module of the pipeline.
        above: pipelines whose text calls this one, as (module, name), outermost first.
        nodes: calls so far.
        calls: calls of other pipelines so far.
        names: what each name stands for at this line.
        called: names of everything that the body calls.
        places: name of a node → its place among the nodes.
        numbers: name → how often it was used.
        steps: name called → the step that it means.
    """

    finder: Finder
    module: Module
    above: tuple[tuple[str, str], ...] = ()
    nodes: list[Node] = field(default_factory=list)
    calls: list[Node] = field(default_factory=list)
    names: dict[str, Value] = field(default_factory=dict)
    called: frozenset[str] = frozenset()

    places: dict[str, int] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    steps: dict[Chain, StepRef] = field(default_factory=dict)

    def append(self, node: Node) -> None:
        """Add a node."""
        self.places[node.name] = len(self.nodes)
        self.nodes.append(node)

    def node_of(self, binding: FromOutput) -> Node:
        """Return the node that gives a value."""
        return self.nodes[self.places[binding.node]]

    def unique(self, name: str) -> str:
        """Return a step's name, numbered for further calls; never the name of another step."""
        chosen, number = name, self.numbers.get(name, 1)
        while self._is_taken(chosen, name):
            number += 1
            chosen = f"{name}_{number}"
        self.numbers[name] = number
        return chosen

    def _is_taken(self, chosen: str, name: str) -> bool:
        if chosen in self.places or (chosen != name and chosen in self.called):
            return True
        return any(call.name == chosen for call in self.calls)

    def literal(self, node: ast.expr) -> str | None:
        """Return the text of a literal, or of a constant of the module; None for all else."""
        if isinstance(node, ast.Name):
            if node.id in self.names:
                return None
            bounds = self.module.bindings.get(node.id, ())
            values = [getattr(b.node, "value", None) for b in bounds if not b.source]
            simple = len(bounds) == 1 and len(values) == 1 and values[0] is not None
            if not simple or not isinstance(bounds[0].node, ast.Assign | ast.AnnAssign):
                return None
            assert isinstance(values[0], ast.expr)
            return None if isinstance(values[0], ast.Name) else self.literal(values[0])
        try:
            ast.literal_eval(node)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            return None
        return ast.unparse(node)

    def unsupported(self, node: ast.AST) -> NoReturn:
        """Refuse a piece of syntax."""
        what, fix = unsupported(node)
        self.refuse(node, f"A pipeline cannot have {what} in it", fix)

    def refuse(self, node: ast.AST, what: str, fix: str) -> NoReturn:
        """Refuse something at a line."""
        raise PipelineError(f"{what}.", self.where(node), fix)

    def where(self, node: ast.AST) -> str:
        """Return the place of a piece of syntax, for messages."""
        return f"{self.module.file}, line {getattr(node, 'lineno', 1)}"


def names_called(node: ast.FunctionDef) -> frozenset[str]:
    """Return the names of what a pipeline calls, itself, for each item, or on a condition."""
    found: list[tuple[str, ...]] = []
    for call in ast.walk(node):
        if isinstance(call, ast.Call):
            chain = chain_of(call.func)
            found.append(chain)
            if chain[-1:] and chain[-1] in _CALLERS:
                found += map(chain_of, call.args)
    return frozenset(chain[-1] for chain in found if chain)
