"""The project as a package to install on the workers: its text, and what runs it."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

from thruway.errors import CompileRefused
from thruway.targets.airflow.text import literal
from thruway.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from thruway.kit.project import ProjectConfig
    from thruway.targets.airflow.settings import Settings

_KINDS = frozenset({".py", ".json", ".toml", ".txt", ".yaml", ".yml"})
_NOT_CODE = frozenset({"pyproject.toml", "thruway.json"})

_MAIN = '''"""The pipeline where it is installed: `python -m {name} task STEP ...`."""

import sys
from pathlib import Path

from thruway.ui.main import main

if __name__ == "__main__":
    sys.argv.insert(2, str(Path(__file__).parent / "project"))
    main()
'''


def packaged(project: ProjectConfig, asked: Settings) -> dict[str, str]:
    """Return the files of the package, by their paths.

    Raises:
        CompileRefused: a step is defined outside the folder of the project.
    """
    for node in project.dag().nodes:
        file = node.step.file
        if file is not None and project.dir not in file.resolve().parents:
            raise CompileRefused(
                f"step `{node.name}` is defined outside the folder of the project",
                where=str(file),
                fix="leave out `-o package=yes`, and say --project-at",
            )
    name = asked.package
    inner = f"{name}/src/{name}"
    files = {
        f"{name}/pyproject.toml": _outer(project, asked),
        f"{inner}/__init__.py": f'"""The pipeline `{project.name}`, for Airflow."""\n',
        f"{inner}/__main__.py": _MAIN.replace("{name}", name),
        f"{inner}/project/pyproject.toml": _settings(project, asked),
    }
    for file in _texts(project, project.dir):
        relative = file.relative_to(project.dir).as_posix()
        if relative not in _NOT_CODE:
            files[f"{inner}/project/{relative}"] = _read(file)
    return files


def _texts(project: ProjectConfig, folder: Path) -> Iterator[Path]:
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith(".") or entry.name == "__pycache__":
            continue
        if entry.is_dir():
            if folder != project.dir or _is_code(project, entry):
                yield from _texts(project, entry)
        elif entry.suffix in _KINDS:
            yield entry


def _is_code(project: ProjectConfig, folder: Path) -> bool:
    """Say whether steps are imported from a folder of the project, which else holds data."""
    if folder == project.local or folder.name == "src":
        return True
    files = [node.step.file for node in project.dag().nodes]
    of_steps = any(file is not None and folder in file.parents for file in files)
    return of_steps or folder in project.file.parents or (folder / "__init__.py").is_file()


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise CompileRefused(
            f"{file.name} is not text in UTF-8",
            where=str(file),
            fix="leave out `-o package=yes`, and say --project-at",
        ) from error


def _outer(project: ProjectConfig, asked: Settings) -> str:
    told = _project_table(project)
    requirements = project.dir / "requirements.txt"
    lines = requirements.read_text(encoding="utf-8").splitlines() if requirements.is_file() else []
    found = [line.partition("#")[0].strip() for line in lines]
    needs = [line for line in found if line and not line.startswith("-")]
    needs += [each for each in told.get("dependencies", []) if each not in needs]
    if not any(each.lower().startswith("thruway") for each in needs):
        needs.insert(0, f"thruway>={__version__}")
    listed = "".join(f"    {literal(each)},\n" for each in needs)
    return (
        "[build-system]\n"
        'requires = ["hatchling"]\n'
        'build-backend = "hatchling.build"\n\n'
        "[project]\n"
        f"name = {literal(asked.package.replace('_', '-'))}\n"
        f"version = {literal(told.get('version', '0.1.0'))}\n"
        f"description = {literal(f'The pipeline {project.name}, for Airflow.')}\n"
        f"requires-python = {literal(told.get('requires-python', '>=3.11'))}\n"
        f"dependencies = [\n{listed}]\n\n"
        "[tool.hatch.build.targets.wheel]\n"
        f"packages = [{literal(f'src/{asked.package}')}]\n"
    )


def _project_table(project: ProjectConfig) -> dict[str, str]:
    file = project.dir / "pyproject.toml"
    if not file.is_file():
        return {}
    found = tomllib.loads(file.read_text(encoding="utf-8")).get("project", {})
    return found if isinstance(found, dict) else {}


def _settings(project: ProjectConfig, asked: Settings) -> str:
    lines = ["[tool.thruway]", f"pipeline = {literal(f'{project.module}:{project.name}')}"]
    if asked.data:
        lines.append(f"data = {literal(asked.data)}")
    lines += [f"climb = {project.climb}", f"seed = {project.seed}"]
    if project.program:
        lines.append(f"program = {literal(project.program)}")
    if project.local is not None:
        lines.append(f"local = {literal(project.local.relative_to(project.dir).as_posix())}")
    lines.append(f"path = [{', '.join(map(literal, project.path))}]")
    if project.objects:
        lines.append(f"store = {literal(project.objects)}")
    if project.lineage and "://" in project.lineage and not project.lineage.startswith("sqlite"):
        lines.append(f"lineage = {literal(project.lineage)}")
    if project.trust:
        lines.append("trust = true")
    return "\n".join([*lines, ""])
