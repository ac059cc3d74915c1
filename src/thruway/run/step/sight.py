"""What a step would find at a path: the user's data, below what earlier steps gave it.

Content counts, never the time or size of a file. A folder counts by its names.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from thruway.errors import StorageError
from thruway.kit.ambient.skipped import is_skipped
from thruway.kit.values.fingerprint import fingerprint_file
from thruway.run.store.folders import FOLDER_FORMAT, index_of, member_of
from thruway.run.store.hashing import FILE_DIGITS, digest_bytes
from thruway.run.store.store import ABSENT_FORMAT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from thruway.run.store.store import Store
    from thruway.run.types import ArtifactRef


PROJECT = "<project>/"
"""How paths in the project's folder begin, wherever it lies."""


@dataclass(frozen=True)
class Sight:
    """What one step would find.

    Attributes:
        store: holds what earlier steps gave.
        data: the user's folder.
        outputs: the folder into which a run copies files; no step's business.
        files: path → file or folder that lies above the user's data.
        project: the project's folder.
    """

    store: Store
    data: Path
    outputs: Path
    files: Mapping[str, ArtifactRef]
    project: Path = Path()

    def given(self, token: str) -> bool:
        """Say whether an earlier step gave what a token stands for."""
        name = token.partition(":")[2]
        return name in self.files or any(True for _ in self._members(name))

    def digest(self, token: str) -> str:
        """Return the digest of what a token stands for now, "" when there is nothing."""
        kind, _, name = token.partition(":")
        try:
            return self._listing(name) if kind == "dir" else self._file(name)
        except (OSError, StorageError):
            return ""

    def changed_at(self, token: str) -> int:
        """Return when the user's file or folder last changed, nanoseconds; 0 if it is not there."""
        try:
            return self._path(token.partition(":")[2]).stat().st_ctime_ns
        except OSError:
            return 0

    def _file(self, name: str) -> str:
        # All are SHA-256: what the store calls a file begins with what a fingerprint would say.
        reference = self.files.get(name)
        if reference is not None and reference.format == ABSENT_FORMAT:
            return ""
        if reference is not None and reference.format != FOLDER_FORMAT:
            return reference.hash[:FILE_DIGITS]
        for folder, inner in self._members(name):
            entry = index_of(self.store.local(folder.hash)).get(inner)
            if inner and (entry is None or entry.kind != "own"):
                return entry.detail[:FILE_DIGITS] if entry else ""
        path = self._path(name)
        return fingerprint_file(path) if path.is_file() else ""

    def _path(self, name: str) -> Path:
        if name.startswith(PROJECT):
            return self.project / name.removeprefix(PROJECT)
        return self.data / name

    def _members(self, name: str) -> Iterator[tuple[ArtifactRef, str]]:
        """Give the stored folders that a path lies in, the innermost first."""
        found = [
            (reference, inner)
            for path, reference in self.files.items()
            if reference.format == FOLDER_FORMAT and (inner := member_of(name, path)) is not None
        ]
        yield from sorted(found, key=lambda item: len(item[1]))

    def _listing(self, name: str) -> str:
        names = self._names(name)
        prefix = f"{name}/".removeprefix("./")
        for file, reference in self.files.items():
            if reference.format == ABSENT_FORMAT and "/" not in file.removeprefix(prefix):
                names.discard(file.removeprefix(prefix))
            elif file.startswith(prefix):
                names.add(file.removeprefix(prefix).partition("/")[0])
        return digest_bytes("\0".join(sorted(names)).encode("utf-8", "surrogateescape"))

    def _names(self, name: str) -> set[str]:
        for folder, inner in self._members(name):
            index = index_of(self.store.local(folder.hash))
            prefix = f"{inner}/" if inner else ""
            if not inner or (inner in index and index[inner].kind == "folder"):
                below = (one.removeprefix(prefix) for one in index if one.startswith(prefix))
                return {one for one in below if "/" not in one}
        return {entry.name for entry in os.scandir(self._path(name)) if not self._ours(entry)}

    def _ours(self, entry: os.DirEntry[str]) -> bool:
        """Leave out what a step never sees, and the folder into which a run copies files."""
        return (entry.is_dir() and is_skipped(entry)) or Path(entry.path) == self.outputs
