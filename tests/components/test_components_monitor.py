"""Monitoring: windows, drift, performance against scikit-learn, and logs as they are written."""

from __future__ import annotations

import datetime as dt
import json

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from thruway.components import infer_schema, monitor, statistics
from thruway.components.monitor.log import frame_of
from thruway.components.monitor.windows import windows_of
from thruway.errors import DataError, UsageError

pl = pytest.importorskip("polars")


def served(rows=400, days=4, seed=0, shift_on=None):
    """A log: `shift_on` a day the inputs are other ones."""
    rng = np.random.default_rng(seed)
    day = np.arange(rows) * days // rows
    age = rng.normal(40, 10, rows) + np.where(day == shift_on, 30, 0)
    start = pd.Timestamp("2026-03-02", tz="UTC")
    return pd.DataFrame(
        {
            "request_id": [f"r{number}" for number in range(rows)],
            "timestamp": start + pd.to_timedelta(day * 24 + 1, "h"),
            "age": age,
            "sex": rng.choice(["f", "m"], rows),
            "prediction": (age > 40).astype(int),
        }
    )


TRAINING = served(2000, seed=9).drop(columns=["request_id", "timestamp"])


def types(report):
    return [(window, one.column, one.type, one.comparison) for window, one in report.alerts]


def test_nothing_has_changed():
    report = monitor(served(), TRAINING)
    assert [(one.name, one.rows) for one in report.windows] == [
        ("2026-03-02", 100), ("2026-03-03", 100), ("2026-03-04", 100), ("2026-03-05", 100),
    ]  # fmt: skip
    assert report.alerts == ()
    assert report.gate.verdict == "pass"
    assert repr(report) == "<MonitoringReport 400 requests, 4 windows, 0 alerts: pass>"


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_day_with_other_inputs(library):
    log = served(shift_on=2)
    report = monitor(
        pl.from_pandas(log) if library == "polars" else log, TRAINING, drift={"psi": 0.5}
    )
    assert types(report) == [
        ("2026-03-04", "age", "COMPARATOR_PSI_HIGH", "skew"),
        ("2026-03-04", "prediction", "COMPARATOR_PSI_HIGH", "skew"),
        ("2026-03-04", "age", "COMPARATOR_PSI_HIGH", "drift"),
        ("2026-03-04", "prediction", "COMPARATOR_PSI_HIGH", "drift"),
        ("2026-03-05", "age", "COMPARATOR_PSI_HIGH", "drift"),
        ("2026-03-05", "prediction", "COMPARATOR_PSI_HIGH", "drift"),
    ]
    assert report.gate.verdict == "warn"
    assert report.gate.reasons[0].startswith("2026-03-04: `age`: skew: the population stability")
    assert "to the training data" in report._repr_html_()


def test_only_the_last_windows_are_judged():
    log = served(shift_on=2)
    assert monitor(log, TRAINING, last=1).gate.verdict == "pass"
    assert monitor(log, TRAINING, last=2).gate.verdict == "warn"
    assert monitor(log, TRAINING, min_rows=101).gate.verdict == "pass"
    with pytest.raises(UsageError, match="`last` is 0"):
        monitor(log, TRAINING, last=0)


def test_the_schema_is_that_of_serving():
    schema = infer_schema(TRAINING.rename(columns={"prediction": "label"}), label="label")
    log = served()
    report = monitor(log, statistics(TRAINING), schema=schema)
    assert report.alerts == ()
    log.loc[3, "sex"] = "?"
    report = monitor(log, statistics(TRAINING), schema=schema)
    assert types(report) == [("2026-03-02", "sex", "ENUM_TYPE_UNEXPECTED_STRING_VALUES", "")]
    assert report.gate.verdict == "fail"
    calm = monitor(log, TRAINING, schema=schema, policy={"ENUM_*": "warn"})
    assert calm.gate.verdict == "warn"


def test_predictions_without_a_training_counterpart_are_compared_with_the_first_window():
    report = monitor(served(shift_on=2), TRAINING[["age", "sex"]])
    assert any("first window" in note for note in report.notes)
    assert ("2026-03-04", "prediction", "COMPARATOR_PSI_HIGH", "skew") in types(report)


# -- performance ------------------------------------------------------------------------------


def test_classes():
    log = served()
    rng = np.random.default_rng(1)
    truth = np.where(rng.random(400) < 0.8, log["prediction"], 1 - log["prediction"])
    labels = pd.DataFrame({"request_id": log["request_id"], "label": truth}).iloc[:250]
    labels = labels.sample(frac=1, random_state=0)
    report = monitor(log, TRAINING, labels=labels, performance={"accuracy": 0.9})
    first, known = report.windows[0].performance, log["prediction"][:100]
    assert (first.labelled, first.coverage) == (100, 1.0)
    assert first.metrics == pytest.approx(
        {
            "accuracy": metrics.accuracy_score(truth[:100], known),
            "balanced_accuracy": metrics.balanced_accuracy_score(truth[:100], known),
            "f1": metrics.f1_score(truth[:100], known, average="macro"),
        }
    )
    assert first.low < first.metrics["accuracy"] < first.high
    assert report.windows[2].performance.labelled == 50
    assert report.windows[3].performance.labelled == 0
    assert report.performance.labelled == 250
    assert [one[:3] for one in types(report)] == [
        (name, "prediction", "PERFORMANCE_LOW")
        for name in ("2026-03-02", "2026-03-03", "2026-03-04")
    ]
    assert report.task == "classification"


def test_probabilities():
    rng = np.random.default_rng(2)
    scores = rng.random(300)
    truth = (rng.random(300) < scores).astype(bool)
    log = pd.DataFrame({"prediction": scores, "label": truth})
    found = monitor(log, log, window=None).performance.metrics
    assert found == pytest.approx(
        {
            "accuracy": metrics.accuracy_score(truth, scores >= 0.5),
            "balanced_accuracy": metrics.balanced_accuracy_score(truth, scores >= 0.5),
            "f1": metrics.f1_score(truth, scores >= 0.5, average="macro"),
            "roc_auc": metrics.roc_auc_score(truth, scores),
            "log_loss": metrics.log_loss(truth, scores),
            "brier": metrics.brier_score_loss(truth, scores),
        }
    )


def test_numbers():
    rng = np.random.default_rng(3)
    truth = rng.normal(100, 20, 300)
    said = truth + rng.normal(1, 5, 300)
    log = pd.DataFrame({"prediction": said, "label": truth})
    log.loc[5, "label"] = np.nan
    report = monitor(log, log, window=None, performance={"mae": 2, "r2": 0.1})
    truth, said = np.delete(truth, 5), np.delete(said, 5)
    assert report.task == "regression"
    assert report.performance.metrics == pytest.approx(
        {
            "bias": (said - truth).mean(),
            "mae": metrics.mean_absolute_error(truth, said),
            "rmse": metrics.mean_squared_error(truth, said) ** 0.5,
            "r2": metrics.r2_score(truth, said),
        }
    )
    assert [one.short for _, one in report.alerts] == ["mae is high"]


@pytest.mark.parametrize(
    ("truth", "said", "accuracy"),
    [
        (["a", "b", "b"], ["a", "b", "a"], 2 / 3),
        ([True, False, True], [1, 0, 0], 2 / 3),
        ([1, 0, 1], [1.0, 0.0, 0.0], 2 / 3),
        ([1, 0, 1], ["1", "0", "0"], 2 / 3),
        ([0, 1, 2], [0, 1, 1], 2 / 3),
        (["a", "a", "a"], ["a", "a", "a"], 1.0),
    ],
)
def test_classes_of_all_types(truth, said, accuracy):
    log = pd.DataFrame({"prediction": said, "label": truth})
    assert monitor(log, log, window=None).performance.metrics["accuracy"] == pytest.approx(accuracy)


def test_labels_that_do_not_fit():
    log = served(100, 1)
    labels = pd.DataFrame({"request_id": ["r1", "r1", "r2", "other"], "label": [1, 1, 0, 1]})
    report = monitor(log, TRAINING, labels=labels)
    assert report.performance.labelled == 1
    assert report.notes == (
        "0 requests and 2 labels share their `request_id`: they count for no performance",
        "1 labels are of no request in the log",
    )
    none = monitor(log, TRAINING, labels=labels.iloc[3:])
    assert none.performance is None
    assert "no request has a label yet" in none.notes
    with pytest.raises(DataError, match="`labels` has no column `label`"):
        monitor(log, TRAINING, labels=labels[["request_id"]])
    with pytest.raises(UsageError, match="`performance` has 'acc'"):
        monitor(log, TRAINING, performance={"acc": 1})


# -- what happens then ------------------------------------------------------------------------


def test_somebody_is_told():
    heard = []
    report = monitor(served(shift_on=2), TRAINING, on_alert=heard.append)
    assert heard == [report]
    monitor(served(), TRAINING, on_alert=heard.append)
    assert heard == [report]
    assert json.loads(json.dumps(report.to_dict()))["requests"] == 400


# -- logs -------------------------------------------------------------------------------------


def lines(rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_json_lines(tmp_path):
    log = served(shift_on=2)[["request_id", "timestamp", "prediction", "age", "sex"]]
    rows = [
        {
            "request_id": row["request_id"],
            "timestamp": row["timestamp"].isoformat(),
            "inputs": {"age": row["age"], "sex": row["sex"]},
            "prediction": row["prediction"],
        }
        for row in log.to_dict("records")
    ]
    file = tmp_path / "requests.jsonl"
    file.write_text(lines(rows))
    from_file, from_frame = monitor(file, TRAINING), monitor(log, TRAINING)
    assert from_file == from_frame
    file.write_text(lines(rows[:200]) + "\n{broken\n[1]\n" + lines(rows[200:]))
    broken = monitor(str(file), TRAINING)
    assert broken.windows == from_frame.windows
    assert broken.notes == ("2 lines of the log are no JSON objects: requests.jsonl, line 202",)


def test_a_folder_of_logs_and_batches_of_requests(tmp_path):
    batch = {"request_id": 1, "instances": [{"x": 1}, {"x": 2}], "predictions": [0.1, 0.2]}
    (tmp_path / "a.jsonl").write_text(lines([batch]))
    (tmp_path / "b.jsonl").write_text(lines([{"request_id": 2, "x": 3, "prediction": 0.3}]))
    (tmp_path / "readme.txt").write_text("no log")
    frame, notes = frame_of(tmp_path)
    assert frame["x"].to_list() == [1, 2, 3]
    assert frame["prediction"].to_list() == [0.1, 0.2, 0.3]
    assert notes == []


@pytest.mark.parametrize(
    ("text", "what"), [("", "the log is empty"), ("{\n", "no line of the log is a JSON object")]
)
def test_logs_that_cannot_be_read(tmp_path, text, what):
    file = tmp_path / "log.jsonl"
    with pytest.raises(DataError, match="cannot be read"):
        monitor(file, TRAINING)
    file.write_text(text)
    with pytest.raises(DataError, match=what):
        monitor(file, TRAINING)
    with pytest.raises(DataError, match="is no frame"):
        monitor(3, TRAINING)


# -- windows ----------------------------------------------------------------------------------

MOMENT = dt.datetime(2026, 3, 4, 13, 30, tzinfo=dt.UTC)  # a Wednesday


@pytest.mark.parametrize(
    ("times", "window", "names"),
    [
        ([MOMENT], "1d", ["2026-03-04"]),
        ([MOMENT], "1w", ["2026-03-02"]),
        ([MOMENT, MOMENT + dt.timedelta(hours=2)], "1h", ["2026-03-04 13:00:00", "2026-03-04 15:00:00"]),
        ([MOMENT.isoformat(), "2026-03-05"], "1d", ["2026-03-04", "2026-03-05"]),
        ([MOMENT.timestamp()], "1d", ["2026-03-04"]),
        ([int(MOMENT.timestamp() * 1000)], "1d", ["2026-03-04"]),
        ([dt.datetime(2026, 3, 4)], "1d", ["2026-03-04"]),
        ([MOMENT, None], "1d", ["2026-03-04"]),
        ([MOMENT, MOMENT], 1, ["1-1", "2-2"]),
        ([MOMENT], None, ["all"]),
        ([], None, []),
    ],
    ids=str,
)  # fmt: skip
def test_windows(times, window, names):
    import narwhals as nw

    log = nw.from_native(pl.DataFrame({"timestamp": times}), eager_only=True)
    assert [name for name, _ in windows_of(log, "timestamp", window)] == names


def test_windows_of_rows_are_in_the_order_of_time():
    log = served(10, 1)
    shuffled = log.assign(timestamp=log["timestamp"] + pd.to_timedelta(range(10), "min"))
    shuffled = shuffled.sample(frac=1, random_state=0)
    report = monitor(shuffled, TRAINING, window=4, min_rows=1)
    assert [one.name for one in report.windows] == ["1-4", "5-8", "9-10"]
    assert report.windows == monitor(shuffled.sort_values("timestamp"), TRAINING, window=4, min_rows=1).windows  # fmt: skip


@pytest.mark.parametrize(
    ("log", "window", "error", "what"),
    [
        ({"timestamp": [MOMENT]}, "day", UsageError, "`window` is 'day'"),
        ({"timestamp": [MOMENT]}, 0, UsageError, "`window` is 0"),
        ({"x": [1]}, "1d", UsageError, "no column `timestamp`"),
        ({"timestamp": ["now"]}, "1d", DataError, "'now' is no time"),
        ({"timestamp": [True]}, "1d", DataError, "of the type bool"),
    ],
)
def test_windows_that_are_none(log, window, error, what):
    with pytest.raises(error, match=what):
        monitor(pl.DataFrame(log), TRAINING, window=window)


def test_requests_without_a_time_are_said():
    log = served(100, 1)
    log.loc[:4, "timestamp"] = pd.NaT
    report = monitor(log, TRAINING)
    assert report.windows[0].rows == 95
    assert report.notes == ("5 requests have no time and are in no window",)


def test_an_empty_log():
    report = monitor(served(0), TRAINING, window="1d")
    assert (report.windows, report.gate.verdict) == ((), "pass")
    assert report.notes == ("the log has no request",)
