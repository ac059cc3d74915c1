"""The values that a pipeline has, by the names that its text gives them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from thruway.kit.dag import FromOutput
from thruway.kit.ports.annotations import UNKNOWN, Placeholder, hints
from thruway.kit.ports.fit import is_open, part_of, plain
from thruway.kit.step import import_step
from thruway.run.modules import project_imports

if TYPE_CHECKING:
    import ast

    from thruway.kit.dag import Dag, Node
    from thruway.kit.project import ProjectConfig


@dataclass(frozen=True)
class Value:
    """A value of the pipeline that has a name at its end.

    Attributes:
        text: as the pipeline's text says it: `X_test`, `parts.test`.
        node: what gives it.
        field: which output of it; None for the whole.
        part: name of that output, also where the pipeline counts it.
        type: of the value, as annotated; `UNKNOWN` when nothing says it.
    """

    text: str
    node: str
    field: str | None
    part: str = ""
    type: Any = dataclasses.field(default=UNKNOWN, compare=False)

    def __str__(self) -> str:
        """Return the value and where it comes from."""
        output = f".{self.field}" if self.field else ""
        return f"{self.text} ({self.node}{output})"


@dataclass(frozen=True)
class Scope:
    """A pipeline and its named values.

    Attributes:
        dag: the pipeline.
        values: named values, in the order of the text.
    """

    dag: Dag
    values: tuple[Value, ...]

    def named(self, output: FromOutput) -> Value | None:
        """Return the value of an output; None when the text has no name for it."""
        for value in self.values:
            if value.node == output.node and value.field == output.field:
                return value
        return None

    def said(self, text: str) -> Value | None:
        """Return the value of a name, or of `step.output`."""
        for value in self.values:
            named = f"{value.node}.{value.field}" if value.field else value.node
            if text in {value.text, named}:
                return value
        return None

    def taken(self, node: Node, argument: str) -> Value | None:
        """Return the named value that an argument of a node takes."""
        source = dict(node.inputs).get(argument)
        return self.named(source) if isinstance(source, FromOutput) else None

    @property
    def names(self) -> set[str]:
        """Every name that the pipeline's text gives."""
        targets = {name for node in self.dag.nodes for name in node.targets}
        return targets | {parameter.name for parameter in self.dag.parameters}


def scope_of(dag: Dag, config: ProjectConfig) -> Scope:
    """Return the named values of a pipeline; its steps are imported for their types."""
    bound: dict[str, tuple[Node, str | None]] = {}
    for node in dag.nodes:
        if node.file is not None and node.file != dag.file:
            continue  # inside another pipeline, whose names are its own
        outputs = node.step.outputs
        if len(node.targets) > 1:
            fields = outputs or tuple(map(str, range(len(node.targets))))
            bound |= {n: (node, f) for n, f in zip(node.targets, fields, strict=False)}
        elif node.targets:
            bound[node.targets[0]] = (node, None)
    with project_imports(config.roots):
        values = [
            value for name, (node, output) in bound.items() for value in _values(name, node, output)
        ]
    return Scope(dag, tuple(values))


def _values(name: str, node: Node, output: str | None) -> list[Value]:
    returned = _returned(node)
    if node.mapped:
        returned = list
    if output is not None:
        part = _field_name(returned, output)
        return [Value(name, node.name, output, part, _part(returned, output))]
    fields = () if node.mapped else node.step.outputs
    parts = [
        Value(f"{name}.{each}", node.name, each, each, _part(returned, each)) for each in fields
    ]
    return [*parts, Value(name, node.name, None, "", returned)]


def _returned(node: Node) -> Any:
    try:
        return hints(import_step(node.step)).get("return", UNKNOWN)
    except Exception:  # a module of the user that cannot be imported here: its types are not known
        return UNKNOWN


def _field_name(returned: Any, output: str) -> str:
    """Return the name of an output that a library's function gives by its position."""
    names = getattr(class_of(returned), "_fields", ())
    at = int(output) if output.isdigit() else len(names)
    return str(names[at]) if at < len(names) else output


def _part(returned: Any, output: str) -> Any:
    return returned if isinstance(returned, Placeholder) else part_of(returned, output)


def is_known(kind: Any) -> bool:
    """Return whether a type says anything."""
    return not is_open(plain(kind))


def class_of(kind: Any) -> type | None:
    """Return the class of a type; None when it is not known, or is no class."""
    found = plain(kind)
    return found if isinstance(found, type) and not is_open(found) else None


def statement_of(function: ast.FunctionDef, line: int) -> int:
    """Return the number of the line of statements in a function's body that holds a line.

    Statements that are written on one line, with `;` between them, count as one.
    """
    starts = sorted({statement.lineno for statement in function.body})
    return max(sum(start <= line for start in starts) - 1, 0)
