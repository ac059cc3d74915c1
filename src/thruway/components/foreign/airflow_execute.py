"""What an operator of Airflow needs to work; also a program, for an interpreter that has Airflow.

It imports nothing of Thruway, since that need not be there.
"""

from __future__ import annotations

import importlib
import json
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def execute(operator: str, task_id: str, arguments: Mapping[str, Any]) -> Any:
    """Make the operator and let it work, in this process."""
    module, _, name = operator.rpartition(".")
    kind = getattr(importlib.import_module(module), name)
    made = kind(task_id=task_id, **arguments)
    return made.execute(context_of(made))


def context_of(task: Any) -> dict[str, Any]:
    """Return the part of a context that needs no scheduler."""
    now = datetime.now(timezone.utc)  # noqa: UP017 - an older Python may run this
    return {
        "task": task,
        "ti": _TaskInstance(task.task_id),
        "task_instance": _TaskInstance(task.task_id),
        "params": {},
        "run_id": f"thruway__{now.isoformat()}",
        "logical_date": now,
        "ds": now.date().isoformat(),
        "ts": now.isoformat(),
    }


class _TaskInstance:
    """What an operator asks of its task; nothing is shared with other tasks."""

    try_number = 1
    map_index = -1

    def __init__(self, task_id: str) -> None:
        self.task_id = task_id
        self.dag_id = self.run_id = "thruway"

    def xcom_push(self, key: str, value: Any, **_: Any) -> None:
        """Say what is lost: a step gives what `execute` returns."""
        print(f"{self.task_id}: `{key}` is not kept: {value!r}", file=sys.stderr)  # noqa: T201

    def xcom_pull(self, *_: Any, **__: Any) -> Any:
        """Refuse: a step takes arguments."""
        message = f"`{self.task_id}` pulls from XCom, and a step takes all it needs as arguments"
        raise RuntimeError(message)


def _main() -> None:
    asked, answer = map(Path, sys.argv[1:])
    operator, task_id, arguments = json.loads(asked.read_text(encoding="utf-8"))
    answer.write_text(json.dumps(execute(operator, task_id, arguments)), encoding="utf-8")


if __name__ == "__main__":
    _main()
