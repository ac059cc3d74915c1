"""Which names a statement is known to leave alone, so that they are not digested again."""

from __future__ import annotations

import builtins
import random

import pytest

from thruway.trace.child.compiled import compile_job
from thruway.trace.child.harmless import judge
from thruway.trace.job import Job, JobStatement

pd = pytest.importorskip("pandas")

BEFORE = """
import numpy as np
import pandas as pd
import random
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.preprocessing import StandardScaler
from sklearn.pipeline import make_pipeline
from sklearn.model_selection import train_test_split, cross_val_score
df = pd.DataFrame({"a": [1.0, None, 2.0], "b": [1, 2, 3]})
arr = np.arange(4.0)
names = ["a", "b"]
nested = [[1], [2]]
model = LinearRegression()
lazy = StandardScaler(copy=False)
chain = make_pipeline(StandardScaler(), LinearRegression())
rng = np.random.RandomState(0)
seeded = Ridge(random_state=np.random.default_rng(0))
rows = [{"a": 1, "b": np.float64(2)}, {"a": 2, "b": "c"}]
vector = DictVectorizer()
gen = (i for i in range(3))
def pure(frame, names):
    frame = frame.copy()
    found = []
    for name in names:
        found.append(name)
        frame[name] = 0
    return frame[found]
def train(x, y, alpha):
    model = Ridge(alpha=alpha)
    model.fit(x, y)
    return model
def sneaky(frame):
    frame["z"] = 1
def late(frame):
    for _ in range(2):
        frame["z"] = 1
        frame = frame.copy()
def maybe(frame, yes):
    if yes:
        frame = frame.copy()
    frame["z"] = 1
def shallow(rows):
    rows = rows.copy()
    rows[0] += [1]
def deep(rows):
    rows = rows.copy()
    rows[0][0] = 1
def global_list():
    names.append("z")
def again(n):
    return again(n - 1)
"""

# statement: names read that are surely left alone
CASES = {
    "df.head()": "df",
    "x = df['a'].fillna(df['a'].mean())": "df",
    "print(df.shape, len(arr))": "arr df len print",
    "df['z'] = df['a'] * 2": "",
    "df.dropna(inplace=True)": "",
    "x = df.dropna(inplace=False)": "df",
    "df['a'].fillna(0, inplace=True)": "",
    "df.drop('a', 1, None, None, None, True)": "",
    "x = df.apply(lambda row: row.sum())": "df",
    "x = df.apply(pure)": "df pure",
    "x = df.apply(model.fit)": "",
    "x = df.query('a > 1')": "",
    "np.add(arr, arr, arr)": "",
    "np.add(arr, 1, out=arr)": "",
    "x = np.log(arr)": "arr np",
    "np.random.shuffle(arr)": "",
    "x = np.random.rand(len(df))": "df len np",
    "arr.sort()": "",
    "arr += 1": "",
    "x = sorted(names)": "names sorted",
    "names.append('c')": "",
    "for n in names: print(n)": "names print",
    "for row in nested: row.append(1)": "",
    "x = list(gen)": "",
    "x = rng.rand()": "",
    "x, y = train_test_split(df)": "df train_test_split",
    "x, y = train_test_split(df, random_state=rng)": "",
    "model.fit(df[['b']], df['b'])": "df",
    "x = model.predict(df[['b']])": "df model",
    "x = lazy.transform(df)": "",
    "x = lazy.fit_transform(df)": "",
    "chain.fit(df[['b']], df['b'])": "",
    "x = nested[0]": "nested",
    "x = seeded.predict(df)": "",
    "x = vector.fit(rows)": "rows",
    "rows[0]['a'] = 1": "",
    "x = cross_val_score(model, df[['b']], df['b'])": "cross_val_score df model",
    "x = Ridge().fit(df[['b']], df['b'])": "Ridge df",
    "x = make_pipeline(model).fit(df, arr)": "",
    "x = pure(df, names)": "df names pure",
    "x = train(df[['b']], df['b'], 1.0)": "Ridge df train",
    "sneaky(df)": "",
    "late(df)": "",
    "maybe(df, True)": "",
    "shallow(nested)": "",
    "deep(nested)": "",
    "global_list()": "",
    "again(3)": "",
    "x = unknown(df)": "",
    "t = df.copy(); t['z'] = 1": "df",
    "with open('x') as f: df.head()": "",
}


@pytest.fixture(scope="module")
def judged():
    job = Job(
        kind="script", statements=(JobStatement(1, "t.py", 1, BEFORE),), sources={},
        root="", workspace="", cwd="",
    )  # fmt: skip
    program = compile_job(job)
    state, values = random.getstate(), {"__name__": "__main__"}
    exec(program.statements[0].code, values)
    random.setstate(state)

    def run(text):
        tree = compile(text, "t.py", "exec", 0x400)
        return judge(tree, lambda n: values.get(n, getattr(builtins, n, None)), program.definition)

    return run


@pytest.mark.parametrize("text", CASES)
def test_left_alone(judged, text):
    verdict = judged(text)
    names = frozenset() if verdict.unknown else verdict.harmless(frozenset(verdict.names))
    assert " ".join(sorted(names - {"x", "y"})) == CASES[text]


def test_names_read_by_a_helper_make_nothing_certain(judged):
    assert judged("df.head()").harmless(frozenset({"df", "hidden"})) == frozenset()
