"""A mirror of the data folder that is looked at once and then made anew for every step.

Walking the user's folder, asking what is an environment and what is too large, takes longer than
making the links; steps that run apart need a folder each, so the walk is done once per run.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from thruway.kit.ambient import audit

if TYPE_CHECKING:
    from pathlib import Path

    from thruway.kit.ambient.workspace import Mirror


@dataclass(frozen=True)
class LinkTree:
    """What a mirror consists of; every name relative to its outermost folder.

    Attributes:
        template: the mirror that was looked at; nothing ever runs in it.
        cwd: the folder in which a program runs, "." if it is the outermost.
        folders: real folders, outer ones first.
        links: (name, target, is it a folder).
        copies: real files.
    """

    template: Path
    cwd: str
    folders: tuple[str, ...]
    links: tuple[tuple[str, str, bool], ...]
    copies: tuple[str, ...]

    def grow(self, into: Path) -> Path:
        """Make another one; return the folder in which a program runs."""
        with audit.paused():
            into.mkdir(parents=True)
            for name in self.folders:
                os.mkdir(into / name)  # noqa: PTH102 - thousands of them: as text is twice as fast
            top = f"{into}{os.sep}"
            for name, target, is_folder in self.links:
                os.symlink(target, top + name, is_folder)  # noqa: PTH211 - the same
            for name in self.copies:
                shutil.copy2(self.template / name, into / name)
        return into / self.cwd


def look_at(made: Mirror) -> LinkTree:
    """Return what a mirror consists of."""
    folders: list[str] = []
    links: list[tuple[str, str, bool]] = []
    copies: list[str] = []
    waiting = [""]
    while waiting:
        prefix = waiting.pop()
        for entry in os.scandir(made.top / prefix):
            name = prefix + entry.name
            if entry.is_symlink():
                links.append((name, os.readlink(entry.path), entry.is_dir()))  # noqa: PTH115 - as text
            elif entry.is_dir():
                folders.append(name)
                waiting.append(f"{name}{os.sep}")
            else:
                copies.append(name)
    cwd = os.path.relpath(made.cwd, made.top)
    return LinkTree(made.top, cwd, tuple(sorted(folders)), tuple(links), tuple(copies))
