"""What is measured, one function each: from environments to rows of a table."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from environments import TITLES, environment, surroundings
from timing import Program, Spent, cpu, in_turn, ratio, said, wall

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).resolve().parent
CACHING = ("hamilton", "flytekit", "kfp", "prefect", "zenml")
"""Systems that have a cache of their own."""
CHAIN = {"thruway": 1000, "kedro": 1000, "hamilton": 200, "flytekit": 1000, "dagster": 200,
         "prefect": 200, "kfp": 40, "zenml": 40, "metaflow": 12}  # fmt: skip
"""System → length of its chain: what takes a second a step gets fewer."""
WIDE = 1000
PLANS = (100, 1_000, 10_000)
MEGABYTES = 200


@dataclass(frozen=True)
class Row:
    """One row of a table.

    Attributes:
        cells: as texts.
        met: whether the aim is met; None when there is none.
    """

    cells: tuple[str, ...]
    met: bool | None = None


@dataclass(frozen=True)
class Table:
    """One table of the report."""

    title: str
    aim: str
    heads: tuple[str, ...]
    rows: tuple[Row, ...]

    def text(self) -> str:
        """Return it as Markdown."""
        met = any(row.met is not None for row in self.rows)
        heads = (*self.heads, *(["aim met"] if met else []))
        lines = [f"## {self.title}", "", f"Aim: {self.aim}.", ""]
        lines += [f"| {' | '.join(heads)} |", f"|---|{'--:|' * (len(heads) - 1)}"]
        for row in self.rows:
            said_met = {True: ["yes"], False: ["**no**"], None: [""]}[row.met] if met else []
            lines.append(f"| {' | '.join([*row.cells, *said_met])} |")
        return "\n".join([*lines, ""])


@dataclass(frozen=True)
class Bench:
    """What the measures share.

    Attributes:
        envs: folder of the environments.
        scratch: folder of everything that is made meanwhile.
        repeats: rounds that count.
        peers: systems beside Thruway and the plain script.
    """

    envs: Path
    scratch: Path
    repeats: int
    peers: tuple[str, ...]

    def python(self, name: str) -> str:
        """Return the interpreter of a system."""
        return environment(name, self.envs)

    def program(
        self,
        system: str,
        folder: Path,
        *words: str,
        before: Callable[[], None] = lambda: None,
    ) -> Program:
        """Return a program of a system, started in `folder`, which is made."""
        folder.mkdir(parents=True, exist_ok=True)
        python = self.python(system)
        variables = surroundings(python, folder.parent / f"{folder.name}-home")
        variables["PYTHONPATH"] = str(folder)  # components of KFP run elsewhere
        variables["USERNAME"] = variables["USER"] = "bench"
        return Program([python, *words], folder, variables, before)

    def thruway(self, folder: Path, verb: str, *words: str, fresh: bool = False) -> Program:
        """Return a command of Thruway on `pipeline.py` in a folder; `fresh` forgets the store."""

        def forget() -> None:
            shutil.rmtree(folder / ".thruway", ignore_errors=True)

        command = ("-m", "thruway.ui.main", verb, "pipeline.py", *words)
        before = forget if fresh else (lambda: None)
        return self.program("thruway", folder, *command, before=before)


# -- the pipeline of five steps -------------------------------------------------------------------


def tabular(bench: Bench) -> list[Table]:
    """Measure (a) the first run and (d) the cached rerun of five steps, over the plain script."""
    folder = bench.scratch / "tabular"
    first = {"plain": _tabular(bench, "plain", folder / "plain")}
    first["thruway, in process"] = _thruway(bench, folder / "in-process", fresh=True)
    first["thruway, --no-store"] = _thruway(bench, folder / "no-store", "--no-store")
    first["thruway, -x processes"] = _thruway(
        bench, folder / "processes", "-x", "processes", "-j", "1", fresh=True
    )
    for peer in bench.peers:
        first[peer] = _tabular(bench, peer, folder / peer)
    again = {"plain": first["plain"], "thruway, cached": _thruway(bench, folder / "cached")}
    for peer in bench.peers:
        if peer in CACHING:
            again[f"{peer}, cached"] = _tabular(bench, peer, folder / f"{peer}-cached", "cached")
    taken = in_turn({**first, **again}, bench.repeats)
    plain = taken["plain"]
    ahead = min((wall(taken[peer]) for peer in bench.peers), default=float("inf"))
    limits = {
        "thruway, in process": min(1.05 * wall(plain) + 0.3, ahead),
        "thruway, --no-store": min(1.05 * wall(plain) + 0.3, ahead),
    }
    heads = ("system", "wall s", "× plain", "processor s", "× plain")
    return [
        Table(
            "a. Five steps on 50,000 × 20: the whole process, first run",
            "at most 1.05 × plain + 0.3 s on the wall, and ahead of every peer",
            heads,
            tuple(_row(name, taken[name], plain, limits.get(name)) for name in first),
        ),
        Table(
            "d. The same, run again with nothing to do",
            "below 0.5 s",
            heads,
            tuple(
                _row(name, taken[name], plain, 0.5 if "thruway" in name else None) for name in again
            ),
        ),
    ]


def _row(name: str, spent: list[Spent], plain: list[Spent], limit: float | None) -> Row:
    system, _, how = name.partition(", ")
    cells = (
        ", ".join(filter(None, (TITLES[system], how))),
        f"{wall(spent):.2f}",
        f"{ratio(spent, plain):.2f}",
        f"{cpu(spent):.2f}",
        f"{ratio(spent, plain, 'cpu'):.2f}",
    )
    return Row(cells, None if limit is None else wall(spent) <= limit)


def _data(folder: Path, bench: Bench) -> None:
    shutil.copyfile(HERE / "tabular" / "work.py", folder / "work.py")
    shared = bench.scratch / "rows.csv"
    if not shared.exists():
        words = [bench.python("plain"), "-c", f"import work; work.make({str(shared)!r})"]
        subprocess.run(words, cwd=folder, check=True)
    shutil.copyfile(shared, folder / "rows.csv")


def _tabular(bench: Bench, system: str, folder: Path, *words: str) -> Program:
    run = ("run",) if system == "metaflow" else words
    made = bench.program(system, folder, "program.py", *run)
    shutil.copyfile(HERE / "tabular" / f"{system}.py", folder / "program.py")
    _data(folder, bench)
    return made


def _thruway(bench: Bench, folder: Path, *words: str, fresh: bool = False) -> Program:
    made = bench.thruway(folder, "run", "--quiet", *words, fresh=fresh)
    shutil.copyfile(HERE / "tabular" / "thruway.py", folder / "pipeline.py")
    _data(folder, bench)
    return made


# -- chains and fans ------------------------------------------------------------------------------


def chains(bench: Bench) -> list[Table]:
    """Measure (b) milliseconds a step adds to a chain, and (d) the chain answered by the cache."""
    folder = bench.scratch / "chains"
    steps = CHAIN["thruway"]
    pairs: dict[str, tuple[int, int]] = dict.fromkeys(
        ("thruway, --no-store", "thruway", "thruway, cached", "thruway, -x processes"),
        (steps // 10, steps),
    )
    pairs |= {peer: (max(CHAIN[peer] // 10, 2), CHAIN[peer]) for peer in bench.peers}
    programs: dict[str, Program] = {}
    for name, lengths in pairs.items():
        for length in lengths:
            place = folder / name.replace(", ", "-").replace(" ", "") / str(length)
            programs[f"{name}/{length}"] = _chain(bench, name, length, place)
    taken = in_turn(programs, max(bench.repeats // 2, 1))
    limits = {"thruway, --no-store": 1.0, "thruway": 5.0}
    rows = []
    for name, (short, long) in pairs.items():
        one, other = taken[f"{name}/{short}"], taken[f"{name}/{long}"]
        each = [1000 * (of(other) - of(one)) / (long - short) for of in (wall, cpu)]
        system, _, how = name.partition(", ")
        title = ", ".join(filter(None, (TITLES[system], how)))
        met = each[0] <= limits[name] if name in limits else None
        rows.append(Row((title, str(long), f"{each[0]:.2f}", f"{each[1]:.2f}"), met))
    cached = taken[f"thruway, cached/{steps}"]
    again = Row(("Thruway, 1,000 steps", f"{wall(cached):.2f}", f"{cpu(cached):.2f}"),
                wall(cached) < 0.5)  # fmt: skip
    return [
        Table(
            "b. What a step that does nothing adds to a chain",
            "below 1 ms without a store, below 5 ms with store and lineage",
            ("system", "steps", "wall ms a step", "processor ms a step"),
            tuple(rows),
        ),
        Table(
            "d. The chain, run again with nothing to do",
            "below 0.5 s",
            ("system", "wall s", "processor s"),
            (again,),
        ),
    ]


def _chain(bench: Bench, name: str, length: int, folder: Path) -> Program:
    system, _, how = name.partition(", ")
    folder.mkdir(parents=True, exist_ok=True)
    program = HERE / "chains" / f"{system}.py"
    if system != "thruway":
        shutil.copyfile(program, folder / "program.py")
        return bench.program(system, folder, "program.py", str(length))
    subprocess.run([bench.python("plain"), program, str(length)], cwd=folder, check=True)
    words = [] if how == "cached" else how.split()
    if how.startswith("-x"):
        words += ["-j", "1"]
    return bench.thruway(folder, "run", "--quiet", *words, fresh=how != "cached")


def fan(bench: Bench) -> list[Table]:
    """Measure (c) a step called for each of 1,000 items, two processes at a time."""
    folder = bench.scratch / "fan"
    programs: dict[str, Program] = {}
    for name, verb in (("thruway", True), ("plain", False)):
        for width in (WIDE // 10, WIDE):
            place = folder / f"{name}-{width}"
            place.mkdir(parents=True)
            if verb:
                text = (HERE / "fans" / "thruway.py").read_text()
                (place / "pipeline.py").write_text(text)
                words = ("--quiet", "-x", "processes", "-j", "2", "-p", f"n={width}")
                programs[f"{name}/{width}"] = bench.thruway(place, "run", *words, fresh=True)
            else:
                shutil.copyfile(HERE / "fans" / "plain.py", place / "program.py")
                programs[f"{name}/{width}"] = bench.program(
                    "plain", place, "program.py", str(width)
                )
    taken = in_turn(programs, max(bench.repeats // 2, 1))
    rows = []
    for name, title in (
        ("thruway", "Thruway, -x processes -j 2"),
        ("plain", "ProcessPoolExecutor"),
    ):
        one, other = taken[f"{name}/{WIDE // 10}"], taken[f"{name}/{WIDE}"]
        each = [1000 * (of(other) - of(one)) / (WIDE - WIDE // 10) for of in (wall, cpu)]
        rows.append(Row((title, f"{each[0]:.2f}", f"{each[1]:.2f}", f"{wall(other):.2f}")))
    return [
        Table(
            "c. A fan-out of 1,000 items on two processes",
            "none; every item is a process, a working folder, an object and a row of the lineage",
            ("system", "wall ms an item", "processor ms an item", "wall s, all"),
            tuple(rows),
        )
    ]


def plans(bench: Bench) -> list[Table]:
    """Measure (e) how the time of `thruway plan` grows with the number of steps."""
    folder = bench.scratch / "plans"
    programs: dict[str, Program] = {}
    for state in ("never run", "all cached"):
        for length in PLANS:
            place = folder / state.replace(" ", "-") / str(length)
            _chain(bench, "thruway", length, place)
            if state == "all cached":
                said(f"running a chain of {length} steps once")
                bench.thruway(place, "run", "--quiet").run()
            programs[f"{state}/{length}"] = bench.thruway(place, "plan", "--json")
    taken = in_turn(programs, max(bench.repeats // 2, 1))
    rows = []
    for state in ("never run", "all cached"):
        seconds = {length: wall(taken[f"{state}/{length}"]) for length in PLANS}
        short, middle, long = PLANS
        floor = seconds[short] - (seconds[middle] - seconds[short]) / (middle - short) * short
        each = {length: (seconds[length] - floor) / length * 1000 for length in (middle, long)}
        growth = each[long] / each[middle]
        cells = (state, *(f"{one:.2f}" for one in seconds.values()))
        cells = (*cells, f"{each[middle]:.2f}", f"{each[long]:.2f}", f"{growth:.2f}")
        rows.append(Row(cells, growth <= 1.5))
    heads = (*(f"{length:,} steps, s" for length in PLANS),
             "ms a step to 1,000", "ms a step to 10,000", "growth")  # fmt: skip
    return [
        Table(
            "e. `thruway plan` of a chain",
            "linear: the time a step takes does not grow with their number (at most 1.5 ×)",
            ("store", *heads),
            tuple(rows),
        )
    ]


# -- the store ------------------------------------------------------------------------------------


def store(bench: Bench) -> list[Table]:
    """Measure (f) how fast values go into the store and come back, over plain files."""
    folder = bench.scratch / "store"
    folder.mkdir(parents=True)
    made = bench.program("thruway", folder)
    words = [*made.words, str(HERE / "store.py"), str(MEGABYTES), str(max(bench.repeats, 3))]
    said("store: writing and reading")
    done = subprocess.run(
        words, cwd=folder, env=dict(made.variables), stdout=subprocess.PIPE, text=True, check=True
    )
    rows = []
    for what, way, ours, plain in json.loads(done.stdout):
        speed = plain / ours
        cells = (
            what,
            way,
            f"{ours:.2f}",
            f"{plain:.2f}",
            f"{MEGABYTES / ours:.0f}",
            f"{speed:.2f}",
        )
        rows.append(Row(cells, speed >= 0.8))
    return [
        Table(
            f"f. {MEGABYTES} MB into the store and back",
            "0.8 of the speed of the plain call, or more (it also makes and checks a digest)",
            ("value", "way", "store s", "plain s", "store MB/s", "speed over plain"),
            tuple(rows),
        )
    ]


ALL = {"tabular": tabular, "chains": chains, "fan": fan, "plans": plans, "store": store}
