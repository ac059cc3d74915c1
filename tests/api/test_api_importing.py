"""Components of other systems as steps: what is written, and what it does."""

from __future__ import annotations

import importlib
import json
import os
import stat
import sys
import textwrap
from pathlib import Path

import pytest

from thruway.api.importing import import_component
from thruway.errors import DataError, UsageError
from thruway.kit.ambient.files import File
from thruway.kit.project import load_project
from thruway.run import run_project
from thruway.targets.imported import imported_of

pytest.importorskip("yaml")

HERE = Path(__file__).parent / "imported"


@pytest.fixture
def project(tmp_path, monkeypatch):
    folder = tmp_path / "project"
    (folder / "flows").mkdir(parents=True)
    (folder / "flows" / "__init__.py").write_text("")
    pipeline(folder, "return None")
    (folder / "pyproject.toml").write_text('[tool.thruway]\npipeline = "flows.pipeline:flow"\n')
    (folder / "work").mkdir()
    monkeypatch.chdir(folder / "work")
    monkeypatch.syspath_prepend(folder)
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == "flows"]:
        del sys.modules[name]


def pipeline(folder, body, imports=""):
    text = f"from thruway import File, pipeline, step\n{imports}\n\n{STEPS}\n\n@pipeline\ndef flow():\n"
    (folder / "flows" / "pipeline.py").write_text(text + textwrap.indent(body, "    ") + "\n")


STEPS = """
@step
def rows() -> File:
    return File("rows.csv").write_bytes(b"x,y\\n1,2\\n2,4\\n3,6\\n")

@step
def text(file: File) -> str:
    return File(file).read_bytes().decode()
"""


def imported(project, name):
    done = import_component(str(HERE / f"{name}.yaml"), project)
    return getattr(importlib.import_module(done.module), done.step), done


def signature(project, name):
    """Return the head of the step that was written, as one line."""
    done = import_component(str(HERE / f"{name}.yaml"), project)
    text = (project / "flows/steps/imported" / f"{done.step}.py").read_text()
    head = text[text.rindex(f"def {done.step}(") :]
    return " ".join(head[: head.index(":\n") + 1].replace("(\n    ", "(").split())


SIGNATURES = {
    "weigh_rows": (
        'def weigh_rows_csv(table: File | str, column_name: str = "x", weight: float = 2.5, '
        'skip_first: bool = False, options: dict = {"digits": 2}, limit: int | None = None, '
        ") -> WeighRowsCsvOutputs:"
    ),
    "fit_line": (
        "def fit_line(points: File | str, name: str, weights: File | str | None = None, "
        "digits: int = 3, ridge: float = 0.0, tags: list | None = None, ) -> FitLineOutputs:"
    ),
    "upload_model": (
        "def upload_model(display_name: str, unmanaged_container_model: File | str | None = None, "
        'labels: dict = {}, location: str = "us-central1", parent: str | None = None, '
        ") -> UploadModelOutputs:"
    ),
}


@pytest.mark.parametrize("name", SIGNATURES)
def test_the_interface_is_typed(name, project):
    assert signature(project, name) == SIGNATURES[name]


def test_a_program_of_sdk_1_runs_here(project):
    step, done = imported(project, "weigh_rows")
    made = step("x\n1\n2\n3\n", weight=0.333, options={"digits": 1}, limit=2)
    assert (File(made.weighed_table).read_bytes(), made.rows) == (b"x\n0.3\n0.7\n", 2)
    assert step("x\n1\n2\n", skip_first=True).rows == 1
    assert done.notes == ("it installs tabulate==0.9.0: add them to the project",)
    with pytest.raises(DataError, match="ended with status 2"):
        step("x\n1\n", weight="much")


def test_a_function_of_sdk_2_runs_here_without_the_sdk(project):
    step, done = imported(project, "fit_line")
    made = step("x,y\n1,2\n2,4\n", "line", tags=["a", "b"])
    assert (made.slope, made.title, made.scores) == (2.0, "linea/b", {"rows": 2})
    assert json.loads(File(made.model).read_bytes()) == {"slope": 2.0}
    assert "kfp" not in sys.modules
    assert done.notes == ("it installs wheel>=0.4: add them to the project",)


def test_it_is_a_step_like_any_other(project):
    imported(project, "fit_line")
    imported(project, "weigh_rows")
    pipeline(
        project,
        "weighed = weigh_rows_csv(rows(), weight=2.0)\n"
        "fitted = fit_line(rows(), 'line')\n"
        "return text(weighed.weighed_table), fitted.slope, text(fitted.model)",
        "from flows.steps.imported.fit_line import fit_line\n"
        "from flows.steps.imported.weigh_rows_csv import weigh_rows_csv",
    )
    config = load_project(project)
    done = run_project(config)
    assert [done.load(name) for name in done.results] == [
        *("x\n2.0\n4.0\n6.0\n", 2.0, '{"slope": 2.0}'),
    ]
    assert run_project(config).state == "CACHED"
    # What the component does is part of what the cache knows.
    file = project / "flows/steps/imported/fit_line.py"
    file.write_text(file.read_text().replace("float(x) ** 2", "2 * float(x) ** 2"))
    assert run_project(config).load(list(done.results)[1]) == 1.0


def test_a_target_can_read_what_it_was(project):
    imported(project, "fit_line")
    pipeline(
        project,
        "return fit_line('x,y', 'line').slope",
        "from flows.steps.imported.fit_line import fit_line",
    )
    (node,) = load_project(project).dag().nodes
    found = imported_of(node.step)
    assert (found.system, found.source) == ("kubeflow", "fit_line.yaml")
    assert found.file == project / "flows/steps/imported/fit_line.yaml"
    assert found.file.read_text() == (HERE / "fit_line.yaml").read_text()
    assert found.outputs["slope"] == "slope"
    assert found.inputs == {n: n for n in ("points", "name", "weights", "digits", "ridge", "tags")}


def test_a_step_that_was_not_imported_has_no_marker(project):
    pipeline(project, "return rows()")
    (node,) = load_project(project).dag().nodes
    assert imported_of(node.step) is None


# Containers -----------------------------------------------------------------------------------

ENGINE = """#!{python}
import json, sys
words = sys.argv[1:]
mounts = dict(reversed(words[at + 1].split(":")[:2]) for at, word in enumerate(words) if word == "-v")
def outside(path):
    for inside, place in mounts.items():
        path = path.replace(inside + "/", place + "/") if path.startswith(inside + "/") else path
    return path
for name, text in [("--gcp_resources", json.dumps(words)), ("--model", "m")]:
    with open(outside(words[words.index(name) + 1]), "w") as file:
        file.write(text)
"""


def test_a_container_runs_where_there_is_an_engine(project, monkeypatch, tmp_path):
    step, done = imported(project, "upload_model")
    assert "docker or podman is needed" in done.notes[0]
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="neither docker nor podman"):
        step("churn")
    engine = tmp_path / "docker"
    engine.write_text(ENGINE.format(python=sys.executable))
    engine.chmod(engine.stat().st_mode | stat.S_IXUSR)
    made = step("churn", labels={"team": "a"})
    words = json.loads(made.gcp_resources)
    assert words[:2] == ["run", "--rm"]
    assert words[words.index("--entrypoint") :][:6] == [
        *("--entrypoint", "python3", "registry.example/upload:1", "-u", "-m", "upload.launcher"),
    ]
    payload = words[words.index("--payload") + 1]
    assert json.loads(payload) == {"display_name": "churn", "labels": {"team": "a"}}
    assert "--parent" not in words
    assert File(made.model).read_bytes() == b"m"
    with_parent = json.loads(step("churn", parent="p").gcp_resources)
    assert with_parent[with_parent.index("--parent") + 1] == "p"


# What cannot be ------------------------------------------------------------------------------

ONE = (
    "components: {{a: {{executorLabel: a, inputDefinitions: {}}}}}\n"
    "deploymentSpec: {{executors: {{a: {{container: {{image: b}}}}}}}}"
)
REFUSED = {
    "a list of artifacts": (
        ONE.format("{artifacts: {many: {isArtifactList: true}}}"),
        "`many` of a.yaml is a list of artifacts",
    ),
    "the state of a task": (
        ONE.format("{parameters: {status: {parameterType: TASK_FINAL_STATUS}}}"),
        "`status` of a.yaml is TASK_FINAL_STATUS",
    ),
    "a graph": ("implementation: {graph: {tasks: {}}}", "a graph of components"),
    "a pipeline": (
        "components: {a: {executorLabel: a}, b: {executorLabel: b}}\ndeploymentSpec: {}",
        "a pipeline of 2 components",
    ),
    "file outputs": (
        "implementation: {container: {image: a, fileOutputs: {model: /m}}}",
        "files inside its image",
    ),
    "something else": ("a: 1", "describes no component"),
    "no YAML": ("a: [1", "cannot be read"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_component_is_refused(name, project, tmp_path):
    text, words = REFUSED[name]
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(UsageError, match=words):
        import_component(str(tmp_path / "a.yaml"), project)


def test_placeholders_that_only_vertex_knows_are_refused(project):
    text = (HERE / "upload_model.yaml").read_text()
    other = project / "b.yaml"
    other.write_text(text.replace("UploadModel\n", "'{{$.pipeline_google_cloud_project_id}}'\n"))
    done = import_component(str(other), project)
    folder = project / "bin"
    folder.mkdir()
    (folder / "podman").write_text(ENGINE.format(python=sys.executable))
    (folder / "podman").chmod(0o755)
    os.environ["PATH"], before = str(folder), os.environ["PATH"]
    try:
        with pytest.raises(UsageError, match="only in Kubeflow Pipelines"):
            getattr(importlib.import_module(done.module), done.step)("churn")
    finally:
        os.environ["PATH"] = before


@pytest.mark.parametrize("what", ["train", "airflow:Bash", "spark:a.B"])
def test_a_name_that_means_nothing_is_refused(what, project):
    with pytest.raises(UsageError):
        import_component(what, project)


# Airflow and TFX, by modules that look like them ----------------------------------------------

AIRFLOW = '''
class AbstractOperator:
    pass

class BaseOperator(AbstractOperator):
    template_fields = ()
    def __init__(self, *, task_id: str, retries: int = 0, **kwargs) -> None:
        self.task_id = task_id

class CopyOperator(BaseOperator):
    """
    Copies a text
    many times.

    :param text: what.
    """

    template_fields = ("text",)
    def __init__(self, *, text: str, times: int = 2, how: "list[str] | None" = None, hook=object(), **kwargs):
        super().__init__(**kwargs)
        self.text, self.times = text, times

    def execute(self, context):
        return [self.text] * self.times

class PairOperator(CopyOperator):
    """Copies twice."""

    def __init__(self, *, gap: str = " ", **kwargs):
        kwargs.setdefault("times", 3)
        super().__init__(**kwargs)
        self.gap = gap

    def execute(self, context):
        return self.gap.join(super().execute(context))
'''


def test_an_operator_of_airflow_is_typed_by_its_own_signature(project, monkeypatch):
    (project / "ops.py").write_text(AIRFLOW)
    monkeypatch.setenv("PYTHONPATH", str(project))
    done = import_component("airflow:ops.PairOperator", project)
    text = done.files[-1].read_text()
    assert 'text: str, gap: str = " ", times: int = 2,' in " ".join(text.split())
    assert "how: list | None = None" in text
    assert "hook: object = None" in text
    assert "task_id" not in text
    assert "retries" not in text
    assert done.notes[1] == "templates in text are not filled in: give values"
    step = getattr(importlib.import_module(done.module), done.step)
    monkeypatch.delenv("THRUWAY_AIRFLOW_PYTHON", raising=False)
    with pytest.raises(UsageError, match="needs Airflow"):
        step("a")
    monkeypatch.setenv("THRUWAY_AIRFLOW_PYTHON", sys.executable)
    assert step("a", gap="-") == "a-a-a"  # what is left as it is is left to the operator
    assert step("a", times=1) == "a"


@pytest.mark.parametrize("what", ["airflow:ops.json", "airflow:ops.Missing", "airflow:missing.A"])
def test_what_is_no_operator_is_refused(what, project, monkeypatch):
    (project / "ops.py").write_text("import json\n")
    monkeypatch.setenv("PYTHONPATH", str(project))
    with pytest.raises(UsageError):
        import_component(what, project)
