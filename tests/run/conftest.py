"""A project of one file, run with one of the executors."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import pytest
from servers import S3, Postgres

from thruway.kit.project import StoreConfig, load_project
from thruway.run import RunOptions, SilentReporter, run_project

if TYPE_CHECKING:
    from pathlib import Path


class Heard(SilentReporter):
    def __init__(self):
        self.states, self.reasons, self.text, self.warnings = {}, {}, "", []

    def step_finished(self, step, state, seconds, reason):  # noqa: ARG002 - the protocol's
        self.states[step] = state
        self.reasons[step] = reason

    def output(self, step, text):  # noqa: ARG002 - the protocol's
        self.text += text

    def warned(self, step, text):
        self.warnings.append(f"{step}: {text}")


class Toy:
    """A project of one file, run with one of the executors."""

    def __init__(self, folder: Path, isolate: bool):
        self.dir = folder / "project"
        self.data = folder / "data"
        self.isolate = isolate
        self.data.mkdir()
        self.dir.mkdir()
        (self.dir / "pyproject.toml").write_text(
            '[tool.thruway]\npipeline = "toy:flow"\ndata = "../data"\n'
        )

    def write(self, text: str, name: str = "toy.py") -> None:
        head = "from typing import NamedTuple\nfrom thruway import File, NumpyRandom, PythonRandom, map_over, pipeline, step\n"
        (self.dir / name).write_text(head + textwrap.dedent(text))

    def edit(self, old: str, new: str, name: str = "toy.py") -> None:
        file = self.dir / name
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))

    def run(self, **options):
        heard = Heard()
        result = run_project(
            load_project(self.dir),
            RunOptions(**{"isolate": self.isolate, "logs": True, **options}),
            heard,
        )
        return result, heard

    def states(self, **options) -> str:
        """One line: `load=COMPLETE total=CACHED`."""
        _, heard = self.run(**options)
        return " ".join(f"{step}={state}" for step, state in heard.states.items())


@pytest.fixture(params=["in-process", "isolated"])
def toy(request, tmp_path):
    return Toy(tmp_path, request.param == "isolated")


@pytest.fixture
def local(tmp_path):
    return Toy(tmp_path, isolate=False)


@pytest.fixture
def apart(tmp_path):
    return Toy(tmp_path, isolate=True)


@pytest.fixture(scope="session")
def postgres():
    server = Postgres()
    yield server
    server.close()


@pytest.fixture(scope="session")
def s3():
    server = S3()
    yield server
    server.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def at(request, tmp_path):
    """Where a new lineage is, on either database."""
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgres").url()
    return StoreConfig(tmp_path / "store", lineage=url, pipeline="flow" if url else "")
