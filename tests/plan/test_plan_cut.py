"""Where programs are cut: the modes on one program, and what must stay together."""

from __future__ import annotations

import pytest
from observed import find, graph_of, plan_of, step_at

PEOPLE = (
    "age,bought\n"
    + "".join(f"{20 + i * 3 % 41},{int(i * 7 % 11 > 5)}\n" for i in range(40))
    + ",1\n"
)
MODEL = """
# %% Load
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.metrics import accuracy_score
df = pd.read_csv("people.csv")
# %% Look
df.head()
print(df.describe())
# %% Clean
df = df.dropna()
df["old"] = df["age"] > 40
# %% Model
X = df[["age", "old"]]
y = df["bought"]
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, random_state=1)
model = LogisticRegression(C=0.5)
model.fit(X_train, y_train)
# %% Score
predicted = model.predict(X_test)
accuracy = accuracy_score(y_test, predicted)
print("accuracy", accuracy)
df.to_csv("clean.csv", index=False)
"""


def shape(plan):
    """Statements, inputs and outputs of each step, without its name."""
    return [line.partition("] ")[2] for line in plan.dump().split("\n")]


FORCED = [
    "5 () -> df",
    "6-7 (df) -> ",
    "8-9 (df) -> df",
    "10-14 (df) -> X_test, y_test, model",
    "15-18 (model, X_test, y_test, df) -> accuracy",
]


@pytest.mark.parametrize("mode", ["headings", "cells"])
def test_a_forced_cut_is_where_it_was_asked_for(mode):
    plan = plan_of(MODEL, mode, people_csv=PEOPLE)
    assert shape(plan) == FORCED
    assert {step.reason for step in plan.steps} == {f"cut at a {mode.rstrip('s')}, as asked"}


def test_every_statement_alone():
    plan = plan_of(MODEL, "statements", people_csv=PEOPLE)
    assert [step.body for step in plan.steps] == [(n,) for n in range(5, 19)]


def test_auto_cuts_where_the_meaning_changes():
    plan = plan_of(MODEL, people_csv=PEOPLE)
    roles = [step.role for step in plan.steps]
    assert roles[0] == "ingest"
    assert {"split", "train", "evaluate"} <= set(roles)
    assert 4 <= len(roles) <= 6
    assert step_at(plan, 12).role == "split"
    assert step_at(plan, 14) == step_at(plan, 13)
    assert all(step.reason for step in plan.steps)


@pytest.mark.parametrize("mode", ["auto", "headings", "cells", "statements"])
def test_steps_are_intervals_and_all_is_written_once(mode):
    plan = plan_of(MODEL, mode, people_csv=PEOPLE)
    nodes = {n.statement.id: n for n in plan.graph.nodes}
    body = [n for step in plan.steps for n in step.body if not nodes[n].replicable]
    assert body == sorted(set(body))
    dropped = {number for number, _ in plan.dropped}
    assert set(body) == {n for n, node in nodes.items() if not node.replicable} - dropped


@pytest.mark.parametrize("mode", ["auto", "headings", "cells", "statements"])
def test_every_input_was_given_by_a_step_before(mode):
    plan = plan_of(MODEL, mode, people_csv=PEOPLE)
    given = set()
    for step in plan.steps:
        assert {port.name for port in step.inputs} <= given
        given |= {port.name for port in step.outputs}


TOGETHER = {
    "a generator": (
        """
        # %%
        g = (n for n in range(5))
        # %%
        first = next(g)
        # %%
        second = next(g)
        # %%
        r = [first, second]
        """,
        [(1, 2, 3), (4,)],
        "`g`",
    ),
    "an iterator under another name": (
        """
        # %%
        g = iter([1, 2])
        h = g
        # %%
        first = next(h)
        """,
        [(1, 2, 3)],
        "`h`",
    ),
    "a connection": (
        """
        # %%
        import sqlite3
        con = sqlite3.connect(":memory:")
        # %%
        _ = con.execute("create table t(a)")
        # %%
        n = con.execute("select count(*) from t").fetchone()[0]
        # %%
        m = n + 1
        """,
        [(2, 3, 4), (5,)],
        "`con`",
    ),
    "an open file": (
        """
        # %%
        out = open("a.txt", "w")
        # %%
        out.write("one")
        # %%
        out.close()
        # %%
        text = open("a.txt").read()
        """,
        [(1, 2, 3), (4,)],
        "`out`",
    ),
    "a figure": (
        """
        # %%
        import matplotlib.pyplot as plt
        fig, ax = plt.subplots()
        # %%
        _ = ax.plot([1, 2, 3])
        # %%
        x = sum([1, 2])
        # %%
        fig.savefig("a.png")
        # %%
        y = x + 1
        """,
        [(2, 3, 4, 5), (6,)],
        "`fig`",
    ),
    "an option that comes from the data": (
        """
        # %%
        import pandas as pd
        n = sum([3, 4])
        # %%
        pd.set_option("display.max_rows", n)
        # %%
        text = str(pd.Series(range(20)))
        # %%
        m = len(text)
        """,
        [(2,), (3, 4, 5)],
        "options:pandas",
    ),
    "a lambda over data of the program": (
        """
        # %%
        k = [1]
        k.append(2)
        # %%
        made = {"f": lambda v: v + k[0]}
        # %%
        y = made["f"](3)
        """,
        None,
        "",
    ),
    "an instance whose class reads data": (
        """
        # %%
        factor = sum([1, 2])
        # %%
        class Times:
            def run(self, v):
                return v * factor
        t = Times()
        # %%
        y = t.run(5)
        """,
        [(1,), (2, 3, 4)],
        "`t` needs the class `Times`",
    ),
}


@pytest.mark.parametrize("name", TOGETHER)
def test_what_cannot_be_stored_keeps_its_statements_together(name):
    text, bodies, mentioned = TOGETHER[name]
    plan = plan_of(text, "cells")
    found = " ".join(f.reason for f in plan.findings if f.code == "TW201")
    assert mentioned in found
    if bodies is not None:
        assert [step.body for step in plan.steps] == bodies


def test_a_figure_of_its_own_cell_ties_nothing_else():
    plan = plan_of(
        """
        # %%
        import matplotlib.pyplot as plt
        x = sum([1, 2])
        # %%
        plt.plot([1, x])
        plt.show()
        # %%
        plt.plot([2, x])
        plt.show()
        # %%
        y = x + 1
        """,
        "statements",
    )
    assert [step.body for step in plan.steps] == [(2,), (3, 4), (5, 6), (7,)]


SETTINGS = {
    "an option": 'import pandas as pd\npd.set_option("display.max_rows", 5)',
    "a filter": 'import warnings\nwarnings.filterwarnings("ignore")',
    "an environment variable": 'import os\nos.environ["MY_FLAG"] = "1"',
    "a style": 'import matplotlib.pyplot as plt\nplt.rcParams["figure.figsize"] = (3, 2)',
    "decimal": "import decimal\ndecimal.getcontext().prec = 5",
    "numpy": "import numpy as np\nnp.set_printoptions(precision=3)",
}


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_are_made_before_every_later_step(name):
    plan = plan_of(f"# %%\n{SETTINGS[name]}\n# %%\nx = sum([1])\n# %%\ny = x + 1", "cells")
    assert [group.statements for group in plan.shared.settings] == [(2,)]
    assert [step.settings for step in plan.steps] == [("configure",), ("configure",)]
    assert all(2 not in step.body for step in plan.steps)


def test_settings_half_way_reach_only_what_follows():
    plan = plan_of(
        """
        # %%
        import pandas as pd
        a = str(pd.Series(range(20)))
        # %%
        pd.set_option("display.max_rows", 5)
        # %%
        b = str(pd.Series(range(20)))
        """,
        "cells",
    )
    assert [len(step.settings) for step in plan.steps] == [0, 1]


def test_dropped_statements_say_why():
    plan = plan_of('"""What it does."""\nx = [sum([1])]\ny = len(x)\ndel x\npass', kind="script")
    assert {number for number, _ in plan.dropped} == {1, 4, 5}
    assert all(why for _, why in plan.dropped)


def test_a_program_of_definitions_alone_is_one_step():
    plan = plan_of("x = 3\ny = 4")
    assert len(plan.steps) == 1
    assert find(graph_of("x = 3\ny = 4"), "x") in plan.steps[0].body
