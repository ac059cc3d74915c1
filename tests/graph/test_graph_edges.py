"""Program text → the edges of its graph, each with how it is known."""

from __future__ import annotations

import textwrap

import pytest
from observed import graph_of

EDGES = {
    "a name is read and bound": (
        """
        x = 2
        y = x + 1
        """,
        "1 -> 2 [x] both",
    ),
    "the last binding counts": (
        """
        x = 2
        x = 3
        y = x
        """,
        "2 -> 3 [x] both",
    ),
    "a branch that was not taken keeps what it needs": (
        """
        n = [1]
        other = [2]
        if len(n) > 5:
            n = other
        y = n
        """,
        """
        1 -> 3 [n] both
        2 -> 3 [other] static
        3 -> 4 [n] both
        """,
    ),
    "a branch that was taken may not be the next time": (
        """
        n = [1]
        if n:
            n = [2]
        y = n
        """,
        """
        1 -> 2 [n] both
        2 -> 3 [n] both
        """,
    ),
    "a helper reads a global": (
        """
        k = [10]
        def scale(v):
            return v * k[0]
        y = scale(3)
        """,
        """
        1 -> 3 [k] observed
        2 -> 3 [scale] both
        """,
    ),
    "a helper changes a global": (
        """
        seen = []
        def note(v):
            seen.append(v)
        note(3)
        y = len(seen)
        """,
        """
        1 -> 3 [seen] observed
        2 -> 3 [note] both
        3 -> 4 [seen] both
        """,
    ),
    "a helper of a helper": (
        """
        k = [1]
        def inner():
            return k[0]
        def outer():
            return inner()
        y = outer()
        """,
        """
        1 -> 4 [k] observed
        2 -> 4 [inner] observed
        3 -> 4 [outer] both
        """,
    ),
    "a method of a class reads a global": (
        """
        k = [3]
        class Times:
            def run(self, v):
                return v * k[0]
        t = Times()
        y = t.run(2)
        """,
        """
        1 -> 3 [k] assumed
        1 -> 4 [k] observed
        2 -> 3 [Times] both
        3 -> 4 [t] both
        """,
    ),
    "global in a function": (
        """
        count = 0
        def bump():
            global count
            count += 1
        bump()
        y = count
        """,
        """
        1 -> 3 [count] observed
        2 -> 3 [bump] both
        3 -> 4 [count] both
        """,
    ),
    "a method that changes its receiver": (
        """
        import pandas as pd
        df = pd.DataFrame({"a": [1, None]})
        df.dropna(inplace=True)
        n = len(df)
        """,
        """
        1 -> 2 [pd] both
        2 -> 3 [df] both
        3 -> 4 [df] both
        """,
    ),
    "an estimator is fitted": (
        """
        from sklearn.linear_model import LinearRegression
        X, y = [[0.0], [1.0], [2.0]], [1, 2, 3]
        model = LinearRegression()
        model.fit(X, y)
        score = model.score(X, y)
        """,
        """
        1 -> 3 [LinearRegression] both
        2 -> 4 [X] both
        2 -> 4 [y] both
        2 -> 5 [X] both
        2 -> 5 [y] both
        3 -> 4 [model] both
        4 -> 5 [model] both
        """,
    ),
    "a name deleted and bound again": (
        """
        x = [1]
        del x
        x = [2]
        y = x
        """,
        "3 -> 4 [x] both",
    ),
    "an environment variable": (
        """
        import os
        os.environ["MY_FLAG"] = "yes"
        flag = os.environ.get("MY_FLAG", "no")
        """,
        """
        1 -> 2 [os] both
        1 -> 3 [os] both
        """,
    ),
}


@pytest.mark.parametrize("name", EDGES)
def test_edges(name):
    text, wanted = EDGES[name]
    assert graph_of(text).dump() == textwrap.dedent(wanted).strip()


COVARIABLES = {
    "alias": ("a = [1]\nb = a", "b.append(2)", {"a", "b"}),
    "alias, changed through the first name": ("a = [1]\nb = a", "a.append(2)", {"a", "b"}),
    "nested": ("a = [1]\nb = {'k': a}", "b['k'].append(2)", {"a", "b"}),
    "view": ("import numpy as np\na = np.zeros(4)\nb = a[:2]", "b[:] = 9", {"a", "b"}),
    "transposed": ("import numpy as np\na = np.zeros((2, 2))\nb = a.T", "b[0] = 9", {"a", "b"}),
    "closed over": ("a = [1]\ndef b():\n    a.append(2)", "b()", {"a"}),
    "default argument": ("a = [1]\ndef b(v=a):\n    v.append(2)", "b()", {"a", "b"}),
    "attribute": (
        "import types\na = [1]\nb = types.SimpleNamespace(x=a)",
        "b.x.append(2)",
        {"a", "b"},
    ),
    "copy": ("a = [1]\nb = list(a)", "b.append(2)", {"b"}),
    "copy of a frame": (
        "import pandas as pd\na = pd.DataFrame({'x': [1]})\nb = a.copy()",
        "b['y'] = 2",
        {"b"},
    ),
    "alias of a frame": (
        "import pandas as pd\na = pd.DataFrame({'x': [1]})\nb = a",
        "b['y'] = 2",
        {"a", "b"},
    ),
    "rebound": ("a = [1]\nb = a\nb = [1]", "b.append(2)", {"b"}),
    "scalars never": ("a = 1\nb = a", "b += 1", {"b"}),
}


@pytest.mark.parametrize("name", COVARIABLES)
def test_what_a_change_reaches(name):
    """A change through one name is a change of every name that shares the object."""
    made, change, wanted = COVARIABLES[name]
    graph = graph_of(f"# %%\n{made}\n# %%\n{change}\n")
    node = graph.nodes[-1]
    assert (node.updates | node.binds) & {"a", "b"} == wanted


def test_a_change_through_a_bound_method():
    assert "a" in graph_of("a = [1]\nb = a.append\nb(2)").nodes[-1].updates


RESOURCES = {
    "a draw needs the seed": (
        "import numpy as np\nnp.random.seed(1)\nx = np.random.rand()",
        {(2, 3, "random:numpy")},
    ),
    "a draw needs the draw before": (
        "import numpy as np\nx = np.random.rand()\ny = np.random.rand()",
        {(2, 3, "random:numpy")},
    ),
    "two streams": (
        "import random\nimport numpy as np\na = random.random()\nb = np.random.rand()\nc = random.random()",
        {(3, 5, "random:python")},
    ),
    "a seed forgets what was before": (
        "import random\na = random.random()\nrandom.seed(2)\nb = random.random()",
        {(3, 4, "random:python")},
    ),
    "a generator of its own is a value": (
        "import numpy as np\nrng = np.random.default_rng(1)\na = rng.random()\nb = rng.random()",
        set(),
    ),
    "a library draws": (
        "from sklearn.utils import shuffle\na = shuffle([1, 2, 3, 4])\nb = shuffle([1, 2, 3, 4])",
        {(2, 3, "random:numpy")},
    ),
    "a file written and read": (
        "with open('a.txt', 'w') as f:\n    _ = f.write('1')\nwith open('a.txt') as f:\n    x = f.read()",
        {(1, 2, "file:a.txt")},
    ),
    "a file appended to": (
        (
            "with open('a.txt', 'w') as f:\n    _ = f.write('1')\nwith open('a.txt', 'a') as f:\n    _ = f.write('2')\n"
            "x = open('a.txt').read()"
        ),
        {(1, 2, "file:a.txt"), (2, 3, "file:a.txt")},
    ),
    "other files do not matter": (
        "with open('a.txt', 'w') as f:\n    _ = f.write('1')\nwith open('b.txt', 'w') as f:\n    _ = f.write('2')",
        set(),
    ),
    "a file in a folder needs the folder": (
        "import os\nos.makedirs('out')\nwith open('out/a.txt', 'w') as f:\n    _ = f.write('1')",
        {(2, 3, "dir:out")},
    ),
    "listing a folder needs its files": (
        "import os\nos.makedirs('out')\nwith open('out/a.txt', 'w') as f:\n    _ = f.write('1')\nx = os.listdir('out')",
        {(2, 3, "dir:out"), (3, 4, "file:out/a.txt"), (2, 4, "dir:out")},
    ),
}


@pytest.mark.parametrize("name", RESOURCES)
def test_resources_are_carriers_too(name):
    text, wanted = RESOURCES[name]
    found = {(e.source, e.target, e.carrier) for e in graph_of(text).edges if ":" in e.carrier}
    assert found == wanted


REPLICABLE = {
    "import": ("import math", True),
    "import in a try": ("try:\n    import math as m\nexcept ImportError:\n    m = None", True),
    "constant": ("x = 3", True),
    "list constant": ("x = [1, 2]", True),
    "list constant changed later": ("x = [1, 2]\nx.append(3)", False),
    "list constant changed through an alias": ("x = [1, 2]\ny = x\ny.append(3)", False),
    "list constant changed by a loop": ("x = []\nfor i in range(2):\n    x.append(i)", False),
    "function": ("def f(v):\n    return v + 1", True),
    "lambda": ("f = lambda v: v + 1", True),
    "class": ("class Box:\n    n = 1", True),
    "class whose attribute is changed": ("class Box:\n    n = []\nBox.n.append(1)", False),
    "function with a memory": ("def f(v, seen=[]):\n    seen.append(v)\nf(1)", False),
    "computed value": ("x = sum([1, 2])", False),
    "print": ("print('x')", False),
    "draw": ("x = __import__('random').random()", False),
}


@pytest.mark.parametrize("name", REPLICABLE)
def test_which_definitions_may_stand_in_several_steps(name):
    text, wanted = REPLICABLE[name]
    assert graph_of(text).nodes[0].replicable is wanted


def test_settings_count_only_when_the_text_sets_them():
    graph = graph_of(
        """
        import pandas as pd
        pd.set_option("display.max_rows", 5)
        import warnings
        warnings.filterwarnings("ignore")
        df = pd.DataFrame({"a": [1]})
        """
    )
    written = {n.statement.id: n.resources_written for n in graph.nodes if n.resources_written}
    assert {number: {t.split(":")[0] for t in tokens} for number, tokens in written.items()} == {
        2: {"options"},
        4: {"options"},
    }


def test_a_name_bound_in_a_loop_surely_holds_the_new_value():
    graph = graph_of("x = [1]\nfor x in [[2], [3]]:\n    pass\ny = x")
    assert {(e.source, e.target) for e in graph.edges if e.carrier == "x"} == {(2, 3)}


def test_edges_point_forward_and_to_the_nearest_writer():
    graph = graph_of(
        """
        a = [1]
        b = a
        b.append(1)
        a = [2]
        b.append(3)
        c = (a, b)
        """
    )
    assert all(edge.source < edge.target for edge in graph.edges)
    assert {(e.source, e.carrier) for e in graph.edges if e.target == 6} == {(4, "a"), (5, "b")}
