"""A field trial: migrate a folder of public programs, and compare each with its plain run.

Every program is run plainly first, twice, by a runner that knows nothing of Thruway; then it is
migrated, and the pipeline is run with each step in a process of its own. What both print and write
is compared here, whatever `verify` says. See `docs/how-to/field-trial.md`.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from trial.one import Settings, try_program
from trial.table import markdown


def main(arguments: list[str] | None = None) -> int:
    """Try the programs; return 1 when a pipeline was silently different."""
    # In the background of a shell Ctrl-C is ignored, and would be by all that is started from here.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    options = _parse(arguments)
    results = options.out / "results"
    results.mkdir(parents=True, exist_ok=True)
    settings = Settings(
        envs=dict(option.split("=", 1) for option in options.env),
        seed=options.seed,
        timeout=options.timeout,
        work=options.out / "work",
        keep=options.keep,
    )
    programs = _programs(options)
    lock = threading.Lock()
    done = 0

    def one(program: dict[str, Any]) -> None:
        nonlocal done
        try:
            row = try_program(program, options.programs, settings)
        except OSError as error:  # its files are not there, or not to be read: the others go on
            print(f"{program['name']}: not tried: {error}", file=sys.stderr)
            return
        file = results / f"{program['name']}.json"
        file.write_text(json.dumps(row, indent=1, ensure_ascii=False), encoding="utf-8")
        with lock:
            done += 1
            print(f"{done}/{len(programs)} {_line(row)}", flush=True)
            _write_tables(options.out)

    with ThreadPoolExecutor(options.jobs) as pool:
        list(pool.map(one, programs))
    rows = _write_tables(options.out)
    return 1 if any(row["verdict"] == "SILENT" for row in rows) else 0


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("programs", type=Path, help="folder with a subfolder per program, and INDEX.json")
    add("--out", type=Path, default=Path("trial"), help="folder for tables and results")
    add(
        "--env",
        action="append",
        default=[],
        metavar="NAME=PYTHON",
        help="interpreter of the programs whose `env` is NAME; this one for the others",
    )
    add("--only", action="append", default=[], metavar="NAME", help="try these programs alone")
    add("--most", type=float, default=60.0, help="leave out programs longer than this, seconds")
    add("--jobs", type=int, default=1, help="programs at a time")
    add("--timeout", type=float, default=900.0, help="seconds for each of the runs of a program")
    add("--seed", type=int, default=0, help="ambient seed of all runs")
    add("--resume", action="store_true", help="leave out programs that have a result already")
    add("--keep", action="store_true", help="keep the generated projects in OUT/work")
    options = parser.parse_args(arguments)
    options.out = options.out.resolve()
    options.programs = options.programs.resolve()
    return options


def _programs(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Return what is to be tried, the quickest first."""
    index = json.loads((options.programs / "INDEX.json").read_text(encoding="utf-8"))
    known = {each["name"] for each in index}
    if unknown := set(options.only) - known:
        sys.exit(f"not in INDEX.json: {', '.join(sorted(unknown))}")
    chosen = [each for each in index if not options.only or each["name"] in options.only]
    chosen = [each for each in chosen if options.only or each["seconds_plain"] <= options.most]
    if options.resume:
        results = options.out / "results"
        chosen = [each for each in chosen if not (results / f"{each['name']}.json").exists()]
    return sorted(chosen, key=lambda each: each["seconds_plain"])


def _line(row: dict[str, Any]) -> str:
    ratio = row.get("observed_to_plain")
    parts = [
        f"{row['name']}: {row['verdict']}",
        f"stdout {row['stdout']}" if row.get("stdout") else "",
        f"{len(row['steps'])} steps" if row.get("steps") else "",
        f"plain {row['plain_seconds']:.1f} s" if row.get("plain_seconds") else "",
        f"observed {ratio:.2f} x" if ratio else "",
        f"migrate {row['migrate_seconds']:.1f} s" if row.get("migrate_seconds") else "",
        row.get("reason", "")[:120],
    ]
    return ", ".join(part for part in parts if part)


def _write_tables(out: Path) -> list[dict[str, Any]]:
    """Write `trial.json` and `trial.md` from all results in the folder."""
    files = sorted((out / "results").glob("*.json"))
    rows = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    (out / "trial.json").write_text(
        json.dumps(rows, indent=1, ensure_ascii=False), encoding="utf-8"
    )
    (out / "trial.md").write_text(markdown(rows), encoding="utf-8")
    return rows


if __name__ == "__main__":
    sys.exit(main())
