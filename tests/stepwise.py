"""Run a migrated project step by step in this process, every value through the store.

What `thruway verify` does with a process per step, without the processes: each step reads its
inputs back from the store, so nothing but what was written can reach it.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING
from unittest import mock

from forked import ForkingExecutor, in_fork
from observed import DoesNotRun, observed_graph, quiet, write_program

from thruway.kit.ambient.display import display
from thruway.kit.ambient.random import quiet_imports, seed_all, seed_on_import
from thruway.kit.project import load_project
from thruway.kit.values.fingerprint import fingerprint
from thruway.plan import make_plan
from thruway.project import load_manifest
from thruway.project.render import render
from thruway.run import RunOptions, run_project
from thruway.run.executors.inprocess import InProcessExecutor
from thruway.run.step.perform import perform
from thruway.verify.prove import _compare

if TYPE_CHECKING:
    from thruway.plan.types import Plan

# Hundreds of small stores: where memory can be had as a folder, nothing waits for a disk.
_MEMORY = Path("/dev/shm")
FAST = str(_MEMORY) if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) else None
__all__ = ["DoesNotRun", "differences", "examine"]

PLAIN = (int, float, str, list, tuple, dict, set, bool, type(None))


def _forget(roots, *, everything=True):
    """Forget the project's modules by name; the real search looks at the file of every module."""
    del everything
    for root in roots:
        tops = {entry.name.partition(".")[0] for entry in os.scandir(root)}
        for name in [name for name in sys.modules if name.partition(".")[0] in tops]:
            if str(getattr(sys.modules[name], "__file__", "")).startswith(f"{root}{os.sep}"):
                del sys.modules[name]


class ThroughStore(InProcessExecutor):
    """Forgets every value and module before each step, as a process of its own would."""

    def start(self, ticket, job, needed):
        self._memory.clear()
        self._digests.clear()
        _forget(self._place.roots)
        super().start(ticket, job, needed)


def differences(text, mode, kind="notebook", *, isolated=False, **files):
    """Return what differs between a program and its pipeline: [] when it is sound.

    Args:
        text: the program.
        mode: where it is cut.
        kind: `notebook` or `script`.
        isolated: run the program and every step in processes of their own.
        files: what lies beside it (`a_csv="x,y"` is `a.csv`).
    """
    return examine(text, mode, kind, isolated=isolated, **files).found


@dataclass(frozen=True)
class Examined:
    """A plan, and what its pipeline does differently."""

    plan: Plan
    found: list[str]


def examine(text, mode, kind="notebook", *, isolated=False, **files):
    """Migrate a program and run both; see `differences`."""
    call = in_fork if isolated else _here
    with tempfile.TemporaryDirectory(dir=FAST) as folder:
        home = Path(folder).resolve() / "home"
        path = write_program(
            home, text, kind, files={k.replace("_", "."): v for k, v in files.items()}
        )
        (Path(folder) / "scratch").mkdir()
        observe = partial(observed_graph, parted=mode == "auto")
        graph = call(observe, path, Path(folder).resolve() / "scratch")
        plan = make_plan(graph, mode=mode)
        _write(plan, home / "out")
        result, checks = _run(home / "out", graph.trace, isolated=isolated)
        found = [str(check) for check in checks if check.verdict == "differs"]
        manifest = load_manifest(home / "out")
        plain = call(_plain_digests, graph.program, Path(folder) / "plain")
        return Examined(plan, found + _against_plain(graph, manifest, result, plain))


def _here(function, *arguments):
    return function(*arguments)


def _write(plan, target):
    with mock.patch("thruway.project.render.format_files", lambda files: files):
        files = render(plan, data_root="..", climb=0, seed=0)
    for name, content in files.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        data = content if isinstance(content, bytes) else content.encode()
        (target / name).write_bytes(data)


def _run(target, trace, *, isolated):
    config = load_project(target)
    options = RunOptions(seed=0, force=True, probe=True)
    kind = ForkingExecutor if isolated else ThroughStore
    engine = mock.patch("thruway.run.executors.inprocess.InProcessExecutor", kind)
    # A value that cannot be stored is refused, as it is between processes.
    strict = mock.patch("thruway.run.executors.inprocess.perform", partial(_perform, perform))
    # As on a command line: words that are not the program's.
    words = mock.patch("sys.argv", ["thruway", "run", "out"])
    forget = mock.patch("thruway.run.modules.forget_stale", _forget)
    # Whether the types meet is no part of whether the values are the same.
    types = mock.patch("thruway.run.engine.execute.PipelineRun._check_types", return_value=None)
    with engine, strict, words, forget, types, _plain_paths(), quiet():
        result = run_project(config, options)
    return result, list(_compare(load_manifest(target), trace, result))


def _perform(original, *arguments, strict):
    del strict
    return original(*arguments, strict=True)


def _plain_paths():
    """Spare the look at the links of every loaded module: there are none here."""

    def inside(file, root):
        return file.startswith(f"{root}{os.sep}")

    return mock.patch("thruway.run.modules.is_first_party", inside)


def _against_plain(graph, manifest, result, values):
    """Compare with `exec` of the text too: the observed run is not its own witness."""
    last = {name: (step.name, at) for step in manifest.steps for name, at in step.bound.items()}
    found = []
    for name, (step, at) in last.items():
        later = (node.binds for node in graph.nodes if node.statement.id > at)
        if any(name in binds for binds in later):
            continue  # bound again by a definition, which is written where it is needed
        inside = manifest.step(step).renames.get(name, name)
        local = result.step(step).record.names.get(inside)
        if local is None or name not in values or local.opaque:
            continue
        digest, shown = values[name]
        if digest != local.digest:
            found.append(f"{step}: {name} is not what plain Python gives: {shown}")
    return found


def _plain_digests(program, folder):
    values = _plain(program, folder)
    return {
        name: (fingerprint(value).hex, repr(value))
        for name, value in values.items()
        if type(value) in PLAIN
    }


def _plain(program, folder):
    shutil.copytree(program.source.path.parent, folder, ignore=lambda *_: {"out"})
    main = ModuleType("__main__")
    values = vars(main)
    values["display"] = display  # as IPython has it
    words = mock.patch("sys.argv", ["case.py"])
    with (
        words,
        quiet(),
        contextlib.chdir(folder),
        contextlib.redirect_stdout(io.StringIO()),
        mock.patch.dict("sys.modules", {"__main__": main}),
        quiet_imports(),
    ):
        seed_all(0)
        with seed_on_import(0):
            for statement in program.statements:
                exec(compile(statement.code, "<program>", "exec"), values)
    return values
