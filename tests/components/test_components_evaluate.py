"""`evaluate`: against scikit-learn and fairlearn, on frames of three libraries, and on bad data."""

from __future__ import annotations

import json
import math
import warnings

import fairlearn.metrics
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from thruway.components import Evaluation, evaluate
from thruway.components.evaluate import classification, regression
from thruway.components.evaluate.bootstrap import Resampling, draws_of
from thruway.components.evaluate.metric import Answers, Context
from thruway.errors import DataError, UsageError
from thruway.kit.values import storage
from thruway.kit.values.fingerprint import fingerprint


def people(rows=400, seed=0, classes=2):
    """Rows with a label that depends on the columns, and something of each type to slice by."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "age": random.integers(18, 90, rows),
            "income": random.lognormal(10, 1, rows).round(2),
            "sex": random.choice(["f", "m"], rows),
            "city": random.choice(["Bonn", "Cork", "Lyon"], rows, p=[0.2, 0.3, 0.5]),
            "since": pd.Timestamp("2024-01-01", tz="Europe/Paris")
            + pd.to_timedelta(random.integers(0, 90, rows), unit="D"),
        }
    )
    score = (frame["age"] - 50) / 15 + random.normal(0, 1, rows)
    names = np.array(["no", "yes", "maybe"])
    frame["answer"] = names[np.clip(np.digitize(score, [0.0, 0.8][: classes - 1]), 0, classes - 1)]
    return frame


def fitted(frame):
    model = make_pipeline(StandardScaler(), LogisticRegression())
    return model.fit(frame[["age", "income"]].to_numpy(), frame["answer"])


class Numeric:
    """A model that takes frames of any library, by the columns that it knows."""

    def __init__(self, inner):
        self.inner, self.classes_ = inner, inner.classes_

    def _rows(self, frame):
        return np.column_stack([np.asarray(frame[name]) for name in ("age", "income")])

    def predict(self, frame):
        return self.inner.predict(self._rows(frame))

    def predict_proba(self, frame):
        return self.inner.predict_proba(self._rows(frame))


# --- values: scikit-learn's ------------------------------------------------------------------


def test_two_classes_are_judged_as_scikit_learn_does():
    frame = people()
    model = Numeric(fitted(frame))
    found = evaluate(
        frame, model, "answer", weights="income", features=["age", "income"], n_bootstrap=0
    )
    truth, guess = frame["answer"], model.predict(frame)
    chance = model.predict_proba(frame)[:, 1]
    hit, w = (truth == "yes").to_numpy(), frame["income"].to_numpy()
    at = {"pos_label": "yes", "sample_weight": w}
    expected = {
        "roc_auc": sk.roc_auc_score(hit, chance, sample_weight=w),
        "pr_auc": sk.average_precision_score(hit, chance, sample_weight=w),
        "accuracy": sk.accuracy_score(truth, guess, sample_weight=w),
        "balanced_accuracy": sk.balanced_accuracy_score(truth, guess, sample_weight=w),
        "precision": sk.precision_score(truth, guess, **at),
        "recall": sk.recall_score(truth, guess, **at),
        "f1": sk.f1_score(truth, guess, **at),
        "matthews": sk.matthews_corrcoef(truth, guess, sample_weight=w),
        "log_loss": sk.log_loss(hit, chance, sample_weight=w),
        "brier": sk.brier_score_loss(hit, chance, sample_weight=w),
        "selection_rate": fairlearn.metrics.selection_rate(
            truth, guess, pos_label="yes", sample_weight=w
        ),
        "false_positive_rate": fairlearn.metrics.false_positive_rate(
            hit, guess == "yes", sample_weight=w
        ),
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-12)
    assert set(found.metrics) == {*expected, "ece"}
    counts = sk.confusion_matrix(truth, guess, sample_weight=w)
    np.testing.assert_allclose(found.confusion.counts, counts)


def test_several_classes_are_judged_as_scikit_learn_does():
    frame = people(classes=3)
    model = Numeric(fitted(frame))
    found = evaluate(frame, model, "answer", n_bootstrap=0)
    truth, guess, chance = frame["answer"], model.predict(frame), model.predict_proba(frame)
    expected = {
        "roc_auc": sk.roc_auc_score(truth, chance, multi_class="ovr"),
        "accuracy": sk.accuracy_score(truth, guess),
        "balanced_accuracy": sk.balanced_accuracy_score(truth, guess),
        "precision": sk.precision_score(truth, guess, average="macro", zero_division=0),
        "recall": sk.recall_score(truth, guess, average="macro"),
        "f1": sk.f1_score(truth, guess, average="macro"),
        "matthews": sk.matthews_corrcoef(truth, guess),
        "log_loss": sk.log_loss(truth, chance),
        "brier": sk.brier_score_loss(truth, chance, scale_by_half=False),
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-12)
    report = sk.classification_report(truth, guess, output_dict=True, zero_division=0)
    for each in found.confusion.by_class:
        assert each.f1 == pytest.approx(report[each.label]["f1-score"])
        assert each.support == report[each.label]["support"]


def test_numbers_are_judged_as_scikit_learn_does():
    random = np.random.default_rng(0)
    y = random.normal(10, 2, 201)
    guess, w = y + random.normal(0.3, 1, 201), random.integers(1, 5, 201)
    frame = pd.DataFrame({"y": y, "guess": guess, "w": w})
    found = evaluate(frame, "guess", "y", quantile=0.9, n_bootstrap=0)
    weighted = evaluate(frame, "guess", "y", quantile=0.9, weights="w", n_bootstrap=0)
    for each, weights in ((found, None), (weighted, w)):
        expected = {
            "mae": sk.mean_absolute_error(y, guess, sample_weight=weights),
            "rmse": math.sqrt(sk.mean_squared_error(y, guess, sample_weight=weights)),
            "r2": sk.r2_score(y, guess, sample_weight=weights),
            "mape": sk.mean_absolute_percentage_error(y, guess, sample_weight=weights),
            "pinball": sk.mean_pinball_loss(y, guess, sample_weight=weights, alpha=0.9),
            "bias": np.average(guess - y, weights=weights),
        }
        assert {name: each[name] for name in expected} == pytest.approx(expected, rel=1e-12)
    assert found["median_ae"] == sk.median_absolute_error(y, guess)
    assert found["max_error"] == sk.max_error(y, guess)
    assert found["smape"] == pytest.approx(
        np.mean(2 * np.abs(y - guess) / (np.abs(y) + np.abs(guess)))
    )
    repeated = np.sort(np.repeat(np.abs(y - guess), w))
    assert weighted["median_ae"] == repeated[(len(repeated) - 1) // 2]


def test_a_ranking_is_judged_as_scikit_learn_does():
    random = np.random.default_rng(1)
    query = np.repeat(np.arange(30), random.integers(2, 12, 30))
    frame = pd.DataFrame(
        {
            "query": query,
            "relevance": random.integers(0, 4, len(query)),
            "score": random.integers(0, 6, len(query)) / 2,  # with many ties
        }
    )
    found = evaluate(frame, "score", "relevance", task="ranking", group="query", k=5)
    ndcg, average, reciprocal = [], [], []
    for _, one in frame.groupby("query"):
        if (one["relevance"] > 0).any():
            ndcg.append(sk.ndcg_score([one["relevance"]], [one["score"]], k=5))
            average.append(sk.average_precision_score(one["relevance"] > 0, one["score"]))
            ordered = one.sort_values(["score", "relevance"], ascending=[False, True])
            reciprocal.append(1 / (1 + np.argmax(ordered["relevance"] > 0)))
    assert found["ndcg"] == pytest.approx(np.mean(ndcg))
    assert found["map"] == pytest.approx(np.mean(average))
    assert found["mrr"] == pytest.approx(np.mean(reciprocal))
    assert found.metrics["ndcg"].lower < found["ndcg"] < found.metrics["ndcg"].upper


def test_a_forecast_is_judged_against_the_naive_one():
    history = pd.DataFrame({"day": range(8), "y": [1.0, 2, 1, 2, 3, 4, 3, 4]})
    ahead = pd.DataFrame(
        {"day": [8, 9, 10, 11], "y": [5.0, 6, 5, 6], "said": [4.0, 5, 5, 8], "h": [1, 2, 1, 2]}
    )
    found = evaluate(
        ahead, "said", "y", history=history, season=2, time="day", horizon="h", min_rows=1
    )
    assert found.task == "forecasting"
    # Two steps back the history changes by 0, 0, 2, 2, 0, 0: a mean of 4/6.
    assert found["mase"] == pytest.approx(1.0 / (4 / 6))
    assert found["bias"] == 0.0
    assert [(each.name, each.metrics["mae"].value) for each in found.slices] == [
        ("h=1", 0.5),
        ("h=2", 1.5),
    ]


def test_series_do_not_mix_in_the_naive_forecast():
    history = pd.DataFrame({"shop": list("abab"), "y": [1.0, 100, 3, 104]})
    found = evaluate(
        pd.DataFrame({"shop": ["a", "b"], "y": [4.0, 105], "said": [5.0, 106]}),
        "said", "y", history=history, group="shop", n_bootstrap=0,
    )  # fmt: skip
    assert found["mase"] == pytest.approx(1.0 / 3.0)  # |3 - 1| and |104 - 100|


# --- draws: as if the rows had been written out -----------------------------------------------


def _answers(draw, rows):
    tenths = st.integers(0, 10)
    chances = np.array(draw(st.lists(tenths, min_size=rows, max_size=rows))) / 10
    truth = np.array(draw(st.lists(st.integers(0, 1), min_size=rows, max_size=rows)))
    guess = np.array(draw(st.lists(st.integers(0, 1), min_size=rows, max_size=rows)))
    return Answers(truth, guess, np.column_stack([1 - chances, chances]))


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_metrics_of_draws_are_those_of_rows_written_out(data):
    rows = data.draw(st.integers(2, 12))
    draws = np.array(
        data.draw(
            st.lists(
                st.lists(st.integers(0, 3), min_size=rows, max_size=rows), min_size=1, max_size=3
            )
        ),
        dtype=float,
    )
    if not draws.sum(axis=1).all():
        return
    answers = _answers(data.draw, rows)
    for positive in (1, None):
        context = Context(("no", "yes"), (True, True), positive)
        _same(classification, answers, context, draws)
    numbers = Answers(answers.truth * 2.0 + 1, answers.probabilities[:, 1] * 3)
    _same(regression, numbers, Context(quantile=0.3), draws, without={"max_error"})


def _same(task, answers, context, draws, without=frozenset()):
    found = task.redraw(answers, context, draws)
    for number, draw in enumerate(draws):
        written = answers.at(np.repeat(np.arange(len(answers)), draw.astype(int)))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", sk._classification.UndefinedMetricWarning)
            expected = task.measure(written, context)
        for name, value in vars(expected)["values"].items():
            if name not in without:
                assert found[name][number] == pytest.approx(value, abs=1e-9), name


def test_whole_queries_are_drawn():
    groups = np.repeat(np.arange(5), 3)
    for draws in draws_of(15, Resampling(20, 0, clusters=groups)):
        together = draws.reshape(len(draws), 5, 3)
        assert (together == together[:, :, :1]).all()
        assert (together[:, :, 0].sum(axis=1) == 5).all()


def test_each_class_is_drawn_as_often_as_it_is_there():
    strata = np.array([0] * 3 + [1] * 30)
    for draws in draws_of(33, Resampling(20, 0, strata=strata)):
        assert (draws[:, :3].sum(axis=1) == 3).all()


def test_intervals_cover_what_they_should():
    """Of 100 samples the 90 % interval of the mean error holds the true one about 90 times."""
    random = np.random.default_rng(0)
    hits = 0
    for number in range(100):
        frame = pd.DataFrame({"y": 0.0, "said": random.exponential(1.0, 120)})
        found = evaluate(
            frame, "said", "y", task="regression", metrics=["mae"], confidence=0.9, seed=number
        )
        hits += found.metrics["mae"].lower <= 1.0 <= found.metrics["mae"].upper
    assert 82 <= hits <= 97


# --- slices ------------------------------------------------------------------------------------


def test_slices_are_those_of_fairlearn():
    frame = people()
    model = Numeric(fitted(frame))
    found = evaluate(
        frame, model, "answer", slices=["sex", ("sex", "city")], min_rows=1, n_bootstrap=0
    )
    hit, guess = frame["answer"] == "yes", model.predict(frame) == "yes"
    for by, columns in (("sex", ["sex"]), ("sex × city", ["sex", "city"])):
        told = fairlearn.metrics.MetricFrame(
            metrics={
                "accuracy": sk.accuracy_score,
                "recall": sk.recall_score,
                "selection_rate": fairlearn.metrics.selection_rate,
                "false_positive_rate": fairlearn.metrics.false_positive_rate,
            },
            y_true=hit,
            y_pred=guess,
            sensitive_features=frame[columns],
        )
        ours = {each.name: each for each in found.slices if each.by == by}
        assert len(ours) == len(told.by_group)
        for values, expected in told.by_group.iterrows():
            parts = values if isinstance(values, tuple) else (values,)
            name = ", ".join(f"{c}={v}" for c, v in zip(columns, parts, strict=True))
            for metric, value in expected.items():
                assert ours[name].metrics[metric].value == pytest.approx(value)
        for gap in found.gaps:
            if gap.by == by and gap.metric in expected:
                assert gap.difference == pytest.approx(told.difference()[gap.metric])
                assert gap.ratio == pytest.approx(told.ratio()[gap.metric])
    rates = {gap.metric: gap.difference for gap in found.gaps if gap.by == "sex"}
    odds = fairlearn.metrics.equalized_odds_difference(hit, guess, sensitive_features=frame["sex"])
    assert max(rates["recall"], rates["false_positive_rate"]) == pytest.approx(odds)


def old(frame):
    return frame["age"] >= 65


def test_ways_of_slicing():
    frame = people()
    frame.loc[:4, "city"] = None
    ways = ["age", {"age": [30, 60]}, {"income": 2}, old, "city", (old, "sex"), "since"]
    found = evaluate(frame, Numeric(fitted(frame)), "answer", slices=ways, n_bootstrap=0)
    names = {}
    for each in found.slices:
        names.setdefault(each.by, []).append(each.name)
    assert names["age"][-3:] == ["age=< 30", "age=[30, 60)", "age=≥ 60"]
    assert len(names["age"]) == 4 + 3
    assert len(names["income"]) == 2
    assert names["old"] == ["old=False", "old=True"]
    assert names["city"] == ["city=Bonn", "city=Cork", "city=Lyon", "city=(missing)"]
    assert len(names["old × sex"]) == 4
    assert len(names["since"]) == 50
    assert found.notes[-1] == "40 more slices by since have fewer rows than those listed"
    assert sum(each.rows for each in found.slices if each.by == "income") == len(frame)
    assert found.slice("city=(missing)").not_computed["f1"] == (
        "it has 5 rows, and 10 are asked for"
    )


# --- comparison --------------------------------------------------------------------------------


def test_a_better_model_is_said_to_be_better():
    frame = people(800)
    coin = pd.Series(np.random.default_rng(3).choice(["no", "yes"], 800))
    found = evaluate(frame, Numeric(fitted(frame)), "answer", baseline=coin, slices="sex")
    whole = {each.metric: each for each in found.comparisons if not each.slice}
    assert whole["accuracy"].verdict == "better"
    assert whole["accuracy"].difference.value == pytest.approx(
        found["accuracy"] - found.baseline["accuracy"].value
    )
    assert "log_loss" not in whole  # the coin says no probabilities
    assert {each.slice for each in found.comparisons} == {"", "sex=f", "sex=m"}
    assert found.higher_is_better["selection_rate"] is None
    assert whole["selection_rate"].verdict == "unclear"


def test_a_model_against_itself_is_neither():
    frame = people()
    model = Numeric(fitted(frame))
    found = evaluate(frame, model, "answer", baseline=model)
    assert all(
        each.verdict == "unclear" and each.difference.lower == each.difference.upper == 0.0
        for each in found.comparisons
    )


# --- importance --------------------------------------------------------------------------------


def test_the_column_that_the_label_is_made_of_is_worth_most():
    frame = people()
    model = RandomForestClassifier(20, random_state=0).fit(
        frame[["income", "age"]], frame["answer"]
    )
    found = evaluate(frame, model, "answer", n_bootstrap=0, importance="accuracy")
    assert [each.column for each in found.importance] == ["age", "income"]
    assert found.importance_metric == "accuracy"
    assert frame.equals(people())


def test_importance_is_scikit_learns():
    from sklearn.inspection import permutation_importance

    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.normal(size=(300, 3)), columns=list("abc"))
    frame["y"] = 3 * frame["a"] + frame["b"]
    model = LinearRegression().fit(frame[list("abc")], frame["y"])
    found = evaluate(frame, model, "y", n_bootstrap=0)
    theirs = permutation_importance(model, frame[list("abc")], frame["y"], n_repeats=20)
    ours = {each.column: each.mean for each in found.importance}
    expected = dict(zip("abc", theirs.importances_mean, strict=True))
    assert ours == pytest.approx(expected, rel=0.15, abs=0.02)


# --- any frame, any way of saying what was predicted -------------------------------------------


@pytest.mark.parametrize(
    "convert",
    [
        lambda f: f,
        pl.from_pandas,
        lambda f: pl.from_pandas(f).lazy(),
        lambda f: pa.Table.from_pandas(f, preserve_index=False),
        lambda f: f.set_index(pd.Index([7] * len(f))),
        lambda f: f.convert_dtypes(),
        lambda f: f.astype({"answer": "category", "sex": "category"}),
    ],
    ids=["pandas", "polars", "lazy", "arrow", "one-index", "nullable", "category"],
)
def test_the_library_of_the_frame_makes_no_difference(convert):
    frame = people(200)
    model = Numeric(fitted(frame))
    ways = {"slices": ["sex", "age", "city"], "n_bootstrap": 20}
    expected = evaluate(frame, model, "answer", **ways)
    assert evaluate(convert(frame), model, "answer", **ways) == expected


def test_predictions_may_be_given():
    frame = people(200)
    model = Numeric(fitted(frame))
    expected = evaluate(frame, model, "answer", n_bootstrap=20, importance=False)
    said = frame.assign(
        guess=model.predict(frame),
        chance=model.predict_proba(frame)[:, 1],
        other=model.predict_proba(frame)[:, 0],
    )
    both = {"yes": "chance", "no": "other"}
    for ways in (
        {"prediction": "guess", "probability": "chance"},
        {"prediction": model.predict(frame), "probability": model.predict_proba(frame)},
        {"probability": both},
        {"probability": "chance"},
    ):
        found = evaluate(said, None, "answer", n_bootstrap=20, **ways)
        assert found.metrics == expected.metrics
    alone = evaluate(said, "guess", "answer", n_bootstrap=0)
    assert alone.not_computed["roc_auc"] == "predictions were given, and no model"


def test_labels_may_be_given_apart():
    frame = people(200)
    model = Numeric(fitted(frame))
    expected = evaluate(frame, model, "answer", n_bootstrap=10, slices="sex")
    rows, labels = frame.drop(columns="answer"), frame["answer"]
    assert evaluate(rows, model, labels, n_bootstrap=10, slices="sex") == expected
    one = rows.set_index(pd.Index([3] * 200))
    assert evaluate(one, model, labels.to_numpy(), n_bootstrap=10).label == "label"
    again = evaluate(pl.from_pandas(rows), model, labels.tolist(), n_bootstrap=10, slices="sex")
    assert again.metrics == expected.metrics
    assert evaluate(rows.assign(answer=1), model, labels, n_bootstrap=0).label == "answer_"
    with pytest.raises(UsageError, match="`label` has shape"):
        evaluate(rows, model, labels[:5])


def test_rows_may_be_arrays_or_no_table_at_all():
    from sklearn.feature_extraction.text import CountVectorizer

    frame = people(200)
    numbers = frame[["age", "income"]].to_numpy()
    model = fitted(frame)
    expected = evaluate(frame, Numeric(model), "answer", n_bootstrap=10)
    found = evaluate(numbers, model, frame["answer"], n_bootstrap=10)
    assert found.metrics == expected.metrics
    assert [each.column for each in found.importance] == ["x0", "x1"]
    texts = frame["city"] + " " + frame["answer"]
    pipe = make_pipeline(CountVectorizer(), LogisticRegression()).fit(texts, frame["answer"])
    labels = frame["answer"].where(frame.index > 3)
    for rows in (texts, texts.tolist(), texts.to_numpy()):
        found = evaluate(rows, pipe, labels, n_bootstrap=0)
        assert (found["accuracy"], found.rows, found.importance) == (1.0, 196, ())
    sparse = pipe[0].transform(texts)
    assert evaluate(sparse, pipe[1], frame["answer"], n_bootstrap=0)["roc_auc"] == 1.0
    with pytest.raises(DataError, match="cannot predict these rows"):
        evaluate(frame["age"], pipe[1], frame["answer"])


def test_the_threshold_and_the_positive_class_are_the_users():
    frame = people(300)
    model = Numeric(fitted(frame))
    found = evaluate(frame, model, "answer", positive="no", threshold=0.8, n_bootstrap=0)
    chosen = model.predict_proba(frame)[:, 0] >= 0.8
    assert found.positive == "no"
    assert found["selection_rate"] == pytest.approx(chosen.mean())
    assert found["recall"] == pytest.approx(chosen[frame["answer"] == "no"].mean())


def cost(y_true, y_pred):
    return float(np.mean((y_true == "yes") & (y_pred == "no")))


def test_metrics_of_the_user():
    frame = people(200)
    model = Numeric(fitted(frame))
    found = evaluate(frame, model, "answer", metrics=["f1", cost, sk.zero_one_loss], n_bootstrap=30)
    assert list(found.metrics) == ["f1", "cost", "zero_one_loss"]
    assert found.metrics["cost"].lower < found["cost"] < found.metrics["cost"].upper
    assert found.higher_is_better == {"f1": True, "cost": None, "zero_one_loss": False}
    more = evaluate(frame, model, "answer", metrics={"paid": cost}, n_bootstrap=0)
    assert more["paid"] == found["cost"]
    assert "roc_auc" in more.metrics


# --- data as it comes ---------------------------------------------------------------------------


def _missing_labels(frame):
    frame.loc[:9, "answer"] = None


def _one_class(frame):
    frame["answer"] = "yes"


def _unseen(frame):
    frame.loc[:2, "answer"] = "perhaps"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (_missing_labels, {"dropped": {"the label `answer` is missing": 10}, "rows": 190}),
        (_one_class, {"without": {"roc_auc": "the rows have one class only: 'yes'"}}),
        (_unseen, {"note": "the model does not know the class 'perhaps' of 3 rows", "classes": 3}),
    ],
    ids=["missing-labels", "one-class", "unseen-class"],
)
def test_labels_as_they_come(change, expected):
    frame = people(200)
    model = Numeric(fitted(frame))
    change(frame)
    found = evaluate(frame, model, "answer", n_bootstrap=20)
    assert found.dropped == expected.get("dropped", {})
    assert found.rows == expected.get("rows", 200)
    assert expected.get("without", {}).items() <= found.not_computed.items()
    assert expected.get("note", "") in " ".join(found.notes)
    assert len(found.classes) == expected.get("classes", 2)
    assert math.isfinite(found["log_loss"])
    assert found._repr_html_()


def test_a_model_without_probabilities_is_judged_by_what_it_has():
    frame = people(200)[["age", "answer"]]
    frame["age"] = frame["age"] / 90
    model = LinearSVC().fit(frame[["age"]], frame["answer"])
    found = evaluate(frame, model, "answer", n_bootstrap=20)
    assert found.not_computed == dict.fromkeys(
        ("log_loss", "brier", "ece"), "the model (LinearSVC) has no `predict_proba`"
    )
    scores = model.decision_function(frame[["age"]])
    assert found["roc_auc"] == pytest.approx(sk.roc_auc_score(frame["answer"] == "yes", scores))
    assert set(found.curves) == {"roc", "precision_recall"}
    assert found.metrics["roc_auc"].lower is not None
    alone = evaluate(frame, model.predict, "answer", n_bootstrap=0, features=["age"])
    assert "has no `predict_proba`" in alone.not_computed["roc_auc"]
    assert alone["accuracy"] == found["accuracy"]


@pytest.mark.parametrize(
    "labels",
    [
        pd.array([None, 1, 0, 1] * 10, dtype="Int64"),
        pd.array([None, True, False, True] * 10, dtype="boolean"),
        pd.array([None, "1", "0", "1"] * 10, dtype="string"),
        pd.Series([pd.NA, "1", "0", "1"] * 10, dtype=object),
        pd.Categorical([None, "1", "0", "1"] * 10),
        pd.Series([None, 1, 0, 1] * 10),
    ],
    ids=lambda values: str(values.dtype),
)
def test_missing_labels_of_any_type(labels):
    frame = pd.DataFrame({"y": labels, "p": np.linspace(0, 1, 40)})
    found = evaluate(frame, None, "y", probability="p", n_bootstrap=5)
    assert found.dropped == {"the label `y` is missing": 10}
    assert str(found.positive) in {"1", "True"}
    assert 0.4 < found["roc_auc"] < 0.6


def test_odd_columns_to_slice_by():
    rows = 40
    frame = pd.DataFrame({"y": [0, 1] * 20, "p": np.linspace(0, 1, rows)})
    frame["none"], frame["infinite"], frame["lists"] = None, np.inf, [[1]] * rows
    frame["some"] = np.where(frame["y"] == 1, np.inf, frame["p"])
    ways = ["none", "infinite", {"infinite": 3}, "lists", "some", ("none", "lists")]
    found = evaluate(frame, None, "y", probability="p", slices=ways, n_bootstrap=5)
    assert {each.name for each in found.slices} >= {"none=(missing)", "infinite=inf", "lists=[1]"}


def test_columns_may_have_numbers_for_names():
    frame = pd.DataFrame({0: [0, 1] * 20, 1: np.linspace(0, 1, 40)})
    assert evaluate(frame, None, 0, probability=frame[1], n_bootstrap=0).rows == 40


def test_huge_numbers_overflow_into_reasons():
    found = evaluate(_frame(y=[1e308, -1e308, 3.0], p=[1e308, 1e308, 1.0]), "p", "y")
    assert found.not_computed["rmse"] == "it is not defined for these rows"


def test_ten_thousand_columns():
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.random((50, 10_000))).add_prefix("c").assign(y=[0, 1] * 25)
    model = LogisticRegression().fit(frame.drop(columns="y"), frame["y"])
    found = evaluate(frame, model, "y", n_bootstrap=5)
    assert found.notes[-1] == (
        "importance was not computed: there are 10,000 columns, and at most 500 are tried"
    )


def _frame(**columns):
    return pd.DataFrame(columns)


@pytest.mark.parametrize(
    ("examples", "arguments", "error", "said"),
    [
        (_frame(y=[]), {"model": "y"}, DataError, "the examples have no rows"),
        ([1, 2], {"model": "y"}, DataError, "is no frame"),
        (_frame(a=[1]), {"model": "a"}, DataError, "no column `y`"),
        (_frame(y=[None, None], p=[1, 2]), {"model": "p"}, DataError, "no example is left"),
        (_frame(y=[0, 1], p=["0", "1"]), {"model": "p"}, DataError, "no label is a class"),
        (_frame(y=[0, 1], p=[0.2, 0.7]), {"model": "p"}, DataError, "no label is a class"),
        (_frame(y=[0, 1], p=[-3.0, 4.0]), {"probability": "p"}, DataError, "no probabilities"),
        (_frame(y=[0, 1]), {}, UsageError, "nothing says what was predicted"),
        (_frame(y=[0, 1]), {"model": 3}, DataError, "predicts nothing"),
        (_frame(y=[0, 1]), {"model": [1]}, UsageError, "has shape (1,)"),
        (_frame(y=list("abc"), p=[0, 1, 1]), {"probability": "p"}, UsageError, "one column of prob"),
        (_frame(y=[0, 1], p=[0, 1]), {"model": "p", "task": "rank"}, UsageError, "no task 'rank'"),
        (_frame(y=[0, 1], p=[0, 1]), {"model": "p", "task": "ranking"}, UsageError, "query"),
        (_frame(y=[0, 1], p=[0, 1]), {"model": "p", "metrics": ["auc"]}, UsageError, "no metric"),
        (_frame(y=[0, 1], p=[0, 1]), {"model": "p", "slices": [3]}, UsageError, "to slice by"),
        (_frame(y=[0, 1], p=[0, 1]), {"model": "p", "slices": "z"}, DataError, "no column `z`"),
        (_frame(y=[0, 1], p=[0, 1]), {"model": "p", "threshold": 0.3}, UsageError, "threshold"),
        (_frame(y=[0, 1], p=[0, 1], w=[-1, 1]), {"model": "p", "weights": "w"}, DataError, "negat"),
        (_frame(y=[0, 1], p=[0, 1], w=[0, 0]), {"model": "p", "weights": "w"}, DataError, "zero"),
        (_frame(y=["a", "b"], p=[1, 2]), {"model": "p", "task": "regression"}, DataError, "numbers"),
        (
            _frame(y=pd.to_datetime(["2024-01-01"] * 2), p=[1, 2]),
            {"model": "p", "task": "regression"}, DataError, "not all are numbers",
        ),
        (
            _frame(y=[-1, 1], p=[0, 1], q=[1, 1]),
            {"model": "p", "task": "ranking", "group": "q"}, DataError, "negative",
        ),
        (
            pd.DataFrame([[1, 2, 3]], columns=["y", "a", "a"]),
            {"model": "y"}, DataError, "two columns called `a`",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_judged_is_said_in_words(examples, arguments, error, said):
    with pytest.raises(error) as caught:
        evaluate(examples, **{"model": None, "label": "y", **arguments})
    assert said in str(caught.value)
    assert caught.value.fix


def test_a_model_that_wants_other_columns_is_told_which():
    frame = people(50)
    model = LogisticRegression().fit(frame[["age", "income"]], frame["answer"])
    with pytest.raises(DataError, match="lacks `income`, which the model was trained on"):
        evaluate(frame.drop(columns="income"), model, "answer")
    with pytest.raises(DataError, match="cannot predict from `examples`: could not convert"):
        evaluate(frame.assign(income="much"), model, "answer")


def test_predictions_that_are_missing_are_counted():
    frame = _frame(y=[1.0, 2.0, 3.5, np.inf], p=[1.0, np.nan, np.inf, 2.0])
    found = evaluate(frame, "p", "y", n_bootstrap=10)
    assert found.rows == 1
    assert found.dropped == {
        "the label `y` is infinite": 1,
        "the prediction of the model is missing or infinite": 2,
    }
    assert found.not_computed["r2"] == "it needs two rows"


# --- the record ---------------------------------------------------------------------------------


def test_the_record_is_plain_data_that_is_stored_safely(tmp_path):
    frame = people(300)
    model = Numeric(fitted(frame))
    found = evaluate(frame, model, "answer", baseline=model, slices="sex", n_bootstrap=20)
    with (tmp_path / "stored").open("wb") as handle:
        form = storage.write({"evaluation": found}, handle)
    assert form == "objects/3"
    assert storage.read(form, tmp_path / "stored", trusted=False) == {"evaluation": found}
    assert Evaluation.__eq__(found, found)
    json.dumps(found.to_dict(), allow_nan=False)
    again = evaluate(frame, model, "answer", baseline=model, slices="sex", n_bootstrap=20)
    assert fingerprint(again) == fingerprint(found)
    assert repr(found).startswith("<Evaluation of 300 rows: roc_auc 0.")


def test_the_view_shows_all_parts_and_escapes_names():
    frame = people(300).rename(columns={"sex": "<sex>"})
    model = Numeric(fitted(frame))
    found = evaluate(frame, model, "answer", baseline=model, slices="<sex>")
    shown = found._repr_html_()
    for part in ("Curves of", "Predictions by class", "Slices", "apart", "are worth", "Remarks"):
        assert part in shown
    assert "<sex>" not in shown


def test_curves_are_short_and_true():
    random = np.random.default_rng(0)
    frame = _frame(y=random.integers(0, 2, 20_000), p=random.random(20_000))
    found = evaluate(frame, None, "y", probability="p", n_bootstrap=0)
    assert max(map(len, found.curves.values())) <= 202
    x, y = np.array(found.curves["roc"]).T
    assert np.trapezoid(y, x) == pytest.approx(found["roc_auc"], abs=2e-3)


FLOW = """
    from sklearn.linear_model import LogisticRegression
    from thruway.components import evaluate

    class Split(NamedTuple):
        train: pd.DataFrame
        held_out: pd.DataFrame

    @step
    def load(rows: int) -> Split:
        frame = pd.DataFrame({"x": range(rows), "y": [i // 7 % 2 for i in range(rows)]})
        return Split(frame.iloc[::2], frame.iloc[1::2])

    @step
    def fit(frame: pd.DataFrame) -> LogisticRegression:
        return LogisticRegression().fit(frame[["x"]], frame["y"])

    @pipeline
    def flow(rows: int = 80):
        train, held_out = load(rows)
        model = fit(train)
        evaluation = evaluate(held_out, model, "y", slices=("x",), n_bootstrap=10)
        return evaluation
"""


@pytest.mark.parametrize("isolate", [False, True], ids=["in-process", "isolated"])
def test_it_is_a_step(small, isolate):
    small.write(FLOW)
    found = small.run(isolate=isolate).load("evaluation")
    assert isinstance(found, Evaluation)
    assert found.rows == 40
    assert len(found.slices) == 4
