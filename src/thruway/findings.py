"""What Thruway noticed about a program, as data: code, severity, place, reason, fix.

A finding is never printed where it is made: it travels to the report, to `explain` and to
`--json`. Codes are stable; the table below is the one place to add one.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """How much a finding matters to the reader."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


CODES = {
    "TW001": "magic-dropped",
    "TW002": "shell-line",
    "TW003": "unsupported-magic",
    "TW101": "branch-not-taken",
    "TW102": "opaque-value",
    "TW103": "random-stream-unseeded",
    "TW104": "local-module",
    "TW105": "network",
    "TW106": "absolute-path",
    "TW107": "large-folder-linked",
    "TW108": "saved-out-of-order",
    "TW120": "opened",
    "TW121": "not-opened",
    "TW122": "opening-undone",
    "TW201": "kept-together",
    "TW202": "not-storable",
    "TW203": "cut-merged",
    "TW204": "random-state-travels",
    "TW205": "definition-nested",
    "TW206": "generic-name",
    "TW207": "setting-replicated",
    "TW208": "override-not-respected",
    "TW209": "looks-moved",
    "TW211": "loop-parted",
    "TW212": "loop-whole",
    "TW301": "differs",
    "TW302": "non-deterministic",
    "TW303": "not-compared",
    "TW304": "tolerance",
}


@dataclass(frozen=True)
class Place:
    """A place in the user's text.

    Attributes:
        file: name of the notebook or script.
        cell: number of the cell counted from 1 over all cells; 0 in a plain script.
        line: line within the cell (or the script), from 1; 0 when the whole cell is meant.
    """

    file: str
    cell: int = 0
    line: int = 0

    def __str__(self) -> str:
        """Return `churn.ipynb, cell 4, line 2`."""
        parts = [self.file]
        if self.cell:
            parts.append(f"cell {self.cell}")
        if self.line:
            parts.append(f"line {self.line}")
        return ", ".join(parts)


@dataclass(frozen=True)
class Unknown:
    """A fact that is not known, with the reason; decisions beside it are conservative."""

    reason: str

    def __str__(self) -> str:
        """Return `unknown (reason)`."""
        return f"unknown ({self.reason})"


@dataclass(frozen=True)
class Finding:
    """One thing noticed: `code` is a key of `CODES`."""

    code: str
    severity: Severity
    place: Place
    reason: str
    fix: str = ""

    @property
    def name(self) -> str:
        """The kebab-case name of the code."""
        return CODES[self.code]

    def __str__(self) -> str:
        """Return one line of text."""
        fix = f" ({self.fix})" if self.fix else ""
        return f"{self.code} {self.name} at {self.place}: {self.reason}{fix}"

    def dump(self) -> dict[str, Any]:
        """Return the record for `--json`."""
        return {**asdict(self), "severity": str(self.severity), "name": self.name}
