"""One step's module: the user's lines in a typed function."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from thruway.project.code_text import camel_case, docstring, indent
from thruway.project.comments import parameter_comment
from thruway.project.header import Header
from thruway.project.layout import Additions, Layout, changed
from thruway.project.mapped_text import call_text, of_one
from thruway.project.names import free_name, pyplot_name, used_names
from thruway.project.origin import origin
from thruway.project.ports import (
    Annotations,
    field_names,
    kit_import,
    kit_type,
    named_tuple,
    returned,
)

if TYPE_CHECKING:
    from thruway.plan.types import Plan, Port, StepPlan

_KIT_ALIASES = {
    "step": ("thruway_step",),
    "display": ("show", "thruway_display"),
    "File": ("ThruwayFile",),
}


class StepText:
    """Renders one step; `text()` gives the module."""

    def __init__(self, plan: Plan, step: StepPlan, layout: Layout) -> None:
        self.plan = plan
        self.step = step
        self.layout = layout
        self.header = Header(_module_title(plan, step))
        self.header.need(*step.imports)
        self._module_names = self._named_by_module()
        self._function_names = self._named_in_function()
        self.kit = self._kit_names()
        self.annotations = Annotations(
            self.header,
            plan.package,
            self._defined(step.helpers),
            self._defined(plan.shared.statements),
            self.kit,
        )
        self.result_class = ""
        self._given = ""

    def text(self) -> str:
        """Return the module."""
        self._import_shared()
        helpers = self.layout.text(self.step.helpers)
        result = self._result()
        function = self._function(result)
        parts = [helpers, self._class_text, function]
        return "\n\n\n".join([self.header.text(), *(part for part in parts if part)]) + "\n"

    # --- names ---------------------------------------------------------------------------

    def _defined(self, ids: tuple[int, ...]) -> frozenset[str]:
        stores = (statement.stores for statement in self.layout.pick(ids))
        return frozenset().union(*stores)

    def _named_by_module(self) -> frozenset[str]:
        own_lines = [line for line in self.step.imports if not line.startswith("from thruway ")]
        imports = Header("")
        imports.need(*own_lines)
        return imports.names() | self._defined(self.step.helpers) | frozenset(self.step.shared)

    def _named_in_function(self) -> frozenset[str]:
        step = self.step
        arguments = {port.inside for port in self._inputs()} | {
            each.name for each in step.parameters
        }
        return frozenset(self._bound() | arguments | set(step.declare))

    def _bound(self) -> frozenset[str]:
        renames = dict(self.step.renames)
        names = self._defined(self.step.body) | {name for name, _ in self.step.bound}
        return frozenset(renames.get(name, name) for name in names)

    def _kit_names(self) -> dict[str, str]:
        """Return under which names the module has the kit's: aliases where the user has them."""
        names = {}
        carriers = map(kit_type, self.step.inputs + self.step.outputs)
        for name in ("step", "display", "File", *carriers):
            taken = self._module_names
            if name != "step":
                taken |= self._function_names
            aliases = (name, *_KIT_ALIASES.get(name, (f"Thruway{name}",)))
            names[name] = next((each for each in aliases if each not in taken), aliases[-1])
        return names

    # --- parts ---------------------------------------------------------------------------

    def _import_shared(self) -> None:
        names = sorted({*self.step.shared, *self.step.settings})
        if names:
            self.header.need(f"from {self.plan.package}.shared import {', '.join(names)}")

    def _function(self, result: str) -> str:
        step = self.step
        self.header.need(kit_import("step", self.kit["step"]))
        lines = [docstring(step.title or step.function), *(f"{name}()" for name in step.settings)]
        lines += [f"{name}.restore()" for name in step.restores]
        lines += [f"{name} = None" for name in step.declare]
        body = self._body()
        if body:
            lines.append(body)
        if step.outputs:
            lines.append(f"return {self._returned()}")
        text = indent("\n".join(lines))
        decorator = f'@{self.kit["step"]}(role="{step.role}")'
        return f"{decorator}\ndef {step.function}({self._signature()}) -> {result}:\n{text}"

    def _signature(self) -> str:
        parts = [f"{port.inside}: {self.annotations.of(port)}" for port in self._inputs()]
        if self.step.parameters:
            parts.append("*")
        for parameter in self.step.parameters:
            annotation = self.annotations.plain(parameter.annotation)
            comment = parameter_comment(parameter, self.layout.statements)
            default = "" if parameter.differs else f" = {parameter.default}"
            written = f"{parameter.name}: {annotation}{default}"
            parts.append(f"\n{comment}\n{written}" if comment else written)
        return ", ".join(parts)

    def _inputs(self) -> tuple[Port, ...]:
        """Return the inputs; of a step that is called for each item, the item first."""
        step = self.step
        item = [replace(of_one(p), name=step.item) for p in step.inputs if p.name == step.mapped]
        return (*item, *(port for port in step.inputs if port.name != step.mapped))

    def _body(self) -> str:
        if self.step.mapped:
            return self._call_body()
        pyplot = self._pyplot() if self.step.shown else ""
        additions = Additions.of(self.step, self.kit["display"], pyplot)
        calls = [step for step in self.plan.steps if step.function == self.step.function]
        if len(calls) > 1:
            bare = self.layout.own_comments(calls)[self.step.name]
            additions = replace(additions, title=None, bare=frozenset(bare))
        body = self.layout.text(self.step.body, additions)
        helpers = self.layout.text(self.step.helpers)
        if self.step.displayed or self._calls_display(helpers + "\n" + body):
            self.header.need(kit_import("display", self.kit["display"]))
        return body

    def _call_body(self) -> str:
        """Return the body of one call: other statements of the step first."""
        step = self.step
        additions = Additions.of(step, self.kit["display"], "")
        statement = self.layout.statements[step.loop]
        body, self._given = call_text(step, statement, changed(statement, additions))
        before = [number for number in step.body if number not in (step.loop - 1, step.loop)]
        comment = self.layout.comment(step.loop - 1)
        if self._calls_display(body):
            self.header.need(kit_import("display", self.kit["display"]))
        return "\n".join(filter(None, [self.layout.text(before, additions), comment, body]))

    def _calls_display(self, code: str) -> bool:
        """Say whether the user's text uses the notebook's own `display`, bound nowhere."""
        bound = self._module_names | self._function_names
        return "display" in used_names(code) and "display" not in bound

    def _pyplot(self) -> str:
        imports = [self._own_import(number) for number in self.step.body]
        known = pyplot_name([*self.step.imports, *(line for line in imports if line)])
        if known:
            return known
        taken = self._module_names | self._function_names
        name = "plt" if "plt" not in taken else free_name("pyplot", taken)
        self.header.need(f"import matplotlib.pyplot as {name}")
        return name

    def _own_import(self, number: int) -> str:
        statement = self.layout.statements[number]
        return statement.code if statement.kind == "import" else ""

    def _result(self) -> str:
        """Return the return annotation, and keep the class when there are several outputs."""
        outputs = self.step.outputs
        self._class_text = ""
        if not outputs:
            return "None"
        if self.step.mapped:
            return self.annotations.of(of_one(outputs[0]))
        annotations = [self.annotations.of(port) for port in outputs]
        if len(outputs) == 1:
            return annotations[0]
        self.header.need("from typing import NamedTuple")
        taken = self._module_names | self._function_names | self.header.names()
        self.result_class = free_name(camel_case(self.step.function), taken, "Outputs")
        fields = field_names([port.inside for port in outputs])
        title = f"What `{self.step.function}` gives."
        self._class_text = named_tuple(
            self.result_class, title, list(zip(fields, annotations, strict=True))
        )
        return self.result_class

    def _returned(self) -> str:
        if self.step.mapped:
            return self._given
        paths = {
            ast.literal_eval(parameter.default): parameter.name
            for parameter in self.step.parameters
            if parameter.kind == "path"
            and parameter.annotation == "str"
            and parameter.name not in self._bound()
        }
        values = [returned(port, self.kit, paths) for port in self.step.outputs]
        return f"{self.result_class}({', '.join(values)})" if self.result_class else values[0]


def _module_title(plan: Plan, step: StepPlan) -> str:
    """Return what the step does, and where its lines stood in the original."""
    title, place = step.title or step.function, origin(plan, step)
    return f"{title.rstrip('. ')} ({place})" if place else title


def step_text(plan: Plan, step: StepPlan, layout: Layout) -> str:
    """Return the text of `<package>/steps/<step>.py`."""
    return StepText(plan, step, layout).text()
