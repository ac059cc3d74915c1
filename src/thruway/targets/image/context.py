"""The folder that an image is built from: the project, what it needs, how it is put together."""

from __future__ import annotations

import os
import platform
import shutil
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from thruway.errors import UsageError
from thruway.targets.image.place import ROOT, base_of, place_in_image
from thruway.targets.image.requirements import Needs, needs_of
from thruway.targets.image.wheel import NAME, wheel_of_thruway

if TYPE_CHECKING:
    from collections.abc import Iterable

    from thruway.kit.project import ProjectConfig

LEFT_OUT = (
    ".*",
    "__pycache__",
    "*.py[cod]",
    "*.egg-info",
    "venv",
    "node_modules",
    "*.pem",
    "*.key",
    "Dockerfile",
)
"""What an image has no use for, or must not hold: caches, environments, keys, hidden files."""
_USER = 1000

_HEAD = "# The image that runs the steps of "
_DOCKERFILE = """\
{head}`{pipeline}`. Written by `thruway build`: build it with
#   docker build -t {image} .
FROM {base}

ENV HOME=/tmp \\
    MPLBACKEND=agg \\
    PIP_DISABLE_PIP_VERSION_CHECK=1 \\
    PIP_NO_CACHE_DIR=1 \\
    PYTHONUNBUFFERED=1

{system}\
# What is installed changes less often than the project, so it is a layer of its own.
WORKDIR /opt/thruway
COPY requirements.txt constraints.txt {wheel} ./
RUN python3 -m pip install -r requirements.txt -c constraints.txt

# Whoever runs a step may write beside the project (the store's copies of objects), nowhere else.
COPY --chown={user}:0 {folder} {root}
USER {user}:0
WORKDIR {place}
CMD ["python3", "-m", "thruway.ui.main", "plan", "."]
"""

_SYSTEM = """\
RUN apt-get update \\
    && apt-get install -y --no-install-recommends {packages} \\
    && rm -rf /var/lib/apt/lists/*

"""


@dataclass(frozen=True)
class ImageOptions:
    """How the image is to be.

    Attributes:
        image: its name; "" for one made of the project's name.
        base: image that it is built on; "" for Python as it is here, on Debian, slim.
        data: files and folders of the data folder that it holds, as paths relative to that.
        store, lineage: URLs that its tasks will use; "" for those of the project.
    """

    image: str = ""
    base: str = ""
    data: tuple[str, ...] = ()
    store: str = ""
    lineage: str = ""


@dataclass(frozen=True)
class Context:
    """What was written.

    Attributes:
        folder: from which the image is built.
        image: its name.
        place: where the project is in it.
        files: how many the project's part has.
        bytes: what they take.
        notes: what a reader should know.
    """

    folder: Path
    image: str
    place: PurePosixPath
    files: int
    bytes: int
    notes: tuple[str, ...]

    @property
    def commands(self) -> tuple[str, ...]:
        """What builds and hands on the image; `podman` takes the same words."""
        engine = next((name for name in ("docker", "podman") if shutil.which(name)), "docker")
        build = f"{engine} build -t {self.image} {self.folder}"
        return (build, f"{engine} push {self.image}")


def build_context(
    project: ProjectConfig, folder: Path, options: ImageOptions | None = None
) -> Context:
    """Write the folder that an image of a project is built from.

    Args:
        project: the project.
        folder: is made; one that was made before is replaced.
        options: how the image is to be.

    Raises:
        UsageError: the folder holds something else, or data is not there.
        ProjectError: a requirement lies outside the project.
    """
    options = options or ImageOptions()
    folder = folder.absolute()
    _make_room(folder, project)
    store = options.store or project.objects
    needs = needs_of(project, store, options.lineage or project.lineage)
    image = options.image or f"{project.dir.name.lower()}:latest"
    texts = {
        "Dockerfile": _dockerfile(project, needs, image, options.base or base_image()),
        ".dockerignore": "".join(f"**/{pattern}\n" for pattern in LEFT_OUT),
        "requirements.txt": _text(needs.requirements),
        "constraints.txt": _text(needs.constraints),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    (folder / NAME).write_bytes(wheel_of_thruway())
    inside = folder / ROOT.name
    count, size = _copy_project(project, inside, folder)
    for each in options.data:
        more = _copy_data(project, each, inside)
        count, size = count + more[0], size + more[1]
    (inside / _relative(project, project.data)).mkdir(parents=True, exist_ok=True)
    notes = (*needs.notes, *_about_data(project, options))
    return Context(folder, image, place_in_image(project), count, size, notes)


def base_image() -> str:
    """Return the image of the Python that is running."""
    return f"python:{platform.python_version()}-slim-bookworm"


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _dockerfile(project: ProjectConfig, needs: Needs, image: str, base: str) -> str:
    system = _SYSTEM.format(packages=" ".join(needs.system)) if needs.system else ""
    return _DOCKERFILE.format(
        head=_HEAD,
        pipeline=project.name,
        image=image,
        base=base,
        system=system,
        wheel=NAME,
        user=_USER,
        folder=ROOT.name,
        root=ROOT,
        place=place_in_image(project),
    )


def _make_room(folder: Path, project: ProjectConfig) -> None:
    if folder == project.dir or folder in project.dir.parents:
        raise UsageError(
            f"{folder} holds the project itself", fix="say --into with a folder of its own"
        )
    there = folder.is_dir() and any(folder.iterdir())
    file = folder / "Dockerfile"
    if there and not (file.is_file() and file.read_text("utf-8", "replace").startswith(_HEAD)):
        raise UsageError(
            f"{folder} is not empty, and `thruway build` did not make it",
            fix="say --into with a folder that is not there",
        )
    if there:
        shutil.rmtree(folder)
    folder.mkdir(parents=True)


def _relative(project: ProjectConfig, path: Path) -> Path:
    return path.relative_to(base_of(project))


def _copy_project(project: ProjectConfig, inside: Path, folder: Path) -> tuple[int, int]:
    """Copy the project, without what an image has no use for; return files and bytes."""
    kept = {project.store.resolve(), project.outputs.resolve(), folder.resolve()}
    target = inside / _relative(project, project.dir)
    return _copy(project.dir, target, kept)


def _copy_data(project: ProjectConfig, name: str, inside: Path) -> tuple[int, int]:
    source = project.data / name
    place = Path(os.path.normpath(source))
    if not place.exists() or not place.is_relative_to(base_of(project)):
        raise UsageError(
            f"there is no `{name}` that the pipeline could read",
            where=str(project.data),
            fix="name a file or folder by its path from the folder of the data",
        )
    target = inside / _relative(project, place)
    if place.is_dir():
        return _copy(place, target, set())
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(place, target)
    return 1, place.stat().st_size


def _copy(source: Path, target: Path, without: set[Path]) -> tuple[int, int]:
    count = size = 0
    target.mkdir(parents=True, exist_ok=True)
    for at, folders, files in os.walk(source):
        here = Path(at)
        folders[:] = sorted(
            name
            for name in folders
            if not _left_out(name) and (here / name).resolve() not in without
        )
        for name in sorted(files):
            if _left_out(name):
                continue
            place = target / here.relative_to(source) / name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(here / name, place)
            count, size = count + 1, size + place.stat().st_size
    return count, size


def _left_out(name: str) -> bool:
    return any(fnmatch(name, pattern) for pattern in LEFT_OUT)


def _about_data(project: ProjectConfig, options: ImageOptions) -> list[str]:
    if project.data == project.dir or options.data:
        return []
    said = (
        f"no data is in the image: files that steps read from {project.data.name}/ come from a "
        "volume or an address, or are put in with --data"
    )
    return [said]
