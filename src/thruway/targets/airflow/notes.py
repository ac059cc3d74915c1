"""What has to be set up where the DAG runs, a sentence each."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from thruway.kit.project import ProjectConfig
    from thruway.targets.airflow.settings import Settings
    from thruway.targets.tasks import Tasks


def notes(project: ProjectConfig, tasks: Tasks, asked: Settings) -> tuple[str, ...]:
    """Return what has to be set up, in the order in which one does it."""
    return tuple(_notes(project, tasks, asked))


def _notes(project: ProjectConfig, tasks: Tasks, asked: Settings) -> Iterator[str]:
    yield f"put {asked.dag}_dag.py into the folder of DAGs; it needs Airflow 3.2 or newer alone"
    yield from _of_the_code(project, asked)
    yield from _of_the_store(project, asked)
    pools = [name for name in (asked.pool, asked.gpu_pool) if name]
    if pools:
        named = " and ".join(f"`{name}`" for name in pools)
        yield f"make the pools with `airflow pools set`, with a slot for each processor: {named}"
    if asked.pods:
        yield (
            "the tasks need KubernetesExecutor; all of Airflow needs "
            "apache-airflow-providers-cncf-kubernetes"
        )
    if any(task.stage == "item" for task in tasks.tasks):
        yield "for more than 1024 items of a fan-out, raise `max_map_length` in `[core]`"
    yield "set `base_url` in `[api]`: runs in the store link to Airflow then"


def _of_the_code(project: ProjectConfig, asked: Settings) -> Iterator[str]:
    python = asked.python or "the Python of Airflow"
    if asked.package:
        yield f"on the workers: `pip install ./{asked.package}` with {python}, where it may write"
        where = asked.data or "its own folder"
        yield f"relative paths of data refer to {where}" + ("" if asked.data else ": see `-o data`")
        return
    yield f"on the workers: {python} with thruway and the packages of the project"
    if asked.project == project.dir.as_posix():
        yield f"all workers must see the project at {asked.project}; or use --project-at"


def _of_the_store(project: ProjectConfig, asked: Settings) -> Iterator[str]:
    storage = project.storage
    objects = asked.storage.get("THRUWAY_STORE", "") or storage.objects
    lineage = asked.storage.get("THRUWAY_LINEAGE", "") or storage.lineage
    if "://" not in objects:
        place = objects or "the folder of the project"
        yield f"values are kept in {place}, which all workers must see; or use --store with a URL"
    if "://" not in lineage or lineage.startswith("sqlite"):
        yield (
            "tasks of a run find each other by its records, which are a file: for workers on "
            "several machines, use --lineage with a URL of PostgreSQL, or set THRUWAY_LINEAGE there"
        )
