"""What runs a shape: each backend gives the artifacts by node and port, and what was refused.

An engine that is not in this environment has a backend beside this file, `backend_<engine>.py`, and
tests that `make test-engines` runs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from thruway.errors import ThruwayError
from thruway.kit.project import load_project
from thruway.run import (
    EngineRun,
    Part,
    RunOptions,
    describe_run,
    finish_parts,
    list_runs,
    load_artifact,
    run_part,
    run_project,
)

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Outcome:
    """What came of a run.

    Attributes:
        state: of the run, as the store has it.
        hashes: `node.port` → address, of the nodes of the pipeline that are done.
        states: node → state.
        values: name of a result → value.
        params: as recorded.
        error: what was refused, "" if nothing.
    """

    state: str
    hashes: dict[str, str] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    error: str = ""


def outcome(folder: Path, error: str = "", run: str = "latest") -> Outcome:
    """Read what the store of a project says of a run."""
    storage = load_project(folder).storage
    record = describe_run(storage, run)
    done = [e for e in record["executions"] if e["state"] in ("COMPLETE", "CACHED", "SKIPPED")]
    newest = {each["step"]: each for each in done}
    hashes = {
        f"{step}.{port}": ref["hash"]
        for step, each in newest.items()
        if "[" not in step
        for port, ref in each["outputs"].items()
    }
    values = {
        name: load_artifact(storage, f"{hashes[f'{step}.{port}']}/{port}")
        for name, (step, port) in record["results"].items()
    }
    states = {step: each["state"] for step, each in newest.items() if "[" not in step}
    return Outcome(record["state"], hashes, states, values, record["params"], error)


def local(folder: Path, params: dict[str, Any], executor: str) -> Outcome:
    """Run with an executor of ours."""
    try:
        run_project(load_project(folder), RunOptions(params=params, executor=executor))
    except ThruwayError as error:
        return outcome(folder, str(error))
    return outcome(folder)


def in_parts(folder: Path, params: dict[str, Any], _executor: str = "") -> Outcome:
    """Run as an engine would: every task by itself, those that a failed one needs left out."""
    project = load_project(folder)
    of = EngineRun("parts", f"run {len(list_runs(project.storage))}", "http://parts/run")
    options = RunOptions(params=params)
    failed: set[str] = set()
    errors: list[str] = []
    for node in project.dag().nodes:
        if failed & set(node.needs):
            failed.add(node.name)
            continue
        try:
            _node(project, of, node, options)
        except ThruwayError as error:
            errors.append(str(error))
            failed.add(node.name)
    run, _ = finish_parts(project, of)
    return outcome(folder, "\n".join(errors), run)


def _node(project: Any, of: EngineRun, node: Any, options: RunOptions) -> None:
    tries = 1 + int(dict(node.step.options).get("retries", 0))
    for left in reversed(range(tries)):
        try:
            if not node.mapped:
                run_part(project, Part(of, node.name), options)
                return
            count = run_part(project, Part(of, node.name, "items"), options).count
            for index in range(count or 0):
                run_part(project, Part(of, node.name, "item", index), options)
            run_part(project, Part(of, node.name, "gather"), options)
        except ThruwayError as error:
            if not left or type(error).__name__ != "StepFailed":
                raise
        else:
            return
