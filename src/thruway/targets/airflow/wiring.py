"""What waits for what, and what becomes of it when that was skipped or failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from thruway.targets.tasks import Task

ALSO_AFTER_SKIPPED = "none_failed"


def rules(tasks: Iterable[Task]) -> dict[str, str]:
    """Return the trigger rule of each task, "" for Airflow's own: all before it succeeded.

    What comes after a step that may be skipped runs all the same: whether it is called is its own
    condition's business, and a branch that was not taken is None to it. A gathering runs although
    there was no item.
    """
    found: dict[str, str] = {}
    optional: set[str] = set()
    for task in tasks:
        after = not optional.isdisjoint(task.needs)
        runs = task.stage == "gather" or (after and task.stage != "item")
        found[task.name] = ALSO_AFTER_SKIPPED if runs else ""
        if after or task.condition:
            optional.add(task.name)
    return found


def before_the_end(tasks: Iterable[Task]) -> list[str]:
    """Return the tasks that the end of the run has to wait for itself.

    It must come when nothing runs any more. What follows a task that failed is marked as failed
    while others go on; so it is not enough to wait for the last ones. It is enough where a task is
    the only one that another waits for: that one cannot be over before it.
    """
    every = list(tasks)
    covered = {task.needs[0] for task in every if len(task.needs) == 1}
    return [task.name for task in every if task.name not in covered]
