"""What was proven, in rows for the report and in words for the README."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from thruway.plan.types import Plan

Row = dict[str, Any]
_SLUGS = {
    "equal within": "near",
    "equal but": "near",
    "accepted": "near",
    "equal": "ok",
    "within": "near",
    "differs": "bad",
}
_NOUNS = {
    "port": ("value that goes from step to step", "values that go from step to step"),
    "name": ("variable at the end of a step", "variables at the end of a step"),
    "stdout": ("printed text", "printed texts"),
    "display": ("display", "displays"),
    "figures": ("set of figures", "sets of figures"),
    "file": ("file", "files"),
    "step": ("step", "steps"),
    "program": ("way of writing the program", "ways of writing the program"),
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
    return ", ".join(_kinds(rows))


def proven_text(view: Mapping[str, Any] | None) -> str:
    """Return Markdown for the README on a proof (`verify.types.Proof.dump()`)."""
    if not view:
        return ""
    rows = proof_rows(view)
    compared = [row for row in rows if row["slug"] != "none"]
    wrong = [row for row in compared if row["slug"] == "bad"]
    parts = [_how(view, len(compared), len(wrong))]
    if compared:
        parts.append("Compared:\n\n" + _bullets(_kinds(compared)))
    if wrong:
        parts.append("Different:\n\n" + _bullets(map(_difference, wrong)))
    skipped = [row for row in rows if row["slug"] == "none"]
    if skipped:
        parts.append("Not compared:\n\n" + _bullets(_reasons(skipped)))
    if limits := view.get("limits"):
        parts.append("What no comparison can show:\n\n" + _bullets(limits))
    return "\n\n".join(parts)


def _how(view: Mapping[str, Any], compared: int, wrong: int) -> str:
    runs = "twice" if view.get("original_runs", 1) == 2 else "once"
    verdict = view.get("verdict", "not compared")
    told = {
        "equal": f"all {compared} things that were compared are equal",
        "differs": f"of {compared} things that were compared, {wrong} differ",
        "not compared": "nothing could be compared",
    }.get(verdict, f"all {compared} things that were compared are {verdict}")
    return (
        f"Verdict: **{verdict}**. The original ran {runs}, statement by statement; the pipeline\n"
        "ran with every step in a process of its own, meeting only through the store; both\n"
        f"started from the seed {view.get('seed', 0)}. The result: {told}."
    )


def _bullets(items: Iterable[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def _kinds(rows: Sequence[Row]) -> list[str]:
    """Return `3 values at ports` for each kind of thing."""
    counts = Counter(row["what"] for row in rows)
    return [
        f"{count} {_NOUNS.get(what, (what, what))[count != 1]}" for what, count in counts.items()
    ]


def _difference(row: Row) -> str:
    place = f" ({row['place']})" if row["place"] else ""
    return (
        f"{row['what']} {_named(row)} of `{row['step']}`{place} at `{row['path'] or 'the value'}`:"
        f" expected `{row['expected']}`, got `{row['actual']}`"
    )


def _named(row: Row) -> str:
    return f"`{row['name']}`" if row["name"] else ""


def _reasons(rows: Sequence[Row]) -> list[str]:
    """Return what was left out, one item for each reason."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["step"], row["reason"]), []).append(row)
    items = []
    for (step, reason), members in groups.items():
        names = ", ".join(f"{row['what']} {_named(row)}".strip() for row in members[:6])
        more = f" and {len(members) - 6} more" if members[6:] else ""
        items.append(f"{names}{more} of `{step}`: {reason}")
    if items[20:]:
        items[20:] = [f"{len(items) - 20} more, in [report.html](report.html)"]
    return items
