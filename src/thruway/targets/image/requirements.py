"""What an image has to have installed, in versions: those of the project, then those of here."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from importlib.metadata import distributions
from typing import TYPE_CHECKING, Any

from thruway.errors import ProjectError
from thruway.targets.image.wheel import NAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from thruway.kit.project import ProjectConfig

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_PINNED = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*==\s*([^\s;,*]+)")
_COMPONENTS = re.compile(r"^\s*(?:from|import)\s+thruway\.components\b", re.MULTILINE)
_SCHEMES = {
    "s3": "s3fs",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "az": "adlfs",
    "abfs": "adlfs",
    "abfss": "adlfs",
    "ssh": "paramiko",
    "sftp": "paramiko",
}
_ORIGIN = "direct_url.json"
"""Where pip writes that a package came from a folder or an address, and not from an index."""
_SYSTEM = {
    "lightgbm": ("libgomp1",),
    "opencv-python": ("libgl1", "libglib2.0-0"),
}


@dataclass(frozen=True)
class Needs:
    """What is installed.

    Attributes:
        requirements: lines of the file that pip reads.
        constraints: `name==version` of what is installed here, for what the lines leave open.
        system: packages of Debian that a slim image lacks.
        notes: what a reader should know.
    """

    requirements: tuple[str, ...]
    constraints: tuple[str, ...]
    system: tuple[str, ...]
    notes: tuple[str, ...]


def needs_of(project: ProjectConfig, store: str, lineage: str) -> Needs:
    """Return what the tasks of a project need.

    Args:
        project: the project.
        store: URL that the tasks will use.
        lineage: the same.

    Raises:
        ProjectError: a requirement lies outside the project.
    """
    lines = _declared(project)
    extras = sorted(_extras(project, store, lineage))
    extra = f"[{','.join(extras)}]" if extras else ""
    scheme = store.partition("://")[0] if "://" in store else ""
    known = {plain_name(line) for line in lines}
    more = [name for name in [_SCHEMES.get(scheme, "")] if name and name not in known]
    requirements = (*lines, *more, f"./{NAME}{extra}")
    here = _installed()
    wanted = dict(pins_of(lines))
    differing = sorted(name for name, pin in wanted.items() if here.get(name, pin) != pin)
    notes = []
    if differing:
        notes.append(
            f"{', '.join(differing)}: other versions than here; what the requirements leave open "
            "is not pinned"
        )
    open_ = [plain_name(line) for line in (*lines, *more) if not _PINNED.match(line)]
    loose = sorted(name for name in open_ if name and name not in here)
    if loose:
        notes.append(f"{', '.join(loose)}: not pinned, and not installed here to take a version of")
    pins = {} if differing else {name: here[name] for name in here if name not in wanted}
    constraints = tuple(f"{name}=={pins[name]}" for name in sorted(pins))
    system = {each for name in (*known, *wanted) for each in _SYSTEM.get(name, ())}
    return Needs(requirements, constraints, tuple(sorted(system)), tuple(notes))


def plain_name(line: str) -> str:
    """Return the name of the package that a requirement is of, as an index has it.

    >>> plain_name("Scikit_Learn[all]>=1.2; python_version > '3'")
    'scikit-learn'
    """
    found = _NAME.match(line)
    return re.sub(r"[-_.]+", "-", found[0]).lower() if found else ""


def pins_of(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Give (name, version) of the requirements that are pinned."""
    for line in lines:
        found = _PINNED.match(line)
        if found:
            yield plain_name(line), found[2]


def _declared(project: ProjectConfig) -> tuple[str, ...]:
    """Return the requirements of a project, without Thruway."""
    file = project.dir / "requirements.txt"
    lines = _lines(file, project.dir) if file.is_file() else _of_pyproject(project.dir)
    return tuple(line for line in lines if plain_name(line) != "thruway")


def _lines(file: Path, root: Path) -> list[str]:
    found: list[str] = []
    text = file.read_text(encoding="utf-8").replace("\\\n", " ")
    for whole in text.splitlines():
        line = re.sub(r"(^|\s)#.*$", "", whole).strip()
        option = re.match(r"(-r|--requirement)[ =]?\s*(\S+)", line)
        if option:
            found += _lines(_inside(file.parent / option[2], root, line), root)
        elif line.startswith(("-e", "--editable", ".", "/", "-c", "--constraint")):
            raise ProjectError(
                f"`{line}` in {file.name} is no package that an image can install by its name.",
                str(file),
                "name a version of the package, or put the code into the project",
            )
        elif line:
            found.append(line)
    return found


def _inside(file: Path, root: Path, line: str) -> Path:
    if not file.is_file() or root not in file.resolve().parents:
        raise ProjectError(
            f"`{line}` names no file of the project.", str(file), "put it into the project"
        )
    return file


def _of_pyproject(root: Path) -> list[str]:
    file = root / "pyproject.toml"
    if not file.is_file():
        return []
    content: Mapping[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
    return [str(each) for each in content.get("project", {}).get("dependencies", [])]


def _extras(project: ProjectConfig, store: str, lineage: str) -> Iterator[str]:
    """Give the extras of Thruway that the tasks need."""
    if "://" in store:
        yield "remote"
    if lineage.startswith("postgres"):
        yield "postgresql"
    texts = (file.read_text("utf-8", "replace") for file in project.dir.rglob("*.py"))
    if any(_COMPONENTS.search(text) for text in texts):
        yield "components"


def _installed() -> dict[str, str]:
    """Return name → version of what is installed here and can be installed elsewhere by that."""
    found = {}
    for each in distributions():
        name, version = plain_name(each.metadata["Name"] or ""), each.version
        if name and name != "thruway" and "+" not in version and not each.read_text(_ORIGIN):
            found[name] = version
    return found
