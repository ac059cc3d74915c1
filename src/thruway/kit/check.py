"""Types of a pipeline checked before it runs: what each port gives against what it meets.

Needs the steps imported, unlike reading. Parameters given on the command line are read by their
annotation in `parameters`.
"""

from __future__ import annotations

import ast
import inspect
from dataclasses import dataclass, field
from types import GenericAlias
from typing import TYPE_CHECKING, Any, get_args, get_origin

from thruway.errors import PipelineError, TypeMismatch
from thruway.kit.annotations import UNKNOWN, Placeholder, field_hints, hints, resolve_text
from thruway.kit.dag import FromEither, FromLiteral, FromOutput, FromParameter
from thruway.kit.fanout import refuse_random
from thruway.kit.fit import fits, items_of, lacking, show, value_fits
from thruway.kit.parameters import parse_parameter
from thruway.kit.schemas import schema_difference
from thruway.kit.step import import_step as import_by_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from thruway.kit.dag import Binding, Condition, Dag, Node, StepRef

    Importer = Callable[[StepRef], Callable[..., Any]]

__all__ = ["check_parameters", "check_types", "mismatches", "parse_parameter"]


def check_types(dag: Dag, import_step: Importer = import_by_name) -> None:
    """Check that everything passed in a pipeline fits where it goes.

    A step that cannot be imported here, because a package is missing, is left out.

    Args:
        dag: the pipeline.
        import_step: gives the function of a step.

    Raises:
        TypeMismatch: two ends do not fit; further ones are in its `detail`.
        PipelineError: a call does not match a signature that only importing shows.
    """
    found = mismatches(dag, import_step)
    if found:
        others = "\n".join(str(error) for error in found[1:])
        first = found[0]
        raise TypeMismatch(first.what, first.where, first.fix, others)


def mismatches(dag: Dag, import_step: Importer = import_by_name) -> tuple[TypeMismatch, ...]:
    """Return every mismatch, in the order of the text."""
    checker = _Checker(dag, import_step)
    return tuple(error for node in dag.nodes for error in checker.node(node))


def check_parameters(
    dag: Dag, values: Mapping[str, Any], import_step: Importer = import_by_name
) -> None:
    """Check values given for the pipeline's parameters against the steps that they feed.

    Raises:
        PipelineError: there is no such parameter, or one without a default is not given.
        TypeMismatch: a value does not fit.
    """
    known = [parameter.name for parameter in dag.parameters]
    for name in values:
        if name not in known:
            raise PipelineError(
                f"The pipeline `{dag.name}` has no parameter `{name}`.",
                str(dag.file or ""),
                f"use one of: {', '.join(known) or '(it has none)'}",
            )
    for parameter in dag.parameters:
        if not parameter.has_default and parameter.name not in values:
            raise PipelineError(
                f"The parameter `{parameter.name}` has no default and is not given.",
                str(dag.file or ""),
                f"give it: -p {parameter.name}=…",
            )
    checker = _Checker(dag, import_step)
    for node, argument, source in _parameters_fed(dag):
        if source.name in values:
            one, value = f"{dag.name}.{source.name}", values[source.name]
            for error in checker.value(node, argument, one, value):
                raise error


def _parameters_fed(dag: Dag) -> Iterator[tuple[Node, str, FromParameter]]:
    for node in dag.nodes:
        for argument, source in node.inputs:
            if isinstance(source, FromParameter):
                yield node, argument, source


@dataclass
class _Checker:
    """Asks each step once what it takes and gives."""

    dag: Dag
    import_step: Importer
    _functions: dict[tuple[str, str], Any] = field(default_factory=dict)
    _hints: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    def node(self, node: Node) -> Iterator[TypeMismatch]:
        """Yield what does not fit among the inputs of a node."""
        self.arguments(node)
        self.streams(node)
        if node.condition is not None:
            yield from self.condition(node, node.condition)
        for argument, source in node.inputs:
            if isinstance(source, FromLiteral):
                yield from self.value(node, argument, "the literal", ast.literal_eval(source.text))
            elif isinstance(source, FromParameter):
                yield from self.parameter(node, argument, source)
            elif isinstance(source, FromEither):
                yield from self.either(node, argument, source)
            else:
                yield from self.output(node, argument, source)

    def condition(self, node: Node, condition: Condition) -> Iterator[TypeMismatch]:
        """Check that what decides whether a node is called is a bool."""
        source = condition.source
        if isinstance(source, FromParameter):
            one, given = f"{self.dag.name}.{source.name}", self.annotation(source.name)
        else:
            one, given = f"{source.node}.{source.field or self.target(source)}", self.given(source)
        if not fits(given, bool):
            yield self.mismatch(
                node,
                "condition",
                one,
                got=show(given),
                wanted=bool,
                fix="let the step that gives it return bool(…), and say `-> bool`",
            )

    def either(self, node: Node, argument: str, source: FromEither) -> Iterator[TypeMismatch]:
        """Check what each of two branches gives; None where there is no other."""
        yield from self.output(node, argument, source.then)
        if source.otherwise is not None:
            yield from self.output(node, argument, source.otherwise)
            return
        wanted = self.wanted(node, argument)
        if not fits(type(None), wanted):
            yield self.mismatch(
                node,
                argument,
                f"{source.then.node}, which is called only when {source.condition},",
                got="None when it is not",
                wanted=wanted,
                fix=f"let `{argument}` of `{node.step.name}` be `… | None`, or give `when` another "
                "step for the other case",
            )

    def output(self, node: Node, argument: str, source: FromOutput) -> Iterator[TypeMismatch]:
        one = f"{source.node}.{source.field or self.target(source)}"
        given = self.given(source)
        if argument == node.mapped:
            yield from self.items(node, one, given)
            return
        wanted = self.wanted(node, argument)
        if not fits(given, wanted):
            lacks = lacking(given, wanted)
            got = f"{show(given)} ({lacks})" if lacks else show(given)
            fix = _number_fix(given, wanted, argument, node.step.name, source.node)
            yield self.mismatch(node, argument, one, got=got, wanted=wanted, fix=fix)
            return
        difference = schema_difference(given, wanted)
        if difference:
            yield self.mismatch(
                node,
                argument,
                one,
                got=f"one with {difference}",
                wanted="a frame as its schema says",
                fix=f"change what `{source.node}` gives, or the schema of `{argument}`",
            )

    def items(self, node: Node, one: str, given: Any) -> Iterator[TypeMismatch]:
        """Check a type that is mapped over: each of its items meets the argument."""
        wanted = self.wanted(node, node.mapped)
        inner = items_of(given)
        if inner is None:
            yield self.no_list(node, one, show(given))
        for item in inner or ():
            if not fits(item, wanted):
                one_item = f"an item of {one}"
                yield self.mismatch(node, node.mapped, one_item, got=show(item), wanted=wanted)
                return

    def no_list(self, node: Node, one: str, got: str) -> TypeMismatch:
        return self.mismatch(
            node, node.mapped, one, got=got, wanted=list, fix="give map_over a list or a tuple"
        )

    def parameter(self, node: Node, argument: str, source: FromParameter) -> Iterator[TypeMismatch]:
        wanted = self.wanted(node, argument)
        parameter = next(p for p in self.dag.parameters if p.name == source.name)
        one = f"{self.dag.name}.{source.name}"
        given = self.annotation(source.name)
        if argument == node.mapped:
            yield from self.items(node, one, given)
            if parameter.has_default:
                yield from self.value(node, argument, one, ast.literal_eval(parameter.default))
            return
        # With a default, a wider annotation may do: the values of a run are checked one by one.
        if not fits(given, wanted) and not (parameter.has_default and fits(wanted, given)):
            yield self.mismatch(node, argument, one, got=show(given), wanted=wanted)
        elif parameter.has_default:
            yield from self.value(node, argument, one, ast.literal_eval(parameter.default))

    def value(self, node: Node, argument: str, one: str, value: Any) -> Iterator[TypeMismatch]:
        if argument != node.mapped:
            yield from self.one_value(node, argument, one, value)
        elif not isinstance(value, list | tuple):
            yield self.no_list(node, one, f"{show(type(value))} ({value!r})")
        else:
            for index, item in enumerate(value):
                yield from self.one_value(node, argument, f"item {index} of {one}", item)

    def one_value(self, node: Node, argument: str, one: str, value: Any) -> Iterator[TypeMismatch]:
        wanted = self.wanted(node, argument)
        if not value_fits(value, wanted):
            fix = ""
            if type(value) is int and value_fits(float(value), wanted):
                fix = f"write {float(value)!r}; numbers are not converted silently"
            got = f"{show(type(value))} ({value!r})"
            yield self.mismatch(node, argument, one, got=got, wanted=wanted, fix=fix)

    def mismatch(
        self, node: Node, argument: str, one: str, *, got: str, wanted: Any, fix: str = ""
    ) -> TypeMismatch:
        other = f"{node.name}.{argument}"
        return TypeMismatch(
            f"{one} does not fit {other}: "
            f"expected {wanted if isinstance(wanted, str) else show(wanted)}, got {got}.",
            self.where(node),
            fix
            or f"change the annotation of `{argument}` in `{node.step.name}` or of {one}, "
            "or convert the value in a step between them",
        )

    def where(self, node: Node) -> str:
        """Return where a node is called."""
        return f"{node.file or self.dag.file or self.dag.name}, line {node.line}"

    def target(self, source: FromOutput) -> str:
        """Return the port's name for a single output: what the pipeline calls it."""
        targets = self.dag.node(source.node).targets
        return targets[0] if len(targets) == 1 else "result"

    def given(self, source: FromOutput) -> Any:
        node = self.dag.node(source.node)
        returned = self.hints(node.step).get("return", UNKNOWN)
        if node.mapped:
            return list if isinstance(returned, Placeholder) else GenericAlias(list, (returned,))
        if source.field is None or isinstance(returned, Placeholder):
            return returned
        if source.field.isdigit():
            args = get_args(returned) if get_origin(returned) is tuple else ()
            if len(args) == 2 and args[1] is Ellipsis:
                return args[0]
            return args[int(source.field)] if int(source.field) < len(args) else UNKNOWN
        record = get_origin(returned) or returned
        return field_hints(record).get(source.field, UNKNOWN) if _is_class(record) else UNKNOWN

    def wanted(self, node: Node, argument: str) -> Any:
        found = self.hints(node.step)
        if not argument.isdigit():
            return found.get(argument, UNKNOWN)
        function = self.function(node.step)
        names = _positional_names(function) if function is not None else []
        position = int(argument)
        return found.get(names[position], UNKNOWN) if position < len(names) else UNKNOWN

    def annotation(self, parameter: str) -> Any:
        """Return the type of a pipeline parameter, as far as builtins say it."""
        text = next(p.annotation for p in self.dag.parameters if p.name == parameter)
        return resolve_text(text, self.dag.module) if text else UNKNOWN

    def hints(self, step: StepRef) -> dict[str, Any]:
        place = (step.module, step.qualname)
        if place not in self._hints:
            function = self.function(step)
            self._hints[place] = {} if function is None else hints(function)
        return self._hints[place]

    def function(self, step: StepRef) -> Callable[..., Any] | None:
        place = (step.module, step.qualname)
        if place not in self._functions:
            try:
                self._functions[place] = self.import_step(step)
            except ImportError:
                self._functions[place] = None
        found: Callable[..., Any] | None = self._functions[place]
        return found

    def streams(self, node: Node) -> None:
        """Refuse random streams at the ports of a mapped step."""
        if not node.mapped:
            return
        found = self.hints(node.step)
        returned = found.get("return", UNKNOWN)
        fields = field_hints(returned) if _is_class(returned) else {}
        for name, hint in {**found, **fields}.items():
            port = "its result" if name == "return" else f"`{name}`"
            refuse_random(getattr(hint, "__name__", ""), node.step.name, port, self.where(node))

    def arguments(self, node: Node) -> None:
        """Check a call against a signature that the text did not show."""
        function = None if node.step.known else self.function(node.step)
        if function is None:
            return
        try:
            signature = inspect.signature(function)
        except (ValueError, TypeError):
            return
        values = dict(node.inputs)
        positional = [values[name] for name in values if name.isdigit()]
        named: dict[str, Binding] = {name: v for name, v in node.inputs if not name.isdigit()}
        try:
            signature.bind(*positional, **named)
        except TypeError as error:
            raise PipelineError(
                f"`{node.step.name}` cannot be called so: {error}.",
                self.where(node),
                f"it takes {node.step.name}{signature}",
            ) from error


def _number_fix(given: Any, wanted: Any, argument: str, step: str, giver: str) -> str:
    """Return how to pass a whole number where a float is asked for; "" for other types."""
    if given is int and fits(float, wanted):
        return (
            f"return float(…) from `{giver}`, or let `{argument}` of `{step}` be `int | float`; "
            "numbers are not converted silently"
        )
    return ""


def _positional_names(function: Callable[..., Any]) -> list[str]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (ValueError, TypeError):
        return []
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [parameter.name for parameter in parameters if parameter.kind in kinds]


def _is_class(value: object) -> bool:
    return isinstance(value, type)
