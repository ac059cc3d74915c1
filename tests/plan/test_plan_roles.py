"""What statements are for: decided by what they call and what flows, never by names."""

from __future__ import annotations

import pytest
from observed import find, observed_graph, plan_of, step_at, write_program

from thruway.plan import make_plan

BEGIN = """
import numpy as np
import pandas as pd
import matplotlib.pyplot as plt
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler
from sklearn.model_selection import train_test_split, GridSearchCV, cross_val_score
from sklearn.metrics import accuracy_score, confusion_matrix
zzz = pd.read_csv("a.csv")
"""
A_CSV = "u,v,w\n" + "".join(f"{i},{i * i % 7},{int(i % 3 == 0)}\n" for i in range(30))
MODEL = """
q = zzz[["u", "v"]]
r = zzz["w"]
m = LogisticRegression()
m.fit(q, r)
"""

ROLES = {
    "reading a table": ("", "zzz = pd.read_csv", {"ingest"}),
    "looking": ("zzz.head()" + MODEL, "zzz.head()", {"explore"}),
    "printing a summary": ("print(zzz.describe())" + MODEL, "print(zzz.desc", {"explore"}),
    "a chart": ("_ = plt.hist(zzz['u'])\nplt.show()" + MODEL, "_ = plt.hist", {"explore"}),
    "charts in a grid": ("fig, axes = plt.subplots(1, 2)\n_ = axes[0].plot(zzz['u'])\n_ = axes[1].set_title('v')" + MODEL, "fig, axes", {"explore"}),
    "a title in a grid": ("fig, axes = plt.subplots(1, 2)\naxes[1].set_title('v')\nbars = axes[0].bar([1, 2], [3, 4])" + MODEL, "axes[1].set", {"explore"}),
    "a chart in a loop": ("for c in ['u', 'v']:\n    half = zzz[c] / 2\n    _ = plt.plot(half)" + MODEL, "for c in", {"explore"}),
    "a loop that draws and makes": ("for c in ['u', 'v']:\n    half = zzz[[c]] / 2\n    _ = plt.plot(half)\nm = Ridge().fit(half, zzz['w'])", "for c in", {"prepare", "transform"}),
    "a new column": ("zzz['n'] = zzz['u'] * 2" + MODEL, "zzz['n']", {"prepare", "transform"}),
    "dropping rows": ("zzz = zzz.dropna()" + MODEL, "zzz = zzz.dropna", {"prepare"}),
    "scaling": ("s = StandardScaler()\nzzz[['u']] = s.fit_transform(zzz[['u']])" + MODEL, "zzz[['u']] =", {"transform"}),
    "scaling for a picture": (MODEL + "s = StandardScaler()\nt = s.fit_transform(q)\n_ = plt.plot(t)", "t = s", {"transform"}),
    "a transformer for a picture": (MODEL + "s = StandardScaler()\ns.fit(q)\n_ = plt.plot(s.transform(q))", "s.fit", {"transform"}),
    "distances": ("from sklearn.metrics import euclidean_distances\nd = euclidean_distances(zzz)\n" + MODEL, "d = ", {"prepare", "explore"}),
    "components that predict": ("from sklearn.cross_decomposition import PLSRegression\ng = PLSRegression(1)\ng.fit(zzz[['u']], zzz['w'])", "g.fit", {"train"}),
    "splitting": (MODEL + "a, b, c, d = train_test_split(q, r, random_state=0)\nm.fit(a, c)", "a, b, c, d", {"split"}),
    "making a model": (MODEL, "m = Logistic", {"train"}),
    "fitting": (MODEL, "m.fit(q, r)", {"train"}),
    "searching": (MODEL + "g = GridSearchCV(Ridge(), {'alpha': [1, 2]}, cv=2)\n_ = g.fit(q, r)", "_ = g.fit", {"tune"}),
    "predicting": (MODEL + "p = m.predict(q)\nacc = accuracy_score(r, p)", "p = m.predict", {"predict", "evaluate"}),
    "scoring": (MODEL + "p = m.predict(q)\nacc = accuracy_score(r, p)", "acc = ", {"evaluate"}),
    "scoring by method": (MODEL + "acc = m.score(q, r)", "acc = ", {"evaluate"}),
    "showing the score": (MODEL + "acc = m.score(q, r)\nprint(acc)", "print(acc)", {"evaluate", "report"}),
    "cross validation": (MODEL + "acc = cross_val_score(m, q, r, cv=2)", "acc = ", {"evaluate"}),
    "writing a table": (MODEL + "zzz.to_csv('b.csv')", "zzz.to_csv", {"export"}),
    "writing a model": (MODEL + "import joblib\n_ = joblib.dump(m, 'm.pkl')", "_ = joblib", {"export"}),
    "a helper that fits": (
        "def go(one, two):\n    est = Ridge()\n    est.fit(one, two)\n    return est\nk = go(zzz[['u']], zzz['w'])",
        "k = go", {"train"},
    ),
    "a helper of plain arithmetic, by what its author calls it": (
        "def train_perceptron(rows):\n    w = 0.0\n    for row in rows:\n        w += row[0]\n    return [w]\nk = train_perceptron(zzz.values.tolist())",
        "k = train", {"train"},
    ),
    "a helper that is known by what it calls, whatever its name": (
        "def train_me(rows):\n    return rows.dropna()\nk = train_me(zzz)" + MODEL.replace("zzz", "k"),
        "k = train_me", {"prepare"},
    ),
    "a helper that reads": (
        "def get():\n    return pd.read_csv('a.csv')\nother = get()" + MODEL,
        "other = get", {"ingest"},
    ),
    "a loop that fits": (
        "fitted = {}\nfor n in [1, 2]:\n    fitted[n] = Ridge(alpha=n).fit(zzz[['u']], zzz['w'])",
        "for n in", {"train"},
    ),
    "names that lie": ("model = zzz['u'].mean()\ntrain_score = zzz['v'] - model" + MODEL, "model = zzz", {"explore", "prepare", "transform"}),
}  # fmt: skip


@pytest.mark.parametrize("name", ROLES)
def test_role(name):
    text, code, wanted = ROLES[name]
    plan = plan_of(f"{BEGIN}{text}\n", a_csv=A_CSV)
    assert dict(plan.roles)[find(plan.graph, code)] in wanted


def test_role_of_a_chart_that_is_saved():
    plan = plan_of(f"{BEGIN}{MODEL}_ = plt.plot([1, 2])\nplt.savefig('a.png')\n", a_csv=A_CSV)
    assert dict(plan.roles)[find(plan.graph, "plt.savefig")] in {"export", "evaluate", "explore"}


def test_a_step_has_the_role_of_its_weightiest_part():
    plan = plan_of(f"{BEGIN}{MODEL}print(m.score(q, r))\n", "headings", a_csv=A_CSV)
    assert len(plan.steps) == 1
    assert plan.steps[0].role in {"train", "ingest"}


def test_pandas_alone_has_no_model_roles():
    plan = plan_of(
        """
        import pandas as pd
        df = pd.read_csv("a.csv")
        df["n"] = df["u"] * 2
        table = df.groupby("w")["n"].mean()
        table.to_csv("t.csv")
        """,
        a_csv=A_CSV,
    )
    assert {step.role for step in plan.steps} <= {
        "ingest",
        "prepare",
        "transform",
        "export",
        "explore",
    }


BESIDE = """
from tidying import tidy
from learning import fit_all
import pandas as pd
df = pd.read_csv("a.csv")
t = tidy(df)
m = fit_all(t)
print(m)
"""
TIDYING = "def tidy(df):\n    return df.dropna()\n"
LEARNING = """
from sklearn.linear_model import LinearRegression
def _fit(t):
    return LinearRegression().fit(t[["u"]], t["v"])
def fit_all(t):
    return [_fit(t)]
"""


def test_functions_of_modules_beside_the_program_count_for_what_they_call(tmp_path):
    files = {"a.csv": A_CSV, "tidying.py": TIDYING, "learning.py": LEARNING}
    path = write_program(tmp_path / "home", BESIDE, files=files)
    (tmp_path / "scratch").mkdir()
    graph = observed_graph(path, tmp_path / "scratch")  # the files are read once more
    plan = make_plan(graph)
    assert step_at(plan, find(graph, "m = fit_all")).role == "train"
    assert step_at(plan, find(graph, "df = pd")).role == "ingest"
