"""Whole projects from plans built by hand, against golden text."""

import ast
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import project_plans
import pytest

from thruway.plan.types import StepPlan
from thruway.project.format import _find_ruff
from thruway.project.load import edited_files, load_manifest
from thruway.project.manifest import manifest_text
from thruway.project.render import render
from thruway.project.write import write_project

GOLDEN = Path(__file__).parent / "golden"
PLANS = {
    "churn": (project_plans.churn, "churn.ipynb"),
    "script": (project_plans.script, "count.py"),
    "sample": (project_plans.sample, "sample.ipynb"),
}


def rendered(name, folder):
    make, source = PLANS[name]
    (folder / source).write_bytes(b"the original\r\n")
    return render(make(folder), data_root="..", climb=0, seed=0)


def as_text(files):
    return "".join(
        f"=== {path}\n{content if isinstance(content, str) else repr(content)}\n"
        for path, content in files.items()
    )


@pytest.mark.parametrize("name", PLANS)
def test_golden(name, tmp_path):
    text = as_text(rendered(name, tmp_path))
    golden = GOLDEN / f"{name}.txt"
    if os.environ.get("THRUWAY_GOLDEN"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PLANS)
def test_output_passes_the_default_rules_of_ruff(name, tmp_path):
    write_project(rendered(name, tmp_path), tmp_path / "project")
    (tmp_path / "project" / "source").rename(tmp_path / "source")
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [_find_ruff(), *command, "--isolated", "--no-cache", "project"],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", PLANS)
def test_rendering_twice_gives_the_same(name, tmp_path):
    assert rendered(name, tmp_path) == rendered(name, tmp_path)


def test_nothing_of_this_machine_is_written(tmp_path):
    for content in rendered("churn", tmp_path).values():
        text = content if isinstance(content, str) else content.decode()
        assert str(tmp_path) not in text
        assert "/somewhere" not in text


def test_the_original_is_kept_byte_for_byte(tmp_path):
    assert rendered("churn", tmp_path)["source/churn.ipynb"] == b"the original\r\n"


def test_the_manifest_comes_back_as_it_was(tmp_path):
    write_project(rendered("churn", tmp_path), tmp_path / "project")
    manifest = load_manifest(tmp_path / "project")
    text = (tmp_path / "project/thruway.json").read_text(encoding="utf-8")
    assert manifest_text(manifest) == text
    assert manifest.step("train_model").body == (9, 10, 11)
    assert manifest.step("evaluate").bound == {"score": 13}
    assert manifest.source.origin == "../churn.ipynb"
    assert edited_files(tmp_path / "project") == ()
    assert set(manifest.files) == set(rendered("churn", tmp_path)) - {"thruway.json"}


def one_step(folder, code, heading="", **step):
    """Return the text of the only step of a plan with one cell."""
    made = project_plans.program([(heading, code)], folder, "a.ipynb")
    ids = tuple(statement.id for statement in made.statements)
    step = StepPlan(**{"name": "only", "role": "prepare", "title": "It", "body": ids, **step})
    (folder / "a.ipynb").write_text("")
    plan = project_plans.Plan(project_plans.graph(made), "tiny", "Tiny", (step,))
    return render(plan, data_root=".", climb=0, seed=0)["tiny/steps/only.py"]


def body(text):
    """Return the lines of the step's function after its docstring."""
    return text.partition('    """It."""\n')[2].replace("\n    ", "\n").strip()


PORT = project_plans.port


def test_comments_below_the_last_statement_stay_below(tmp_path):
    code = "# above\na = 1\n\n# below\n# it"
    made = one_step(tmp_path, "# above\na = 1")
    assert body(made) == "# above\na = 1"
    plan = project_plans.program([("", code)], tmp_path, "a.ipynb")
    last = replace(plan.statements[0], comment="# above\n\n# below\n# it")
    plan = replace(plan, statements=(last,))
    step = StepPlan("only", "prepare", "It", (1,))
    plan = project_plans.Plan(project_plans.graph(plan), "tiny", "Tiny", (step,))
    text = render(plan, data_root=".", climb=0, seed=0)["tiny/steps/only.py"]
    assert body(text) == "# above\na = 1\n\n# below\n# it"


def test_pyplot_is_found_under_the_users_name(tmp_path):
    shown = frozenset({1})
    text = one_step(
        tmp_path, "p.plot([1])", shown=shown, imports=("import matplotlib.pyplot as p",)
    )
    assert body(text) == "p.plot([1])\np.show()"
    text = one_step(tmp_path, "plt = draw()", shown=shown, imports=("from x import draw",))
    assert "import matplotlib.pyplot as pyplot\n" in text
    assert body(text) == "plt = draw()\npyplot.show()"


def test_names_of_the_user_are_never_hidden(tmp_path):
    text = one_step(
        tmp_path, "display = 1\ndisplay", displayed=frozenset({2}),
        imports=("from elsewhere import Only",),
        outputs=(PORT("a"), PORT("b")),
    )  # fmt: skip
    assert "from thruway import display as show" in text
    assert "class OnlyOutputs(NamedTuple):" in text


def test_the_notebooks_own_display_is_imported(tmp_path):
    assert "from thruway import display, step" in one_step(tmp_path, "display(1)")


def test_annotations_that_cannot_be_named_are_any(tmp_path):
    text = one_step(
        tmp_path,
        "pass",
        inputs=(PORT("a", "Box"), PORT("b", "<locals>.T"), PORT("c", "np.ndarray")),
    )
    assert "def only(a: Any, b: Any, c: Any) -> None:" in text
    known = PORT("c", "dict[str, np.ndarray]", ["import numpy as np"])
    text = one_step(tmp_path, "pass", inputs=(known,))
    assert "if TYPE_CHECKING:\n    import numpy as np" in text
    text = one_step(tmp_path, "pass", inputs=(known,), imports=("import numpy as np",))
    assert "TYPE_CHECKING" not in text


def test_a_file_port_follows_the_parameter_that_names_it(tmp_path):
    out = PORT("out", kind="file", resource="file:out.csv")
    path = project_plans.Parameter("target", "target", "'out.csv'", "str", "path", "")
    text = one_step(tmp_path, "pass", outputs=(out,), parameters=(path,))
    assert body(text).endswith("return File(target)")
    assert body(one_step(tmp_path, "pass", outputs=(out,))).endswith('return File("out.csv")')


def test_a_variable_of_the_pipeline_never_hides_a_step(tmp_path):
    made = project_plans.program([("", "only = 1")], tmp_path, "a.ipynb")
    (tmp_path / "a.ipynb").write_text("")
    step = StepPlan("only", "prepare", "It", (1,), outputs=(PORT("only"),))
    plan = project_plans.Plan(
        project_plans.graph(made), "tiny", "Tiny", (step,), results=(("only", "only"),)
    )
    text = render(plan, data_root=".", climb=0, seed=0)["tiny/pipeline.py"]
    assert "import only as only_step" in text
    assert "    only = only_step()\n    return only\n" in text


def test_names_that_windows_keeps_for_devices(tmp_path):
    made = project_plans.program([("", "x = 1")], tmp_path, "a?b.ipynb")
    (tmp_path / "a?b.ipynb").write_text("")
    plan = project_plans.Plan(
        project_plans.graph(made), "tiny", "Tiny", (StepPlan("aux", "prepare", "It", (1,)),)
    )
    files = render(plan, data_root=".", climb=0, seed=0)
    assert "from tiny.steps.aux_ import aux\n" in files["tiny/pipeline.py"]
    assert {"tiny/steps/aux_.py", "source/a_b.ipynb"} <= set(files)
    assert json.loads(files["thruway.json"])["source"]["name"] == "a?b.ipynb"


SCHEMAS = {
    "duplicates": ([("a", "int64", False), ("a", "str", True)], '"a": pa.Column(nullable=True)'),
    "unknown dtype": ([("a", "period[M]", False)], '"a": pa.Column()'),
    "odd name": ([('a "b"', "bool", False)], '\'a "b"\': pa.Column("bool")'),
    "maybe a number": ([("0", "bool", False)], '"0": pa.Column("bool", required=False)'),
    "time zone": ([("t", "datetime64[us, UTC]", True)], '"datetime64[us, UTC]", nullable=True'),
    "wide": ([(f"c{i}", "float64", False) for i in range(300)], 'dtype="float64"'),
}


@pytest.mark.parametrize(("columns", "expected"), SCHEMAS.values(), ids=SCHEMAS)
def test_schemas(columns, expected, tmp_path):
    port = project_plans.frame_port("df", project_plans.frame(columns), "Frame")
    made = project_plans.program([("", "df = 1")], tmp_path, "a.ipynb")
    (tmp_path / "a.ipynb").write_text("")
    step = StepPlan("only", "prepare", "It", (1,), outputs=(port,))
    plan = project_plans.Plan(project_plans.graph(made), "tiny", "Tiny", (step,))
    text = render(plan, data_root=".", climb=0, seed=0)["tiny/schemas.py"]
    assert expected in text
    ast.parse(text)


@pytest.mark.slow
def test_a_written_project_runs_and_passes_its_own_tests(tmp_path):
    pytest.importorskip("pandas")
    pytest.importorskip("matplotlib")
    (tmp_path / "data").mkdir()
    (tmp_path / "data/x.csv").write_text("age,churn,name\n1.5,1,a\n,0,b\n3.5,1,c\n")
    write_project(rendered("sample", tmp_path), tmp_path / "project")
    run = (
        "from thruway.kit.project import load_project\nfrom thruway.run import run_project\n"
        "print(run_project(load_project('.')).load('total'))"
    )
    for command in (["-c", run], ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "ignore"]):
        done = subprocess.run(
            [sys.executable, *command], cwd=tmp_path / "project", capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
    assert "7 passed" in done.stdout
