"""What was asked for: the options of `compile`, checked, as the DAG file needs them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from thruway.errors import UsageError

if TYPE_CHECKING:
    from thruway.kit.project import ProjectConfig
    from thruway.targets.tasks import Tasks
    from thruway.targets.types import CompileOptions

OPTIONS = {
    "assets": "assets that it is scheduled on: `a,b` for all of them, `a|b` for any",
    "dag": "id of the DAG; the name of the pipeline by default",
    "data": "of a package: folder on the workers that relative paths of data refer to",
    "gpu_pool": "pool of the tasks that need a GPU, a slot for each GPU",
    "kubernetes": "`yes`: processors, memory and GPUs are requested of Kubernetes, pod by pod",
    "package": "`yes`: the project is written as a package to install on the workers",
    "pool": "pool of the tasks, a slot for each processor",
    "python": "interpreter on the workers that has the project's packages; Airflow's by default",
    "span": "parameter that is given the date whose data a run is for",
    "tags": "tags of the DAG beside `thruway`, with commas between them",
}
_PRESETS = (
    "@once", "@hourly", "@daily", "@weekly", "@monthly", "@quarterly", "@yearly", "@continuous",
)  # fmt: skip
_CRON = re.compile(r"\S+( \S+){4,5}")
_ID = re.compile(r"[\w.-]{1,250}")


@dataclass(frozen=True)
class Settings:
    """How the DAG is to be.

    Attributes:
        dag: its id.
        project: where tasks find the project; "" when it is a package.
        package: name of the package that holds it; "" when it is a folder.
        data: of a package: what relative paths of data refer to; "" for as it is.
        python: interpreter of the tasks; "" for that of the worker.
        storage: environment variable → value.
        schedule: cron expression or preset; "" for never.
        assets: that it is scheduled on.
        any_asset: any of them is enough.
        start: first date; None for none.
        catchup: whether missed spans are made up for.
        span: parameter that gets the date of a run; "" for none.
        pool, gpu_pool: pools; "" for Airflow's default.
        pods: whether resources are requested pod by pod.
        image: of the pods; "" for that of the cluster.
        tags: of the DAG.
    """

    dag: str
    project: str
    package: str
    data: str
    python: str
    storage: dict[str, str]
    schedule: str
    assets: tuple[str, ...]
    any_asset: bool
    start: datetime | None
    catchup: bool
    span: str
    pool: str
    gpu_pool: str
    pods: bool
    image: str
    tags: tuple[str, ...]


def settings(project: ProjectConfig, tasks: Tasks, options: CompileOptions) -> Settings:
    """Return what was asked for.

    Raises:
        UsageError: there is no such option, or its value makes no sense.
    """
    more = options.more
    for name in more:
        if name not in OPTIONS:
            raise UsageError(
                f"the target airflow has no option `{name}`",
                fix=f"use one of: {', '.join(OPTIONS)}",
            )
    dag = more.get("dag", "") or tasks.pipeline
    if not _ID.fullmatch(dag):
        raise UsageError(
            f"`{dag}` is no id of a DAG", fix="letters, digits, `_`, `-` and `.`, at most 250"
        )
    packaged = _yes(options, "package")
    if packaged and options.project:
        raise UsageError(
            "the project is either a package or a folder on the workers",
            fix="leave out `-o package=yes` or --project-at",
        )
    if "data" in more and not packaged:
        raise UsageError(
            "`-o data` is for a project that is written as a package", fix="add -o package=yes"
        )
    assets = more.get("assets", "")
    return Settings(
        dag=dag,
        project="" if packaged else options.project or project.dir.as_posix(),
        package=_package_name(dag) if packaged else "",
        data=more.get("data", ""),
        python=more.get("python", ""),
        storage=_storage(options),
        schedule=_schedule(options),
        assets=tuple(filter(None, map(str.strip, re.split(r"[,|]", assets)))),
        any_asset=_any_of(assets),
        start=_start(options),
        catchup=_catchup(options),
        span=_span(tasks, more.get("span", "")),
        pool=more.get("pool", ""),
        gpu_pool=more.get("gpu_pool", ""),
        pods=_pods(options),
        image=options.image,
        tags=tuple(filter(None, map(str.strip, more.get("tags", "").split(",")))),
    )


def _yes(options: CompileOptions, name: str) -> bool:
    text = options.more.get(name, "no")
    if text not in ("yes", "no"):
        raise UsageError(f"`-o {name}={text}` is neither yes nor no", fix=f"write -o {name}=yes")
    return text == "yes"


def _package_name(dag: str) -> str:
    return f"{re.sub(r'[^0-9a-zA-Z_]', '_', dag).lower()}_project"


def _any_of(assets: str) -> bool:
    if "|" in assets and "," in assets:
        raise UsageError(
            f"`-o assets={assets}` mixes `,` (all of them) and `|` (any of them)",
            fix="use one of both, or change the schedule in the DAG file",
        )
    return "|" in assets


def _pods(options: CompileOptions) -> bool:
    pods = _yes(options, "kubernetes")
    if options.image and not pods:
        raise UsageError(
            "an image is for tasks that are pods of Kubernetes", fix="add -o kubernetes=yes"
        )
    return pods


def _storage(options: CompileOptions) -> dict[str, str]:
    given = {"THRUWAY_STORE": options.store, "THRUWAY_LINEAGE": options.lineage}
    for name, url in given.items():
        if "://" in url and urlsplit(url).password:
            raise UsageError(
                "the file of a DAG is no place for a password",
                where=f"--{name.removeprefix('THRUWAY_').lower()}",
                fix=f"leave it out here, and set {name} on the workers, from a secret",
            )
    return {name: url for name, url in given.items() if url}


def _schedule(options: CompileOptions) -> str:
    text = " ".join(options.schedule.split())
    if text and text not in _PRESETS and not _CRON.fullmatch(text):
        raise UsageError(
            f"`{options.schedule}` is no schedule of Airflow",
            where="--schedule",
            fix=f"write a cron expression such as `30 5 * * 1`, or one of: {', '.join(_PRESETS)}",
        )
    return text


def _start(options: CompileOptions) -> datetime | None:
    if not options.start:
        return None
    try:
        found = datetime.fromisoformat(options.start)
    except ValueError as error:
        raise UsageError(
            f"`{options.start}` is no date", where="--start", fix="write it as 2026-01-31"
        ) from error
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _catchup(options: CompileOptions) -> bool:
    if options.catchup and not (options.start and options.schedule):
        raise UsageError(
            "there is nothing to catch up with, without a schedule and its first date",
            where="--catchup",
            fix="add --schedule and --start",
        )
    return options.catchup


def _span(tasks: Tasks, name: str) -> str:
    known = {parameter.name: parameter for parameter in tasks.parameters}
    if name and name not in known:
        raise UsageError(
            f"pipeline `{tasks.pipeline}` has no parameter `{name}`",
            where="-o span",
            fix=f"use one of: {', '.join(known) or '(it has none)'}",
        )
    return name
