"""What a step's local names hold at its end, for the proof."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from thruway.kit.ambient import audit
from thruway.kit.values import storage
from thruway.kit.values.describe import describe
from thruway.kit.values.fingerprint import fingerprint
from thruway.run.modules import visible_locals
from thruway.run.types import ArtifactRef, LocalRecord

if TYPE_CHECKING:
    from collections.abc import Mapping

    from thruway.run.store.store import Store


class Probe:
    """Called by a rewritten step with its locals, once, before it returns.

    Attributes:
        names: local name → what it held.
    """

    def __init__(self) -> None:
        self._keep: frozenset[str] = frozenset()
        self._store: Store | None = None
        self.names: dict[str, LocalRecord] = {}

    def begin(self, keep: frozenset[str], store: Store) -> None:
        """Forget the last step; values of the names in `keep` are to be stored."""
        self._keep = keep
        self._store = store
        self.names = {}

    def __call__(self, values: Mapping[str, Any]) -> None:
        """Record every name; values are read and never changed."""
        with audit.paused():
            self.names = {
                name: self._look(name, value) for name, value in visible_locals(values).items()
            }

    def _look(self, name: str, value: Any) -> LocalRecord:
        try:
            digest = fingerprint(value)
            kind = describe(value).kind
        except Exception as error:  # a value of the user may fail in any way when looked at
            return LocalRecord("other", "", opaque=f"{type(error).__name__} when looked at")
        if name not in self._keep:
            return LocalRecord(kind, digest.hex, digest.opaque)
        artifact, reason = self._store_value(name, value)
        return LocalRecord(kind, digest.hex, digest.opaque, artifact, reason)

    def _store_value(self, name: str, value: Any) -> tuple[ArtifactRef | None, str]:
        reason = storage.unstorable(value)
        if reason or self._store is None:
            return None, reason
        try:
            address, form, size = self._store.put_values({name: value})
        except Exception as error:  # the proof goes on without this value, and says so
            return None, f"{type(error).__name__}: {error}"
        kind = f"{type(value).__module__}.{type(value).__qualname__}"
        return ArtifactRef(address, name, form, size, kind), ""
