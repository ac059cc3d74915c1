"""Runs and reads pipelines in the environment of an engine; called there, gives JSON.

python airflow_outcomes.py local '{"FOLDER": [{"rows": 40}]}'
python airflow_outcomes.py read '{"FOLDER": ["RUN", ...]}'
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "behaviour"))

from backends import local, outcome

if __name__ == "__main__":
    what, told = sys.argv[1], json.loads(sys.argv[2])
    if what == "local":
        found = {f: [asdict(local(Path(f), p, "processes")) for p in ps] for f, ps in told.items()}
    else:
        found = {f: [asdict(outcome(Path(f), "", run)) for run in runs] for f, runs in told.items()}
    sys.stdout.write(f"\n{json.dumps(found, default=repr)}\n")
