"""What `runs` and `show` print: the store's own records, for people."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from thruway.components.html import page
from thruway.errors import UsageError
from thruway.kit.project import load_project
from thruway.run import describe_artifact, describe_run, list_runs, load_artifact

if TYPE_CHECKING:
    from pathlib import Path


def runs_records(project: Path) -> list[dict[str, Any]]:
    """Return every run, the newest first."""
    return list_runs(load_project(project).storage)


def runs_text(records: list[dict[str, Any]]) -> str:
    """Return a line per run."""
    if not records:
        return "no runs yet: `thruway run` makes one"
    lines = []
    for row in records:
        seconds = f"{row['ended'] - row['started']:7.2f} s" if row["ended"] else "      – s"
        params = " ".join(f"{name}={value}" for name, value in row["params"].items())
        lines.append(
            f"{row['run']:<14} {_when(row['started'])}  {row['state']:<8} {seconds}"
            f"  {row['cached']}/{row['steps']} cached  seed {row['seed']}  {params}".rstrip()
        )
    return "\n".join(lines)


def show_record(project: Path, what: str) -> dict[str, Any]:
    """Return a run or an artifact.

    Raises:
        UsageError: neither has that name.
    """
    store = load_project(project).storage
    try:
        return {"kind": "run", **describe_run(store, what)}
    except UsageError as run_error:
        try:
            return {"kind": "artifact", **describe_artifact(store, what)}
        except UsageError as artifact_error:
            raise UsageError(
                f"neither a run nor an artifact is called `{what}`",
                fix=f"{run_error.fix}; or {artifact_error.fix}",
            ) from artifact_error


def show_text(record: dict[str, Any]) -> str:
    """Return a run with its steps, or an artifact with its events, as text."""
    return _run(record) if record["kind"] == "run" else _artifact(record)


def _run(record: dict[str, Any]) -> str:
    when = f"{_when(record['started'])}, seed {record['seed']}"
    lines = [f"run {record['run']} of {record['pipeline']}: {record['state']}, {when}"]
    for each in record["executions"]:
        lines.append(f"  {each['step']}  {each['state']}  {each['seconds']:.2f} s")
        if each["reason"]:
            lines.append(f"      ran because {each['reason']}")
        if each["error"]:
            lines.append(f"      {each['error']}")
        for port, ref in each["outputs"].items():
            preview = " ".join(str(ref["preview"]).split())[:70]
            address = f"{ref['hash'][:12]}/{ref['member']}" if ref["hash"] else "in memory only"
            pickled = "  (pickle)" if str(ref["format"]).startswith("pickle") else ""
            lines.append(f"      {port}: {ref['type']}  {address}{pickled}  {preview}".rstrip())
            lines += _gate(ref, "        ")
        lines += [f"      wrote {path}  {ref['hash'][:12]}" for path, ref in each["files"].items()]
    return "\n".join(lines)


def _gate(record: dict[str, Any], indent: str) -> list[str]:
    if not record["gate"]:
        return []
    said = [f"{indent}  - {reason}" for reason in record["reasons"]]
    return [f"{indent}gate: {record['gate']}", *said]


def write_view(project: Path, what: str, target: Path) -> None:
    """Write what a notebook would show of an artifact to a file.

    Raises:
        UsageError: there is no such artifact, or it has no view.
    """
    value = load_artifact(load_project(project).storage, what)
    show = getattr(value, "_repr_html_", None)
    fragment = show() if callable(show) else None
    if fragment is None:
        raise UsageError(
            f"a {type(value).__module__}.{type(value).__qualname__} has no view in HTML",
            where=f"artifact {what}",
            fix="look at it without --html, or load it in Python",
        )
    title = f"{type(value).__name__} {what}"
    target.write_text(page(title, fragment), encoding="utf-8")


def _artifact(record: dict[str, Any]) -> str:
    there = "in the store" if record["present"] else "gone from the store"
    lines = [
        f"artifact {record['hash'][:12]}/{record['member']}: {record['type']}",
        f"  {record['format']}, {record['bytes']:,} bytes, {there}",
        *_gate(record, "  "),
    ]
    lines += [
        f"  {event['kind'].lower()} {event['port']} of {event['step']} in run {event['run']} "
        f"({event['state']})"
        for event in record["events"]
    ]
    return "\n".join(lines)


def _when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, tz=UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
