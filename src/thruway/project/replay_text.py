"""The project's own tests: steps replayed, the pipeline built, the contracts held."""

from __future__ import annotations

from typing import TYPE_CHECKING

from thruway.project.code_text import quoted
from thruway.project.ports import field_names
from thruway.project.schema_text import schema_ports
from thruway.project.templating import fill

if TYPE_CHECKING:
    from thruway.plan.types import Plan, StepPlan

WHOLE = "return"
"""Under this name the store keeps the result of a step with a single output."""


def test_files(plan: Plan) -> dict[str, str]:
    """Return path → text of the tests."""
    steps = [step.name for step in plan.steps]
    files = {
        "tests/conftest.py": fill("conftest.py.jinja", steps=_rows(steps)),
        "tests/test_steps.py": fill("test_steps.py.jinja"),
        "tests/test_pipeline.py": fill("test_pipeline.py.jinja"),
    }
    if schema_ports(plan):
        cases = [case for step in plan.steps for case in _contracts(step)]
        files["tests/test_contracts.py"] = fill(
            "test_contracts.py.jinja", package=plan.package, cases=_rows(cases)
        )
    return files


def artifact_names(step: StepPlan) -> list[str]:
    """Return the names under which a run stores the outputs of a step, in order."""
    names = field_names([port.inside for port in step.outputs])
    return names if len(names) != 1 else [WHOLE]


def _contracts(step: StepPlan) -> list[tuple[str, str, str]]:
    pairs = zip(step.outputs, artifact_names(step), strict=True)
    return [(step.name, artifact, port.schema) for port, artifact in pairs if port.schema]


def _rows(items: list[str] | list[tuple[str, str, str]]) -> list[str]:
    """Return items as Python text with double quotes."""
    return [
        quoted(item) if isinstance(item, str) else f"({', '.join(quoted(part) for part in item)})"
        for item in items
    ]
