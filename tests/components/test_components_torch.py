"""Torch modules: asked, and trained by the small loop."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import StandardScaler

from thruway.components import train, transform, tune
from thruway.components.models import classes_of, features_of, predict, predict_proba, task_of
from thruway.errors import DataError, UsageError

torch = pytest.importorskip("torch")
nn = torch.nn

RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.normal(size=(120, 4)), columns=list("abcd"))
Y = np.where(X["a"] + X["b"] > 0, "yes", "no")
THREE = np.select([X["a"] > 0.4, X["a"] < -0.4], ["high", "low"], "mid")
ROWS = X.assign(y=Y)


def net(outputs=1, *last):
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, outputs), *last)


@pytest.mark.parametrize(
    ("module", "classes"),
    [
        (net(1), None),
        (net(1, nn.Sigmoid()), [0, 1]),
        (net(3, nn.Softmax(dim=1)), [0, 1, 2]),
        (net(3, nn.LogSoftmax(dim=1)), [0, 1, 2]),
    ],
    ids=["value", "sigmoid", "softmax", "log softmax"],
)
def test_the_last_layer_says_what_a_module_puts_out(module, classes):
    module.train()
    with torch.no_grad():
        raw = module.eval()(torch.tensor(X.to_numpy(), dtype=torch.float32)).numpy()
    module.train()
    module[1].eval()
    assert classes_of(module) == classes
    if classes is None:
        assert np.array_equal(predict(module, X), raw[:, 0])
        assert task_of(module, [0.5, 1.5]) == "regression"
    else:
        assert task_of(module) == "classification"
        wanted = {1: np.hstack([1 - raw, raw])}.get(raw.shape[1], raw)
        wanted = np.exp(raw) if type(module[-1]).__name__ == "LogSoftmax" else wanted
        assert np.allclose(predict_proba(module, X), wanted)
        assert predict(module, X).tolist() == wanted.argmax(axis=1).tolist()
    # Its parts have their modes back, and nothing is left to differentiate.
    assert module.training
    assert module[2].training
    assert not module[1].training


def test_a_module_that_is_told_its_labels_gives_logits():
    module = net(3)
    module.classes_ = ["x", "y", "z"]
    module.feature_names_in_ = list("abcd")
    assert features_of(module) == list("abcd")
    shuffled = X.assign(more="text")[["more", "d", "c", "b", "a"]]
    assert np.allclose(predict_proba(module, shuffled).sum(axis=1), 1)
    assert set(predict(module, shuffled)) <= {"x", "y", "z"}
    assert predict(module, X, kind="decision_function").shape == (120, 3)


def test_rows_that_a_module_cannot_take():
    with pytest.raises(DataError, match="cannot predict from `examples`"):
        predict(net(), X[["a", "b"]])
    with pytest.raises(DataError, match="the model takes numbers, and `a` is none"):
        predict(net(), X.assign(a="x"))


def make():
    return net(1)


@pytest.mark.parametrize(
    ("module", "labels", "best"),
    [
        (make, Y, 0.9),
        (net(2), Y, 0.9),
        (net(1, nn.Sigmoid()), Y, 0.9),
        (net(3), THREE, 0.8),
        (net(3, nn.Softmax(dim=1)), THREE, 0.8),
        (net(3, nn.LogSoftmax(dim=1)), THREE, 0.8),
    ],
    ids=["function", "two outputs", "sigmoid", "three", "softmax", "log softmax"],
)
def test_the_loop_learns_and_repeats(module, labels, best):
    rows = X.assign(y=labels)
    settings = {"epochs": 60, "learning_rate": 0.02, "batch_size": 17}  # the last batch has 1 row
    model, run = train(rows, module, "y", hyperparameters=settings, seed=3)
    assert run.metrics["train"]["accuracy"] > best
    assert model.classes == tuple(sorted(set(labels)))
    assert len(run.curve["train"]["loss"]) == run.n_rounds == 60
    again, same = train(rows, module, "y", hyperparameters=settings, seed=3)
    assert run == same
    assert np.array_equal(model.predict_proba(rows), again.predict_proba(rows))


def test_a_given_module_is_copied_and_streams_are_put_back():
    module = net()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    torch.manual_seed(5)
    stream = torch.random.get_rng_state()
    train(ROWS, module, "y")
    assert all(torch.equal(before[name], value) for name, value in module.state_dict().items())
    assert torch.equal(stream, torch.random.get_rng_state())


def test_it_stops_early_with_the_best_weights():
    noise = X.assign(y=RNG.permutation(Y))
    model, run = train(
        ROWS, net(), "y", eval=noise, early_stopping=3, hyperparameters={"epochs": 200, "learning_rate": 0.05},
    )  # fmt: skip
    losses = run.curve["eval"]["loss"]
    assert run.n_rounds == len(losses) == run.best_iteration + 3 < 200
    assert losses.index(min(losses)) + 1 == run.best_iteration
    truth = noise["y"].to_numpy() == "yes"
    probabilities = model.predict_proba(noise)[:, 1]
    entropy = -np.where(truth, np.log(probabilities), np.log(1 - probabilities)).mean()
    assert entropy == pytest.approx(min(losses), rel=1e-5)
    with pytest.raises(UsageError, match="needs rows that it does not learn from"):
        train(ROWS, net(), "y", early_stopping=3)


def test_regression_weights_warm_start_and_callbacks():
    rows = X.assign(y=X["a"] * 2, w=np.where(X["a"] > 0, 1.0, 0.0))
    heard = []
    model, run = train(
        rows, net(), "y", sample_weight="w", hyperparameters={"epochs": 40, "learning_rate": 0.02}, callbacks=[heard.append],
    )  # fmt: skip
    assert run.task == "regression"
    assert [one["epoch"] for one in heard] == list(range(1, 41))
    errors = (model.predict(rows) - rows["y"]).abs()
    assert errors[rows["w"] > 0].mean() < errors[rows["w"] == 0].mean()
    _, more = train(rows, net(), "y", base_model=model, hyperparameters={"epochs": 1})
    assert more.curve["train"]["loss"][0] < run.curve["train"]["loss"][0]


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"estimator": net(5)}, DataError, "5 outputs for 2 classes"),
        ({"estimator": nn.Linear(9, 1)}, DataError, "cannot take rows of 4 columns"),
        ({"hyperparameters": {"epoch": 3}}, UsageError, "do you mean `epochs`"),
        ({"hyperparameters": {"optimizer": "lbfgs"}}, UsageError, "`optimizer` is `lbfgs`"),
        ({"hyperparameters": {"epochs": 0}}, UsageError, "above zero"),
        ({"examples": ROWS.assign(a=np.nan)}, DataError, "columns with missing values: `a`"),
        ({"examples": ROWS.assign(a="x")}, DataError, "`a` is none"),
        ({"estimator": list}, UsageError, "the class list"),
        ({"base_model": nn.Linear(2, 2)}, DataError, "weights of `base_model` do not fit"),
    ],
    ids=str,
)
def test_what_the_loop_refuses(change, error, said):
    options = {"examples": ROWS, "estimator": net(), "label": "y", **change}
    with pytest.raises(error) as caught:
        train(**options)
    assert said in str(caught.value)


def test_a_network_behind_a_transform_graph_takes_raw_rows():
    parts = {"train": ROWS[:80] * 1 if False else ROWS[:80], "eval": ROWS[80:]}
    graph, transformed = transform(parts, StandardScaler(), label="y")
    settings = {"epochs": 30, "learning_rate": 0.02}
    one, run = train(transformed, make, "y", transform_graph=graph, hyperparameters=settings)
    other, same = train(parts, make, "y", transform_graph=graph, hyperparameters=settings)
    assert run == same
    assert np.array_equal(one.predict_proba(ROWS), other.predict_proba(ROWS))
    row = ROWS[100:101].drop(columns="y")
    assert one.predict(row)[0] == one.predict(ROWS)[100]


def test_networks_are_tuned():
    tuned = tune(ROWS, make, "y", {"learning_rate": ("log", 1e-4, 0.1)}, n_trials=3, cv=2, train_options={"hyperparameters": {"epochs": 3}})  # fmt: skip
    assert [trial.state for trial in tuned.tuner_results.trials] == ["complete"] * 3
