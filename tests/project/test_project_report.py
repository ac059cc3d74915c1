"""The report: complete, offline, escaped; its drawing without overlaps."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import project_plans
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thruway.project.drawing import lay_out, short_label
from thruway.project.report import render_report, run_view
from thruway.project.report_graph import step_edges
from thruway.project.report_proof import proven_text, slug
from thruway.project.report_source import cell_views

CHECK = {"step": "load", "what": "port", "name": "df", "verdict": "equal"}
WRONG = {**CHECK, "step": "train_model", "name": "model", "verdict": "differs", "path": ".coef_[0]",
         "expected": "1.0", "actual": "<2>"}  # fmt: skip
SKIPPED = {**CHECK, "what": "name", "name": "fig", "verdict": "not compared", "reason": "a Figure"}
VOID = {"meta", "img", "br", "input", "link", "hr"}


class Tree(HTMLParser):
    """Checks that every element is closed, and keeps ids and addresses."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.links = [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.ids += [values["id"]] if "id" in values else []
        self.links += [values[name] for name in ("href", "src") if name in values]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def report(*checks, plan=None, verdict="equal"):
    view = {"verdict": verdict, "checks": list(checks), "limits": ["files outside"]}
    return render_report(plan or project_plans.churn(), view if checks else None)


@pytest.mark.parametrize("checks", [(), (CHECK,), (CHECK, WRONG, SKIPPED)])
def test_well_formed_and_every_link_leads_somewhere(checks):
    tree = Tree(report(*checks))
    assert len(tree.ids) == len(set(tree.ids))
    for link in tree.links:
        assert link.startswith(("data:image/png", "#", "churn/steps/"))
        if link.startswith("#"):
            assert link[1:] in tree.ids


def test_nothing_is_fetched():
    text = report(CHECK)
    assert not re.search(r"https?://|@import|url\((?!#)", text)


def test_what_the_user_wrote_is_escaped():
    plan = replace(project_plans.churn(), title="<script>alert(1)</script>")
    text = report(WRONG, plan=plan, verdict="differs")
    assert "<script>alert" not in text
    assert "&lt;2&gt;" in text


def test_the_parts_are_there():
    text = report(CHECK, WRONG, SKIPPED, verdict="differs")
    for part in ("differs", "a Figure", "files outside", "random-state-travels", "7,043 × 2",
                 "state of a random stream (numpy)", "keyword C of LogisticRegression"):  # fmt: skip
        assert part in text, part
    assert 'id="step-train_model"' in text


def test_times_of_a_run():
    executions = [
        {"step": "load", "state": "COMPLETE", "seconds": 0.31},
        {"step": "prepare", "state": "CACHED", "seconds": 9.0},
    ]
    view = run_view({"started": 10.0, "ended": 12.5, "executions": executions})
    assert view == {"seconds": 2.5, "steps": {"load": {"seconds": 0.31, "state": "COMPLETE"}}}
    text = render_report(project_plans.churn(), None, view)
    assert "2.5 s" in text
    assert "in the pipeline 0.3 s" in text
    assert run_view({}) == {"steps": {}}


def test_a_tag_stands_only_where_the_step_changes():
    plan = project_plans.churn()
    steps = (replace(plan.steps[0], body=(4, 5, 6, 7, 8)), *plan.steps[2:])
    views = cell_views(replace(plan, steps=steps))
    assert [p.tagged for v in views for p in v.passages] == [True, True, True, False, True, True]


def test_without_a_proof_it_says_so():
    assert "not proven" in report()


def test_a_script_has_a_report_too():
    Tree(render_report(project_plans.script()))


def test_lines_go_to_the_steps_that_hold_them():
    views = cell_views(project_plans.churn())
    found = [(v.number, p.steps, len(p.lines)) for v in views for p in v.passages]
    assert found == [
        (1, (), 2), (1, (), 2), (2, ("load",), 3), (3, ("prepare",), 11), (4, ("train_model",), 3),
        (5, ("evaluate",), 3),
    ]  # fmt: skip


def test_edges_come_from_the_latest_giver():
    assert step_edges(project_plans.sample(project_plans.Path("/nowhere"))) == {
        ("load", "prepare"): ("df",),
        ("prepare", "look"): ("df", "noise", "numpy_random"),
    }


def test_labels_are_short():
    assert short_label(("a", "b", "c")) == "a, b +1"
    assert len(short_label(("x" * 60,))) <= 18


@st.composite
def graphs(draw):
    names = [f"s{i}" for i in range(draw(st.integers(1, 9)))]
    pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=14)) if pairs else []
    return names, {pair: (f"from_{pair[0]}", "x") for pair in chosen}


@settings(max_examples=60, deadline=None)
@given(graphs())
def test_nothing_overlaps_in_a_drawing(graph):
    drawing = lay_out(*graph)
    layers = {}
    for wire in drawing.wires:
        depth = [spot.layer for spot in wire.spots]
        assert depth == list(range(depth[0], depth[-1] + 1))
        for spot in wire.spots:
            layers.setdefault(spot.layer, {})[spot.key] = spot
    for spot in drawing.steps.values():
        layers.setdefault(spot.layer, {})[spot.key] = spot
    for spots in layers.values():
        row = sorted(spots.values(), key=lambda spot: spot.x)
        assert row[0].x - row[0].width / 2 >= 0
        assert row[-1].x + row[-1].width / 2 <= drawing.width
        for left, right in pairwise(row):
            assert left.x + left.width / 2 < right.x - right.width / 2


def test_slugs():
    verdicts = ["equal", "within", "equal within rtol 1e-09", "differs", "not compared", ""]
    assert [slug(verdict) for verdict in verdicts] == ["ok", "near", "near", "bad", "none", "none"]


def test_the_readme_says_what_was_not_compared():
    view = {"verdict": "differs", "seed": 0, "checks": [CHECK, WRONG, SKIPPED], "limits": ["x"]}
    text = proven_text(view)
    assert "Verdict: **differs**" in text
    assert "of 2 things that were compared, 1 differ" in text
    assert "- port `model` of `train_model`" in text
    assert "at `.coef_[0]`: expected `1.0`, got `<2>`" in text
    assert "Not compared:\n\n- name `fig` of `load`: a Figure" in text
    assert proven_text(None) == ""
