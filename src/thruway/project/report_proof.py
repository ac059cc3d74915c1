"""What was proven, in rows for the report and in words for the README."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from thruway.plan.types import Plan

Row = dict[str, Any]
_SLUGS = {"equal within": "near", "equal": "ok", "within": "near", "differs": "bad"}
_NOUNS = {
    "port": ("value at a port", "values at ports"),
    "name": ("name alive at the end of a step", "names alive at the end of a step"),
    "stdout": ("printed text", "printed texts"),
    "display": ("display", "displays"),
    "figures": ("set of figures", "sets of figures"),
    "file": ("file", "files"),
    "step": ("step", "steps"),
}
_BLANK = {"step": "", "what": "", "name": "", "verdict": "", "reason": "", "path": "",
          "expected": "", "actual": "", "place": ""}  # fmt: skip


def slug(verdict: str) -> str:
    """Return the class of a verdict: ok, near, bad or none.

    >>> slug("equal within rtol 1e-09"), slug("not compared")
    ('near', 'none')
    """
    return next((name for words, name in _SLUGS.items() if verdict.startswith(words)), "none")


def proof_rows(view: Mapping[str, Any] | None) -> list[Row]:
    """Return one row per comparison; none when nothing was proven."""
    checks: Sequence[Mapping[str, Any]] = (view or {}).get("checks", [])
    return [{**_BLANK, **check, "slug": slug(check.get("verdict", ""))} for check in checks]


def by_step(plan: Plan, rows: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    """Return the rows of each step, in the order of the steps; what differs comes first."""
    places = {step.name: number for number, step in enumerate(plan.steps)}
    groups: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda row: row["slug"] != "bad"):
        groups.setdefault(row["step"], []).append(row)
    return sorted(groups.items(), key=lambda group: places.get(group[0], len(places)))


def summary(rows: Sequence[Row]) -> str:
    """Return one or two sentences: what was compared, what differs, what was left out."""
    compared = [row for row in rows if row["slug"] != "none"]
    wrong = [row for row in compared if row["slug"] == "bad"]
    if not rows:
        return ""
    sentences = [f"Compared: {_counted(compared)}." if compared else "Nothing was compared."]
    if wrong:
        first = wrong[0]
        count = "1 differs:" if len(wrong) == 1 else f"{len(wrong)} differ, first"
        sentences.append(f"{count} {first['what']} {first['name']} in step {first['step']}.")
    if skipped := len(rows) - len(compared):
        sentences.append(f"Not compared: {skipped}, each with its reason below.")
    return " ".join(sentences)


def _counted(rows: Sequence[Row]) -> str:
    """Return `3 values at ports, 1 file`."""
    counts = Counter(row["what"] for row in rows)
    return ", ".join(
        f"{count} {_NOUNS.get(what, (what, what))[count != 1]}" for what, count in counts.items()
    )


def proven_text(view: Mapping[str, Any] | None) -> str:
    """Return Markdown for the README on a proof (`verify.types.Proof.dump()`)."""
    if not view:
        return ""
    rows = proof_rows(view)
    lines = [
        f"Verdict: **{view.get('verdict', 'not compared')}**. The original and the pipeline ran",
        f"from the seed {view.get('seed', 0)}, each step of the pipeline in a process of its own.",
        "",
        f"- {summary(rows)}",
    ]
    lines += [
        f"- **Differs:** `{row['name']}` in `{row['step']}` at `{row['path'] or 'the value'}`:"
        f" expected `{row['expected']}`, got `{row['actual']}`."
        for row in rows
        if row["slug"] == "bad"
    ]
    skipped = [row for row in rows if row["slug"] == "none"]
    lines += [
        f"- Not compared: {row['what']} `{row['name']}` in `{row['step']}`: {row['reason']}."
        for row in skipped[:20]
    ]
    if skipped[20:]:
        lines.append(f"- Not compared: {len(skipped) - 20} more, see report.html.")
    lines += [f"- Not covered: {limit}" for limit in view.get("limits", [])]
    return "\n".join(line.replace("reason below", "reason") for line in lines)
