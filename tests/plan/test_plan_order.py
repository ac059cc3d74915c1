"""Looks move to borders of roles, never past what they show. Oracle: the first words, in order."""

from __future__ import annotations

import pytest
from observed import graph_of

from thruway.graph import build_graph
from thruway.graph.order import reorder_program, reorder_trace
from thruway.plan import make_plan
from thruway.plan.order import gather_looks, settled_order

LOAD = "import pandas as pd\ndf = pd.read_csv('a.csv')\n"
SPLIT = "from sklearn.model_selection import train_test_split\n"
CASES = {
    "a look between two lines that do not change what it shows moves to the border": (
        LOAD + "b = df.dropna()\n# %%\ndf.head()\n# %%\nc = b * 2\nc.to_csv('c.csv')",
        "b c df.head() c.to_csv('c.csv')",
    ),
    "a look stays before the line that changes the frame in place": (
        LOAD + "df['x'] = 1\n# %%\ndf.head()\n# %%\ndf['x'] = 2\ndf.to_csv('c.csv')",
        "df['x'] df.head() df['x'] df.to_csv('c.csv')",
    ),
    "a look stays before the line that binds its name anew": (
        LOAD + "df = df.dropna()\n# %%\ndf.head()\n# %%\ndf = df * 2\ndf.to_csv('c.csv')",
        "df df.head() df df.to_csv('c.csv')",
    ),
    "a random look keeps its draw": (
        LOAD + "b = df * 1\n# %%\ndf.sample(1)\n# %%\nc = b.sample(1)\nc.to_csv('c.csv')",
        "b df.sample(1) c c.to_csv('c.csv')",
    ),
    "an option set between keeps what is shown": (
        LOAD + "b = df * 1\nc = b * 2\npd.set_option('display.max_rows', 5)\n# %%\n"
        "df.head()\n# %%\nd = c * 2\nd.to_csv('c.csv')",
        "b c pd.set_option('display.max_rows', df.head() d d.to_csv('c.csv')",
    ),
    "the last value shown is used later: nothing moves": (
        LOAD + "b = df * 1\n# %%\ndf.head()\n# %%\nc = b * 2 + len(_)\nc.to_csv('c.csv')",
        "b df.head() c c.to_csv('c.csv')",
    ),
    "a function that may change what it is given is no look, though it changed nothing now": (
        "def clip(f, most):\n    for i in f.index:\n        if f.loc[i, 'x'] > most:\n"
        "            f.drop(i, inplace=True)\n" + LOAD + "b = df * 1\nclip(df, 100)\n"
        "x = df[['x']]\ny = b * 2\ny.to_csv('c.csv')\nx.to_csv('d.csv')",
        "b clip(df, x y y.to_csv('c.csv') x.to_csv('d.csv')",
    ),
    "a function that changes its own copy may be moved": (
        "def tell(f):\n    f = f.copy()\n    f['n'] = 1\n    print(f)\n" + LOAD + "b = df * 1\n"
        "# %%\ntell(df)\n# %%\nc = b * 2\nc.to_csv('c.csv')",
        "b c tell(df) c.to_csv('c.csv')",
    ),
    "one figure drawn by two lines stays in order": (
        "import matplotlib.pyplot as plt\n" + LOAD + "b = df * 1\nplt.plot(df['x'])\n"
        "c = b * 2\nplt.title('t')\nc.to_csv('c.csv')",
        "b c plt.plot(df['x']) plt.title('t') c.to_csv('c.csv')",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_order(case):
    text, expected = CASES[case]
    graph = graph_of(text, a_csv="x,y\n1,2\n3,4\n5,6\n")
    program = reorder_program(graph.program, gather_looks(graph))
    words = [s.code.split()[0] for s in program.statements]
    assert " ".join(words[words.index("df") + 1 :]) == expected


def test_numbers_follow_the_order():
    graph = graph_of(CASES[next(iter(CASES))][0], a_csv="x,y\n1,2\n3,4\n5,6\n")
    order = gather_looks(graph)
    program, trace = reorder_program(graph.program, order), reorder_trace(graph.trace, order)
    assert sorted(order) == [s.id for s in graph.program.statements] != list(order)
    assert [s.id for s in program.statements] == [f.statement for f in trace.facts]
    shown = {s.id: s.code for s in program.statements}
    assert [shown[f.statement] for f in trace.facts if f.displays] == ["df.head()"]


def test_no_order_leaves_everything():
    graph = graph_of("a = 1\nprint(a)", kind="script")
    assert reorder_program(graph.program, ()) is graph.program
    assert reorder_trace(graph.trace, ()) is graph.trace


def test_looks_that_stay_in_a_step_stay_where_they_were():
    text = """
    x = [1]
    print(f"{x[0]:.3f}")
    y = x + [2]
    print(42)
    z = sum(y)
    """
    graph = graph_of(text)
    order = gather_looks(graph)
    moved = build_graph(reorder_program(graph.program, order), reorder_trace(graph.trace, order))
    assert settled_order(make_plan(moved)) == ()


def test_moved_looks_are_told():
    text = LOAD + "b = df.dropna()\n# %%\ndf.head()\ndf.tail()\n# %%\nc = b * 2\nc.to_csv('c.csv')"
    graph = graph_of(text, a_csv="x,y\n1,2\n3,4\n5,6\n")
    order = gather_looks(graph)
    moved = build_graph(reorder_program(graph.program, order), reorder_trace(graph.trace, order))
    told = [f.reason for f in make_plan(moved).findings if f.code == "TW209"]
    assert len(told) == 1
    assert "cell 2, line 1; cell 2, line 2" in told[0]
