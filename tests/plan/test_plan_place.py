"""Where definitions go: above the step, into it, into `shared.py`, or up to a parameter."""

from __future__ import annotations

import pytest
from observed import find, plan_of, step_at

# what, program, statement of the definition, where it has to be
PLACES = {
    "a closed function of one step": (
        """
        # %%
        def double(v):
            return v * 2
        x = [sum([1])]
        # %%
        y = double(x[0])
        """,
        "def double",
        ["", "helper"],
    ),
    "a closed function of two steps": (
        """
        # %%
        def double(v):
            return v * 2
        x = double(sum([1]))
        # %%
        y = double(x)
        """,
        "def double",
        ["shared", "shared"],
    ),
    "a function that needs another": (
        """
        # %%
        def one(v):
            return v + 1
        def double(v):
            return one(v) * 2
        x = one(sum([1]))
        # %%
        y = double(x)
        """,
        "def one",
        ["shared", "shared"],
    ),
    "a function that reads data": (
        """
        # %%
        k = [sum([10])]
        # %%
        def scale(v):
            return v * k[0]
        x = scale(1)
        # %%
        y = scale(x)
        """,
        "def scale",
        ["", "body", "body"],
    ),
    "a function that reads a constant": (
        """
        # %%
        K = 3
        def scale(v):
            return v * K
        x = scale(sum([1]))
        # %%
        y = scale(x)
        """,
        "def scale",
        ["shared", "shared"],
    ),
    "a function that counts in a global": (
        """
        # %%
        count = 0
        def bump():
            global count
            count += 1
        # %%
        bump()
        # %%
        y = count
        """,
        "def bump",
        ["body", ""],
    ),
    "a function defined twice": (
        """
        # %%
        def f():
            return 1
        x = f() + sum([1])
        # %%
        def f():
            return 2
        y = f() + x
        """,
        "def f():\n    return 2",
        ["", "body"],
    ),
    "a class": (
        """
        # %%
        class Box:
            def __init__(self, v):
                self.v = v
        box = Box(sum([1]))
        # %%
        y = box.v
        """,
        "class Box",
        ["shared", ""],
    ),
    "a lambda": (
        """
        # %%
        f = lambda v: v + 1
        x = f(sum([1]))
        # %%
        y = f(x)
        """,
        "f = lambda",
        ["shared", "shared"],
    ),
    "a list constant of one step": (
        """
        # %%
        names = ["a", "b"]
        # %%
        y = len(names)
        """,
        "names =",
        ["body"],
    ),
    "a list constant of two steps": (
        """
        # %%
        names = ["a", "b"]
        x = len(names)
        # %%
        y = x + len(names)
        """,
        "names =",
        ["shared", "shared"],
    ),
    "a number": (
        """
        # %%
        LIMIT = 5
        x = sum([1])
        # %%
        y = x + LIMIT
        """,
        "LIMIT",
        ["", "parameter"],
    ),
    "a number bound twice": (
        """
        # %%
        n = 5
        x = n + sum([1])
        # %%
        n = 6
        y = n + x
        """,
        "n = 6",
        ["", "body"],
    ),
}


def where(plan, step, number):
    """Where a step has a definition."""
    (name, *_) = sorted(
        next(n for n in plan.graph.nodes if n.statement.id == number).statement.stores
    )
    if number in step.body:
        return "body"
    if number in step.helpers:
        return "helper"
    if name in step.shared:
        assert number in plan.shared.statements
        return "shared"
    return "parameter" if name in {p.name for p in step.parameters} else ""


@pytest.mark.parametrize("name", PLACES)
def test_place(name):
    text, code, wanted = PLACES[name]
    plan = plan_of(text, "cells")
    number = find(plan.graph, code)
    assert [where(plan, step, number) for step in plan.steps] == wanted


def test_a_helper_takes_its_constant_and_its_import_along():
    plan = plan_of(
        """
        # %%
        import math
        K = 3
        def scale(v):
            return math.sqrt(v * K)
        x = sum([1])
        # %%
        y = scale(x)
        """,
        "cells",
    )
    step = plan.steps[1]
    assert {find(plan.graph, "K"), find(plan.graph, "def")} <= {
        *step.helpers,
        *plan.shared.statements,
    }
    assert "import math" in {*step.imports, *plan.shared.imports}
    assert "K" not in {p.name for p in step.parameters}


IMPORTS = {
    "only what is needed": ("import math\nimport json\nx = math.sqrt(4)", {"import math"}),
    "aliases": ("import numpy as np\nx = np.sum([1])", {"import numpy as np"}),
    "one of several": ("from math import sqrt, floor\nx = sqrt(4)", {"from math import sqrt"}),
    "a star": ("from math import *\nx = sqrt(4)", {"from math import sqrt"}),
    "dotted ones add up": (
        "import xml.dom.minidom\nimport xml.sax\nx = (str(xml.dom.minidom), str(xml.sax))",
        {"import xml.dom.minidom", "import xml.sax"},
    ),
    "the later of two": (
        "from math import sqrt as f\nfrom math import floor as f\nx = f(4.5)",
        {"from math import floor as f"},
    ),
}


@pytest.mark.parametrize("name", IMPORTS)
def test_imports_of_a_step(name):
    text, wanted = IMPORTS[name]
    (step,) = plan_of(text).steps
    assert wanted <= {
        line for line in step.imports if not line.startswith("from thruway")
    } | wanted_inside(step, text)
    assert all("json" not in line for line in step.imports)


def test_a_plain_import_does_not_take_the_dotted_one_away():
    (step,) = plan_of("import xml.dom.minidom\nimport xml\nx = str(xml.dom.minidom)").steps
    assert "import xml.dom.minidom" in step.imports


def wanted_inside(step, text):
    """Imports that stand in the body, because their name is bound there."""
    lines = text.split("\n")
    return {lines[number - 1] for number in step.body if "import" in lines[number - 1]}


def test_an_import_that_the_step_binds_again_stands_in_its_body():
    plan = plan_of("from math import floor\nx = floor(4.5)\nfloor = sum([x])\ny = floor")
    (step,) = plan.steps
    assert 1 in step.body
    assert step.imports == ()


def test_global_becomes_nonlocal():
    plan = plan_of("count = 0\ndef bump():\n    global count\n    count += 1\nbump()\nx = count")
    step = step_at(plan, find(plan.graph, "bump()"))
    (edit,) = [e for e in step.edits if e.statement == find(plan.graph, "def bump")]
    assert edit.text == "nonlocal"
    assert (edit.line, edit.column, edit.end_column) == (2, 4, 10)


def test_a_global_that_only_the_function_binds_is_declared_first():
    plan = plan_of("def make():\n    global made\n    made = [1]\nmake()\nx = len(made)")
    assert plan.steps[0].declare == ("made",)


def test_unused_functions_of_the_author_are_kept():
    plan = plan_of("def spare(v):\n    return v\nx = sum([1])")
    assert find(plan.graph, "def spare") in plan.shared.statements


def test_an_import_that_switches_something_on_comes_with_it():
    plan = plan_of(
        """
        # %%
        from sklearn.experimental import enable_iterative_imputer, enable_halving_search_cv
        from sklearn.impute import IterativeImputer, SimpleImputer
        rows = [[1.0, 2.0], [2.0, float("nan")], [3.0, sum([5.0])]]
        # %%
        a = SimpleImputer().fit_transform(rows)
        # %%
        b = IterativeImputer(max_iter=2, random_state=0).fit_transform(rows)
        """,
        "cells",
    )
    assert [[line for line in step.imports if "sklearn" in line] for step in plan.steps] == [
        [],
        ["from sklearn.impute import SimpleImputer"],
        [
            "from sklearn.experimental import enable_iterative_imputer",
            "from sklearn.impute import IterativeImputer",
        ],
    ]
