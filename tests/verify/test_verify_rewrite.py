"""Loops that train and judge in one: what they become, or why they stay whole."""

from __future__ import annotations

import textwrap

import pytest
from observed import observer, write_program

from thruway.program import read_program
from thruway.source import read_source
from thruway.trace.observe import ObserveOptions
from thruway.verify import Original
from thruway.verify.rewrite import rewrite

HEAD = """
import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score
from sklearn.model_selection import KFold, cross_val_score
from sklearn.tree import DecisionTreeClassifier
X = np.arange(40.0).reshape(20, 2) % 7
y = (X.sum(axis=1) > 6).astype(int)
"""


def rewritten(text, tmp_path):
    path = write_program(tmp_path / "home", HEAD + textwrap.dedent(text))
    program = read_program(read_source(path))
    observe = observer(tmp_path)
    trace = observe(program)
    assert trace.failure is None, trace.failure
    return rewrite(Original(program, trace, ObserveOptions()), observe)


def written(found):
    """Return the text of the statements below the head, with their comments."""
    rows = []
    for statement in found.program.statements[7:]:
        rows += [statement.comment] if statement.comment else []
        rows.append(statement.code)
    return "\n".join(rows)


PARTED = {
    "models of a dict": (
        """
        models = {"a": LogisticRegression(), "b": DecisionTreeClassifier(random_state=0)}
        scores = {}
        # every model
        for name, model in models.items():  # by name
            print("training", name)
            # learn
            model.fit(X, y)

            # judge
            pred = model.predict(X)  # classes
            scores[name] = accuracy_score(y, pred)
        # the end
        """,
        """
        models = {"a": LogisticRegression(), "b": DecisionTreeClassifier(random_state=0)}
        scores = {}
        # every model
        candidates = list(models.values())
        from copy import deepcopy
        fitted = []
        for model in deepcopy(candidates):  # by name
            # learn
            model.fit(X, y)
            fitted.append(model)
        models.update(zip(models, fitted))
        # the end
        for name, model in models.items():
            print("training", name)

            # judge
            pred = model.predict(X)  # classes
            scores[name] = accuracy_score(y, pred)
        """,
    ),
    "a model made in the loop": (
        """
        accs = []
        for depth in range(1, 4):
            tree = DecisionTreeClassifier(max_depth=depth, random_state=0)
            tree.fit(X, y)
            accs.append((depth, tree.score(X, y)))
        """,
        """
        accs = []
        depths = list(range(1, 4))
        trees = []
        for depth in depths:
            tree = DecisionTreeClassifier(max_depth=depth, random_state=0)
            tree.fit(X, y)
            trees.append(tree)
        for depth, tree in zip(depths, trees):
            accs.append((depth, tree.score(X, y)))
        """,
    ),
    "folds, which come once": (
        """
        accs = []
        for train, test in KFold(3).split(X):
            X_test, y_test = X[test], y[test]
            clf = Ridge()
            clf.fit(X[train], y[train])
            accs.append(clf.score(X_test, y_test))
        """,
        """
        accs = []
        folds = list(KFold(3).split(X))
        clfs = []
        for train, test in folds:
            clf = Ridge()
            clf.fit(X[train], y[train])
            clfs.append(clf)
        for (train, test), clf in zip(folds, clfs):
            X_test, y_test = X[test], y[test]
            accs.append(clf.score(X_test, y_test))
        """,
    ),
    "models written out": (
        """
        for model in [Ridge(), Ridge(alpha=2.0)]:
            model.fit(X, y)
            print(model.score(X, y))
        """,
        """
        models = [Ridge(), Ridge(alpha=2.0)]
        from copy import deepcopy
        fitted = []
        for model in deepcopy(models):
            model.fit(X, y)
            fitted.append(model)
        models[:] = fitted
        for model in models:
            print(model.score(X, y))
        """,
    ),
    "a function of the program": (
        """
        def train(data, target, alpha):
            return Ridge(alpha=alpha).fit(data, target)
        def rmse(model):
            return ((model.predict(X) - y) ** 2).mean() ** 0.5
        for r in [0.1, 1.0]:
            model = train(X, y, r)
            print(r, rmse(model))
        """,
        """
        def train(data, target, alpha):
            return Ridge(alpha=alpha).fit(data, target)
        def rmse(model):
            return ((model.predict(X) - y) ** 2).mean() ** 0.5
        r_values = [0.1, 1.0]
        models = []
        for r in r_values:
            model = train(X, y, r)
            models.append(model)
        for r, model in zip(r_values, models):
            print(r, rmse(model))
        """,
    ),
    "lists side by side": (
        """
        names, models = ["a", "b"], [Ridge(), Ridge(alpha=2.0)]
        seen = {}
        for name, model in zip(names, models):
            fitted = model.fit(X, y)
            seen[name] = fitted.score(X, y)
        """,
        """
        names, models = ["a", "b"], [Ridge(), Ridge(alpha=2.0)]
        seen = {}
        fitteds = []
        for name, model in zip(names, models):
            fitted = model.fit(X, y)
            fitteds.append(fitted)
        for name, model, fitted in zip(names, models, fitteds):
            seen[name] = fitted.score(X, y)
        """,
    ),
    "one place of a list for each": (
        """
        fits = [None] * 3
        scores = [0] * 3
        for i in range(3):
            fits[i] = Ridge(alpha=i + 1)
            fits[i].fit(X, y)
            scores[i] = fits[i].score(X, y)
        """,
        """
        fits = [None] * 3
        scores = [0] * 3
        for i in range(3):
            fits[i] = Ridge(alpha=i + 1)
            fits[i].fit(X, y)
        for i in range(3):
            scores[i] = fits[i].score(X, y)
        """,
    ),
}


# Loops whose iterations become calls: (items, item, results).
CALLS = {
    "models of a dict": ("candidates", "model", "fitted"),
    "a model made in the loop": ("depths", "depth", "trees"),
    "folds, which come once": ("folds", "fold", "clfs"),
    "models written out": ("models", "model", "fitted"),
    "a function of the program": ("r_values", "r", "models"),
}


@pytest.mark.parametrize("case", PARTED)
def test_parted(case, tmp_path):
    text, expected = PARTED[case]
    found = rewritten(text, tmp_path)
    assert written(found) == textwrap.dedent(expected).strip("\n")
    names = [finding.name for finding in found.program.findings]
    assert [name for name in names if name.startswith("loop-")] == ["loop-parted"]
    fans = [s.fan for s in found.program.statements if s.fan]
    assert [(fan.items, fan.item, fan.results) for fan in fans] == [
        CALLS[name] for name in CALLS if name == case
    ]


def test_models_with_names_of_their_own_are_put_back(tmp_path):
    found = rewritten(
        """
        a, b = Ridge(), Ridge(alpha=2.0)
        for model in [a, b]:
            model.fit(X, y)
        print(a.coef_, b.coef_)
        """,
        tmp_path,
    )
    assert "\na, b = fitted\n" in written(found)


def test_models_known_elsewhere_are_fitted_where_they_are(tmp_path):
    found = rewritten(
        """
        known = Ridge()
        models = [known, Ridge(alpha=2.0)]
        for model in models:
            model.fit(X, y)
            print(model.score(X, y))
        print(known.coef_)
        """,
        tmp_path,
    )
    assert not any(statement.fan for statement in found.program.statements)


WHOLE = {
    "one model for all": (
        """
        model = Ridge()
        scores = []
        for alpha in [0.1, 1.0]:
            model.set_params(alpha=alpha)
            model.fit(X, y)
            scores.append(model.score(X, y))
        """,
        "`model` is one and the same in every iteration",
    ),
    "the next needs the last": (
        """
        data = X
        scores = []
        for alpha in [0.1, 1.0]:
            model = Ridge(alpha=alpha).fit(data, y)
            data = data + model.predict(data)[:, None]
        """,
        "`data` is one and the same in every iteration",
    ),
    "it may end early": (
        """
        for alpha in [0.1, 1.0]:
            model = Ridge(alpha=alpha)
            model.fit(X, y)
            if model.score(X, y) > 2:
                break
        """,
        "an iteration may end early (`break` or `continue`)",
    ),
    "one statement does both": (
        """
        scores = []
        for model in [Ridge(), Ridge(alpha=2.0)]:
            scores.append(cross_val_score(model, X, y, cv=3))
        """,
        "one statement trains and judges",
    ),
    "random draws on both sides": (
        """
        scores = []
        for i in range(3):
            rows = np.random.choice(20, 15)
            model = Ridge()
            model.fit(X[rows], y[rows])
            scores.append(model.score(X, y) + np.random.rand())
        """,
        "parted, it does not compute the same: `model` differs",
    ),
    "one object twice": (
        """
        model = DecisionTreeClassifier(max_depth=1)
        models = [model, model]
        seen = []
        for i, m in enumerate(models):
            m.fit(X[i * 5 :], y[i * 5 :] * i)
            seen.append(m.score(X, y))
        """,
        "parted, it does not compute the same: `seen` differs",
    ),
    "pieces that overlap": (
        """
        sums = [0, 0, 0]
        for i, n in enumerate(sums):
            sums[: i + 1] = [n + 1] * (i + 1)
            model = Ridge().fit(X[:, : i + 1], y)
            print(model.score(X[:, : i + 1], y))
        """,
        "it changes `sums` while it goes over it",
    ),
    "draws that happen not to matter": (
        """
        for i in range(2):
            count = len(np.random.permutation(3))
            model = Ridge()
            model.fit(X[:count], y[:count])
            noise = len(np.random.permutation(3))
            print(model.score(X, y), noise)
        """,
        "parted, it does not compute the same: both what trains and what judges use random numpy",
    ),
}


@pytest.mark.parametrize("case", WHOLE)
def test_whole(case, tmp_path):
    text, reason = WHOLE[case]
    found = rewritten(text, tmp_path)
    assert written(found) == textwrap.dedent(text).strip("\n")
    assert [f.reason for f in found.program.findings] == [f"the loop stays whole: {reason}"]


def test_a_loop_that_does_not_train_is_not_looked_at(tmp_path):
    found = rewritten("for i in range(3):\n    print(X[i].sum())\n", tmp_path)
    assert found.program.findings == ()
    assert found.checks == ()
