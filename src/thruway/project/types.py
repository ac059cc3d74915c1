"""What `thruway.json` holds: the plan as text, enough to prove the project again later."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from thruway.plan.override import Override
    from thruway.plan.types import CutMode, ParameterKind, PortKind, Role
    from thruway.program.types import Rewriting

FORMAT = 1


@dataclass(frozen=True)
class SourceRecord:
    """The original.

    Attributes:
        name: of the file.
        file: its copy in the project.
        origin: the file itself, relative to the project.
        kind: notebook, script or percent.
        sha256: of its bytes.
    """

    name: str
    file: str
    origin: str
    kind: str
    sha256: str


@dataclass(frozen=True)
class PortRecord:
    """A port; `field` is its name in the named tuple, and `statement` what it was taken after.

    `reason` says what makes the value and what needs it.
    """

    name: str
    field: str
    kind: PortKind
    annotation: str
    statement: int = 0
    resource: str = ""
    schema: str = ""
    reason: str = ""


@dataclass(frozen=True)
class ParameterRecord:
    """A literal that became a parameter, with its old value as text."""

    name: str
    pipeline_name: str
    default: str
    annotation: str
    kind: ParameterKind
    reason: str


@dataclass(frozen=True)
class StepRecord:
    """A step: where it is, what it was made of, and what the proof compares at its end.

    Attributes:
        calls: the step whose function it is a further call of, "" if it has its own.
        renames: name in the original → name in the function, for names that differ.
    """

    name: str
    role: Role
    title: str
    reason: str
    file: str
    body: tuple[int, ...]
    helpers: tuple[int, ...]
    shared: tuple[str, ...]
    settings: tuple[str, ...]
    inputs: tuple[PortRecord, ...]
    outputs: tuple[PortRecord, ...]
    parameters: tuple[ParameterRecord, ...]
    restores: tuple[str, ...]
    declare: tuple[str, ...]
    displayed: tuple[int, ...]
    shown: tuple[int, ...]
    underscore: tuple[int, ...]
    bound: dict[str, int]
    calls: str = ""
    renames: dict[str, str] = field(default_factory=dict)
    mapped: str = ""
    loop: int = 0


@dataclass(frozen=True)
class StatementRecord:
    """A statement: its place in the original, its role, and the steps that hold it."""

    id: int
    cell: int
    line: int
    end_line: int
    role: str
    steps: tuple[str, ...]


@dataclass(frozen=True)
class Accepted:
    """A difference from the original that was accepted.

    Attributes:
        step, what, name: of the comparison (`verify.types.Check`).
        given: digest of what the pipeline gave.
        wanted: digest of what the original gave.
        when: date of the decision.
    """

    step: str
    what: str
    name: str
    given: str
    wanted: str
    when: str


@dataclass(frozen=True)
class Manifest:
    """A project as it was written.

    Attributes:
        version: of Thruway.
        format: of this record.
        package: the project's package.
        title: its title.
        pipeline: `package.pipeline:function`.
        cut: the mode that was asked for.
        seed: ambient seed of the original's run and of the pipeline's.
        data: folder that relative paths of the program refer to, relative to the project.
        climb: how many levels above that folder the program reaches.
        python: version of the interpreter that ran the original.
        source: the original.
        steps: in order.
        statements: every statement.
        shared: ids of the statements in `shared.py`.
        settings: function in `shared.py` → ids of its statements.
        results: (name, step that gives it).
        dropped: statement id → why it was not written.
        findings: as dumped.
        files: path → sha256 of every file that was written, this record excepted.
        proven: verdict of the last proof, "" when there was none.
        until: last cell that was taken; None for all.
        overrides: decisions of the user's, as the plan respected them.
        opened: what of the original was opened up.
        arguments: of the command line that the original ran with.
        rewritings: statements of the original that are written as several: the ids above count
            those.
        order: the author's number of every statement, where looks at the data were moved.
        accepted: differences from the original that were accepted.
    """

    version: str
    package: str
    title: str
    pipeline: str
    cut: CutMode
    seed: int
    data: str
    climb: int
    python: str
    source: SourceRecord
    steps: tuple[StepRecord, ...]
    statements: tuple[StatementRecord, ...]
    shared: tuple[int, ...] = ()
    settings: dict[str, tuple[int, ...]] = field(default_factory=dict)
    results: tuple[tuple[str, str], ...] = ()
    dropped: dict[int, str] = field(default_factory=dict)
    findings: tuple[dict[str, Any], ...] = ()
    files: dict[str, str] = field(default_factory=dict)
    proven: str = ""
    until: int | None = None
    overrides: tuple[Override, ...] = ()
    opened: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    rewritings: tuple[Rewriting, ...] = ()
    accepted: tuple[Accepted, ...] = ()
    format: int = FORMAT
    order: tuple[int, ...] = ()

    def step(self, name: str) -> StepRecord:
        """Return a step by name.

        Raises:
            KeyError: no such step.
        """
        for step in self.steps:
            if step.name == name:
                return step
        raise KeyError(name)

    def dump(self) -> dict[str, Any]:
        """Return the record for `thruway.json`."""
        return asdict(self)
