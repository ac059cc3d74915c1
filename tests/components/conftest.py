"""A project of one file, in which components are steps."""

from __future__ import annotations

import textwrap

import pytest

from thruway.kit.project import load_project
from thruway.run import RunOptions, run_project

HEAD = (
    "from typing import Any, NamedTuple\nimport pandas as pd\nfrom thruway import pipeline, step\n"
)


class Small:
    """A project of one file, in which components are steps."""

    def __init__(self, folder):
        self.dir = folder / "project"
        self.dir.mkdir()
        (self.dir / "pyproject.toml").write_text('[tool.thruway]\npipeline = "small:flow"\n')

    def write(self, text):
        (self.dir / "small.py").write_text(HEAD + textwrap.dedent(text))

    def run(self, **options):
        return run_project(load_project(self.dir), RunOptions(**options))


@pytest.fixture
def small(tmp_path):
    return Small(tmp_path)
