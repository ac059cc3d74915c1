"""A difference of two data sets as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from thruway.components.html import gate_line, section, table, view

if TYPE_CHECKING:
    from thruway.components.example_diff import ExampleDiffResult


def shown(found: ExampleDiffResult) -> str:
    """Return a difference as HTML."""
    counts = [
        ("added", found.added),
        ("removed", found.removed),
        ("changed", found.changed),
        ("unchanged", found.unchanged),
        ("share their key", f"{found.duplicates[0]:,} and {found.duplicates[1]:,}"),
        ("without a key", f"{found.missing_keys[0]:,} and {found.missing_keys[1]:,}"),
    ]
    parts = [gate_line(found.gate), table(["rows", ""], counts)]
    changed = {name: one for name, one in found.columns.items() if one.changed or one.types}
    if changed:
        heads = ["column", "changed", "was missing", "is missing", "mean difference", "largest"]
        heads += ["key", "before", "now"]
        rows = [
            [
                name,
                one.changed,
                one.appeared,
                one.vanished,
                one.mean,
                one.largest,
                *(_sample(one.samples) or ["", "", ""]),
            ]
            for name, one in changed.items()
        ]
        parts.append(section("Columns", table(heads, rows)))
    for title, names in (
        ("Only in the examples", found.columns_added),
        ("Only in the baseline", found.columns_removed),
    ):
        if names:
            parts.append(section(title, table(["column"], [[one] for one in names])))
    for title, keys in (
        ("Added", found.sample_added),
        ("Removed", found.sample_removed),
        ("Sharing their key", found.sample_duplicates),
    ):
        if keys:
            parts.append(section(title, table(found.key, keys)))
    return view("Row-level differences", *parts)


def _sample(samples: tuple[tuple[tuple[object, ...], object, object], ...]) -> list[object]:
    if not samples:
        return []
    key, before, now = samples[0]
    return [", ".join(map(str, key)), before, now]
