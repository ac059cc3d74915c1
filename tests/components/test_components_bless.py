"""`bless`: tables of thresholds against an evaluation, and what it decides."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

from thruway.components import Blessing, Override, bless, evaluate
from thruway.components.evaluate.types import Comparison, Estimate, Evaluation, Gap, SliceResult
from thruway.errors import GateFailed, UsageError
from thruway.kit.values import storage

WAYS = {"auc": True, "loss": False, "cost": None, "odd": True}


def judged(auc=(0.8, 0.75, 0.85), loss=(0.4, 0.3, 0.5), **more):
    return Evaluation(
        "classification", "paid", 100, {},
        {"auc": Estimate(*auc), "loss": Estimate(*loss), "cost": Estimate(2.0)},
        {"odd": "the rows have one class only: 1"},
        WAYS, **more,
    )  # fmt: skip


def sliced():
    return judged(
        slices=(
            SliceResult("sex=f", "sex", 60, {"auc": Estimate(0.7, 0.6, 0.8)}),
            SliceResult("sex=m", "sex", 40, {"auc": Estimate(0.9, 0.8, 1.0)}),
            SliceResult("city=Bonn", "city", 3, {}, {"auc": "it has 3 rows"}),
        ),
        gaps=(Gap("auc", "sex", 0.2, 0.7778, "sex=f", "sex=m", 0.1, 0.35),),
    )


def compared(difference=(0.02, -0.01, 0.05)):
    value = Estimate(*difference)
    return judged(
        baseline={"auc": Estimate(0.78)},
        comparisons=(Comparison("auc", "", 0.8, 0.78, value, "unclear"),),
    )


@pytest.mark.parametrize(
    ("evaluation", "arguments", "verdict", "reasons"),
    [
        (judged(), {}, "warn", ["no threshold was given: the model is blessed whatever it is worth"]),
        (judged(), {"thresholds": {"auc": {"lower": 0.8}}}, "pass", []),
        (judged(), {"thresholds": {"auc": 0.8, "loss": 0.4}}, "pass", []),
        (judged(), {"thresholds": {"auc": 0.81}}, "fail", ["`auc`: 0.8, at least 0.81 is asked for"]),
        (judged(), {"thresholds": {"loss": 0.3}}, "fail", ["`loss`: 0.4, at most 0.3 is asked for"]),
        (judged(), {"thresholds": {"cost": {"lower": 1, "upper": 3}}}, "pass", []),
        (judged(), {"thresholds": {"auc": 0.75}, "margin": True}, "pass", []),
        (judged(), {"thresholds": {"auc": 0.8}, "margin": True}, "fail",
         ["`auc`: 0.8 (the interval goes to 0.75), at least 0.8 is asked for"]),
        (judged(), {"thresholds": {"loss": 0.45}, "margin": True}, "fail",
         ["`loss`: 0.4 (the interval goes to 0.5), at most 0.45 is asked for"]),
        (judged(), {"thresholds": {"cost": {"upper": 3}}, "margin": True}, "fail",
         ["`cost` has no interval, and the margin asks for one: evaluate with n_bootstrap"]),
        (judged(), {"thresholds": {"odd": 0.5}}, "fail",
         ["`odd` was not computed: the rows have one class only: 1"]),
        (judged(), {"changes": {"auc": 0.0, "loss": 0.0}}, "warn",
         ["2 thresholds skipped: there is no baseline to compare with"]),
        (compared(), {"changes": {"auc": {"absolute": 0.0}}}, "pass", []),
        (compared(), {"changes": {"auc": {"absolute": 0.03}}}, "fail",
         ["`auc`: better by 0.02, better by at least 0.03 is asked for"]),
        (compared(), {"changes": {"auc": {"relative": 0.02}}}, "pass", []),
        (compared(), {"changes": {"auc": {"relative": 0.03}}}, "fail",
         ["`auc`: better by 0.02, better by at least 0.03 of the baseline's value is asked for"]),
        (compared(), {"changes": {"auc": {"absolute": -0.01}}, "margin": True}, "pass", []),
        (compared(), {"changes": {"auc": {"absolute": -0.005}}, "margin": True}, "fail",
         ["`auc`: better by 0.02 (the interval goes to -0.01), worse by at most 0.005 is asked for"]),
        (compared(), {"changes": {"loss": 0.0}}, "warn",
         ["1 threshold skipped: the baseline has no `loss`"]),
        (judged(), {"baseline": judged(auc=(0.82, 0.8, 0.84)), "changes": {"auc": 0.0}}, "fail",
         ["`auc`: worse by 0.02, not worse is asked for"]),
        (judged(), {"baseline": judged(loss=(0.5, 0.4, 0.6)), "changes": {"loss": 0.09}}, "pass", []),
        (judged(), {"baseline": judged(loss=(0.5, 0.4, 0.6)), "changes": {"loss": 0.09},
                    "margin": True}, "fail",
         ["`loss`: better by 0.1 (the interval goes to -0.04142), better by at least 0.09 is asked for"]),
        (judged(), {"baseline": judged(),
                    "changes": {"cost": {"absolute": 0, "higher_is_better": False}}}, "pass", []),
        (sliced(), {"slices": {"sex": {"auc": {"lower": 0.75}}}}, "fail",
         ["`auc` of sex=f: 0.7, at least 0.75 is asked for"]),
        (sliced(), {"slices": {"sex=m": {"auc": 0.75}}}, "pass", []),
        (sliced(), {"slices": {"*": {"auc": 0.5}}}, "warn",
         ["1 threshold skipped: `auc` of city=Bonn was not computed: it has 3 rows"]),
        (sliced(), {"slices": {"city=Rome": {"auc": 0.5}}, "thresholds": {"auc": 0.1}}, "warn",
         ["no rows are in the slice 'city=Rome', so its thresholds say nothing"]),
        (sliced(), {"gaps": {"sex": {"auc": {"difference": 0.25, "ratio": 0.75}}}}, "pass", []),
        (sliced(), {"gaps": {"*": {"auc": 0.1}}}, "fail",
         ["`auc` by sex: 0.2, slices at most 0.1 apart is asked for"]),
        (sliced(), {"gaps": {"sex": {"auc": {"difference": 0.25}}}, "margin": True}, "fail",
         ["`auc` by sex: 0.2 (the interval goes to 0.35), slices at most 0.25 apart is asked for"]),
    ],
)  # fmt: skip
def test_what_is_decided(evaluation, arguments, verdict, reasons):
    found = bless(evaluation, **arguments)
    assert (found.gate.verdict, list(found.gate.reasons)) == (verdict, reasons)
    assert found.blessed == (verdict != "fail")
    assert found._repr_html_().count("<tr>") == (len(found.checks) + 1 if found.checks else 0)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"thresholds": {"acc": 0.5}}, "has no metric 'acc'"),
        ({"thresholds": {"cost": 0.5}}, "not known whether a higher `cost` is better"),
        ({"thresholds": {"auc": {"least": 0.5}}}, "a threshold has no `least` here"),
        ({"thresholds": {"auc": {"absolute": 0.5}}}, "a threshold has no `absolute` here"),
        ({"thresholds": {"auc": {"lower": float("nan")}}}, "nan is no threshold"),
        ({"thresholds": {"auc": {"lower": True}}}, "True is no threshold"),
        ({"thresholds": 0.8}, "thresholds are given by metric"),
        ({"changes": {"cost": {"absolute": 0}}}, "not known whether a higher `cost` is better"),
        ({"slices": {"town": {"auc": 0.5}}}, "has no slice 'town'"),
        ({"gaps": {"town": {"auc": 0.5}}}, "has no way of slicing 'town'"),
        ({"baseline": "best"}, "`baseline` is a str"),
        ({"override": {"who": "", "why": "x"}}, "says who decided and why"),
        ({"override": {"by": "me"}}, "an override is no"),
        ({"override": {"who": "Ada", "why": "x", "verdict": "warn"}}, "decides pass or fail"),
    ],
)
def test_thresholds_that_make_no_sense(arguments, said):
    with pytest.raises(UsageError) as caught:
        bless(sliced(), **arguments)
    assert said in str(caught.value)
    assert caught.value.fix


def test_what_was_judged_otherwise_is_no_baseline():
    other = dataclasses.replace(judged(), label="owed")
    with pytest.raises(UsageError, match="the baseline was judged by the label 'owed'"):
        bless(judged(), other)
    with pytest.raises(UsageError, match="`evaluation` is a float"):
        bless(0.9)


def test_a_person_may_decide_otherwise():
    found = bless(judged(), thresholds={"auc": 0.9}, override=Override("Ada", "holiday"))
    assert found.gate.verdict == "warn"
    assert found.gate.reasons == (
        "Ada decided to bless it whatever the thresholds say: holiday",
        "`auc`: 0.8, at least 0.9 is asked for",
    )
    kept_back = {"who": "Ada", "why": "it is biased", "verdict": "fail"}
    found = bless(judged(), thresholds={"auc": 0.1}, override=kept_back)
    assert found.gate.reasons == ("Ada decided to keep it back: it is biased",)
    assert not found.blessed


def test_predictions_that_are_missing_are_told():
    frame = pd.DataFrame({"y": [0, 1, 1, 0], "p": [0, 1, None, 0]})
    found = bless(evaluate(frame, "p", "y", n_bootstrap=0), thresholds={"accuracy": 0.9})
    assert found.gate.verdict == "warn"
    assert found.gate.reasons == (
        "the prediction of the model is missing or infinite in 1 rows, which are in no metric",
    )


def test_the_paired_interval_is_surer_than_two_alone():
    random = np.random.default_rng(0)
    y = random.integers(0, 2, 600)
    right = np.where(random.random(600) < 0.85, y, 1 - y)
    worse = np.where(random.random(600) < 0.08, 1 - right, right)
    frame = pd.DataFrame({"y": y, "new": right, "old": worse})
    both = evaluate(frame, "new", "y", baseline="old")
    old = evaluate(frame, "old", "y")
    changes = {"accuracy": {"absolute": 0.015}}
    assert bless(both, changes=changes, margin=True).blessed
    assert not bless(both, old, changes=changes, margin=True).blessed
    assert bless(both, old, changes=changes).blessed


def test_it_is_stored_safely(tmp_path):
    found = bless(sliced(), thresholds={"auc": 0.8}, override={"who": "Ada", "why": "x"})
    with (tmp_path / "stored").open("wb") as handle:
        form = storage.write({"blessing": found}, handle)
    assert form == "objects/3"
    assert storage.read(form, tmp_path / "stored", trusted=False) == {"blessing": found}
    assert json.loads(json.dumps(found.to_dict()))["blessed"] is True
    assert repr(found) == "<Blessing: 1 of 1 thresholds kept>"


FLOW = """
    from thruway.components import Blessing, bless, evaluate

    @step
    def load(rows: int) -> pd.DataFrame:
        return pd.DataFrame({"y": [0, 1] * rows, "p": [0, 1, 0, 0] * (rows // 2)})

    @step
    def ship(blessing: Blessing) -> str:
        return "shipped"

    @pipeline
    def flow(rows: int = 20, least: float = 0.7):
        evaluation = evaluate(load(rows), "p", "y", n_bootstrap=10)
        blessing = bless(evaluation, thresholds={"accuracy": {"lower": 0.7}}, margin=False)
        shipped = ship(blessing)
        return shipped, blessing
"""


@pytest.mark.parametrize("isolate", [False, True], ids=["in-process", "isolated"])
def test_a_model_without_blessing_goes_no_further(small, isolate):
    small.write(FLOW)
    result = small.run(isolate=isolate)
    assert result.load("shipped") == "shipped"
    assert isinstance(result.load("blessing"), Blessing)
    small.write(FLOW.replace('{"lower": 0.7}', '{"lower": 0.8}'))
    with pytest.raises(GateFailed, match=r"`accuracy`: 0\.75, at least 0.8 is asked for"):
        small.run(isolate=isolate)
