"""Calls in the text of a pipeline: of steps, of other pipelines, `map_over` and `when`."""

from __future__ import annotations

import ast
import re
from abc import abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING

from thruway.kit.code.scope import chain_of
from thruway.kit.dag import Condition, FromEither, FromLiteral, FromOutput, Node, StepRef
from thruway.kit.fanout import refuse_random
from thruway.kit.reading.bind import bind
from thruway.kit.reading.inline import Parts, inlined
from thruway.kit.reading.signature import (
    MAP_OVER,
    WHEN,
    means,
    pipeline_of,
    step_of,
)
from thruway.kit.reading.state import Reading
from thruway.kit.reading.unsupported import STEP_INSTEAD

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from thruway.kit.code.modules import Module
    from thruway.kit.dag import Binding, Dag
    from thruway.kit.reading.signature import Record
    from thruway.kit.reading.state import Value


class CallReader(Reading):
    """Reads calls into nodes."""

    @abstractmethod
    def value(self, node: ast.expr) -> Value:
        """Return where the value of an expression comes from."""

    @abstractmethod
    def pipeline(self, module: Module, node: ast.FunctionDef) -> tuple[Dag, Record | None]:
        """Return the DAG of a pipeline that this one calls, and the NamedTuple that it builds."""

    def binding(self, node: ast.expr) -> Binding:
        """Return where a value comes from that has to be there as a whole."""
        found = self.value(node)
        return self.whole(node, found) if isinstance(found, Parts) else found

    def whole(self, node: ast.expr, parts: Parts) -> FromOutput:
        """Add a node that puts together what a pipeline returned in parts."""
        record = parts.record
        if record is None:
            names = ", ".join(name for name, _ in parts.outputs)
            self.refuse(
                node,
                f"`{parts.name}` returns several values ({names}), which no step gives as one",
                "unpack them, or return a NamedTuple from the pipeline",
            )
        step = StepRef(
            record.module.name,
            record.name,
            record.module.file,
            outputs=record.fields,
            returns=record.name,
            known=False,
        )
        name = self.unique(f"{parts.name}.{record.name}")
        self.append(Node(name, step, parts.outputs, line=node.lineno, file=self.module.file))
        return FromOutput(name)

    def call(self, node: ast.Call) -> Value:
        """Read any call."""
        chain = chain_of(node.func)
        if not chain or chain[0] in self.names:
            method = f"`{ast.unparse(node.func)}(…)` is a call on a value"
            self.refuse(node, method, STEP_INSTEAD)
        if self.means(node.func, MAP_OVER):
            return self.map_over(node)
        if self.means(node.func, WHEN):
            return self.when(node)
        found = pipeline_of(self.finder, self.module, chain)
        return self.add(node) if found is None else self.inline(node, *found)

    def means(self, node: ast.expr, names: frozenset[str]) -> bool:
        """Whether an expression is one of the functions of the kit."""
        return means(self.finder, self.module, node, names)

    def step(self, function: ast.expr, caller: str = "") -> StepRef:
        """Return the step that is called, itself or by `map_over` or `when`."""
        chain = chain_of(function)
        if not chain:
            self.refuse(
                function,
                f"`{caller}` calls a step by its name",
                "give the step itself, and what it takes by name",
            )
        if chain[0] in self.names and caller == "when":
            self.refuse(
                function,
                f"`when` takes steps, and `{ast.unparse(function)}` is a value",
                "pass values by name: when(condition, step, name=value)",
            )
        if chain[0] in self.names:
            method = f"`{ast.unparse(function)}(…)` is a call on a value"
            self.refuse(function, method, STEP_INSTEAD)
        if self.means(function, MAP_OVER | WHEN):
            self.refuse(
                function,
                f"`{caller}` calls a step, and cannot call `{chain[-1]}`",
                "write one step that does both, and call that here",
            )
        if chain not in self.steps:
            self.steps[chain] = step_of(self.finder, self.module, chain, self.where(function))
        return self.steps[chain]

    def add(self, node: ast.Call) -> FromOutput:
        """Add the node of a call."""
        step = self.step(node.func)
        arguments = bind(step, node, self.where(node))
        return self.put(node, step, ((name, self.binding(value)) for name, value in arguments))

    def put(
        self,
        node: ast.Call,
        step: StepRef,
        inputs: Iterable[tuple[str, Binding]],
        condition: Condition | None = None,
    ) -> FromOutput:
        """Add a node, after those of its inputs."""
        given = tuple(inputs)
        name = self.unique(step.name)
        made = Node(name, step, given, (), node.lineno, "", condition, self.module.file)
        self.append(made)
        return FromOutput(name)

    # For each item ------------------------------------------------------------------------------

    def map_over(self, node: ast.Call) -> FromOutput:
        """Read `map_over(step, items, name=value)`."""
        if len(node.args) != 2 or any(isinstance(value, ast.Starred) for value in node.args):
            self.refuse(
                node,
                "`map_over` takes a step and the items, and names for the rest",
                "write map_over(step, items, name=value)",
            )
        function, items = node.args
        step = self.step(function, "map_over")
        given = self.literal(items)
        if given is not None and not isinstance(ast.literal_eval(given), list | tuple):
            self.refuse(items, f"`map_over` cannot go over {given}", "give it a list or a tuple")
        call = ast.copy_location(ast.Call(function, [items], node.keywords), node)
        found = self.add(call)
        made = self.nodes[-1]
        for parameter in step.parameters:
            for name in re.findall(r"\w+", parameter.annotation):
                refuse_random(name, step.name, f"`{parameter.name}`", self.where(node))
        self.nodes[-1] = replace(made, mapped=made.inputs[0][0])
        self.check_mapped(node, self.nodes[-1:])
        return found

    def check_mapped(self, node: ast.Call, nodes: Iterable[Node]) -> None:
        """Refuse items that only one of two branches gives."""
        for made in nodes:
            if made.mapped and isinstance(dict(made.inputs)[made.mapped], FromEither):
                self.refuse(
                    node,
                    f"`{made.name}` cannot be called for each item of what `when` gives",
                    "pass the result of `when` to a step that returns a list, and go over that",
                )

    # On a condition -----------------------------------------------------------------------------

    def when(self, node: ast.Call) -> FromEither:
        """Read `when(condition, step, otherwise, name=value)`."""
        starred = any(isinstance(value, ast.Starred) for value in node.args)
        if len(node.args) not in (2, 3) or starred or any(k.arg is None for k in node.keywords):
            self.refuse(
                node,
                "`when` takes a condition, a step, perhaps another, and names for the rest",
                "write when(condition, step, name=value), or when(condition, step, otherwise, …)",
            )
        condition = self.condition(node.args[0])
        steps = [
            self.step(function, "when") for function in node.args[1:] if not _is_none(function)
        ]
        if not steps:
            self.refuse(node, "`when` has no step to call", "give the step itself")
        values = {keyword.arg: self.binding(keyword.value) for keyword in node.keywords}
        branches = [
            self.branch(node, step, values, Condition(condition, negated=bool(number)))
            for number, step in enumerate(steps)
        ]
        return FromEither(condition, *branches)

    def branch(
        self,
        node: ast.Call,
        step: StepRef,
        values: Mapping[str | None, Binding],
        condition: Condition,
    ) -> FromOutput:
        """Add the node of one branch."""
        call = ast.copy_location(ast.Call(node.func, [], node.keywords), node)
        named = [name for name, _ in bind(step, call, self.where(node))]
        return self.put(node, step, ((name, values[name]) for name in named), condition)

    def condition(self, node: ast.expr) -> Binding:
        """Read the condition of a branch."""
        found = self.value(node)
        if isinstance(found, FromLiteral):
            self.refuse(
                node,
                f"The condition of `when` is always {found.text}",
                "call the step, or leave it out; or make the condition a parameter of the pipeline",
            )
        self.check_condition(node, found)
        assert not isinstance(found, Parts)
        return found

    def check_condition(self, node: ast.expr, condition: Value) -> None:
        """Refuse a condition that is no single value of a step or parameter."""
        if isinstance(condition, FromEither | Parts):
            self.refuse(
                node,
                "The condition of `when` is not one value of a step",
                "give it a parameter of the pipeline, an output of a step, or one field of it; a "
                "step can make it of what `when` gives",
            )

    # Other pipelines ----------------------------------------------------------------------------

    def inline(self, node: ast.Call, module: Module, function: ast.FunctionDef) -> Value:
        """Add the nodes of another pipeline, and return what it returns."""
        place = (module.name, function.name)
        if place in self.above:
            chain = " → ".join(name for _, name in (*self.above, place))
            self.refuse(
                node,
                f"The pipeline `{function.name}` calls itself ({chain})",
                "which steps run has to be known from the text: loop inside a step",
            )
        dag, record = self.pipeline(module, function)
        ref = StepRef(module.name, function.name, module.file, parameters=dag.parameters)
        passed = {name: self.binding(v) for name, v in bind(ref, node, self.where(node))}
        name = self.unique(function.name)
        given: dict[str, Binding] = {
            each.name: passed.get(each.name, FromLiteral(each.default)) for each in dag.parameters
        }
        inner = inlined(dag, name, given)
        self.calls.append(
            Node(name, ref, tuple(passed.items()), line=node.lineno, file=self.module.file)
        )
        self.calls.extend(inner.calls)
        for made in inner.nodes:
            self.append(made)
        self.check_mapped(node, inner.nodes)
        for made in inner.nodes:
            if made.condition is not None:
                self.check_condition(node, made.condition.binding)
        if dag.result == "none":
            return FromLiteral("None")
        return inner.outputs[0][1] if dag.result == "single" else Parts(name, inner.outputs, record)


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
