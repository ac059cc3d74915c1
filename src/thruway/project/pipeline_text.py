"""The pipeline's module: reads like the table of contents of the original."""

from __future__ import annotations

from typing import TYPE_CHECKING

from thruway.project.code_text import camel_case, docstring, indent
from thruway.project.comments import parameter_comment
from thruway.project.header import Header
from thruway.project.intro import intro, says_more
from thruway.project.local_files import LOCAL, local_modules
from thruway.project.names import free_name
from thruway.project.places import module_name
from thruway.project.ports import Annotations, field_names, kit_import, kit_type, named_tuple

if TYPE_CHECKING:
    from thruway.plan.types import Parameter, Plan, Port, StepPlan
    from thruway.project.layout import Layout


def pipeline_text(plan: Plan, layout: Layout) -> str:
    """Return the text of `<package>/pipeline.py`."""
    header = Header(plan.title, about=_about(plan))
    functions = _functions(plan)
    for name, known in functions.items():
        module = f"{plan.package}.steps.{module_name(name)}"
        header.need(f"from {module} import {name}" + ("" if known == name else f" as {known}"))
    taken = _variables(plan) | set(functions.values()) | {plan.package}
    decorator = free_name("pipeline", taken)
    header.need(kit_import("pipeline", decorator))
    mapping = free_name("map_over", taken)
    if any(step.mapped for step in plan.steps):
        header.need(kit_import("map_over", mapping))
    annotations = _annotations(plan, layout, header, taken)
    result, class_text = _result(plan, annotations, taken)
    signature = ", ".join(
        _parameter(each, annotations, layout) for each in pipeline_parameters(plan)
    )
    function = (
        f"@{decorator}\ndef {plan.package}({signature}) -> {result}:\n"
        + indent("\n".join([docstring(plan.title), *_calls(plan, layout, functions, mapping)]))
        + _return(plan, result if class_text else "")
    )
    return "\n\n\n".join(part for part in (header.text(), class_text, function) if part) + "\n"


def _about(plan: Plan) -> str:
    """Return what the module's docstring says below its first line."""
    name = plan.graph.program.source.path.name
    parts = [f"Made by Thruway from {name}: every step holds lines of it, as they were written."]
    words = intro(plan)
    is_script = plan.graph.program.source.kind != "notebook"
    if is_script and says_more(words, plan.title):  # it was the docstring there, too
        parts.insert(0, words)
    if modules := local_modules(plan):
        parts.append(
            f"Imports {', '.join(modules)}, which lay beside the original:\ncopied into `{LOCAL}/`."
        )
    return "\n\n".join(parts)


def _functions(plan: Plan) -> dict[str, str]:
    """Return function → its name here: a variable of that name would hide it."""
    taken = _variables(plan) | {plan.package}
    return {each.function: free_name(each.function, taken, "_step") for each in plan.steps}


def _variables(plan: Plan) -> set[str]:
    ports = {port.name for step in plan.steps for port in (*step.inputs, *step.outputs)}
    return ports | {each.pipeline_name for step in plan.steps for each in step.parameters}


def _annotations(plan: Plan, layout: Layout, header: Header, taken: set[str]) -> Annotations:
    stores = (statement.stores for statement in layout.pick(plan.shared.statements))
    names = {kit_type(port) for step in plan.steps for port in step.outputs}
    kit = {name: f"Thruway{name}" if name in taken else name for name in names}
    return Annotations(header, plan.package, frozenset(), frozenset().union(*stores), kit)


def pipeline_parameters(plan: Plan) -> list[Parameter]:
    """Return the parameters of the pipeline: one of each name, in order of first use."""
    found: dict[str, Parameter] = {}
    for step in plan.steps:
        for parameter in step.parameters:
            if parameter.pipeline_name:
                found.setdefault(parameter.pipeline_name, parameter)
    return list(found.values())


def _parameter(parameter: Parameter, annotations: Annotations, layout: Layout) -> str:
    annotation = annotations.plain(parameter.annotation)
    comment = parameter_comment(parameter, layout.statements)
    written = f"{parameter.pipeline_name}: {annotation} = {parameter.default}"
    return f"\n{comment}\n{written}" if comment else written


def _calls(plan: Plan, layout: Layout, functions: dict[str, str], mapping: str) -> list[str]:
    lines: list[str] = []
    heading = ""
    for step in plan.steps:
        here = layout.heading(step)
        if here and here not in (heading, plan.title):
            lines += [*([""] if lines else []), f"# {here}"]
            heading = here
        comments = [row for row in _comments(plan, layout, step) if row.strip("# ") != heading]
        lines += [*([""] if comments and lines and lines[-1][:1] != "#" else []), *comments]
        lines.append(_call(step, functions[step.function], mapping))
    return lines


def _comments(plan: Plan, layout: Layout, step: StepPlan) -> list[str]:
    """Return the comments of a call that those of the same function do not share."""
    calls = [each for each in plan.steps if each.function == step.function]
    own = layout.own_comments(calls)[step.name] if len(calls) > 1 else {}
    return [row for rows in own.values() for row in rows]


def _call(step: StepPlan, function: str, mapping: str) -> str:
    arguments = [port.name for port in step.inputs]
    if step.mapped:
        others = [f"{name}={name}" for name in arguments if name != step.mapped]
        arguments = [function, step.mapped, *others]
        function = mapping
    arguments += [f"{p.name}={p.pipeline_name or p.default}" for p in step.parameters]
    targets = ", ".join(port.name for port in step.outputs)
    assigned = f"{targets} = " if targets else ""
    return f"{assigned}{function}({', '.join(arguments)})"


def result_ports(plan: Plan) -> list[Port]:
    """Return the ports of the pipeline's results, in the plan's order."""
    ports = {(port.name, step.name): port for step in plan.steps for port in step.outputs}
    return [ports[each] for each in plan.results if each in ports]


def _result(plan: Plan, annotations: Annotations, taken: set[str]) -> tuple[str, str]:
    """Return the return annotation, and the class of several results."""
    ports = result_ports(plan)
    if not ports:
        return "None", ""
    written = [annotations.of(port) for port in ports]
    if len(ports) == 1:
        return written[0], ""
    annotations.header.need("from typing import NamedTuple")
    name = free_name(camel_case(plan.package), taken | annotations.header.names(), "Results")
    fields = field_names([port.name for port in ports])
    title = f"What `{plan.package}` gives."
    return name, named_tuple(name, title, list(zip(fields, written, strict=True)))


def _return(plan: Plan, result_class: str) -> str:
    ports = result_ports(plan)
    if not ports:
        return ""
    names = ", ".join(port.name for port in ports)
    return "\n" + indent(f"return {result_class}({names})" if result_class else f"return {names}")
