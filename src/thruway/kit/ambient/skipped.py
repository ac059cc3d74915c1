"""Folders that lie among a program's data and are none."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_NAMES = frozenset(
    {".git", ".hg", ".svn", "node_modules", "__pycache__", ".ipynb_checkpoints", ".thruway",
     ".mypy_cache", ".pytest_cache", ".ruff_cache", ".tox", ".nox"}
)  # fmt: skip
_MARKERS = ("pyvenv.cfg", "conda-meta", "thruway.json")  # environments and generated projects


def is_skipped(folder: os.DirEntry[str]) -> bool:
    """Return whether a folder is version control, a cache, an environment or a project of ours."""
    return folder.name in _NAMES or _has_any(folder.path, _MARKERS)


def _has_any(folder: str, names: Iterable[str]) -> bool:
    return any(os.path.lexists(f"{folder}{os.sep}{name}") for name in names)
