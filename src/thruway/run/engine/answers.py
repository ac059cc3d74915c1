"""What the store can answer without executing a step, and why it cannot."""

from __future__ import annotations

import itertools
import platform
import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from thruway.errors import StorageError, UsageError
from thruway.run.step import key
from thruway.run.step.declared import may_cache
from thruway.run.store.store import LIST_FORMAT, WHOLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from thruway.kit.dag import Node
    from thruway.run.events.reporter import Reporter
    from thruway.run.executors.interpreter import CodeKeys
    from thruway.run.lineage.lineage import Execution, Lineage
    from thruway.run.step.sight import Sight
    from thruway.run.store.store import Store
    from thruway.run.types import ArtifactRef

_COARSE_CLOCK = 5  # CLOCK_REALTIME_COARSE, which Python does not name
_CLOCK_SLACK = 10_000_000  # nanoseconds by which file times may lag behind the exact clock
_MANY = 30  # steps from which all are asked for at once
_VERIFIED_ON_HIT = 64 << 20  # larger objects are verified when they are read


@dataclass
class Answers:
    """Looks for executions that gave what a step would give.

    Attributes:
        store, lineage: of the project.
        wanted: node → parts of its result that are taken.
        reporter: hears what is wrong with the store.
        code: of the pipeline; knows what steps can import.
        sound: addresses of objects that were checked, or written, in this run.
    """

    store: Store
    lineage: Lineage
    wanted: Mapping[str, frozenset[str | None]]
    reporter: Reporter
    code: CodeKeys
    sound: set[str] = field(default_factory=set)
    _runs: dict[str, dict[str, Execution]] = field(default_factory=dict)

    def find(self, execution: Execution, sight: Sight) -> tuple[Execution | None, str]:
        """Return an execution that gave what this one would give, or why there is none."""
        if not execution.key:
            return None, "an input is only in memory"
        expected = self._expected.get(execution.key)
        if expected is not None and not self._unusable(expected, execution.step, sight):
            return expected, ""
        reason = ""
        for candidate in self.lineage.candidates(execution.key):
            reason = self._unusable(candidate, execution.step, sight)
            if not reason:
                return candidate, ""
        return None, reason or self._why(execution)

    @cached_property
    def _expected(self) -> dict[str, Execution]:
        return self.lineage.expected() if len(self.wanted) >= _MANY else {}

    def ask(
        self, node: Node, execution: Execution, sight: Sight, *, off: bool
    ) -> tuple[Execution | None, str]:
        """Return what `find` does, if the run and the step let the cache answer.

        Args:
            node: whose step it is.
            execution: what it would be.
            sight: what it would see.
            off: the run leaves the cache alone.
        """
        if not may_cache(node):
            return None, "it says `cache=False`"
        return (None, "the cache is off") if off else self.find(execution, sight)

    def of_run(self, run: str, execution: Execution, sight: Sight) -> Execution | None:
        """Return what a step gave in a run, if it would be given the same now; else None.

        Also what the cache would not answer: a step that is never cached counts as done once.
        """
        if run not in self._runs:
            finished = [
                one for one in self.lineage.executions(run) if one.state in ("COMPLETE", "CACHED")
            ]
            self._runs[run] = {one.step: one for one in finished}
        found = self._runs[run].get(execution.step)
        if found is None or not found.ingredients or found.ingredients != execution.ingredients:
            return None
        return None if self._unusable(found, execution.step, sight) else found

    def newest(self, execution: Execution, asked: str) -> Execution:
        """Return the newest result of a step that is not to be executed.

        Raises:
            UsageError: there is none.
        """
        ports = self._ports(execution.step)
        for last in self.lineage.latest(execution.step, limit=8):
            if ports <= set(last.outputs) and all(map(self.is_sound, last.outputs.values())):
                why = key.difference(last.ingredients, execution.ingredients) or "a file changed"
                text = f"taken from run {last.run} although {why}"
                self.reporter.warned(execution.step, text)
                return last
        raise UsageError(
            f"step `{asked}` needs step `{execution.step}`, which has no result yet",
            fix="run the pipeline once without `--only`",
        )

    def is_sound(self, artifact: ArtifactRef) -> bool:
        """Say whether an object is there as it was written; a large one by its size."""
        address = artifact.hash
        if address in self.sound:
            return True
        if artifact.format == LIST_FORMAT:
            return self._is_sound_list(artifact)
        if artifact.format.startswith("pickle") and not self.store.may_load(address):
            return False
        if artifact.bytes > _VERIFIED_ON_HIT or not self.store.is_here(address):
            return self.store.size(address) == artifact.bytes
        good = self.store.sound(address)
        if good:
            self.sound.add(address)
        return good

    def _is_sound_list(self, artifact: ArtifactRef) -> bool:
        try:
            good = all(map(self.is_sound, self.store.parts(artifact)))
        except StorageError:
            return False
        # Parts that are too large to be verified now are verified when they are read.
        if all(part.hash in self.sound for part in self.store.parts(artifact)):
            self.sound.add(artifact.hash)
        return good

    def _ports(self, step: str) -> set[str]:
        return {field or WHOLE for field in self.wanted[step]}

    def _unusable(self, candidate: Execution, step: str, sight: Sight) -> str:
        if not self._ports(step) <= set(candidate.outputs):
            return "an output that was not kept is needed"
        changed = key.files_unchanged(candidate.reads, sight.digest)
        if changed:
            return f"{words(changed)} changed"
        self.store.fetch(artifact.hash for artifact in candidate.files.values())
        for artifact in (*candidate.outputs.values(), *candidate.files.values()):
            if not self.is_sound(artifact):
                reason = f"`{artifact.member}` in the store is {self._fault(artifact)}"
                self.reporter.warned(step, f"{reason}: made anew")
                return reason
        taken = (candidate.outputs[port].named for port in self._ports(step))
        lacking = self.code.lacking(itertools.chain.from_iterable(taken))
        return f"what it gave is read with `{lacking}`, which is not installed" if lacking else ""

    def _fault(self, artifact: ArtifactRef) -> str:
        pickled = artifact.format.startswith("pickle") and self.store.has(artifact.hash)
        if pickled and not self.store.may_load(artifact.hash):
            return "a pickle that others can have written (set trust = true to use it)"
        return "gone or damaged"

    def keep(self, row: int, done: Execution, *, cacheable: bool) -> None:
        """Record what an execution gave, once everyone who sees the record can get it."""
        artifacts = (*done.outputs.values(), *done.files.values())
        addresses = [done.log, done.stderr, *(artifact.hash for artifact in artifacts)]
        self.store.share(addresses)
        self.lineage.complete(row, done, cacheable=cacheable)
        # It may have been collected until the record referred to it.
        self.store.share(addresses)

    def still_there(self, execution: Execution) -> bool:
        """Say whether what answers a step was not collected just now."""
        artifacts = (*execution.outputs.values(), *execution.files.values())
        return all(self.store.has(artifact.hash) for artifact in artifacts)

    def _why(self, execution: Execution) -> str:
        last = self.lineage.latest(execution.step, complete=False)
        if not last:
            return "it never ran before"
        if last[0].state == "FAILED" and last[0].ingredients == execution.ingredients:
            return "it failed the last time"
        return (
            key.difference(last[0].ingredients, execution.ingredients)
            or "it was not kept the last time"
        )


def file_clock() -> int:
    """Return nanoseconds: a file that changes from now on has no earlier time than this."""
    # On Linux the clock of file times itself: it moves every few milliseconds.
    linux = platform.system() == "Linux"
    return time.clock_gettime_ns(_COARSE_CLOCK) if linux else time.time_ns() - _CLOCK_SLACK


class Moment(NamedTuple):
    """When something began: by the clock of file times, and by one that nobody sets.

    Attributes:
        clock: from `file_clock`, nanoseconds.
        steady: from `time.monotonic_ns`.
    """

    clock: int
    steady: int

    @classmethod
    def now(cls) -> Moment:
        """Return the present moment."""
        return cls(file_clock(), time.monotonic_ns())

    def was_set_back(self) -> bool:
        """Say whether the clock was set back since: then file times say nothing."""
        passed = time.monotonic_ns() - self.steady
        return file_clock() - self.clock < passed - _CLOCK_SLACK


def contents(reads: Iterable[str], sight: Sight, began: Moment) -> tuple[dict[str, str], list[str]]:
    """Return what a step read, with its content now, and what of it may have been another then.

    Args:
        reads: tokens.
        sight: what the step saw.
        began: when it began.
    """
    found = {token: sight.digest(token) for token in reads}
    since = 0 if began.was_set_back() else began.clock
    unsettled = [
        token for token in found if not sight.given(token) and sight.changed_at(token) >= since
    ]
    return found, unsettled


def words(token: str) -> str:
    """Return a token as a reader says it."""
    kind, _, name = token.partition(":")
    return f"the folder `{name}`" if kind == "dir" else f"the file `{name or kind}`"
