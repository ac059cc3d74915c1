"""Which steps a run executes, takes as they are, or leaves out; and what they are given."""

from __future__ import annotations

import ast
import copy
from typing import TYPE_CHECKING, Any, Literal

from thruway.errors import PipelineError, UsageError
from thruway.kit.dag import Dag, FromLiteral, FromParameter, Node, outputs_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from thruway.run.types import RunOptions

Mode = Literal["normal", "force", "take", "skip"]
"""normal: cached or executed; force: executed; take: newest result; skip: not looked at."""


def parameter_values(dag: Dag, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the value of every parameter of the pipeline.

    Raises:
        UsageError: a parameter is unknown, or has no value.
    """
    known = {parameter.name: parameter for parameter in dag.parameters}
    for name in given:
        if name not in known:
            raise UsageError(
                f"pipeline `{dag.name}` has no parameter `{name}`",
                fix=f"use one of: {', '.join(known) or '(it has none)'}",
            )
    values = dict(given)
    for name, parameter in known.items():
        if name not in values and not parameter.has_default:
            raise UsageError(
                f"parameter `{name}` of pipeline `{dag.name}` has no value",
                fix=f"give one: -p {name}=…",
            )
        if name not in values:
            values[name] = _literal(parameter.default, f"parameter {name}")
    return values


def plain_arguments(node: Node, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a node that do not come from other nodes."""
    values: dict[str, Any] = {}
    for name, source in node.inputs:
        if isinstance(source, FromParameter):
            # Its own: what one step does to a list is not seen by the next.
            values[name] = copy.deepcopy(parameters[source.name])
        elif isinstance(source, FromLiteral):
            values[name] = _literal(source.text, f"argument {name} of {node.name}")
    return values


def binding_value(source: FromParameter | FromLiteral, parameters: Mapping[str, Any]) -> Any:
    """Return the value of a binding that needs no step."""
    if isinstance(source, FromParameter):
        return parameters[source.name]
    return _literal(source.text, "the result of the pipeline")


def _literal(text: str, where: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError) as error:
        raise PipelineError(
            f"`{text}` is not a literal", where=where, fix="write a number, text, list or dict"
        ) from error


def wanted_fields(dag: Dag) -> dict[str, frozenset[str | None]]:
    """Return which parts of each node's result are taken; None stands for the whole."""
    wanted: dict[str, set[str | None]] = {node.name: set() for node in dag.nodes}
    sources = [source for node in dag.nodes for source in node.sources]
    sources += [output for _, source in dag.outputs for output in outputs_in(source)]
    for source in sources:
        wanted[source.node].add(source.field)
    return {name: frozenset(fields) for name, fields in wanted.items()}


def modes(dag: Dag, options: RunOptions) -> dict[str, Mode]:
    """Return what is to be done with each node.

    Raises:
        UsageError: a step that was asked for is not in the pipeline.
    """
    for name in (options.only, options.from_step):
        if name and name not in [node.name for node in dag.nodes]:
            raise UsageError(
                f"pipeline `{dag.name}` has no step `{name}`",
                fix=f"use one of: {', '.join(node.name for node in dag.nodes)}",
            )
    if options.only and options.from_step:
        raise UsageError("`only` and `from` exclude each other", fix="give one of them")
    if options.only:
        return _only(dag, options)
    forced = _after(dag, options.from_step) if options.from_step else set()
    idle = _idle(dag, options)
    # Steps before it are answered by the cache, or executed when they have changed since.
    chosen: dict[str, Mode] = {}
    for node in dag.nodes:
        mode: Mode = "force" if options.force or node.name in forced else "normal"
        chosen[node.name] = "skip" if node.name in idle else mode
    return chosen


def given_whole(dag: Dag, options: RunOptions) -> frozenset[str]:
    """Return the nodes of which all that others take is given: they need nothing."""
    found: set[str] = set()
    for name, fields in wanted_fields(dag).items() if options.given else ():
        ports = {f"{name}.{field}" for field in fields if field is not None}
        targets = {f"{name}.{target}" for target in dag.node(name).targets}
        single = fields <= {None} and targets & options.given.keys()
        if name in options.given or single or (ports and ports <= options.given.keys()):
            found.add(name)
    return frozenset(found)


def _idle(dag: Dag, options: RunOptions) -> set[str]:
    """Return the nodes whose results only nodes take that are given, or idle themselves."""
    given = given_whole(dag, options)
    returned = {output.node for _, source in dag.outputs for output in outputs_in(source)}
    idle: set[str] = set()
    takers: dict[str, list[str]] = {node.name: [] for node in dag.nodes}
    for node in reversed(dag.nodes):
        taken = takers[node.name]
        if taken and node.name not in {*returned, *given} and {*taken} <= {*given, *idle}:
            idle.add(node.name)
        for needed in node.needs:
            takers[needed].append(node.name)
    return idle


def _only(dag: Dag, options: RunOptions) -> dict[str, Mode]:
    chosen: dict[str, Mode] = {node.name: "skip" for node in dag.nodes}
    chosen |= dict.fromkeys(_before(dag, options), "take")
    chosen[options.only] = "force" if options.force else "normal"
    return chosen


def _before(dag: Dag, options: RunOptions) -> set[str]:
    """Return everything that a step depends on; nothing of what stands behind given values."""
    nodes = {node.name: node for node in dag.nodes}
    given = given_whole(dag, options)
    found: set[str] = set()
    waiting = [options.only]
    while waiting:
        name = waiting.pop()
        if name in given:
            continue
        for needed in nodes[name].needs:
            if needed not in found:
                found.add(needed)
                waiting.append(needed)
    return found


def _after(dag: Dag, name: str) -> set[str]:
    """Return a node and everything that depends on it."""
    found = {name}
    for node in dag.nodes:  # in topological order: one pass is enough
        if found & set(node.needs):
            found.add(node.name)
    return found
