"""What Thruway costs, and what others cost, as ratios measured in one run.

    python benchmarks/overhead/run.py [--only tabular,chains,fan,plans,store]
                                      [--peers hamilton,kedro] [--repeat N] [--envs FOLDER]

Programs are run in turn, so that what else the machine does falls on all of them; medians are
shown. See README.md.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent)]

import measures  # noqa: E402 - beside this file
from environments import ROOT, distribution, environment, machine, versions  # noqa: E402


def main() -> None:
    """Measure, print the tables, write them when all is measured."""
    asked = _arguments()
    with tempfile.TemporaryDirectory() as scratch:
        bench = measures.Bench(
            Path(asked.envs), Path(scratch).resolve(), asked.repeat, tuple(asked.peers)
        )
        for name in ("plain", "thruway", *bench.peers):
            environment(name, bench.envs)
        tables = [table for name in asked.only for table in measures.ALL[name](bench)]
        text = "\n".join([_head(bench), *(table.text() for table in tables)])
    print(text)
    if asked.output:
        Path(asked.output).write_text(text)


def _arguments() -> argparse.Namespace:
    known = {"only": list(measures.ALL), "peers": list(measures.CHAIN)}
    known["peers"].remove("thruway")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, values in known.items():
        parser.add_argument(f"--{name}", default=",".join(values), help=f"of: {', '.join(values)}")
    parser.add_argument("--repeat", type=int, default=5, help="rounds that count")
    parser.add_argument("--envs", default=str(ROOT / ".envs"), help="where environments are made")
    parser.add_argument("--output", help="file of the tables; RESULTS.md when all is measured")
    asked = parser.parse_args()
    for name, values in known.items():
        chosen = [one for one in getattr(asked, name).split(",") if one]
        for one in chosen:
            if one not in values:
                parser.error(f"there is no `{one}` in --{name}")
        setattr(asked, name, chosen)
    if asked.output is None and asked.only == known["only"] and asked.peers == known["peers"]:
        asked.output = str(HERE / "RESULTS.md")
    return asked


def _head(bench: measures.Bench) -> str:
    named = {name: distribution(name) for name in ("thruway", *bench.peers)}
    shown = [
        f"{of} {versions(bench.python(name), [of])[of]}" for name, of in named.items()
    ]  # fmt: skip
    stack = versions(bench.python("plain"), ["numpy", "pandas", "scikit-learn"])
    today = f"{dt.datetime.now(dt.UTC):%d %B %Y}"
    return "\n".join(
        [
            "# Overhead",
            "",
            f"{today}; {machine()}; one thread a program, medians of {bench.repeats} rounds.",
            f"{', '.join(shown)}; {', '.join(f'{name} {text}' for name, text in stack.items())}.",
            "Made by `python benchmarks/overhead/run.py`; what it means is in README.md.",
            "",
        ]
    )


if __name__ == "__main__":
    main()
