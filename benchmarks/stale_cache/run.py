"""Which caches serve a stale result after an edit, and which compute anew for nothing.

    python benchmarks/stale_cache/run.py [--only thruway,dvc] [--edits helper,data]
                                         [--envs FOLDER] [--verbose]

The same small program in the idiom of each system (`peers/`): a step calls functions of other
modules. It is run, run again, edited, and run again; the plain program says what the result is to
be. See README.md.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from edits import EDITS, Edit, install_tariff  # noqa: E402 - beside this file
from environments import (  # noqa: E402 - in the folder above
    ROOT,
    distribution,
    environment,
    machine,
    surroundings,
    versions,
)

PEERS = {
    "thruway": ("thruway", "Thruway"),
    "dvc": ("dvc", "DVC, script and data as dependencies"),
    "dvc_declared": ("dvc", "DVC, every module declared"),
    "flytekit": ("flytekit", "flytekit"),
    "hamilton": ("hamilton", "Hamilton"),
    "hamilton_declared": ("hamilton", "Hamilton, loader always run"),
    "kedro": ("kedro", "Kedro"),
    "kfp": ("kfp", "KFP local"),
    "prefect": ("prefect", "Prefect, INPUTS + TASK_SOURCE"),
    "zenml": ("zenml", "ZenML"),
    "zenml_declared": ("zenml", "ZenML, every module and file declared"),
}
"""File in `peers/` → its environment, and the name of its row."""

PATIENCE_SECONDS = 300


class _ProgramError(Exception):
    """A program did not run to its end, or computed nonsense before the edit."""


@dataclass(frozen=True)
class Outcome:
    """What one run said: the price, and when it was computed."""

    value: float
    stamp: float


def main() -> None:
    """Measure, print the table, write it."""
    asked = _arguments()
    envs = Path(asked.envs)
    pythons = {peer: environment(PEERS[peer][0], envs) for peer in asked.only}
    pythons["plain"] = environment("plain", envs)
    found: dict[str, dict[str, str]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        wanted = {edit.key: _truth(edit, pythons["plain"], Path(scratch)) for edit in asked.edits}
        for peer in asked.only:
            found[peer] = {}
            for edit in asked.edits:
                folder = Path(scratch) / f"{peer}-{edit.key}"
                try:
                    said = _verdict(edit, peer, pythons[peer], folder, wanted[edit.key])
                except (_ProgramError, subprocess.TimeoutExpired) as error:
                    said = "failed"
                    print(error, file=sys.stderr)
                found[peer][edit.key] = said
                print(f"{PEERS[peer][1]}: {edit.title}: {said}", file=sys.stderr, flush=True)
                shutil.rmtree(folder, ignore_errors=True)
    text = _report(found, asked.edits, pythons)
    print(text)
    if asked.output:
        Path(asked.output).write_text(text)
    if any("failed" in said.values() for said in found.values()):
        sys.exit(1)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    keys = [edit.key for edit in EDITS]
    parser.add_argument("--only", default=",".join(PEERS), help=f"of: {', '.join(PEERS)}")
    parser.add_argument("--edits", default=",".join(keys), help=f"of: {', '.join(keys)}")
    parser.add_argument("--envs", default=str(ROOT / ".envs"), help="where environments are made")
    parser.add_argument("--output", help="file of the table; RESULTS.md when all is measured")
    asked = parser.parse_args()
    asked.only = asked.only.split(",")
    chosen = asked.edits.split(",")
    for name in [*asked.only, *chosen]:
        if name not in (*PEERS, *keys):
            parser.error(f"there is no `{name}`")
    asked.edits = [edit for edit in EDITS if edit.key in chosen]
    if asked.output is None and asked.only == list(PEERS) and len(asked.edits) == len(EDITS):
        asked.output = str(HERE / "RESULTS.md")
    return asked


# -- one case -----------------------------------------------------------------------------------


def _truth(edit: Edit, python: str, scratch: Path) -> tuple[float, float]:
    """Return what the plain program says before and after an edit."""
    project = _project("plain", scratch / f"plain-{edit.key}")
    before = _run(python, project).value
    edit.apply(project)
    after = _run(python, project).value
    if (before != after) != edit.changes:
        sys.exit(f"the edit `{edit.key}` is not what it says: {before}, {after}")
    return before, after


def _verdict(edit: Edit, peer: str, python: str, folder: Path, wanted: tuple[float, float]) -> str:
    """Run, run again, edit, run again; return what the table says of that."""
    project = _project(peer, folder)
    before, after = wanted
    first, again = _run(python, project), _run(python, project)
    for outcome in (first, again):
        if outcome.value != before:
            raise _ProgramError(f"{peer} computes {outcome.value}, the plain program {before}")
    edit.apply(project)
    last = _run(python, project)
    if last.value != after:
        return "STALE" if last.value == before else f"wrong: {last.value}"
    if first.stamp != again.stamp:
        return "no cache"
    if not edit.changes and last.stamp != again.stamp:
        return "recomputed needlessly"
    return "right"


def _project(peer: str, folder: Path) -> Path:
    """Lay out a project as it is before the edit."""
    project = folder / "project"
    shutil.copytree(HERE / "project", project, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(HERE / "peers" / f"{peer}.py", project / "pipeline.py")
    install_tariff(project / "site-packages", "1.0", 5.0)
    return project


def _run(python: str, project: Path) -> Outcome:
    """Run the program of a project in a process of its own."""
    variables = surroundings(python, project.parent / "home")
    # KFP's components run elsewhere: the modules of the project are as good as installed.
    paths = [str(project), str(project / "site-packages")]
    variables["PYTHONPATH"] = os.pathsep.join(paths)
    done = subprocess.run(
        [python, "pipeline.py"],
        cwd=project,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not lines:
        raise _ProgramError(f"status {done.returncode}\n{done.stdout}\n{done.stderr[-3000:]}")
    record = json.loads(lines[-1])
    return Outcome(record["value"], record["stamp"])


# -- the table ----------------------------------------------------------------------------------


def _report(found: dict[str, dict[str, str]], edits: list[Edit], pythons: dict[str, str]) -> str:
    heads = [edit.title for edit in edits]
    rows = [
        f"| {PEERS[peer][1]} | {_version(peer, pythons[peer])} | "
        + " | ".join(_cell(said[edit.key]) for edit in edits) + " |"
        for peer, said in found.items()
    ]  # fmt: skip
    stale = {peer: sum(text == "STALE" for text in said.values()) for peer, said in found.items()}
    changing = sum(edit.changes for edit in edits)
    summary = ", ".join(f"{PEERS[peer][1]} {number}" for peer, number in stale.items())
    return "\n".join(
        [
            "# Stale results after an edit",
            "",
            f"{dt.datetime.now(dt.UTC):%d %B %Y}; {machine()}.",
            "Made by `python benchmarks/stale_cache/run.py`; what it means is in README.md.",
            "",
            f"| system | version | {' | '.join(heads)} |",
            f"|---|---|{'---|' * len(heads)}",
            *rows,
            "",
            f"Stale, of {changing} edits that change the result: {summary}.",
            "",
        ]
    )


def _cell(text: str) -> str:
    return f"**{text}**" if text == "STALE" or text.startswith("wrong") else text


def _version(peer: str, python: str) -> str:
    name = distribution(PEERS[peer][0])
    return versions(python, [name])[name]


if __name__ == "__main__":
    main()
