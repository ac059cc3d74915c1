"""Values kept on request, each in a file of its own, right after the statement that made it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from thruway.kit.ambient import audit

if TYPE_CHECKING:
    from thruway.trace.child.namespace import Namespace
    from thruway.trace.job import Job


class Captures:
    """Writes `capture-<n>` files and the index that says which is which."""

    def __init__(self, job: Job, namespace: Namespace) -> None:
        self._folder = Path(job.captures)
        self._namespace = namespace
        self._wanted: dict[int, list[str]] = {}
        for number, name in job.capture:
            self._wanted.setdefault(number, []).append(name)
        self._index: list[tuple[int, str, str, str]] = []

    def keep(self, number: int) -> None:
        """Keep what was asked of one statement; a name that is not there is left out."""
        with audit.paused():
            for name in self._wanted.get(number, ()):
                if name in self._namespace.user_names():
                    self._index.append((number, name, *self._write(name)))

    def _write(self, name: str) -> tuple[str, str]:
        """Return (format, file), or ("", reason) for what cannot be stored."""
        from thruway.kit.values import storage  # not loaded for runs that keep nothing

        value = self._namespace.value(name)
        reason = storage.unstorable(value)
        if reason:
            return "", reason
        file = f"capture-{len(self._index)}"
        try:
            with (self._folder / file).open("wb") as handle:
                return storage.write({name: value}, handle), file
        except Exception as error:  # whatever a value does while it is stored
            return "", f"{type(error).__name__}: {error}"

    def close(self) -> None:
        """Write the index."""
        if self._wanted:
            with audit.paused():
                path = self._folder / "index.json"
                path.write_text(json.dumps(self._index), encoding="utf-8")
