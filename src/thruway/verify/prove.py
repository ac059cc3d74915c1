"""Run the pipeline, every step in its own process, and compare it with the original.

Digests are compared first. Only what differs is looked at again: the original runs a second
time (what differs between its own two runs is non-deterministic, and named), and the two values
are compared element by element, so that a rounding difference is told from a wrong result.
"""

from __future__ import annotations

import hashlib
import re
import time
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from thruway.errors import StepFailed, StorageError
from thruway.findings import Unknown
from thruway.kit.reading.read import read_pipeline
from thruway.kit.values.compare import compare
from thruway.project.load import edited_files, is_project
from thruway.run import RunOptions, run_project
from thruway.run.step.job import WHOLE
from thruway.run.store.store import Store
from thruway.trace.observe import ObserveOptions, observe, observe_values
from thruway.verify.accept import with_accepted
from thruway.verify.downstream import with_downstream
from thruway.verify.each import compare_items
from thruway.verify.expected import Expected, Kept, expected_of, statement_places
from thruway.verify.renamed import with_renamed_steps
from thruway.verify.text import comparable, first_difference
from thruway.verify.types import Check, Proof, overall
from thruway.verify.unsteady import settle_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from thruway.kit.project import ProjectConfig
    from thruway.program.types import Program
    from thruway.project.types import Manifest, StepRecord
    from thruway.run.events.reporter import Reporter
    from thruway.run.types import RunResult, StepResult
    from thruway.trace.types import Trace
    from thruway.verify.types import What

LIMITS = (
    "Data other than this run's: a branch that was not taken here was kept, not executed.",
    "Standard error, warnings, colours of terminals and the time things take.",
    "Pixels, and who labels the ticks of dates: figures are compared by the data they draw.",
)
_CHOSEN = re.compile(r"(?<=/)tmp[a-z0-9_]{8}(?![a-z0-9_])")
_TEMPORARY = "(temporary)"
_UNCOMPARED = frozenset({"module", "function", "class"})


@dataclass(frozen=True)
class Original:
    """The original: its program, its observed run, and how to run it again.

    Attributes:
        program: as it was read.
        trace: its run.
        options: of that run.
        checks: what was compared already, when it was opened up.
    """

    program: Program
    trace: Trace
    options: ObserveOptions
    checks: tuple[Check, ...] = ()


def prove(
    project: ProjectConfig,
    manifest: Manifest,
    original: Original,
    *,
    python: str = "",
    reporter: Reporter | None = None,
) -> Proof:
    """Return the proof that the project computes what the original computed.

    Raises:
        StepFailed: a step raised; the migration is not sound as it is.
        StorageError: a value could not cross an edge.
    """
    began = time.perf_counter()
    options = RunOptions(
        seed=original.trace.seed, isolate=True, force=True, probe=True, python=python, jobs=2
    )
    result = run_project(project, options, reporter)
    dag = read_pipeline(project)
    manifest = with_renamed_steps(manifest, dag)
    compared = tuple(_compare(manifest, original.trace, result))
    checks = list(with_accepted(compared, manifest.accepted))
    runs = 1
    if any(check.verdict == "differs" for check in checks):
        runs = 2
        checks = _look_again(checks, project, manifest, original, options, result)
    found = (*original.checks, *with_downstream(checks, manifest, dag))
    return Proof(
        found,
        overall(found),
        original.trace.seed,
        runs,
        time.perf_counter() - began,
        result.run,
        LIMITS,
        _edited_steps(manifest, project),
        _pictures(result),
    )


def _pictures(result: RunResult) -> dict[str, str]:
    records = (step.record for step in result.steps if step.record is not None)
    return {f.digest: f.png for record in records for f in record.figures if f.png}


def _edited_steps(manifest: Manifest, project: ProjectConfig) -> tuple[str, ...]:
    """Return the steps whose own text, or what they share, is not as it was written."""
    edited = set(edited_files(project.dir)) if is_project(project.dir) else set()
    shared = f"{manifest.package}/shared.py" in edited
    return tuple(s.name for s in manifest.steps if s.file in edited or (shared and s.shared))


def _compare(manifest: Manifest, trace: Trace, result: RunResult) -> Iterator[Check]:
    places = statement_places(manifest)
    ran = {step.name: step for step in result.steps}
    for step in manifest.steps:
        wanted = expected_of(step, trace)
        done = ran.get(step.name)
        if done is None:
            gone = Check(step.name, "step", step.name, "differs", "the pipeline has no such step")
            yield replace(gone, wanted="a step", given="no step")
            continue
        if step.mapped:
            yield from compare_items(step, trace.fact(step.loop), done, places)
        else:
            yield from _values(step, wanted, done, places)
        yield from _texts(step, wanted, done)
        yield _figures(step, wanted, done)
        yield from _files(step, wanted, done)


def _values(
    step: StepRecord, wanted: Expected, done: StepResult, places: dict[int, str]
) -> Iterator[Check]:
    record = done.record
    if record is None:
        yield Check(step.name, "step", step.name, "not compared", "the run kept no record of it")
        return
    ports = {port.name: port.field for port in step.outputs}
    for name, number in step.bound.items():
        what: What = "port" if name in ports else "name"
        check = Check(
            step.name, what, name, "equal", "", place=places.get(number, ""), statement=number
        )
        kept = wanted.names.get(name)
        local = record.names.get(step.renames.get(name, name))
        if kept is None:
            yield replace(check, verdict="not compared", reason="the trace kept no digest of it")
        elif kept.kind in _UNCOMPARED:
            yield replace(check, verdict="not compared", reason=f"it is a {kept.kind}")
        elif local is None and what == "port":
            yield _port(check, kept, record.ports.get(ports[name], record.ports.get(WHOLE, "")))
        elif local is None:
            yield replace(check, verdict="not compared", reason="not a local of the step")
        elif kept.digest == local.digest and not kept.opaque:
            yield check
        elif kept.digest == local.digest:
            reason = f"only its type: {kept.opaque} cannot be looked into"
            yield replace(check, verdict="not compared", reason=reason)
        else:
            yield replace(check, verdict="differs", wanted=kept.digest, given=local.digest)


def _port(check: Check, kept: Kept, given: str) -> Check:
    """Compare an output whose variable has another name in the step now."""
    if not given:
        reason = "the step gives no such output"
        return replace(check, verdict="differs", reason=reason, wanted=kept.digest)
    if given == kept.digest:
        return check
    return replace(check, verdict="differs", wanted=kept.digest, given=given)


def _texts(step: StepRecord, wanted: Expected, done: StepResult) -> Iterator[Check]:
    record = done.record
    if record is None:
        return
    pairs = (
        ("stdout", wanted.stdout, record.stdout),
        ("display", "\n".join(wanted.displays), "\n".join(record.displays)),
    )
    for what, expected, actual in pairs:
        if not expected and not actual:
            continue
        check = Check(step.name, "stdout" if what == "stdout" else "display", "", "equal")
        if comparable(expected) != comparable(actual):
            path, left, right = first_difference(expected, actual)
            check = replace(
                check,
                verdict="differs",
                path=path,
                expected=left,
                actual=right,
                wanted=_digest_of(comparable(expected)),
                given=_digest_of(comparable(actual)),
            )
        yield check


def _figures(step: StepRecord, wanted: Expected, done: StepResult) -> Check:
    drawn = tuple(figure.digest for figure in done.record.figures) if done.record else ()
    check = Check(step.name, "figures", f"{len(wanted.figures)} drawn", "equal")
    if sorted(drawn) == sorted(wanted.figures):
        return check
    return replace(
        check,
        verdict="differs",
        expected=f"{len(wanted.figures)} figures",
        actual=f"{len(drawn)} figures, or other data in them",
        wanted=_digest_of(*sorted(wanted.figures)),
        given=_digest_of(*sorted(drawn)),
    )


def _digest_of(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:32]


def _files(step: StepRecord, wanted: Expected, done: StepResult) -> Iterator[Check]:
    written = _named(done.record.files) if done.record else {}
    left = _named(wanted.files)
    for path in sorted({*left, *written}):
        expected, actual = left.get(path, ""), written.get(path, "")
        check = Check(step.name, "file", path, "equal")
        if _TEMPORARY in path and not (expected and actual):
            reason = "a temporary file, which is gone sooner or later"
            check = replace(check, verdict="not compared", reason=reason)
        elif expected != actual:
            check = replace(
                check,
                verdict="differs",
                expected=f"content {expected[:12]}" if expected else "no such file",
                actual=f"content {actual[:12]}" if actual else "no such file",
                wanted=expected,
                given=actual,
            )
        yield check


def _named(files: Mapping[str, str]) -> dict[str, str]:
    """Return path → digest; what `tempfile` chose for a name is another one in every run."""
    return {_CHOSEN.sub(_TEMPORARY, path): digest for path, digest in files.items()}


def _look_again(
    checks: list[Check],
    project: ProjectConfig,
    manifest: Manifest,
    original: Original,
    options: RunOptions,
    first: RunResult,
) -> list[Check]:
    """Run both once more, with the values that differ kept, and settle each difference."""
    doubtful = [c for c in checks if c.verdict == "differs" and c.what in {"port", "name"}]
    values = frozenset((c.statement, c.name) for c in doubtful)
    again, captured = observe_values(original.program, replace(original.options, capture=values))
    # What the original itself does not repeat needs no second look at the pipeline.
    steps = {step.name: step for step in manifest.steps}
    keep = frozenset(
        (c.step, steps[c.step].renames.get(c.name, c.name))
        for c in doubtful
        if _repeats(c, original.trace, again)
    )
    result = run_project(project, replace(options, keep=keep), None) if keep else None

    @cache
    def third() -> Trace:
        return observe(original.program, original.options)

    records = {done.name: done.record for done in first.steps}
    settled = []
    for check in checks:
        if check.verdict != "differs":
            settled.append(check)
        elif check.what in {"port", "name"}:
            inside = steps[check.step].renames.get(check.name, "")
            settled.append(_settle_value(check, original.trace, again, captured, result, inside))
        elif check.what in {"stdout", "display"}:
            step, record = steps[check.step], records.get(check.step)
            settled.append(settle_text(check, step, original.trace, again, third, record))
        else:
            settled.append(_settle_effect(check, steps[check.step], original.trace, again))
    return settled


def _settle_value(
    check: Check,
    first: Trace,
    second: Trace,
    captured: dict[tuple[int, str], Any],
    result: RunResult | None,
    inside: str = "",
) -> Check:
    if result is None or not _repeats(check, first, second):
        reason = "it differs between two runs of the original"
        return replace(check, verdict="not compared", reason=reason)
    record = result.step(check.step).record
    local = record.names.get(inside or check.name) if record else None
    key = (check.statement, check.name)
    if local is None or local.artifact is None or key not in captured:
        reason = local.reason if local else "the value could not be kept for a closer look"
        return replace(check, reason=reason)
    if isinstance(captured[key], Unknown):
        return replace(check, reason=str(captured[key]))
    try:
        actual = Store(result.storage or result.store).load(local.artifact)
    except Exception as error:  # the program's packages may not be those of this process
        return replace(check, reason=f"it cannot be read here for a closer look: {error}")
    found = compare(captured[key], actual)
    return replace(
        check,
        verdict=found.verdict,
        reason=found.tolerance or found.reason,
        path=found.path,
        expected=found.expected,
        actual=found.actual,
    )


def _repeats(check: Check, first: Trace, second: Trace) -> bool:
    """Whether two runs of the original left the same value."""
    one, two = _digest(first, check), _digest(second, check)
    return one is not None and two is not None and one.digest == two.digest


def _digest(trace: Trace, check: Check) -> Kept | None:
    value = trace.fact(check.statement).values.get(check.name)
    return Kept(check.statement, value.fingerprint, value.opaque, value.kind) if value else None


def _settle_effect(check: Check, step: StepRecord, first: Trace, second: Trace) -> Check:
    """Figures and files: non-deterministic if the original's own two runs differ."""
    one, two = expected_of(step, first), expected_of(step, second)
    same = {
        "figures": sorted(one.figures) == sorted(two.figures),
        "file": one.files.get(check.name) == two.files.get(check.name),
    }
    if same.get(check.what, True):
        return check
    return replace(
        check, verdict="not compared", reason="it differs between two runs of the original"
    )


__all__ = ["LIMITS", "Original", "StepFailed", "StorageError", "prove"]
