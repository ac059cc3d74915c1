"""tune: the same search whatever the processes, taken up again, and in parts."""

from __future__ import annotations

import importlib
import pickle

import lightgbm
import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import f1_score
from sklearn.model_selection import KFold, StratifiedKFold, TimeSeriesSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from thruway.components import Trial, best_of, propose, try_hyperparameters, tune
from thruway.errors import DataError, UsageError

optuna = pytest.importorskip("optuna")
RNG = np.random.default_rng(0)
N = 120
X = pd.DataFrame(RNG.normal(size=(N, 3)), columns=["a", "b", "c"])
Y = np.where(X["a"] * X["b"] > 0, "yes", "no")
ROWS = X.assign(y=Y)
NUMBERS = X.assign(y=X["a"] * 3 + X["b"])
SPACE = {"max_depth": (1, 6), "min_samples_leaf": ("log", 1, 30), "criterion": ["gini", "entropy"]}


def tree():
    return DecisionTreeClassifier(random_state=0)


def search(**options):
    return tune(**{"examples": ROWS, "estimator": tree(), "label": "y", "search_space": SPACE, "n_trials": 10, "cv": 3, **options})  # fmt: skip


@pytest.fixture(scope="module")
def found():
    return search()


def test_values_are_those_of_scikit_learn(found):
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    for trial in found.tuner_results.trials:
        if trial.state != "complete":
            continue
        model = tree().set_params(**trial.parameters)
        scores = cross_val_score(model, X, Y, cv=folds, scoring="neg_log_loss")
        assert np.allclose(trial.scores, scores)
        assert trial.value == pytest.approx(scores.mean())


def test_the_best_is_the_best(found):
    best, results = found
    values = [trial.value for trial in results.trials if trial.state == "complete"]
    assert results.best.value == max(values)
    assert best == results.best.parameters
    assert results.metric == "neg_log_loss"
    assert [trial.number for trial in results.trials] == list(range(10))
    assert (results.n_rows, results.n_folds, results.direction) == (N, 3, "maximize")
    assert pickle.loads(pickle.dumps(found)) == found


def test_the_same_search_again_and_in_processes(found):
    assert search() == found
    assert search(n_jobs=2) == found
    assert search(seed=1).tuner_results.trials != found.tuner_results.trials


def test_other_streams_are_left_alone():
    np.random.seed(3)  # noqa: NPY002 - the global stream is what is looked at
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    search(n_trials=2)
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002


def test_it_is_taken_up_where_it_stopped(found, tmp_path, monkeypatch):
    path = tmp_path / "search.jsonl"
    search(n_trials=5, storage=path)
    text = path.read_text()
    path.write_text(text[: -len(text.splitlines()[-1]) // 2])  # killed while it wrote
    before = len(path.read_text().splitlines())
    computed = []
    inner = importlib.import_module("thruway.components.tune.tune")
    answer = inner.answer
    monkeypatch.setattr(inner, "answer", lambda asked, item: computed.append(item) or answer(asked, item))  # fmt: skip
    assert search(storage=path) == found
    runs = sum(len(trial.scores) for trial in found.tuner_results.trials)
    assert len(computed) <= runs - (before - 2)
    computed.clear()
    assert search(storage=path) == found
    assert computed == []
    with pytest.raises(UsageError, match="the storage holds another search"):
        search(storage=path, examples=ROWS[:100])
    (tmp_path / "other").write_text("something else\n")
    with pytest.raises(UsageError, match="the storage holds another search"):
        search(storage=tmp_path / "other")


def test_bad_settings_are_given_up():
    space = {"strategy": ["mean", "constant"], "constant": (-100.0, 100.0)}
    options = {"examples": NUMBERS, "estimator": DummyRegressor(), "label": "y", "search_space": space, "n_trials": 16, "cv": 4}  # fmt: skip
    pruned = tune(**options).tuner_results
    assert pruned.count("pruned") > 0
    assert all(len(trial.scores) < 4 for trial in pruned.trials if trial.state == "pruned")
    assert all(trial.number >= 5 for trial in pruned.trials if trial.state == "pruned")
    whole = tune(**options, pruner=False).tuner_results
    assert whole.count("pruned") == 0
    own = tune(**options, pruner=optuna.pruners.ThresholdPruner(lower=-5)).tuner_results
    assert own.count("pruned") > 0


def test_settings_that_fail_are_told_and_the_search_goes_on():
    space = {"solver": ["lbfgs", "no such solver"], "C": (0.1, 1.0)}
    results = search(estimator=LogisticRegression(), search_space=space, n_trials=8).tuner_results
    failed = [trial for trial in results.trials if trial.state == "failed"]
    assert failed
    assert all("solver" in trial.reason for trial in failed)
    assert results.best.parameters["solver"] == "lbfgs"
    assert "no such solver" in results._repr_html_()
    with pytest.raises(DataError, match="none of 2 trials was completed"):
        search(search_space={"max_depth": [-1]}, n_trials=2)


SPACES = [
    ({"n": (2, 8)}, lambda v: isinstance(v, int) and 2 <= v <= 8),
    ({"n": (0.5, 1)}, lambda v: isinstance(v, float) and 0.5 <= v <= 1),
    ({"n": ("log", 1e-3, 0.3)}, lambda v: 1e-3 <= v <= 0.3),
    ({"n": ("log", 1, 1000)}, lambda v: isinstance(v, int) and 1 <= v <= 1000),
    ({"n": ("step", 100, 900, 100)}, lambda v: v % 100 == 0 and 100 <= v <= 900),
    ({"n": ("step", 0.0, 1.0, 0.25)}, lambda v: v in {0.0, 0.25, 0.5, 0.75, 1.0}),
    ({"n": ["a", None, True]}, lambda v: v in {"a", None, True}),
    ({"n": "always"}, lambda v: v == "always"),
    ({"n": optuna.distributions.IntDistribution(3, 4)}, lambda v: v in {3, 4}),
]


@pytest.mark.parametrize(("space", "fits"), SPACES, ids=[str(space) for space, _ in SPACES])
def test_ranges_as_they_are_written(space, fits):
    settings = propose(space, 12)
    assert len(settings) == 12
    assert all(fits(setting["n"]) for setting in settings)
    assert settings == propose(space, 12)


@pytest.mark.parametrize(
    "space", [{}, {"n": (8, 2)}, {"n": ("log", 0, 1)}, {"n": ("a", "b")}, {"n": (1, 2, 3)}, {"n": []}, {"n": (True, False)}, None, {"n": ("step", 1, 5)}],
    ids=str,
)  # fmt: skip
def test_ranges_that_say_nothing(space):
    with pytest.raises(UsageError) as caught:
        propose(space)
    assert "search" in str(caught.value)


def conditional(trial):
    depth = trial.suggest_int("max_depth", 1, 5)
    setting = {"max_depth": depth}
    if depth > 2:
        setting["min_samples_leaf"] = trial.suggest_int("min_samples_leaf", 1, 9)
    return setting


def test_a_function_says_what_depends_on_what(tmp_path):
    one = search(search_space=conditional, storage=tmp_path / "s")
    assert one == search(search_space=conditional, storage=tmp_path / "s")
    for trial in one.tuner_results.trials:
        assert ("min_samples_leaf" in trial.parameters) == (trial.parameters["max_depth"] > 2)


def test_it_finds_what_is_to_be_found():
    space = {"alpha": ("log", 1e-4, 1e4)}
    best, results = tune(NUMBERS, Ridge(), "y", space, n_trials=24, cv=3)
    assert best["alpha"] < 1e-2
    values = [trial.value for trial in results.trials if trial.value is not None]
    assert np.mean(values[12:]) > np.mean(values[:12])


def test_what_lies_at_the_edge_is_told():
    results = tune(NUMBERS, Ridge(), "y", {"alpha": ("step", 1, 3, 1)}, n_trials=6, cv=3)[1]
    assert results.notes == ("the best `alpha` is at the lower end of its range: widen it",)


def f1(truth, predictions):
    return f1_score(truth, predictions, pos_label="yes")


def error(truth, predictions):
    return float(np.abs(truth - predictions).mean())


@pytest.mark.parametrize("metric", ["roc_auc", "accuracy", "f1_macro", f1], ids=lambda m: getattr(m, "__name__", m))  # fmt: skip
def test_metrics(metric):
    results = search(metric=metric, n_trials=2).tuner_results
    assert 0 <= results.best.value <= 1


def test_smaller_may_be_better():
    options = {"examples": NUMBERS, "estimator": Ridge(), "label": "y", "search_space": {"alpha": ("log", 1e-3, 1e3)}, "n_trials": 6, "cv": 3}  # fmt: skip
    results = tune(**options, metric=error, direction="minimize").tuner_results
    assert results.best.value == min(trial.value for trial in results.trials if trial.value)
    with pytest.raises(UsageError, match="better when larger"):
        tune(**options, direction="minimize")


def test_usual_metrics():
    assert search(estimator=LinearSVC(), search_space={"C": (0.1, 1.0)}, n_trials=1).tuner_results.metric == "accuracy"  # fmt: skip
    assert tune(NUMBERS, Ridge(), "y", {"alpha": (0.1, 1.0)}, n_trials=1).tuner_results.metric == "neg_root_mean_squared_error"  # fmt: skip


def test_rows_to_measure_on_splitters_and_groups():
    held = search(examples=ROWS[:80], eval=ROWS[80:], n_trials=2).tuner_results
    model = tree().set_params(**held.best.parameters).fit(X[:80], Y[:80])
    from sklearn.metrics import log_loss

    assert held.best.value == pytest.approx(-log_loss(Y[80:], model.predict_proba(X[80:])))
    assert held.n_folds == 1
    parts = {"train": ROWS[:80], "eval": ROWS[80:]}
    assert search(examples=parts, cv=None, n_trials=2).tuner_results == held
    for cv in (TimeSeriesSplit(3), KFold(2)):
        assert search(cv=cv, n_trials=1).tuner_results.n_folds == cv.get_n_splits()
    grouped = ROWS.assign(who=[f"p{place // 10}" for place in range(N)])
    results = search(examples=grouped, groups="who", n_trials=2).tuner_results
    assert results.best.state == "complete"
    with pytest.raises(DataError, match="3 rows cannot be cut into 5 folds"):
        search(examples=ROWS[:3], cv=5)


@pytest.mark.parametrize("library", ["polars", "arrow"])
def test_other_libraries_find_the_same(found, library):
    frame = pl.from_pandas(ROWS)
    other = search(examples=frame if library == "polars" else frame.to_arrow())
    assert other.best_hyperparameters == found.best_hyperparameters


def test_pipelines_and_options_of_train():
    pipeline = make_pipeline(StandardScaler(), LogisticRegression())
    best, _ = search(estimator=pipeline, search_space={"C": ("log", 1e-3, 10.0)}, n_trials=2, train_options={"class_weight": "balanced"})  # fmt: skip
    assert list(best) == ["C"]
    booster = lightgbm.LGBMClassifier(n_estimators=500, verbose=-1)
    results = search(estimator=booster, search_space={"num_leaves": (2, 9)}, n_trials=2, train_options={"early_stopping": 3}).tuner_results  # fmt: skip
    assert results.best.state == "complete"


def test_rows_without_a_label_are_left_out():
    rows = ROWS.copy()
    rows.loc[rows.index[:20], "y"] = None
    assert search(examples=rows, n_trials=1).tuner_results.n_rows == N - 20


def test_a_timeout_ends_it():
    results = search(n_trials=10_000, timeout=0.01).tuner_results
    assert len(results.trials) < 10_000
    assert results.notes[0].startswith("stopped after 0.01 seconds")


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"metric": "auc"}, UsageError, "there is no metric `auc`"),
        ({"n_trials": 0}, UsageError, "at least 1"),
        ({"n_jobs": 0}, UsageError, "`n_jobs` is 0"),
        ({"cv": "five"}, UsageError, "`cv` is a str"),
        ({"label": "Y"}, DataError, "do you mean `y`"),
        ({"label": Y}, UsageError, "`label` is no column"),
        ({"search_space": {"depth": (1, 2)}}, DataError, "no parameter `depth`"),
        ({"examples": {"test": ROWS}}, UsageError, "no part `train`"),
        ({"direction": "up"}, UsageError, "`direction` is `up`"),
    ],
    ids=str,
)
def test_what_cannot_be(change, error, said):
    with pytest.raises(error) as caught:
        search(**change)
    assert said in str(caught.value)


def test_the_parts_make_the_whole():
    settings = propose(SPACE, 4, seed=0)
    trials = [try_hyperparameters(one, ROWS, tree(), "y", cv=3) for one in settings]
    whole = search(n_trials=4, pruner=False)
    assert [trial.parameters for trial in whole.tuner_results.trials] == settings
    best, results = best_of(trials)
    assert best == whole.best_hyperparameters
    assert results.best.value == whole.tuner_results.best.value
    more = propose(SPACE, 4, tried=trials)
    assert [trial.parameters for trial in search(n_trials=8, pruner=False).tuner_results.trials][4:] == more  # fmt: skip


def test_own_scores_are_ranked_too():
    trials = [Trial({"n": n}, float(n)) for n in (3, 1, 1)]
    assert best_of(trials, "minimize").tuner_results.best.number == 1
    with pytest.raises(DataError, match="no trial was run"):
        best_of([])


def test_it_is_shown(found):
    shown = found.tuner_results._repr_html_()
    assert "<svg" in shown
    assert "max_depth" in shown
    assert repr(found.tuner_results).startswith("TunerResults(10 trials, best -")
    assert set(found.tuner_results.importances) <= set(SPACE)
