"""A schema as a table."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from thruway.components.html import section, table, view

if TYPE_CHECKING:
    from thruway.components.schema.types import Feature, Schema

_COLUMNS = 500


def shown(schema: Schema) -> str:
    """Return a schema as HTML."""
    heads = ["column", "type", "rows with a value", "values", "remarks"]
    rows = [[name, *_row(one)] for name, one in schema.features.items()]
    parts = [table(heads, rows, _COLUMNS)]
    if schema.environments:
        parts.insert(0, f"<p>Environments: {escape(', '.join(schema.environments))}</p>")
    if schema.differences:
        lines = "".join(f"<li>{escape(_cut(str(one), 300))}</li>" for one in schema.differences)
        parts.append(section("What the data says otherwise", f"<ul>{lines}</ul>"))
    return view(f"Schema of {len(schema.features):,} columns", *parts)


def _row(feature: Feature) -> list[object]:
    present = "all" if feature.min_fraction == 1 else f"at least {feature.min_fraction:.0%}"
    said = [] if feature.required else ["the column may be missing"]
    said += [f"not in {', '.join(feature.not_in)}"] if feature.not_in else []
    said += ["unique"] if feature.unique else []
    said += [f"drift {feature.drift}"] if feature.drift else []
    said += [f"skew {feature.skew}"] if feature.skew else []
    said += [feature.description] if feature.description else []
    return [feature.type, present, _values(feature), "; ".join(said)]


def _values(feature: Feature) -> str:
    if feature.domain is not None:
        many = len(feature.domain)
        return _cut(f"{many}: " + ", ".join(map(str, feature.domain)), 100)
    if feature.min is not None or feature.max is not None:
        low = "…" if feature.min is None else feature.min
        return f"{low} to {'…' if feature.max is None else feature.max}"
    if feature.min_values is not None:
        most = "…" if feature.max_values is None else feature.max_values
        return f"lists of {feature.min_values} to {most}"
    return ""


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
