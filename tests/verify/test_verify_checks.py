"""Every verdict, from small records of what an original and a pipeline left behind."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from thruway.findings import Unknown
from thruway.kit.values.fingerprint import fingerprint
from thruway.kit.values.types import Value
from thruway.project.types import Manifest, SourceRecord, StatementRecord, StepRecord
from thruway.run.store.store import Store
from thruway.run.types import ArtifactRef, FigureRecord, LocalRecord, RunResult, StepResult
from thruway.run.types import StepRecord as Probed
from thruway.trace.types import Display, Fact, Figure, Trace
from thruway.verify.prove import _compare, _settle_effect, _settle_value
from thruway.verify.text import comparable, first_difference
from thruway.verify.types import Check, Proof, overall
from thruway.verify.unsteady import settle_text


def value(digest, kind="scalar", opaque=""):
    return Value(kind, "builtins.int", "int", fingerprint=digest, opaque=opaque)


def trace(*facts):
    return Trace(facts, None, "3.11", "python", {}, (), 0, 1.0, 1.0, 0, frozenset())


def step(**fields):
    record = StepRecord(
        name="one", role="prepare", title="", reason="", file="", body=(1, 2), helpers=(), shared=(),
        settings=(), inputs=(), outputs=(), parameters=(), restores=(), declare=(), displayed=(),
        shown=(), underscore=(), bound={},
    )  # fmt: skip
    return replace(record, **fields)


def manifest(*steps):
    source = SourceRecord("a.ipynb", "source/a.ipynb", "../a.ipynb", "notebook", "")
    statements = (
        StatementRecord(1, 2, 1, 1, "", ("one",)),
        StatementRecord(2, 3, 4, 4, "", ("one",)),
    )
    return Manifest(
        "0", "a", "A", "a.pipeline:a", "auto", 0, "..", 0, "3.11", source, steps, statements
    )


def compared(record, facts, probed):
    result = RunResult(
        "r", "COMPLETE", (StepResult("one", "COMPLETE", record=probed),), {}, Path(), Path()
    )
    return list(_compare(manifest(record), trace(*facts), result))


NAMES = {
    "the same": (value("aa"), LocalRecord("scalar", "aa"), "equal", ""),
    "another": (value("aa"), LocalRecord("scalar", "bb"), "differs", ""),
    "opaque": (value("aa", opaque="a lock"), LocalRecord("other", "aa"), "not compared", "a lock"),
    "opaque and another": (value("aa", opaque="a lock"), LocalRecord("other", "bb"), "differs", ""),
    "a function": (
        value("aa", kind="function"),
        LocalRecord("function", "bb"),
        "not compared",
        "a function",
    ),
    "a module": (
        value("aa", kind="module"),
        LocalRecord("module", "bb"),
        "not compared",
        "a module",
    ),
    "gone": (value("aa"), None, "not compared", "not a local"),
    "not seen": (None, LocalRecord("scalar", "aa"), "not compared", "no digest"),
}


@pytest.mark.parametrize("name", NAMES)
def test_names(name):
    expected, actual, verdict, reason = NAMES[name]
    facts = [Fact(1), Fact(2, values={"x": expected} if expected else {})]
    found = compared(step(bound={"x": 2}), facts, Probed(names={"x": actual} if actual else {}))
    (check,) = [c for c in found if c.name == "x"]
    assert check.verdict == verdict
    assert reason in check.reason
    assert check.place == "a.ipynb, cell 3, line 4"


def test_a_step_without_a_record_is_not_compared():
    found = compared(step(bound={"x": 2}), [Fact(1)], None)
    assert {check.verdict for check in found} <= {"not compared", "equal"}
    assert found[0].what == "step"


TEXTS = {
    "the same": ("a\nb\n", "a\nb\n", "equal"),
    "another": ("a\nb\n", "a\nc\n", "differs"),
    "less": ("a\nb\n", "a\n", "differs"),
    "addresses and times": (
        "<X at 0x7f00aa001122> took 1.3 s at 12:30:01\n",
        "<X at 0x7f11bb334455> took 14 ms at 12:30:09\n",
        "equal",
    ),
}


@pytest.mark.parametrize("name", TEXTS)
def test_stdout(name):
    expected, actual, verdict = TEXTS[name]
    half = expected.index("\n") + 1
    facts = [Fact(1, stdout=expected[:half]), Fact(2, stdout=expected[half:])]
    (check,) = [c for c in compared(step(), facts, Probed(stdout=actual)) if c.what == "stdout"]
    assert check.verdict == verdict
    if name == "another":
        assert (check.path, check.expected, check.actual) == ("line 2", "b", "c")


def test_displays_that_the_author_asked_for_are_compared():
    facts = [Fact(1, displays=(Display("by the way"),)), Fact(2, displays=(Display("7"),))]
    found = compared(step(displayed=(2,)), facts, Probed(displays=("8",)))
    (check,) = [c for c in found if c.what == "display"]
    assert (check.verdict, check.expected, check.actual) == ("differs", "7", "8")


@pytest.mark.parametrize(
    ("drawn", "verdict"),
    [
        (("f1", "f2"), "equal"),
        (("f2", "f1"), "equal"),
        (("f1",), "differs"),
        (("f1", "f3"), "differs"),
    ],
)
def test_figures_are_compared_by_what_they_draw(drawn, verdict):
    facts = [Fact(1, figures=(Figure(1, "f1", True), Figure(2, "f2", True)))]
    probed = Probed(figures=tuple(FigureRecord(1, digest, "", True) for digest in drawn))
    (check,) = [c for c in compared(step(), facts, probed) if c.what == "figures"]
    assert check.verdict == verdict


@pytest.mark.parametrize(
    ("written", "verdicts"),
    [
        ({"a.txt": "22"}, {"a.txt": "equal"}),
        ({"a.txt": "11"}, {"a.txt": "differs"}),
        ({}, {"a.txt": "differs"}),
        ({"a.txt": "22", "b.txt": "33"}, {"a.txt": "equal", "b.txt": "differs"}),
    ],
)
def test_files_are_compared_as_the_last_statement_left_them(written, verdicts):
    facts = [Fact(1, files_written={"a.txt": "11"}), Fact(2, files_written={"a.txt": "22"})]
    found = compared(step(), facts, Probed(files=written))
    assert {c.name: c.verdict for c in found if c.what == "file"} == verdicts


# --- a closer look at what differs ----------------------------------------------------------

DOUBTFUL = Check("one", "name", "x", "differs", statement=2)


def settled(tmp_path, expected, actual, *, second=None, captured=True):
    """What a closer look makes of two values."""
    store = Store(tmp_path)
    store.prepare()
    address, form, size = store.put_values({"x": actual})
    digest = fingerprint(expected).hex
    artifact = ArtifactRef(address, "x", form, size)
    probed = Probed(names={"x": LocalRecord("other", fingerprint(actual).hex, artifact=artifact)})
    result = RunResult(
        "r", "COMPLETE", (StepResult("one", "COMPLETE", record=probed),), {}, tmp_path, tmp_path
    )
    one = trace(Fact(2, values={"x": value(digest)}))
    two = trace(Fact(2, values={"x": value(second or digest)}))
    return _settle_value(
        DOUBTFUL, one, two, {(2, "x"): expected} if captured is True else captured, result
    )


def test_another_value_names_the_element(tmp_path):
    check = settled(tmp_path, {"a": [1, 2, 3]}, {"a": [1, 5, 3]})
    assert check.verdict == "differs"
    assert "a" in check.path
    assert "1" in check.path
    assert (check.expected, check.actual) == ("2", "5")
    assert "2 ≠ 5" in str(check)


def test_a_frame_names_row_and_column(tmp_path):
    import pandas as pd

    one = pd.DataFrame({"u": [1.0, 2.0], "v": [3.0, 4.0]})
    check = settled(tmp_path, one, one.assign(v=[3.0, 9.0]))
    assert check.verdict == "differs"
    assert "v" in check.path
    assert (check.expected, check.actual) == ("4.0", "9.0")


def test_rounding_is_within_a_stated_tolerance(tmp_path):
    check = settled(tmp_path, [0.1 + 0.2], [0.3])
    assert check.verdict == "within"
    assert check.reason
    assert overall((check,)) == f"equal within {check.reason}"


def test_what_two_runs_of_the_original_do_not_agree_on_is_not_compared(tmp_path):
    check = settled(tmp_path, 1, 2, second="other")
    assert check.verdict == "not compared"
    assert "two runs of the original" in check.reason


def test_a_value_that_cannot_be_read_here_stays_different_and_says_so(tmp_path):
    check = settled(tmp_path, 1, 2, captured={(2, "x"): Unknown("no such package")})
    assert check.verdict == "differs"
    assert "no such package" in check.reason


EFFECTS = {
    "figures": (Fact(1, figures=(Figure(1, "a", True),)), Fact(1, figures=(Figure(1, "b", True),))),
    "file": (Fact(1, files_written={"f": "a"}), Fact(1, files_written={"f": "b"})),
}


@pytest.mark.parametrize("what", EFFECTS)
def test_effects_that_vary_by_themselves_are_not_compared(what):
    one, two = EFFECTS[what]
    check = Check("one", what, "f", "differs")
    assert _settle_effect(check, step(), trace(one), trace(two)).verdict == "not compared"
    assert _settle_effect(check, step(), trace(one), trace(one)).verdict == "differs"


# two runs of the original, the pipeline, a third run of the original -> verdict, where
TEXTS_THAT_VARY = [
    ("a\n1\n", "a\n2\n", "a\n3\n", None, "not compared", ""),
    ("a\n1\n", "a\n2\n", "b\n3\n", "a\n4\n", "differs", "line 1"),
    ("6\n1\n", "6\n2\n", "7\n3\n", "8\n4\n", "not compared", ""),
    ("a\n", "a\n", "b\n", None, "differs", "line 1"),
]


@pytest.mark.parametrize(("one", "two", "given", "three", "verdict", "path"), TEXTS_THAT_VARY)
def test_lines_on_which_the_original_agrees_are_compared(one, two, given, three, verdict, path):
    check = Check("one", "stdout", "", "differs", path="line 1")
    runs = [trace(Fact(1, stdout=text)) for text in (one, two)]
    found = settle_text(
        check, step(), *runs, lambda: trace(Fact(1, stdout=three)), Probed(stdout=given)
    )
    assert found.verdict == verdict
    assert verdict != "differs" or found.path == path


# --- the whole ------------------------------------------------------------------------------

EQUAL = Check("one", "name", "x", "equal")
WITHIN = Check("one", "name", "x", "within", "1e-12 relative")
SKIPPED = Check("one", "name", "x", "not compared", "opaque")


@pytest.mark.parametrize(
    ("checks", "verdict"),
    [
        ((EQUAL,), "equal"),
        ((EQUAL, SKIPPED), "equal"),
        ((EQUAL, WITHIN), "equal within 1e-12 relative"),
        ((EQUAL, WITHIN, DOUBTFUL), "differs"),
        ((SKIPPED,), "not compared"),
        ((), "not compared"),
    ],
)
def test_the_worst_that_holds(checks, verdict):
    assert overall(checks) == verdict
    proof = Proof(checks, verdict, 0, 1, 0.0)
    assert proof.holds == (DOUBTFUL not in checks)
    assert proof.first_difference == (DOUBTFUL if DOUBTFUL in checks else None)
    assert sum(proof.counts().values()) == len(checks)
    assert proof.dump()["verdict"] == verdict


RUNS = "/work"  # where a project keeps the folders of its runs
COMPARABLE = {
    "<Box at 0x7f3a5c0b2d90>": "<Box at <address>>",
    "<__main__.Box object at 0x7f3a5c0b2d90>": "<Box object at <address>>",
    "<case.shared.Box object at 0x7f3a5c0b2d90>": "<Box object at <address>>",
    "<case.steps.fit.fit.<locals>.Box object at 0x7f3a5c0b2d90>": "<Box object at <address>>",
    "<class 'case.shared.Box'>": "<class 'Box'>",
    "fit.<locals>.Point(x=1)": "Point(x=1)",
    "os.path.join": "os.path.join",
    "at 2024-05-01 12:30": "at <time>",
    "at 2024-05-01T12:30:59.123": "at <time>",
    "12:30:59": "<time>",
    "took 1.25 s": "took <duration>",
    "3ms/step": "<duration>/step",
    "12 seconds": "<duration>",
    "/tmp/x/thruway-observe-1/a.csv": "<folder>/a.csv",
    "'/tmp/thruway-observe-1/workspace'": "'<folder>'",
    f"'/home/me/out/.thruway{RUNS}/20260101-101010-ab12/2/data'": "'<folder>/data'",
    "trailing   \n\n": "trailing",
    "accuracy 0.91": "accuracy 0.91",
    "0x12": "0x12",
    "2024-05-01": "2024-05-01",
    "5 samples": "5 samples",
    "12 models": "12 models",
}


@pytest.mark.parametrize("text", COMPARABLE)
def test_comparable(text):
    assert comparable(text) == COMPARABLE[text]


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        ("a\nb", "a\nc", ("line 2", "b", "c")),
        ("a", "a\nb", ("line 2", "(no line)", "b")),
        ("a\nb", "a", ("line 2", "b", "(no line)")),
        ("1 s", "2 s", ("", "", "")),
    ],
)
def test_first_difference(one, other, found):
    assert first_difference(one, other) == found
