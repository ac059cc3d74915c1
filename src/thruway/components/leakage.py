"""What one part of a split knows of another: the reason why a model is worse than its evaluation.

Source: S. Kapoor, A. Narayanan: Leakage and the reproducibility crisis in machine-learning-based
science, Patterns 4 (2023), https://doi.org/10.1016/j.patter.2023.100804
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any, Literal

from thruway.components import html
from thruway.components.frames import wrapped
from thruway.errors import DataError, UsageError
from thruway.kit.gate import Gate, worst

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import narwhals as nw

    from thruway.kit.gate import Verdict

__all__ = ["Leak", "LeakageReport", "leakage"]

Policy = Literal["fail", "warn", "ignore"]
_NAMES = ("train", "eval", "test")
_POLICY: dict[str, Policy] = {
    "columns": "fail", "key": "fail", "group": "fail", "time": "fail", "mirror": "fail",
    "duplicates": "warn", "conflicts": "warn", "classes": "warn",
}  # fmt: skip


@dataclass(frozen=True)
class Leak:
    """One thing that was found.

    Attributes:
        kind: `key`, `group`, `time`, `duplicates`, `conflicts`, `mirror`, `classes`, `columns`.
        parts: between which, as `train, test`.
        count: rows of the second part that are concerned, or columns.
        share: of the rows of the second part.
        examples: a few of the values.
        said: one sentence.
    """

    kind: str
    parts: str
    count: int
    share: float
    examples: tuple[str, ...]
    said: str


@dataclass(frozen=True)
class LeakageReport:
    """What was looked at, and what leaks.

    Attributes:
        gate: what follows, by the policy.
        leaks: what was found, worst first.
        checked: what was looked for.
        rows: of each part.
    """

    gate: Gate
    leaks: tuple[Leak, ...]
    checked: tuple[str, ...]
    rows: Mapping[str, int]

    def __repr__(self) -> str:
        return f"LeakageReport({self.gate.verdict}, {len(self.leaks)} leaks)"

    def _repr_html_(self) -> str:
        rows = [(one.kind, one.parts, one.count, one.share, ", ".join(one.examples))
                for one in self.leaks]  # fmt: skip
        found = html.table(("what", "between", "rows", "share", "such as"), rows) if rows else ""
        looked = f"<p class='note'>Looked for: {', '.join(self.checked)}.</p>"
        return html.view("Leakage", html.gate_line(self.gate), found, looked)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return dataclasses.asdict(self)


def leakage(
    split: Any,
    *,
    key: str | Sequence[str] | None = None,
    group: str | Sequence[str] | None = None,
    label: str | None = None,
    time: str | None = None,
    policy: Mapping[str, Policy] | None = None,
) -> LeakageReport:
    """Return what the parts of a split know of each other.

    Args:
        split: of `split`, or any two or three frames: a tuple, or a dict by name.
        key: that identifies a row: none is in two parts.
        group: rows of one patient or customer: all are in one part.
        label: what is predicted: rows that are alike but for it, columns that say it.
        time: everything in a part is later than all of the one before.
        policy: kind → `fail`, `warn` or `ignore`, for those that are to count otherwise.

    Raises:
        DataError: a column is not there, or the parts are no frames.
        UsageError: the policy names what is not known.
    """
    rules = {**_POLICY, **(policy or {})}
    unknown = [name for name in rules if name not in _POLICY]
    if unknown or not set(rules.values()) <= {"fail", "warn", "ignore"}:
        raise UsageError(
            f"the policy is not known: {', '.join(unknown) or rules}",
            fix=f"kinds: {', '.join(_POLICY)}; each is fail, warn or ignore",
        )
    parts = _named(split)
    for name in (*_texts(key), *_texts(group), *_texts(label), *_texts(time)):
        _there(parts, name)
    leaks = [*_columns(parts)]
    if not leaks:
        leaks += _overlaps("key", parts, _texts(key))
        leaks += _overlaps("group", parts, _texts(group))
        leaks += _duplicates(parts, label)
        leaks += [
            *_order(parts, time),
            *_classes(parts, label),
            *_mirrors(parts, label, key, group),
        ]
    leaks = [one for one in leaks if rules[one.kind] != "ignore"]
    order = {"fail": 0, "warn": 1}
    leaks.sort(key=lambda one: (order[rules[one.kind]], -one.share, one.kind, one.parts))
    looked = {"key": key, "group": group, "time": time, "conflicts": label, "classes": label,
              "mirror": label, "duplicates": True, "columns": True}  # fmt: skip
    return LeakageReport(
        worst(Gate(_verdict(rules[one.kind]), (one.said,)) for one in leaks),
        tuple(leaks),
        tuple(kind for kind in _POLICY if looked[kind] and rules[kind] != "ignore"),
        {name: len(part) for name, part in parts.items()},
    )


def _verdict(rule: Policy) -> Verdict:
    return "fail" if rule == "fail" else "warn"


def _texts(given: str | Sequence[str] | None) -> list[str]:
    return [given] if isinstance(given, str) else list(given or ())


def _named(split: Any) -> dict[str, nw.DataFrame[Any]]:
    if isinstance(split, tuple | list):
        names = getattr(split, "_fields", _NAMES if len(split) == 3 else ("train", "test"))
        split = dict(zip(names, split, strict=False))
    if not isinstance(split, dict) or len(split) < 2:
        raise DataError(
            "a split is two or three frames",
            fix='give what `split` gave, or {"train": …, "test": …}',
        )
    found = {str(name): wrapped(part, str(name)) for name, part in split.items()}
    return {name: part for name, part in found.items() if len(part)}


def _there(parts: Mapping[str, nw.DataFrame[Any]], name: str) -> None:
    for part, frame in parts.items():
        if name not in frame.columns:
            raise DataError(
                f"`{part}` has no column `{name}`", fix="check the name, or leave it out"
            )


def _columns(parts: Mapping[str, nw.DataFrame[Any]]) -> list[Leak]:
    (first, frame), *others = parts.items()
    leaks = []
    for name, other in others:
        differ = sorted(set(frame.columns) ^ set(other.columns))
        if differ:
            said = f"`{first}` and `{name}` do not have the same columns: {_some(differ)}"
            leaks.append(
                Leak("columns", f"{first}, {name}", len(differ), 0.0, (*differ[:5],), said)
            )
    return leaks


def _some(values: Sequence[str]) -> str:
    more = f" and {len(values) - 3:,} more" if len(values) > 3 else ""
    return ", ".join(f"`{one}`" for one in values[:3]) + more


def _rows(frame: nw.DataFrame[Any], names: Sequence[str]) -> list[Any]:
    """Return something to compare for each row: what is missing is alike."""
    columns = [_values(frame[name]) for name in names]
    return columns[0] if len(columns) == 1 else list(zip(*columns, strict=True))


def _values(column: nw.Series[Any]) -> list[Any]:
    values = column.to_list()
    made = [None if one is None or one != one else one for one in values]  # noqa: PLR0124 - NaN
    try:
        hash(tuple(made[:1]))
        set(made)
    except TypeError:
        return [repr(one) for one in made]  # lists and dicts in a column
    return made


def _overlaps(kind: str, parts: Mapping[str, nw.DataFrame[Any]], names: list[str]) -> list[Leak]:
    if not names:
        return []
    rows = {name: _rows(part, names) for name, part in parts.items()}
    leaks = []
    for first, second in combinations(rows, 2):
        known = set(rows[first])
        shared = [one for one in rows[second] if one in known and not _blank(one)]
        if shared:
            values = [*dict.fromkeys(map(_shown, shared))]
            said = (
                f"{kind} {_some(values)} {'is' if len(values) == 1 else 'are'} in `{first}` and in "
                f"`{second}` ({len(shared):,} of its rows)"
            )
            leaks.append(_leak(kind, first, second, len(shared), len(rows[second]), values, said))
    return leaks


def _blank(one: Any) -> bool:
    return one is None or (isinstance(one, tuple) and all(part is None for part in one))


def _shown(one: Any) -> str:
    return ", ".join(map(str, one)) if isinstance(one, tuple) else str(one)


def _leak(
    kind: str, first: str, second: str, count: int, rows: int, values: Sequence[str], said: str
) -> Leak:
    return Leak(kind, f"{first}, {second}", count, count / rows, tuple(values[:5]), said)


def _duplicates(parts: Mapping[str, nw.DataFrame[Any]], label: str | None) -> list[Leak]:
    """Find rows of one part that are in another: whole, and with another label."""
    names = [one for one in next(iter(parts.values())).columns if one != label]
    if not names:
        return []
    plain = {name: _rows(part, names) for name, part in parts.items()}
    labels = {name: _values(part[label]) if label else [] for name, part in parts.items()}
    leaks = []
    for first, second in combinations(parts, 2):
        known: dict[Any, set[Any]] = {}
        for place, row in enumerate(plain[first]):
            known.setdefault(row, set()).add(labels[first][place] if label else None)
        same = other = 0
        for place, row in enumerate(plain[second]):
            there = known.get(row)
            if there is not None and not _blank(row):
                alike = not label or labels[second][place] in there
                same, other = same + alike, other + (not alike)
        size = len(plain[second])
        if same:
            said = f"{same:,} rows of `{second}` ({same / size:.1%}) are in `{first}` too"
            leaks.append(_leak("duplicates", first, second, same, size, (), said))
        if other:
            said = f"{other:,} rows of `{second}` are in `{first}` with another `{label}`"
            leaks.append(_leak("conflicts", first, second, other, size, (), said))
    return leaks


def _order(parts: Mapping[str, nw.DataFrame[Any]], time: str | None) -> list[Leak]:
    if time is None:
        return []
    leaks = []
    for (first, before), (second, after) in combinations(parts.items(), 2):
        old = [one for one in _values(before[time]) if one is not None]
        new = [one for one in _values(after[time]) if one is not None]
        if not old or not new:
            continue
        end = max(old)
        early = [one for one in new if one <= end]
        if early:
            said = (
                f"{len(early):,} rows of `{second}` are not later than the last of `{first}` "
                f"({time} {end})"
            )
            leaks.append(
                _leak("time", first, second, len(early), len(after), [str(min(early))], said)
            )
    return leaks


def _classes(parts: Mapping[str, nw.DataFrame[Any]], label: str | None) -> list[Leak]:
    """Find classes that are judged and were never learned."""
    if label is None or "train" not in parts or parts["train"][label].dtype.is_float():
        return []
    known = set(_values(parts["train"][label]))
    if len(known) > 1000:
        return []  # numbers that are predicted, not classes
    leaks = []
    for name, part in parts.items():
        values = _values(part[label])
        new = [one for one in values if one not in known]
        if new:
            shown = [*dict.fromkeys(map(str, new))]
            said = f"`{label}` is {_some(shown)} in `{name}` and never in `train`"
            leaks.append(_leak("classes", "train", name, len(new), len(values), shown, said))
    return leaks


def _mirrors(
    parts: Mapping[str, nw.DataFrame[Any]], label: str | None, key: Any, group: Any
) -> list[Leak]:
    """Find columns that are the label in other words: each value says which it is, and back."""
    frame = next(iter(parts.values()))
    if label is None:
        return []
    target = _values(frame[label])
    kinds = len(set(target))
    if kinds < 2:
        return []
    leaks = []
    for name in frame.columns:
        if name == label or name in _texts(key) or name in _texts(group):
            continue
        values = _values(frame[name])
        if len(set(values)) == kinds == len(set(zip(values, target, strict=True))) and (
            kinds <= len(values) // 2
        ):
            said = f"column `{name}` is `{label}` in other words: they say the same"
            leaks.append(Leak("mirror", "train", len(values), 1.0, (name,), said))
    return leaks
