# Printing is what is tested.
# ruff: noqa: T201
"""Options are compared cheaply; what is printed and displayed is collected by piece."""

import decimal
import io
import logging
import os
import subprocess
import sys
import time
import warnings

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from thruway.kit.ambient import options
from thruway.kit.ambient.display import HTML_LIMIT, Displayed, DisplayLog, display
from thruway.kit.ambient.output import OutputLog, captured


@pytest.fixture
def restored(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TW_A", "1")
    monkeypatch.setattr(sys, "path", list(sys.path))
    level, handlers = logging.root.level, list(logging.root.handlers)
    with (
        warnings.catch_warnings(),
        decimal.localcontext(),
        np.printoptions(),
        np.errstate(),
        mpl.rc_context(),
        pd.option_context("display.max_rows", 60, "display.float_format", None),
    ):
        yield
    logging.root.setLevel(level)
    logging.root.handlers[:] = handlers


CHANGES = [
    (lambda: os.environ.update(TW_A="2"), ("env:TW_A",)),
    (lambda: os.environ.update(TW_A="1"), ()),
    (lambda: os.environ.pop("TW_A"), ("env:TW_A",)),
    (lambda: os.chdir(".."), ("options:cwd",)),
    (lambda: sys.path.append("x"), ("options:path",)),
    (lambda: pd.set_option("display.max_rows", 7), ("options:pandas",)),
    (lambda: pd.set_option("display.float_format", lambda x: f"{x:.1f}"), ("options:pandas",)),
    (lambda: np.set_printoptions(precision=3), ("options:numpy",)),
    (lambda: np.seterr(divide="raise"), ("options:numpy",)),
    (lambda: setattr(decimal.getcontext(), "prec", 5), ("options:decimal",)),
    (lambda: decimal.Decimal(1) / decimal.Decimal(3), ()),
    (lambda: warnings.filterwarnings("ignore", message="tw"), ("options:warnings",)),
    (lambda: mpl.rcParams.update({"font.size": 3}), ("options:matplotlib",)),
    (lambda: mpl.rcParams["font.sans-serif"].insert(0, "Tw"), ("options:matplotlib",)),
    (lambda: logging.root.setLevel(logging.DEBUG), ("options:logging",)),
    (lambda: logging.root.addHandler(logging.NullHandler()), ("options:logging",)),
    (lambda: [1, 2, 3], ()),
]


@pytest.mark.usefixtures("restored")
@pytest.mark.parametrize(("act", "expected"), CHANGES)
def test_changed_options(act, expected):
    before = options.snapshot()
    act()
    assert options.changed(before, options.snapshot()) == expected


def test_asking_for_a_figure_changes_no_option():
    before = options.snapshot()
    plt.close(plt.figure())
    assert options.changed(before, options.snapshot()) == ()


def test_two_functions_as_options_differ():
    with pd.option_context("display.float_format", lambda x: f"{x:.1f}"):
        one = options.snapshot()
    with pd.option_context("display.float_format", lambda x: f"{x:.2f}"):
        other = options.snapshot()
    assert options.changed(one, other) == ("options:pandas",)


def test_options_of_a_library_just_loaded_are_not_changed():
    assert options.changed({"options:cwd": "a"}, {"options:cwd": "a", "options:pandas": "b"}) == ()


def test_snapshot_is_cheap():
    options.snapshot()
    best = min(_seconds(options.snapshot) for _ in range(50))
    assert best < 0.001


def _seconds(act):
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def test_output_by_piece_and_stream():
    with captured() as log:
        print("one é")
        sys.stdout.buffer.write(b"raw\n")
        sys.stderr.write("trouble")
        first = log.take()
        print("two", end="")
        second = log.take()
    assert (first.stdout, first.stderr) == ("one é\nraw\n", "trouble")
    assert (second.stdout, second.stderr) == ("two", "")


def test_output_survives_a_program_that_wraps_or_closes_it():
    with captured() as log:
        inner = sys.stdout
        sys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8")
        print("wrapped")
        text = log.take().stdout
        sys.stdout = inner
        sys.stdout.close()
        print("still")
        text += log.take().stdout
    assert text == "wrapped\nstill\n"


def test_output_beyond_the_limit_is_counted_and_digested():
    def printed(text):
        with captured(limit=5) as log:
            print(text, end="")
        return log.take().stdout

    assert printed("12345") == "12345"
    assert printed("1234567").startswith("12345\n[… 2 more bytes, digest ")
    assert printed("1234567") != printed("1234568")


def test_output_tee(capsys):
    log = OutputLog(tee=True).start()
    print("both")
    log.stop()
    assert log.take().stdout == "both\n"
    assert capsys.readouterr().out == "both\n"


class Loud:
    def __init__(self, html):
        self.html = html

    def __repr__(self):
        return "loud"

    def _repr_html_(self):
        if self.html is None:
            raise ValueError
        return self.html


def test_display_is_recorded_and_not_printed(capsys):
    log = DisplayLog().start()
    figure, axes = plt.subplots()
    display("a", Loud("<b>"), Loud(None), Loud("x" * (HTML_LIMIT + 1)), figure, axes, pd.DataFrame)
    plt.close(figure)
    log.stop()
    assert log.take() == [
        Displayed("'a'"),
        Displayed("loud", "<b>"),
        Displayed("loud"),
        Displayed("loud"),
        Displayed("Figure"),
        Displayed("Axes"),
        Displayed("<class 'pandas.DataFrame'>"),
    ]
    assert capsys.readouterr().out == ""


def test_display_prints_without_a_log_or_when_asked(capsys):
    display(pd.Series([1], name="s"))
    log = DisplayLog(echo=True).start()
    display(2)
    log.stop()
    assert capsys.readouterr().out == "0    1\nName: s, dtype: int64\n2\n"
    assert [item.text for item in log.take()] == ["2"]


def test_display_of_ipython_is_recorded_however_it_was_imported(capsys):
    imported = pytest.importorskip("IPython.display").display
    log = DisplayLog().start()
    imported([1], "a")
    log.stop()
    imported([2], "b")
    assert [item.text for item in log.take()] == ["[1]", "'a'"]
    assert capsys.readouterr().out == "[2] b\n"


def test_output_reaches_children_through_the_real_descriptor():
    code = (
        "import subprocess, sys\n"
        "from thruway.kit.ambient.output import captured\n"
        "with captured() as log:\n"
        "    subprocess.run([sys.executable, '-c', 'print(5)'], stdout=sys.stdout, check=True)\n"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False
    )
    assert done.stdout == "5\n", done.stderr
