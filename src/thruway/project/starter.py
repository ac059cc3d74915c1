"""A project to begin with: a small pipeline that runs at once, with tests and CI."""

from __future__ import annotations

import keyword
import re
import sys
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from thruway.errors import ProjectError, UsageError
from thruway.project.samples import SAMPLES
from thruway.project.templating import FOLDER, fill

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_SHARED = {
    "pyproject.toml": "new/pyproject.toml.jinja",
    ".gitignore": "new/gitignore.jinja",
    ".github/workflows/ci.yml": "new/ci.yml.jinja",
}
_PLAIN = {
    **_SHARED,
    "README.md": "new/README.md.jinja",
    "{package}/pipeline.py": "new/pipeline.py.jinja",
    "{package}/steps.py": "new/steps.py.jinja",
    "{package}/schemas.py": "new/schemas.py.jinja",
    "tests/conftest.py": "new/conftest.py.jinja",
    "tests/test_steps.py": "new/test_steps.py.jinja",
    "tests/test_pipeline.py": "new/test_pipeline.py.jinja",
}
_SAMPLE = "customers.csv"


@dataclass(frozen=True)
class Template:
    """A project of canonical components.

    Attributes:
        about: what it is about, a sentence.
        sample: name of its data.
        metric: that its blessing asks for, with the kind of bound.
        bound: `lower` or `upper`.
        easy: a bound that every model keeps.
        hard: one that none does.
    """

    about: str
    sample: str
    metric: str
    bound: str
    easy: float
    hard: float


TEMPLATES = {
    "tabular-classification": Template(
        "Which customers will leave.", "customers.csv", "roc_auc", "lower", 0.5, 1.0
    ),
    "regression": Template("What a house is worth.", "houses.csv", "r2", "lower", 0.0, 1.0),
    "forecasting": Template("What each shop will sell.", "sales.csv", "mase", "upper", 9.0, 0.0),
    "text": Template("Whether a review is good.", "reviews.csv", "accuracy", "lower", 0.5, 1.0),
}
"""Name → project that `new --template` writes; **add a row here**, and a folder of templates."""


def starter_files(name: str, template: str = "") -> dict[str, str]:
    """Return path (relative, posix) → content of a new project.

    Args:
        name: of the project; its package is that name as Python writes names.
        template: one of `TEMPLATES`; "" for a pipeline of plain functions.

    Raises:
        UsageError: the name cannot be the name of a package, or there is no such template.
    """
    if template and template not in TEMPLATES:
        raise UsageError(
            f"there is no template `{template}`", fix=f"use one of: {', '.join(TEMPLATES)}"
        )
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
        "about": "Which customers will leave: a pipeline of typed steps.",
        "needs": "thruway[schemas]",
    }
    if template:
        return _of_components(template, package, values)
    files = _filled(_PLAIN, package, values)
    files[f"data/{_SAMPLE}"] = (FOLDER / "new" / _SAMPLE).read_text(encoding="utf-8")
    return dict(sorted(files.items()))


def _of_components(template: str, package: str, values: dict[str, str]) -> dict[str, str]:
    """Return the files of a project of canonical components."""
    chosen = TEMPLATES[template]
    texts = {
        **_SHARED,
        "README.md": "components_project/README.md.jinja",
        "{package}/pipeline.py": f"{template}/pipeline.py.jinja",
        "{package}/steps.py": f"{template}/steps.py.jinja",
        "tests/conftest.py": "components_project/conftest.py.jinja",
        "tests/test_pipeline.py": "components_project/test_pipeline.py.jinja",
    }
    about = {**asdict(chosen), "sample": f"data/{chosen.sample}", "needs": "thruway[components]"}
    files = _filled(texts, package, {**values, **about})
    files[f"data/{chosen.sample}"] = SAMPLES[chosen.sample]()
    files["schema.toml"] = (FOLDER / template / "schema.toml").read_text(encoding="utf-8")
    return dict(sorted(files.items()))


def _filled(texts: Mapping[str, str], package: str, values: Mapping[str, Any]) -> dict[str, str]:
    files = {path.format(package=package): fill(text, **values) for path, text in texts.items()}
    return {**files, f"{package}/__init__.py": ""}


def write_starter(folder: Path, template: str = "") -> tuple[str, ...]:
    """Write a new project into a folder that is not there, or is empty; return its files.

    Raises:
        ProjectError: there is something in the folder, or it cannot be written.
        UsageError: its name cannot be that of a package, or there is no such template.
    """
    folder = folder.absolute()
    files = starter_files(folder.name, template)
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
