"""What an artifact was computed from, and what was computed from it, as a tree.

Upwards, everything is in the run that made the artifact, which is read with two queries whatever
its size. Downwards, each level of the tree is three queries, over all runs.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from thruway.errors import UsageError
from thruway.run.lineage.database import rows_among
from thruway.run.lineage.find import find_artifact, label
from thruway.run.lineage.history import is_there
from thruway.run.lineage.lineage import Lineage
from thruway.run.lineage.rows import to_reference

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from thruway.kit.project import StoreConfig
    from thruway.run.lineage.database import Row

_FOREVER = 1_000_000
_BRIEF = (
    "e.id AS id, e.context AS context, c.run AS run, e.step AS step, e.state AS state,"
    " e.position AS position, e.seconds AS seconds, e.seed AS seed, e.started AS started"
)
_FROM = "FROM execution e JOIN context c ON c.id = e.context"
_EXECUTION = f"SELECT {_BRIEF}, e.ingredients AS ingredients, e.reads AS reads {_FROM}"
_EVENT = (
    "SELECT v.execution AS execution, v.kind AS kind, v.port AS port, a.* FROM event v"
    " JOIN artifact a ON a.id = v.artifact"
)


def upstream(at: Path | StoreConfig, name: str, depth: int = 0) -> dict[str, Any]:
    """Return what an artifact was computed from.

    Args:
        at: folder of the store, or where its parts are kept.
        name: (beginning of) its hash, `step.port` for the newest, or `RUN:step.port`.
        depth: how many steps far; 0 for all.

    Returns:
        The artifact, with the step that made it under `by`, whose `inputs` are such artifacts
        again; one that is further up already has `seen`, one that is too far `more`.

    Raises:
        UsageError: there is no such artifact.
    """
    with _lineage(at, name) as lineage:
        row = find_artifact(lineage, name)
        return _Up(lineage).artifact(row, row.get("context"), depth or _FOREVER)


def downstream(at: Path | StoreConfig, name: str, depth: int = 0) -> dict[str, Any]:
    """Return what was computed from an artifact, in all runs.

    Args:
        at: folder of the store, or where its parts are kept.
        name: as in `upstream`.
        depth: how many steps far; 0 for all.

    Returns:
        The artifact, with the steps that took it under `used`; their `outputs` are such
        artifacts again. Runs in which a step did the same count as one.

    Raises:
        UsageError: there is no such artifact.
    """
    with _lineage(at, name) as lineage:
        return _down(lineage, find_artifact(lineage, name), depth or _FOREVER)


def _lineage(at: Path | StoreConfig, name: str) -> Lineage:
    if not is_there(at):
        raise UsageError(f"no artifact `{name}`", fix="run the pipeline first")
    return Lineage(at)


class _Up:
    """The runs that an artifact comes from, each read once."""

    def __init__(self, lineage: Lineage) -> None:
        self._lineage = lineage
        self._runs: set[int] = set()
        self._executions: dict[int, Row] = {}
        self._inputs: dict[int, list[Row]] = {}
        self._makers: dict[tuple[int, int], list[int]] = {}
        self._shown: set[int] = set()

    def artifact(
        self, row: Row, context: int | None, depth: int, before: int = _FOREVER
    ) -> dict[str, Any]:
        """Return an artifact with the step that made it; in a run, if that is known.

        The tree is written from the root on, without recursion: pipelines may be long.
        """
        root: dict[str, Any] = {}
        pending = [(root, row, context, depth, before)]
        while pending:
            node, found, run, left, position = pending.pop()
            node |= _artifact(found)
            maker = self._maker(found["id"], run, position)
            if maker is None:
                continue
            if maker["id"] in self._shown:
                node["by"] = {"step": maker["step"], "run": maker["run"], "seen": True}
                continue
            if not left:
                node["more"] = True
                continue
            self._shown.add(maker["id"])
            node["by"] = step = _execution(maker)
            step["inputs"] = {}
            below = []
            for event in self._inputs.get(maker["id"], []):
                child: dict[str, Any] = {}
                step["inputs"][event["port"]] = child
                below.append((child, event, maker["context"], left - 1, maker["position"]))
            pending += reversed(below)
        return root

    def _maker(self, artifact: int, context: int | None, before: int) -> Row | None:
        """Return the execution that gave an artifact to a step at a position of a run."""
        if context is not None:
            self._read(context)
            makers = [self._executions[one] for one in self._makers.get((context, artifact), [])]
            earlier = [one for one in makers if one["position"] < before] or makers
            if earlier:
                return earlier[-1]
        rows = self._lineage.query(
            "SELECT e.context AS context FROM event v JOIN execution e ON e.id = v.execution"
            " WHERE v.artifact = :artifact AND v.kind = 'OUTPUT'"
            # A step that ran tells more than an answer from the cache, but both have it all.
            " ORDER BY CASE WHEN e.state = 'COMPLETE' THEN 0 ELSE 1 END, e.id DESC LIMIT 1",
            artifact=artifact,
        )
        found = rows[0]["context"] if rows else None
        return None if found in (None, context) else self._maker(artifact, found, _FOREVER)

    def _read(self, context: int) -> None:
        if context in self._runs:
            return
        self._runs.add(context)
        executions = self._lineage.query(
            f"{_EXECUTION} WHERE e.context = :context ORDER BY e.position, e.id", context=context
        )
        self._executions |= {row["id"]: row for row in executions}
        events = self._lineage.query(
            f"{_EVENT} JOIN execution e ON e.id = v.execution WHERE e.context = :context"
            " ORDER BY e.position, e.id, v.id",
            context=context,
        )
        for event in events:
            if event["kind"] == "INPUT":
                self._inputs.setdefault(event["execution"], []).append(event)
            else:
                at = context, event["id"]
                self._makers.setdefault(at, []).append(event["execution"])


def _down(lineage: Lineage, row: Row, depth: int) -> dict[str, Any]:
    root = _artifact(row)
    level: dict[int, dict[str, Any]] = {row["id"]: root}
    known = {row["id"]}
    while level and depth:
        depth -= 1
        users = _users(lineage, level)
        outputs: dict[int, list[Row]] = {}
        given = f"{_EVENT} WHERE v.kind = 'OUTPUT' AND {{among}} ORDER BY v.id"
        for event in rows_among(lineage.database, given, "v.execution", [u["id"] for u in users]):
            outputs.setdefault(event["execution"], []).append(event)
        below: dict[int, dict[str, Any]] = {}
        for user in users:
            step = _brief(user) | {"runs": user["runs"], "outputs": {}}
            level[user["artifact"]].setdefault("used", []).append(step)
            for event in outputs.get(user["id"], []):
                child = step["outputs"][event["port"]] = _artifact(event)
                if event["id"] in known:
                    child["seen"] = True
                else:
                    known.add(event["id"])
                    below[event["id"]] = child
        level = below
    if level:
        for artifact in {user["artifact"] for user in _users(lineage, level)}:
            level[artifact]["more"] = True
    return root


def _users(lineage: Lineage, artifacts: Collection[int]) -> list[Row]:
    """Return the executions that took artifacts: of those that did the same, the newest."""
    rows = rows_among(
        lineage.database,
        "SELECT v.artifact AS artifact, e.step AS step, MAX(e.id) AS id,"
        " COUNT(DISTINCT e.context) AS runs FROM event v"
        " JOIN execution e ON e.id = v.execution WHERE v.kind = 'INPUT' AND {among}"
        " GROUP BY v.artifact, e.step, e.key",
        "v.artifact",
        artifacts,
    )
    whole = {(row["artifact"], row["step"]) for row in rows}
    # The calls of a mapped step are parts of it, and told as one.
    kept = [
        row
        for row in rows
        if "[" not in row["step"] or (row["artifact"], row["step"].partition("[")[0]) not in whole
    ]
    about = _by_id(
        rows_among(
            lineage.database,
            f"SELECT {_BRIEF} {_FROM} WHERE {{among}}",
            "e.id",
            {row["id"] for row in kept},
        )
    )
    return [about[row["id"]] | row for row in sorted(kept, key=lambda row: row["id"])]


def _by_id(rows: Iterable[Row]) -> dict[int, Row]:
    return {row["id"]: row for row in rows}


def _artifact(row: Row) -> dict[str, Any]:
    return {"artifact": label(row), **asdict(to_reference(row))}


def _brief(row: Row) -> dict[str, Any]:
    names = ("step", "run", "state", "seconds", "started", "seed")
    return {name: row[name] for name in names}


def _execution(row: Row) -> dict[str, Any]:
    """Return a step with everything that its key was made of, apart from its inputs."""
    ingredients: dict[str, str] = json.loads(row["ingredients"])
    kinds: dict[str, dict[str, str]] = {}
    for name, text in ingredients.items():
        kind, _, rest = name.partition(":")
        kinds.setdefault(kind, {})[rest] = text
    return _brief(row) | {
        "parameters": kinds.get("param", {}),
        "code": kinds.get("code", {}),
        "packages": kinds.get("package", {}),
        "python": kinds.get("python", {}).get("", ""),
        "reads": json.loads(row["reads"]),
    }
