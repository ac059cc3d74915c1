"""transform, tune, train and batch_predict as steps of one pipeline, through the engine."""

from __future__ import annotations

import pytest

FLOW = """
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from thruway import map_over
from thruway.components import (
    batch_predict, best_of, propose, train, transform, try_hyperparameters, tune
)

class Parts(NamedTuple):
    train: pd.DataFrame
    eval: pd.DataFrame
    test: pd.DataFrame

@step
def load(n: int) -> Parts:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, 3))
    rows = pd.DataFrame(x, columns=["a", "b", "c"])
    rows["id"] = range(n)
    rows["y"] = np.where(x[:, 0] + 0.3 * rng.normal(size=n) > 0, "yes", "no")
    return Parts(rows[: n // 2], rows[n // 2 : 3 * n // 4], rows[3 * n // 4 :])

@step
def scaler() -> StandardScaler:
    return StandardScaler()

@step
def estimator(c: float = 1.0) -> LogisticRegression:
    return LogisticRegression(C=c)

@step
def space() -> dict:
    return {"C": ("log", 1e-3, 10.0)}

@step
def as_dict(parts: Parts) -> dict:
    return parts._asdict()

@step
def only_test(parts: Parts) -> pd.DataFrame:
    return parts.test.drop(columns="y")
"""

ALL = (
    FLOW
    + """
@pipeline
def flow(n: int = 200):
    parts = load(n)
    graph, transformed = transform(parts, scaler(), label="y", keep=["id"])
    best, results = tune(parts.train, estimator(), "y", space(), n_trials=4, cv=3)
    model, run = train(
        parts, estimator(), "y", transform_graph=graph, hyperparameters=best
    )
    rows = only_test(parts)
    predictions = batch_predict(rows, model, keys="id")
    return transformed, best, results, model, run, rows, predictions
"""
)

MAPPED = (
    FLOW
    + """
@pipeline
def flow(n: int = 200):
    parts = load(n)
    settings = propose(space(), n_trials=3)
    trials = map_over(
        try_hyperparameters, settings, examples=parts.train, estimator=estimator(), label="y", cv=3
    )
    best, results = best_of(trials)
    return best, results
"""
)


@pytest.mark.parametrize("isolate", [False, True], ids=["in-process", "isolated"])
def test_they_run_in_the_engine_and_from_its_cache(small, isolate):
    small.write(ALL)
    result = small.run(isolate=isolate)
    predictions = result.load("predictions")
    assert list(predictions.columns) == ["id", "prediction", "probability_no", "probability_yes"]
    assert list(predictions["id"]) == list(range(150, 200))
    run = result.load("run")
    assert run.n_rows == 100
    assert run.metrics["eval"]["accuracy"] > 0.8
    assert run.parameters["C"] == result.load("best")["C"]
    rows = result.load("rows")
    assert list(predictions["prediction"]) == list(result.load("model").predict(rows))
    again = small.run(isolate=isolate)
    assert {one.state for one in again.steps} == {"CACHED"}


def test_trials_run_on_the_executor_of_the_pipeline(small):
    small.write(MAPPED)
    result = small.run(isolate=True)
    results = result.load("results")
    assert len(results.trials) == 3
    assert result.load("best") == results.best.parameters
