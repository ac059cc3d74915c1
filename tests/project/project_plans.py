"""Small plans built by hand: what a planner would give, without running anything."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

from thruway.findings import Finding, Place, Severity
from thruway.graph.types import Graph, Node
from thruway.kit.values.types import Value
from thruway.plan.types import Edit, Parameter, Plan, Port, Settings, Shared, StepPlan
from thruway.program.types import Program, Statement
from thruway.source.types import Cell, Source
from thruway.trace.types import Fact, Figure, Trace

NO_NAMES = frozenset()
KINDS = {ast.Import: "import", ast.ImportFrom: "import", ast.FunctionDef: "function"}


def program(cells, folder=Path("/nowhere"), name="churn.ipynb", kind="notebook"):
    """Return the program of cells given as (heading, code); nothing is analysed but stores."""
    made, statements = [], []
    for number, (heading, text) in enumerate(cells, start=1):
        made.append(Cell(number, "code", text, text, heading=heading, heading_level=2))
        statements += _statements(text, number, heading, len(statements), name)
    return Program(Source(folder / name, kind, tuple(made)), tuple(statements))


def _statements(text, cell, heading, count, name):
    lines = text.split("\n")
    end = 0
    for node in ast.parse(text).body:
        comment = lines[end : node.lineno - 1]
        while comment and not comment[0].strip():
            comment.pop(0)
        end = node.end_lineno
        count += 1
        yield Statement(
            id=count,
            place=Place(name, cell, node.lineno),
            end_line=end,
            code="\n".join(lines[node.lineno - 1 : end]),
            comment="\n".join(comment).rstrip(),
            kind=KINDS.get(type(node), "ordinary"),
            loads=NO_NAMES,
            deferred=NO_NAMES,
            stores=frozenset(_stores(node)),
            certain=NO_NAMES,
            deletes=NO_NAMES,
            global_writes=NO_NAMES,
            mutates=NO_NAMES,
            calls=(),
            displays=False,
            last_in_cell=end == len(lines),
            heading=heading,
            heading_level=2,
        )


def _stores(node):
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    return {
        n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }


def graph(made, facts=(), packages=None):
    """Return a graph without edges."""
    trace = Trace(
        facts=tuple(facts),
        failure=None,
        python="3.11.9",
        executable="/somewhere/python",
        packages=packages or {"pandas": "3.0.0", "numpy": "2.1.0+cpu"},
        local_modules=(),
        seed=0,
        seconds=2.0,
        user_seconds=1.8,
        peak_bytes=120_000_000,
        alive=NO_NAMES,
    )
    nodes = tuple(
        Node(each, trace.fact(each.id), NO_NAMES, NO_NAMES, NO_NAMES, NO_NAMES, NO_NAMES)
        for each in made.statements
    )
    return Graph(made, trace, nodes, ())


def frame(columns, rows=7043, size=1_200_000):
    return Value(
        kind="frame",
        type="pandas.DataFrame",
        annotation="pd.DataFrame",
        imports=("import pandas as pd",),
        shape=(rows, len(columns)),
        columns=tuple(columns),
        bytes=size,
    )


def port(name, annotation="int", imports=(), **more):
    return Port(name, more.pop("kind", "value"), annotation, tuple(imports), **more)


def frame_port(name, value, schema="", statement=0):
    return Port(name, "value", value.annotation, value.imports, value, statement, schema=schema)


RAW = frame([("age", "float64", True), ("churn", "bool", False), ("monthly charge", "str", True)])
FEATURES = frame([("age", "float64", False), ("tenure", "int64", False)])
STREAM = Port("numpy_random", "random", "NumpyRandom", resource="random:numpy", statement=5)
MODEL = port("model", "LogisticRegression", ["from sklearn.linear_model import LogisticRegression"])

CHURN_CELLS = [
    (
        "",
        "import pandas as pd\nimport numpy as np\n# %matplotlib inline\npd.options.display.width = 90",
    ),
    ("Load the data", '# the export of last night\ndf = pd.read_csv("data/churn.csv")\ndf.head()'),
    (
        "Prepare",
        """# drop what is empty

# (all of it)
features = (
    df.dropna()
    .assign(note=\'\'\'a
  b\'\'\')
)
np.random.seed(7)

y = df["churn"]""",
    ),
    (
        "Train",
        "model = LogisticRegression(C=1.0)  # strong\nmodel.fit(features, y)\nclean(features)",
    ),
    ("Evaluate", "plt.hist(features.age)\nscore = model.score(features, y)\nscore"),
]


def churn(folder=Path("/nowhere")):
    """Return a plan with every feature of a step: ports, streams, parameters, displays, figures."""
    made = program(CHURN_CELLS, folder)
    loaded = frame_port("df", RAW, "Df", statement=4)
    features = frame_port("features", FEATURES, "Features", statement=6)
    labels = port("y", "pd.Series", ["import pandas as pd"], statement=8)
    penalty = Parameter(
        "C", "C", "1.0", "float", "hyperparameter", "keyword C of LogisticRegression"
    )
    path = Parameter("csv", "csv", "'data/churn.csv'", "str", "path", "argument of pandas.read_csv")
    steps = (
        StepPlan(
            "load", "ingest", "Load the data", body=(4, 5), outputs=(loaded,), parameters=(path,),
            imports=("import pandas as pd",), settings=("configure",), displayed=frozenset({5}),
            edits=(Edit(4, 1, 17, 1, 33, "csv"),), reason="reads a file", bound=(("df", 4),),
        ),
        StepPlan(
            "prepare", "prepare", "Prepare", body=(6, 7, 8), inputs=(loaded,),
            outputs=(features, labels, STREAM), imports=("import numpy as np",),
            reason="role changes from ingest to prepare", bound=(("features", 6), ("y", 8)),
        ),
        StepPlan(
            "train_model", "train", "Train", body=(9, 10, 11),
            inputs=(features, labels, STREAM), outputs=(MODEL,), parameters=(penalty,),
            shared=("clean",), restores=("numpy_random",), edits=(Edit(9, 1, 29, 1, 32, "C"),),
            imports=("from sklearn.linear_model import LogisticRegression", "import re"),
            reason="role changes from prepare to train", bound=(("model", 10),),
        ),
        StepPlan(
            "evaluate", "evaluate", "Evaluate", body=(12, 13, 14), inputs=(features, MODEL, labels),
            outputs=(port("score", "float", statement=13),), displayed=frozenset({14}),
            shown=frozenset({14}), imports=("import matplotlib.pyplot as plt",),
            reason="role changes from train to evaluate", bound=(("score", 13),),
        ),
    )  # fmt: skip
    definition = replace(
        made.statements[0], id=15, kind="function", stores=frozenset({"clean"}),
        code="def clean(frame):\n    frame.index.name = 'i'\n    return frame", comment="# tidy",
        place=Place("churn.ipynb", 5, 9),
    )  # fmt: skip
    made = replace(made, statements=(*made.statements, definition))
    facts = [
        Fact(4, values={"df": RAW}, seconds=0.4),
        Fact(10, seconds=1.2),
        Fact(14, figures=(Figure(1, "d1", shown=True, summary="1 axes: 10 patches"),)),
    ]
    findings = (
        Finding(
            "TW204",
            Severity.INFO,
            Place("churn.ipynb", 3, 8),
            "the stream of NumPy goes from prepare to train_model",
            "give the model a random_state",
        ),
        Finding("TW103", Severity.WARNING, Place("churn.ipynb", 4, 1), "nothing seeds this stream"),
    )
    return Plan(
        graph=graph(made, facts),
        package="churn",
        title="Who leaves?",
        steps=steps,
        shared=Shared((15,), ("import pandas as pd",), (Settings("configure", (3,)),)),
        results=(("model", "train_model"), ("score", "evaluate")),
        dropped=((1, "import"), (2, "import")),
        roles=((4, "ingest"), (5, "explore"), (6, "prepare"), (9, "train"), (12, "explore")),
        findings=findings,
    )


SCRIPT = '''"""Counts."""
from __future__ import division
import os
if os.path.exists("in.txt"):
\ttext = open("in.txt").read() + \\
\t\t"""
end"""
def step(x):
    return x
total = 0
def add(n):
    nonlocal total
    total += n
l = add(len(text))
step(l), total  # both
open("out.txt", "w").write(text)'''


def script(folder=Path("/nowhere")):
    """Return a plan of a script: tabs, names of ours taken, a file port, nothing in the notebook."""
    made = program([("", SCRIPT)], folder, "count.py", "script")
    made = replace(
        made,
        source=replace(made.source, cells=(Cell(0, "code", SCRIPT, SCRIPT),)),
        statements=tuple(
            replace(each, place=replace(each.place, cell=0), heading="") for each in made.statements
        ),
    )
    out = Port("out_txt", "file", "File", resource="file:out.txt", statement=11)
    steps = (
        StepPlan(
            "count", "prepare", 'Count the "words"', body=(4, 6, 7, 8, 9, 10), helpers=(5,),
            imports=("from __future__ import division", "import os"),
            displayed=frozenset({9}), underscore=frozenset({9}), declare=("unused",),
            outputs=(out, port("_hidden", "Strange"), port("total", "dict[str, Any]")),
        ),
        StepPlan("report", "report", "Report", body=(), inputs=(out,)),
    )  # fmt: skip
    return Plan(graph=graph(made, packages={}), package="report", title="Counts.", steps=steps)


SAMPLE_CELLS = [
    ("Load", 'df = pd.read_csv("data/x.csv")\ndf.head()'),
    ("Prepare", "df = df.dropna()\nnp.random.seed(3)\nnoise = np.random.rand()"),
    (
        "Look",
        "plt.plot(df['age'])\ntotal = float(df['age'].sum() + noise + np.random.rand())\ntotal",
    ),
]


def sample(folder):
    """Return a plan whose project runs."""
    made = program(SAMPLE_CELLS, folder, "sample.ipynb")
    columns = [("age", "float64", True), ("churn", "int64", False), ("name", "str", False)]
    raw = frame_port("df", frame(columns, 3), "Raw", 1)
    clean = frame_port("df", frame([("age", "float64", False), *columns[1:]], 2), "Clean", 3)
    noise = port("noise", "float", statement=5)
    path = Parameter("csv", "csv", "'data/x.csv'", "str", "path", "argument of pandas.read_csv")
    steps = (
        StepPlan(
            "load", "ingest", "Load", body=(1, 2), outputs=(raw,), parameters=(path,),
            imports=("import pandas as pd",), displayed=frozenset({2}),
            edits=(Edit(1, 1, 17, 1, 29, "csv"),), bound=(("df", 1),),
        ),
        StepPlan(
            "prepare", "prepare", "Prepare", body=(3, 4, 5), inputs=(raw,),
            outputs=(clean, noise, STREAM), imports=("import numpy as np",),
            bound=(("df", 3), ("noise", 5)),
        ),
        StepPlan(
            "look", "explore", "Look", body=(6, 7, 8), inputs=(clean, noise, STREAM),
            outputs=(port("total", "float", statement=7),), restores=("numpy_random",),
            displayed=frozenset({8}), shown=frozenset({8}), bound=(("total", 7),),
            imports=("import matplotlib.pyplot as plt", "import numpy as np"),
        ),
    )  # fmt: skip
    return Plan(graph(made), "sample", "A sample that runs", steps, results=(("total", "look"),))
