"""Repeated passages: one step called as often as the author wrote it, or left as they are."""

from __future__ import annotations

from collections import Counter

import pytest
from observed import plan_of
from stepwise import differences

PEOPLE = "age,income,bought\n" + "".join(
    f"{20 + i * 3 % 41},{i * 7 % 13},{int(i * 7 % 11 > 5)}\n" for i in range(60)
)
START = """
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, confusion_matrix
from sklearn.model_selection import train_test_split
from sklearn.tree import DecisionTreeClassifier
df = pd.read_csv("people.csv")
X_train, X_test, y_train, y_test = train_test_split(
    df[["age", "income"]], df["bought"], test_size=0.25, random_state=1
)
"""
CONSTANTS = """
# %%
weak = LogisticRegression(C=0.1)
weak.fit(X_train, y_train)
pred_weak = weak.predict(X_test)
print("weak", accuracy_score(y_test, pred_weak))
print(confusion_matrix(y_test, pred_weak))
# %%
strong = LogisticRegression(C=10.0)
strong.fit(X_train, y_train)
pred_strong = strong.predict(X_test)
print("strong", accuracy_score(y_test, pred_strong))
print(confusion_matrix(y_test, pred_strong))
"""
CLASSES = """
# %%
lr = LogisticRegression()
lr.fit(X_train, y_train)
pred = lr.predict(X_test)
print("Logistic", accuracy_score(y_test, pred))
print(confusion_matrix(y_test, pred))
# %%
tree = DecisionTreeClassifier(random_state=0)
tree.fit(X_train, y_train)
pred = tree.predict(X_test)
print("Tree", accuracy_score(y_test, pred))
print(confusion_matrix(y_test, pred))
"""
CHAINED = """
# %%
model = LogisticRegression(C=0.1)
model.fit(X_train, y_train)
scores = pd.DataFrame([["weak", model.score(X_test, y_test)]], columns=["model", "score"])
# %%
model = LogisticRegression(C=1.0)
model.fit(X_train, y_train)
row = pd.DataFrame([["middle", model.score(X_test, y_test)]], columns=["model", "score"])
scores = pd.concat([scores, row], ignore_index=True)
print(scores)
# %%
model = LogisticRegression(C=9.0)
model.fit(X_train, y_train)
row = pd.DataFrame([["strong", model.score(X_test, y_test)]], columns=["model", "score"])
scores = pd.concat([scores, row], ignore_index=True)
print(scores)
"""
TEXTS = """
# %%
lr = LogisticRegression()
lr.fit(X_train, y_train)
lr_pred = lr.predict(X_test)
lr_acc = accuracy_score(y_test, lr_pred)
print(f"Logistic regression: accuracy {lr_acc:.3f}")
print("wrong: %d" % (y_test != lr_pred).sum())
# %%
tree = DecisionTreeClassifier(random_state=0)
tree.fit(X_train, y_train)
tree_pred = tree.predict(X_test)
tree_acc = accuracy_score(y_test, tree_pred)
print(f"Tree: accuracy {tree_acc:.3f}")
print("mistakes: %d" % (y_test != tree_pred).sum())
"""
PREPARED = """
# %%
young = df[df["age"] < 40].copy()
young["rich"] = young["income"] > 6
young = young.rename(columns={"age": "years"})
young = young.fillna(0)
# %%
old = df[df["age"] < 60].copy()
old["rich"] = old["income"] > 4
old = old.rename(columns={"age": "years"})
old = old.fillna(0)
# %%
print(len(young), len(old))
"""
BETWEEN = """
# %%
m = LogisticRegression(C=0.1)
m.fit(X_train, y_train)
acc = accuracy_score(y_test, m.predict(X_test))
errors = sorted(((p, t) for p, t in zip(m.predict(X_test), y_test)), key=lambda e: e[0] + acc)
print("weak", acc, len(errors))
# %%
first = acc
kept = m
# %%
m = LogisticRegression(C=9.0)
m.fit(X_train, y_train)
acc = accuracy_score(y_test, m.predict(X_test))
errors = sorted(((p, t) for p, t in zip(m.predict(X_test), y_test)), key=lambda e: e[0] + acc)
print("strong", acc, len(errors))
# %%
print(first, kept.C, m.C)
"""
DRAWN = """
import numpy as np
np.random.seed(3)
# %%
noise = np.random.normal(size=len(X_train))
a = DecisionTreeClassifier(max_depth=2, random_state=int(noise[0] > 0))
a.fit(X_train, y_train)
print("first", a.score(X_test, y_test), np.random.rand())
print(confusion_matrix(y_test, a.predict(X_test)))
# %%
more = np.random.normal(size=len(X_train))
b = DecisionTreeClassifier(max_depth=3, random_state=int(more[0] > 0))
b.fit(X_train, y_train)
print("second", b.score(X_test, y_test), np.random.rand())
print(confusion_matrix(y_test, b.predict(X_test)))
"""
WRITTEN_ONCE = {
    "between": (BETWEEN, {"train": 2, "evaluate": 2}),
    "drawn": (DRAWN, {"evaluate": 2}),
    "constants": (CONSTANTS, {"train": 2, "evaluate": 2}),
    "classes": (CLASSES, {"evaluate": 2}),
    "chained": (CHAINED, {"train": 3, "evaluate": 2}),
    "texts": (TEXTS, {"evaluate": 2}),
    "prepared": (PREPARED, {"prepare": 2}),
}
APART = {
    # The second one reads a name where the first reads another one twice.
    "not one to one": """
a = LogisticRegression().fit(X_train, y_train)
p = a.predict(X_test)
print(accuracy_score(y_test, p), accuracy_score(p, p))
# %%
b = DecisionTreeClassifier().fit(X_train, y_train)
q = b.predict(X_test)
print(accuracy_score(y_test, q), accuracy_score(y_test, q))
""",
    # Another function of the same shape, whatever its name is.
    "another call": """
a = LogisticRegression().fit(X_train, y_train)
p = a.predict(X_test)
print(accuracy_score(y_test, p))
# %%
b = DecisionTreeClassifier().fit(X_train, y_train)
q = b.predict(X_test)
print(confusion_matrix(y_test, q))
""",
    # The definition between them changes what the same lines mean.
    "redefined": """
def score(model):
    return model.score(X_test, y_test)
a = LogisticRegression().fit(X_train, y_train)
s = score(a)
print("score", s)
# %%
def score(model):
    return -model.score(X_test, y_test)
b = DecisionTreeClassifier(random_state=0).fit(X_train, y_train)
t = score(b)
print("score", t)
""",
    # A setting between them: the function would have to set it for one call and not the other.
    "set between": """
a = LogisticRegression().fit(X_train, y_train)
p = a.predict(X_test)
print(pd.DataFrame({"p": p}).head(20))
print(accuracy_score(y_test, p))
# %%
pd.set_option("display.max_rows", 4)
b = DecisionTreeClassifier().fit(X_train, y_train)
q = b.predict(X_test)
print(pd.DataFrame({"p": q}).head(20))
print(accuracy_score(y_test, q))
""",
    # A query names a variable.
    "queried": """
low = 30 + len(df) * 0
a = LogisticRegression().fit(X_train, y_train)
print(a.score(X_test, y_test), len(df.query("age > @low")))
print(confusion_matrix(y_test, a.predict(X_test)))
# %%
high = 40 + len(df) * 0
b = DecisionTreeClassifier(random_state=0).fit(X_train, y_train)
print(b.score(X_test, y_test), len(df.query("age > @high")))
print(confusion_matrix(y_test, b.predict(X_test)))
""",
    # Only looking at data.
    "explored": """
df["age"].hist(bins=3)
print(df["age"].mean())
# %%
df["income"].hist(bins=3)
print(df["income"].mean())
""",
}


def calls(plan):
    """Return the role of each function that is called several times → how often."""
    several = {step.calls for step in plan.steps if step.calls}
    return Counter(step.role for step in plan.steps if step.function in several)


@pytest.mark.parametrize("name", WRITTEN_ONCE)
def test_a_repeated_passage_is_one_step_called_several_times(name):
    text, expected = WRITTEN_ONCE[name]
    assert calls(plan_of(START + text, people_csv=PEOPLE)) == expected


@pytest.mark.parametrize("name", APART)
def test_what_only_looks_alike_stays_apart(name):
    assert calls(plan_of(START + APART[name], people_csv=PEOPLE)) == {}


def test_what_differs_is_passed_by_each_call():
    plan = plan_of(START + TEXTS, people_csv=PEOPLE)
    rows = [(p.name, p.default) for s in plan.steps if s.role == "evaluate" for p in s.parameters]
    assert rows == [
        ("label", "'Logistic regression'"),
        ("message", "'wrong: %d'"),
        ("label", "'Tree'"),
        ("message", "'mistakes: %d'"),
    ]


def test_names_are_general_where_the_calls_use_different_ones():
    plan = plan_of(START + TEXTS, people_csv=PEOPLE)
    renames = [dict(step.renames) for step in plan.steps if step.role == "evaluate"]
    assert renames == [
        {"lr": "model", "lr_pred": "pred", "lr_acc": "acc"},
        {"tree": "model", "tree_pred": "pred", "tree_acc": "acc"},
    ]


@pytest.mark.parametrize("mode", ["auto", "cells"])
@pytest.mark.parametrize("name", [*WRITTEN_ONCE, *APART])
def test_every_call_computes_the_same(name, mode):
    text = START + (WRITTEN_ONCE[name][0] if name in WRITTEN_ONCE else APART[name])
    assert differences(text, mode, people_csv=PEOPLE) == []
