"""What differs between two runs: code, parameters, data, artifacts, metrics, packages, seconds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from thruway.errors import StorageError
from thruway.run.lineage.find import find_run, not_one
from thruway.run.lineage.history import is_there
from thruway.run.lineage.lineage import Lineage
from thruway.run.store.store import LIST_FORMAT, PATH_FORMATS, Store

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from thruway.kit.project import StoreConfig
    from thruway.run.lineage.database import Row
    from thruway.run.lineage.lineage import Execution
    from thruway.run.types import ArtifactRef

_LARGEST = 512 << 20
"""Bytes of an object up to which two are compared by content."""
_METRIC_BYTES = 1 << 16
_NUMBERS = frozenset({"int", "float"})


def compare_runs(at: Path | StoreConfig, one: str, other: str) -> dict[str, Any]:
    """Return what differs between two runs.

    Args:
        at: folder of the store, or where its parts are kept.
        one: id of the older run, a unique beginning of it, `latest` or `previous`.
        other: that of the newer one.

    Returns:
        `runs`: both; `code`, `parameters`, `reads`, `packages`: name → [old, new], "" where there
        is none; `artifacts`: a record for each port or file; `metrics`: name → old, new, change;
        `steps`: states and seconds of both; `same`: whether nothing but seconds differs.

    Raises:
        UsageError: there is no such run.
    """
    if not is_there(at):
        raise not_one("run", one, [])
    store = Store(at)
    with Lineage(at) as lineage:
        names = find_run(lineage, one), find_run(lineage, other)
        heads = [_head(lineage, name) for name in names]
        old, new = (lineage.executions(name) for name in names)
    artifacts = [
        {"step": step, "port": port, **_pair(store, *pair)}
        for (step, port), pair in _paired(_outputs(old), _outputs(new)).items()
    ]
    found: dict[str, Any] = {
        "code": _changed(_ingredients(old, "code"), _ingredients(new, "code")),
        "parameters": _changed(heads[0].pop("values"), heads[1].pop("values")),
        "reads": _changed(_reads(old), _reads(new)),
        "packages": _changed(_packages(old), _packages(new)),
        "artifacts": artifacts,
    }
    differs = any(found[name] for name in ("code", "parameters", "reads", "packages"))
    differs = differs or any(each["verdict"] != "same" for each in artifacts)
    return {
        "runs": heads,
        "same": not differs,
        **found,
        "metrics": _metrics(store, old, new),
        "steps": _steps(old, new),
    }


def _head(lineage: Lineage, run: str) -> dict[str, Any]:
    (row,) = lineage.query("SELECT * FROM context WHERE run = :run", run=run)
    return {
        "run": run,
        "state": row["state"],
        "started": row["started"],
        "values": {**json.loads(row["params"]), "(seed)": str(row["seed"])},
    }


def _changed(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, list[str]]:
    return {
        name: [old.get(name, ""), new.get(name, "")]
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name)
    }


def _ingredients(executions: Iterable[Execution], kind: str) -> dict[str, str]:
    """Return the ingredients of one kind over all steps, by `step: name`."""
    return {
        f"{one.step}: {name.partition(':')[2]}": text
        for one in _whole(executions)
        for name, text in one.ingredients.items()
        if name.startswith(f"{kind}:")
    }


def _packages(executions: Iterable[Execution]) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in executions:
        for name, text in one.ingredients.items():
            kind, _, rest = name.partition(":")
            if kind in ("package", "python"):
                found[rest or "python"] = text
    return found


def _reads(executions: Iterable[Execution]) -> dict[str, str]:
    return {token: digest for one in executions for token, digest in one.reads.items()}


def _whole(executions: Iterable[Execution]) -> list[Execution]:
    """Leave out the calls of a mapped step: they have its code."""
    return [one for one in executions if "[" not in one.step]


def _outputs(executions: Iterable[Execution]) -> dict[tuple[str, str], ArtifactRef]:
    done = [one for one in _whole(executions) if one.state in ("COMPLETE", "CACHED")]
    return {
        (one.step, port): reference
        for one in done
        for port, reference in {**one.outputs, **one.files}.items()
    }


def _paired(
    old: Mapping[tuple[str, str], ArtifactRef], new: Mapping[tuple[str, str], ArtifactRef]
) -> dict[tuple[str, str], tuple[ArtifactRef | None, ArtifactRef | None]]:
    return {at: (old.get(at), new.get(at)) for at in dict.fromkeys([*old, *new])}


def _pair(store: Store, old: ArtifactRef | None, new: ArtifactRef | None) -> dict[str, Any]:
    if old is None or new is None:
        return {"verdict": "differs", "reason": "only in the newer" if new else "only in the older"}
    return compare_artifacts(store, old, new)


def compare_artifacts(store: Store, old: ArtifactRef, new: ArtifactRef) -> dict[str, Any]:
    """Return how two artifacts compare: `verdict`, `reason`, and where they differ first.

    Equal addresses are equality. Else both are loaded and walked side by side: what is stored in
    other bytes may hold the same.
    """
    record = {"verdict": "same", "path": "", "old": "", "new": "", "reason": ""}
    if old.unstored or new.unstored:
        return {**record, "verdict": "not compared", "reason": "it was only in memory"}
    if (old.hash, old.member) == (new.hash, new.member):
        return record
    if old.format in PATH_FORMATS or new.format in PATH_FORMATS:
        sizes = f"{old.bytes:,} bytes", f"{new.bytes:,} bytes"
        return {**record, "verdict": "differs", "old": sizes[0], "new": sizes[1]}
    if max(old.bytes, new.bytes) > _LARGEST:
        return {**record, "verdict": "differs", "reason": "too large to compare by content"}
    return {**record, **_by_content(store, old, new)}


def _by_content(store: Store, old: ArtifactRef, new: ArtifactRef) -> dict[str, str]:
    from thruway.kit.values.compare import compare

    try:
        found = compare(store.load(old), store.load(new))
    except StorageError as error:
        return {"verdict": "not compared", "reason": error.what}
    return {
        "verdict": "same" if found.verdict == "equal" else found.verdict,
        "path": found.path,
        "old": found.expected,
        "new": found.actual,
        "reason": found.reason,
    }


def _metrics(
    store: Store, old: Iterable[Execution], new: Iterable[Execution]
) -> dict[str, dict[str, float | None]]:
    """Return numbers, and those in dicts, that one of the runs gave."""
    before, after = _numbers(store, old), _numbers(store, new)
    return {
        name: {
            "old": before.get(name),
            "new": after.get(name),
            "change": after[name] - before[name] if name in before and name in after else None,
        }
        for name in dict.fromkeys([*before, *after])
    }


def _numbers(store: Store, executions: Iterable[Execution]) -> dict[str, float]:
    found: dict[str, float] = {}
    for (step, port), reference in _outputs(executions).items():
        if not _may_be_metric(reference):
            continue
        try:
            value = store.load(reference)
        except StorageError:
            continue
        name = step if port == "return" else f"{step}.{port}"
        parts = value.items() if isinstance(value, dict) else [("", value)]
        for key, part in parts:
            number = _number(part)
            if number is not None:
                found[f"{name}[{key}]" if key != "" else name] = number
    return found


def _may_be_metric(reference: ArtifactRef) -> bool:
    kind = reference.type.removeprefix("builtins.")
    scalar = kind in _NUMBERS or kind.startswith(("numpy.float", "numpy.int"))
    small = reference.bytes <= _METRIC_BYTES and reference.format != LIST_FORMAT
    return small and (scalar or kind == "dict") and not reference.unstored


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not hasattr(value, "__float__"):
        return None
    if isinstance(value, int | float):
        return value
    kind = type(value)
    numpy_scalar = kind.__module__ == "numpy" and not getattr(value, "shape", None)
    return float(value) if numpy_scalar and not kind.__name__.startswith("bool") else None


def _steps(old: Iterable[Execution], new: Iterable[Execution]) -> list[Row]:
    sides = [{one.step: one for one in _whole(side)} for side in (old, new)]
    rows = []
    for step in dict.fromkeys([*sides[0], *sides[1]]):
        before, after = (side.get(step) for side in sides)
        rows.append(
            {
                "step": step,
                "states": [one.state if one else "" for one in (before, after)],
                "seconds": [one.seconds if one else None for one in (before, after)],
            }
        )
    return rows
