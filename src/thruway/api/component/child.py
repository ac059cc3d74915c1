"""The other process of a check: calls the component, or runs it by executors."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

from thruway.api.component.around import called
from thruway.api.component.signature import outputs, plain
from thruway.errors import GateFailed, ThruwayError
from thruway.kit.project import ProjectConfig
from thruway.kit.values import storage
from thruway.kit.values.fingerprint import fingerprint
from thruway.run import RunOptions, run_project


def main(arguments: list[str]) -> None:
    """Do what `job.json` in a folder says, and write digests of what came out beside it."""
    place = Path(arguments[0])
    job = json.loads((place / "job.json").read_text(encoding="utf-8"))
    sys.path[:] = [*job["path"], *(each for each in sys.path if each not in job["path"])]
    if job["do"] == "call":
        told = {"call": _call(job, place)}
    else:
        told = {one: _run(one, job["names"], place) for one in job["executors"]}
    (place / "done.json").write_text(json.dumps(told), encoding="utf-8")


def _call(job: dict[str, Any], place: Path) -> dict[str, str]:
    found: Any = importlib.import_module(job["module"])
    for part in job["name"].split("."):
        found = getattr(found, part)
    call = called(plain(found), storage.read(job["format"], place / "given"), seed=0)
    if call.error is not None:
        return {"failed": f"it raised {type(call.error).__name__}: {call.error}".splitlines()[0]}
    return {name: fingerprint(value).hex for name, value in outputs(call.result).items()}


def _run(executor: str, names: list[str], place: Path) -> dict[str, str]:
    project = ProjectConfig(
        place,
        "checked_flow",
        "flow",
        Path.cwd(),
        outputs=place / executor / "outputs",
        store=place / executor / "store",
    )
    try:
        done = run_project(project, RunOptions(executor=executor, no_cache=True))
    except GateFailed:
        return {"stopped": "its gate failed, as when it is called directly"}
    except ThruwayError as error:
        return {"failed": error.what, "fix": error.fix}
    finally:
        sys.modules.pop("checked_flow", None)
    return {name: fingerprint(done.load(f"out_{at}")).hex for at, name in enumerate(names)}
