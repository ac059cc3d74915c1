"""How long the lineage takes to answer, and to be written, with many artifacts in it.

    python benchmarks/lineage.py [--artifacts 100000] [--url postgresql://…] [--repeats N]

Fills a new lineage with runs of ten steps: the first is answered by the cache in 99 of 100 runs, and
the others take what it gives and what the step before them gives; then asks what `thruway lineage`, `runs`, `show` and a cached
step ask. Prints the median of each in milliseconds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from thruway.kit.project import StoreConfig
from thruway.run.lineage.find import find_artifact
from thruway.run.lineage.history import describe_artifact, list_runs
from thruway.run.lineage.lineage import Execution, Lineage
from thruway.run.lineage.upstream import downstream, upstream
from thruway.run.types import ArtifactRef

if TYPE_CHECKING:
    from collections.abc import Callable

STEPS = 10


def address(number: int) -> str:
    return f"{number * 2_654_435_761 % (1 << 64):016x}" + f"{number:024x}"


def fill(at: StoreConfig, artifacts: int) -> None:
    """Write rows as runs would, all in one transaction."""
    with Lineage(at) as lineage, lineage.database.transaction() as db:
        number = shared = 0
        for run in range(artifacts // STEPS):
            context = db.add(
                "context", run=f"r{run:08}", pipeline="flow", state="COMPLETE", params="{}",
                seed=0, executor="in-process", host="here", pid=1, started=float(run),
            )  # fmt: skip
            before: list[int] = []
            for step in range(STEPS):
                cached = step == 0 and run % 100 != 0
                number += 1
                artifact = shared
                if not cached:
                    artifact = db.add(
                        "artifact", hash=address(number), member="return", type="int",
                        format="json/1", bytes=9, path="", description="{}", state="LIVE",
                    )  # fmt: skip
                shared = artifact if step == 0 else shared
                execution = db.add(
                    "execution", context=context, step=f"s{step}", position=step,
                    state="CACHED" if cached else "COMPLETE", key=f"k{number}", seed=0,
                    params="{}", seconds=0.1, cacheable=int(not cached), started=float(run),
                    ingredients=json.dumps({f"code:f{n}": "0" * 40 for n in range(5)}),
                )  # fmt: skip
                add = {"execution": execution, "is_file": 0}
                for taken in {*before[-1:], *before[:1]}:
                    db.add("event", artifact=taken, kind="INPUT", port=f"p{taken}", **add)
                db.add("event", artifact=artifact, kind="OUTPUT", port="return", **add)
                before.append(artifact)
        if db is not lineage.database:
            db.run("ANALYZE")


def measure(what: Callable[[], object], repeats: int) -> float:
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        what()
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--artifacts", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--url", default="")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        at = StoreConfig(Path(folder), lineage=asked.url)
        began = time.perf_counter()
        fill(at, asked.artifacts)
        print(f"filled with {asked.artifacts:,} artifacts in {time.perf_counter() - began:.1f} s")
        last = address(asked.artifacts)
        runs = asked.artifacts // STEPS
        early = f"r{runs // 2:08}:s3"
        common = f"r{runs // 100 * 100 - 100:08}:s0"
        key = f"k{asked.artifacts // 2}"
        with Lineage(at) as lineage:
            asked_for = {
                "lineage --up, the newest": lambda: upstream(at, last[:12]),
                "lineage --up, RUN:step": lambda: upstream(at, early),
                "lineage --down, one run": lambda: downstream(at, early),
                "lineage --down, of 1,000 steps": lambda: downstream(at, common, 1),
                "find by hash": lambda: find_artifact(lineage, last[:12]),
                "find by step": lambda: find_artifact(lineage, "s9"),
                "show ARTIFACT": lambda: describe_artifact(at, last[:12]),
                "a step of the cache": lambda: lineage.candidates(key),
                "the newest of a step": lambda: lineage.latest("s9"),
                "runs": lambda: list_runs(at),
            }
            for name, what in asked_for.items():
                print(f"  {name:<32} {measure(what, asked.repeats):8.1f} ms")
            context, _ = lineage.start_run("flow", {}, 0, "in-process")
            number = iter(range(10**9))

            def write() -> None:
                n = next(number)
                made = ArtifactRef(f"f{n:039x}", "return", "json/1", 9)
                one = Execution(0, "", "s0", "RUNNING", f"new{n}", {})
                row = lineage.start(context, 0, one, 0)
                done = Execution(0, "", "s0", "COMPLETE", f"new{n}", {}, outputs={"return": made})
                lineage.complete(row, done, cacheable=True)

            print(f"  {'write a step':<32} {measure(write, 50):8.1f} ms")


if __name__ == "__main__":
    main()
