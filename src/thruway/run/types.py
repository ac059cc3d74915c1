"""Records of a run: what is asked, what each step did, what is kept of it.

All records are frozen; values themselves are never held here, only references to the store.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from thruway.kit.gate import Verdict
    from thruway.kit.project import StoreConfig

State = Literal["NEW", "RUNNING", "COMPLETE", "CACHED", "FAILED", "CANCELED", "SKIPPED"]
"""States of an execution and of a run, in the words of ML Metadata (`SKIPPED`: of TFX)."""

EXECUTORS = ("in-process", "processes", "dask")

EventKind = Literal["INPUT", "OUTPUT"]


@dataclass(frozen=True)
class RunOptions:
    """How a pipeline is to be run.

    Attributes:
        params: parameter of the pipeline → value; the others keep their defaults.
        seed: ambient seed of every step; None takes the project's.
        isolate: one process per step, meeting only through the store.
        only: run this step alone, on what the store has for the steps before it.
        from_step: run this step and what depends on it, whatever the cache says.
        force: execute every step although the cache could answer.
        no_cache: neither read from nor add to the cache.
        logs: hand the text that steps printed to the reporter, also for cached steps.
        python: interpreter for isolated steps; "" is the running one.
        probe: record names, text, figures and files of every step (see `StepRecord`).
        keep: (step, local name) whose value at the step's end is stored as an artifact.
        jobs: how many steps in processes of their own may run at the same time; 0 is one for
            each processor.
        executor: `in-process`, `processes`, `dask` (a cluster on this machine) or the address of
            a scheduler, `dask://host:port`; "" follows `isolate`.
        given: `step` or `step.port` → file whose value takes the place of what the step gives.
        resume: id of a run whose finished steps are taken, even if they are not cacheable.
        debug: when a step raises, open the debugger where it did (in-process only).
    """

    params: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None
    isolate: bool = False
    only: str = ""
    from_step: str = ""
    force: bool = False
    no_cache: bool = False
    logs: bool = False
    python: str = ""
    probe: bool = False
    keep: frozenset[tuple[str, str]] = frozenset()
    jobs: int = 1
    executor: str = ""
    given: Mapping[str, Path] = field(default_factory=dict)
    resume: str = ""
    debug: bool = False

    @property
    def apart(self) -> bool:
        """Whether steps run in processes of their own, and meet only through the store."""
        return self.isolate or self.executor not in ("", "in-process")

    @property
    def where(self) -> str:
        """Name of the executor."""
        return self.executor or ("processes" if self.isolate else "in-process")


@dataclass(frozen=True)
class ArtifactRef:
    """One value in the store, or only in memory.

    Attributes:
        hash: address of the object; "" when the value could not be stored.
        member: its name in the object: several values that share parts are one object.
        format: how the object is written (`kit.values.storage`), or `file`.
        bytes: size of the object.
        type: public dotted name of the value's class.
        preview: short text for people.
        unstored: why it is only in memory, "" when it is in the store.
        path: for files, where in the working folder it belongs (posix).
        named: what the value is made of: `module:name` of classes and functions, packages.
        gate: verdict of its gate (`kit.gate`), "" when it decides nothing.
        reasons: why that verdict, a sentence each.
    """

    hash: str
    member: str
    format: str
    bytes: int
    type: str = ""
    preview: str = ""
    unstored: str = ""
    path: str = ""
    named: tuple[str, ...] = ()
    gate: Verdict | Literal[""] = ""
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class FigureRecord:
    """A figure that a step drew: number, digest of the drawn data, what it is, was it shown.

    And a small picture of it (PNG in base64), if the run was probed.
    """

    number: int
    digest: str
    summary: str
    shown: bool
    png: str = ""


@dataclass(frozen=True)
class LocalRecord:
    """A local name at the end of a step.

    Attributes:
        kind: coarse kind, as in `kit.values.types.Value`.
        digest: fingerprint of its content.
        opaque: what the fingerprint could not look into.
        artifact: where the value is, if it was asked for with `keep`.
        reason: why it was asked for and is not kept.
    """

    kind: str
    digest: str
    opaque: str = ""
    artifact: ArtifactRef | None = None
    reason: str = ""


@dataclass(frozen=True)
class StepRecord:
    """What a probed step showed, for the proof.

    Attributes:
        ports: output port → fingerprint.
        names: local name → what it held at the step's end.
        stdout: text printed.
        displays: text of the values displayed.
        figures: figures shown, closed or left open.
        files: files written → content digest.
    """

    ports: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, LocalRecord] = field(default_factory=dict)
    stdout: str = ""
    displays: tuple[str, ...] = ()
    figures: tuple[FigureRecord, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class StepResult:
    """One step of a run.

    Attributes:
        name: of the step in the pipeline.
        state: what became of it.
        seconds: of its own code; for a cached step, of the execution that is reused.
        outputs: port → artifact.
        files: files it wrote (posix, relative to the working folder) → artifact.
        reason: why the cache could not answer; "" for a cached step.
        record: what the probe saw, when asked for.
        instances: of a mapped step, the call for each item.
    """

    name: str
    state: State
    seconds: float = 0.0
    outputs: Mapping[str, ArtifactRef] = field(default_factory=dict)
    files: Mapping[str, ArtifactRef] = field(default_factory=dict)
    reason: str = ""
    record: StepRecord | None = None
    instances: tuple[StepResult, ...] = ()


@dataclass(frozen=True)
class RunResult:
    """One run of a pipeline.

    Attributes:
        run: id of the run in the store.
        state: COMPLETE when every step gave its outputs, CACHED when all came from the cache.
        steps: in pipeline order.
        results: name of a pipeline result → artifact.
        outputs: folder into which the files that steps wrote were copied.
        store: folder of the store on this machine.
        storage: where the parts of the store are kept.
        memory: results that could not be stored (in-process runs only).
    """

    run: str
    state: State
    steps: tuple[StepResult, ...]
    results: Mapping[str, ArtifactRef]
    outputs: Path
    store: Path
    memory: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    storage: StoreConfig | None = field(default=None, repr=False, compare=False)

    def step(self, name: str) -> StepResult:
        """Return the result of one step.

        Raises:
            KeyError: no such step in this run.
        """
        for step in self.steps:
            if step.name == name:
                return step
        raise KeyError(name)

    def load(self, name: str) -> Any:
        """Return the value of a pipeline result, or of `step.port`.

        Raises:
            KeyError: no such result or port, or several steps have a port of that name.
            StorageError: the object is not in the store any more, or is damaged.
        """
        from thruway.run.store.store import Store

        if name in self.memory:
            return self.memory[name]
        reference = self.results.get(name) or self._port(name)
        return Store(self.storage or self.store).load(reference)

    def _port(self, name: str) -> ArtifactRef:
        step, _, port = name.rpartition(".")
        found = {
            candidate.name: candidate.outputs[port]
            for candidate in self.steps
            if port in candidate.outputs and step in ("", candidate.name)
        }
        if len({one.hash for one in found.values()}) > 1:
            raise KeyError(f"{name}: say which of {', '.join(f'{step}.{port}' for step in found)}")
        if not found:
            raise KeyError(name)
        return next(iter(found.values()))

    def dump(self) -> dict[str, Any]:
        """Return the record for `--json`."""
        return {
            "run": self.run,
            "state": self.state,
            "outputs": str(self.outputs),
            "results": {name: asdict(ref) for name, ref in self.results.items()},
            "steps": [_dump_step(step) for step in self.steps],
        }


def _dump_step(step: StepResult) -> dict[str, Any]:
    return {
        "name": step.name,
        "state": step.state,
        "seconds": round(step.seconds, 6),
        "reason": step.reason,
        "outputs": {port: asdict(ref) for port, ref in step.outputs.items()},
        "files": {path: ref.hash for path, ref in step.files.items()},
        "instances": [_dump_step(instance) for instance in step.instances],
    }
