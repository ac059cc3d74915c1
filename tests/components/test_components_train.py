"""train: any estimator, to one model of raw rows and a record of how it was made."""

from __future__ import annotations

import json
import pickle
import random

import lightgbm
import numpy as np
import pandas as pd
import polars as pl
import pytest
import xgboost
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression, SGDClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from thruway.components import train, transform
from thruway.components.models import predict_proba
from thruway.errors import DataError, UsageError

RNG = np.random.default_rng(0)
N = 200
X = pd.DataFrame(RNG.normal(size=(N, 3)), columns=["a", "b", "c"])
Y = np.where(X["a"] + 0.5 * RNG.normal(size=N) > 0, "yes", "no")
ROWS = X.assign(y=Y)
TRAIN, EVAL = ROWS[:150], ROWS[150:]
NUMBERS = X.assign(y=X["a"] * 3 + X["b"])
QUIET = {"verbose": -1}


def kind(value):
    return type(value).__name__


SAME = [
    LogisticRegression(),
    RandomForestClassifier(n_estimators=5),
    HistGradientBoostingClassifier(max_iter=5),
    GaussianNB(),
    KNeighborsClassifier(),
    make_pipeline(StandardScaler(), LogisticRegression()),
    lightgbm.LGBMClassifier(n_estimators=5, **QUIET),
]


@pytest.mark.parametrize("estimator", SAME, ids=kind)
@pytest.mark.parametrize("library", ["pandas", "polars", "arrow"])
def test_the_model_is_what_the_library_makes(estimator, library):
    make = {"pandas": lambda f: f, "polars": pl.from_pandas, "arrow": lambda f: pl.from_pandas(f).to_arrow()}[library]  # fmt: skip
    model, run = train(make(TRAIN), estimator, "y", seed=7)
    by_hand = pickle.loads(pickle.dumps(estimator))
    if "random_state" in by_hand.get_params():
        by_hand.set_params(random_state=7)
    by_hand.fit(TRAIN[["a", "b", "c"]], TRAIN["y"])
    assert model.predict(make(EVAL)).tolist() == by_hand.predict(EVAL[["a", "b", "c"]]).tolist()
    assert np.array_equal(model.predict_proba(EVAL), by_hand.predict_proba(EVAL[["a", "b", "c"]]))
    assert (run.n_rows, run.features, run.classes) == (150, ("a", "b", "c"), ("no", "yes"))
    assert not hasattr(estimator, "classes_")  # it was cloned


@pytest.mark.parametrize(
    "labels",
    [Y, Y == "yes", np.where(Y == "yes", 7, 3), pd.Categorical(Y), np.where(Y == "yes", 1.0, 0.0)],
    ids=["text", "bool", "integers", "categories", "zero and one"],
)
@pytest.mark.parametrize(
    "estimator",
    [
        xgboost.XGBClassifier(n_estimators=3),
        lightgbm.LGBMClassifier(n_estimators=3, **QUIET),
        LogisticRegression(),
        make_pipeline(StandardScaler(), xgboost.XGBClassifier(n_estimators=3)),
    ],
    ids=["xgboost", "lightgbm", "scikit-learn", "pipeline of xgboost"],
)
def test_labels_come_back_as_they_were_written(estimator, labels):
    rows = X.assign(y=labels)
    model, run = train(rows, estimator, "y")
    found = model.predict(rows)
    assert set(found.tolist()) <= set(rows["y"].tolist())
    assert (found == rows["y"].to_numpy()).mean() > 0.8
    assert list(run.classes) == sorted(set(rows["y"].tolist()))
    best = predict_proba(model, rows).argmax(axis=1)
    assert [model.classes[place] for place in best] == found.tolist()


EARLY = [
    (xgboost.XGBClassifier(n_estimators=300), "logloss"),
    (lightgbm.LGBMClassifier(n_estimators=300, **QUIET), "binary_logloss"),
    (make_pipeline(StandardScaler(), xgboost.XGBClassifier(n_estimators=300)), "logloss"),
]


@pytest.mark.parametrize(("estimator", "metric"), EARLY, ids=["xgboost", "lightgbm", "pipeline"])
def test_boosters_stop_by_the_eval_rows(estimator, metric):
    model, run = train({"train": TRAIN, "eval": EVAL}, estimator, "y", early_stopping=5)
    losses = run.curve["eval"][metric]
    assert len(losses) < 300
    assert run.best_iteration == losses.index(min(losses)) + 1
    assert run.metrics["eval"]["log_loss"] == pytest.approx(min(losses), rel=1e-4)
    assert set(run.metrics) == {"train", "eval"}
    assert (run.n_rows, run.n_eval_rows) == (150, 50)
    assert model.predict(EVAL[:1]).shape == (1,)
    with pytest.raises(UsageError, match="needs rows that it does not learn from"):
        train(TRAIN, estimator, "y", early_stopping=5)


@pytest.mark.parametrize(
    "estimator",
    [
        HistGradientBoostingClassifier(max_iter=500),
        GradientBoostingClassifier(n_estimators=500),
        SGDClassifier(max_iter=5000, tol=1e-9),
        make_pipeline(StandardScaler(), MLPClassifier(max_iter=500)),
    ],
    ids=["hist", "gradient", "sgd", "mlp"],
)
def test_scikit_learn_stops_early(estimator):
    _, run = train(TRAIN, estimator, "y", early_stopping=3)
    assert 3 <= run.n_rounds < 500
    name = next(one for one in run.parameters if one.endswith("n_iter_no_change"))
    assert run.parameters[name] == 3


def test_what_is_not_stopped_by_eval_says_so():
    _, run = train(TRAIN, SGDClassifier(), "y", eval=EVAL, early_stopping=3)
    assert run.warnings[0] == "SGDClassifier stops by 10% of the training rows, not by `eval`"
    with pytest.raises(UsageError, match="LogisticRegression cannot stop early"):
        train(TRAIN, LogisticRegression(), "y", early_stopping=3)


@pytest.mark.parametrize(
    ("estimator", "rounds"),
    [
        (xgboost.XGBClassifier(n_estimators=4), 8),
        (lightgbm.LGBMClassifier(n_estimators=4, **QUIET), 8),
        (HistGradientBoostingClassifier(max_iter=4), 8),
        (GradientBoostingClassifier(n_estimators=4), 8),
        (make_pipeline(StandardScaler(), xgboost.XGBClassifier(n_estimators=4)), 8),
        (SGDClassifier(max_iter=5, tol=None), 5),
    ],
    ids=["xgboost", "lightgbm", "hist", "gradient", "pipeline", "sgd"],
)
def test_it_goes_on_from_a_base_model(estimator, rounds):
    base, _ = train(TRAIN, estimator, "y")
    before = base.predict(EVAL).tolist()
    model, run = train(EVAL, estimator, "y", base_model=base)
    assert run.warm_started
    assert run.n_rounds == rounds
    assert base.predict(EVAL).tolist() == before
    assert model.classes == base.classes


def test_a_forest_grows_and_naive_bayes_learns_on():
    base, _ = train(TRAIN, RandomForestClassifier(n_estimators=4), "y")
    model, _ = train(EVAL, RandomForestClassifier(n_estimators=3), "y", base_model=base)
    assert len(model.estimator.estimators_) == 7
    base, _ = train(TRAIN, GaussianNB(), "y")
    model, _ = train(EVAL, GaussianNB(), "y", base_model=base)
    whole, _ = train(ROWS, GaussianNB(), "y")
    assert np.allclose(model.predict_proba(ROWS), whole.predict_proba(ROWS))


def test_bases_that_cannot_be():
    base, _ = train(TRAIN, LogisticRegression(), "y")
    with pytest.raises(
        DataError, match="`base_model` is a LogisticRegression, the estimator a SGD"
    ):
        train(EVAL, SGDClassifier(), "y", base_model=base)
    knn, _ = train(TRAIN, KNeighborsClassifier(), "y")
    with pytest.raises(UsageError, match="cannot go on from a base model"):
        train(EVAL, KNeighborsClassifier(), "y", base_model=knn)
    with pytest.raises(DataError, match="the label 'maybe' is none that `base_model` was trained"):
        train(EVAL.assign(y="maybe"), LogisticRegression(), "y", base_model=base)


def test_class_and_row_weights_are_those_of_scikit_learn():
    weights = np.where(Y == "yes", 5.0, 1.0)
    by_hand = LogisticRegression().fit(X, Y, sample_weight=weights)
    for options in (
        {"class_weight": {"yes": 5.0}},
        {"sample_weight": weights},
        {"examples": ROWS.assign(w=weights), "sample_weight": "w"},
    ):
        model, run = train(**{"examples": ROWS, "estimator": LogisticRegression(), "label": "y", **options})  # fmt: skip
        assert np.allclose(model.predict_proba(ROWS), by_hand.predict_proba(X), atol=1e-6)
        assert run.features == ("a", "b", "c")
    # XGBoost has no class weights: the rows have them.
    one, _ = train(ROWS, xgboost.XGBClassifier(n_estimators=3), "y", class_weight={"yes": 5.0})
    other, _ = train(ROWS, xgboost.XGBClassifier(n_estimators=3), "y", sample_weight=weights)
    assert np.array_equal(one.predict_proba(ROWS), other.predict_proba(ROWS))
    balanced, _ = train(ROWS, xgboost.XGBClassifier(n_estimators=3), "y", class_weight="balanced")
    from sklearn.utils.class_weight import compute_sample_weight

    wanted, _ = train(ROWS, xgboost.XGBClassifier(n_estimators=3), "y", sample_weight=compute_sample_weight("balanced", Y))  # fmt: skip
    assert np.array_equal(balanced.predict_proba(ROWS), wanted.predict_proba(ROWS))


class Dice(ClassifierMixin, BaseEstimator):
    """Draws from the global streams, and has no random state."""

    def fit(self, frame, labels):  # noqa: ARG002 - scikit-learn's
        self.classes_ = np.unique(labels)
        self.drawn_ = (random.random(), float(np.random.rand()))  # noqa: NPY002 - the global one
        return self

    def predict(self, frame):
        return np.repeat(self.classes_[:1], len(frame))


def test_seeds_are_set_recorded_and_put_back():
    np.random.seed(1)  # noqa: NPY002 - the global stream is what is looked at
    random.seed(1)
    before = (random.getstate(), np.random.get_state()[1].tolist())  # noqa: NPY002
    one, run = train(ROWS, Dice(), "y", seed=4)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before  # noqa: NPY002
    other, _ = train(ROWS, Dice(), "y", seed=4)
    third, _ = train(ROWS, Dice(), "y", seed=5)
    assert one.estimator.drawn_ == other.estimator.drawn_ != third.estimator.drawn_
    assert run.seeds == {"ambient": 4}
    pipeline = make_pipeline(StandardScaler(), RandomForestClassifier(n_estimators=2))
    _, run = train(ROWS, pipeline, "y", seed=4)
    assert run.seeds == {"ambient": 4, "randomforestclassifier__random_state": 4}
    _, run = train(ROWS, RandomForestClassifier(n_estimators=2, random_state=9), "y", seed=4)
    assert run.seeds == {"ambient": 4, "random_state": 9}


@pytest.mark.parametrize("estimator", [*SAME, *(one for one, _ in EARLY)], ids=kind)
def test_the_same_call_makes_the_same_model(estimator):
    one, first = train({"train": TRAIN, "eval": EVAL}, estimator, "y")
    other, second = train({"train": TRAIN, "eval": EVAL}, estimator, "y")
    assert first == second
    assert np.array_equal(one.predict_proba(EVAL), other.predict_proba(EVAL))


def test_the_record_is_plain_and_shown():
    _, run = train(TRAIN, LogisticRegression(C=0.5), "y", eval=EVAL)
    assert json.loads(json.dumps(run.to_dict()))["parameters"]["C"] == 0.5
    assert {"python", "sklearn", "numpy", "thruway"} <= set(run.versions)
    assert run.metrics["eval"]["accuracy"] > 0.7
    assert repr(run) == "ModelRun(LogisticRegression, classification, 150 rows, pass)"
    shown = run._repr_html_()
    assert "balanced_accuracy" in shown
    assert " at 0x" not in str(run.to_dict())
    _, boosted = train(TRAIN, xgboost.XGBClassifier(n_estimators=9), "y", eval=EVAL)
    assert "<svg" in boosted._repr_html_()
    assert pickle.loads(pickle.dumps(boosted)) == boosted


def test_hyperparameters_of_the_last_step_need_no_prefix():
    pipeline = make_pipeline(StandardScaler(), LogisticRegression())
    _, run = train(ROWS, pipeline, "y", hyperparameters={"C": 0.25, "standardscaler__with_mean": False})  # fmt: skip
    assert run.parameters["logisticregression__C"] == 0.25
    assert run.parameters["standardscaler__with_mean"] is False
    with pytest.raises(UsageError, match="do you mean `max_iter`"):
        train(ROWS, LogisticRegression(), "y", hyperparameters={"max_itr": 3})


def test_rows_without_a_label_are_left_out_and_it_says_so():
    rows = ROWS.copy()
    rows.loc[rows.index[:50], "y"] = None
    model, run = train(rows, LogisticRegression(), "y")
    assert run.n_rows == 150
    assert run.warnings == ("50 of 200 rows of `train` have no label and are left out",)
    by_hand = LogisticRegression().fit(X[50:], Y[50:])
    assert np.array_equal(model.predict_proba(X), by_hand.predict_proba(X))
    numbers = NUMBERS.assign(y=np.where(X["c"] > 1, np.nan, NUMBERS["y"]))
    _, run = train(numbers, LinearRegression(), "y")
    assert run.gate.verdict == "warn"


def test_a_fit_that_did_not_converge_warns():
    _, run = train(X.assign(y=Y), LogisticRegression(max_iter=1), "y")
    assert run.gate.verdict == "warn"
    assert run.warnings[0].startswith("ConvergenceWarning")


def test_eval_rows_of_other_classes_are_left_out():
    odd = EVAL.copy()
    odd.loc[odd.index[:5], "y"] = "maybe"
    _, run = train(TRAIN, LogisticRegression(), "y", eval=odd)
    assert run.n_eval_rows == 45
    assert "5 rows of `eval` have a label that training has not" in run.warnings[0]


BAD = {
    "no such label": (ROWS, "Y", {}, DataError, "do you mean `y`"),
    "one class": (ROWS.assign(y="yes"), "y", {}, DataError, "all labels of `train` are 'yes'"),
    "no labels": (ROWS.assign(y=None), "y", {}, DataError, "all labels of `train` are missing"),
    "mixed labels": (ROWS.assign(y=[1, "a"] * 100), "y", {}, DataError, "of several types: int, str"),
    "fractions": (NUMBERS, "y", {}, DataError, "numbers with fractions, and the estimator classifies"),
    "dates": (ROWS.assign(y=pd.Timestamp("2020-01-01")), "y", {}, DataError, "labels of `train` are dates"),
    "text to regress": (ROWS, "y", {"estimator": LinearRegression()}, DataError, "of `train` is no number, and the estimator regresses"),
    "infinite label": (NUMBERS.assign(y=np.inf), "y", {"estimator": LinearRegression()}, DataError, "200 labels of `train` are infinite"),
    "text feature": (ROWS.assign(name="x"), "y", {}, DataError, "columns that are no numbers: `name`"),
    "missing feature": (ROWS.assign(b=np.nan), "y", {}, DataError, "columns with missing values: `b`"),
    "infinite feature": (ROWS.assign(b=np.inf), "y", {}, DataError, "columns with infinite values: `b`"),
    "no rows": (ROWS[:0], "y", {}, DataError, "`train` has no rows"),
    "no features": (ROWS[["y"]], "y", {}, DataError, "no column to learn from"),
    "features not there": (ROWS, "y", {"features": ["a", "z"]}, DataError, "lacks `z`"),
    "negative weights": (ROWS, "y", {"sample_weight": -np.ones(N)}, DataError, "sample weights are"),
    "short weights": (ROWS, "y", {"sample_weight": np.ones(3)}, UsageError, "3 values for 200 rows"),
    "short labels": (X, [1, 2], {}, UsageError, "2 values for 200 rows"),
    "weights not taken": (ROWS, "y", {"estimator": KNeighborsClassifier(), "sample_weight": np.ones(N)}, UsageError, "takes no row weights"),
    "class weights of nobody": (ROWS, "y", {"class_weight": {"si": 2}}, UsageError, "names 'si', which is no label"),
    "class weights of numbers": (NUMBERS, "y", {"estimator": LinearRegression(), "class_weight": "balanced"}, UsageError, "this is a regression"),
    "class weights not taken": (ROWS, "y", {"estimator": KNeighborsClassifier(), "class_weight": "balanced"}, UsageError, "takes neither"),
    "a class": (ROWS, "y", {"estimator": LogisticRegression}, UsageError, "the class LogisticRegression"),
    "no estimator": (ROWS, "y", {"estimator": "xgboost"}, UsageError, "which cannot be fitted"),
    "callbacks not taken": (ROWS, "y", {"callbacks": [print]}, UsageError, "takes no callbacks"),
    "patience": (ROWS, "y", {"early_stopping": 0}, UsageError, "at least 1"),
    "no train": ({"eval": ROWS}, "y", {}, UsageError, "has no part `train`"),
    "eval without label": (X, Y, {"eval": X}, UsageError, "needs a label of its own"),
    "no graph": (ROWS, "y", {"transformed": True}, UsageError, "there is no `transform_graph`"),
    "twice": (pd.concat([ROWS, X], axis=1), "y", {}, DataError, "two columns called `a`"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_is_said_in_our_words(case):
    examples, label, options, error, said = BAD[case]
    with pytest.raises(error) as caught:
        train(**{"examples": examples, "estimator": LogisticRegression(), "label": label, **options})  # fmt: skip
    assert said in str(caught.value)


GRAPHS = {
    "same names": StandardScaler,
    "other names": lambda: ColumnTransformer([("s", StandardScaler(), ["a", "b", "c"])]),
}


@pytest.mark.parametrize("graph", GRAPHS)
def test_raw_or_transformed_the_model_is_the_same(graph):
    parts = {"train": TRAIN, "eval": EVAL}
    fitted, transformed = transform(parts, GRAPHS[graph](), label="y")
    raw, run = train(parts, LogisticRegression(), "y", transform_graph=fitted)
    made, same = train(transformed, LogisticRegression(), "y", transform_graph=fitted)
    assert run == same
    assert run.features == ("a", "b", "c")
    assert np.array_equal(raw.predict_proba(EVAL), made.predict_proba(EVAL))
    by_hand = make_pipeline(StandardScaler(), LogisticRegression()).fit(X[:150], Y[:150])
    assert np.allclose(raw.predict_proba(EVAL), by_hand.predict_proba(X[150:]))


def test_it_asks_when_it_cannot_tell_raw_from_transformed():
    fitted, transformed = transform(TRAIN, StandardScaler(), label="y")
    shuffled = transformed.sample(frac=1, random_state=0)
    with pytest.raises(UsageError, match="raw, or transformed"):
        train(shuffled, LogisticRegression(), "y", transform_graph=fitted)
    model, _ = train(shuffled, LogisticRegression(), "y", transform_graph=fitted, transformed=True)
    wanted, _ = train(TRAIN, LogisticRegression(), "y", transform_graph=fitted)
    assert np.allclose(model.predict_proba(EVAL), wanted.predict_proba(EVAL), atol=1e-4)
    with pytest.raises(DataError, match="neither the raw columns of the transform graph"):
        train(TRAIN[["a", "y"]], LogisticRegression(), "y", transform_graph=fitted)


def test_sparse_features_stay_sparse():
    rows = pd.DataFrame({"text": ["good day", "bad day", "good night", "bad night"] * 5})
    rows["y"] = ["up", "down"] * 10
    words = ColumnTransformer([("t", CountVectorizer(), "text")])
    graph, _ = transform(rows, words, label="y", output="array")
    model, run = train(rows, LogisticRegression(), "y", transform_graph=graph, eval=rows)
    assert model.predict(pd.DataFrame({"text": ["good good"]})).tolist() == ["up"]
    assert run.metrics["eval"]["accuracy"] == 1.0
    assert run.features == ("text",)


def test_columns_of_any_kind_behind_a_pipeline():
    rows = ROWS.assign(city=np.where(Y == "yes", "Köln", "Bern"), when=pd.Timestamp("2020-01-01", tz="Europe/Berlin"))  # fmt: skip
    encode = ColumnTransformer([("c", OneHotEncoder(handle_unknown="ignore"), ["city"])])
    model, _ = train(rows, make_pipeline(encode, LogisticRegression()), "y")
    assert model.predict(rows).tolist() == Y.tolist()
    assert model.predict(rows[:1].assign(city="Rom")).shape == (1,)


def test_categories_go_to_boosters_in_every_library():
    rows = X.assign(city=pd.Categorical(np.where(Y == "yes", "x", "w"), categories=["w", "x", "z"]), y=Y)  # fmt: skip
    estimator = lightgbm.LGBMClassifier(n_estimators=20, **QUIET)
    for make in (lambda f: f, pl.from_pandas, lambda f: pl.from_pandas(f).to_arrow()):
        model, run = train(make(rows), estimator, "y")
        assert run.metrics["train"]["accuracy"] == 1.0
        assert set(model.categories) == {"city"}
        batch = model.predict(make(rows))
        alone = [model.predict(make(rows[place : place + 1]))[0] for place in range(8)]
        assert batch[:8].tolist() == alone == Y[:8].tolist()


def test_arrays():
    model, run = train(X.to_numpy(), LogisticRegression(), Y)
    assert run.label == ""
    assert (
        model.predict(X.to_numpy()).tolist() == LogisticRegression().fit(X, Y).predict(X).tolist()
    )


def test_regression_and_its_measures():
    model, run = train(NUMBERS[:150], RandomForestRegressor(n_estimators=5), "y", eval=NUMBERS[150:])  # fmt: skip
    from sklearn.metrics import mean_absolute_error, r2_score

    found = model.predict(NUMBERS[150:])
    assert run.metrics["eval"]["mae"] == pytest.approx(mean_absolute_error(NUMBERS["y"][150:], found))  # fmt: skip
    assert run.metrics["eval"]["r2"] == pytest.approx(r2_score(NUMBERS["y"][150:], found))
    assert run.classes == ()
    assert not hasattr(model, "predict_proba")


def test_what_is_given_stays_as_it_is():
    frame, estimator = ROWS.copy(), xgboost.XGBClassifier(n_estimators=3)
    before = estimator.get_params()
    train(frame, estimator, "y", eval=EVAL, early_stopping=2, hyperparameters={"max_depth": 2})
    pd.testing.assert_frame_equal(frame, ROWS)
    assert str(estimator.get_params()) == str(before)


def test_an_estimator_of_the_users_own_needs_only_fit_and_predict():
    class Mean:
        def fit(self, frame, labels):  # noqa: ARG002 - the protocol's
            self.mean = labels.mean()
            return self

        def predict(self, frame):
            return np.full(len(frame), self.mean)

    model, run = train(NUMBERS, Mean(), "y", measure=False)
    assert model.predict(NUMBERS[:2]).tolist() == [NUMBERS["y"].mean()] * 2
    assert run.metrics == {}


def test_a_tree_is_told_apart_from_its_parameters():
    _, run = train(ROWS, DecisionTreeClassifier(max_depth=2), "y", measure=False)
    assert run.estimator == "sklearn.tree._classes.DecisionTreeClassifier"
    assert run.n_rounds is None
