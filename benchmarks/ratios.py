"""What Thruway costs, as ratios measured in one run.

    python benchmarks/ratios.py [--repeats N] [--program FILE --python PY]... [--only abcde]
                                [--memory [GB]] [--json]

Every measure runs the plain program and the tool in turn (plain, tool, plain, tool, …), with one
thread, and compares medians: what else the machine does falls on both. See README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from thruway.kit.ambient.workspace import mirror
from thruway.program import read_program
from thruway.source import read_source
from thruway.trace.climb import climb
from thruway.trace.observe import ObserveOptions, observe

if TYPE_CHECKING:
    from collections.abc import Callable

    from thruway.program.types import Program

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ("cancer/cancer.ipynb", "affairs/affairs.ipynb", "diabetes/diabetes.py")
PLAIN = Path(__file__).with_name("plain.py")
ENVIRONMENT = {"OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0", "MPLBACKEND": "module://closing"}
THRUWAY = [sys.executable, "-m", "thruway.ui.main"]

LARGE = """\
import numpy as np
import pandas as pd

rng = np.random.default_rng(0)
frame = pd.DataFrame(
    {{f"c{{i}}": rng.standard_normal({rows}) for i in range({columns})}}
)
frame["label"] = frame["c0"] > 0
means = frame.groupby("label").mean()
small = frame[frame["c1"] > 3.0]
print(means.shape, len(small))
"""


@dataclass(frozen=True)
class Measured:
    """Seconds (or bytes) of the plain program and of the tool, in turn."""

    what: str
    program: str
    aim: str
    plain: list[float]
    tool: list[float]
    unit: str = "s"
    extra: float = 0.0  # seconds that the aim allows on top of its ratio
    limit: float = 0.0  # the ratio of the aim, or its seconds when there is no plain side

    @property
    def ratio(self) -> float:
        """Median over median; 0 without a plain side."""
        return statistics.median(self.tool) / statistics.median(self.plain) if self.plain else 0.0

    @property
    def met(self) -> bool | None:
        """Whether the aim is met; None when there is none."""
        if not self.limit:
            return None
        allowed = self.limit * (statistics.median(self.plain) if self.plain else 1.0)
        return statistics.median(self.tool) <= allowed + self.extra


@dataclass
class Subject:
    """One program to measure, and the interpreter it runs under."""

    file: Path
    python: str
    folder: Path
    program: Program = field(init=False)
    plain: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.program = read_program(read_source(self.file))
        self.folder.mkdir()
        self.plain = [self.python, str(PLAIN), str(self._job())]

    @property
    def name(self) -> str:
        return self.file.stem

    @property
    def ours(self) -> bool:
        """Whether it runs under this interpreter."""
        return self.python == sys.executable

    def _job(self) -> Path:
        source = self.program.source
        levels = climb(statement.code for statement in self.program.statements)
        mirrored = mirror(source.path.parent, self.folder / "workspace", climb=levels)
        record = {
            "kind": source.kind,
            "cwd": str(mirrored.cwd),
            "script": "" if source.kind == "notebook" else source.path.name,
            "seed": 0,
            "cells": [*_cells(self.program)],
        }
        path = self.folder / "job.json"
        path.write_text(json.dumps(record), encoding="utf-8")
        return path


def _cells(program: Program) -> list[dict]:
    cells: dict[int, list] = {}
    for statement in program.statements:
        cells.setdefault(statement.place.cell, []).append(statement)
    flags, found = 0, []
    for number, statements in cells.items():
        code = "\n".join(statement.code for statement in statements)
        name = f"<cell {number}>"
        found.append(
            {"file": name, "code": code, "displays": statements[-1].displays, "flags": flags}
        )
    return found


# -- running ----------------------------------------------------------------------------------


def wall() -> float:
    return time.perf_counter()


def cpu() -> float:
    """Seconds of processor time of this process and of the children that ended."""
    return sum(os.times()[:4])


clock = wall


def seconds_of(words: list[str], cwd: Path | None = None) -> float:
    """Run a command to its end and return its time."""
    began = clock()
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=False)
    seconds = clock() - began
    if done.returncode:
        sys.exit(f"{' '.join(words)}\nended with {done.returncode}\n{done.stderr[-2000:]}")
    return seconds


def peak_of(words: list[str], cwd: Path | None = None) -> float:
    """Run a command to its end and return the peak memory of that one process, in bytes."""
    with subprocess.Popen(words, cwd=cwd, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(words)}\nended with {process.returncode}")
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def in_turn(
    repeats: int, plain: Callable[[], float], tool: Callable[[], float]
) -> tuple[list[float], list[float]]:
    """Return the measurements of both, taken in turn after one round that does not count."""
    plain(), tool()
    rounds = [(plain(), tool()) for _ in range(repeats)]
    return [one for one, _ in rounds], [other for _, other in rounds]


# -- measures ---------------------------------------------------------------------------------


def observed(subject: Subject, repeats: int) -> Measured:
    """Measure (a): one observed run, from the start of its process to the trace in hand."""

    def watch() -> float:
        began = clock()
        trace = observe(subject.program, ObserveOptions(python=subject.python))
        seconds = clock() - began
        if trace.failure is not None:
            sys.exit(f"{subject.file}: {trace.failure.traceback}")
        return seconds

    plain, tool = in_turn(repeats, lambda: seconds_of(subject.plain), watch)
    return Measured("observed run", subject.name, "1.15 x", plain, tool, limit=1.15)


def migrated(subject: Subject, repeats: int) -> Measured:
    """Measure (b): the whole command, proof and report included."""
    target = subject.folder / "project"
    words = [*THRUWAY, "migrate", str(subject.file), "-o", str(target), "--force", "--quiet"]
    if not subject.ours:
        words += ["--python", subject.python]

    def migrate() -> float:
        _remove(target / ".thruway")  # or the proof would find its steps in the cache
        return seconds_of(words, subject.folder)

    plain, tool = in_turn(repeats, lambda: seconds_of(subject.plain), migrate)
    return Measured("migrate", subject.name, "3 x + 2 s", plain, tool, limit=3, extra=2)


def run(subject: Subject, repeats: int) -> Measured:
    """Measure (c): every step again, in the process of the command."""
    words = [*THRUWAY, "run", str(subject.folder / "project"), "--force", "--quiet"]
    plain, tool = in_turn(repeats, lambda: seconds_of(subject.plain), lambda: seconds_of(words))
    return Measured("run --force", subject.name, "1.05 x + 0.3 s", plain, tool, "s", 0.3, 1.05)


def cached(subject: Subject, repeats: int) -> Measured:
    """Measure (d): nothing left to do."""
    words = [*THRUWAY, "run", str(subject.folder / "project"), "--quiet"]
    seconds_of(words)
    taken = [seconds_of(words) for _ in range(repeats)]
    return Measured("run, cached", subject.name, "0.5 s", [], taken, limit=0.5)


def started(repeats: int) -> list[Measured]:
    """Measure (e): the import of the package, and the shortest command."""
    imports = [_import_seconds() for _ in range(repeats + 2)]
    helps = [seconds_of([*THRUWAY, "--help"]) for _ in range(repeats + 2)]
    return [
        Measured("import thruway", "", "0.1 s", [], imports, limit=0.1),
        Measured("thruway --help", "", "0.2 s", [], helps, limit=0.2),
    ]


def _import_seconds() -> float:
    words = [sys.executable, "-X", "importtime", "-c", "import thruway"]
    text = subprocess.run(words, capture_output=True, text=True, check=True).stderr
    found = re.findall(r"^import time:\s*\d+ \|\s*(\d+) \| thruway$", text, re.MULTILINE)
    return int(found[-1]) / 1e6


def memory(gigabytes: float, python: str, folder: Path) -> list[Measured]:
    """Measure (f): peak memory around one large frame: plain, observed, run as a pipeline."""
    columns = 16
    script = folder / "large" / "large.py"
    script.parent.mkdir()
    rows = int(gigabytes * 2**30 / 8 / columns)
    script.write_text(LARGE.format(rows=rows, columns=columns), encoding="utf-8")
    subject = Subject(script, python, folder / "large-plain")
    plain = [peak_of(subject.plain)]
    trace = observe(subject.program, ObserveOptions(python=python))
    found = [Measured("peak, observed", "large", "", plain, [trace.peak_bytes], "B")]
    target = subject.folder / "project"
    seconds_of([*THRUWAY, "migrate", str(script), "-o", str(target), "--no-verify", "-q"])
    peak = peak_of([*THRUWAY, "run", str(target), "--force", "--quiet"])
    return [*found, Measured("peak, run --force", "large", "", plain, [peak], "B")]


def _remove(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)


# -- showing ----------------------------------------------------------------------------------


def table(rows: list[Measured]) -> str:
    """Return the measures as a Markdown table, with the median of each kind of ratio."""
    lines = [
        "| measure | program | plain | thruway | ratio | aim | met |",
        "|---|---|--:|--:|--:|---|---|",
    ]
    lines += [_row(row) for row in rows]
    kinds = dict.fromkeys(row.what for row in rows if row.plain)
    for kind in kinds:
        ratios = [row.ratio for row in rows if row.what == kind]
        if len(ratios) > 1:
            lines.append(
                f"| {kind} | **median of {len(ratios)}** | | | **{statistics.median(ratios):.2f}** | | |"
            )
    return "\n".join(lines)


def _row(row: Measured) -> str:
    plain = _amount(row.plain, row.unit) if row.plain else ""
    ratio = f"{row.ratio:.2f}" if row.plain else ""
    met = "" if row.met is None else "yes" if row.met else "**no**"
    tool = _amount(row.tool, row.unit)
    return f"| {row.what} | {row.program} | {plain} | {tool} | {ratio} | {row.aim} | {met} |"


def _amount(values: list[float], unit: str) -> str:
    value = statistics.median(values)
    return f"{value:.3f} s" if unit == "s" else f"{value / 2**20:.0f} MB"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=5, help="measured rounds of each (5)")
    parser.add_argument(
        "--program", action="append", default=[], type=Path, help="one more program"
    )
    parser.add_argument("--python", action="append", default=[], help="its interpreter, in order")
    parser.add_argument("--only", default="abcde", help="which measures (abcde)")
    parser.add_argument("--no-examples", action="store_true", help="leave the examples out")
    parser.add_argument("--memory", nargs="?", const=1.0, default=0.0, type=float, metavar="GB",
                        help="also measure peak memory with a frame of this size (1)")  # fmt: skip
    parser.add_argument("--cpu", action="store_true",
                        help="processor time instead of wall time, for a busy machine")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print every number as JSON")
    return parser.parse_args()


def _subjects(arguments: argparse.Namespace, folder: Path) -> list[Subject]:
    examples = [] if arguments.no_examples else [ROOT / "examples" / name for name in EXAMPLES]
    pythons = arguments.python + [sys.executable] * len(arguments.program)
    pairs = [(file, sys.executable) for file in examples]
    pairs += zip(arguments.program, pythons, strict=False)
    return [
        Subject(file.resolve(), python, folder / f"{number}-{file.stem}")
        for number, (file, python) in enumerate(pairs)
    ]


def _measure(arguments: argparse.Namespace, folder: Path) -> list[Measured]:
    rows: list[Measured] = []

    def note(row: Measured) -> None:
        rows.append(row)
        print(_row(row), file=sys.stderr, flush=True)

    subjects = _subjects(arguments, folder)
    if "a" in arguments.only:
        for subject in subjects:
            note(observed(subject, arguments.repeats))
    for subject in subjects:
        if set("bcd") & set(arguments.only):
            note(migrated(subject, max(1, arguments.repeats // 2)))
        if "c" in arguments.only and subject.ours:
            note(run(subject, arguments.repeats))
        if "d" in arguments.only and subject.ours:
            note(cached(subject, arguments.repeats))
    if "e" in arguments.only:
        for row in started(arguments.repeats):
            note(row)
    if arguments.memory:
        for row in memory(arguments.memory, sys.executable, folder):
            note(row)
    return rows


def main() -> int:
    global clock  # noqa: PLW0603 - one clock for the whole run
    arguments = _arguments()
    clock = cpu if arguments.cpu else wall
    os.environ.update(ENVIRONMENT)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # a user's modules are compiled once
    with tempfile.TemporaryDirectory(prefix="thruway-bench-") as folder:
        rows = _measure(arguments, Path(folder).resolve())
    if arguments.json:
        print(json.dumps([{**asdict(row), "ratio": row.ratio, "met": row.met} for row in rows]))
    else:
        print(table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
