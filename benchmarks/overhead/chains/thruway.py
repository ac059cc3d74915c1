"""Thruway: writes the pipeline of a chain of `argv[1]` steps, which `thruway run` runs."""

import sys
from pathlib import Path

HEAD = """\
from thruway import pipeline, step


@step
def add(x: int) -> int:
    return x + 1


@pipeline
def chain(x: int = 0):
"""

if __name__ == "__main__":
    calls = "    x = add(x)\n" * int(sys.argv[1])
    Path("pipeline.py").write_text(f"{HEAD}{calls}    return x\n")
