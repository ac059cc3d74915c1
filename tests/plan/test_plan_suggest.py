"""Names that say what a step does, of programs as people write them."""

from __future__ import annotations

import pytest
from observed import plan_of

START = """
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, roc_auc_score
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
# %%
df = pd.DataFrame({"a": range(40), "b": [i * i % 7 for i in range(40)], "c": [0, 1] * 20})
# %%
X = df[["a", "b"]]
y = df["c"]
# %%
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
"""
NAMES = {
    "a model and its judgement": (
        """
        # %%
        model = LogisticRegression()
        model.fit(X_train, y_train)
        # %%
        print(accuracy_score(y_test, model.predict(X_test)))
        """,
        ["train_logistic_regression", "evaluate_logistic_regression"],
    ),
    "the model in a pipeline": (
        """
        # %%
        tree = DecisionTreeClassifier()
        model = make_pipeline(StandardScaler(), tree)
        model.fit(X_train, y_train)
        # %%
        print(model.score(X_test, y_test))
        """,
        ["train_decision_tree_classifier", "evaluate_decision_tree_classifier"],
    ),
    "judged without being trained": (
        """
        # %%
        print(cross_val_score(RandomForestClassifier(5), X, y).mean())
        """,
        ["cross_validate_random_forest_classifier"],
    ),
    "made here, trained there": (
        """
        # %%
        model = LogisticRegression(C=2)
        # %%
        model.fit(X_train, y_train)
        """,
        ["make_logistic_regression", "train_logistic_regression"],
    ),
    "the scores of a model that was only cross-validated": (
        """
        # %%
        tree = DecisionTreeClassifier().fit(X_train, y_train)
        # %%
        scores = cross_val_score(LogisticRegression(), X, y)
        # %%
        print(scores.mean())
        print(scores.std())
        """,
        [
            "train_decision_tree_classifier",
            "cross_validate_logistic_regression",
            "evaluate_logistic_regression",
        ],
    ),
    "the same model on other data": (
        """
        # %%
        model = LogisticRegression()
        model.fit(X_train, y_train)
        # %%
        print(model.score(X_test, y_test))
        # %%
        scaler = StandardScaler()
        X_small = scaler.fit_transform(X_train)
        # %%
        other = LogisticRegression(C=2).fit(X_small, y_train)
        """,
        [
            "train_logistic_regression",
            "evaluate_logistic_regression",
            "scale_features",
            "train_logistic_regression_on_x_small",
        ],
    ),
    "a function of the program trains": (
        """
        # %%
        def grow(X, y):
            return DecisionTreeClassifier(max_depth=2).fit(X, y)
        tree = grow(X_train, y_train)
        # %%
        print(roc_auc_score(y_test, tree.predict(X_test)))
        """,
        ["train_decision_tree_classifier", "evaluate_decision_tree_classifier"],
    ),
}


@pytest.mark.parametrize("name", NAMES)
def test_names_say_what_is_done(name):
    text, expected = NAMES[name]
    lines = "\n".join(line[8:] for line in text.split("\n"))
    plan = plan_of(START + lines, "cells")
    assert [step.name for step in plan.steps][-len(expected) :] == expected
