"""Plain command lines mean what typer makes of them; all others are left to it."""

from __future__ import annotations

import inspect
from types import SimpleNamespace

import pytest

from thruway.ui.commands import app
from thruway.ui.words import plain_call

COMMANDS = {
    (each.name or each.callback.__name__): each.callback for each in app.registered_commands
}

PLAIN = [
    "run .",
    "run shop.py:flow --force --no-cache -q",
    "run . -p a=1 --param b=2 -p=x",
    "run . -p a=1 -p b=x=y --params values.toml",
    "run . --only train --with clean.rows=a.csv --with b.csv=c",
    "run . -x processes -j 4 --seed 7 --json",
    "run --seed -3 .",
    "run . --executor=dask://host:8786 --jobs=0",
    "run . --only=",
    "plan . -p n=3 --json",
    "why . train --seed 0",
    "resume .",
    "resume . 2026 -j 2",
    "show . latest",
    "show . 3f9a --html out.html",
    "runs . --debug",
    "new shop",
    "diff . previous latest",
]
LEFT = [
    "",
    "nothing",
    "run",
    "run --help",
    "run . -h",
    "run . extra",
    "run . --unknown",
    "run . --seed x",
    "run . --seed",
    "run . --force=1",
    "run . -j4",
    "run . -qh",
    "run -- .",
    "why .",
    "--version",
    "--help",
]


@pytest.mark.parametrize("line", PLAIN)
def test_a_plain_line_means_what_typer_makes_of_it(line, monkeypatch):
    words = line.split()
    function = COMMANDS[words[0]]
    called = []

    def note(**given):
        bound = inspect.signature(function).bind(**given)
        bound.apply_defaults()
        called.append(bound.arguments)
        return 0

    note.__signature__ = inspect.signature(function, eval_str=True)
    note.__annotations__ = inspect.get_annotations(function, eval_str=True)
    note.__name__ = function.__name__
    command = SimpleNamespace(name=words[0], callback=note)
    call = plain_call(SimpleNamespace(registered_commands=[command]), words)
    if "-p=x" in words:  # typer's own way with one dash
        assert call is None
        return
    call()
    for each in app.registered_commands:
        if each.callback is function:
            monkeypatch.setattr(each, "callback", note)
    app(args=words, standalone_mode=False, prog_name="thruway")
    ours, theirs = called
    assert ours == theirs
    assert {name: type(value) for name, value in ours.items()} == {
        name: type(value) for name, value in theirs.items()
    }


@pytest.mark.parametrize("line", LEFT)
def test_everything_else_is_left_to_typer(line):
    assert plain_call(app, line.split()) is None


def test_the_commands_that_are_run_most_are_plain():
    for line in ("run .", "plan .", "why . a", "resume .", "runs .", "show . latest"):
        assert plain_call(app, line.split()) is not None
