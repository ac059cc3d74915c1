"""Whole projects from plans built by hand, against golden text."""

import ast
import io
import json
import os
import subprocess
import sys
import zipfile
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
from thruway.source.types import Cell

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


def shown(path, content):
    """The text, and of the archive only what is in it."""
    if path.endswith(".zip"):
        return "\n".join(zipfile.ZipFile(io.BytesIO(content)).namelist())
    return content if isinstance(content, str) else repr(content)


def as_text(files):
    return "".join(f"=== {path}\n{shown(path, content)}\n" for path, content in files.items())


@pytest.mark.parametrize("name", PLANS)
def test_golden(name, tmp_path):
    text = as_text(rendered(name, tmp_path))
    golden = GOLDEN / f"{name}.txt"
    if os.environ.get("THRUWAY_GOLDEN"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PLANS)
def test_output_passes_the_default_rules_of_ruff(name, tmp_path):
    passes_the_default_rules(rendered(name, tmp_path), tmp_path)


MESSY = r"""import os, sys
from os.path import *
l = lambda x: x == None; O = 1 ;
try: value = open( 'ü.txt' ).read()
except: value = 'it\'s "quoted"'
if not l in [1,2] and  value == True: pass
big = { 'a':1,'b':[ 1,2,
  3], }   # three
text = '''
  stays
    as it is ''' + f'{value!r:>{10}} {"x"}' # said
for i in range(3):
	j = i
	print(i,j) ; del j
class A: x=1
def f(a, b=[], *c):
    global O
    O += 1; return a
with open(os.devnull) as h: data = h.read()
[y := f(1), y**2]
assert (value, 'never empty')
wide = "{}" % 3 if value else some_function_of_the_author(value, another_argument_of_it, and_a_third)
print(value),
df[df['x']>1]['y']"""


def passes_the_default_rules(files, folder):
    write_project(files, folder / "project")
    (folder / "project" / "source").rename(folder / "source")
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [_find_ruff(), *command, "--isolated", "--no-cache", "project"],
            cwd=folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout


def test_whatever_the_user_wrote_the_output_passes_the_default_rules(tmp_path):
    made = project_plans.program([('The "first" 数据', MESSY)], tmp_path, "m.ipynb")
    ids = tuple(s.id for s in made.statements if s.kind != "import")
    step = StepPlan(
        "messy", "prepare", "It's \"messy\"", ids, displayed=frozenset({ids[-1]}),
        imports=("import os", "import sys", "from os.path import join", "import re"),
        outputs=(PORT("big", "dict[str, Any]"), PORT("y")), declare=("j",),
    )  # fmt: skip
    path = project_plans.Parameter("p", "p", repr("x" * 300), "str", "path", "", "# where")
    second = StepPlan("second", "train", "", (ids[0],), helpers=(ids[8],), parameters=(path,))
    (tmp_path / "m.ipynb").write_text("")
    plan = project_plans.Plan(project_plans.graph(made), "messy", "Messy", (step, second))
    files = render(plan, data_root="..", climb=1, seed=3)
    passes_the_default_rules(files, tmp_path)
    assert "\n  stays\n    as it is " in files["messy/steps/messy.py"]


@pytest.mark.parametrize("name", PLANS)
def test_rendering_twice_gives_the_same(name, tmp_path):
    assert rendered(name, tmp_path) == rendered(name, tmp_path)


def test_nothing_of_this_machine_is_written(tmp_path):
    for content in rendered("churn", tmp_path).values():
        text = content if isinstance(content, str) else content.decode(errors="replace")
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


def test_frames_that_look_the_same_have_one_schema(tmp_path):
    columns = [("a", "int64", False)]
    ports = [
        project_plans.frame_port(name, project_plans.frame(columns, rows), f"{name}Frame")
        for name, rows in (("X", 9), ("X_train", 6), ("X_test", 3))
    ]
    (tmp_path / "a.ipynb").write_text("")
    made = project_plans.program([("", "X = 1"), ("", "X_train = X_test = X")], tmp_path, "a.ipynb")
    first = StepPlan("one", "prepare", "It", (1,), outputs=(ports[0],))
    second = StepPlan("two", "split", "It", (2,), inputs=(ports[0],), outputs=tuple(ports[1:]))
    plan = project_plans.Plan(project_plans.graph(made), "tiny", "Tiny", (first, second))
    files = render(plan, data_root=".", climb=0, seed=0)
    assert files["tiny/schemas.py"].count("DataFrameSchema(") == 1
    assert files["tiny/steps/two.py"].count("Annotated[pd.DataFrame, XFrame]") == 3
    assert '("two", "X_test", "XFrame")' in files["tests/test_contracts.py"]


@pytest.mark.parametrize(
    ("version", "module", "requirement"),
    [
        ("1.5.3", "import pandera as pa", "pandera>=0.20,<0.24"),
        ("2.2.0", "import pandera.pandas as pa", "pandera>=0.24"),
        ("3.0.1", "import pandera.pandas as pa", "pandera>=0.24"),
    ],
)
def test_pandera_of_each_pandas(version, module, requirement, tmp_path):
    plan = project_plans.churn(tmp_path)
    trace = replace(plan.graph.trace, packages={"pandas": version})
    (tmp_path / "churn.ipynb").write_text("")
    plan = replace(plan, graph=replace(plan.graph, trace=trace))
    files = render(plan, data_root=".", climb=0, seed=0)
    assert f"\n{module}\n" in files["churn/schemas.py"]
    assert f"\n{requirement}\n" in files["requirements.txt"]
    steps = [text for path, text in files.items() if "/steps/" in path or "pipeline" in path]
    assert not any("pandera" in text for text in steps)


def test_modules_beside_the_original_are_copied(tmp_path):
    plan = project_plans.churn(tmp_path)
    modules = ("churn.ipynb", "lib/a.py", "helpers.py", "gone.py")
    trace = replace(plan.graph.trace, local_modules=modules, import_path=("lib", "."))
    (tmp_path / "lib").mkdir()
    (tmp_path / "churn.ipynb").write_text("")
    (tmp_path / "lib" / "a.py").write_text("from helpers import *\nimport late\n")
    (tmp_path / "lib" / "late.py").write_text("")
    (tmp_path / "helpers.py").write_text("K = 1\n")
    plan = replace(plan, graph=replace(plan.graph, trace=trace))
    files = render(plan, data_root="../x", climb=0, seed=0)
    assert {path: text for path, text in files.items() if path.startswith("local/")} == {
        "local/helpers.py": b"K = 1\n",
        "local/lib/a.py": b"from helpers import *\nimport late\n",
        "local/lib/late.py": b"",
    }
    assert (
        "The program imports `helpers.py`, `lib/a.py`, `lib/late.py`. Copies are in `local/`"
        in files["README.md"]
    )
    assert (
        "Imports helpers.py, lib/a.py, lib/late.py, which lay beside" in files["churn/pipeline.py"]
    )
    assert 'local = "local"\npath = ["lib", "."]\n' in files["pyproject.toml"]
    assert 'for each in ["local/lib", "local"]' in files["churn/__init__.py"]


def test_the_readme_begins_with_the_authors_words(tmp_path):
    plan = project_plans.churn(tmp_path)
    text = "# Who leaves?\n\n<img src='x'>\n\nA year of *customers*.\nTwo lines.\n\n| a | b |\n"
    program = plan.graph.program
    cells = (Cell(1, "markdown", text), *program.source.cells)
    program = replace(program, source=replace(program.source, cells=cells))
    plan = replace(plan, graph=replace(plan.graph, program=program))
    (tmp_path / "churn.ipynb").write_text("")
    readme = render(plan, data_root=".", climb=0, seed=0)["README.md"]
    assert readme.startswith("# Who leaves?\n\n> A year of *customers*.\n> Two lines.\n\n[`churn")
    many = tuple(PORT(f"x{i}") for i in range(12))
    plan = replace(plan, steps=(replace(plan.steps[0], outputs=many), *plan.steps[1:]))
    readme = render(plan, data_root=".", climb=0, seed=0)["README.md"]
    assert "`x6` and 5 more |" in readme


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
