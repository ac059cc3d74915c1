"""Compile a pipeline to a DAG of Airflow 3."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from thruway.errors import CompileRefused
from thruway.targets.airflow import calling
from thruway.targets.airflow.dag import DagText
from thruway.targets.airflow.interface import AssetOf, assets_of, schemas
from thruway.targets.airflow.notes import notes
from thruway.targets.airflow.package import packaged
from thruway.targets.airflow.settings import Settings, settings
from thruway.targets.airflow.text import call, laid, literal, mapping, value
from thruway.targets.types import Compiled, CompileOptions
from thruway.version import __version__

if TYPE_CHECKING:
    from thruway.kit.project import ProjectConfig
    from thruway.targets.tasks import Tasks

_LONGEST_ID = 250


def compile_airflow(project: ProjectConfig, tasks: Tasks, options: CompileOptions) -> Compiled:
    """Return one DAG file; and a package with the project if it was asked for.

    Raises:
        CompileRefused: Airflow would not take the names of the steps.
        UsageError: an option makes no sense.
    """
    asked = settings(project, tasks, options)
    _check_names(tasks)
    files = {f"{asked.dag}_dag.py": _file(project, tasks, asked)}
    if asked.package:
        files |= packaged(project, asked)
    return Compiled(files, notes(project, tasks, asked))


def _check_names(tasks: Tasks) -> None:
    names = {task.name for task in tasks.tasks}
    groups = {name.rpartition(".")[0] for name in names}
    for task in tasks.tasks:
        if len(task.name) > _LONGEST_ID:
            raise CompileRefused(
                f"the name of step `{task.name}` has more than {_LONGEST_ID} characters",
                fix="shorten the names of the step, or of the pipelines around it",
            )
        if task.name in groups:
            raise CompileRefused(
                f"step `{task.name}` has the name of a group: of a mapped step, or of a pipeline",
                fix="rename one of the two",
            )


def _file(project: ProjectConfig, tasks: Tasks, asked: Settings) -> str:
    parameters = schemas(tasks, asked)
    assets = assets_of(project.dag(), tasks)
    outlets: dict[str, list[str]] = {}
    for asset in assets:
        for task in asset.tasks:
            outlets.setdefault(task, []).append(asset.name)
    dag = "\n".join(DagText(tasks, asked, outlets, parameters=bool(parameters)).lines())
    body = "\n\n".join(
        part.strip("\n") + "\n"
        for part in (
            _constants(tasks, asked, parameters, assets),
            dag,
            *_functions(tasks, asked, bool(parameters), bool(assets)),
            "pipeline()",
        )
    )
    return f"{_docstring(project, tasks)}\n{_imports(body)}\n{body}"


def _docstring(project: ProjectConfig, tasks: Tasks) -> str:
    said = tasks.doc.strip().replace("\\", "\\\\").replace('"""', '\\"""')
    first = said or f"The pipeline `{tasks.pipeline}`."
    return f'''"""{first}

Made by Thruway {__version__} from the pipeline `{project.module}:{project.name}`. To change it,
change the pipeline, and compile it again.

Each task calls one step with `thruway task`; its log begins with that line. Values do
not pass through Airflow: a step finds them in the store, and hands on what they are
called there. What was computed before is not computed again.
"""

from __future__ import annotations
'''


def _constants(
    tasks: Tasks, asked: Settings, parameters: dict[str, Any], assets: list[AssetOf]
) -> str:
    lines = []
    if asked.project:
        lines += ["# Where the workers find the project.", _project(asked.project)]
    lines += ["# The interpreter that has the packages of the project.", _python(asked)]
    if asked.storage:
        lines += ["# Where all tasks keep values and records; the environment of a worker wins."]
        lines += [laid("STORAGE = ", value(asked.storage))]
    if asked.image:
        lines += ["# What runs a task.", f"IMAGE = {literal(asked.image)}"]
    if any(task.options.timeout for task in tasks.tasks):
        lines += ["# A step keeps its time limit itself; beyond it, it is started and stored."]
        lines += ["TIME_BEYOND = timedelta(minutes=10)"]
    if asked.span:
        lines += ["# The parameter that says which data a run is for."]
        lines += [f"SPAN = {literal(asked.span)}"]
    if parameters:
        lines += ["", "# The parameters of the pipeline, with JSON schemas of their values."]
        lines += [laid("PARAMETERS = ", value(parameters))]
    fixed = [p.name for p in tasks.parameters if p.name not in parameters]
    if fixed:
        named = ", ".join(f"`{name}`" for name in fixed)
        lines += [f"# JSON cannot write the value of {named}: it stays as the pipeline has it."]
    if assets:
        lines += ["", "# What a run updates; other DAGs can be scheduled on it."]
        lines += [laid("ASSETS = ", mapping({a.name: _asset(asked, a) for a in assets}))]
    return "\n".join(lines)


def _project(place: str) -> str:
    if re.match(r"[/\\]|[A-Za-z]:|~|\w+://", place):
        return laid("PROJECT = ", literal(place))
    return laid("PROJECT = ", f"str(Path(__file__).parent / {literal(place)})")


def _python(asked: Settings) -> str:
    return f"PYTHON = {literal(asked.python) if asked.python else 'sys.executable'}"


def _asset(asked: Settings, asset: AssetOf) -> Any:
    uri = f"x-thruway://{asked.dag}/{asset.name}"
    return call("Asset", literal(uri), group=literal(asset.kind))


def _functions(tasks: Tasks, asked: Settings, parameters: bool, assets: bool) -> list[str]:
    found = [
        calling.filled(
            calling.RUN_STEP,
            given=calling.GIVEN if parameters else "",
            events=calling.EVENTS if assets else "",
        ),
        calling.FINISH_RUN,
        calling.FINAL,
    ]
    if parameters:
        span = calling.SPAN if asked.span else ""
        found.append(calling.filled(calling.PARAMETERS, span=span))
    if asked.span:
        found.append(calling.filled(calling.SPAN_FUNCTION, form=_span_form(tasks, asked)))
    found.append(
        calling.filled(
            calling.THRUWAY,
            program='PYTHON, "-m", ' + literal(asked.package or "thruway.ui.main"),
            project="" if asked.package else "PROJECT, ",
            where='["--engine", "airflow", "--run-id", run]',
            environment="STORAGE | os.environ" if asked.storage else "os.environ.copy()",
        )
    )
    found.append(calling.LINK)
    if asked.pods:
        image = ", image=IMAGE" if asked.image else ""
        found.append(calling.filled(calling.POD, image=image))
    return found


def _span_form(tasks: Tasks, asked: Settings) -> str:
    """Return how the date of a run is written: as a number, it is the days since 1970."""
    kinds = {p.name: p.schema.get("type", "string") for p in tasks.parameters}[asked.span]
    numbers = {"integer", "number"}
    is_number = kinds in numbers if isinstance(kinds, str) else "string" not in kinds
    return "(when.date() - date(1970, 1, 1)).days" if is_number else "when.date().isoformat()"


def _imports(body: str) -> str:
    """Return the imports that a text needs, sorted as formatters sort them."""

    def uses(pattern: str) -> bool:
        return re.search(rf"(?<![\w.]){pattern}", body) is not None

    modules = "json os shlex signal subprocess sys".split()  # noqa: SIM905 - a list to read
    lines = [f"import {name}" for name in modules if uses(rf"{name}\.")]
    moments = [name for name in ("UTC", "date", "datetime", "timedelta") if uses(rf"{name}[(),]")]
    lines += [f"from datetime import {', '.join(moments)}"] if moments else []
    lines += ["from pathlib import Path", "from tempfile import TemporaryDirectory"]
    lines += ["from urllib.parse import quote", ""]
    classes = "Asset AssetAny AssetOrTimeSchedule CronDataIntervalTimetable CronTriggerTimetable"
    used = [name for name in f"{classes} Param TaskGroup".split() if uses(rf"{name}\(")]
    used += ["conf", "dag", "get_current_context", "task"]
    imported = laid("from airflow.sdk import ", ", ".join(used))
    if len(imported) > 88:
        imported = "from airflow.sdk import (\n" + "".join(f"    {n},\n" for n in used) + ")"
    lines += [imported]
    lines += ["from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException"]
    if uses(r"k8s\."):
        lines += ["from kubernetes.client import models as k8s"]
    return "\n".join([*lines, ""])
