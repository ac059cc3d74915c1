"""Run a migrated project, each step in a process of its own; give what each printed and wrote.

A command: `python pipeline.py PROJECT PYTHON SEED`, which prints JSON. It does not ask `verify`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from thruway.errors import ThruwayError
from thruway.kit.project import load_project
from thruway.run import RunOptions, run_project


def main() -> int:
    """Run it; return 0 when every step came to its end."""
    project, python, seed = sys.argv[1:]
    options = RunOptions(seed=int(seed), isolate=True, force=True, probe=True, python=python)
    try:
        result = run_project(load_project(Path(project)), options)
    except ThruwayError as error:
        print(json.dumps({"error": error.dump()}))
        return 1
    steps = [
        {
            "name": step.name,
            "stdout": step.record.stdout if step.record else "",
            "files": sorted(step.files),
            "seconds": step.seconds,
        }
        for step in result.steps
    ]
    print(json.dumps({"steps": steps, "outputs": str(result.outputs)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
