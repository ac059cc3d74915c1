"""Types of a pipeline checked before it runs: what each port gives against what it meets.

Needs the steps imported, unlike reading. Parameters given on the command line are read by their
annotation in `parameters`.
"""

from __future__ import annotations

import ast
import inspect
from dataclasses import dataclass, field
from types import GenericAlias
from typing import TYPE_CHECKING, Any, NamedTuple

from thruway.errors import PipelineError, TypeMismatch
from thruway.kit.dag import FromEither, FromLiteral, FromOutput, FromParameter
from thruway.kit.fanout import refuse_random
from thruway.kit.parameters import parse_parameter
from thruway.kit.ports.annotations import UNKNOWN, Placeholder, field_hints, hints, resolve_text
from thruway.kit.ports.conversions import conversion
from thruway.kit.ports.fit import fits, items_of, members_of, misfit, part_of, plain
from thruway.kit.ports.fit_values import value_fits, value_misfit
from thruway.kit.ports.shown import show
from thruway.kit.ports.types import Misfit
from thruway.kit.step import import_step as import_by_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from thruway.kit.dag import Binding, Dag, Node, StepRef

    Importer = Callable[[StepRef], Callable[..., Any]]

__all__ = ["check_parameters", "check_types", "mismatches", "parse_parameter"]


_NO_BRANCH = type(None)
"""What `when` without a second step gives: not `None`, which a step may say that it returns."""


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
    return tuple(error for node in (*dag.calls, *dag.nodes) for error in checker.node(node))


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
    for node, port, source in _parameters_fed(dag):
        if source.name in values:
            one, value = f"{dag.name}.{source.name}", values[source.name]
            for error in checker.value(node, port, one, value):
                raise error


def _parameters_fed(dag: Dag) -> Iterator[tuple[Node, _Port, FromParameter]]:
    for node in (*dag.calls, *dag.nodes):
        for port, source in _ports(node):
            if isinstance(source, FromParameter):
                yield node, port, source


class _Port(NamedTuple):
    """What takes a value: an argument of a node's step, or the condition on which it runs."""

    argument: str
    is_condition: bool = False


def _ports(node: Node) -> Iterator[tuple[_Port, Binding]]:
    if node.condition is not None:
        yield _Port("condition", is_condition=True), node.condition.binding
    for argument, source in node.inputs:
        yield _Port(argument), source


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
        for port, source in _ports(node):
            if isinstance(source, FromLiteral):
                yield from self.value(node, port, "the literal", ast.literal_eval(source.text))
            elif isinstance(source, FromParameter):
                yield from self.parameter(node, port, source)
            else:
                yield from self.output(node, port, source)

    def output(
        self, node: Node, port: _Port, source: FromOutput | FromEither
    ) -> Iterator[TypeMismatch]:
        """Check what one node gives another, whichever branch gives it."""
        given = self.given(source)
        if port.argument == node.mapped:
            yield from self.items(node, self.one(source), given[0])
            return
        if isinstance(source, FromOutput) and not self.dag.node(source.node).step.known:
            given = self.likely(node, port, given)
        yield from self.types(node, port, self.one(source), given)

    def likely(self, node: Node, port: _Port, given: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return what fits of the union that a library's function says it returns.

        Which of them it is depends on its arguments, as `read_csv` gives a frame or a reader.
        """
        members = tuple(m for each in given for m in members_of(each))
        wanted = self.wanted(node, port)
        return tuple(member for member in members if fits(member, wanted)) or given

    def types(
        self, node: Node, port: _Port, one: str, given: tuple[Any, ...]
    ) -> Iterator[TypeMismatch]:
        """Check types that may be given, each of which has to fit."""
        wanted = self.wanted(node, port)
        for kind in given:
            found = misfit(kind, wanted)
            if found is None:
                continue
            if kind is _NO_BRANCH:
                other = f"write `{show(wanted)} | None` for {{port}}"
                found = found._replace(fix=f"give `when` a step for the other case, or {other}")
            if len(given) > 1 and not found.why:
                found = found._replace(why=f"it may be {show(kind)}")
            yield self.mismatch(node, port, one, given=given, wanted=wanted, found=found)
            return

    def items(self, node: Node, one: str, given: Any) -> Iterator[TypeMismatch]:
        """Check a type that is mapped over: each of its items meets the argument."""
        port = _Port(node.mapped)
        wanted = self.wanted(node, port)
        inner = items_of(given)
        if inner is None:
            yield self.no_list(node, one, show(given))
        for item in inner or ():
            found = misfit(item, wanted)
            if found is not None:
                one_item = f"an item of {one}"
                yield self.mismatch(node, port, one_item, given=(item,), wanted=wanted, found=found)
                return

    def no_list(self, node: Node, one: str, got: str) -> TypeMismatch:
        found = Misfit("", "give map_over a list or a tuple")
        return self.mismatch(node, _Port(node.mapped), one, got=got, wanted=list, found=found)

    def parameter(self, node: Node, port: _Port, source: FromParameter) -> Iterator[TypeMismatch]:
        parameter = next(p for p in self.dag.parameters if p.name == source.name)
        one = f"{self.dag.name}.{source.name}"
        given = self.annotation(source.name)
        if port.argument == node.mapped:
            yield from self.items(node, one, given)
        else:
            wanted = self.wanted(node, port)
            # With a default, a wider annotation may do: a run's values are checked one by one.
            wider = parameter.has_default and fits(wanted, given) and not port.is_condition
            wrong = () if wider else tuple(self.types(node, port, one, (given,)))
            yield from wrong
            if wrong:
                return
        if parameter.has_default:
            yield from self.value(node, port, one, ast.literal_eval(parameter.default))

    def value(self, node: Node, port: _Port, one: str, value: Any) -> Iterator[TypeMismatch]:
        if port.argument != node.mapped:
            yield from self.one_value(node, port, one, value)
        elif not isinstance(value, list | tuple):
            yield self.no_list(node, one, f"{show(type(value))} ({value!r})")
        else:
            for index, item in enumerate(value):
                yield from self.one_value(node, port, f"item {index} of {one}", item)

    def one_value(self, node: Node, port: _Port, one: str, value: Any) -> Iterator[TypeMismatch]:
        wanted = self.wanted(node, port)
        found = value_misfit(value, wanted)
        if found is None:
            return
        if type(value) is int and value_fits(float(value), wanted):
            fix = f"write {float(value)!r}; numbers are not converted silently"
            found = found._replace(fix=fix)
        elif not found.fix:
            place = "write" if one.endswith("the literal") else f"give {one}"
            fix = f"{place} a value of type {show(wanted)}, or change the annotation of {{port}}"
            found = found._replace(fix=fix)
        got = f"{show(type(value))} ({value!r})"
        yield self.mismatch(node, port, one, got=got, wanted=wanted, found=found)

    def mismatch(
        self,
        node: Node,
        port: _Port,
        one: str,
        *,
        wanted: Any,
        found: Misfit,
        given: tuple[Any, ...] = (),
        got: str = "",
    ) -> TypeMismatch:
        asked, had = show(wanted), got or " | ".join(dict.fromkeys(map(show, given)))
        if asked == had:
            asked, had = show(wanted, full=True), " | ".join(show(g, full=True) for g in given)
        other = (
            f"the condition of {node.name}" if port.is_condition else f"{node.name}.{port.argument}"
        )
        why = f"; {found.why}" if found.why else ""
        return TypeMismatch(
            f"{one} does not fit {other}: expected {asked}, got {had}{why}.",
            self.where(node),
            self.fix(node, port, one, given=given, wanted=wanted, found=found),
        )

    def fix(
        self,
        node: Node,
        port: _Port,
        one: str,
        *,
        given: tuple[Any, ...],
        wanted: Any,
        found: Misfit,
    ) -> str:
        place = "the condition" if port.is_condition else f"`{port.argument}` in `{node.step.name}`"
        if port.is_condition:
            return f"write a step that returns a bool, made of {one}"
        last = one.rpartition(".")[2]
        value = last if last.isidentifier() and last != "result" else "value"
        change = f"change the annotation of {place} or of {one}"
        if found.fix:
            words = found.fix.replace("{port}", place).replace("{value}", value)
            return words.replace("{change}", change)
        written = conversion(plain(given[0]), plain(wanted), value) if len(given) == 1 else ""
        if written:
            return f"write `{written}` in a step; or {change}"
        return f"{change}, or convert the value in a step between them"

    def where(self, node: Node) -> str:
        """Return the place of a call."""
        return f"{node.file or self.dag.file or self.dag.name}, line {node.line}"

    def one(self, source: FromOutput | FromEither) -> str:
        """Return what gives a value: the node, and what the pipeline calls it."""
        if isinstance(source, FromEither):
            return self.one(source.then)
        return f"{source.node}.{source.field or self.target(source)}"

    def target(self, source: FromOutput) -> str:
        """Return the port's name for a single output: what the pipeline calls it."""
        targets = self.dag.node(source.node).targets
        return targets[0] if len(targets) == 1 else "result"

    def given(self, source: FromOutput | FromEither) -> tuple[Any, ...]:
        """Return the types that a value may have: of each branch that may give it."""
        if isinstance(source, FromEither):
            otherwise = (_NO_BRANCH,) if source.otherwise is None else self.given(source.otherwise)
            return (*self.given(source.then), *otherwise)
        node = self.dag.node(source.node)
        returned = self.hints(node.step).get("return", UNKNOWN)
        if node.mapped:
            return (list if isinstance(returned, Placeholder) else GenericAlias(list, (returned,)),)
        if source.field is None or isinstance(returned, Placeholder):
            return (returned,)
        return (part_of(returned, source.field),)

    def wanted(self, node: Node, port: _Port) -> Any:
        if port.is_condition:
            return bool
        found = self.hints(node.step)
        if not port.argument.isdigit():
            return found.get(port.argument, UNKNOWN)
        function = self.function(node.step)
        names = _positional_names(function) if function is not None else []
        position = int(port.argument)
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


def _positional_names(function: Callable[..., Any]) -> list[str]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (ValueError, TypeError):
        return []
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [parameter.name for parameter in parameters if parameter.kind in kinds]


def _is_class(value: object) -> bool:
    return isinstance(value, type)
