"""The files around the package: how to install it, what it is, how to run it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from thruway.kit.project import local_place
from thruway.project.code_text import docstring, quoted
from thruway.project.intro import intro, says_more
from thruway.project.local_files import LOCAL, local_modules, local_path
from thruway.project.origin import origin
from thruway.project.pipeline_text import pipeline_parameters
from thruway.project.places import step_file
from thruway.project.schema_text import pandera_requirement, schema_ports
from thruway.project.templating import fill
from thruway.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

    from thruway.plan.types import Parameter, Plan, Port, StepPlan

PROVEN_HEADING = "## What was proven"
NOT_PROVEN = (
    "Nothing yet: this project was written without comparing it with the original.\n"
    "`thruway verify .` does that."
)
_MOST_PORTS = 8
_LONGEST_CODE = 60
GITIGNORE = ".thruway/\noutputs/\n__pycache__/\n*.py[cod]\n.pytest_cache/\n.venv/\n"


def init_text(title: str) -> str:
    """Return a module that is only a docstring."""
    return docstring(title) + "\n"


def package_text(plan: Plan) -> str:
    """Return the package's `__init__.py`: copies of modules are importable with it."""
    if not local_modules(plan):
        return init_text(plan.title)
    places = [local_place(each).as_posix() for each in local_path(plan)]
    folders = ", ".join(quoted(LOCAL if p == "." else f"{LOCAL}/{p}") for p in places)
    return (
        f"{docstring(plan.title)}\n\nimport sys\nfrom pathlib import Path\n\n"
        "# Copies of the modules that lay beside the original, found as it found them.\n"
        f"sys.path[:0] = [str(Path(__file__).parents[1] / each) for each in [{folders}]]\n"
    )


def pyproject_text(plan: Plan, *, data: str, climb: int, seed: int) -> str:
    """Return `pyproject.toml`."""
    source = plan.graph.program.source
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
        local=bool(local_modules(plan)),
        path=json.dumps(local_path(plan), ensure_ascii=False),
        program=json.dumps(source.path.name, ensure_ascii=False)
        if source.kind != "notebook"
        else "",
    )


def requirements_text(plan: Plan) -> str:
    """Return the versions that the observed run used, and what the project itself needs."""
    packages = plan.graph.trace.packages
    rows = [f"{name}=={public_version(packages[name])}" for name in sorted(packages, key=str.lower)]
    rows = [row for row in rows if not row.startswith("thruway==")]
    if schema_ports(plan) and "pandera" not in packages:
        rows.append(pandera_requirement(plan))
    rows.append(f"thruway=={__version__}")
    heading = "# What the observed run used"
    python = plan.graph.trace.python
    return "\n".join([f"{heading}, with Python {python}." if python else f"{heading}.", *rows, ""])


def public_version(version: str) -> str:
    """Return a version without its local part, which no index serves."""
    return version.partition("+")[0]


def readme_text(plan: Plan, *, data: str, proven: str) -> str:
    """Return `README.md`.

    Args:
        plan: what was written.
        data: folder that relative paths of the program refer to, relative to the project.
        proven: Markdown on what was proven; "" when nothing was.
    """
    parameters = pipeline_parameters(plan)
    words = intro(plan)
    modules = local_modules(plan)
    return fill(
        "README.md.jinja",
        title=" ".join(plan.title.split()),
        package=plan.package,
        source=plan.graph.program.source.path.name,
        count=len(plan.graph.program.statements),
        intro=words.split("\n") if says_more(words, plan.title) else [],
        commands=_commands(parameters),
        call=f"{plan.package}({_first(parameters)})",
        steps=[_step_row(plan, step) for step in plan.steps],
        has_schemas=bool(schema_ports(plan)),
        parameters=[_parameter_row(plan, parameter) for parameter in parameters],
        modules=", ".join(f"`{name}`" for name in modules),
        one_module=len(modules) == 1,
        data=data or ".",
        proven=proven.strip() or NOT_PROVEN,
    )


def _step_row(plan: Plan, step: StepPlan) -> tuple[str, ...]:
    link = f"[`{step.name}`]({step_file(plan.package, step.function)})"
    place = origin(plan, step).rpartition(" of ")[0]
    title = _cell(step.title) + (f" *({place})*" if place else "")
    return link, step.role, title, _names(step.inputs), _names(step.outputs)


def _names(ports: Sequence[Port]) -> str:
    shown = ports if len(ports) <= _MOST_PORTS else ports[: _MOST_PORTS - 1]
    names = [f"`{port.name}`" for port in shown]
    return ", ".join(names) + (f" and {len(ports) - len(shown)} more" if shown != ports else "")


def _parameter_row(plan: Plan, parameter: Parameter) -> tuple[str, ...]:
    users = [
        step.name
        for step in plan.steps
        if any(each.pipeline_name == parameter.pipeline_name for each in step.parameters)
    ]
    what = parameter.kind if parameter.kind in parameter.reason else f"{parameter.kind}: "
    what = parameter.reason if what == parameter.kind else f"{what}{parameter.reason}"
    comment = " ".join(row.strip().lstrip("# ") for row in parameter.comment.split("\n")).strip()
    return (
        f"`{parameter.pipeline_name}`",
        _code(parameter.default),
        _code(parameter.annotation),
        _cell(what) + (f" ({_cell(comment)})" if comment else ""),
        ", ".join(f"`{user}`" for user in users),
    )


def _commands(parameters: Sequence[Parameter]) -> list[str]:
    """Return the lines of a shell that one needs, with what they do in a column."""
    commands = {"thruway run .": "the second time, only what changed"}
    if sample := _sample(parameters):
        commands[f"thruway run . -p {sample}"] = "sets a parameter"
    commands |= {
        "thruway run . --isolate": "every step in a process of its own",
        "thruway verify .": "proves again that it computes what the original computes",
        "pytest": "replays the steps on what the last run recorded",
    }
    width = max(map(len, commands))
    return [f"{command:{width}}  # {words}" for command, words in commands.items()]


def _sample(parameters: Sequence[Parameter]) -> str:
    """Return `name=value` for one parameter, "" if there are none."""
    chosen = next((p for p in parameters if p.annotation in ("int", "float")), None)
    chosen = chosen or next(iter(parameters), None)
    if chosen is None or len(chosen.default) > 30 or not chosen.default.isascii():
        return ""
    value = chosen.default.strip("'\"") if chosen.annotation == "str" else chosen.default
    if any(sign in value for sign in " '\"$`\\*?#&;|<>()"):
        return ""
    return f"{chosen.pipeline_name}={value}"


def _first(parameters: Sequence[Parameter]) -> str:
    chosen = next((p for p in parameters if p.annotation in ("int", "float")), None)
    return f"{chosen.pipeline_name}={chosen.default}" if chosen else ""


def _code(text: str) -> str:
    """Return text as code in a cell of a Markdown table."""
    shown = _cell(text)
    if len(shown) > _LONGEST_CODE:
        shown = shown[: _LONGEST_CODE - 1] + "…"
    ticks = "``" if "`" in shown else "`"
    space = " " if ticks == "``" else ""
    return f"{ticks}{space}{shown}{space}{ticks}"


def _cell(text: str) -> str:
    """Return text that does not end a cell of a Markdown table."""
    return " ".join(text.split()).replace("|", "\\|")


def without_proof(readme: str) -> str:
    """Return a README without what was proven: the part that no proof changes."""
    return with_proof(readme, "")


def with_proof(readme: str, proven: str) -> str:
    """Return a README with its last section, on what was proven, replaced."""
    before, heading, _ = readme.rpartition(PROVEN_HEADING)
    return f"{before}{heading}\n\n{proven.strip()}\n" if heading else readme
