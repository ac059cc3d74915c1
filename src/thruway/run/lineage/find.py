"""Names that people give to runs and artifacts, found in the lineage.

A run is called by its id, a unique beginning of it, `latest` or `previous`. An artifact is called
by (a beginning of) its hash, by `step.port`, which is the newest there, or by `RUN:step.port`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from thruway.errors import UsageError
from thruway.run.lineage.rows import to_reference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from thruway.run.lineage.database import Row
    from thruway.run.lineage.lineage import Lineage

_SHORTEST = 4
_LONGEST_NUMBER = 18
_ADDRESS = re.compile(r"[0-9a-f]{4,}(/.*)?|\d+")
_NEWEST = ("latest", "previous")
_OUTPUTS = (
    "SELECT a.*, v.port AS port, v.is_file AS is_file, e.id AS execution, e.context AS context"
    " FROM execution e JOIN context c ON c.id = e.context"
    " JOIN event v ON v.execution = e.id AND v.kind = 'OUTPUT'"
    " JOIN artifact a ON a.id = v.artifact"
    " WHERE e.id = ({newest}) ORDER BY v.id"
)
_NEWEST_EVER = (
    "SELECT x.id FROM execution x JOIN context y ON y.id = x.context"
    " WHERE x.step = :step AND x.state IN ('COMPLETE', 'CACHED')"
    " AND (:pipeline = '' OR y.pipeline = :pipeline) ORDER BY x.id DESC LIMIT 1"
)
_NEWEST_OF_RUN = (
    "SELECT MAX(x.id) FROM context y JOIN execution x ON x.context = y.id"
    " WHERE y.run = :run AND x.step = :step AND x.state IN ('COMPLETE', 'CACHED')"
)


def find_run(lineage: Lineage, name: str) -> str:
    """Return the id of a run.

    Raises:
        UsageError: there is no such run, or there are several.
    """
    if name in _NEWEST:
        found = _runs(lineage, "", len(_NEWEST))
        place = _NEWEST.index(name)
        if place < len(found):
            return found[place]
        raise not_one("run", name, found)
    if lineage.query("SELECT 1 AS one FROM context WHERE run = :run", run=name):
        return name
    found = _runs(lineage, name, 6)
    if len(found) == 1:
        return found[0]
    raise not_one("run", name, found or _runs(lineage, "", 5))


def _runs(lineage: Lineage, beginning: str, limit: int) -> list[str]:
    rows = lineage.query(
        "SELECT run FROM context WHERE substr(run, 1, :length) = :beginning"
        " AND (:pipeline = '' OR pipeline = :pipeline) ORDER BY id DESC LIMIT :limit",
        length=len(beginning),
        beginning=beginning,
        pipeline=lineage.pipeline,
        limit=limit,
    )
    return [row["run"] for row in rows]


def find_artifact(lineage: Lineage, name: str) -> Row:
    """Return the row of an artifact; with `execution` and `context` if it was called by its step.

    Raises:
        UsageError: there is no such artifact, or there are several.
    """
    run, colon, port = name.rpartition(":")
    if colon:
        return _output(lineage, port, find_run(lineage, run))
    found = artifacts_by_hash(lineage, name) if _ADDRESS.fullmatch(name) else []
    if len(found) == 1:
        return found[0]
    if found:
        raise not_one("artifact", name, [label(row) for row in found])
    return _output(lineage, name, "")


def artifacts_by_hash(lineage: Lineage, name: str) -> list[Row]:
    """Return the artifacts whose hash (or row number) is called by a name."""
    address, _, member = name.partition("/")
    rows: list[Row] = []
    if len(address) >= _SHORTEST:
        rows += lineage.query(
            "SELECT * FROM artifact WHERE hash >= :name AND hash < :after ORDER BY id",
            name=address,
            after=f"{address}g",  # behind every digit
        )
    if address.isascii() and address.isdigit() and len(address) < _LONGEST_NUMBER:
        rows += lineage.query("SELECT * FROM artifact WHERE id = :id", id=int(address))
    return [row for row in rows if not member or row["member"] == member]


def _output(lineage: Lineage, name: str, run: str) -> Row:
    step, _, port = name.partition(".")
    values = {"run": run} if run else {"pipeline": lineage.pipeline}
    newest = _NEWEST_OF_RUN if run else _NEWEST_EVER
    rows = lineage.query(_OUTPUTS.format(newest=newest), step=step, **values)
    found = [row for row in rows if row["port"] == port or (not port and not row["is_file"])]
    if len(found) == 1:
        return found[0]
    raise not_one("artifact", name, [f"{step}.{row['port']}" for row in rows])


def label(row: Row) -> str:
    """Return how an artifact is called."""
    reference = to_reference(row)
    return f"{reference.hash[:12]}/{reference.member}" if reference.hash else f"{row['id']}"


def not_one(noun: str, name: str, known: Sequence[str]) -> UsageError:
    """Return the error for a name that means nothing, or several things."""
    several = [one for one in known if one.startswith(name)]
    what = f"`{name}` means several {noun}s" if len(several) > 1 else f"no {noun} `{name}`"
    return UsageError(what, fix=f"use one of: {', '.join(known[:5]) or '(there is none)'}")
