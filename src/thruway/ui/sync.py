"""What `sync` prints: each file with what became of it, conflicts first, then the verdict."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from thruway.ui.show import verdict_text

if TYPE_CHECKING:
    from thruway.api import Sync
    from thruway.project.merge import Merged

_SIGNS = {
    "conflict": "!",
    "merged": "M",
    "updated": "U",
    "added": "+",
    "removed": "-",
    "kept": "=",
}
_MOST = 400


def sync_text(done: Sync) -> str:
    """Return the files that are not as they were, what is to do, and the verdict."""
    lines = [_head(done)]
    for action in _SIGNS:
        lines += [_row(each) for each in done.files if each.action == action]
    lines += [f"  step {old} is your {new}" for old, new in sorted(done.renamed.items())]
    worth = [f"  {finding}" for finding in done.plan.findings if finding.code == "TW208"]
    lines += ["", *worth] if worth else []
    if not done.written:
        return "\n".join([*lines, "", *_diff(done), "dry run: nothing was written"])
    return "\n".join([*lines, "", *_end(done)])


def sync_json(done: Sync) -> dict[str, Any]:
    """Return the record for `--json`."""
    return {
        "project": str(done.project),
        "written": done.written,
        "files": [each.dump() for each in done.files if each.action != "unchanged"],
        "conflicts": [each.path for each in done.conflicts],
        "renamed": done.renamed,
        "steps": [step.name for step in done.plan.steps],
        "findings": [finding.dump() for finding in done.plan.findings],
        "problem": done.problem.dump() if done.problem else None,
        "proof": done.proof.dump() if done.proof else None,
        "diff": "" if done.written else "\n".join(_diff(done)),
    }


def _head(done: Sync) -> str:
    changed = [each for each in done.files if each.action not in {"unchanged", "kept"}]
    if not changed:
        return f"{done.project.name}: nothing to change"
    count = len(changed)
    files = f"{count} file{'s' if count != 1 else ''}"
    return f"{done.project.name}: {files} {'changed' if done.written else 'would change'}"


def _row(each: Merged) -> str:
    note = f"  ({each.note})" if each.note else ""
    return f"  {_SIGNS[each.action]} {each.action:<8} {each.path}{note}"


def _end(done: Sync) -> list[str]:
    if done.conflicts:
        first = done.conflicts[0].path
        more = f" and {len(done.conflicts) - 1} more" if done.conflicts[1:] else ""
        return [f"NOT PROVEN: look at {first}{more}, then `thruway verify {done.project.name}`"]
    if done.problem is not None:
        return [f"NOT PROVEN: the merged project does not run: {done.problem}"]
    return [verdict_text(done.proof)]


def _diff(done: Sync) -> list[str]:
    """Return a unified diff from what is there to what would be written."""
    lines: list[str] = []
    for each in done.files:
        before, after = done.yours.get(each.path), each.content
        if before == after:
            continue
        lines += difflib.unified_diff(
            _lines(before),
            _lines(after),
            f"a/{each.path}" if before is not None else "/dev/null",
            f"b/{each.path}" if after is not None else "/dev/null",
            lineterm="",
        )
    rest = len(lines) - _MOST
    return [*lines[:_MOST], f"… and {rest} more lines"] if rest > 0 else lines


def _lines(content: bytes | None) -> list[str]:
    return (content or b"").decode(errors="replace").splitlines()
