"""DAG files of Airflow as text: pipeline → what its DAG says; options; what is refused."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from thruway.errors import CompileRefused, UsageError
from thruway.kit.project import load_project
from thruway.targets import CompileOptions, compile_project

GOLDEN = Path(__file__).parent / "golden" / "airflow"
STEPS = """
from thruway import map_over, pipeline, step, when
from thruway.kit.gate import Gate

@step(role="ingest", retries=2, backoff=1.5)
def load(n: int) -> list: ...

@step(role="validate")
def check(rows: list) -> Gate: ...

@step(role="train", timeout=60, cpus=2, memory="2GB", gpu=1)
def fit(rows: list, C: float = 1.0) -> float: ...

@step
def score(C: float, rows: list) -> float: ...

@step
def best(scores: list) -> float: ...

@step
def good(model: float) -> bool: ...

@step(role="export")
def push(model: float) -> str: ...

@step
def hold(model: float) -> str: ...

@step(role="report")
def tell(what: str) -> str: ...

@pipeline
def prepare(n: int):
    rows = load(n)
    checked = check(rows)
    return rows, checked

"""
EVERYTHING = '''"""Orders, from raw to told.

The longer story.
"""
rows, checked = prepare(n)
C = best(map_over(score, [0.1, 1.0], rows=rows))
model = fit(rows, C=C)
ok = good(model)
said = tell(when(ok, push, hold, model=model))
return model, said
'''


def project(folder, body, parameters="n: int = 3", before=""):
    text = (
        f"{STEPS}{before}\n@pipeline\ndef orders({parameters}):\n{textwrap.indent(body, '    ')}\n"
    )
    (folder / "flow.py").write_text(text)
    (folder / "pyproject.toml").write_text('[tool.thruway]\npipeline = "flow:orders"\n')
    return load_project(folder)


def made(folder, body, parameters="n: int = 3", before="", **options):
    found = project(folder, body, parameters, before)
    options.setdefault("project", "/srv/orders")
    return compile_project(found, "airflow", CompileOptions(**options))


def dag_of(compiled):
    """The text of the function that makes the DAG, and of what is above it."""
    (text,) = (text for path, text in compiled.files.items() if path.endswith("_dag.py"))
    return text.partition("from airflow.sdk")[2].partition("@task\ndef run_step")[0]


def test_a_whole_dag_is_as_it_was(tmp_path):
    compiled = made(
        tmp_path,
        EVERYTHING,
        "n: int = 3, day: str = ''",
        store="s3://bucket/orders",
        schedule="30 5 * * *",
        start="2026-01-31",
        catchup=True,
        image="registry/orders:1",
        more={
            "kubernetes": "yes", "pool": "ml", "span": "day", "tags": "orders",
            "python": "/opt/orders/bin/python",
        },
    )  # fmt: skip
    text = "\n".join(f"=== {path}\n{body}" for path, body in compiled.files.items())
    text += "".join(f"- {note}\n" for note in compiled.notes)
    golden = GOLDEN / "orders.txt"
    if os.environ.get("THRUWAY_GOLDEN") == "write":
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


FORMS = {
    "plain": ("return fit(load(n))", "n: int = 3", {}),
    "no parameters": ("return fit(load(3))", "", {}),
    "everything": (EVERYTHING, "n: int = 3", {}),
    "a span": (EVERYTHING, "n: int = 3, day: int = 0", {"more": {"span": "day"}}),
    "pods": (EVERYTHING, "n: int = 3", {"more": {"kubernetes": "yes"}}),
    "an image": (EVERYTHING, "n: int", {"more": {"kubernetes": "yes"}, "image": "i" * 60}),
    "assets": ("return fit(load(n))", "n: int = 3", {"more": {"assets": "a|s3://b"}}),
    "assets and time": (
        "return fit(load(n))",
        "n: int = 3",
        {"more": {"assets": "a,b"}, "schedule": "@daily", "start": "2026-01-31T05:30+02:00"},
    ),
    "texts": (
        "return fit(load(n))",
        "n: int = 3, quoted: str = 'a \"b\"', s: str = 'it\\'s', p: list = ['\\\\', '\\n']",
        {"store": "s3://bucket/" + "x" * 90, "lineage": "postgresql://host/db"},
    ),
    "a package": ("return fit(load(n))", "n: int = 3", {"project": "", "more": {"package": "yes"}}),
    "a folder beside it": ("return fit(load(n))", "n: int = 3", {"project": "orders"}),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_file_is_formatted_and_has_what_it_names(form, tmp_path):
    body, parameters, options = FORMS[form]
    compiled = made(tmp_path, body, parameters, **options)
    for path, text in compiled.files.items():
        if path.endswith(".py") and "/project/" not in path:
            ast.parse(text)
            written = tmp_path / "out" / path
            written.parent.mkdir(parents=True, exist_ok=True)
            written.write_text(text)
    for words in (["format", "--diff"], ["check", "--select", "E4,E7,E9,F,I,B,UP"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *words, "--isolated", str(tmp_path / "out")],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    again = made(tmp_path, body, parameters, **options)
    assert again == compiled


WIRED = {
    "rows = load(n)\nreturn fit(rows)": """
        load >> fit
        end << fit
    """,
    "a = load(n)\nb = load(4)\nc = best(b)\nmodel = fit(a, c)\nd = hold(c)\nreturn model, d": """
        load_2 >> best
        [load, best] >> fit
        best >> hold
        end << [load, fit, hold]
    """,
    "return best(map_over(fit, load(n)))": """
        load >> fit_items
        fit_items >> fit_item
        [fit_items, fit_item] >> fit_gather
        fit_gather >> best
        end << [fit_item, best]
    """,
    "m = fit(load(n))\nreturn tell(when(good(m), push, hold, model=m))": """
        load >> fit
        fit >> good
        [good, fit] >> push
        [good, fit] >> hold
        [good, push, hold] >> tell
        end << [good, push, hold, tell]
    """,
}


@pytest.mark.parametrize("body", WIRED)
def test_what_waits_for_what(body, tmp_path):
    text = dag_of(made(tmp_path, body))
    edges = [line.strip() for line in text.splitlines() if " >> " in line]
    edges = [f"end << {e.removesuffix(' >> end')}" if e.endswith(">> end") else e for e in edges]
    assert edges == textwrap.dedent(WIRED[body]).split("\n")[1:-1]


RULES = {
    "m = fit(load(n))\nsaid = when(good(m), push, hold, model=m)\nreturn best(tell(said))": {
        "tell": "none_failed",
        "best": "none_failed",
    },
    "return best(map_over(fit, load(n)))": {"fit.gather": "none_failed"},
    "m = fit(load(n))\nreturn when(good(m), push, hold, model=m)": {},
    "return best(map_over(fit, best(when(deep, load, n=n))))": {
        "best": "none_failed",
        "fit.items": "none_failed",
        "fit.gather": "none_failed",
        "best_2": "none_failed",
    },
}


@pytest.mark.parametrize("body", RULES)
def test_what_runs_although_something_was_skipped(body, tmp_path):
    from thruway.targets.airflow.wiring import rules
    from thruway.targets.tasks import tasks_of

    found = rules(tasks_of(project(tmp_path, body, "n: int = 3, deep: bool = True").dag()).tasks)
    assert {name: rule for name, rule in found.items() if rule} == RULES[body]


ASSETS = {
    "rows = load(n)\nmodel = fit(rows)\nreturn model": "model: model, load: dataset",
    "rows = load(n)\nmodel = fit(rows)\nreturn rows, best(rows)": (
        "rows: result, best: result, fit: model"
    ),
    "m = fit(load(n))\nsaid = when(good(m), push, hold, model=m)\nreturn said": (
        "said: result, load: dataset, fit: model"
    ),
    "return n": "",
}


@pytest.mark.parametrize("body", ASSETS)
def test_what_other_dags_can_wait_for(body, tmp_path):
    from thruway.targets.airflow.interface import assets_of
    from thruway.targets.tasks import tasks_of

    dag = project(tmp_path, body).dag()
    found = assets_of(dag, tasks_of(dag))
    assert ", ".join(f"{each.name}: {each.kind}" for each in found) == ASSETS[body]


SCHEMAS = {
    "n: int": "{'type': 'integer'}",
    "n: int = 3": "{'default': 3, 'type': 'integer'}",
    "n: float = 1": "{'default': 1, 'type': 'number'}",
    "n: int = None": "{'default': None}",
    "n: list[int] = ['a']": "{'default': ['a']}",
    "n: int | None = None": "{'default': None, 'type': ['integer', 'null']}",
}


@pytest.mark.parametrize("written", SCHEMAS)
def test_a_parameter_has_a_schema_that_its_default_fits(written, tmp_path):
    text = dag_of(made(tmp_path, "return load(n)", written))
    written_there = text.partition("PARAMETERS = ")[2].partition("\n\n")[0]
    assert str(ast.literal_eval(written_there)["n"]) == SCHEMAS[written]


def test_a_parameter_that_json_cannot_write_stays(tmp_path):
    text = dag_of(made(tmp_path, "return load(n)", "n: tuple = (1, 2)"))
    assert "# JSON cannot write the value of `n`: it stays as the pipeline has it." in text
    assert "PARAMETERS" not in text


WRONG = [
    ({"more": {"pods": "yes"}}, "has no option `pods`", "use one of: assets, dag"),
    ({"more": {"dag": "a b"}}, "`a b` is no id of a DAG", "letters"),
    ({"more": {"kubernetes": "1"}}, "neither yes nor no", "kubernetes=yes"),
    ({"more": {"span": "day"}}, "has no parameter `day`", "use one of: n"),
    ({"more": {"assets": "a,b|c"}}, "mixes `,`", "use one of both"),
    ({"more": {"package": "yes"}}, "either a package or a folder", "leave out"),
    ({"more": {"data": "/x"}}, "written as a package", "package=yes"),
    ({"image": "i"}, "pods of Kubernetes", "kubernetes=yes"),
    ({"schedule": "daily"}, "is no schedule", "@daily"),
    ({"start": "31.1.2026"}, "is no date", "2026-01-31"),
    ({"catchup": True}, "nothing to catch up with", "--schedule"),
    ({"store": "s3://me:secret@host/b"}, "no place for a password", "THRUWAY_STORE"),
    ({"lineage": "postgresql://me:secret@h/d"}, "no place for a password", "THRUWAY_LINEAGE"),
]


@pytest.mark.parametrize(("options", "what", "fix"), WRONG, ids=lambda v: str(v)[:30])
def test_options_that_make_no_sense(options, what, fix, tmp_path):
    with pytest.raises(UsageError) as raised:
        made(tmp_path, "return load(n)", **options)
    assert what in raised.value.what
    assert fix in raised.value.fix


@pytest.mark.parametrize("options", [{"schedule": "@daily"}, {"more": {"assets": "a"}}])
def test_a_run_that_starts_by_itself_needs_defaults(options, tmp_path):
    with pytest.raises(UsageError, match="`n` has no default"):
        made(tmp_path, "return load(n)", "n: int", **options)
    # Unless the date of the run is what it is given.
    made(tmp_path, "return load(n)", "n: int", schedule="@daily", more={"span": "n"})


def test_names_that_airflow_does_not_take(tmp_path):
    before = f"@step\ndef {'x' * 251}(n: int) -> int: ...\n"
    with pytest.raises(CompileRefused, match="more than 250 characters"):
        made(tmp_path, f"return {'x' * 251}(n)", before=before)


def test_names_of_steps_do_not_hide_what_the_file_needs(tmp_path):
    before = (
        "@step\ndef task(n: int) -> int: ...\n@step\ndef end(n: int) -> int: ...\n"
        "@step\ndef run_step(n: int) -> int: ...\n"
    )
    text = dag_of(made(tmp_path, "return task(n), end(n), run_step(n)", before=before))
    for name in ("task", "end", "run_step"):
        assert f'    {name}_ = run_step.override(\n        task_id="{name}",' in text


def test_a_package_has_the_text_of_the_project_and_its_settings(tmp_path):
    (tmp_path / "requirements.txt").write_text("# seen\npandas==3.0\n-e .\n")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "rows.txt").write_text("1")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_flow.py").write_text("")
    compiled = made(
        tmp_path, "return load(n)", project="", more={"package": "yes", "data": "/mnt/orders"}
    )
    inner = "orders_project/src/orders_project"
    assert sorted(compiled.files) == [
        "orders_dag.py",
        "orders_project/pyproject.toml",
        f"{inner}/__init__.py",
        f"{inner}/__main__.py",
        f"{inner}/project/flow.py",
        f"{inner}/project/pyproject.toml",
        f"{inner}/project/requirements.txt",
    ]
    assert 'data = "/mnt/orders"' in compiled.files[f"{inner}/project/pyproject.toml"]
    outer = compiled.files["orders_project/pyproject.toml"]
    assert '"pandas==3.0"' in outer
    assert "-e ." not in outer
    assert '[PYTHON, "-m", "orders_project", command, *words' in compiled.files["orders_dag.py"]


def test_compiling_imports_nothing_of_airflow(tmp_path):
    project(tmp_path, EVERYTHING)
    program = (
        "import sys\nfrom thruway.ui.main import main\n"
        f"main(['compile', {str(tmp_path)!r}, '--to', 'airflow', '--into', {str(tmp_path / 'out')!r}])\n"
        "print(sorted({'airflow', 'pandas', 'numpy', 'sklearn', 'flow'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
    assert (tmp_path / "out" / "orders_dag.py").is_file()
