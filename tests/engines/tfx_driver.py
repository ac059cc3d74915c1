"""Runs compiled pipelines with TFX, and the same projects locally, in one process.

    python tfx_driver.py WORK.json ANSWERS.json

TensorFlow is imported once for all of them. What is given and what is answered is JSON, since this
runs in the environment of TFX, and the tests do not.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "behaviour"))

from backends import local, outcome


def main() -> None:
    work, answers = map(Path, sys.argv[1:])
    found = {}
    for case in json.loads(work.read_text()):
        try:
            found[case["name"]] = answered(case)
        except Exception:
            found[case["name"]] = {"crashed": traceback.format_exc()}
        answers.write_text(json.dumps(found, default=repr))


def answered(case: dict[str, Any]) -> dict[str, Any]:
    folder = Path(case["folder"])
    answer: dict[str, Any] = {"folder": str(folder)}
    if "local" in case:
        # In this process where that is the same, since it is faster.
        executor = case.get("executor", "in-process")
        answer["local"] = asdict(local(folder / "local", case["local"], executor))
    sys.path.insert(0, str(folder))
    runner = importlib.import_module(case["module"])
    sys.path.pop(0)
    answer["runs"] = [with_tfx(runner, folder, given) for given in case["runs"]]
    if "imports" in case:
        answer["imported"] = imported(folder)
    answer["lineage"] = lineage(folder / "mlmd.sqlite")
    return answer


def imported(folder: Path) -> dict[str, Any]:
    """Import a component of TFX as a step, and run it with what a component of TFX gave."""
    from thruway.api.importing import import_component
    from thruway.components.foreign import tfx as foreign
    from thruway.kit.project import load_project
    from thruway.run import run_project

    (examples,) = folder.glob("root/ingest_examples/examples/*")
    project = folder / "project"
    sys.path.insert(0, str(project))
    os.environ["PYTHONPATH"] = f"{os.environ['PYTHONPATH']}{os.pathsep}{project}"
    done = import_component("tfx:own_tfx.Longest", project)
    (project / "own_flow.py").write_text(
        f"from thruway import File, pipeline, step\nfrom {done.module} import {done.step}\n\n"
        "@step\ndef words() -> File:\n"
        "    return File('in/words.txt').write_bytes(b'a\\nccc\\nbb\\n')\n\n"
        "@step\ndef folder(file: File) -> File:\n    return File('in')\n\n"
        "@step\ndef read(file: File) -> str:\n    return open(f'{file}/word.txt').read()\n\n"
        "@pipeline\ndef own():\n    made = longest(folder(words()), times=2)\n"
        "    return made.size, read(made.word)\n"
    )
    ran = run_project(load_project(project / "own_flow.py"))
    os.chdir(folder)
    given = {"examples": str(examples)}
    statistics = foreign.run("tfx.components.StatisticsGen", given, ("examples", "schema"))
    made = sorted(each.as_posix() for each in Path("StatisticsGen").rglob("*.pb"))
    return {
        "step": (project / f"{done.module.replace('.', '/')}.py").read_text(),
        "values": [ran.load(name) for name in ran.results],
        "statistics": [sorted(statistics), made],
    }


def with_tfx(runner: Any, folder: Path, given: dict[str, Any]) -> dict[str, Any]:
    if "write" in given:
        path, text = given["write"]
        Path(path).write_text(text)
    run = runner.run(
        given["params"], str(folder / "root"), str(folder / "mlmd.sqlite"), given.get("run_id", "")
    )
    project = folder / "project"
    record: dict[str, Any] = {
        "said": str(run),
        "status": run.exit_code,
        "failed": {name: str(error) for name, error in run.failed.items()},
        "run_id": run.run_id,
    }
    with contextlib.suppress(Exception):
        errors = "\n".join(map(str, filter(None, run.failed.values())))
        record |= asdict(outcome(project, errors, run.ended[0]))
    return record


def lineage(file: Path) -> dict[str, Any]:
    """Return what ML Metadata has: executions with their state, artifacts, who took and gave them."""
    from ml_metadata.metadata_store import metadata_store
    from ml_metadata.proto import metadata_store_pb2 as pb

    config = pb.ConnectionConfig()
    config.sqlite.filename_uri = str(file)
    store = metadata_store.MetadataStore(config)
    types = {each.id: each.name for each in store.get_execution_types()}
    executions = store.get_executions()
    artifacts = {each.id: each for each in store.get_artifacts()}
    events = store.get_events_by_execution_ids([each.id for each in executions])
    by_id = {each.id: types[each.type_id].rpartition(".")[2] for each in executions}
    return {
        "executions": [
            [by_id[each.id], pb.Execution.State.Name(each.last_known_state)] for each in executions
        ],
        "artifacts": [
            [each.type, {k: v.string_value for k, v in sorted(each.custom_properties.items())}]
            for each in artifacts.values()
        ],
        "events": [
            [
                by_id[each.execution_id],
                "gives" if each.type == pb.Event.OUTPUT else "takes",
                each.path.steps[0].key,
                artifacts[each.artifact_id].type,
            ]
            for each in events
        ],
    }


if __name__ == "__main__":
    main()
