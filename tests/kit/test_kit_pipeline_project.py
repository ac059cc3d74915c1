"""Where a pipeline and its data are, from settings, a file, or a module."""

from __future__ import annotations

from textwrap import dedent

import pytest

from thruway.errors import PipelineError, ProjectError
from thruway.kit.project import load_project
from thruway.kit.reading.read import read_pipeline

PIPELINE = """
    from thruway import pipeline, step

    @step
    def one(): ...

    @pipeline
    def churn():
        return one()
"""


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "data/out/project"
    (folder / "churn").mkdir(parents=True)
    (folder / "churn/__init__.py").touch()
    (folder / "churn/pipeline.py").write_text(dedent(PIPELINE))
    return folder


def settings(folder, text):
    (folder / "pyproject.toml").write_text(f"[tool.thruway]\n{text}\n")


FULL = 'pipeline = "churn.pipeline:churn"\ndata = "../.."\nclimb = 1\nseed = 7'


@pytest.mark.parametrize("inside", ["", "churn", "pyproject.toml"])
def test_a_project_with_settings(project, inside):
    settings(project, FULL)
    found = load_project(project / inside)
    assert (found.dir, found.module, found.name) == (project, "churn.pipeline", "churn")
    assert found.data == project.parents[1]
    assert (found.climb, found.seed) == (1, 7)
    assert (found.outputs, found.store) == (project / "outputs", project / ".thruway")
    assert found.file == project / "churn/pipeline.py"
    assert read_pipeline(found).name == "churn"


def test_a_project_with_a_source_folder(project):
    (project / "src").mkdir()
    (project / "churn").rename(project / "src/churn")
    settings(project, FULL + '\nstore = "../store"')
    found = load_project(str(project))
    assert found.roots == (project, project / "src", found.data)
    assert found.store == project / "../store"
    assert read_pipeline(project).nodes[0].step.module == "churn.pipeline"


@pytest.mark.parametrize("name", ["", ":churn"])
def test_a_file(project, name):
    found = load_project(f"{project}/churn/pipeline.py{name}")
    assert (found.dir, found.module, found.name) == (project, "churn.pipeline", "churn")
    assert found.data == project / "churn"


def test_a_file_of_a_project_keeps_its_settings(project):
    settings(project, FULL)
    assert load_project(f"{project}/churn/pipeline.py").data == project.parents[1]


def test_a_module(project, monkeypatch):
    monkeypatch.chdir(project)
    found = load_project("churn.pipeline:churn")
    assert (found.dir, found.module, found.data) == (project, "churn.pipeline", project)
    assert load_project("churn/pipeline.py").name == "churn"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "is not a Thruway project"),
        ("seed = 1", "does not say which pipeline"),
        ('pipeline = "churn.pipeline"', "must be `package.module:function`"),
        ('pipeline = "churn.other:churn"', "There is no module `churn.other`"),
        ('pipeline = "churn.pipeline:churn"\ndata = "nowhere"', "data folder does not exist"),
        ('pipeline = "churn.pipeline:churn"\nclimb = "1"', "`climb` must be a number from 0"),
        ('pipeline = "churn.pipeline:churn"\nseed = -1', "`seed` must be a number from 0"),
        ('pipeline = "churn.pipeline:churn"\nseed = true', "`seed` must be a number from 0"),
        ('pipeline = "churn.pipeline:churn"\nsede = 1', "`sede` is not a setting"),
        ("pipeline = ", "not valid TOML"),
    ],
)
def test_settings_that_are_wrong(project, text, what):
    settings(project, text)
    with pytest.raises(ProjectError, match=what) as caught:
        load_project(project)
    assert caught.value.fix
    assert caught.value.where


def test_places_that_are_none(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for path in ("nowhere", "nowhere.py", "nowhere.py:churn", "no.module:churn"):
        with pytest.raises(ProjectError):
            load_project(path)
    (tmp_path / "two.py").write_text(dedent(PIPELINE) + "\n@pipeline\ndef other(): ...\n")
    with pytest.raises(ProjectError, match="several pipelines") as caught:
        load_project("two.py")
    assert caught.value.fix == "choose one: two.py:churn, two.py:other"
    (tmp_path / "none.py").write_text("x = 1\n")
    with pytest.raises(ProjectError, match="has no pipeline"):
        load_project("none.py")
    with pytest.raises(PipelineError, match="has no pipeline `third`"):
        read_pipeline("two.py:third")


# Settings and environment → folder of the store, URL of the objects, URL of the lineage; `.` is
# the folder of the project.
KEPT = {
    "nothing": ("", {}, (".thruway", "", "")),
    "a folder": ('store = "kept"', {}, ("kept", "", "")),
    "a URL": ('store = "s3://bucket/x/"', {}, (".thruway", "s3://bucket/x", "")),
    "a bare URL": ('store = "memory://"', {}, (".thruway", "memory://", "")),
    "a file": ('lineage = "runs.db"', {}, (".thruway", "", "sqlite:///./runs.db")),
    "the URL of a file": (
        'lineage = "sqlite:///runs.db"',
        {},
        (".thruway", "", "sqlite:///./runs.db"),
    ),
    "a server": ('lineage = "postgresql://h/x"', {}, (".thruway", "", "postgresql://h/x")),
    "the environment wins": (
        'store = "kept"\nlineage = "runs.db"',
        {"THRUWAY_STORE": "s3://b", "THRUWAY_LINEAGE": "postgresql://h/x"},
        (".thruway", "s3://b", "postgresql://h/x"),
    ),
    "an empty variable is none": ('store = "kept"', {"THRUWAY_STORE": ""}, ("kept", "", "")),
}


@pytest.mark.parametrize("name", KEPT)
def test_where_runs_are_kept(tmp_path, monkeypatch, name):
    text, environment, (folder, objects, lineage) = KEPT[name]
    (tmp_path / "flow.py").write_text("")
    (tmp_path / "pyproject.toml").write_text(
        f'[tool.thruway]\npipeline = "flow:flow"\n{text}\ntrust = true\n'
    )
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    found = load_project(tmp_path).storage
    here = tmp_path.resolve()
    assert (found.folder, found.objects) == (here / folder, objects)
    assert found.lineage == lineage.replace("/./", f"/{here.as_posix()}/")
    assert (found.trust, found.pipeline) == (True, "flow")


def test_trust_is_yes_or_no(tmp_path):
    (tmp_path / "flow.py").write_text("")
    (tmp_path / "pyproject.toml").write_text('[tool.thruway]\npipeline = "flow:flow"\ntrust = 1\n')
    with pytest.raises(ProjectError, match="`trust` must be true or false, not 1"):
        load_project(tmp_path)
