"""Where a project lies in the image that is made of it."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from thruway.kit.project import ProjectConfig

ROOT = PurePosixPath("/pipeline")
"""Folder of the image that holds the project and the folder of its data, as they lie here."""


def place_in_image(project: ProjectConfig) -> PurePosixPath:
    """Return where a project is in the image that `build` makes of it."""
    return ROOT / project.dir.relative_to(base_of(project)).as_posix()


def base_of(project: ProjectConfig) -> Path:
    """Return the folder above both the project and the data that it reads.

    Their places relative to each other stay as they are: the settings have them so.
    """
    above = project.data
    for _ in range(project.climb):
        above = above.parent
    together = Path(os.path.commonpath([project.dir, above]))
    return together.parent if together == project.dir else together
