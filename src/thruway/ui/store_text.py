"""What `lineage`, `diff`, `gc` and `reproduce` print."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from thruway.kit.wording import human_bytes
from thruway.run.step.key import short_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from thruway.run.lineage.collect import Collected

_SIGNS = {"same": "same", "within": "same, within rounding", "differs": "DIFFERS"}


def tree_text(record: Mapping[str, Any]) -> str:
    """Return the tree of an artifact, upwards or downwards, a line each."""
    lines: list[str] = []
    # Written without recursion: pipelines may be long.
    pending: list[tuple[str, str, str, Mapping[str, Any]]] = [("", "", "", record)]
    while pending:
        head, tail, port, node = pending.pop()
        if "step" in node:
            lines.append(head + _step(node))
            lines += [f"{tail}│ {line}" for line in _facts(node)]
            below = list({**node.get("inputs", {}), **node.get("outputs", {})}.items())
        else:
            lines.append(head + _artifact(port, node))
            steps = [node["by"]] if "by" in node else node.get("used", [])
            below = [("", step) for step in steps]
        last = len(below) - 1
        pending += [
            (
                f"{tail}{'└─ ' if index == last else '├─ '}",
                f"{tail}{'   ' if index == last else '│  '}",
                *child,
            )
            for index, child in reversed(list(enumerate(below)))
        ]
    return "\n".join(lines)


def _artifact(port: str, node: Mapping[str, Any]) -> str:
    preview = " ".join(str(node["preview"]).split())[:60]
    name = f"{port}: " if port else ""
    kind = str(node["type"]).removeprefix("builtins.")
    more = "  (seen above)" if node.get("seen") else "  …" if node.get("more") else ""
    return f"{name}{kind}  {node['artifact']}  {preview}".rstrip() + more


def _step(node: Mapping[str, Any]) -> str:
    if node.get("seen"):
        return f"{node['step']}  (seen above)"
    runs = f" and {node['runs'] - 1} more" if node.get("runs", 1) > 1 else ""
    return f"{node['step']}  {node['state']}  {node['seconds']:.2f} s  run {node['run']}{runs}"


def _facts(node: Mapping[str, Any]) -> Iterable[str]:
    if node.get("seen") or "inputs" not in node:
        return
    for name, text in node["parameters"].items():
        yield f"{name} = {short_text(text)}"
    for token, digest in node["reads"].items():
        yield f"reads {token.partition(':')[2]}  {digest[:12]}"
    places = [name for name in node["code"] if name != "step"]
    if places:
        yield f"code {', '.join(places)}"


def diff_text(record: Mapping[str, Any]) -> str:
    """Return what differs between two runs, a paragraph for each kind."""
    old, new = record["runs"]
    lines = [f"from run {old['run']} ({old['state']}) to run {new['run']} ({new['state']})"]
    for kind in ("code", "parameters", "reads", "packages"):
        rows = [_change(kind, name, *pair) for name, pair in record[kind].items()]
        lines += _part({"reads": "files read"}.get(kind, kind), rows)
    different = [each for each in record["artifacts"] if each["verdict"] != "same"]
    lines += _part("results", [_verdict(each) for each in different])
    same = len(record["artifacts"]) - len(different)
    if same:
        lines += _part("" if different else "results", [f"{same} the same"])
    metrics = {name: each for name, each in record["metrics"].items() if each["old"] != each["new"]}
    lines += _part("metrics", _metrics(metrics))
    lines += _part("seconds", [_seconds(each) for each in record["steps"]])
    return "\n".join(lines)


def _part(title: str, rows: Sequence[str]) -> list[str]:
    return ([title] if rows and title else []) + [f"  {row}" for row in rows]


def _change(kind: str, name: str, old: str, new: str) -> str:
    if not old or not new:
        return f"{name}  {'new' if new else 'gone'}"
    if kind in ("code", "reads"):
        return f"{name.removeprefix('file:')}  changed"
    return f"{name}  {old} → {new}"


def _verdict(each: Mapping[str, Any]) -> str:
    name = f"{each['step']}.{each['port']}"
    sign = _SIGNS.get(each["verdict"], each["verdict"])
    detail = ""
    if each.get("old") or each.get("new"):
        at = f" at {each['path']}" if each.get("path") else ""
        detail = f"{at}: {each['old']} → {each['new']}"
    reason = f"  ({each['reason']})" if each.get("reason") else ""
    return f"{name}  {sign}{detail}{reason}"


def _metrics(metrics: Mapping[str, Mapping[str, Any]]) -> list[str]:
    width = max(map(len, metrics), default=0)
    rows = []
    for name, each in metrics.items():
        change = "" if each["change"] is None else f"  {each['change']:+.6g}"
        rows.append(f"{name:<{width}}  {_number(each['old'])} → {_number(each['new'])}{change}")
    return rows


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.6g}"


def _seconds(each: Mapping[str, Any]) -> str:
    sides = [
        "–" if seconds is None else f"{seconds:.2f} s {state.lower()}"
        for seconds, state in zip(each["seconds"], each["states"], strict=True)
    ]
    return f"{each['step']}  {sides[0]} → {sides[1]}"


def collected_text(done: Collected) -> str:
    """Return what was removed, or would be."""
    verb = "would remove" if done.dry else "removed"
    lines = [f"  run {run}" for run in done.runs]
    lines.append(
        f"{verb} {_count(len(done.runs), 'run')}, {_count(done.objects, 'object')} and "
        f"{_count(done.leftovers, 'leftover')} of killed runs: {human_bytes(done.bytes)}"
    )
    lines.append(f"kept {_count(done.kept_runs, 'run')}: {human_bytes(done.kept_bytes)}")
    return "\n".join(lines)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def reproduced_text(record: Mapping[str, Any]) -> str:
    """Return how each output compares, and whether all came out again."""
    lines = [f"  {difference}" for difference in record["differences"]]
    lines += [f"  {_verdict(each)}" for each in record["outputs"]]
    counts = [each["verdict"] for each in record["outputs"]]
    same, differs = sum(v in ("same", "within") for v in counts), counts.count("differs")
    rest = len(counts) - same - differs
    what = "reproduced" if record["holds"] else "NOT reproduced"
    lines.append(
        f"run {record['run']} was {what} by run {record['again']}: {same} the same, "
        f"{differs} differ, {rest} not compared"
    )
    return "\n".join(lines)
