"""Values in the text of a pipeline: names, literals, calls, and parts of what calls return."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from thruway.kit.dag import FromEither, FromLiteral, FromOutput
from thruway.kit.reading.calls import CallReader
from thruway.kit.reading.inline import Parts
from thruway.kit.reading.unsupported import STEP_INSTEAD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from thruway.kit.dag import Binding, StepRef
    from thruway.kit.reading.state import Value


class ValueReader(CallReader):
    """Reads expressions."""

    def value(self, node: ast.expr) -> Value:
        """Return where the value of an expression comes from, adding nodes for its calls."""
        literal = self.literal(node)
        if literal is not None:
            return FromLiteral(literal)
        if isinstance(node, ast.Name):
            return self.lookup(node)
        if isinstance(node, ast.Call):
            return self.call(node)
        if isinstance(node, ast.Attribute):
            return self.attribute(node)
        if isinstance(node, ast.Subscript):
            return self.subscript(node)
        return self.unsupported(node)

    def lookup(self, node: ast.Name) -> Value:
        """Return what a name stands for."""
        if node.id in self.names:
            return self.names[node.id]
        if node.id in self.module.bindings:
            self.refuse(
                node,
                f"`{node.id}` is not a value of this pipeline",
                "a step takes parameters, literals, and what other steps return",
            )
        return self.refuse(
            node,
            f"`{node.id}` has no value here",
            f"give it one above, or make it a parameter of the pipeline; "
            f"names so far: {', '.join(self.names) or '(none)'}",
        )

    def attribute(self, node: ast.Attribute) -> Value:
        """Read one field of what a step or a pipeline returned."""
        source = self.value(node.value)
        if isinstance(source, Parts) and source.record is not None:
            found = dict(source.outputs).get(node.attr)
            if found is None:
                self.refuse(
                    node,
                    f"`{source.name}` has no output `{node.attr}`; it returns "
                    f"{', '.join(name for name, _ in source.outputs)}",
                    f"read one of these, or add it to `{source.record.name}`",
                )
            return found
        if not isinstance(source, FromOutput) or source.field is not None:
            self.not_apart(node, source)
            self.refuse(
                node,
                f"`{ast.unparse(node)}` reads an attribute of a value",
                "read it inside a step; only fields of what a step returns can be read here",
            )
        step = self.apart(source, node)
        if step.known and node.attr not in step.outputs:
            given = ", ".join(step.outputs) or f"one value ({step.returns or 'not annotated'})"
            self.refuse(
                node,
                f"`{step.name}` has no output `{node.attr}`; it returns {given}",
                "return a NamedTuple with that field from the step, or read it inside a step",
            )
        return FromOutput(source.node, node.attr)

    def subscript(self, node: ast.Subscript) -> Value:
        """Read one part of what a step or a pipeline returned, by its position."""
        index = node.slice
        if not isinstance(index, ast.Constant) or type(index.value) is not int:
            return self.unsupported(node)
        source = self.value(node.value)
        if isinstance(source, Parts):
            self.check_index(node, index.value, source.name, [name for name, _ in source.outputs])
            return source.outputs[index.value][1]
        if not isinstance(source, FromOutput) or source.field is not None:
            self.not_apart(node, source)
            return self.unsupported(node)
        step = self.apart(source, node)
        if step.outputs:
            self.check_index(node, index.value, step.name, step.outputs)
            return FromOutput(source.node, step.outputs[index.value])
        if step.known and step.returns and not is_tuple(step.returns):
            return self.unsupported(node)
        return FromOutput(source.node, str(index.value))

    def check_index(
        self, node: ast.Subscript, index: int, name: str, outputs: Sequence[str]
    ) -> None:
        """Refuse a position that is not there."""
        if not 0 <= index < len(outputs):
            self.refuse(
                node,
                f"`{name}` has {len(outputs)} outputs; there is no [{index}]",
                f"read a field: {', '.join(outputs)}",
            )

    def unpacked(self, target: ast.Tuple | ast.List, value: Value) -> tuple[Binding, ...]:
        """Return what each of a tuple of names takes from a result."""
        if isinstance(value, Parts):
            names = tuple(name for name, _ in value.outputs)
            self.check_count(target, value.name, names)
            return tuple(binding for _, binding in value.outputs)
        if not isinstance(value, FromOutput) or value.field is not None:
            self.not_apart(target, value)
            self.refuse(target, "Only what a step returns can be unpacked", STEP_INSTEAD)
        step = self.apart(value, target)
        if step.outputs:
            self.check_count(target, step.name, step.outputs)
        if step.known and not step.outputs and step.returns and not is_tuple(step.returns):
            self.refuse(
                target,
                f"`{step.name}` returns one value ({step.returns}), which a pipeline cannot unpack",
                "return a NamedTuple from the step",
            )
        fields = step.outputs or tuple(str(number) for number in range(len(target.elts)))
        return tuple(FromOutput(value.node, part) for part in fields)

    def check_count(self, target: ast.Tuple | ast.List, name: str, outputs: Sequence[str]) -> None:
        """Refuse more or fewer names than there are outputs."""
        if len(outputs) != len(target.elts):
            self.refuse(
                target,
                f"`{name}` returns {len(outputs)} outputs "
                f"({', '.join(outputs)}), and {len(target.elts)} names take them",
                "write one name per output, or keep the result and read its fields",
            )

    def not_apart(self, use: ast.expr, value: Value) -> None:
        """Refuse to take apart what one of two branches gives."""
        if isinstance(value, FromEither):
            self.refuse(
                use,
                "What `when` gives cannot be taken apart here",
                "pass it on whole, and take it apart in a step",
            )

    def apart(self, binding: FromOutput, use: ast.expr) -> StepRef:
        """Return the step whose result is taken apart."""
        node = self.node_of(binding)
        if node.mapped:
            self.refuse(
                use,
                f"`{node.name}` gives a list, with one result for each item",
                "pass the list on, and take it apart in a step",
            )
        return node.step


def is_tuple(returns: str) -> bool:
    """Whether the text of an annotation is that of a tuple, or may be."""
    return returns.partition("[")[0] in ("tuple", "Tuple", "typing.Tuple", "Any", "typing.Any")
