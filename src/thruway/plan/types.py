"""Statements grouped into steps, with their interfaces and the reason for every cut.

A plan is complete: the writer of the project decides nothing, it renders.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from thruway.kit.step import Role as Role  # noqa: PLC0414, TC001 - other layers take it from here

if TYPE_CHECKING:
    from thruway.findings import Finding
    from thruway.graph.types import Graph
    from thruway.kit.values.types import Value
    from thruway.plan.override import Override

CutMode = Literal["auto", "headings", "cells", "statements"]
PortKind = Literal["value", "random", "file"]
ParameterKind = Literal["path", "seed", "hyperparameter", "threshold", "constant"]


@dataclass(frozen=True)
class Port:
    """A named typed input or output of a step.

    Attributes:
        name: argument name, output field, and variable in the step's body.
        kind: `value`: an ordinary value. `random`: the state of a random stream; `resource` is
            its token. `file`: a file written by one step and read by another.
        annotation: text of the type (`pd.DataFrame`).
        imports: import lines which the annotation needs.
        value: description of what was observed there; None for random states and files.
        statement: the statement (in the producing step) that last bound or changed it.
        resource: token for random states and files.
        schema: name of the pandera model in `schemas.py`, "" if none.
        reason: what makes it and what needs it, for `explain` and the report.
        local: its name inside the step where that is another one, as in a step that is called
            several times; "" if it is `name`, which the pipeline and the original use.
    """

    name: str
    kind: PortKind
    annotation: str
    imports: tuple[str, ...] = ()
    value: Value | None = None
    statement: int = 0
    resource: str = ""
    schema: str = ""
    reason: str = ""
    local: str = ""

    @property
    def inside(self) -> str:
        """Its name in the step: argument, field of the result, and variable."""
        return self.local or self.name


@dataclass(frozen=True)
class Parameter:
    """A literal that became a keyword of a step and of the pipeline.

    Attributes:
        name: at the step.
        pipeline_name: at the pipeline, where names of several steps meet; "" if the pipeline
            passes the value itself, as one of several calls of a step does.
        default: `repr` text of the old value.
        annotation: `float`, `str | None`, …
        kind: what it is.
        reason: why it was lifted, for the report.
        comment: the author's comment above the constant it comes from, as written.
        differs: the calls of the step pass different values, so it has no default there.
        owner: what it is an argument of, with its module; "" if it is a constant or not known.
    """

    name: str
    pipeline_name: str
    default: str
    annotation: str
    kind: ParameterKind
    reason: str
    comment: str = ""
    differs: bool = False
    owner: str = ""


@dataclass(frozen=True)
class Edit:
    """Text to put in place of a span of one statement's `code`.

    Lines from 1 within the statement, columns from 0 in characters.
    """

    statement: int
    line: int
    column: int
    end_line: int
    end_column: int
    text: str


@dataclass(frozen=True)
class StepPlan:
    """One step.

    Attributes:
        name: unique in the plan, not a keyword or builtin; that of its function and module, except
            where it is a further call of a function.
        role: what it is for.
        title: one line for the docstring.
        body: statement ids in order; the step's own lines (nested definitions included).
        helpers: ids of definitions placed at module level of the step's file, in order.
        shared: names imported from `shared.py`.
        imports: import lines for the top of the file (sorted and merged by the formatter).
        settings: names of functions in `shared.py` to call first (`configure`).
        inputs, outputs: ports; inputs in order of first use.
        parameters: keywords.
        edits: replacements in the statements of the body (this step's copy only).
        restores: random input ports to restore at the start (after the settings).
        declare: names to bind to None first because only a nested function binds them.
        displayed: statement ids whose value the notebook displayed: wrapped in `display(...)`.
        shown: statement ids after which Jupyter showed the open figures: `plt.show()` follows.
        underscore: displayed statements whose value is read later as `_`.
        reason: why the step begins where it does.
        bound: for every name the body binds or changes, the last statement that did: what the
            proof compares at the end of the step.
        calls: name of the step whose function this one is a further call of, "" if it has its own.
        renames: (name in the original, name in the function), for names that differ.
        mapped: name of the input over whose items the step is called, "" if it is called once.
        item: its name in the step: one item.
        loop: the statement whose iterations are the calls, 0 if there is none.
    """

    name: str
    role: Role
    title: str
    body: tuple[int, ...]
    inputs: tuple[Port, ...] = ()
    outputs: tuple[Port, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    helpers: tuple[int, ...] = ()
    shared: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    edits: tuple[Edit, ...] = ()
    restores: tuple[str, ...] = ()
    declare: tuple[str, ...] = ()
    displayed: frozenset[int] = frozenset()
    shown: frozenset[int] = frozenset()
    underscore: frozenset[int] = frozenset()
    reason: str = ""
    bound: tuple[tuple[str, int], ...] = ()
    calls: str = ""
    renames: tuple[tuple[str, str], ...] = ()
    mapped: str = ""
    item: str = ""
    loop: int = 0

    @property
    def function(self) -> str:
        """Name of its function and module."""
        return self.calls or self.name


@dataclass(frozen=True)
class Settings:
    """Statements that set options (warnings, pandas, matplotlib …): one function of `shared.py`."""

    name: str
    statements: tuple[int, ...]
    imports: tuple[str, ...] = ()


@dataclass(frozen=True)
class Shared:
    """What goes to `shared.py`: definitions used by several steps, in order."""

    statements: tuple[int, ...] = ()
    imports: tuple[str, ...] = ()
    settings: tuple[Settings, ...] = ()


@dataclass(frozen=True)
class Plan:
    """The whole project, decided.

    Attributes:
        graph: what it was made from.
        package: name of the package and of the pipeline function.
        title: human title, from the first heading or the file name.
        steps: in order.
        shared: the shared module.
        results: names that the pipeline returns: (name, step that gives it).
        dropped: statement ids that are not written, with the reason.
        roles: statement id → role, as text.
        findings: everything noticed up to here.
        cut: the mode that was asked for.
        overrides: the user's decisions that were respected.
    """

    graph: Graph
    package: str
    title: str
    steps: tuple[StepPlan, ...]
    shared: Shared = Shared()
    results: tuple[tuple[str, str], ...] = ()
    dropped: tuple[tuple[int, str], ...] = ()
    roles: tuple[tuple[int, str], ...] = ()
    findings: tuple[Finding, ...] = ()
    cut: CutMode = "auto"
    overrides: tuple[Override, ...] = ()

    def dump(self) -> str:
        """Return one line per step: `name [role] statements (inputs) -> outputs`."""
        rows = []
        for step in self.steps:
            inputs = ", ".join(port.name for port in step.inputs)
            outputs = ", ".join(port.name for port in step.outputs)
            call = f" = {step.calls}" if step.calls else ""
            numbers = _ranges(step.body)
            rows.append(f"{step.name}{call} [{step.role}] {numbers} ({inputs}) -> {outputs}")
        return "\n".join(rows)


def _ranges(ids: tuple[int, ...]) -> str:
    parts: list[str] = []
    start = previous = None
    for number in (*ids, None):
        if start is None:
            start = previous = number
        elif number is not None and previous is not None and number == previous + 1:
            previous = number
        else:
            parts.append(str(start) if start == previous else f"{start}-{previous}")
            start = previous = number
    return " ".join(parts)
