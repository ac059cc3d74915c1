"""Execute one step here: the same code in the user's process and in a worker.

What surrounds the call (seed, folder, figures, displays, files, printed text) is set up and read
here; where the arguments come from and what becomes of the outputs is the executors' business.
"""

from __future__ import annotations

import contextlib
import importlib
import time
import traceback
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thruway.errors import ThruwayError
from thruway.kit.ambient import audit
from thruway.kit.ambient.figures import FigureLog
from thruway.kit.ambient.random import quiet_imports, seed_all, seed_on_import
from thruway.kit.dag import call_arguments
from thruway.kit.values.fingerprint import fingerprint
from thruway.kit.values.written import fingerprint_written
from thruway.run.modules import is_first_party
from thruway.run.step.filewatch import FileWatch
from thruway.run.step.folder import in_folder
from thruway.run.step.items import check_result, split
from thruway.run.step.job import WHOLE, Done, Failed, Job, Place
from thruway.run.step.outputs import folder_reads, store_files, store_outputs
from thruway.run.step.printed import PrintedLog
from thruway.run.store.store import Store
from thruway.run.types import FigureRecord, StepRecord

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from thruway.run.step.probe import Probe

_TRACEBACK_LINES = 12


@dataclass
class _Seen:
    """What the surroundings of one call saw; filled while it runs."""

    printed: PrintedLog
    seconds: float = 0.0
    figures: tuple[FigureRecord, ...] = ()
    reads: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    removed: frozenset[str] = frozenset()


def perform(
    job: Job, arguments: Mapping[str, Any], place: Place, probe: Probe, *, strict: bool
) -> Done:
    """Run a step and store what it gives; a step that raises is a `Done` with a failure.

    Args:
        job: the step; its modules are importable.
        arguments: argument → value, complete.
        place: where.
        probe: what a rewritten step calls.
        strict: an output that cannot be stored is a failure.
    """
    store = Store(place.store)
    if job.fan == "split":
        return _split(job, arguments, place, store)
    probe.begin(job.keep, store)
    seen = _Seen(PrintedLog(own_errors=place.own_process))
    try:
        with _surroundings(job, arguments, place, seen):
            ports = unpack(_call(job, arguments, seen), job)
        if job.fan:
            check_result(job, ports[WHOLE])
        files = store_files(store, seen.written, place.cwd)
        outputs = store_outputs(store, job.node, ports, place, files, seen.removed, strict=strict)
        record = _record(ports, probe, seen, place) if job.probe else None
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever a step raises is its failure, `SystemExit` too
        failure = failed(error, job, place)
        return _told(Done(failure=failure, cause=error), seen)
    reads = dict.fromkeys((*seen.reads, *folder_reads(store, outputs, place)))
    done = Done(outputs=outputs, files=files, reads=tuple(reads), record=record, values=ports)
    return _told(done, seen)


def _split(job: Job, arguments: Mapping[str, Any], place: Place, store: Store) -> Done:
    try:
        return Done(outputs=split(job, arguments, store))
    except ThruwayError as error:
        return Done(failure=failed(error, job, place))


def _told(done: Done, seen: _Seen) -> Done:
    printed = seen.printed
    return replace(done, seconds=seen.seconds, stdout=printed.log, stderr=printed.stderr)


def _call(job: Job, arguments: Mapping[str, Any], seen: _Seen) -> Any:
    function: Any = importlib.import_module(job.module)
    for part in job.qualname.split("."):
        function = getattr(function, part)
    positional, named = call_arguments(arguments)
    # Imports may have drawn from the streams; every step begins with the same.
    seed_all(job.seed)
    began = time.perf_counter()
    try:
        return function(*positional, **named)
    finally:
        seen.seconds = time.perf_counter() - began


@contextlib.contextmanager
def _surroundings(
    job: Job, arguments: Mapping[str, Any], place: Place, seen: _Seen
) -> Iterator[None]:
    """Set up what surrounds a step, and note what it saw, also when the step raises."""
    figures = FigureLog(thumbnails=job.probe)
    files = FileWatch(place, job.code, arguments)
    seed_all(job.seed)
    with (
        quiet_imports(),
        seed_on_import(job.seed),
        in_folder(place.cwd, place.program),
        contextlib.ExitStack() as stack,
    ):
        for log in (seen.printed, figures, files):
            log.start()
            stack.callback(log.stop)
        try:
            yield
        finally:
            figures.flush(shown=False)
            seen.printed.finish()
            seen.figures = tuple(
                FigureRecord(f.number, f.digest, f.summary, f.shown, f.png) for f in figures.take()
            )
            seen.reads, seen.written = files.take()
            seen.removed = files.removed


def unpack(result: Any, job: Job) -> dict[str, Any]:
    """Return port → value of what a step returned.

    Raises:
        ThruwayError: the result has not the parts that it should have.
    """
    ports: dict[str, Any] = {}
    named = [name for name in job.wanted if name is not None]
    if job.fields or any(not name.isdigit() for name in named):
        names = job.fields or _field_names(result) or tuple(named)
        ports = {name: _part(result, name, job) for name in names}
    elif named:
        if not isinstance(result, tuple | list):
            raise _misshapen(result, f"a tuple of {len(named)}", job)
        ports = {str(index): value for index, value in enumerate(result)}
    if None in job.wanted or not ports:
        ports[WHOLE] = result
    missing = [name for name in named if name not in ports]
    if missing:
        raise _misshapen(result, f"a part `{missing[0]}`", job)
    return ports


def _field_names(result: Any) -> tuple[str, ...]:
    if isinstance(result, tuple) and hasattr(result, "_fields"):
        return tuple(result._fields)
    if is_dataclass(result):
        return tuple(one.name for one in fields(result))
    return ()


def _part(result: Any, name: str, job: Job) -> Any:
    try:
        return getattr(result, name)
    except AttributeError:
        raise _misshapen(result, f"a result with `{name}`", job) from None


def _misshapen(result: Any, wanted: str, job: Job) -> ThruwayError:
    return ThruwayError(
        f"step `{job.node}` gave {type(result).__name__}, and not {wanted}",
        where=f"step {job.node}",
        fix="return what the annotation of the step says",
    )


def _record(ports: Mapping[str, Any], probe: Probe, seen: _Seen, place: Place) -> StepRecord:
    with audit.paused():
        files = {token: fingerprint_written(place.cwd / token) for token in seen.written}
    return StepRecord(
        ports={name: fingerprint(value).hex for name, value in ports.items()},
        names=probe.names,
        stdout=seen.printed.stdout,
        displays=seen.printed.displays,
        figures=seen.figures,
        files=files,
    )


def failed(error: BaseException, job: Job, place: Place) -> Failed:
    """Return a failure in three lines: what was raised, and where in the step's own text."""
    if isinstance(error, ThruwayError):
        where = error.where or f"step {job.node}"
        return Failed(type(error).__name__, error.what, where, error.fix, error.detail)
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if _own_root(frame.filename, place)]
    where = f"step {job.node}"
    if own:
        root = _own_root(own[-1].filename, place)
        relative = Path(own[-1].filename).resolve().relative_to(root or Path())
        where = f"{where}, {relative.as_posix()}:{own[-1].lineno}"
    lines = "".join(_own_traceback(error, place)).splitlines()
    message = str(error).strip().splitlines()
    shown = f"{type(error).__name__}: {message[0]}" if message else type(error).__name__
    return Failed(
        "StepFailed",
        f"step `{job.node}` raised {shown}",
        where,
        "correct the step, then run again: finished steps are taken from the cache",
        "\n".join(lines[-_TRACEBACK_LINES:]),
    )


def _own_root(file: str, place: Place) -> Path | None:
    """Return the folder of modules that a file of the project lies in."""
    for root in reversed(place.roots):
        if is_first_party(file, root):
            return root
    return None


def _own_traceback(error: BaseException, place: Place) -> list[str]:
    """Format a traceback without our own frames above the step's first one."""
    trace = error.__traceback__
    while trace is not None and not _own_root(trace.tb_frame.f_code.co_filename, place):
        trace = trace.tb_next
    return traceback.format_exception(type(error), error, trace or error.__traceback__)
