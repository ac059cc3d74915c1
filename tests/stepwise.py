"""Run a migrated project step by step in this process, every value through the store.

What `thruway verify` does with a process per step, without the processes: each step reads its
inputs back from the store, so nothing but what was written can reach it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from functools import partial
from pathlib import Path
from unittest import mock

from observed import DoesNotRun, observed_graph, quiet, write_program

from thruway.kit.ambient.random import quiet_imports, seed_all, seed_on_import
from thruway.kit.project import load_project
from thruway.kit.values.fingerprint import fingerprint
from thruway.plan import make_plan
from thruway.project import load_manifest
from thruway.project.render import render
from thruway.run import RunOptions, run_project
from thruway.run.inprocess import InProcessExecutor
from thruway.run.modules import forget_stale
from thruway.run.perform import perform
from thruway.verify.prove import _compare

# Hundreds of small stores: where memory can be had as a folder, nothing waits for a disk.
_MEMORY = Path("/dev/shm")
FAST = str(_MEMORY) if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) else None
__all__ = ["DoesNotRun", "differences"]

PLAIN = (int, float, str, list, tuple, dict, set, bool, type(None))


class ThroughStore(InProcessExecutor):
    """Forgets every value and module before each step, as a process of its own would."""

    def start(self, ticket, job, needed):
        self._memory.clear()
        self._digests.clear()
        forget_stale(self._place.roots, everything=True)
        super().start(ticket, job, needed)


def differences(text, mode, kind="notebook", **files):
    """Return what differs between a program and its pipeline: [] when it is sound."""
    with tempfile.TemporaryDirectory(dir=FAST) as folder:
        home = Path(folder).resolve() / "home"
        path = write_program(
            home, text, kind, files={k.replace("_", "."): v for k, v in files.items()}
        )
        (Path(folder) / "scratch").mkdir()
        graph = observed_graph(path, Path(folder).resolve() / "scratch")
        plan = make_plan(graph, mode=mode)
        _write(plan, home / "out")
        result, checks = _run(home / "out", graph.trace)
        found = [str(check) for check in checks if check.verdict == "differs"]
        return found + _against_plain(graph, load_manifest(home / "out"), result, Path(folder))


def _write(plan, target):
    with mock.patch("thruway.project.render.format_files", lambda files: files):
        files = render(plan, data_root="..", climb=0, seed=0)
    for name, content in files.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        data = content if isinstance(content, bytes) else content.encode()
        (target / name).write_bytes(data)


def _run(target, trace):
    config = load_project(target)
    options = RunOptions(seed=0, force=True, probe=True)
    engine = mock.patch("thruway.run.inprocess.InProcessExecutor", ThroughStore)
    # A value that cannot be stored is refused, as it is between processes.
    strict = mock.patch("thruway.run.inprocess.perform", partial(_perform, perform))
    # As on a command line: words that are not the program's.
    words = mock.patch("sys.argv", ["thruway", "run", "out"])
    with engine, strict, words, _plain_paths(), quiet():
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


def _against_plain(graph, manifest, result, folder):
    """Compare with `exec` of the text too: the observed run is not its own witness."""
    values = _plain(graph.program, folder / "plain")
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
        if type(values[name]) in PLAIN and fingerprint(values[name]).hex != local.digest:
            found.append(f"{step}: {name} is not what plain Python gives: {values[name]!r}")
    return found


def _plain(program, folder):
    shutil.copytree(program.source.path.parent, folder, ignore=lambda *_: {"out"})
    values = {"__name__": "__main__"}
    words = mock.patch("sys.argv", ["case.py"])
    with (
        words,
        quiet(),
        contextlib.chdir(folder),
        contextlib.redirect_stdout(None),
        quiet_imports(),
    ):
        seed_all(0)
        with seed_on_import(0):
            for statement in program.statements:
                exec(compile(statement.code, "<program>", "exec"), values)
    return values
