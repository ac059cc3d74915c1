"""A scratch folder that looks like the folder of the user's program.

Folders are real and files are links, so that making a workspace costs little and what runs in it
leaves the original alone (`files.protect`). Formats that libraries write from C, past every audit
event, are copied while they are small: a link would let such a writer reach the original. Modules
are copied too: `Path(__file__).resolve()` follows links out of the workspace.
"""

from __future__ import annotations

import os
import shutil
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from thruway.kit.ambient import audit
from thruway.kit.ambient.skipped import is_skipped

WIDEST = 1_000
"""Folders with more entries are linked as a whole."""
DEEPEST = 6
"""Folders below this depth are linked as a whole."""
MOST = 5_000
"""After so many entries the remaining folders are linked as a whole."""

COPIED_SIZE = 16 * 2**20
COPIED_TOTAL = 128 * 2**20
COPIED_FORMATS = frozenset(
    {".parquet", ".feather", ".arrow", ".orc", ".h5", ".hdf5", ".keras", ".nc", ".pt", ".pth",
     ".ckpt", ".safetensors", ".onnx", ".bin", ".model", ".ubj", ".bst", ".xgb", ".lgb", ".cbm",
     ".py", ".json", ".txt", ".db", ".sqlite", ".sqlite3", ".duckdb", ".zarr", ".faiss"}
)  # fmt: skip


@dataclass(frozen=True)
class Mirror:
    """A workspace.

    Attributes:
        cwd: where the program runs: what stands for its own folder.
        linked: folders linked as a whole because of their size or depth, posix, relative to it.
        top: the outermost folder; the same as `cwd` unless parents are mirrored too.
        copied: files copied instead of linked, posix, relative to `cwd`.
    """

    cwd: Path
    linked: tuple[str, ...]
    top: Path
    copied: tuple[str, ...] = ()


def mirror(root: Path, into: Path, climb: int = 0) -> Mirror:
    """Make `into` look like `root`, and return where to run.

    Args:
        root: the program's folder.
        into: a folder that is empty or does not exist.
        climb: how many levels of parents a relative path of the program climbs (`../data` is 1);
            the parents' other entries are linked whole.
    """
    with audit.paused():
        return _Builder(root.resolve(), Path(os.path.abspath(into))).build(climb)  # noqa: PTH100 - links kept


class _Builder:
    def __init__(self, root: Path, into: Path) -> None:
        self._root = root
        self._into = into
        self._linked: list[str] = []
        self._copied: list[str] = []
        self._entries = 0
        self._bytes = 0

    def build(self, climb: int) -> Mirror:
        self._into.mkdir(parents=True, exist_ok=True)
        climb = min(climb, len(self._root.parents))
        here = self._into
        for level in range(climb, 0, -1):
            parent = self._root.parents[level - 1]
            below = self._root if level == 1 else self._root.parents[level - 2]
            self._link_beside(parent, below, here)
            here /= below.name
            here.mkdir(exist_ok=True)
        self._mirror(here)
        return Mirror(here, tuple(sorted(self._linked)), self._into, tuple(sorted(self._copied)))

    def _link_beside(self, parent: Path, below: Path, here: Path) -> None:
        for entry in _entries(parent):
            if Path(entry.path) == below or self._holds_workspace(entry.path):
                continue
            if not (entry.is_dir() and is_skipped(entry)):
                _link(entry.path, here / entry.name)

    def _mirror(self, top: Path) -> None:
        # Breadth first, so that the limit on entries meets the deep folders and not the near.
        waiting = deque([(self._root, top, "", 0)])
        while waiting:
            source, target, prefix, depth = waiting.popleft()
            for entry in _entries(source):
                if self._holds_workspace(entry.path):
                    continue
                self._entries += 1
                place, name = target / entry.name, prefix + entry.name
                if not entry.is_dir():
                    self._file(entry, place, name)
                elif is_skipped(entry):
                    continue
                elif entry.is_symlink() or self._is_large(entry.path, depth + 1):
                    self._linked.append(name)
                    _link(entry.path, place)
                else:
                    place.mkdir(exist_ok=True)
                    waiting.append((Path(entry.path), place, f"{name}/", depth + 1))

    def _file(self, entry: os.DirEntry[str], place: Path, name: str) -> None:
        if Path(entry.name).suffix.lower() in COPIED_FORMATS:
            size = entry.stat().st_size if entry.is_file() else COPIED_SIZE + 1
            if size <= COPIED_SIZE and self._bytes + size <= COPIED_TOTAL:
                self._bytes += size
                self._copied.append(name)
                shutil.copy2(entry.path, place)
                place.chmod(place.stat().st_mode | 0o200)
                return
        _link(entry.path, place)

    def _is_large(self, folder: str, depth: int) -> bool:
        if depth > DEEPEST or self._entries > MOST:
            return True
        number = len(_entries(Path(folder)))
        return number > WIDEST or self._entries + number > MOST

    def _holds_workspace(self, path: str) -> bool:
        return self._into == Path(path) or Path(path) in self._into.parents


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        return sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:  # not ours to read: the program could not either
        return []


def _link(source: str, place: Path) -> None:
    try:
        place.symlink_to(source, target_is_directory=Path(source).is_dir())
    except OSError:  # Windows without the right to make links
        if Path(source).is_dir():
            shutil.copytree(source, place, dirs_exist_ok=True)
        else:
            shutil.copy2(source, place)
