"""The table of a field trial: Markdown for people, totals, and which names are generic."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

GENERIC = re.compile(
    r"""
    (step|part|cell|section|block|statement|main|run|code|stage|process|compute|explore|look|show
    |plot|report|load|read|get|prepare|clean|transform|export|save|set_up|setup|define|validate
    |ingest|tune|train|fit|predict|evaluate)(_data)?(_\d+)?  # a word that fits any program
    | .*_\d+        # told apart by a number alone
    """,
    re.VERBOSE,
)
"""Names of steps that say nothing about the program that the step is of."""

COLUMNS = (
    "program",
    "repository",
    "path",
    "env",
    "plain s",
    "observed/plain",
    "migrate s",
    "steps",
    "generic",
    "verdict",
    "stdout",
    "not compared",
    "reason",
)


def is_generic(name: str) -> bool:
    """Tell whether the name of a step would fit any other program as well.

    Example:
        >>> [is_generic(name) for name in ("step_3", "load_data", "scale_fares", "scale_fares_2")]
        [True, True, False, True]
    """
    return GENERIC.fullmatch(name) is not None


def markdown(rows: Iterable[dict[str, Any]]) -> str:
    """Return the table of all programs, with the totals above it."""
    rows = sorted(rows, key=lambda row: (row["repo"].lower(), row["path"]))
    lines = [*_totals(rows), "", f"| {' | '.join(COLUMNS)} |", f"|{'---|' * len(COLUMNS)}"]
    lines += [f"| {' | '.join(_cell(text) for text in _texts(row))} |" for row in rows]
    return "\n".join(lines) + "\n"


def _texts(row: dict[str, Any]) -> list[object]:
    return [
        row["name"],
        row["repo"],
        row["path"],
        row["env"],
        _number(row.get("plain_seconds")),
        _number(row.get("observed_to_plain"), 2),
        _number(row.get("migrate_seconds")),
        len(row["steps"]) if row.get("steps") else "",
        len(row["generic"]) if row.get("steps") else "",
        row["verdict"],
        row.get("stdout", ""),
        row.get("not_compared", ""),
        row.get("reason", "")[:160],
    ]


def _number(value: float | None, digits: int = 1) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def _cell(text: object) -> str:
    return " ".join(str(text).split()).replace("|", "\\|")


def _totals(rows: list[dict[str, Any]]) -> list[str]:
    verdicts = Counter(row["verdict"] for row in rows)
    repos = len({row["repo"] for row in rows})
    steps = [name for row in rows for name in row.get("steps", ())]
    generic = [name for row in rows for name in row.get("generic", ())]
    ratios = sorted(row["observed_to_plain"] for row in rows if row.get("observed_to_plain"))
    named = f"{len(generic)} of {len(steps)} steps have a generic name"
    three = sum(len(row["steps"]) >= 3 for row in rows if row.get("steps"))
    lines = [
        f"{len(rows)} programs of {repos} repositories: "
        + ", ".join(f"{count} {verdict}" for verdict, count in verdicts.most_common())
        + ".",
        f"{three} have three steps or more. {named}.",
    ]
    if ratios:
        median = ratios[len(ratios) // 2]
        lines.append(f"Observed / plain: median {median:.2f}, largest {ratios[-1]:.2f}.")
    return lines
