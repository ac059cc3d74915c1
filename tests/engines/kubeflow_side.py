"""Runs compiled pipelines in the environment of KFP, and the same ones without it.

    python kubeflow_side.py jobs.txt results.json

A job is {name, plain: folder, engine: folder, package: file, params}: its pipeline is run with an
executor of ours in one folder, and by `kfp.local` from the package in the other. What the two
lineages say is written down, with the artifacts that KFP saw.

A job with `edits` is run once for each, with KFP's cache on: an edit is {file: text} that is written
before. What is written down is, for each of them, what came of it both ways, and what KFP ran.
"""

from __future__ import annotations

import ast
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "behaviour"))

from backends import local, outcome
from kfp import components
from kfp import local as runner


def main() -> None:
    """Do the jobs."""
    jobs = ast.literal_eval(Path(sys.argv[1]).read_text())  # there are tuples in them
    done = {job["name"]: one(job) for job in jobs}
    Path(sys.argv[2]).write_text(json.dumps(done, default=repr))


def one(job: dict[str, Any]) -> dict[str, Any]:
    """Run a pipeline both ways."""
    if "edits" in job:
        return {"runs": cached(job)}
    found: dict[str, Any] = {}
    if job.get("plain"):
        found["plain"] = asdict(local(Path(job["plain"]), job["plain_params"], "processes"))
    # Files of every task lie in a folder of its own for each run, as KFP has it.
    root = tempfile.mkdtemp()
    runner.init(runner.SubprocessRunner(use_venv=False), pipeline_root=root, raise_on_error=True)
    error = ""
    for _ in range(job.get("times", 1)):
        try:
            components.load_component_from_file(job["package"])(**job["params"])
        except RuntimeError as failure:
            error = str(failure)
    found["engine"] = asdict(outcome(Path(job["engine"]), error))
    found["files"] = {
        file.relative_to(root).as_posix().partition("/")[2]: file.read_text()
        for file in sorted(Path(root).rglob("*"))
        if file.is_file()
    }
    return found


def cached(job: dict[str, Any]) -> list[dict[str, Any]]:
    """Run a pipeline once for each edit."""
    root = tempfile.mkdtemp()
    runner.init(
        runner.SubprocessRunner(use_venv=False),
        pipeline_root=root,
        raise_on_error=True,
        enable_caching=True,
    )
    found = []
    known: set[Path] = set()
    for edit in job["edits"]:
        for folder in (job["plain"], job["engine"]):
            for name, text in edit.items():
                (Path(folder) / name).write_text(text)
        components.load_component_from_file(job["package"])(**job["params"])
        done = set(Path(root).rglob("executor_output.json"))
        found.append(
            {
                "plain": asdict(local(Path(job["plain"]), job["plain_params"], "processes")),
                "engine": asdict(outcome(Path(job["engine"]))),
                "ran": sorted(file.parent.name for file in done - known),
            }
        )
        known = done
    return found


if __name__ == "__main__":
    main()
