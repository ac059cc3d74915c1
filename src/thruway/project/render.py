"""Render a plan: every file of the project as text, nothing written yet."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from thruway.project.format import format_files
from thruway.project.generated import pack
from thruway.project.layout import Layout
from thruway.project.local_files import local_files
from thruway.project.manifest import hashes, make_manifest, manifest_text
from thruway.project.packaging_text import (
    GITIGNORE,
    init_text,
    package_text,
    pyproject_text,
    readme_text,
    requirements_text,
)
from thruway.project.pipeline_text import pipeline_text
from thruway.project.places import GENERATED, MANIFEST, README, source_file, step_file
from thruway.project.replay_text import test_files
from thruway.project.same_schemas import with_same_schemas
from thruway.project.schema_text import schemas_text
from thruway.project.shared_text import shared_text
from thruway.project.step_text import step_text

if TYPE_CHECKING:
    from thruway.plan.types import Plan

Files = dict[str, str | bytes]


def render(
    plan: Plan,
    *,
    data_root: str,
    climb: int,
    seed: int,
    proven: str = "",
    until: int | None = None,
) -> Files:
    """Return the whole project: path (relative, posix) → content.

    Args:
        plan: what to write.
        data_root: folder that relative paths of the program refer to, relative to the project.
        climb: how many levels above that folder the program reaches.
        seed: ambient seed of the original's run.
        proven: Markdown for the README: what was proven, and what was not compared.
        until: last cell that was taken; None for all.
    """
    plan = with_same_schemas(plan)
    source = plan.graph.program.source
    original = source.path.read_bytes()
    modules = format_files(_modules(plan))
    files: Files = {
        **modules,
        "pyproject.toml": pyproject_text(plan, data=data_root, climb=climb, seed=seed),
        "requirements.txt": requirements_text(plan),
        README: readme_text(plan, data=data_root, proven=proven),
        ".gitignore": GITIGNORE,
        source_file(source.path.name): original,
        **local_files(plan),
    }
    files[GENERATED] = pack(files)
    manifest = make_manifest(
        plan, data=data_root, climb=climb, seed=seed, source=original, until=until
    )
    files[MANIFEST] = manifest_text(replace(manifest, files=hashes(files)))
    return dict(sorted(files.items()))


def _modules(plan: Plan) -> dict[str, str]:
    layout = Layout(plan)
    package = plan.package
    files = {
        f"{package}/__init__.py": package_text(plan),
        f"{package}/steps/__init__.py": init_text("The steps, one per module"),
        f"{package}/pipeline.py": pipeline_text(plan, layout),
        f"{package}/shared.py": shared_text(plan, layout),
        f"{package}/schemas.py": schemas_text(plan),
    }
    for step in reversed(plan.steps):  # of several calls, the first one gives the text
        files[step_file(package, step.function)] = step_text(plan, step, layout)
    files |= test_files(plan)
    return {path: text for path, text in files.items() if text}
