"""Bring a project up to date with its notebook, and keep what was edited in it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thruway.api.observing import Silent, observe_file
from thruway.api.planning import files_of, repaired, report, understand, wish
from thruway.errors import PipelineError, ProjectError, StepFailed, StorageError
from thruway.kit.project import load_project
from thruway.kit.reading.read import read_pipeline
from thruway.plan import make_plan
from thruway.plan.wishes import Wishes
from thruway.program import read_program
from thruway.project import load_manifest, write_project
from thruway.project.continuity import moves, places_now
from thruway.project.generated import encoded, mergeable, pack, unpack
from thruway.project.manifest import hashes
from thruway.project.merge import Merged, at_paths, conflicted, merge_files
from thruway.project.packaging_text import NOT_PROVEN, with_proof
from thruway.project.places import GENERATED, MANIFEST, README
from thruway.source import read_source
from thruway.trace.observe import ObserveOptions
from thruway.verify import prove
from thruway.verify.renamed import renamed_steps
from thruway.verify.repair import Repairs

if TYPE_CHECKING:
    from thruway.api.observing import Progress
    from thruway.errors import ThruwayError
    from thruway.graph import Graph
    from thruway.plan import Plan
    from thruway.plan.ask import Asked
    from thruway.project.types import Manifest
    from thruway.verify import Original, Proof

Contents = dict[str, bytes]


@dataclass(frozen=True)
class Sync:
    """A project brought up to date.

    Attributes:
        project: its folder.
        plan: the new plan.
        files: every file that can be edited, merged.
        yours: path → content before.
        renamed: step in the record → name that the user gave it.
        proof: that the merged project computes the same; None while conflicts are left, with
            `verify=False`, and for a dry run.
        problem: why the merged project could not be run.
        written: whether anything was written.
    """

    project: Path
    plan: Plan
    files: tuple[Merged, ...]
    yours: Contents
    renamed: dict[str, str]
    proof: Proof | None = None
    problem: ThruwayError | None = None
    written: bool = False

    @property
    def conflicts(self) -> tuple[Merged, ...]:
        """The files to look at."""
        return tuple(each for each in self.files if each.action == "conflict")

    @property
    def holds(self) -> bool:
        """Whether nothing is left to do: no conflict, and no difference."""
        return not (self.conflicts or self.problem) and (self.proof is None or self.proof.holds)


def sync(
    project: str | Path,
    *,
    source: str | Path = "",
    python: str = "",
    asked: Asked | None = None,
    verify: bool = True,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> Sync:
    """Migrate the program of a project again, and merge the result into the project.

    Args:
        project: folder of the project.
        source: the notebook or script, if it was moved.
        python: interpreter of the program; the current one by default.
        asked: what is to be cut, merged or named otherwise from now on.
        verify: prove the merged project, if no conflict is left.
        dry_run: only say what would change.
        progress: hears what goes on.

    Raises:
        ProjectError: not a migrated project, conflicts are left in it, or the program is gone.
        SourceError: the program cannot be read.
        UserCodeError: the program raised.
        MigrationRefused: it cannot be migrated soundly.
    """
    progress = progress or Silent()
    folder = Path(project).resolve()
    old = load_manifest(folder)
    yours = _read(folder, [*old.files, *_texts(folder)])
    _refuse_conflicts(folder, yours)
    path = _program(folder, old, source)
    options = ObserveOptions(python or None, old.seed, old.until, thumbnails=not verify)
    found = observe_file(path, options, old.arguments, progress, check=verify and not dry_run)
    original, graph = understand(found, old.cut, progress)
    return _Merge(folder, old, yours, original, graph, asked).go(
        python, progress, verify=verify, dry_run=dry_run
    )


class _Merge:
    """The three versions, and what goes on from the old plan."""

    def __init__(
        self,
        folder: Path,
        old: Manifest,
        yours: Contents,
        original: Original,
        graph: Graph,
        asked: Asked | None,
    ) -> None:
        self.folder = folder
        self.old = old
        self.base = unpack(folder)
        self.yours = {**yours, README: _unproven(yours[README])} if README in yours else yours
        self.here, self.renamed = _steps_now(folder, old)
        self.places = _aligned(folder, old, graph)
        kept = tuple(self.places.items())
        first = make_plan(graph, mode=old.cut, package=old.package)
        self.wishes, self.plan = wish(first, asked, Wishes(old.overrides, kept))
        graph = self.plan.graph
        self.original = replace(original, program=graph.program, trace=graph.trace)

    def go(self, python: str, progress: Progress, *, verify: bool, dry_run: bool) -> Sync:
        """Write and prove; cut more coarsely where the cut itself turns out to be wrong."""
        repairs = Repairs()
        while True:
            done, new = self.merged()
            if dry_run:
                return done
            progress.phase("writing", str(self.folder))
            self._write(done, new)
            done = replace(done, written=True)
            if done.conflicts or not verify:
                report(self.folder, self.plan, None)
                return done
            progress.phase("proving")
            done = self._proven(done, python, progress)
            if done.proof is None or not self._cut_is_wrong(done.proof, repairs):
                return done
            progress.phase("repairing", repairs.last)
            self.plan = repaired(self.plan, self.wishes, repairs)

    def merged(self) -> tuple[Sync, dict[str, str | bytes]]:
        """Return the merge of the three versions, and the new one with its record."""
        made = files_of(self.plan, self.folder, self.old.seed, self.old.until)
        moved = moves(self.plan, self.old, self.places, self.here, self.yours)
        gave = self.renamed
        new = at_paths({p: encoded(c) for p, c in made.items() if mergeable(p)}, moved.new, gave)
        base = at_paths(self.base, moved.base, gave)
        mine = at_paths(self.yours, moved.yours, gave)
        own = {path for path in mine if mine[path] != self.yours.get(path)}
        known = {path: mine[path] for path in {*base, *new, *own} if path in mine}
        files = merge_files(base, new, known)
        rest = {path: content for path, content in made.items() if not mergeable(path)}
        whole: dict[str, str | bytes] = {**new, **rest, GENERATED: pack(new)}
        whole[MANIFEST] = _record(made[MANIFEST], self.old, whole, moved.new, gave)
        return Sync(self.folder, self.plan, files, known, self.renamed), whole

    def _write(self, done: Sync, new: dict[str, str | bytes]) -> None:
        files = {each.path: each.content for each in done.files if each.content is not None}
        rest = {path: content for path, content in new.items() if not mergeable(path)}
        write_project({**files, **rest}, self.folder, force=True)

    def _proven(self, done: Sync, python: str, progress: Progress) -> Sync:
        try:
            config, manifest = load_project(self.folder), load_manifest(self.folder)
            proof = prove(config, manifest, self.original, python=python, reporter=progress.running)
        except (PipelineError, ProjectError, StepFailed, StorageError) as error:
            report(self.folder, self.plan, None)
            return replace(done, problem=error)
        report(self.folder, self.plan, proof)
        return replace(done, proof=proof)

    def _cut_is_wrong(self, proof: Proof, repairs: Repairs) -> bool:
        """Whether the first difference is in a step that nobody edited, and can be repaired."""
        first = proof.first_difference
        if first is None or first.step in proof.edited or first.downstream:
            return False
        return repairs.learn(self.plan, proof)


def _refuse_conflicts(folder: Path, yours: Contents) -> None:
    if left := conflicted(yours):
        raise ProjectError(
            f"conflicts of an earlier sync are left in {', '.join(left)}",
            str(folder / left[0]),
            "solve them (look for `<<<<<<< yours`), then sync again",
        )


def _program(folder: Path, old: Manifest, source: str | Path) -> Path:
    path = Path(source).resolve() if source else (folder / old.source.origin).resolve()
    if not path.is_file():
        raise ProjectError(
            f"the program of this project is not where it was: {old.source.name}",
            str(path),
            "say where it is: thruway sync DIR --source FILE",
        )
    return path


def _texts(folder: Path) -> list[str]:
    """Return the Python files of a project, generated or not."""
    hidden = {"source", "outputs"}
    return [
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*.py")
        if not any(p.startswith(".") or p in hidden for p in path.relative_to(folder).parts)
    ]


def _read(folder: Path, paths: list[str]) -> Contents:
    here = {path: folder / path for path in dict.fromkeys(paths) if mergeable(path)}
    return {path: place.read_bytes() for path, place in here.items() if place.is_file()}


def _unproven(readme: bytes) -> bytes:
    text = readme.decode(errors="surrogateescape")
    return with_proof(text, NOT_PROVEN).encode(errors="surrogateescape")


def _steps_now(folder: Path, old: Manifest) -> tuple[dict[str, str], dict[str, str]]:
    """Return step of the record → where it is now, and → the name that the user gave it."""
    here = {step.name: step.file for step in old.steps}
    try:
        dag = read_pipeline(load_project(folder))
    except (PipelineError, ProjectError):  # a project that cannot be read is merged as text
        return here, {}
    names = renamed_steps(old, dag)
    files = {node.name: node.step.file for node in dag.nodes}
    for name in here:
        file = files.get(names.get(name, name))
        if file is not None and file.is_relative_to(folder):
            here[name] = file.relative_to(folder).as_posix()
    return here, names


def _aligned(folder: Path, old: Manifest, graph: Graph) -> dict[str, frozenset[tuple[int, int]]]:
    """Return the places of the old steps' statements in the new program."""
    before = read_program(
        read_source(folder / old.source.file), open=bool(old.opened), arguments=old.arguments
    )
    return places_now(old, before, graph.program)


def _record(
    text: str | bytes,
    old: Manifest,
    files: dict[str, str | bytes],
    moved: dict[str, str],
    called: dict[str, str],
) -> str:
    """Return the new `thruway.json`: with what was accepted, and the user's names and places."""
    record: dict[str, Any] = json.loads(text)
    record["accepted"] = [vars(each) for each in old.accepted]
    for step in record["steps"]:
        step["file"] = moved.get(step["file"], step["file"])
        step["name"] = called.get(step["name"], step["name"])
        step["calls"] = called.get(step["calls"], step["calls"])
    for statement in record["statements"]:
        statement["steps"] = [called.get(name, name) for name in statement["steps"]]
    record["results"] = [[name, called.get(step, step)] for name, step in record["results"]]
    record["files"] = hashes({path: each for path, each in files.items() if path != MANIFEST})
    return json.dumps(record, indent=1, ensure_ascii=False) + "\n"
