"""The original, observed: what `migrate`, `explain`, `verify` and `sync` all begin with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from thruway.errors import ProjectError, UserCodeError
from thruway.graph.order import reorder_program, reorder_trace
from thruway.program import read_program
from thruway.project.manifest import digest
from thruway.source import read_source
from thruway.trace.observe import ObserveOptions, observe
from thruway.verify import Original
from thruway.verify.opened import settle_opening
from thruway.verify.rewrite import repeat

if TYPE_CHECKING:
    from collections.abc import Callable

    from thruway.kit.project import ProjectConfig
    from thruway.program.types import Program
    from thruway.project.types import Manifest
    from thruway.run.events.reporter import Reporter as RunReporter
    from thruway.trace.reporter import ObserveReporter
    from thruway.trace.types import Trace
    from thruway.verify.types import Check


class Progress(Protocol):
    """Hears how a migration goes on; never decides anything."""

    @property
    def observing(self) -> ObserveReporter | None:
        """Reporter for the observed run."""

    @property
    def running(self) -> RunReporter | None:
        """Reporter for the run of the pipeline."""

    def phase(self, name: str, detail: str = "") -> None:
        """A phase begins: reading, observing, planning, writing, proving, repairing."""


class Silent:
    """Progress that says nothing."""

    observing: ObserveReporter | None = None
    running: RunReporter | None = None

    def phase(self, name: str, detail: str = "") -> None:
        """Say nothing."""


def observe_file(
    path: Path,
    options: ObserveOptions,
    arguments: tuple[str, ...],
    progress: Progress,
    *,
    check: bool,
) -> Original:
    """Read a notebook or script and run it once, observed.

    Raises:
        SourceError: the file cannot be read.
        UserCodeError: the program raised.
    """
    progress.phase("reading", str(path))
    source = read_source(path)
    # Where a notebook is left early, what a function holds would run although its call does not.
    whole = options.until_cell is None or source.kind != "notebook"
    program = read_program(source, open=whole, arguments=arguments)
    return _observe_program(program, options, progress, check=check)


def observe_again(
    folder: Path,
    manifest: Manifest,
    config: ProjectConfig,
    source: str | Path,
    options: ObserveOptions,
    progress: Progress,
) -> Original:
    """Observe the original as it was migrated, in the folder that its data is in."""
    path = Path(source).resolve() if source else folder / manifest.source.file
    if not path.exists() or digest(path.read_bytes()) != manifest.source.sha256:
        raise ProjectError(
            "this is not the program that the project was made from",
            where=str(path),
            fix="migrate it again, into another folder or with `--force`",
        )
    progress.phase("reading", str(path))
    read = replace(read_source(path), path=config.data / manifest.source.name)
    program = read_program(read, open=bool(manifest.opened), arguments=manifest.arguments)
    found = _observe_program(program, options, progress, check=True)
    found = repeat(found, manifest.rewritings, observer(options, progress))
    return reordered(found, manifest.order)


def observer(options: ObserveOptions, progress: Progress) -> Callable[[Program], Trace]:
    """Return what runs a program whose loops are parted as the original was run."""

    def run(program: Program) -> Trace:
        progress.phase("observing", "with its loops parted")
        return observe(program, options, progress.observing)

    return run


def _observe_program(
    program: Program, options: ObserveOptions, progress: Progress, *, check: bool
) -> Original:
    """Run the program; if it was opened up, make sure that this changed nothing."""
    progress.phase("observing")
    trace = observe(program, options, progress.observing)
    checks: tuple[Check, ...] = ()
    if program.opened and (check or trace.failure is not None):
        progress.phase("observing", "as it was written, to compare")
        settled = settle_opening(program, trace, options, progress.observing)
        program, trace, checks = settled.program, settled.trace, settled.checks
    if trace.failure is not None:
        raise _failure(program, trace)
    return Original(program, trace, options, checks)


def reordered(original: Original, order: tuple[int, ...]) -> Original:
    """Return the original with its statements in another order."""
    program, trace = original.program, original.trace
    return replace(
        original, program=reorder_program(program, order), trace=reorder_trace(trace, order)
    )


def _failure(program: Program, trace: Trace) -> UserCodeError:
    failure = trace.failure
    assert failure is not None
    statement = next(s for s in program.statements if s.id == failure.statement)
    cell = statement.place.cell
    fix = "make the program run to its end first"
    if cell > 1:
        fix += f", or migrate what comes before with `--until {cell - 1}`"
    what = f"your program raised {failure.type}: {failure.message}"
    return UserCodeError(what, str(statement.place), fix, failure.traceback)
