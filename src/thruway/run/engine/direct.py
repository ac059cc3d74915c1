"""Run a pipeline as plain calls in this process: no store, no cache, nothing is kept.

What calling the pipeline does, with what a run adds for the reader: parameters, progress, and an
error that names the step. Steps run in the data folder itself and write into it.
"""

from __future__ import annotations

import time
import traceback
from typing import TYPE_CHECKING, Any

from thruway.errors import StepFailed, ThruwayError
from thruway.kit.ambient.random import seed_all
from thruway.kit.branch import check_condition
from thruway.kit.dag import FromEither, FromOutput, call_arguments, outputs_in, pick
from thruway.kit.fanout import map_over
from thruway.kit.gate import gate_of, worst
from thruway.kit.ports.check import check_types
from thruway.kit.reading.read import read_pipeline
from thruway.kit.step import import_step
from thruway.run.engine import choose
from thruway.run.engine.failures import gate_error
from thruway.run.events.reporter import Reporter, SilentReporter
from thruway.run.modules import is_first_party, project_imports
from thruway.run.step.folder import in_folder
from thruway.run.types import RunOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from thruway.kit.dag import Binding, Dag, Node
    from thruway.kit.project import ProjectConfig


def run_directly(
    project: ProjectConfig, options: RunOptions | None = None, reporter: Reporter | None = None
) -> dict[str, Any]:
    """Call the steps of a pipeline one after the other; return its results by name.

    Args:
        project: the project.
        options: only `params`, `seed` and `debug` count.
        reporter: hears what happens.

    Raises:
        StepFailed: a step raised.
        PipelineError: the pipeline cannot be built, or its types do not fit.
    """
    dag = read_pipeline(project)
    options = options or RunOptions()
    reporter = reporter or SilentReporter()
    parameters = choose.parameter_values(dag, options.params)
    seed = project.seed if options.seed is None else options.seed
    last_use = _last_uses(dag)
    values: dict[str, Any] = {}
    reporter.run_started("without a store", [node.name for node in dag.nodes])
    with project_imports(project.roots), in_folder(project.data, project.program):
        check_types(dag)
        steps = {node.name: import_step(node.step) for node in dag.nodes}
        for node in dag.nodes:
            reporter.step_started(node.name)
            began = time.perf_counter()
            arguments = choose.plain_arguments(node, parameters)
            arguments |= {
                name: _value(source, values, parameters)
                for name, source in node.inputs
                if outputs_in(source)
            }
            if not _is_called(node, values, parameters):
                values[node.name] = None
                reporter.step_finished(node.name, "SKIPPED", 0.0, f"not {node.condition}")
                _forget(values, last_use.get(node.name, ()))
                continue
            seed_all(seed)
            try:
                values[node.name] = _call(node, steps[node.name], arguments)
            except Exception as error:
                reporter.step_finished(node.name, "FAILED", time.perf_counter() - began, "")
                raise _failure(node, error, project, debug=options.debug) from error
            reporter.step_finished(node.name, "COMPLETE", time.perf_counter() - began, "")
            _pass_gate(node, values[node.name], reporter)
            _forget(values, last_use.get(node.name, ()))
    return {name: _value(source, values, parameters) for name, source in dag.outputs}


def _value(source: Binding, values: Mapping[str, Any], parameters: Mapping[str, Any]) -> Any:
    if isinstance(source, FromOutput):
        return pick(values[source.node], source.field)
    if isinstance(source, FromEither):
        taken = _value(source.condition, values, parameters)
        chosen = source.then if taken else source.otherwise
        return None if chosen is None else _value(chosen, values, parameters)
    return choose.binding_value(source, parameters)


def _is_called(node: Node, values: Mapping[str, Any], parameters: Mapping[str, Any]) -> bool:
    if node.condition is None:
        return True
    found = _value(node.condition.binding, values, parameters)
    check_condition(found, f"step {node.name}, on {node.condition.binding}")
    return found is not node.condition.negated


def _call(node: Node, step: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    if node.mapped:
        items = arguments.pop(node.mapped)
        return map_over(step, items, **arguments)
    positional, named = call_arguments(arguments)
    return step(*positional, **named)


def _pass_gate(node: Node, value: Any, reporter: Reporter) -> None:
    """Say what the gates of a result say; without a store, one that fails ends the run.

    Raises:
        GateFailed: with what it says.
    """
    fields = [pick(value, name) for name in node.step.outputs] or [value]
    gate = worst(found for field in fields if (found := gate_of(field)))
    if gate.verdict == "warn":
        reporter.warned(node.name, "; ".join(gate.reasons) or "its gate warns")
    if gate.verdict == "fail":
        raise gate_error(node.name, gate.reasons)


def _forget(values: dict[str, Any], names: Iterable[str]) -> None:
    for name in names:
        del values[name]


def _last_uses(dag: Dag) -> dict[str, list[str]]:
    """Return node → nodes whose values nobody takes after it."""
    kept = {output.node for _, source in dag.outputs for output in outputs_in(source)}
    last: dict[str, str] = {}
    for node in dag.nodes:
        last[node.name] = node.name
        last.update(dict.fromkeys(node.needs, node.name))
    found: dict[str, list[str]] = {}
    for name, user in last.items():
        if name not in kept:
            found.setdefault(user, []).append(name)
    return found


def _failure(node: Node, error: Exception, project: ProjectConfig, *, debug: bool) -> ThruwayError:
    if debug:
        from thruway.run.executors.inprocess import open_debugger

        open_debugger(error)
    if isinstance(error, ThruwayError):
        return error
    own = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if any(is_first_party(frame.filename, root) for root in project.roots)
    ]
    where = f", {own[-1].filename}:{own[-1].lineno}" if own else ""
    return StepFailed(
        f"step `{node.name}` raised {type(error).__name__}: {error}",
        f"step {node.name}{where}",
        "correct the step; with --pdb the debugger opens where it raised",
    )
