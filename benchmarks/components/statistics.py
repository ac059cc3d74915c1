"""How long statistics of a table take, beside other libraries, as ratios measured in one run.

    python benchmarks/components/statistics.py [--rows 1000000] [--rounds 3] [--only NAME ...]
                                              [--cpu]

Each library gets the same CSV file, in a process of its own, one after the other, and so for each
round again; the first time does not count. *frame* is the description of the table in memory,
*file* with the reading of it. The environments are made on the first run (see environments.py);
`--only` chooses libraries (`tfdv_csv`, which takes minutes, only so),
`--numbers` the columns of numbers. `--cpu` measures processor time of all threads.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Last, not first: this file has the name of a module of the standard library.
sys.path = [*(one for one in sys.path if Path(one).resolve() != HERE), str(HERE)]

from statistics import median  # noqa: E402

from environments import environment, variables  # noqa: E402
from tables import wide  # noqa: E402

LIBRARIES = {
    "polars_pass": "the cheapest pass (polars: missing, min, max)",
    "thruway_polars": "Thruway, polars",
    "thruway_pandas": "Thruway, pandas",
    "thruway_arrow": "Thruway, Arrow",
    "polars": "polars `describe`",
    "pandas": 'pandas `describe(include="all")`',
    "tfdv": "TensorFlow Data Validation, of a frame",
    "tfdv_csv": "TensorFlow Data Validation, of a file",
    "ydata": "ydata-profiling, minimal",
}
ENVIRONMENTS = {"tfdv": "tfdv", "tfdv_csv": "tfdv", "ydata": "ydata"}
DEFAULT = [name for name in LIBRARIES if name != "tfdv_csv"]  # it takes minutes


def seconds(library: str, python: str, file: Path, clock: str) -> dict[str, list[float]]:
    """Run one library in its process and return its times."""
    words = [python, str(HERE / "workers.py"), library, str(file), "1", clock]
    own = python == sys.executable
    done = subprocess.run(
        words, capture_output=True, text=True, check=False, env=None if own else variables()
    )
    if done.returncode:
        sys.exit(f"{library} ended with {done.returncode}\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3, help="measured rounds of each (3)")
    parser.add_argument("--only", nargs="+", choices=LIBRARIES, default=DEFAULT)
    parser.add_argument("--numbers", action="store_true", help="only the columns of numbers")
    parser.add_argument("--cpu", action="store_true", help="processor time, for a busy machine")
    parser.add_argument("--envs", type=Path, default=HERE.parents[1] / ".envs")
    arguments = parser.parse_args()
    pythons = {
        name: environment(ENVIRONMENTS[name], arguments.envs)
        if name in ENVIRONMENTS
        else sys.executable
        for name in arguments.only
    }
    times = {name: {"frame": [], "file": []} for name in arguments.only}
    with tempfile.TemporaryDirectory(prefix="thruway-bench-") as folder:
        file = Path(folder) / "table.csv"
        table_ = wide(arguments.rows)
        table_ = table_.select_dtypes("number") if arguments.numbers else table_
        table_.to_csv(file, index=False)
        for _ in range(arguments.rounds):
            for name in arguments.only:
                found = seconds(name, pythons[name], file, "cpu" if arguments.cpu else "wall")
                for kind, values in found.items():
                    times[name][kind] += values
                print(name, found, file=sys.stderr, flush=True)
    print(table(times))
    return 0


def table(times: dict[str, dict[str, list[float]]]) -> str:
    """Return the medians as a Markdown table, with ratios to Thruway on polars."""
    middle = {
        name: {kind: median(values) for kind, values in each.items()}
        for name, each in times.items()
    }
    ours = middle.get("thruway_polars") or next(iter(middle.values()))
    lines = ["| | frame | ratio | file | ratio |", "|---|--:|--:|--:|--:|"]
    for name, each in middle.items():
        cells = " | ".join(f"{each[k]:.2f} s | {each[k] / ours[k]:.2f}" for k in ("frame", "file"))
        lines.append(f"| {LIBRARIES[name]} | {cells} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
