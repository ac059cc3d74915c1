"""Names of steps: from the author's headings, from what they do, and never a clash."""

from __future__ import annotations

import builtins
import keyword

import pytest
from observed import plan_of

from thruway.plan.naming.steps import Subject, package_name, title
from thruway.plan.naming.words import camel, slug

SLUGS = {
    "Load the data": "load_data",
    "1. Load data": "load_data",
    "2) Train and evaluate": "train_evaluate",
    "Step 3: Clean": "clean",
    "IV. Models": "models",
    "**Bold** heading": "bold_heading",
    "Train/Test split!": "train_test_split",
    "[Linked](http://x.y/z) text": "linked_text",
    "One two three four five six seven": "one_two_three_four_five",
    "2023 results": "results",
    "": "",
    "???": "",
    "数据": "",
    "the of and": "",
}


@pytest.mark.parametrize("heading", SLUGS)
def test_slug(heading):
    assert slug(heading) == SLUGS[heading]


@pytest.mark.parametrize(
    ("heading", "parts"),
    [("Données", {"donn", "donnees"}), ("Größe prüfen", {"pr", "fen", "groesse", "grosse", "gr"})],
)
def test_other_letters_give_an_identifier_or_nothing(heading, parts):
    name = slug(heading)
    assert name == "" or name.isidentifier()
    assert name == "" or set(name.split("_")) & parts or name.isascii()


PACKAGES = {
    ("churn", "", ""): "churn",
    ("ChurnModel", "", ""): "churn_model",
    ("main", "", "churn"): "churn",
    ("train", "Training", "src"): "train",
    ("03_naive_bayes_spam_filter_of_emails_of_a_company", "", ""): "naive_bayes_spam_filter_emails",
    ("01-churn model", "", ""): "churn_model",
    ("Untitled1", "Churn", ""): "churn",
    ("Untitled", "", "sales"): "sales",
    ("json", "", ""): "json_pipeline",
    ("class", "", ""): "class_pipeline",
    ("pandas", "", ""): "pandas_pipeline",
    ("数据", "", ""): "program_pipeline",
}


@pytest.mark.parametrize("words", PACKAGES)
def test_package(words):
    stem, heading, folder = words
    found = package_name(stem, heading, [folder], frozenset({"pandas"}))
    if words[0] == "数据":
        assert found.isidentifier()
    else:
        assert found == PACKAGES[words]


HEADINGS = """
# %% {0}
x = [sum([1])]
# %% {1}
y = [x[0] + 1]
# %% {2}
z = [y[0] + 1]
"""
HARD = {
    "duplicates": ("Step", "Step", "Step"),
    "keywords": ("class", "import", "lambda"),
    "soft keywords": ("match", "case", "type"),
    "builtins": ("print", "list", "open"),
    "names of the program": ("x", "y", "z"),
    "not ASCII": ("数据", "Größe", "Übersicht"),
    "numbers": ("1", "2.", "3)"),
    "empty of meaning": ("the", "---", "..."),
    "alike after cleaning": ("1. Clean", "2. Clean!", "clean"),
    "alike as classes": ("load data", "Load_Data", "loadData"),
    "very long": ("word " * 30, "word " * 31, "word " * 32),
}


@pytest.mark.parametrize("mode", ["headings", "cells", "statements", "auto"])
@pytest.mark.parametrize("name", HARD)
def test_step_names_are_usable_and_their_own(name, mode):
    plan = plan_of(HEADINGS.format(*HARD[name]), mode)
    names = [step.name for step in plan.steps]
    assert len(set(names)) == len(names)
    assert len({camel(n) for n in names}) == len(names)
    for step in names:
        assert step.isidentifier()
        assert step.isascii()
        assert step == step.lower()
        assert not keyword.iskeyword(step)
        assert not hasattr(builtins, step)
        assert step not in {"x", "y", "z", plan.package}


def test_headings_name_the_steps_that_are_cut_there():
    plan = plan_of(HEADINGS.format("Load people", "Clean", "Count them"), "headings")
    assert [step.name for step in plan.steps] == ["load_people", "clean", "count_them"]
    assert [step.title for step in plan.steps] == ["Load people.", "Clean.", "Count them."]


def test_names_of_steps_avoid_functions_and_imports_of_the_program():
    plan = plan_of(
        """
        # %% Clean
        import math as load
        def clean(v):
            return load.sqrt(v)
        x = [sum([4])]
        # %% Load
        y = clean(x[0])
        """,
        "headings",
    )
    assert {"clean", "load"}.isdisjoint(step.name for step in plan.steps)


def test_a_title_without_a_heading_is_a_sentence():
    assert title(Subject("train", (), (), (), ""), (), own_heading=False).endswith(".")
