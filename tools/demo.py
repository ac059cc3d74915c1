"""The main job on a real notebook, with the commands a user would type.

Migrates `examples/cancer/cancer.ipynb` to a proven pipeline, runs it, runs it again from the
cache, changes a parameter, and says where everything is.
"""

from __future__ import annotations

import argparse
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK = ROOT / "examples" / "cancer" / "cancer.ipynb"


def main() -> int:
    """Run the demo; return the exit status of the first command that fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, default=Path("demo"), help="folder to work in")
    folder = parser.parse_args().into.resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    notebook = shutil.copytree(NOTEBOOK.parent, folder / "notebook") / NOTEBOOK.name
    commands = [
        ("From a notebook to a proven pipeline", ["migrate", str(notebook), "-o", "cancer"]),
        ("Run it (the proof has filled the cache)", ["run", "cancer", "--logs"]),
        ("Run it again with another parameter", ["run", "cancer", "-p", "TEST_SIZE=0.3"]),
        ("And again: all from the cache", ["run", "cancer", "-p", "TEST_SIZE=0.3"]),
        ("What was run", ["runs", "cancer"]),
    ]
    for title, words in commands:
        status = _run(title, words, folder)
        if status:
            return status
    print(f"\nThe project is {folder / 'cancer'}")
    print(f"  the pipeline   {folder / 'cancer' / 'cancer' / 'pipeline.py'}")
    print(f"  the steps      {folder / 'cancer' / 'cancer' / 'steps'}")
    print(f"  the report     {folder / 'cancer' / 'report.html'} (open it in a browser)")
    return 0


def _run(title: str, words: list[str], folder: Path) -> int:
    shown = shlex.join(["thruway", *(word.removeprefix(f"{folder}/") for word in words)])
    print(f"\n== {title}\n$ {shown}", flush=True)
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "thruway.ui.main", *words], cwd=folder, check=False
    )
    print(f"({time.perf_counter() - began:.1f} s)", flush=True)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
