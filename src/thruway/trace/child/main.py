"""Entry of the child process: read a job, observe it, write the trace.

Started by the parent as `python …/kit/bootstrap.py thruway.trace.child.main <job.json>`.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import sys
import time
import traceback
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thruway.kit.ambient import audit, protection
from thruway.kit.ambient.random import quiet_imports, seed_all, seed_on_import
from thruway.trace.child.compiled import compile_job
from thruway.trace.child.imported import (
    Beside,
    import_path,
    imported_roots,
    local_modules,
    local_trees,
    packages,
)
from thruway.trace.child.observer import Observer
from thruway.trace.child.stage import make_namespace, on_stage
from thruway.trace.job import Job
from thruway.trace.types import Trace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from thruway.trace.child.observer import Observed


_FAULT = 70  # tells the parent that the fault is ours


def main(arguments: list[str]) -> int:
    """Observe the job of the file named first, and write its result."""
    _die_with_parent()
    job = Job.read(Path(arguments[0]))
    with Path(job.events).open("w", encoding="utf-8") as events:

        def tell(**event: Any) -> None:
            events.write(json.dumps(event) + "\n")
            events.flush()

        try:
            trace = observe_job(job, tell)
            _write(json.dumps(trace, default=_plain), Path(job.result))
        except Exception:  # the user's exceptions are caught where the user's code runs
            traceback.print_exc()
            return _FAULT
        tell(event="end")
    return 0


def observe_job(job: Job, tell: Callable[..., None]) -> Trace:
    """Return the trace of a job, run in this process."""
    program = compile_job(job)
    namespace = make_namespace(job)
    with on_stage(job, namespace), _protected(Path(job.workspace)):
        seed_all(job.seed)
        drawn: list[tuple[str, str]] = []
        with quiet_imports(lambda *what: drawn.append(what)), seed_on_import(job.seed):
            start = time.perf_counter()
            observed = Observer(job, program, namespace, tell).run()
            seconds = time.perf_counter() - start
        beside = Beside(job.cwd, job.workspace, job.root)
        trees = [one.tree for one in program.statements if "import" in one.statement.code]
        with audit.paused():
            trees += list(local_trees(beside))
        found = _trace(job, observed, packages(imported_roots(trees)), seconds)
        return replace(found, import_draws=tuple(drawn))


@contextlib.contextmanager
def _protected(workspace: Path) -> Iterator[None]:
    protection.protect(workspace)
    try:
        yield
    finally:
        protection.unprotect(workspace)


def _trace(job: Job, observed: Observed, versions: dict[str, str], seconds: float) -> Trace:
    beside = Beside(job.cwd, job.workspace, job.root)
    return Trace(
        facts=tuple(observed.facts),
        failure=observed.failure,
        python=platform.python_version(),
        executable=sys.executable,
        packages=versions,
        local_modules=tuple(sorted(set(local_modules(beside).values()))),
        import_path=import_path(beside),
        seed=job.seed,
        seconds=seconds,
        user_seconds=observed.user_seconds,
        peak_bytes=_peak_bytes(),
        alive=observed.alive,
        stderr=observed.stderr,
        linked_folders=job.linked_folders,
    )


def _plain(part: Any) -> Any:
    """Return what JSON knows for a record or a set: a level at a time, so that nothing is copied.

    `thruway.trace.wire.decode` reads it.
    """
    return sorted(part) if isinstance(part, frozenset) else vars(part)


def _write(text: str, path: Path) -> None:
    with audit.paused():
        unfinished = path.with_suffix(".part")
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)


def _peak_bytes() -> int:
    try:
        import resource
    except ImportError:  # Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _die_with_parent() -> None:
    """Ask the kernel to end this process when its parent dies, however that dies."""
    if sys.platform != "linux":
        return
    with contextlib.suppress(Exception):  # a system without it: the parent's own care remains
        import ctypes
        import signal

        parent = os.getppid()
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
