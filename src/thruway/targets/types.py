"""What a target is given and what it gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from thruway.kit.project import ProjectConfig
    from thruway.run import Begun, PartResult
    from thruway.targets.tasks import Tasks


@dataclass(frozen=True)
class CompileOptions:
    """How a pipeline is to be compiled; every target says which of these it takes.

    Attributes:
        store: URL of the store that all tasks reach; "" for that of the project.
        lineage: URL of the lineage that all tasks reach; "" for that of the project.
        project: where tasks find the project: a folder on the workers, or in the image; "" for
            where it is now, or, for targets that run containers, where `thruway build` puts it.
        schedule: when it runs by itself: a cron expression or a word of the target; "" for never.
        start: first date that is scheduled, ISO 8601; "" for none.
        catchup: whether spans that were missed are made up for.
        image: container image of the tasks, for targets that run containers.
        more: options that only one target has, as text.
    """

    store: str = ""
    lineage: str = ""
    project: str = ""
    schedule: str = ""
    start: str = ""
    catchup: bool = False
    image: str = ""
    more: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Compiled:
    """What a target made of a pipeline.

    Attributes:
        files: path (posix, relative) → content.
        notes: what has to be set up where it runs, a sentence each.
    """

    files: Mapping[str, str]
    notes: tuple[str, ...] = ()


class Target(Protocol):
    """Compiles a pipeline; imports nothing of the system it compiles for."""

    def __call__(self, project: ProjectConfig, tasks: Tasks, options: CompileOptions) -> Compiled:
        """Return the files.

        Raises:
            CompileRefused: the pipeline has what the target cannot express; says what and why.
            UsageError: an option makes no sense for this target.
        """


@dataclass(frozen=True)
class Told:
    """What an engine tells a task in its own words.

    Attributes:
        params: parameter of the pipeline → value, those that are not the default.
        item: which item of a mapped step; None if it does not say.
        run: its id of the run; "" if it does not say.
        failed: it says that a task of the run failed.
    """

    params: Mapping[str, Any] = field(default_factory=dict)
    item: int | None = None
    run: str = ""
    failed: bool = False


class Talk(Protocol):
    """How a task and the engine that started it talk: made from the project and a message."""

    def told(self) -> Told:
        """Return what the engine tells the task.

        Raises:
            UsageError: a parameter is not of its type.
        """

    def begin(self, begun: Begun) -> None:
        """Leave for the engine what the store answers, for the keys of its own cache.

        Raises:
            UsageError: it asks for another pipeline.
        """

    def tell(self, done: PartResult) -> None:
        """Leave for the engine what came of the task, where it looks for that."""
