"""Migrate a program, or explain what would be done with it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from thruway.api.observing import Silent, observe_file
from thruway.api.planning import files_of, repaired, report, understand, wish
from thruway.errors import MigrationRefused, PipelineError, StepFailed, StorageError
from thruway.kit.project import load_project
from thruway.plan import Plan, make_plan
from thruway.plan.wishes import Wishes
from thruway.project import load_manifest, write_project
from thruway.project.load import is_project
from thruway.project.write import check_target
from thruway.trace.observe import ObserveOptions
from thruway.verify import Original, Proof, prove
from thruway.verify.repair import Repairs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from thruway.api.observing import Progress
    from thruway.findings import Finding
    from thruway.graph import Graph
    from thruway.kit.project import ProjectConfig
    from thruway.plan.ask import Asked
    from thruway.plan.types import CutMode
    from thruway.program.types import Program
    from thruway.trace.types import Trace


@dataclass(frozen=True)
class Explanation:
    """What is understood of a program: statements, facts, dependences, plan."""

    program: Program
    trace: Trace
    graph: Graph
    plan: Plan


@dataclass(frozen=True)
class Migration:
    """A migrated program.

    Attributes:
        project: folder of the written project.
        plan: what was written and why.
        proof: that it computes the same; None with `verify=False`.
        findings: everything that a reader should know.
        seconds: phase → wall time.
    """

    project: Path
    plan: Plan
    proof: Proof | None
    findings: tuple[Finding, ...]
    seconds: dict[str, float] = field(default_factory=dict)


def explain(
    source: str | Path,
    *,
    cut: CutMode = "auto",
    python: str = "",
    seed: int = 0,
    until: int | None = None,
    asked: Asked | None = None,
    arguments: Sequence[str] = (),
    progress: Progress | None = None,
) -> Explanation:
    """Return what Thruway understands of a notebook or script; nothing is written.

    Args:
        source: notebook (`.ipynb`) or script (`.py`).
        cut: where to cut: `auto`, `headings`, `cells` or `statements`.
        python: interpreter to run the program with; the current one by default.
        seed: ambient seed, set before the first statement.
        until: last cell to run.
        asked: what is to be cut, merged or named otherwise.
        arguments: of the command line of a script.
        progress: hears what goes on.

    Raises:
        SourceError: the file cannot be read.
        UserCodeError: the program raised.
        MigrationRefused: it cannot be migrated soundly.
    """
    progress = progress or Silent()
    options = ObserveOptions(python or None, seed, until)
    found = observe_file(Path(source), options, tuple(arguments), progress, check=False)
    _, graph = understand(found, cut, progress)
    _, plan = wish(make_plan(graph, mode=cut), asked, Wishes())
    return Explanation(plan.graph.program, plan.graph.trace, plan.graph, plan)


def migrate(
    source: str | Path,
    *,
    output: str | Path = "",
    cut: CutMode = "auto",
    python: str = "",
    seed: int = 0,
    until: int | None = None,
    arguments: Sequence[str] = (),
    verify: bool = True,
    force: bool = False,
    asked: Asked | None = None,
    keep_overrides: bool = True,
    progress: Progress | None = None,
) -> Migration:
    """Migrate a notebook or script to a pipeline project, and prove that it computes the same.

    Args:
        source: notebook (`.ipynb`) or script (`.py`).
        output: folder of the project; named after the program, here, by default.
        cut: where to cut: `auto`, `headings`, `cells` or `statements`.
        python: interpreter of the program; the current one by default.
        seed: ambient seed of both runs.
        until: last cell to migrate.
        arguments: of the command line of a script; they become defaults of parameters.
        verify: prove it; without, nothing says that the pipeline computes the same.
        force: write over a project whose files were edited.
        asked: what is to be cut, merged or named otherwise.
        keep_overrides: respect what an earlier migration into the same folder was asked for.
        progress: hears what goes on.

    Raises:
        SourceError: the file cannot be read.
        UserCodeError: the program raised.
        MigrationRefused: it cannot be migrated soundly.
        ProjectError: the folder holds other work.
    """
    progress = progress or Silent()
    clock = _Clock()
    if output:
        check_target(Path(output).resolve(), force=force)
    # A proof draws all figures once more, and keeps their pictures.
    options = ObserveOptions(python or None, seed, until, thumbnails=not verify)
    original = observe_file(Path(source), options, tuple(arguments), progress, check=verify)
    original, graph = understand(original, cut, progress)
    clock.lap("observe")
    plan = make_plan(graph, mode=cut)
    _require_steps(plan)
    target = Path(output or _free_folder(plan.package)).resolve()
    earlier = load_manifest(target).overrides if keep_overrides and is_project(target) else ()
    wishes, plan = wish(plan, asked, Wishes(earlier))
    original = replace(original, program=plan.graph.program, trace=plan.graph.trace)
    repairs = Repairs()
    while True:
        progress.phase("writing", str(target))
        files = files_of(plan, target, seed, until)
        write_project(files, target, force=force or repairs.count > 0)
        clock.lap("write")
        if not verify:
            return _finished(target, plan, None, clock)
        progress.phase("proving")
        proof = _try_to_prove(load_project(target), plan, original, python, progress, repairs)
        clock.lap("prove")
        if proof is not None and (proof.holds or not repairs.learn(plan, proof)):
            return _finished(target, plan, proof, clock)
        progress.phase("repairing", repairs.last)
        plan = repaired(plan, wishes, repairs)


def _require_steps(plan: Plan) -> None:
    if plan.steps:
        return
    raise MigrationRefused(
        "The program only defines functions, classes and constants: there is no step to make.",
        plan.graph.program.source.path.name,
        "add the lines that use them, or import it as a module from the program that does",
    )


def _try_to_prove(
    config: ProjectConfig,
    plan: Plan,
    original: Original,
    python: str,
    progress: Progress,
    repairs: Repairs,
) -> Proof | None:
    """Return the proof; None when a step could not even run and the plan was repaired."""
    manifest = load_manifest(config.dir)
    try:
        return prove(config, manifest, original, python=python, reporter=progress.running)
    except (StepFailed, StorageError, PipelineError) as error:
        if isinstance(error, PipelineError) or not repairs.learn_from_failure(plan, error):
            raise MigrationRefused(
                f"the pipeline does not run as the original does: {error.what}",
                error.where,
                "see the reason below; `--cut headings` or fewer cuts may help",
                error.detail,
            ) from error
        return None


def _free_folder(package: str) -> str:
    """The folder named after the program, or another one when that holds something else."""
    folder = Path(package)
    taken = folder.exists() and not is_project(folder)
    return f"{package}_pipeline" if taken else package


def _finished(target: Path, plan: Plan, proof: Proof | None, clock: _Clock) -> Migration:
    findings = plan.findings
    report(target, plan, proof)
    clock.lap("report")
    return Migration(target, plan, proof, findings, clock.seconds)


class _Clock:
    def __init__(self) -> None:
        self._last = time.perf_counter()
        self.seconds: dict[str, float] = {}

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.seconds[name] = self.seconds.get(name, 0.0) + now - self._last
        self._last = now
