"""What the original left behind for each step: the left side of every comparison."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from thruway.project.types import Manifest, StepRecord
    from thruway.trace.types import Fact, Trace


@dataclass(frozen=True)
class Kept:
    """The digest of a name as a statement of the original left it."""

    statement: int
    digest: str
    opaque: str = ""
    kind: str = "other"


@dataclass(frozen=True)
class Expected:
    """What one step must reproduce.

    Attributes:
        names: name → digest at the last statement of the step that bound or changed it.
        stdout: what its statements printed.
        displays: what they displayed.
        figures: digests of the figures they finished, in order.
        files: files they wrote → digest as the last of them left it.
    """

    names: dict[str, Kept] = field(default_factory=dict)
    stdout: str = ""
    displays: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()
    files: dict[str, str] = field(default_factory=dict)


def expected_of(step: StepRecord, trace: Trace) -> Expected:
    """Return what the original left for one step."""
    facts = {fact.statement: fact for fact in trace.facts}
    members = [facts[number] for number in step.body if number in facts]
    # Explicit `display(...)` calls inside statements count; by-products of a cell do not.
    shown = {*step.displayed, *(f.statement for f in members if len(f.displays) > (not f.silent))}
    files: dict[str, str] = {}
    for fact in members:
        files.update(fact.files_written)
    files = {path: digest for path, digest in files.items() if digest}  # not what was removed
    return Expected(
        names={
            name: kept
            for name, number in step.bound.items()
            if (kept := _kept(facts, name, number)) is not None
        },
        stdout="".join(fact.stdout for fact in members),
        displays=tuple(
            display.text for fact in members if fact.statement in shown for display in fact.displays
        ),
        figures=tuple(figure.digest for fact in members for figure in fact.figures),
        files=files,
    )


def _kept(facts: dict[int, Fact], name: str, number: int) -> Kept | None:
    """The last digest of a name up to a statement; None when the trace has none."""
    value = facts[number].values.get(name) if number in facts else None
    if value is None:
        return None
    return Kept(number, value.fingerprint, value.opaque, value.kind)


def statement_places(manifest: Manifest) -> dict[int, str]:
    """Return statement id → `churn.ipynb, cell 4, line 2`."""
    name = manifest.source.name
    return {
        each.id: f"{name}, cell {each.cell}, line {each.line}"
        if each.cell
        else f"{name}, line {each.line}"
        for each in manifest.statements
    }
