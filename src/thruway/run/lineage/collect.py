"""Remove what no run needs: old runs, objects that nobody refers to, what killed writers left.

Three things keep a run that goes on meanwhile safe. Its own rows are never touched. Objects go in
small transactions that no writer can enter, each after another look at who refers to them; and a
run that is answered by the cache looks for the objects inside the transaction that refers to them
(`Lineage.reuse`). What was written since the oldest run that goes on began may not be referred to
yet, and stays.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from thruway.errors import StorageError
from thruway.kit.project import StoreConfig
from thruway.run.lineage.database import rows_among
from thruway.run.lineage.history import is_there
from thruway.run.lineage.lineage import Lineage, close_abandoned
from thruway.run.lineage.rows import to_reference
from thruway.run.step.scratch import sweep
from thruway.run.store.store import LIST_FORMAT, Store

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from thruway.run.lineage.database import Row, Writer
    from thruway.run.store.objects import Entry, Objects

_DAY = 86_400.0
_CLOCKS_SECONDS = 1.0
_OTHER_CLOCKS_SECONDS = 3_600.0
"""By how much the clocks of machines that share a store may differ."""
_AT_ONCE = 200


@dataclass(frozen=True)
class Collected:
    """What was, or would be, removed.

    Attributes:
        runs: ids of runs, the newest first.
        objects: how many objects nobody refers to; one that lies in several places counts once.
        leftovers: how many files of writers that were killed.
        bytes: of both, in all places.
        kept_runs: how many runs stay.
        kept_bytes: of what stays.
        dry: nothing was removed.
    """

    runs: tuple[str, ...]
    objects: int
    leftovers: int
    bytes: int
    kept_runs: int
    kept_bytes: int
    dry: bool

    def dump(self) -> dict[str, Any]:
        """Return the record for `--json`."""
        return asdict(self)


class _DryRunError(Exception):
    """Takes the changes of a transaction back."""


def collect(
    at: Path | StoreConfig,
    *,
    keep: int | None = None,
    older: float | None = None,
    dry: bool = False,
) -> Collected:
    """Remove old runs, and everything in a store that no other run refers to.

    Args:
        at: folder of the store, or where its parts are kept.
        keep: how many of the newest runs stay; None for all.
        older: days; younger runs stay. With both, a run stays for either reason.
        dry: remove nothing, and say what would be.

    Raises:
        StorageError: the store cannot be used, or runs of another lineage refer to its objects.
    """
    config = at if isinstance(at, StoreConfig) else StoreConfig(at)
    store = Store(config)
    if not is_there(config):
        return Collected((), 0, 0, 0, 0, 0, dry)
    with Lineage(config) as lineage:
        _refuse_others(store, lineage)
        return _Collector(store, lineage, dry=dry).all(keep, older)


def _refuse_others(store: Store, lineage: Lineage) -> None:
    others = {name: told for name, told in store.lineages().items() if name != lineage.id}
    if others:
        raise StorageError(
            f"runs of another lineage refer to objects in this store: {', '.join(others.values())}",
            where=store.place,
            fix="give each its own `store`; if that lineage is gone for good, remove "
            f"lineages/{next(iter(others))} from the store",
        )


class _Collector:
    def __init__(self, store: Store, lineage: Lineage, *, dry: bool) -> None:
        self._store = store
        self._lineage = lineage
        self._dry = dry
        self._began = time.time()
        local = [store.folder, store.foreign]
        self._places: list[Objects] = [*local, store.remote] if store.remote else [*local]

    def all(self, keep: int | None, older: float | None) -> Collected:
        # Looked for before the rows go: what is written later, is not ours to judge.
        entries = [(place, list(place.entries())) for place in self._places]
        with contextlib.suppress(_DryRunError), self._lineage.database.transaction() as db:
            db.lock()
            close_abandoned(db)
            runs = self._old_runs(db, keep, older)
            _forget(db, runs)
            live = _live(db)
            lists = db.rows("SELECT * FROM artifact WHERE format = :form", form=LIST_FORMAT)
            limit = self._limit(db)
            count = db.rows("SELECT COUNT(*) AS n FROM context")[0]["n"]
            if self._dry:
                raise _DryRunError
        live |= self._parts(lists)
        doomed = [
            (place, [one for one in found if one.changed < limit and one.address not in live])
            for place, found in entries
        ]
        if not self._dry:
            doomed = [(place, self._remove(place, found, limit)) for place, found in doomed]
            sweep(self._store, self._lineage.running)
        every = [one for _, found in doomed for one in found]
        size = sum(one.bytes for one in every)
        return Collected(
            runs=tuple(runs.values()),
            objects=len({one.address for one in every if one.address}),
            leftovers=sum(not one.address for one in every),
            bytes=size,
            kept_runs=count,
            kept_bytes=sum(one.bytes for _, found in entries for one in found) - size,
            dry=self._dry,
        )

    def _old_runs(self, db: Writer, keep: int | None, older: float | None) -> dict[int, str]:
        """Return row → id of the runs that go, the newest first."""
        if keep is None and older is None:
            return {}
        rows = db.rows(
            "SELECT id, run, state, started FROM context"
            " WHERE (:pipeline = '' OR pipeline = :pipeline) ORDER BY id DESC",
            pipeline=self._lineage.pipeline,
        )
        before = self._began - older * _DAY if older is not None else self._began
        return {
            row["id"]: row["run"]
            for row in rows[keep or 0 :]
            if row["state"] != "RUNNING" and row["started"] < before
        }

    def _limit(self, db: Writer) -> float:
        """Return since when what is written may belong to a run that goes on."""
        rows = db.rows("SELECT started FROM context WHERE state = 'RUNNING'")
        shared = self._store.config.objects or self._lineage.pipeline
        slack = _OTHER_CLOCKS_SECONDS if shared else _CLOCKS_SECONDS
        oldest = min((row["started"] for row in rows), default=self._began)
        # A file is as old as its disk says, and its clock may lag by some milliseconds.
        return min(oldest, self._began) - (slack if rows or shared else 0.0)

    def _parts(self, lists: Iterable[Row]) -> set[str]:
        """Return the addresses of what lists hold."""
        found: set[str] = set()
        for reference in map(to_reference, lists):
            # Of a list that is gone nobody can say what it held; it is made anew with its parts.
            with contextlib.suppress(StorageError):
                found |= {part.hash for part in self._store.parts(reference)}
        return found

    def _remove(self, place: Objects, entries: Sequence[Entry], limit: float) -> list[Entry]:
        """Remove entries that still nobody refers to; return them."""
        removed: list[Entry] = []
        for start in range(0, len(entries), _AT_ONCE):
            some = entries[start : start + _AT_ONCE]
            with self._lineage.database.transaction() as db:
                db.lock()
                wanted = _referred(db, {one.address for one in some if one.address})
                going = [one for one in some if one.address not in wanted]
                gone = place.remove([one.name for one in going], limit)
                removed += [one for one in going if one.name in gone]
        return removed


def _forget(db: Writer, runs: Iterable[int]) -> None:
    """Remove the rows of runs, and artifacts that no other run took or gave."""
    for context in runs:
        # The youngest answer that the cache gave from here answers from now on itself; only one
        # that has the key of what it repeats, which `--only` does not ask for.
        db.run(
            "UPDATE execution SET cacheable = 1 WHERE id IN ("
            " SELECT MAX(e.id) FROM execution e JOIN execution s ON s.id = e.source"
            " WHERE s.context = :context AND e.context <> :context AND s.cacheable = 1"
            " AND e.key = s.key GROUP BY s.id)",
            context=context,
        )
        db.run(
            "UPDATE execution SET source = NULL WHERE source IN ("
            " SELECT id FROM execution WHERE context = :context)",
            context=context,
        )
        db.run(
            "DELETE FROM event WHERE execution IN ("
            " SELECT id FROM execution WHERE context = :context)",
            context=context,
        )
        db.run("DELETE FROM execution WHERE context = :context", context=context)
        db.run("DELETE FROM context WHERE id = :context", context=context)
    if runs:
        db.run(
            "DELETE FROM artifact WHERE NOT EXISTS ("
            " SELECT 1 FROM event v WHERE v.artifact = artifact.id)"
        )


def _live(db: Writer) -> set[str]:
    """Return the address of every object that a run refers to by itself."""
    live: set[str] = set()
    for column in ("log", "stderr"):
        rows = db.rows(f"SELECT DISTINCT {column} AS hash FROM execution")  # noqa: S608 - ours
        live |= {row["hash"] for row in rows}
    live |= {row["hash"] for row in db.rows("SELECT DISTINCT hash FROM artifact")}
    return live - {""}


def _referred(db: Writer, addresses: set[str]) -> set[str]:
    """Return which of some objects are referred to by now."""
    found = rows_among(db, "SELECT hash FROM artifact WHERE {among}", "hash", addresses)
    for column in ("log", "stderr"):
        query = f"SELECT {column} AS hash FROM execution WHERE {{among}}"  # noqa: S608 - ours
        found += rows_among(db, query, column, addresses)
    return {row["hash"] for row in found}
