"""The folder that an image is built from, looked at as an engine for containers would."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import zipfile

import pytest

from thruway.errors import ProjectError, UsageError
from thruway.kit.project import load_project
from thruway.targets.image import ImageOptions, build_context, place_in_image
from thruway.targets.image.requirements import needs_of, plain_name
from thruway.targets.image.wheel import NAME, wheel_of_thruway
from thruway.ui.main import _guarded

PIPELINE = """
from thruway import pipeline, step

@step
def load(n: int) -> int:
    return n

@pipeline
def flow(n: int = 3):
    return load(n)
"""


@pytest.fixture
def project(tmp_path):
    """A project beside the folder of its data, with all that an image must not hold."""
    folder = tmp_path / "churn"
    (folder / "churn").mkdir(parents=True)
    (folder / "churn" / "flow.py").write_text(PIPELINE)
    (folder / "churn" / "__init__.py").write_text("")
    (folder / "pyproject.toml").write_text(
        '[tool.thruway]\npipeline = "churn.flow:flow"\ndata = "../raw"\n'
    )
    (folder / "requirements.txt").write_text("# seen\npandas==2.2.3\nscikit-learn\nthruway==0.1\n")
    for name in (".env", ".git/config", "churn/__pycache__/x.pyc", "server.pem", ".thruway/a"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("secret")
    (tmp_path / "raw" / "2026").mkdir(parents=True)
    (tmp_path / "raw" / "2026" / "rows.csv").write_text("a\n1\n")
    (tmp_path / "raw" / "notes.txt").write_text("not for the image")
    return load_project(folder)


def files(folder):
    return sorted(f.relative_to(folder).as_posix() for f in folder.rglob("*") if f.is_file())


def test_what_is_in_it(project, tmp_path):
    made = build_context(project, tmp_path / "image", ImageOptions(data=("2026",)))
    assert files(tmp_path / "image") == sorted(
        [
            ".dockerignore",
            "Dockerfile",
            "constraints.txt",
            "requirements.txt",
            NAME,
            "pipeline/churn/churn/__init__.py",
            "pipeline/churn/churn/flow.py",
            "pipeline/churn/pyproject.toml",
            "pipeline/churn/requirements.txt",
            "pipeline/raw/2026/rows.csv",
        ]
    )
    assert (made.files, str(made.place), made.image) == (5, "/pipeline/churn", "churn:latest")
    assert load_project(tmp_path / "image" / "pipeline" / "churn").data.name == "raw"
    assert made.commands[0].endswith(f" build -t churn:latest {tmp_path / 'image'}")


def test_how_it_is_put_together(project, tmp_path):
    build_context(project, tmp_path / "image", ImageOptions("r/churn:1", "python:3.12.1-slim"))
    assert (
        (tmp_path / "image" / "Dockerfile").read_text()
        == f"""\
# The image that runs the steps of `flow`. Written by `thruway build`: build it with
#   docker build -t r/churn:1 .
FROM python:3.12.1-slim

ENV HOME=/tmp \\
    MPLBACKEND=agg \\
    PIP_DISABLE_PIP_VERSION_CHECK=1 \\
    PIP_NO_CACHE_DIR=1 \\
    PYTHONUNBUFFERED=1

# What is installed changes less often than the project, so it is a layer of its own.
WORKDIR /opt/thruway
COPY requirements.txt constraints.txt {NAME} ./
RUN python3 -m pip install -r requirements.txt -c constraints.txt

# Whoever runs a step may write beside the project (the store's copies of objects), nowhere else.
COPY --chown=1000:0 pipeline /pipeline
USER 1000:0
WORKDIR /pipeline/churn
CMD ["python3", "-m", "thruway.ui.main", "plan", "."]
"""
    )


def test_it_is_made_again_the_same_and_only_over_itself(project, tmp_path):
    into = tmp_path / "image"
    first = build_context(project, into)
    before = {name: (into / name).read_bytes() for name in files(into)}
    assert build_context(project, into) == first
    assert {name: (into / name).read_bytes() for name in files(into)} == before
    with pytest.raises(UsageError, match="did not make it"):
        build_context(project, tmp_path / "raw")
    with pytest.raises(UsageError, match="holds the project itself"):
        build_context(project, tmp_path)


def test_a_context_inside_the_project_is_not_copied_into_itself(project):
    build_context(project, project.dir / "image")
    build_context(project, project.dir / "image")
    assert not (project.dir / "image" / "pipeline" / "churn" / "image").exists()


def test_data_that_is_not_there_is_refused(project, tmp_path):
    with pytest.raises(UsageError, match="there is no `2027`"):
        build_context(project, tmp_path / "image", ImageOptions(data=("2027",)))
    assert "no data is in the image" in " ".join(build_context(project, tmp_path / "image").notes)


NEEDS = {
    ("pandas==2.2.3\n", "", ""): ("pandas==2.2.3", "./W"),
    ("-r more.txt\nnumpy\n", "", ""): ("polars==1.0", "numpy", "./W"),
    ("", "s3://b/x", ""): ("s3fs", "./W[remote]"),
    ("s3fs==2026.1", "s3://b/x", "postgresql://h/d"): (
        "s3fs==2026.1",
        "./W[postgresql,remote]",
    ),
    ("lightgbm # trees\n", "/mnt/store", ""): ("lightgbm", "./W"),
}


@pytest.mark.parametrize("case", NEEDS)
def test_what_is_installed(case, project):
    text, store, lineage = case
    (project.dir / "more.txt").write_text("polars==1.0\n")
    (project.dir / "requirements.txt").write_text(text)
    needs = needs_of(project, store, lineage)
    assert tuple(line.replace(NAME, "W") for line in needs.requirements) == NEEDS[case]
    assert needs.system == (("libgomp1",) if "lightgbm" in text else ())


def test_what_is_open_is_pinned_to_what_is_here(project):
    import jinja2

    (project.dir / "requirements.txt").write_text("jinja2\n")
    needs = needs_of(project, "", "")
    assert f"jinja2=={jinja2.__version__}" in needs.constraints
    assert not [line for line in needs.constraints if line.startswith("thruway")]
    (project.dir / "requirements.txt").write_text("jinja2==0.0.1\nnothing-like-it\n")
    needs = needs_of(project, "", "")
    assert needs.constraints == ()
    assert [note.partition(":")[0] for note in needs.notes] == ["jinja2", "nothing-like-it"]


def test_components_bring_their_extra(project):
    (project.dir / "churn" / "more.py").write_text("from thruway.components import split\n")
    assert needs_of(project, "", "").requirements[-1] == f"./{NAME}[components]"


def test_without_a_file_the_dependencies_of_the_project_count(project):
    (project.dir / "requirements.txt").unlink()
    file = project.dir / "pyproject.toml"
    file.write_text('[project]\nname = "churn"\ndependencies = ["polars>=1"]\n' + file.read_text())
    assert needs_of(project, "", "").requirements[0] == "polars>=1"


@pytest.mark.parametrize("line", ["-e .", "./lib", "-r ../other.txt", "-c pins.txt"])
def test_requirements_outside_the_project_are_refused(line, project):
    (project.dir.parent / "other.txt").write_text("numpy\n")
    (project.dir / "requirements.txt").write_text(f"{line}\n")
    with pytest.raises(ProjectError):
        needs_of(project, "", "")


def test_names_of_packages():
    assert plain_name("Scikit_Learn [all] >=1") == "scikit-learn"
    assert plain_name("--index-url https://x") == ""


def test_the_wheel_is_one():
    content = wheel_of_thruway()
    assert content == wheel_of_thruway()
    archive = zipfile.ZipFile(io.BytesIO(content))
    names = archive.namelist()
    (record,) = [name for name in names if name.endswith("/RECORD")]
    rows = list(csv.reader(archive.read(record).decode().splitlines()))
    assert {row[0] for row in rows} == set(names)
    for name, digest, size in rows[:-1]:
        found = archive.read(name)
        plain = base64.urlsafe_b64encode(hashlib.sha256(found).digest()).rstrip(b"=").decode()
        assert (digest, int(size)) == (f"sha256={plain}", len(found))
    (metadata,) = [name for name in names if name.endswith("/METADATA")]
    text = archive.read(metadata).decode()
    assert "Provides-Extra: remote" in text
    assert "Requires-Dist: typer>=0.12\n" in text
    assert "thruway/py.typed" in names


def test_the_place_follows_the_data(tmp_path):
    (tmp_path / "a" / "b" / "p").mkdir(parents=True)
    project = tmp_path / "a" / "b" / "p"
    (project / "flow.py").write_text(PIPELINE)
    (project / "pyproject.toml").write_text(
        '[tool.thruway]\npipeline = "flow:flow"\ndata = ".."\nclimb = 1\n'
    )
    assert str(place_in_image(load_project(project))) == "/pipeline/b/p"


def test_the_command_says_what_comes_next(project, tmp_path, capsys):
    words = ["build", str(project.dir), "--into", str(tmp_path / "image"), "--image", "r/churn:1"]
    assert _guarded(words) == 0
    said = capsys.readouterr().out
    assert f"build -t r/churn:1 {tmp_path / 'image'}" in said
    assert "push r/churn:1" in said
    assert _guarded([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["project"] == "/pipeline/churn"
