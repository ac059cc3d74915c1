"""Replace parts of steps by canonical components, and say whether they give the same."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from thruway.api.closeness import closeness
from thruway.errors import StepFailed, UsageError
from thruway.kit.project import load_project
from thruway.kit.values.compare import compare
from thruway.project.upgrades import Upgrade, find_upgrades, rewritten
from thruway.run import RunOptions, run_project

if TYPE_CHECKING:
    from thruway.kit.project import ProjectConfig
    from thruway.run import Reporter, StepResult

Verdict = Literal["equal", "close", "different", "failed"]


@dataclass(frozen=True)
class PortVerdict:
    """How one output of a step compares.

    Attributes:
        port: its name.
        verdict: equal bit for bit; close, `how`; different, `how` and where first.
        how: in words.
    """

    port: str
    verdict: Verdict
    how: str = ""


@dataclass(frozen=True)
class Upgraded:
    """A step with components in it, tried on what the pipeline gives it.

    Attributes:
        step: its name.
        upgrades: what was replaced.
        verdict: the worst of its outputs.
        ports: each of them.
        written: whether the file was changed.
        problem: what the step raised, if it failed.
    """

    step: str
    upgrades: tuple[Upgrade, ...]
    verdict: Verdict
    ports: tuple[PortVerdict, ...] = ()
    written: bool = False
    problem: str = ""

    def dump(self) -> dict[str, Any]:
        """Return the record for `--json`."""
        return {
            "step": self.step,
            "verdict": self.verdict,
            "written": self.written,
            "problem": self.problem,
            "upgrades": [one.dump() for one in self.upgrades],
            "ports": [vars(one) for one in self.ports],
        }


def upgrades(project: Path) -> tuple[Upgrade, ...]:
    """Return the calls in steps of a project that a component could stand for.

    Raises:
        ProjectError: it is no project.
        PipelineError: its pipeline cannot be read.
    """
    return find_upgrades(load_project(project))


def upgrade_step(
    project: Path,
    step: str,
    *,
    accept: Verdict = "close",
    dry_run: bool = False,
    reporter: Reporter | None = None,
) -> Upgraded:
    """Put components into a step if it then gives the same; nothing is written otherwise.

    The pipeline is run first, from the cache as far as it goes, so that there is something to
    compare with; then the step alone, in a copy of the project.

    Args:
        project: its folder.
        step: its name.
        accept: the worst verdict that is written.
        dry_run: compare, and write nothing.
        reporter: hears of the runs.

    Raises:
        UsageError: there is no such step, or nothing in it that can be written.
        StepFailed: the pipeline itself does not run.
    """
    config = load_project(project)
    chosen = _chosen(config, step)
    node = next(each.name for each in config.dag().nodes if each.step.name == step)
    before = run_project(config, RunOptions(), reporter)
    contents = _edited(chosen)
    with tempfile.TemporaryDirectory() as folder:
        copy = _copied(config, Path(folder), contents)
        try:
            # In a process of its own: modules of the project may be loaded in this one.
            after = run_project(copy, RunOptions(only=node, force=True, isolate=True), reporter)
        except StepFailed as error:
            return Upgraded(step, chosen, "failed", problem=str(error))
        ports = tuple(
            _compared(port, before.load(f"{node}.{port}"), after.load(f"{node}.{port}"))
            for port in _ports(before.step(node))
        )
    order: tuple[Verdict, ...] = ("equal", "close", "different", "failed")
    verdict: Verdict = max((port.verdict for port in ports), key=order.index, default="equal")
    if dry_run or order.index(verdict) > order.index(accept):
        return Upgraded(step, chosen, verdict, ports)
    for file, content in contents.items():
        file.write_bytes(content)
    return Upgraded(step, chosen, verdict, ports, written=True)


def _chosen(config: ProjectConfig, step: str) -> tuple[Upgrade, ...]:
    found = find_upgrades(config)
    chosen = tuple(one for one in found if one.step == step and one.edit is not None)
    if chosen:
        return chosen
    names = sorted({one.step for one in found if one.edit is not None})
    by_hand = [one for one in found if one.step == step]
    if by_hand:
        raise UsageError(
            f"step `{step}` could use `{by_hand[0].component}`, but its call cannot be written "
            "for you",
            where=f"{by_hand[0].file}, line {by_hand[0].line}",
            fix=by_hand[0].by_hand,
        )
    raise UsageError(
        f"there is nothing to replace in a step `{step}`",
        fix=f"use one of: {', '.join(names)}" if names else "no step has a call to replace",
    )


def _edited(chosen: tuple[Upgrade, ...]) -> dict[Path, bytes]:
    return {
        file: rewritten(
            file.read_bytes(), [one.edit for one in chosen if one.file == file and one.edit]
        )
        for file in dict.fromkeys(one.file for one in chosen)
    }


def _copied(config: ProjectConfig, folder: Path, contents: dict[Path, bytes]) -> ProjectConfig:
    """Return the project in another folder, with other texts, on the same data and store."""
    target = folder / config.dir.name
    names = shutil.ignore_patterns(".thruway", "__pycache__", ".git", config.outputs.name)
    shutil.copytree(config.dir, target, ignore=names, symlinks=True)
    for file, content in contents.items():
        (target / file.relative_to(config.dir)).write_bytes(content)
    local = config.local and target / config.local.relative_to(config.dir)
    return replace(config, dir=target, outputs=folder / "outputs", local=local)


def _ports(result: StepResult) -> list[str]:
    return [port for port, ref in result.outputs.items() if not ref.unstored]


def _compared(port: str, before: Any, after: Any) -> PortVerdict:
    found = compare(before, after)
    if found.verdict == "equal":
        return PortVerdict(port, "equal")
    if found.verdict == "within":
        return PortVerdict(port, "close", found.tolerance)
    apart = closeness(before, after)
    if apart is not None:
        return PortVerdict(port, "close" if apart.is_close else "different", str(apart))
    where = f"at {found.path}: {found.expected} was, {found.actual} is" if found.path else ""
    return PortVerdict(port, "different", where or found.reason)
