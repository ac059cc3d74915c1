"""The DAG of a pipeline from its text: nothing is imported, nothing is run.

A pipeline is a function whose body calls steps and gives names to what they return. Only that is
allowed in it, so that its text alone says what runs after what, whichever values there are: names
may be rebound (`df = clean(df)`), calls nested, NamedTuples unpacked. What a step is, is read
from the step's own text (`signature`), found through the imports of the pipeline (`modules`).
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NoReturn

from thruway.errors import PipelineError
from thruway.kit.bind import bind
from thruway.kit.dag import (
    Binding,
    Condition,
    Dag,
    FromEither,
    FromLiteral,
    FromOutput,
    FromParameter,
    Node,
    StepParameter,
    StepRef,
)
from thruway.kit.fanout import refuse_random
from thruway.kit.modules import Finder, module_name, parsed
from thruway.kit.project import ProjectConfig, load_project
from thruway.kit.scope import chain_of, docstring_of
from thruway.kit.signature import (
    MAP_OVER,
    WHEN,
    is_pipeline,
    means,
    parameters_of,
    pipeline_of,
    pipelines_of,
    record_of,
    step_of,
)
from thruway.kit.unsupported import STEP_INSTEAD, unsupported

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from thruway.kit.modules import Module


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


@dataclass(frozen=True)
class _Parts:
    """What a pipeline inside this one returned: several values, which are to be unpacked.

    Attributes:
        name: of that pipeline.
        result: their shape, as in `Dag.result`.
        fields: (name, where its value comes from).
    """

    name: str
    result: str
    fields: tuple[tuple[str, Binding], ...]


@dataclass
class _Reader:
    """Reads one body, line by line, into nodes.

    Attributes:
        prefix: of the names of its nodes, when it stands inside another pipeline.
        inside: the pipelines that it stands in, as (module, name).
    """

    finder: Finder
    module: Module
    nodes: list[Node] = field(default_factory=list)
    names: dict[str, Binding] = field(default_factory=dict)
    outputs: tuple[tuple[str, Binding], ...] = ()
    result: str = "none"
    called: frozenset[str] = frozenset()
    prefix: str = ""
    inside: tuple[tuple[str, str], ...] = ()
    calls: dict[str, int] = field(default_factory=dict)
    by_name: dict[str, Node] = field(default_factory=dict)

    def read(self, node: ast.FunctionDef) -> Dag:
        parameters = self.parameters(node)
        self.names = {parameter.name: FromParameter(parameter.name) for parameter in parameters}
        self.body(node)
        return Dag(
            name=node.name,
            nodes=tuple(self.nodes),
            parameters=parameters,
            outputs=self.outputs,
            file=self.module.file,
            doc=ast.get_docstring(node) or "",
            result=self.result,
            module=self.module.name,
        )

    def parameters(self, node: ast.FunctionDef) -> tuple[StepParameter, ...]:
        if node.args.vararg or node.args.kwarg or node.args.posonlyargs:
            self.refuse(node, "A pipeline takes named parameters only", "name each parameter")
        return tuple(self.parameter(node, given) for given in parameters_of(node.args))

    def body(self, node: ast.FunctionDef) -> None:
        self.called = _called(node)
        self.inside = (*self.inside, (self.module.name, node.name))
        doc = docstring_of(node)
        body = node.body[1:] if doc is not None else node.body
        for position, statement in enumerate(body):
            self.statement(statement, last=position == len(body) - 1)

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
                self.found(node.value)
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
        before = len(self.nodes)
        binding = self.found(value)
        for target in targets:
            self.name(target, binding)
        own = isinstance(value, ast.Call) and len(self.nodes) > before
        if own and binding == FromOutput(self.nodes[-1].name) and not self.nodes[-1].targets:
            self.put(replace(self.nodes[-1], targets=_names(targets)), over=True)

    def assign_each(self, targets: ast.Tuple | ast.List, value: ast.Tuple | ast.List) -> None:
        if len(targets.elts) != len(value.elts):
            self.refuse(value, "There are not as many values as names", "write one per name")
        bindings = [self.value(item) for item in value.elts]
        for target, binding in zip(targets.elts, bindings, strict=True):
            self.name(target, binding)

    def name(self, target: ast.expr, binding: Binding | _Parts) -> None:
        if isinstance(binding, _Parts):
            self.name_parts(target, binding)
        elif isinstance(target, ast.Name):
            self.names[target.id] = binding
        elif isinstance(target, ast.Tuple | ast.List):
            fields = self.unpacked(target, binding)
            for part, part_field in zip(target.elts, fields, strict=True):
                assert isinstance(binding, FromOutput)
                self.name(part, FromOutput(binding.node, part_field))

    def name_parts(self, target: ast.expr, parts: _Parts) -> None:
        """Give names to what a pipeline inside this one returned."""
        if not isinstance(target, ast.Tuple | ast.List):
            self.whole(target, parts)
        if len(target.elts) != len(parts.fields):
            self.refuse(
                target,
                f"`{parts.name}` returns {len(parts.fields)} values "
                f"({', '.join(name for name, _ in parts.fields)}), and {len(target.elts)} names "
                "take them",
                "write one name per value",
            )
        for part, (_, binding) in zip(target.elts, parts.fields, strict=True):
            self.name(part, binding)

    def whole(self, node: ast.expr, parts: _Parts) -> NoReturn:
        names = ", ".join(name for name, _ in parts.fields)
        self.refuse(
            node,
            f"`{parts.name}` returns several values, which a pipeline takes apart at once",
            f"write `{names} = {parts.name}(…)`",
        )

    def unpacked(self, target: ast.Tuple | ast.List, binding: Binding) -> tuple[str, ...]:
        """Return the fields that a tuple of names takes from a step's result."""
        if isinstance(binding, FromEither):
            self.refuse_either(target, binding)
        if not isinstance(binding, FromOutput) or binding.field is not None:
            self.refuse(target, "Only what a step returns can be unpacked", STEP_INSTEAD)
        step = self.step(binding, target)
        if step.outputs and len(step.outputs) != len(target.elts):
            self.refuse(
                target,
                f"`{step.name}` returns {len(step.outputs)} outputs "
                f"({', '.join(step.outputs)}), and {len(target.elts)} names take them",
                "write one name per output, or keep the result and read its fields",
            )
        if step.known and not step.outputs and step.returns and not _is_tuple(step.returns):
            self.refuse(
                target,
                f"`{step.name}` returns one value ({step.returns}), which a pipeline cannot unpack",
                "return a NamedTuple from the step",
            )
        return step.outputs or tuple(str(number) for number in range(len(target.elts)))

    def refuse_either(self, node: ast.expr, either: FromEither) -> NoReturn:
        self.refuse(
            node,
            f"What `when` gives is passed on whole: it may be that of `{either.then.node}`, or not",
            "take it apart in the step that uses it",
        )

    def step(self, binding: FromOutput, use: ast.expr) -> StepRef:
        """Return the step whose result is taken apart."""
        node = self.by_name[binding.node]
        if node.mapped:
            self.refuse(
                use,
                f"`{node.name}` gives a list, with one result for each item",
                "pass the list on, and take it apart in a step",
            )
        return node.step

    def value(self, node: ast.expr) -> Binding:
        """Return where the one value of an expression comes from, adding nodes for its calls."""
        found = self.found(node)
        if isinstance(found, _Parts):
            self.whole(node, found)
        return found

    def found(self, node: ast.expr) -> Binding | _Parts:
        """Return where the values of an expression come from, adding nodes for its calls."""
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

    def lookup(self, node: ast.Name) -> Binding:
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

    def attribute(self, node: ast.Attribute) -> Binding:
        source = self.found(node.value)
        if isinstance(source, _Parts) and node.attr in dict(source.fields):
            return dict(source.fields)[node.attr]
        if isinstance(source, FromEither):
            self.refuse_either(node, source)
        if not isinstance(source, FromOutput) or source.field is not None:
            self.refuse(
                node,
                f"`{ast.unparse(node)}` reads an attribute of a value",
                "read it inside a step; only fields of what a step returns can be read here",
            )
        step = self.step(source, node)
        if step.known and node.attr not in step.outputs:
            given = ", ".join(step.outputs) or f"one value ({step.returns or 'not annotated'})"
            self.refuse(
                node,
                f"`{step.name}` has no output `{node.attr}`; it returns {given}",
                "return a NamedTuple with that field from the step, or read it inside a step",
            )
        return FromOutput(source.node, node.attr)

    def subscript(self, node: ast.Subscript) -> Binding:
        index = node.slice
        if not isinstance(index, ast.Constant) or type(index.value) is not int:
            return self.unsupported(node)
        source = self.found(node.value)
        if isinstance(source, _Parts) and 0 <= index.value < len(source.fields):
            return source.fields[index.value][1]
        if isinstance(source, FromEither):
            self.refuse_either(node, source)
        if not isinstance(source, FromOutput) or source.field is not None:
            return self.unsupported(node)
        step = self.step(source, node)
        if step.outputs:
            if not 0 <= index.value < len(step.outputs):
                self.refuse(
                    node,
                    f"`{step.name}` has {len(step.outputs)} outputs; there is no [{index.value}]",
                    f"read a field: {', '.join(step.outputs)}",
                )
            return FromOutput(source.node, step.outputs[index.value])
        if step.known and step.returns and not _is_tuple(step.returns):
            return self.unsupported(node)
        return FromOutput(source.node, str(index.value))

    def call(self, node: ast.Call) -> Binding | _Parts:
        chain = chain_of(node.func)
        if chain and chain[0] not in self.names:
            if means(self.finder, self.module, node.func, MAP_OVER):
                return self.map_over(node)
            if means(self.finder, self.module, node.func, WHEN):
                return self.when(node)
            inner = pipeline_of(self.finder, self.module, chain)
            if inner is not None:
                return self.inline(node, *inner)
        return self.add(node)

    def inline(self, node: ast.Call, module: Module, function: ast.FunctionDef) -> Binding | _Parts:
        """Read a pipeline inside this one: its nodes become nodes of this one."""
        place = (module.name, function.name)
        if place in self.inside:
            self.refuse(
                node, f"`{function.name}` calls itself", "a pipeline has an end: loop in a step"
            )
        reader = _Reader(
            self.finder,
            module,
            self.nodes,
            inside=self.inside,
            calls=self.calls,
            by_name=self.by_name,
        )
        parameters = reader.parameters(function)
        shape = StepRef(module.name, function.name, module.file, parameters=parameters)
        given = {name: self.value(value) for name, value in bind(shape, node, self.where(node))}
        reader.names = {
            parameter.name: given.get(parameter.name, FromLiteral(parameter.default))
            for parameter in parameters
        }
        reader.prefix = f"{self.prefix}{self.unique_prefix(function.name)}."
        reader.body(function)
        if reader.result == "none":
            return FromLiteral("None")
        if reader.result == "single":
            return reader.outputs[0][1]
        return _Parts(function.name, reader.result, reader.outputs)

    def unique_prefix(self, name: str) -> str:
        inner = [
            n.name.removeprefix(self.prefix) for n in self.nodes if n.name.startswith(self.prefix)
        ]
        taken = {one.partition(".")[0] for one in inner} | (self.called - {name})
        return _numbered(name, taken)

    def when(self, node: ast.Call) -> FromEither:
        """Add the nodes of both branches."""
        if len(node.args) not in (2, 3) or any(isinstance(v, ast.Starred) for v in node.args):
            self.refuse(
                node,
                "`when` takes a condition, a step and perhaps another, and names for the rest",
                "write when(condition, step, name=value); a second step is called if it is False",
            )
        condition = self.value(node.args[0])
        if not isinstance(condition, FromParameter | FromOutput):
            self.refuse(
                node.args[0],
                f"`{ast.unparse(node.args[0])}` cannot be the condition of `when`",
                "give it a parameter of the pipeline, or what one step returned",
            )
        steps = [step for step in node.args[1:] if not _is_none(step)]
        for step in steps:
            self.check_branch(step)
        keywords = [self.once(keyword) for keyword in node.keywords]
        branches: list[FromOutput] = []
        for step, negated in zip(steps, (False, True), strict=False):
            branches.append(self.add(ast.copy_location(ast.Call(step, [], keywords), node)))
            made = replace(self.nodes[-1], condition=Condition(condition, negated))
            self.put(made, over=True)
        return FromEither(condition, *branches)

    def check_branch(self, step: ast.expr) -> None:
        chain = chain_of(step)
        if not chain:
            self.refuse(step, "`when` calls a step by its name", "give the step itself")
        if pipeline_of(self.finder, self.module, chain) is not None:
            self.refuse(
                step,
                f"`{ast.unparse(step)}` is a pipeline, and `when` calls one step",
                "give `when` each of its steps, or put the choice into a step",
            )

    def once(self, keyword: ast.keyword) -> ast.keyword:
        """Return an argument that both branches take, with its calls made once."""
        if self.literal(keyword.value) is not None or isinstance(keyword.value, ast.Name):
            return keyword
        name = f"{len(self.nodes)}:{keyword.arg}"
        self.names[name] = self.value(keyword.value)
        value = ast.copy_location(ast.Name(name, ast.Load()), keyword.value)
        return ast.copy_location(ast.keyword(keyword.arg, value), keyword)

    def map_over(self, node: ast.Call) -> FromOutput:
        if len(node.args) != 2 or any(isinstance(value, ast.Starred) for value in node.args):
            self.refuse(
                node,
                "`map_over` takes a step and the items, and names for the rest",
                "write map_over(step, items, name=value)",
            )
        step, items = node.args
        call = ast.copy_location(ast.Call(step, [items], node.keywords), node)
        if not chain_of(step):
            self.refuse(step, "`map_over` calls a step by its name", "give the step itself")
        if pipeline_of(self.finder, self.module, chain_of(step)) is not None:
            self.refuse(
                step,
                f"`{ast.unparse(step)}` is a pipeline, and `map_over` calls one step",
                "map each of its steps over the list that the one before it gave",
            )
        given = self.literal(items)
        if given is not None and not isinstance(ast.literal_eval(given), list | tuple):
            self.refuse(items, f"`map_over` cannot go over {given}", "give it a list or a tuple")
        found = self.add(call)
        made = self.nodes[-1]
        if isinstance(made.inputs[0][1], FromEither):
            self.refuse_either(items, made.inputs[0][1])
        for parameter in made.step.parameters:
            for name in re.findall(r"\w+", parameter.annotation):
                refuse_random(name, made.step.name, f"`{parameter.name}`", self.where(node))
        self.put(replace(made, mapped=made.inputs[0][0]), over=True)
        return found

    def add(self, node: ast.Call) -> FromOutput:
        """Add the node of a call."""
        chain = chain_of(node.func)
        if not chain or chain[0] in self.names:
            method = f"`{ast.unparse(node.func)}(…)` is a call on a value"
            self.refuse(node, method, STEP_INSTEAD)
        step = step_of(self.finder, self.module, chain, self.where(node))
        arguments = bind(step, node, self.where(node))
        inputs = tuple((name, self.value(value)) for name, value in arguments)
        name = self.prefix + self.unique(step.name)
        file = self.module.file if self.prefix else None
        self.put(Node(name, step, inputs, (), node.lineno, file=file))
        return FromOutput(name)

    def put(self, node: Node, *, over: bool = False) -> None:
        """Add a node, or put it in place of the last one."""
        if over:
            self.nodes.pop()
        self.nodes.append(node)
        self.by_name[node.name] = node

    def unique(self, name: str) -> str:
        """Return the step's name, numbered for further calls; never the name of another step."""
        numbered = self.prefix + name
        chosen, number = name, self.calls.get(numbered, 1)
        while self.prefix + chosen in self.by_name or (chosen != name and chosen in self.called):
            number += 1
            chosen = f"{name}_{number}"
        self.calls[numbered] = number
        return chosen

    def returns(self, node: ast.expr | None) -> None:
        if node is None or (isinstance(node, ast.Constant) and node.value is None):
            return
        if isinstance(node, ast.Call):
            record = record_of(self.finder, self.module, node.func)
            if record is not None:
                arguments = self.fields(node, record.fields, record.name)
                self.outputs = tuple((name, self.value(value)) for name, value in arguments)
                self.result = record.name
                return
        if isinstance(node, ast.Call):
            found = self.found(node)
            if isinstance(found, _Parts):
                self.outputs, self.result = found.fields, found.result
            else:
                self.outputs, self.result = ((_output_name(found), found),), "single"
            return
        parts = node.elts if isinstance(node, ast.Tuple) else [node]
        self.result = "tuple" if isinstance(node, ast.Tuple) else "single"
        outputs: dict[str, Binding] = {}
        for part in parts:
            binding = self.value(part)
            wanted = part.id if isinstance(part, ast.Name) else _output_name(binding)
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

    def unsupported(self, node: ast.AST) -> NoReturn:
        what, fix = unsupported(node)
        self.refuse(node, f"A pipeline cannot have {what} in it", fix)

    def refuse(self, node: ast.AST, what: str, fix: str) -> NoReturn:
        raise PipelineError(f"{what}.", self.where(node), fix)

    def where(self, node: ast.AST) -> str:
        return f"{self.module.file}, line {getattr(node, 'lineno', 1)}"


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _numbered(name: str, taken: set[str] | frozenset[str]) -> str:
    chosen, number = name, 1
    while chosen in taken:
        number += 1
        chosen = f"{name}_{number}"
    return chosen


def _called(node: ast.FunctionDef) -> frozenset[str]:
    """Return the names of what a pipeline calls, itself or for each item."""
    calls = [call for call in ast.walk(node) if isinstance(call, ast.Call)]
    chains = [chain_of(call.func) for call in calls]
    mapped = [
        call.args[0] for call in calls if chain_of(call.func)[-1:] == ("map_over",) and call.args
    ]
    return frozenset(chain[-1] for chain in [*chains, *map(chain_of, mapped)] if chain)


def _names(targets: list[ast.expr]) -> tuple[str, ...]:
    parts = [
        part
        for target in targets
        for part in (target.elts if isinstance(target, ast.Tuple | ast.List) else [target])
    ]
    return tuple(part.id for part in parts if isinstance(part, ast.Name))


def _is_tuple(returns: str) -> bool:
    return returns.partition("[")[0] in ("tuple", "Tuple", "typing.Tuple", "Any", "typing.Any")


def _output_name(binding: Binding) -> str:
    if isinstance(binding, FromOutput):
        named = binding.field is not None and not binding.field.isdigit()
        return str(binding.field) if named else binding.node.rpartition(".")[2]
    if isinstance(binding, FromEither):
        return _output_name(binding.then)
    return binding.name if isinstance(binding, FromParameter) else "value"
