"""The files around the package: how to install it, what it is, how to run it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from thruway.project.code_text import docstring
from thruway.project.pipeline_text import pipeline_parameters
from thruway.project.places import step_file
from thruway.project.schema_text import schema_ports
from thruway.project.templating import fill
from thruway.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

    from thruway.plan.types import Plan, Port, StepPlan

PROVEN_HEADING = "## What was proven"
NOT_PROVEN = (
    "Nothing yet: this project was written without comparing it with the original.\n"
    "`thruway verify .` does that."
)
GITIGNORE = ".thruway/\noutputs/\n__pycache__/\n*.py[cod]\n.pytest_cache/\n.venv/\n"


def init_text(title: str) -> str:
    """Return a module that is only a docstring."""
    return docstring(title) + "\n"


def pyproject_text(plan: Plan, *, data: str, climb: int, seed: int) -> str:
    """Return `pyproject.toml`."""
    python = ".".join(plan.graph.trace.python.split(".")[:2]) or "3.11"
    return fill(
        "pyproject.toml.jinja",
        package=plan.package,
        name=plan.package.replace("_", "-").strip("-"),
        title=json.dumps(" ".join(plan.title.split()), ensure_ascii=False),
        python=python,
        data=json.dumps(data, ensure_ascii=False),
        climb=climb,
        seed=seed,
    )


def requirements_text(plan: Plan) -> str:
    """Return the versions that the observed run used, and what the project itself needs."""
    packages = plan.graph.trace.packages
    rows = [f"{name}=={public_version(packages[name])}" for name in sorted(packages, key=str.lower)]
    rows = [row for row in rows if not row.startswith("thruway==")]
    if schema_ports(plan) and "pandera" not in packages:
        rows.append("pandera>=0.20")
    rows.append(f"thruway=={__version__}")
    heading = "# What the observed run used"
    python = plan.graph.trace.python
    return "\n".join([f"{heading}, with Python {python}." if python else f"{heading}.", *rows, ""])


def public_version(version: str) -> str:
    """Return a version without its local part, which no index serves."""
    return version.partition("+")[0]


def readme_text(plan: Plan, proven: str) -> str:
    """Return `README.md`.

    Args:
        plan: what was written.
        proven: Markdown on what was proven; "" when nothing was.
    """
    return fill(
        "README.md.jinja",
        plan=plan,
        source=plan.graph.program.source.path.name,
        count=len(plan.graph.program.statements),
        steps=[_step_row(plan, step) for step in plan.steps],
        parameters=[
            (p.pipeline_name, _cell(p.default), _cell(p.annotation), p.kind, _cell(p.reason))
            for p in pipeline_parameters(plan)
        ],
        proven=proven.strip() or NOT_PROVEN,
    )


def _step_row(plan: Plan, step: StepPlan) -> tuple[str, ...]:
    link = f"[`{step.name}`]({step_file(plan.package, step.name)})"
    return link, step.role, _cell(step.title), _names(step.inputs), _names(step.outputs)


def _names(ports: Sequence[Port]) -> str:
    return ", ".join(f"`{port.name}`" for port in ports)


def _cell(text: str) -> str:
    """Return text that does not end a cell of a Markdown table."""
    return " ".join(text.split()).replace("|", "\\|")


def with_proof(readme: str, proven: str) -> str:
    """Return a README with its last section, on what was proven, replaced."""
    before, heading, _ = readme.rpartition(PROVEN_HEADING)
    return f"{before}{heading}\n\n{proven.strip()}\n" if heading else readme
