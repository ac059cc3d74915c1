"""Every exception that Thruway raises on purpose, in one tree.

```
ThruwayError
├── SourceError          the notebook or script cannot be read
├── UserCodeError        the user's own code raised: cell, line and traceback tail
├── MigrationRefused     a sound migration is not possible, with the reason
├── ProjectError         the folder of a project is not what it should be
├── PipelineError        a pipeline that cannot be built
│   ├── TypeMismatch     two ports that do not fit
│   └── CompileRefused   a target cannot express what a pipeline has
├── StepFailed           a step raised while a pipeline ran
├── GateFailed           a step decided that nothing may be made from what it looked at
├── DataError            data, or a model, that a component cannot work with
├── StorageError         a value cannot be stored, or an artifact cannot be read
├── InterpreterError     the child interpreter cannot be used
└── UsageError           arguments that make no sense together
```

A message is three lines: what, where, what to do next. The classmethods here build them, so
that the words stay alike.
"""

from __future__ import annotations

from typing import ClassVar


class ThruwayError(Exception):
    """The root: what happened, where, and what to do next.

    Attributes:
        what: one sentence, what happened.
        where: file, cell and line, or the port; may be empty.
        fix: what the reader can do next; may be empty.
        detail: more lines (the tail of a traceback), printed after the three.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, where: str = "", fix: str = "", detail: str = "") -> None:
        self.what = what
        self.where = where
        self.fix = fix
        self.detail = detail
        super().__init__(what)

    def __str__(self) -> str:
        """Return the three lines, and the detail under them."""
        lines = [self.what]
        if self.where:
            lines.append(f"  at: {self.where}")
        if self.fix:
            lines.append(f"  do: {self.fix}")
        if self.detail:
            lines.append(self.detail.rstrip())
        return "\n".join(lines)

    def dump(self) -> dict[str, str]:
        """Return the record for `--json`."""
        return {
            "error": type(self).__name__,
            "what": self.what,
            "where": self.where,
            "fix": self.fix,
            "detail": self.detail,
        }


class SourceError(ThruwayError):
    """The notebook or script cannot be read."""

    exit_code = 2


class UserCodeError(ThruwayError):
    """The user's own code raised; `detail` holds the last lines of its traceback."""

    exit_code = 3


class MigrationRefused(ThruwayError):  # noqa: N818 - a refusal is an answer, not a fault
    """A migration that computes the same is not possible; says why and where."""

    exit_code = 4


class ProjectError(ThruwayError):
    """The folder of a project is missing, foreign, or was edited where it matters."""

    exit_code = 2


class PipelineError(ThruwayError):
    """A pipeline that cannot be built from its text."""

    exit_code = 5


class TypeMismatch(PipelineError):  # noqa: N818 - the word of the field
    """What one port gives is not what the other takes."""


class CompileRefused(PipelineError):  # noqa: N818 - a refusal is an answer, not a fault
    """A target cannot express what a pipeline has: which step, what, and what to do instead."""


class StepFailed(ThruwayError):  # noqa: N818 - reads as what happened
    """A step raised while a pipeline ran; `__cause__` is the step's own exception if here."""

    exit_code = 6


class GateFailed(ThruwayError):  # noqa: N818 - the word of the field
    """A step decided that nothing may be made from what it looked at: data, or a model."""

    exit_code = 9


class DataError(ThruwayError):
    """Data, or a model, that a component cannot work with: which column, what about it."""

    exit_code = 10


class StorageError(ThruwayError):
    """A value cannot be stored exactly, or an artifact cannot be read back."""

    exit_code = 7


class InterpreterError(ThruwayError):
    """The child interpreter is missing, too old, or died."""

    exit_code = 8


class UsageError(ThruwayError):
    """Arguments that make no sense, or not together."""

    exit_code = 2
