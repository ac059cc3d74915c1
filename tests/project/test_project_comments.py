"""Comments and headings: whatever the author wrote stands somewhere near in the project."""

import json
from dataclasses import replace

import project_plans
import pytest

from thruway.plan.types import Parameter, Plan, Settings, Shared, StepPlan
from thruway.program import read_program
from thruway.project.layout import heading_text
from thruway.project.origin import origin
from thruway.project.render import render
from thruway.source import read_source


def read(folder, cells, name="a.ipynb"):
    """Return the program of cells, Markdown where a text begins with `##`; or of one script."""
    path = folder / name
    if isinstance(cells, str):
        path.write_text(cells, encoding="utf-8")
        return read_program(read_source(path))
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}
    for number, text in enumerate(cells):
        cell = {"cell_type": "markdown", "id": f"c{number}", "metadata": {}, "source": text}
        if not text.startswith("##"):
            cell |= {"cell_type": "code", "execution_count": None, "outputs": []}
        notebook["cells"].append(cell)
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return read_program(read_source(path))


def plan_of(made, steps, replicable=(), **more):
    graph = project_plans.graph(made)
    nodes = (replace(node, replicable=node.statement.id in replicable) for node in graph.nodes)
    return Plan(replace(graph, nodes=tuple(nodes)), "tiny", "Tiny", tuple(steps), **more)


def step(name, body, **more):
    return StepPlan(name, "prepare", more.pop("title", "It."), tuple(body), **more)


def files(plan):
    return render(plan, data_root=".", climb=0, seed=0)


def body(plan, name="only"):
    """Return the lines of a step's function after its docstring."""
    text = files(plan)[f"tiny/steps/{name}.py"]
    return text.partition("def ")[2].partition('"""\n')[2].replace("\n    ", "\n").strip()


IMPORTED = "import os\n"
KEPT = {
    "above, behind and below": (
        ["# one\na = 1  # two\n\n# three"],
        [1],
        "# one\na = 1  # two\n\n# three",
    ),
    "below without an empty line": (["a = 1\n# b"], [1], "a = 1\n# b"),
    "a cell of comments goes to the next statement": (
        ["a = 1", "# alone", "# own\nb = 2"],
        [1, 2],
        "a = 1\n\n# alone\n\n# own\nb = 2",
    ),
    "a last cell of comments": (["a = 1", "# the end"], [1], "a = 1\n\n# the end"),
    "of a paragraph that begins with an import": (
        ["# the error\nimport os\nprint(os)"],
        [2],
        "# the error\nprint(os)",
    ),
    "of two imports that lead a paragraph": (
        ["# the error\nimport os\nimport re\nprint(os)"],
        [3],
        "# the error\nprint(os)",
    ),
    "of an import alone it may go": (["# paths\nimport os\n\nprint(os)"], [2], "print(os)"),
    "below an import at the end of a cell": (
        ["import os\n\n# next we look", "print(os)"],
        [2],
        "# next we look\n\nprint(os)",
    ),
    "of a statement that is left out": (
        ["a = 1\n# no longer needed\ndel a\nb = 2"],
        [1, 3],
        "a = 1\n# no longer needed\nb = 2",
    ),
    "of the last statement, left out": (
        ["a = 1\n\n# no longer needed\ndel a"],
        [1],
        "a = 1\n\n# no longer needed",
    ),
    "a remark below a statement, parted from the next": (
        ["a = 1\n# four of ten\n\nb = 2\n# all\n\nc = 3"],
        [1, 2, 3],
        "a = 1\n# four of ten\n\nb = 2\n# all\n\nc = 3",
    ),
    "a title below a statement": (
        ["a = 1\n# ---- Next ----\n\nb = 2"],
        [2],
        "# ---- Next ----\n\nb = 2",
    ),
    "a comment that stands by itself": (
        ["a = 1\n\n# what follows is long\n\nb = 2"],
        [1, 2],
        "a = 1\n\n# what follows is long\n\nb = 2",
    ),
    "above an import in the midst": (
        ["a = 1", "# boosting\nimport os\n\nprint(os)"],
        [1, 3],
        "a = 1\n\n# boosting\n\nprint(os)",
    ),
    "above an import that is a cell in the midst": (
        ["a = 1", "# boosting\nimport os", "print(os)"],
        [1, 3],
        "a = 1\n\nprint(os)",
    ),
    "two on one line": (["# x\na = 1; b = 2  # y"], [1, 2], "# x\na = 1\nb = 2  # y"),
}


@pytest.mark.parametrize(("cells", "ids", "expected"), KEPT.values(), ids=KEPT)
def test_comments_stay_near(cells, ids, expected, tmp_path):
    assert body(plan_of(read(tmp_path, cells), [step("only", ids)])) == expected


def test_a_comment_goes_on_to_the_step_that_comes_next(tmp_path):
    made = read(tmp_path, ["a = 1\n# free it\ndel a", "b = 2"])
    plan = plan_of(made, [step("one", [1]), step("two", [3])])
    assert body(plan, "one") == "a = 1"
    assert body(plan, "two") == "# free it\n\nb = 2"


def test_a_copy_of_a_definition_brings_only_its_own_comments(tmp_path):
    made = read(tmp_path, ["# of the day", "# the columns\ncols = [1]", "a = cols", "b = cols"])
    plan = plan_of(made, [step("one", [1, 2]), step("two", [1, 3])], replicable=[1])
    assert body(plan, "one") == "# of the day\n\n# the columns\ncols = [1]\n\na = cols"
    assert body(plan, "two") == "# the columns\ncols = [1]\n\nb = cols"


def test_comments_of_settings_and_shared_definitions(tmp_path):
    made = read(tmp_path, ["# wide\nset_width(9)\n\n# tidy\ndef f():\n    pass", "a = 1"])
    shared = Shared((2,), (), (Settings("configure", (1,)),))
    text = files(plan_of(made, [step("only", [3])], shared=shared))["tiny/shared.py"]
    assert "# tidy\ndef f():" in text
    assert "    # wide\n    set_width(9)" in text


def test_shared_annotations_are_text_if_they_were(tmp_path):
    made = read(
        tmp_path, ["from __future__ import annotations", "class Node:\n    up: Node", "a = 1"]
    )
    text = files(plan_of(made, [step("only", [3])], shared=Shared((2,), ())))["tiny/shared.py"]
    assert "from __future__ import annotations\n" in text


def test_the_comment_of_a_constant_goes_to_its_parameter(tmp_path):
    made = read(
        tmp_path, ["# missed ones\n# cost more\nTHRESHOLD = 0.35  # of one\nprint(THRESHOLD)"]
    )
    constant = Parameter(
        "THRESHOLD", "THRESHOLD", "0.35", "float", "constant", "a constant of cell 1",
        "# missed ones\n# cost more",
    )  # fmt: skip
    written = files(plan_of(made, [step("only", [2], parameters=(constant,))]))
    expected = "    # missed ones\n    # cost more\n    # of one\n    THRESHOLD: float = 0.35,\n"
    assert f"(\n    *,\n{expected})" in written["tiny/steps/only.py"]
    assert f"(\n{expected})" in written["tiny/pipeline.py"]
    assert "(missed ones cost more)" in written["README.md"]


HEADED = ["a = 1", "## Fill", "# gaps\nb = 2", "## Scale **it**", "c = 3\n\nd = 4"]


def test_headings_within_a_step_become_comments(tmp_path):
    assert body(plan_of(read(tmp_path, HEADED), [step("only", [1, 2, 3, 4])])) == (
        "a = 1\n\n# --- Fill ---\n# gaps\nb = 2\n\n# --- Scale it ---\nc = 3\n\nd = 4"
    )


def test_a_step_of_one_heading_needs_none(tmp_path):
    plan = plan_of(read(tmp_path, HEADED), [step("one", [1, 2]), step("two", [3, 4])])
    assert body(plan, "two") == "c = 3\n\nd = 4"
    plan = plan_of(read(tmp_path, HEADED), [step("two", [2, 3, 4], title="Fill.")])
    assert body(plan, "two") == "# gaps\nb = 2\n\n# --- Scale it ---\nc = 3\n\nd = 4"
    numbered = [text.replace("Fill", "3.1 Fill") for text in HEADED]
    plan = plan_of(read(tmp_path, numbered), [step("two", [2, 3], title="Fill.")])
    assert body(plan, "two") == "# gaps\nb = 2\n\n# --- Scale it ---\nc = 3"


def test_banners_of_a_script_are_not_said_twice(tmp_path):
    script = "# ---- Load ----\na = 1\n\n# ---- Fit ----\nb = 2\n"
    plan = plan_of(read(tmp_path, script, "a.py"), [step("only", [1, 2])])
    assert body(plan) == "# ---- Load ----\na = 1\n\n# ---- Fit ----\nb = 2"


HEADINGS = {
    "## 2. The *data*": "2. The *data*",
    "<a id='x'></a>Über «alles»": "Über «alles»",
    "**Bold** [link](http://x)": "Bold link",
    "keeps my_column__x and `code`": "keeps my_column__x and `code`",
    "two\nlines": "two lines",
    "a < b and c > d": "a < b and c > d",
}


@pytest.mark.parametrize(("heading", "expected"), HEADINGS.items())
def test_heading_text(heading, expected):
    assert heading_text(heading) == expected


@pytest.mark.parametrize(
    "title",
    [
        'Say "hello"',
        "It's «über» 数据",
        'Three """ quotes',
        "Back\\slash",
        "Ends with \\",
        "x" * 300,
    ],
)
def test_any_title_makes_python_that_compiles(title, tmp_path):
    made = read(tmp_path, [f"## {title}", "a = 1", "## other", "b = 2"])
    plan = replace(plan_of(made, [step("only", [1, 2], title=title)]), title=title)
    for path, text in files(plan).items():
        if path.endswith(".py"):
            compile(text, path, "exec")


def test_where_the_lines_of_a_step_stood(tmp_path):
    made = read(tmp_path, ["a = 1\nb = 2", "c = 3", "d = 4", "e = 5"])
    steps = [step("one", [1, 2, 4]), step("two", [3]), step("three", [5]), step("four", [])]
    plan = plan_of(made, steps)
    found = [origin(plan, each) for each in steps]
    assert found == ["cells 1, 3 of a.ipynb", "cell 2 of a.ipynb", "cell 4 of a.ipynb", ""]
    script = plan_of(
        read(tmp_path, "a = 1\nb = (2,\n 3)\n\nc = 3\n", "a.py"), [step("one", [1, 2])]
    )
    assert origin(script, script.steps[0]) == "lines 1-3 of a.py"
