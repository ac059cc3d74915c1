"""The text of the DAG file."""

from __future__ import annotations

import keyword
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from thruway.kit.options import memory_bytes
from thruway.targets.airflow import wiring
from thruway.targets.airflow.text import Group, call, laid, listed, literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from thruway.targets.airflow.settings import Settings
    from thruway.targets.tasks import Task, Tasks

# What the function of the DAG can see, so that no variable in it has such a name.
_TAKEN = frozenset(
    ("ASSETS", "Asset", "DAG", "FINAL", "IMAGE", "PARAMETERS", "PROJECT",
     "PYTHON", "SPAN", "STORAGE", "TIME_BEYOND", "TaskGroup", "dag", "end",
     "finish_run", "k8s", "pipeline", "pod", "run_step", "task", "thruway",
     "timedelta")
)  # fmt: skip


@dataclass(frozen=True)
class Branch:
    """Tasks and groups of tasks, in the order of the pipeline.

    Attributes:
        name: of the group; "" for the DAG itself.
        parts: tasks and further groups.
    """

    name: str
    parts: list[Task | Branch] = field(default_factory=list)


def grouped(tasks: Sequence[Task]) -> Branch:
    """Return the tasks by group: the parts of a name before its last dot."""
    root = Branch("")
    groups: dict[str, Branch] = {"": root}
    for task in tasks:
        group = root
        *path, _ = task.name.split(".")
        for depth, name in enumerate(path, 1):
            full = ".".join(path[:depth])
            if full not in groups:
                groups[full] = Branch(name)
                group.parts.append(groups[full])
            group = groups[full]
        group.parts.append(task)
    return root


class DagText:
    """Writes the function that makes the DAG.

    Args:
        tasks: of the pipeline.
        settings: what was asked for.
        outlets: task → keys of `ASSETS` that it updates.
        parameters: whether there is a `PARAMETERS`.
    """

    def __init__(
        self, tasks: Tasks, settings: Settings, outlets: dict[str, list[str]], *, parameters: bool
    ) -> None:
        self._tasks = tasks
        self._settings = settings
        self._outlets = outlets
        self._parameters = parameters
        self._rules = wiring.rules(tasks.tasks)
        self._variables = _variables(tasks.tasks)

    def lines(self) -> Iterator[str]:
        """Yield the function and what is above it."""
        yield laid("@", self._decorator())
        yield "def pipeline():"
        yield from self._branch(grouped(self._tasks.tasks), 4)
        waits = [task for task in self._tasks.tasks if task.needs]
        if waits:
            yield ""
            yield "    # What each step waits for."
        for task in waits:
            names = [self._variables[name] for name in task.needs]
            needs = names[0] if len(names) == 1 else listed([*names])
            yield laid("", needs, f" >> {self._variables[task.name]}", 4)
        yield ""
        yield "    # The end comes whatever became of the steps, when none runs any more."
        small = '.override(executor_config=pod("500m"))' if self._settings.pods else ""
        end = call(f"finish_run{small}().as_teardown", on_failure_fail_dagrun="True")
        yield laid("end = ", end, "", 4)
        last = [self._variables[name] for name in wiring.before_the_end(self._tasks.tasks)]
        yield laid("", last[0] if len(last) == 1 else listed([*last]), " >> end", 4)

    def _decorator(self) -> Group:
        settings, doc = self._settings, self._tasks.doc.strip()
        named: dict[str, Group | str] = {"dag_id": literal(settings.dag)}
        if doc:
            named["description"] = literal(doc.splitlines()[0])
        named["doc_md"] = "__doc__"
        named["schedule"] = self._schedule()
        if settings.start:
            parts = list(settings.start.timetuple()[:6])
            while len(parts) > 3 and not parts[-1]:
                parts.pop()
            named["start_date"] = call("datetime", *map(str, parts), tzinfo="UTC")
        if settings.schedule:
            named["catchup"] = str(settings.catchup)
        if settings.schedule == "@continuous":
            named["max_active_runs"] = "1"
        if self._parameters:
            named["params"] = "{name: Param(**schema) for name, schema in PARAMETERS.items()}"
        named["tags"] = literal(["thruway", *settings.tags])
        return call("dag", **named)

    def _schedule(self) -> Group | str:
        settings = self._settings
        assets: Group | str = ""
        if settings.assets:
            each = [call("Asset", literal(name)) for name in settings.assets]
            wanted = call("AssetAny", *each)
            assets = wanted if settings.any_asset and len(each) > 1 else listed([*each])
        timetable = timetable_of(settings)
        if assets and timetable:
            cron = call(timetable, literal(settings.schedule), timezone='"UTC"')
            return call("AssetOrTimeSchedule", timetable=cron, assets=assets)
        if timetable == "CronDataIntervalTimetable":
            return call(timetable, literal(settings.schedule), timezone='"UTC"')
        return assets or (literal(settings.schedule) if settings.schedule else "None")

    def _branch(self, branch: Branch, indent: int) -> Iterator[str]:
        for part in branch.parts:
            if isinstance(part, Branch):
                yield f"{' ' * indent}with TaskGroup({literal(part.name)}):"
                yield from self._branch(part, indent + 4)
            else:
                yield self._task(part, indent)

    def _task(self, task: Task, indent: int) -> str:
        name, step = self._variables[task.name], literal(task.node)
        override = call("run_step.override", **self._options(task))
        if task.stage == "item":
            return _mapped(f"{name} = ", override, step, self._variables[task.over], indent)
        called = f"({step}, stage={literal(task.stage)})" if task.stage else f"({step})"
        return laid(f"{name} = ", override, called, indent)

    def _options(self, task: Task) -> dict[str, Group | str]:
        options = task.options
        found: dict[str, Group | str] = {"task_id": literal(task.name.rpartition(".")[2])}
        if rule := self._rules[task.name]:
            found["trigger_rule"] = literal(rule)
        if options.retries:
            found["retries"] = str(options.retries)
            found["retry_delay"] = call("timedelta", seconds=literal(options.backoff))
            found["retry_exponential_backoff"] = "2.0"
        if options.timeout:
            seconds = literal(options.timeout)
            found["execution_timeout"] = f"timedelta(seconds={seconds}) + TIME_BEYOND"
        found |= self._pool(task)
        if self._settings.pods:
            found["executor_config"] = _pod(task)
        if keys := self._outlets.get(task.name):
            found["outlets"] = listed([f"ASSETS[{literal(key)}]" for key in keys])
        found["doc_md"] = literal(f"{task.role}: `{task.doc}`" if task.role else f"`{task.doc}`")
        return found

    def _pool(self, task: Task) -> dict[str, Group | str]:
        options, settings = task.options, self._settings
        on_gpu = bool(options.gpu and settings.gpu_pool)
        pool = settings.gpu_pool if on_gpu else settings.pool
        slots = math.ceil(options.gpu if on_gpu else options.cpus)
        if not pool:
            return {}
        found: dict[str, Group | str] = {"pool": literal(pool)}
        return found | ({"pool_slots": str(slots)} if slots > 1 else {})


def timetable_of(settings: Settings) -> str:
    """Return the class of the timetable, "" where Airflow chooses it.

    A run that has a span of data is for the span between two ticks of the clock: Airflow starts it
    when the span is over.
    """
    if not settings.schedule or (settings.schedule in ("@once", "@continuous")):
        return ""
    if settings.span:
        return "CronDataIntervalTimetable"
    return "CronTriggerTimetable" if settings.assets else ""


def _mapped(before: str, override: Group, step: str, items: str, indent: int) -> str:
    """Return the statement that makes a task for each item, as formatters lay out such chains."""
    partial, expand = f'.partial(step={step}, stage="item")', f".expand(item={items})"
    line = laid(before, override, partial + expand, indent)
    if "\n" not in line:
        return line
    space = " " * indent
    chain = [laid("", override, "", indent + 4), f"{space}    {partial}", f"{space}    {expand}"]
    return "\n".join([f"{space}{before}(", *chain, f"{space})"])


def _pod(task: Task) -> Group:
    options = task.options
    cpu = f"{round(options.cpus * 1000)}m" if options.cpus % 1 else str(int(options.cpus))
    named: dict[str, Group | str] = {}
    if memory := memory_bytes(options.memory):
        named["memory"] = literal(str(memory))
    if options.gpu:
        named["gpu"] = literal(str(math.ceil(options.gpu)))
    return call("pod", literal(cpu), **named)


def _variables(tasks: Sequence[Task]) -> dict[str, str]:
    found: dict[str, str] = {}
    for task in tasks:
        name = task.name.replace(".", "_")
        while name in _TAKEN or keyword.iskeyword(name) or name in found.values():
            name += "_"
        found[task.name] = name
    return found
