"""Libraries that are not installed everywhere: CatBoost, skrub, Keras. Each is skipped alone."""

from __future__ import annotations

import os

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.linear_model import LogisticRegression

from thruway.components import TrainedModel, batch_predict, train, transform
from thruway.components.models import classes_of, predict, predict_proba, task_of
from thruway.errors import UsageError

RNG = np.random.default_rng(0)
X = pd.DataFrame(
    {
        "a": RNG.normal(size=200),
        "b": RNG.normal(size=200),
        "city": RNG.choice(["Köln", "Bern"], 200),
        "when": pd.date_range("2020-01-01", periods=200, tz="Europe/Berlin"),
    }
)
ROWS = X.assign(y=np.where(X["a"] + (X["city"] == "Bern") > 0.5, "yes", "no"))
PARTS = {"train": ROWS[:150], "eval": ROWS[150:]}


def test_catboost_stops_early_goes_on_and_keeps_labels():
    catboost = pytest.importorskip("catboost")
    estimator = catboost.CatBoostClassifier(iterations=60, verbose=0)
    options = {"features": ["a", "b"], "class_weight": "balanced"}
    model, run = train(PARTS, estimator, "y", early_stopping=5, **options)
    losses = run.curve["eval"]["Logloss"]
    assert run.best_iteration == losses.index(min(losses)) + 1
    assert run.seeds == {"ambient": 0, "random_seed": 0}
    assert set(model.predict(ROWS)) == {"yes", "no"}
    assert np.array_equal(predict_proba(model, ROWS), model.estimator.predict_proba(X[["a", "b"]]))
    base, _ = train(PARTS["train"], estimator, "y", features=["a", "b"])
    assert train(ROWS, estimator, "y", features=["a", "b"], base_model=base)[1].n_rounds == 120


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_skrub_makes_numbers_of_any_table(library):
    skrub = pytest.importorskip("skrub")
    rows = ROWS if library == "pandas" else pl.from_pandas(ROWS)
    graph, whole = transform(rows, skrub.TableVectorizer(), label="y")
    assert graph.alone == "identical"
    assert graph.gate.verdict == "pass"
    alone = graph.transform(rows[3:4])
    assert type(alone) is type(whole)
    assert np.array_equal(np.asarray(alone)[0], np.asarray(whole)[3])
    model, _ = train(rows, LogisticRegression(), "y", transform_graph=graph)
    assert model.predict(rows[3:4])[0] == model.predict(rows)[3]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Keras, about NumPy 2
def test_keras_models_answer():
    pytest.importorskip("torch")
    os.environ.setdefault("KERAS_BACKEND", "torch")
    keras = pytest.importorskip("keras")

    def net(outputs, activation):
        layers = [keras.Input((2,)), keras.layers.Dense(outputs, activation=activation)]
        return keras.Sequential(layers)

    numbers = X[["a", "b"]]
    for outputs, activation, classes in ((1, "sigmoid", [0, 1]), (3, "softmax", [0, 1, 2])):
        model = net(outputs, activation)
        assert classes_of(model) == classes
        assert task_of(model) == "classification"
        probabilities = predict_proba(model, numbers)
        assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)
        assert predict(model, numbers).tolist() == probabilities.argmax(axis=1).tolist()
    model = net(1, "linear")
    assert predict_proba(model, numbers) is None
    whole = TrainedModel(model, ("a", "b"), "y")
    assert len(batch_predict(X, whole, keys="city", chunk_rows=60)) == 200
    with pytest.raises(UsageError, match="does not fit models of Keras"):
        train(ROWS, model, "y", features=["a", "b"])
