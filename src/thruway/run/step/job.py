"""What an executor is given and what it gives back; the engine and the executors meet here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from thruway.errors import PipelineError, StepFailed, StorageError, ThruwayError
from thruway.run.store.store import WHOLE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from thruway.kit.dag import Dag
    from thruway.run.types import ArtifactRef, StepRecord

ARGUMENT = "items"
"""Argument of a `split` job (`run.step.items`)."""

__all__ = ["ARGUMENT", "WHOLE", "Done", "Executor", "Failed", "Input", "Job", "Place"]


@dataclass(frozen=True)
class Input:
    """An input of a step: which node gave it, and where it is."""

    node: str
    artifact: ArtifactRef

    @property
    def object(self) -> tuple[str, str]:
        """What is loaded together: values of one node in one object share their parts."""
        return self.node, self.artifact.hash or f"memory:{self.artifact.member}"


@dataclass(frozen=True)
class Job:
    """One execution of a step.

    Attributes:
        node: name of the node in the pipeline.
        module, qualname: the step.
        inputs: argument → artifact.
        values: argument → value given by the pipeline's text or its parameters.
        fields: output fields of the step, () for a single output.
        wanted: fields that others take; None stands for the whole result.
        code: dotted places of the project's code that the step reaches.
        seed: ambient seed.
        probe: record what the step shows.
        keep: local names whose value is stored.
        trusted: objects that need no check before they are loaded: they were checked, or
            written, in this run.
        fan: `split` takes the items of a mapped step apart; `item` is the call for one of them,
            apart from the calls for the others.
        timeout: seconds after which its process is killed; 0 for none.
        memory: bytes of memory at which its process is killed; 0 for none.
        environment: variables that the step declares, wherever it runs; None for unset.
    """

    node: str
    module: str
    qualname: str
    inputs: Mapping[str, Input] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    fields: tuple[str, ...] = ()
    wanted: frozenset[str | None] = frozenset()
    code: tuple[str, ...] = ()
    seed: int = 0
    probe: bool = False
    keep: frozenset[str] = frozenset()
    trusted: frozenset[str] = frozenset()
    fan: Literal["", "split", "item"] = ""
    timeout: float = 0.0
    memory: int = 0
    environment: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def limited(self) -> bool:
        """Whether only a process of its own can be held to what the step declares."""
        return bool(self.timeout or self.memory)


@dataclass(frozen=True)
class Failed:
    """A step that did not end well; `error` is one of ours, ready to be raised."""

    kind: str
    what: str
    where: str
    fix: str
    detail: str = ""

    def error(self) -> ThruwayError:
        """Return the exception to raise."""
        made = {
            "StorageError": StorageError,
            "Missing": StorageError,
            "PipelineError": PipelineError,
        }.get(self.kind, StepFailed)
        return made(self.what, self.where, self.fix, self.detail)


@dataclass(frozen=True)
class Done:
    """What came of an execution.

    Attributes:
        outputs: port → artifact.
        files: token of a file written → artifact.
        reads: tokens of files read (`file:a.csv`) and folders listed (`dir:data`).
        seconds: time of the step's own code.
        stdout: text printed and displayed, as it went.
        stderr: the end of what went to standard error.
        record: what the probe saw.
        warnings: sentences for the reader.
        failure: why there are no outputs.
        values: in-process, the outputs themselves.
        cause: in-process, the exception that the step raised.
    """

    outputs: Mapping[str, ArtifactRef] = field(default_factory=dict)
    files: Mapping[str, ArtifactRef] = field(default_factory=dict)
    reads: tuple[str, ...] = ()
    seconds: float = 0.0
    stdout: str = ""
    stderr: str = ""
    record: StepRecord | None = None
    warnings: tuple[str, ...] = ()
    failure: Failed | None = None
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)
    cause: BaseException | None = None


@dataclass(frozen=True)
class Place:
    """Where a step runs.

    Attributes:
        roots: folders from which the project's modules are imported.
        store: folder of the store.
        data: the user's folder that the working folder mirrors.
        cwd: the working folder of the step.
        protect: root of the scratch copy of the data folder.
        own_process: nothing else runs in this process; standard error is a file already.
        program: what the step sees as `sys.argv[0]`.
    """

    roots: tuple[Path, ...]
    store: Path
    data: Path
    cwd: Path
    protect: Path
    own_process: bool = False
    program: str = ""


class Executor(Protocol):
    """Runs steps somewhere; several at the same time if it can."""

    def check_types(self, dag: Dag) -> None:
        """Check what meets at the ports, where the steps can be imported."""

    def start(self, ticket: int, job: Job, needed: Callable[[tuple[str, str]], bool]) -> None:
        """Begin a step; `needed` says whether a later step takes something of an object."""

    def wait(self, seconds: float | None = None) -> tuple[int, Done] | None:
        """Return the ticket of a step that has ended, and what came of it.

        None when none has ended within the time; without one, it waits.
        """

    def close(self) -> None:
        """Stop everything that still runs."""
