"""Overrides: words → decisions → plans; what is not sound is refused, what is gone is said."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest
from observed import graph_of

from thruway.errors import MigrationRefused, UsageError
from thruway.plan import make_plan
from thruway.plan.ask import Asked, with_asked
from thruway.plan.move import with_moves
from thruway.plan.override import Override, align, anchor, find_anchor
from thruway.plan.wishes import Wishes

PROGRAM = """
# %% Make
import random
rows = [n * n for n in range(20)]
# %% Clean
rows = [n for n in rows if n % 2]
print(len(rows))
# %% Draw
gen = (n + 1 for n in rows)
total = sum(gen)
# %% Fit
limit = sorted(rows, reverse=True)[0]
best = max(rows) + limit
print(best)
"""


def asked(text=PROGRAM, wishes=None, mode="cells", **words):
    graph = graph_of(text)

    def make(wanted):
        return make_plan(with_moves(graph, wanted.overrides), mode=mode, wishes=wanted)

    wishes = wishes or Wishes()
    words = {key: tuple(value.split()) for key, value in words.items()}
    return with_asked(Asked(**words), wishes, make(wishes), make)


def shape(plan):
    """`name 1 2 | name 3`: the own statements of each step."""
    return " | ".join(f"{step.name} {' '.join(map(str, step.body))}" for step in plan.steps)


UNTOUCHED = "make 2 | clean 3 4 | draw 5 6 | fit 7 8 9"
SHAPES = {
    "nothing": ({}, UNTOUCHED),
    "merge": ({"merge": "clean,draw"}, "make 2 | clean 3 4 5 6 | fit 7 8 9"),
    "merge in any order": ({"merge": "draw,clean"}, "make 2 | clean 3 4 5 6 | fit 7 8 9"),
    "merge what was merged": (
        {"merge": "clean,draw clean,fit"},
        "make 2 | fit 3 4 5 6 7 8 9",
    ),
    "cut": ({"cut_before": "4:2"}, "make 2 | clean 3 | explore_rows 4 | draw 5 6 | fit 7 8 9"),
    "cut at a line of a cell": (
        {"cut_before": "8:3"},
        "make 2 | clean 3 4 | draw 5 6 | fit 7 8 | ",
    ),
    "rename": ({"rename": "draw=add clean=tidy"}, "make 2 | tidy 3 4 | add 5 6 | fit 7 8 9"),
    "rename what is merged": (
        {"merge": "clean,draw", "rename": "clean=both"},
        "make 2 | both 3 4 5 6 | fit 7 8 9",
    ),
    "rename by a name that was merged away": (
        {"merge": "clean,draw", "rename": "draw=both"},
        "make 2 | both 3 4 5 6 | fit 7 8 9",
    ),
}


@pytest.mark.parametrize("name", SHAPES)
def test_what_is_asked_for_is_what_is_planned(name):
    words, expected = SHAPES[name]
    wishes, plan = asked(**words)
    assert shape(plan).startswith(expected)
    assert plan.overrides == wishes.overrides
    assert len(plan.overrides) == sum(len(each.split()) for each in words.values())


REFUSED = {
    "a cut inside a generator's life": ({"cut_before": "6:2"}, MigrationRefused, "`gen`"),
    "a name of the program": ({"rename": "clean=rows"}, MigrationRefused, "name of the program"),
    "a word of Python": ({"rename": "clean=list"}, MigrationRefused, "word of Python"),
    "a name twice": ({"rename": "clean=draw"}, UsageError, "another step"),
    "no such step": ({"merge": "clean,brush"}, UsageError, "no step `brush`"),
    "not neighbours": ({"merge": "make,draw"}, UsageError, "stands clean"),
    "one step": ({"merge": "make"}, UsageError, "one step only"),
    "a line without a cell": ({"cut_before": "4"}, UsageError, "not a place"),
    "no such line": ({"cut_before": "4:9"}, UsageError, "no statement"),
    "no new name": ({"rename": "clean"}, UsageError, "old=new"),
    "a port": ({"rename": "clean.rows=lines"}, UsageError, "variables of the program"),
    "both at once": (
        {"merge": "clean,draw", "cut_before": "6:1"},
        UsageError,
        "contradict each other",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_says_why(name):
    words, error, reason = REFUSED[name]
    with pytest.raises(error) as caught:
        asked(**words)
    assert reason in caught.value.what
    assert caught.value.fix


def test_a_reason_says_that_it_was_asked_for():
    _, plan = asked(merge="clean,draw", cut_before="8:2")
    reasons = {step.name: step.reason for step in plan.steps}
    assert "as asked (`--merge clean,draw`)" in reasons["clean"]
    assert "cut before case.ipynb, cell 8, line 2, as asked" in reasons.values()


def test_a_parameter_is_renamed_at_the_pipeline_twice():
    text = PROGRAM.replace(
        "# %% Draw", "random.seed(5)\nlow = random.random()\nk = 3\nhigh = low + k\n# %% Draw"
    )
    wishes, plan = asked(text, rename="k=width")
    assert [p.pipeline_name for step in plan.steps for p in step.parameters] == ["width", "seed"]
    wishes, plan = asked(text, wishes, rename="width=span")
    assert [p.pipeline_name for step in plan.steps for p in step.parameters] == ["span", "seed"]
    assert len(wishes.overrides) == 1


def test_a_later_decision_takes_back_an_earlier_one():
    wishes, _ = asked(merge="clean,draw")
    wishes, plan = asked(wishes=wishes, cut_before="6:1")
    assert shape(plan) == UNTOUCHED
    assert [each.kind for each in wishes.overrides] == ["cut"]
    wishes, plan = asked(wishes=wishes, merge="clean,draw", rename="make=start")
    wishes, plan = asked(wishes=wishes, rename="start=begin")
    assert shape(plan) == "begin 2 | clean 3 4 5 6 | fit 7 8 9"
    assert [each.kind for each in wishes.overrides] == ["merge", "rename"]


EDITED = (
    PROGRAM.replace("# %% Clean", "# %%\nextra = sum(rows)\n# %% Clean")
    .replace("n % 2", "n % 3")
    .replace("max(rows) + limit", "max(rows) + limit + 1")
)


def test_decisions_survive_small_edits_of_the_program():
    wishes, _ = asked(merge="clean,draw", cut_before="8:2", rename="fit=finish")
    stored = tuple(Override.load(asdict(each)) for each in wishes.overrides)
    assert stored == wishes.overrides
    plan = make_plan(graph_of(EDITED), mode="cells", wishes=Wishes(stored))
    assert plan.overrides == stored
    assert [step.body for step in plan.steps] == [(2,), (3,), (4, 5, 6, 7), (8,), (9, 10)]
    assert plan.steps[3].name == "finish"


def test_a_decision_that_no_longer_applies_is_a_finding():
    wishes, _ = asked(merge="draw,fit", rename="fit=finish", cut_before="4:2")
    text = PROGRAM.replace("print(len(rows))\n", "").replace(
        "gen = (n + 1 for n in rows)\ntotal = sum(gen)", "total = sum(rows)"
    )
    plan = make_plan(graph_of(text), mode="cells", wishes=wishes)
    lost = [f.reason for f in plan.findings if f.code == "TW208"]
    assert len(lost) == 2
    assert "nothing is like cell 6, line 1 (`gen = (n + 1 for n in rows)`)" in lost[0]
    assert "--cut-before 4:2" in lost[1]
    assert [each.kind for each in plan.overrides] == ["rename"]


def test_a_stored_cut_that_is_not_sound_any_more_is_a_finding():
    wishes, _ = asked(cut_before="8:2")
    text = PROGRAM.replace("limit = sorted(rows, reverse=True)[0]", "limit = iter(rows)").replace(
        "+ limit", "+ next(limit)"
    )
    plan = make_plan(graph_of(text), mode="cells", wishes=wishes)
    assert [f.reason for f in plan.findings if f.code == "TW208" and "`limit`" in f.reason]
    assert plan.overrides == ()


# --- statements moved to another step -----------------------------------------------------------

TABLE = """
# %% Load
rows = sorted([3, 1, 2])
wide = list(rows)
# %% Sort
ordered = sorted(rows)
ordered.append(9)
# %% Look
import statistics
print(len(wide))
print(statistics.mean(rows))
print(ordered[0])
top = max(ordered)
"""


def codes(plan):
    return {
        step.name: [plan.graph.node(n).statement.code for n in step.body] for step in plan.steps
    }


def test_a_statement_goes_to_the_step_that_it_belongs_to():
    _, plan = asked(TABLE, move="6:2=load")
    assert codes(plan)["load"] == [
        "rows = sorted([3, 1, 2])",
        "wide = list(rows)",
        "print(len(wide))",
    ]
    assert [port.name for port in plan.steps[0].outputs] == ["rows", "wide"]
    assert "moved as asked (`--move 6:2=load`)" in plan.steps[0].reason


def test_a_definition_that_it_needs_moves_along():
    _, plan = asked(TABLE, move="6:3=load")
    assert codes(plan)["load"][-1] == "print(statistics.mean(rows))"
    assert plan.graph.program.order == (1, 2, 5, 7, 3, 4, 6, 8, 9)


def test_a_statement_goes_down_too_and_comes_back():
    wishes, plan = asked(TABLE, move="2:2=look")
    assert codes(plan)["look"][0] == "wide = list(rows)"
    assert plan.graph.program.order == (1, 3, 4, 5, 2, 6, 7, 8, 9)
    wishes, plan = asked(TABLE, wishes, move="2:2=load")
    assert codes(plan)["load"] == ["rows = sorted([3, 1, 2])", "wide = list(rows)"]
    assert len(wishes.overrides) == 1


BLOCKED = {
    "it needs what is between": ("6:4=load", "it needs `ordered`, which cell 4, line 2 makes"),
    "what is between needs it": ("2:1=look", "needs `rows`, which it makes or changes"),
    "a definition": ("6:1=load", "a definition"),
}


@pytest.mark.parametrize("name", BLOCKED)
def test_a_dependence_forbids_a_move_and_is_named(name):
    words, reason = BLOCKED[name]
    with pytest.raises(MigrationRefused) as caught:
        asked(TABLE, move=words)
    assert reason in caught.value.what


def test_a_move_that_is_not_sound_any_more_is_a_finding():
    wishes, _ = asked(TABLE, move="6:2=load")
    text = TABLE.replace("ordered.append(9)", "wide.append(9)")
    graph = graph_of(text)
    plan = make_plan(with_moves(graph, wishes.overrides), mode="cells", wishes=wishes)
    found = [f.reason for f in plan.findings if f.code == "TW208"]
    assert "it needs `wide`, which cell 4, line 2 makes or changes" in found[0]
    assert plan.graph.program.order == ()


# --- statements found again ---------------------------------------------------------------------

REPEATED = "df = 1\n# %%\nprint(df)\n# %%\ndf = 2\nprint(df)\n# %%\nprint( df )"


@pytest.mark.parametrize("number", [2, 4, 5])
def test_equal_statements_are_told_apart_by_their_order(number):
    program, edited = graph_of(REPEATED).program, graph_of(f"a = 1\n# %%\n{REPEATED}").program
    found = find_anchor(anchor(program.statements[number - 1], program), edited)
    assert found.id == number + 1


def test_a_statement_that_is_gone_is_not_found():
    program = graph_of(PROGRAM).program
    wanted = replace(anchor(program.statements[0], program), text="nothing = like(this)", digest="")
    assert find_anchor(wanted, program) is None


def test_statements_of_two_versions_are_paired():
    old, new = graph_of(PROGRAM).program.statements, graph_of(EDITED).program.statements
    assert align(old, new) == {1: 1, 2: 2, 3: 4, 4: 5, 5: 6, 6: 7, 7: 8, 8: 9, 9: 10}


def test_steps_keep_the_names_of_an_earlier_plan():
    places = {n.place.cell: set() for n in graph_of(PROGRAM).program.statements}
    for statement in graph_of(PROGRAM).program.statements:
        places[statement.place.cell].add((statement.place.cell, statement.place.line))
    kept = (("start", frozenset(places[2])), ("brush", frozenset(places[4])), ("x", frozenset()))
    plan = make_plan(graph_of(PROGRAM), mode="cells", wishes=Wishes(kept=kept))
    assert [step.name for step in plan.steps] == ["start", "brush", "draw", "fit"]


# --- reasons ------------------------------------------------------------------------------------


def test_every_port_says_what_makes_it_and_what_needs_it():
    _, plan = asked()
    reasons = {(s.name, p.name): p.reason for s in plan.steps for p in s.outputs}
    assert reasons["make", "rows"] == (
        "made by cell 2, line 2 (`rows = [n * n for n in range(20)]`); "
        "needed by cell 4, line 1 in `clean`"
    )
    assert (
        reasons["clean", "rows"]
        == "made by cell 4, line 1 (`rows = [n for n in rows if n % 2]`); needed by cell 6, line 1 in `draw`"
    )
    assert reasons["fit", "best"].endswith("a result of the program")
    takes = {(s.name, p.name): p.reason for s in plan.steps for p in s.inputs}
    assert takes["draw", "rows"].startswith("needed by cell 6, line 1; made by cell 4, line 1")
