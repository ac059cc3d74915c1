"""Literals that become parameters, and how they are called at the step and at the pipeline."""

from __future__ import annotations

import pytest
from observed import plan_of

A_CSV = "u,v,w\n" + "".join(f"{i},{i * i % 7},{int(i % 3 == 0)}\n" for i in range(30))
READ = "import pandas as pd\ndf = pd.read_csv('a.csv')\n"


def parameters(text, mode="auto", **files):
    """(pipeline name, default, kind) of every parameter."""
    plan = plan_of(text, mode, a_csv=A_CSV, **files)
    found = [(p.pipeline_name, p.default, p.kind) for step in plan.steps for p in step.parameters]
    return list(dict.fromkeys(found))


LIFTED = {
    "a path": (READ, [("a_csv", "'a.csv'", "path")]),
    "a path by keyword": (
        "import pandas as pd\ndf = pd.read_csv(filepath_or_buffer='a.csv')",
        [("a_csv", "'a.csv'", "path")],
    ),
    "a seed": ("import numpy as np\nnp.random.seed(42)\nx = np.random.rand()", [("seed", "42", "seed")]),
    "a split": (
        READ + "from sklearn.model_selection import train_test_split\n"
        "a, b = train_test_split(df, test_size=0.3, random_state=7)",
        [("a_csv", "'a.csv'", "path"), ("test_size", "0.3", "hyperparameter"), ("random_state", "7", "seed")],
    ),
    "hyper-parameters": (
        "from sklearn.tree import DecisionTreeClassifier\nm = DecisionTreeClassifier(max_depth=3, random_state=0)",
        [("max_depth", "3", "hyperparameter"), ("random_state", "0", "seed")],
    ),
    "a constant": ("LIMIT = 0.5\nx = sum([1, 2]) * LIMIT", [("LIMIT", "0.5", "constant")]),
    "a seed constant": (
        "import random\nSEED = 3\nrandom.seed(SEED)\nx = random.random()",
        [("SEED", "3", "seed")],
    ),
    "a constant used as an argument": (
        READ + "from sklearn.model_selection import train_test_split\nSIZE = 0.2\n"
        "a, b = train_test_split(df, test_size=SIZE, random_state=1)",
        [("SIZE", "0.2", "constant"), ("a_csv", "'a.csv'", "path"), ("random_state", "1", "seed")],
    ),
    "negative": ("LOW = -1\nx = sum([LOW])", [("LOW", "-1", "constant")]),
    "text": ("NAME = 'x y'\nx = NAME.split()", [("NAME", "'x y'", "constant")]),
    "not what nobody knows": ("x = sorted([2, 1], reverse=True)", []),
    "not inside functions": (
        "import pandas as pd\ndef load():\n    return pd.read_csv('a.csv')\nx = len(load())", [],
    ),
    "not a file that the program wrote": (
        "import pandas as pd\npd.Series([1]).to_csv('b.csv')\ndf = pd.read_csv('b.csv')", [],
    ),
    "not a list": (
        ("from sklearn.model_selection import GridSearchCV\nfrom sklearn.linear_model import Ridge\n"
        "g = GridSearchCV(Ridge(), {'alpha': [1, 2]}, cv=3)"),
        [("cv", "3", "hyperparameter")],
    ),
    "not a constant bound twice": ("n = 1\nx = sum([n])\nn = 2\ny = x + n", []),
    "not a constant that is counted up": ("n = 1\nn += 1\nx = sum([n])", []),
}  # fmt: skip


@pytest.mark.parametrize("name", LIFTED)
def test_lifted(name):
    text, wanted = LIFTED[name]
    assert sorted(parameters(text)) == sorted(wanted)


TWO = """
# %%
import pandas as pd
from sklearn.linear_model import Ridge
from sklearn.model_selection import train_test_split
df = pd.read_csv("a.csv")
# %%
a, b = train_test_split(df, test_size={0}, random_state={1})
# %%
c, d = train_test_split(a, test_size={2}, random_state={3})
"""


def test_equal_seeds_are_one_parameter():
    found = parameters(TWO.format(0.2, 5, 0.2, 5), "cells")
    assert [p for p in found if p[2] == "seed"] == [("random_state", "5", "seed")]


def test_different_seeds_are_two():
    found = [p for p in parameters(TWO.format(0.2, 5, 0.2, 6), "cells") if p[2] == "seed"]
    assert len(found) == 2
    assert len({name for name, *_ in found}) == 2


@pytest.mark.parametrize(("second", "names"), [(0.2, 1), (0.3, 2)])
def test_hyper_parameters_share_a_name_while_they_agree(second, names):
    found = [
        p for p in parameters(TWO.format(0.2, 5, second, 5), "cells") if p[1] in {"0.2", "0.3"}
    ]
    assert len({name for name, *_ in found}) == names


def test_two_of_one_name_in_one_step_are_told_apart():
    text = (
        "from sklearn.linear_model import Ridge, Lasso\nr = Ridge(alpha=1.0)\ns = Lasso(alpha=2.0)"
    )
    (step,) = plan_of(text).steps
    assert {p.default for p in step.parameters} == {"1.0", "2.0"}
    assert len({p.name for p in step.parameters}) == 2
    assert len({p.pipeline_name for p in step.parameters}) == 2


def test_one_path_in_two_steps_is_one_parameter():
    text = "# %%\nimport pandas as pd\na = pd.read_csv('a.csv')\n# %%\nb = pd.read_csv('a.csv')\nc = len(a) + len(b)"
    plan = plan_of(text, "cells", a_csv=A_CSV)
    assert {p.pipeline_name for step in plan.steps for p in step.parameters} == {"a_csv"}


def test_a_parameter_never_takes_a_name_of_the_program():
    text = "import pandas as pd\na_csv = sum([3])\ndf = pd.read_csv('a.csv')\nx = len(df) + a_csv"
    (step,) = plan_of(text, a_csv=A_CSV).steps
    assert "a_csv" not in {p.name for p in step.parameters}
    assert "'a.csv'" in {p.default for p in step.parameters}


def test_a_parameter_is_not_named_as_a_port_of_the_pipeline():
    text = "# %%\nalpha = sum([1.0])\n# %%\nfrom sklearn.linear_model import Ridge\nr = Ridge(alpha=2.0)\n# %%\ny = alpha + r.alpha"
    plan = plan_of(text, "cells")
    ports = {port.name for step in plan.steps for port in (*step.inputs, *step.outputs)}
    assert ports.isdisjoint(p.pipeline_name for step in plan.steps for p in step.parameters)


@pytest.mark.parametrize(
    ("value", "kept"),
    [("20", 20), ("0.5", 0.5), ("'a'", "a"), ("True", True), ("-3", -3), ("1e-4", 1e-4)],
)
def test_the_default_is_a_literal_of_the_same_value(value, kept):
    (step,) = plan_of(f"K = {value}\nx = [sum([1]), K]").steps
    (parameter,) = step.parameters
    assert __import__("ast").literal_eval(parameter.default) == kept


@pytest.mark.parametrize("value", ["60 * 60", "2**10", "4 + 1", "1 - 0.2"])
def test_a_computed_constant_has_a_literal_default(value):
    (step,) = plan_of(f"K = {value}\nx = [sum([1]), K]").steps
    for parameter in step.parameters:
        assert __import__("ast").literal_eval(parameter.default) is not None


NAMES = {
    "of two models": (
        """
# %%
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
a = RandomForestClassifier(n_estimators=10, random_state=1)
# %%
b = ExtraTreesClassifier(n_estimators=20, random_state=1)
""",
        ["extra_trees_n_estimators", "random_forest_n_estimators", "random_state"],
    ),
    "of one class, twice": (
        """
# %% Weak
from sklearn.linear_model import Ridge
a = Ridge(alpha=1.0)
# %% Strong
b = Ridge(alpha=2.0)
""",
        ["a_alpha", "b_alpha"],
    ),
    "a seed that most share": (
        TWO.format(0.2, 5, 0.2, 5) + "# %% Last\ne, f = train_test_split(c, random_state=9)\n",
        ["a_csv", "last_random_state", "random_state", "test_size"],
    ),
    "a constant of several steps": (
        """
# %%
SEED = 4
from sklearn.tree import DecisionTreeClassifier, ExtraTreeClassifier
a = DecisionTreeClassifier(random_state=SEED)
# %%
b = ExtraTreeClassifier(random_state=SEED)
""",
        ["SEED"],
    ),
}


@pytest.mark.parametrize("name", NAMES)
def test_names_at_the_pipeline(name):
    text, wanted = NAMES[name]
    assert sorted({name for name, *_ in parameters(text, "cells")}) == wanted


def test_every_parameter_says_why():
    plan = plan_of(TWO.format(0.2, 5, 0.3, 6), "cells", a_csv=A_CSV)
    assert all(p.reason for step in plan.steps for p in step.parameters)


def test_the_comment_above_a_constant_stays_with_it():
    (step,) = plan_of("# how much is kept\nKEEP = 0.5\nx = sum([1]) * KEEP").steps
    assert step.parameters[0].comment == "# how much is kept"


def test_edits_put_the_names_where_the_literals_stood():
    (step,) = plan_of("from sklearn.linear_model import Ridge\nr = Ridge(\n    alpha=0.5,\n)").steps
    (edit,) = step.edits
    assert (edit.line, edit.column, edit.end_column, edit.text) == (2, 10, 13, "alpha")
