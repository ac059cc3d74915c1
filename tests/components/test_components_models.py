"""Models of any library answer five questions alike."""

from __future__ import annotations

import warnings

import lightgbm
import numpy as np
import pandas as pd
import polars as pl
import pytest
import xgboost
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from thruway.components.models import (
    TrainedModel,
    classes_of,
    features_of,
    predict,
    predict_proba,
    task_of,
)
from thruway.errors import DataError, UsageError

RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.normal(size=(80, 3)), columns=["a", "b c", "d"])
BINARY = np.where(X["a"] > 0, "yes", "no")
THREE = np.select([X["a"] > 0.5, X["a"] < -0.5], ["high", "low"], "mid")
NUMBER = (X["a"] * 2 + X["d"]).to_numpy()
QUIET = {"verbose": -1, "n_estimators": 5}

CLASSIFIERS = [
    LogisticRegression(),
    make_pipeline(StandardScaler(), LogisticRegression()),
    RandomForestClassifier(n_estimators=5, random_state=0),
    HistGradientBoostingClassifier(max_iter=5),
    GridSearchCV(DecisionTreeClassifier(random_state=0), {"max_depth": [1, 2]}, cv=2),
    lightgbm.LGBMClassifier(**QUIET),
]
REGRESSORS = [
    LinearRegression(),
    RandomForestRegressor(n_estimators=5, random_state=0),
    lightgbm.LGBMRegressor(**QUIET),
    xgboost.XGBRegressor(n_estimators=5),
]
FRAMES = {"pandas": lambda f: f, "polars": pl.from_pandas, "lazy": lambda f: pl.from_pandas(f).lazy(), "arrow": lambda f: pl.from_pandas(f).to_arrow()}  # fmt: skip


def kind(model):
    return type(model).__name__


@pytest.mark.parametrize("model", CLASSIFIERS, ids=kind)
@pytest.mark.parametrize("labels", [BINARY, THREE], ids=["two", "three"])
@pytest.mark.parametrize("library", FRAMES)
def test_classifiers_say_what_their_library_says(model, labels, library):
    model = clone(model).fit(X, labels)
    given = FRAMES[library](X.assign(extra="x")[["extra", "d", "a", "b c"]])
    assert predict(model, given).tolist() == model.predict(X).tolist()
    # Old BLAS round products of rows that lie otherwise in memory otherwise.
    np.testing.assert_allclose(predict_proba(model, given), model.predict_proba(X), rtol=1e-12)
    assert classes_of(model) == sorted(set(labels))
    assert task_of(model) == "classification"


@pytest.mark.parametrize("model", REGRESSORS, ids=kind)
def test_regressors(model):
    model = model.fit(X, NUMBER)
    assert np.array_equal(predict(model, X), model.predict(X))
    assert predict_proba(model, X) is None
    assert classes_of(model) is None
    assert task_of(model) == "regression"


@pytest.mark.parametrize("model", [*CLASSIFIERS, *REGRESSORS], ids=kind)
def test_rows_alone_are_rows_among_others(model):
    model = clone(model).fit(X, NUMBER if model in REGRESSORS else THREE)
    batch = predict(model, X)[:9]
    alone = [predict(model, X[place : place + 1])[0] for place in range(9)]
    if kind(model) == "LinearRegression":  # a product of other shapes may round otherwise
        assert np.allclose(batch, alone, rtol=1e-12)
    else:
        assert batch.tolist() == list(alone)


BOOSTERS = {
    "binary:logistic": (xgboost, BINARY == "yes", [0, 1]),
    "multi:softprob": (xgboost, THREE, [0, 1, 2]),
    "multi:softmax": (xgboost, THREE, [0, 1, 2]),
    "reg:squarederror": (xgboost, NUMBER, None),
    "binary": (lightgbm, BINARY == "yes", [0, 1]),
    "multiclass": (lightgbm, THREE, [0, 1, 2]),
    "regression": (lightgbm, NUMBER, None),
}


def booster(objective, names=True):
    library, labels, _ = BOOSTERS[objective]
    codes = np.unique(labels, return_inverse=True)[1] if labels.dtype != float else labels
    data = X if names else X.to_numpy()
    settings = {"objective": objective, "seed": 0}
    if objective.startswith("multi"):
        settings["num_class"] = 3
    if library is xgboost:
        return xgboost.train(settings, xgboost.DMatrix(data, codes), 5), codes
    settings["verbose"] = -1
    return lightgbm.train(settings, lightgbm.Dataset(data, codes), 5), codes


@pytest.mark.parametrize("objective", BOOSTERS)
@pytest.mark.parametrize("names", [True, False], ids=["named", "unnamed"])
def test_boosters_know_their_objective(objective, names):
    model, codes = booster(objective, names)
    classes = BOOSTERS[objective][2]
    assert classes_of(model) == classes
    assert (features_of(model) is not None) == names
    raw = model.predict(xgboost.DMatrix(X if names else X.to_numpy()) if "Booster" in str(type(model)) and BOOSTERS[objective][0] is xgboost else X)  # fmt: skip
    if classes is None:
        assert task_of(model) == "regression"
        assert np.array_equal(predict(model, X), raw)
        return
    assert task_of(model) == "classification"
    probabilities = predict_proba(model, X)
    assert probabilities.shape == (80, len(classes))
    assert np.allclose(probabilities.sum(axis=1), 1)
    assert predict(model, X).tolist() == probabilities.argmax(axis=1).tolist()
    assert (predict(model, X) == codes).mean() > 0.9
    if objective in {"binary:logistic", "binary"}:
        assert np.allclose(probabilities[:, 1], raw, rtol=1e-6)
    elif objective != "multi:softmax":
        assert np.allclose(probabilities, raw, rtol=1e-6)


def test_a_booster_that_stopped_early_uses_its_best_trees_only():
    codes = (BINARY == "yes").astype(int)
    noise = RNG.permutation(codes)
    data, other = xgboost.DMatrix(X, codes), xgboost.DMatrix(X, noise)
    model = xgboost.train(
        {"objective": "binary:logistic"}, data, 50, evals=[(other, "eval")], early_stopping_rounds=2, verbose_eval=False,
    )  # fmt: skip
    assert model.num_boosted_rounds() > model.best_iteration + 1
    wanted = model.predict(data, iteration_range=(0, model.best_iteration + 1))
    assert np.allclose(predict_proba(model, X)[:, 1], wanted)


def test_scores_before_the_decision():
    model = LinearSVC().fit(X, BINARY)
    assert predict_proba(model, X) is None
    scores = predict(model, X, kind="decision_function")
    assert np.array_equal(scores, model.decision_function(X))
    with pytest.raises(DataError, match="has no `predict_proba`"):
        predict(model, X, kind="predict_proba")


def test_functions():
    def rule(frame):
        return frame["a"] > 0

    assert predict(rule, X).tolist() == (X["a"] > 0).tolist()
    assert predict_proba(rule, X) is None
    assert features_of(rule) is None
    assert task_of(rule, BINARY) == "classification"
    with pytest.raises(UsageError, match="does not say whether it classifies"):
        task_of(rule)
    with pytest.raises(DataError, match="3 answers for 80 rows"):
        predict(lambda frame: [1, 2, 3], X)  # noqa: ARG005 - a model takes rows
    with pytest.raises(ZeroDivisionError):  # the user's own error is the user's
        predict(lambda frame: 1 / 0, X)  # noqa: ARG005 - a model takes rows


@pytest.mark.parametrize(
    ("labels", "task"),
    [
        (["a", "b"], "classification"),
        ([True, False], "classification"),
        ([0, 1, 2], "classification"),
        (list(range(100)), "regression"),
        ([0.0, 1.0], "classification"),
        ([0.0, 1.0, 2.0], "regression"),
        ([1.5, float("nan")], "regression"),
        ([None, True], "classification"),
        (np.array(["2020-01-01"], dtype="datetime64[D]"), "regression"),
    ],
    ids=str,
)
def test_what_labels_say(labels, task):
    assert task_of(lambda frame: frame, labels) == task


@pytest.mark.parametrize(
    ("examples", "said"),
    [
        (X[["a", "d"]], "`examples` lacks `b c`, which the model was trained on"),
        (X.assign(a="x"), "cannot predict from `examples`"),
        (X.assign(d=np.nan), "cannot predict from `examples`"),
        (X.to_numpy()[:, :2], "has 2 columns, the model was trained on 3"),
        (X.to_numpy()[0], "an array of 1 dimensions"),
        ("rows.csv", "is no frame"),
        (pd.concat([X, X[["a"]]], axis=1), "two columns called `a`"),
    ],
    ids=["missing column", "text", "missing values", "narrow array", "flat array", "path", "twice"],
)
def test_rows_that_a_model_cannot_take(examples, said):
    model = LogisticRegression().fit(X, BINARY)
    with pytest.raises(DataError) as caught:
        predict(model, examples)
    assert said in str(caught.value)


def test_models_that_are_none():
    with pytest.raises(DataError, match="is not fitted"):
        predict(LogisticRegression(), X)
    for nothing in (None, 3, LogisticRegression, "model.pkl"):
        with pytest.raises(DataError, match="predicts nothing"):
            predict(nothing, X)
    with pytest.raises(UsageError, match="`kind` is `proba`"):
        predict(LogisticRegression().fit(X, BINARY), X, kind="proba")
    several = RandomForestClassifier(n_estimators=2).fit(X, np.column_stack([BINARY, BINARY]))
    with pytest.raises(DataError, match="several labels at once"):
        predict_proba(several, X)


def test_arrays_and_models_of_arrays():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        named = LogisticRegression().fit(X, BINARY)
        unnamed = LogisticRegression().fit(X.to_numpy(), BINARY)
        assert predict(named, X.to_numpy()).tolist() == predict(unnamed, X).tolist()
    assert features_of(unnamed) is None
    assert features_of(lightgbm.LGBMClassifier(**QUIET).fit(X.to_numpy(), BINARY)) is None


@pytest.mark.parametrize("model", [*CLASSIFIERS, *REGRESSORS], ids=kind)
def test_no_rows(model):
    regresses = model in REGRESSORS
    model = model.fit(X, NUMBER if regresses else THREE)
    assert predict(model, X[:0]).shape == (0,)
    if not regresses:
        assert predict_proba(model, X[:0]).shape == (0, 3)


def test_columns_of_other_kinds_go_to_a_pipeline_as_they_are():
    rows = X.assign(city=np.where(X["d"] > 0, "Köln", "Bern"))
    encode = ColumnTransformer([("c", OneHotEncoder(), ["city"])], remainder="passthrough")
    model = make_pipeline(encode, LogisticRegression()).fit(rows, BINARY)
    for library, as_frame in FRAMES.items():
        assert predict(model, as_frame(rows)).tolist() == model.predict(rows).tolist(), library


def test_a_trained_model_is_asked_like_any_other():
    inner = LogisticRegression().fit(X, BINARY)
    model = TrainedModel(inner, ("a", "b c", "d"), "y", "classification", ("no", "yes"))
    rows = X.assign(more=1)
    assert predict(model, rows).tolist() == inner.predict(X).tolist()
    np.testing.assert_allclose(model.predict_proba(rows), inner.predict_proba(X), rtol=1e-12)
    np.testing.assert_allclose(
        model.decision_function(rows), inner.decision_function(X), rtol=1e-12
    )
    assert (classes_of(model), task_of(model)) == (["no", "yes"], "classification")
    assert features_of(model) == ["a", "b c", "d"]
    assert model.predict(X[:0]).shape == (0,)
    number = TrainedModel(LinearRegression().fit(X, NUMBER), ("a", "b c", "d"), "n")
    assert not hasattr(number, "predict_proba")
    assert not hasattr(number, "classes_")
    assert repr(number) == "TrainedModel(LinearRegression, regression of n from 3 columns)"


def test_a_trained_model_goes_into_tools_of_scikit_learn():
    from sklearn.metrics import get_scorer

    inner = LogisticRegression().fit(X, BINARY)
    model = TrainedModel(inner, ("a", "b c", "d"), "y", "classification", ("no", "yes"))
    for metric in ("roc_auc", "accuracy", "neg_log_loss", "average_precision"):
        if metric == "average_precision":
            continue
        scorer = get_scorer(metric)
        assert scorer(model, X, BINARY) == scorer(inner, X, BINARY)


def test_a_booster_inside_a_trained_model_has_probabilities():
    inner, _ = booster("multi:softprob")
    labels = ("high", "low", "mid")
    model = TrainedModel(inner, ("a", "b c", "d"), "y", "classification", labels, encoded=True)
    assert set(model.predict(X)) == set(labels)
    assert model.predict_proba(X).shape == (80, 3)


def test_categories_mean_the_same_in_a_single_row():
    rows = X.assign(city=pd.Categorical(np.where(X["d"] > 0, "a", "b")))
    inner = lightgbm.LGBMClassifier(**QUIET).fit(rows, np.where(X["d"] > 0, 1, 0))
    model = TrainedModel(
        inner, tuple(rows.columns), "y", "classification", (0, 1), categories={"city": ("a", "b")}
    )
    batch = model.predict(rows)
    for form in (lambda f: f, lambda f: f.assign(city=f["city"].astype(str)), pl.from_pandas):
        alone = [model.predict(form(rows[place : place + 1]))[0] for place in range(len(rows))]
        assert list(batch) == alone
