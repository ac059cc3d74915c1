"""The DAG of a pipeline from its text: nothing is imported, nothing is run.

A pipeline is a function whose body calls steps and gives names to what they return. Only that is
allowed in it, so that its text alone says what runs after what, whichever values there are: names
may be rebound (`df = clean(df)`), calls nested, NamedTuples unpacked. What a step is, is read
from the step's own text (`signature`), found through the imports of the pipeline (`modules`).
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from thruway.errors import PipelineError
from thruway.kit.code.modules import Finder, module_name, parsed
from thruway.kit.code.scope import docstring_of
from thruway.kit.dag import Dag, FromEither, FromOutput, FromParameter, StepParameter
from thruway.kit.project import ProjectConfig, load_project
from thruway.kit.reading.inline import Parts
from thruway.kit.reading.signature import is_pipeline, parameters_of, pipelines_of, record_of
from thruway.kit.reading.state import names_called
from thruway.kit.reading.values import ValueReader

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from thruway.kit.code.modules import Module
    from thruway.kit.dag import Binding
    from thruway.kit.reading.signature import Record
    from thruway.kit.reading.state import Value


def read_pipeline(project: ProjectConfig | Path | str) -> Dag:
    """Return the DAG of a project's pipeline.

    Args:
        project: a project, or what `load_project` takes.

    Raises:
        ProjectError: there is no such project or file.
        PipelineError: the text is not a pipeline; says the line and what is possible instead.
    """
    config = project if isinstance(project, ProjectConfig) else load_project(project)
    return read_function(config.file, config.name, config.roots)


def read_function(file: Path, name: str, roots: Sequence[Path]) -> Dag:
    """Return the DAG of one pipeline function of a file.

    Args:
        file: file of the pipeline.
        name: name of the function.
        roots: folders from which the project's modules are imported.

    Raises:
        PipelineError: the text is not a pipeline.
    """
    module = parsed(module_name(file, roots), file, file.name == "__init__.py")
    finder = Finder(tuple(roots))
    for bound in reversed(module.bindings.get(name, ())):
        if isinstance(bound.node, ast.FunctionDef) and is_pipeline(finder, module, bound.node):
            return _Reader(finder, module).read(bound.node)
    known = [node.name for node in pipelines_of(finder, module)]
    raise PipelineError(
        f"{file.name} has no pipeline `{name}`.",
        str(file),
        f"use one of: {', '.join(known)}" if known else "put @pipeline above the function",
    )


@dataclass
class _Reader(ValueReader):
    """Reads one body, line by line, into nodes."""

    outputs: tuple[tuple[str, Binding], ...] = ()
    result: str = "none"
    record: Record | None = None

    def read(self, node: ast.FunctionDef) -> Dag:
        self.above = (*self.above, (self.module.name, node.name))
        if node.args.vararg or node.args.kwarg or node.args.posonlyargs:
            self.refuse(node, "A pipeline takes named parameters only", "name each parameter")
        parameters = tuple(self.parameter(node, given) for given in parameters_of(node.args))
        self.names = {parameter.name: FromParameter(parameter.name) for parameter in parameters}
        self.called = names_called(node)
        doc = docstring_of(node)
        body = node.body[1:] if doc is not None else node.body
        for position, statement in enumerate(body):
            self.statement(statement, last=position == len(body) - 1)
        return Dag(
            name=node.name,
            nodes=tuple(self.nodes),
            parameters=parameters,
            outputs=self.outputs,
            file=self.module.file,
            doc=ast.get_docstring(node) or "",
            result=self.result,
            module=self.module.name,
            calls=tuple(self.calls),
        )

    def pipeline(self, module: Module, node: ast.FunctionDef) -> tuple[Dag, Record | None]:
        reader = _Reader(self.finder, module, self.above)
        return reader.read(node), reader.record

    def parameter(self, node: ast.FunctionDef, given: StepParameter) -> StepParameter:
        if not given.has_default:
            return given
        default = self.literal(ast.parse(given.default, mode="eval").body)
        if default is None:
            self.refuse(
                node,
                f"The default of `{given.name}` is not a literal: {given.default}",
                "write the value itself",
            )
        return given._replace(default=default)

    def statement(self, node: ast.stmt, last: bool) -> None:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                self.check_target(target)
            self.assign(node.targets, node.value)
        elif isinstance(node, ast.AnnAssign):
            self.check_target(node.target)
            if node.value is not None:
                self.assign([node.target], node.value)
        elif isinstance(node, ast.Expr):
            if not isinstance(node.value, ast.Constant):
                self.value(node.value)
        elif isinstance(node, ast.Return):
            if not last:
                self.refuse(node, "`return` is not the last line", "remove the lines below it")
            self.returns(node.value)
        elif not isinstance(node, ast.Pass):
            self.unsupported(node)

    def check_target(self, target: ast.expr) -> None:
        parts = target.elts if isinstance(target, ast.Tuple | ast.List) else [target]
        for part in parts:
            if not isinstance(part, ast.Name):
                self.refuse(
                    part,
                    f"A pipeline cannot assign to `{ast.unparse(part)}`",
                    "give the value a name; change values inside a step",
                )

    def assign(self, targets: list[ast.expr], value: ast.expr) -> None:
        first = targets[0]
        sequences = ast.Tuple | ast.List
        if isinstance(value, sequences) and isinstance(first, sequences) and len(targets) == 1:
            self.assign_each(first, value)
            return
        found = self.value(value)
        for target in targets:
            self.name(target, found)
        if isinstance(value, ast.Call):
            self.note_names(found, _names(targets))

    def note_names(self, value: Value, targets: tuple[str, ...]) -> None:
        """Note at the nodes of a call what the pipeline's text calls their result."""
        if isinstance(value, FromEither):
            outputs = [value.then, value.otherwise]
        else:
            outputs = [value if isinstance(value, FromOutput) else None]
        for output in outputs:
            if output is not None and output.field is None:
                at = self.places[output.node]
                if not self.nodes[at].targets:
                    self.nodes[at] = replace(self.nodes[at], targets=targets)

    def assign_each(self, targets: ast.Tuple | ast.List, value: ast.Tuple | ast.List) -> None:
        if len(targets.elts) != len(value.elts):
            self.refuse(value, "There are not as many values as names", "write one per name")
        bindings = [self.value(item) for item in value.elts]
        for target, binding in zip(targets.elts, bindings, strict=True):
            self.name(target, binding)

    def name(self, target: ast.expr, value: Value) -> None:
        if isinstance(target, ast.Name):
            self.names[target.id] = value
        elif isinstance(target, ast.Tuple | ast.List):
            parts = self.unpacked(target, value)
            for part, part_value in zip(target.elts, parts, strict=True):
                self.name(part, part_value)

    def returns(self, node: ast.expr | None) -> None:
        if node is None or (isinstance(node, ast.Constant) and node.value is None):
            return
        if isinstance(node, ast.Call):
            record = record_of(self.finder, self.module, node.func)
            if record is not None:
                arguments = self.fields(node, record.fields, record.name)
                self.outputs = tuple((name, self.binding(value)) for name, value in arguments)
                self.result, self.record = record.name, record
                return
        if isinstance(node, ast.Tuple):
            self.returns_each(node.elts, [self.binding(part) for part in node.elts])
            return
        found = self.value(node)
        if isinstance(found, Parts):
            self.outputs, self.record = found.outputs, found.record
            self.result = "tuple" if found.record is None else found.record.name
            return
        self.returns_each([node], [found])
        self.result = "single"

    def returns_each(self, parts: list[ast.expr], bindings: list[Binding]) -> None:
        self.result = "tuple"
        outputs: dict[str, Binding] = {}
        for part, binding in zip(parts, bindings, strict=True):
            wanted = _output_name(part, binding)
            name, number = wanted, 1
            while name in outputs:
                number += 1
                name = f"{wanted}_{number}"
            outputs[name] = binding
        self.outputs = tuple(outputs.items())

    def fields(
        self, node: ast.Call, fields: tuple[str, ...], name: str
    ) -> list[tuple[str, ast.expr]]:
        pairs = list(zip(fields, node.args, strict=False))
        pairs += [(keyword.arg or "**", keyword.value) for keyword in node.keywords]
        given = [field_name for field_name, _ in pairs]
        if len(node.args) > len(fields) or sorted(given) != sorted(set(given) & set(fields)):
            self.refuse(node, f"`{name}` has the fields {', '.join(fields)}", "fill each once")
        return pairs


def _names(targets: list[ast.expr]) -> tuple[str, ...]:
    parts = [
        part
        for target in targets
        for part in (target.elts if isinstance(target, ast.Tuple | ast.List) else [target])
    ]
    return tuple(part.id for part in parts if isinstance(part, ast.Name))


def _output_name(part: ast.expr, binding: Binding) -> str:
    if isinstance(part, ast.Name):
        return part.id
    if isinstance(part, ast.Attribute):
        return part.attr
    source = binding.then if isinstance(binding, FromEither) else binding
    if isinstance(source, FromOutput):
        named = source.field is not None and not source.field.isdigit()
        # Of a pipeline that is called, its own name.
        return str(source.field) if named else source.node.partition(".")[0]
    return source.name if isinstance(source, FromParameter) else "value"
