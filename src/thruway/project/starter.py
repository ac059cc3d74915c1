"""A project to begin with: a small pipeline that runs at once, with tests and CI."""

from __future__ import annotations

import keyword
import re
import sys
from typing import TYPE_CHECKING

from thruway.errors import ProjectError, UsageError
from thruway.project.templating import FOLDER, fill

if TYPE_CHECKING:
    from pathlib import Path

_TEMPLATES = {
    "pyproject.toml": "pyproject.toml.jinja",
    "README.md": "README.md.jinja",
    ".gitignore": "gitignore.jinja",
    ".github/workflows/ci.yml": "ci.yml.jinja",
    "{package}/pipeline.py": "pipeline.py.jinja",
    "{package}/steps.py": "steps.py.jinja",
    "{package}/schemas.py": "schemas.py.jinja",
    "tests/conftest.py": "conftest.py.jinja",
    "tests/test_steps.py": "test_steps.py.jinja",
    "tests/test_pipeline.py": "test_pipeline.py.jinja",
}
_SAMPLE = "customers.csv"


def starter_files(name: str) -> dict[str, str]:
    """Return path (relative, posix) → content of a new project.

    Args:
        name: of the project; its package is that name as Python writes names.

    Raises:
        UsageError: the name cannot be the name of a package.
    """
    package = re.sub(r"\W+", "_", name).strip("_").lower()
    if not package.isidentifier() or keyword.iskeyword(package):
        raise UsageError(
            f"`{name}` cannot be the name of a Python package",
            fix="begin with a letter, and use letters, digits and _",
        )
    if package in sys.stdlib_module_names or package in ("thruway", "tests", "data"):
        raise UsageError(
            f"`{package}` is the name of another package", fix="choose another name, `my_{package}`"
        )
    values = {
        "package": package,
        "distribution": package.replace("_", "-"),
        "title": name.replace("_", " ").replace("-", " ").capitalize(),
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
    }
    files = {
        path.format(package=package): fill(f"new/{template}", **values)
        for path, template in _TEMPLATES.items()
    }
    files[f"{package}/__init__.py"] = ""
    files[f"data/{_SAMPLE}"] = (FOLDER / "new" / _SAMPLE).read_text(encoding="utf-8")
    return dict(sorted(files.items()))


def write_starter(folder: Path) -> tuple[str, ...]:
    """Write a new project into a folder that is not there, or is empty; return its files.

    Raises:
        ProjectError: there is something in the folder, or it cannot be written.
        UsageError: its name cannot be that of a package.
    """
    folder = folder.absolute()
    files = starter_files(folder.name)
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise ProjectError(
                f"{folder} is not empty", str(folder), "give the name of a folder that is not there"
            )
        for path, content in files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(content, encoding="utf-8", newline="\n")
    except OSError as error:
        raise ProjectError(
            f"the project could not be written: {error.strerror or error}",
            str(error.filename or folder),
            "choose a folder that you may write to",
        ) from error
    return tuple(files)
