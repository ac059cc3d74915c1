"""A project and its notebook, both edited, and brought together again."""

from __future__ import annotations

import json
import shutil

import pytest
from observed import write_program

from thruway import api
from thruway.errors import ProjectError
from thruway.plan.ask import Asked
from thruway.project import load_manifest
from thruway.ui.main import main

PROGRAM = """
# %% Make
import random
rows = [n * n for n in range(20)]
# %% Clean
odd = [n for n in rows if n % 2]
print(len(odd))
# %% Count
counts = {}
for n in odd:
    counts[n % 7] = counts.get(n % 7, 0) + 1
total = sum(counts.values())
# %% Show
best = max(counts)
print("best", best)
"""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def migrated(tmp_path_factory):
    home = tmp_path_factory.mktemp("migrated")
    path = write_program(home, PROGRAM)
    api.migrate(path, output=home / "out", cut="cells")
    return home


@pytest.fixture
def home(migrated, tmp_path):
    return shutil.copytree(migrated, tmp_path / "home")


def notebook(home, *changes, text=PROGRAM):
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    write_program(home, text)


def step(home, name):
    return home / "out" / "case_pipeline" / "steps" / f"{name}.py"


def edit(path, *changes):
    text = path.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)


def actions(done):
    return {
        each.path.rpartition("/")[2]: each.action
        for each in done.files
        if each.action != "unchanged"
    }


def names(home):
    return [each.name for each in load_manifest(home / "out").steps]


def test_edits_of_both_sides_come_together_and_are_proven(home):
    edit(step(home, "count"), ("    total =", "    # all of them\n    total ="))
    (home / "out" / "case_pipeline" / "own.py").write_text("x = 1\n")
    (home / "out" / "requirements.txt").write_text("mine\n")
    shutil.rmtree(home / "out" / ".thruway")  # as in a clone
    notebook(home, ("n % 2", "n % 3"), ("# %% Count", "# %%\nextra = sum(odd)\n# %% Count"))
    done = api.sync(home / "out")
    assert done.holds
    assert done.proof.verdict == "equal"
    assert names(home) == ["make", "clean", "prepare_extra", "count", "show"]
    assert "# all of them" in step(home, "count").read_text()
    assert "n % 3" in step(home, "clean").read_text()
    assert (home / "out" / "requirements.txt").read_text() == "mine\n"
    assert (home / "out" / "case_pipeline" / "own.py").exists()
    assert "n % 3" in (home / "out" / "source" / "case.ipynb").read_text()
    assert "Verdict: **equal**" in (home / "out" / "README.md").read_text()
    found = actions(done)
    assert (found["count.py"], found["clean.py"], found["prepare_extra.py"]) == (
        "merged",
        "updated",
        "added",
    )
    assert found["requirements.txt"] == "kept"
    again = api.sync(home / "out", dry_run=True)
    assert set(actions(again).values()) == {"kept"}


def test_conflicts_are_marked_and_asked_for_before_anything_else(home, capsys):
    edit(step(home, "clean"), ("n % 2", "n % 4"))
    notebook(home, ("n % 2", "n % 3"))
    assert main(["sync", str(home / "out"), "--quiet"]) == 1
    out = capsys.readouterr().out
    assert "! conflict case_pipeline/steps/clean.py  (1 conflict: look for `<<<<<<< yours`)" in out
    assert "NOT PROVEN: look at case_pipeline/steps/clean.py" in out
    text = step(home, "clean").read_text()
    assert "<<<<<<< yours\n    odd = [n for n in rows if n % 4]\n=======\n" in text
    assert "    odd = [n for n in rows if n % 3]\n>>>>>>> new\n" in text
    assert main(["sync", str(home / "out"), "--quiet"]) == 2
    assert "conflicts of an earlier sync are left in" in capsys.readouterr().err
    head, _, rest = text.partition("<<<<<<< yours\n")
    step(home, "clean").write_text(
        head + rest.partition("=======\n")[2].replace(">>>>>>> new\n", "")
    )
    assert main(["verify", str(home / "out"), "--quiet"]) == 0


def test_a_step_that_you_renamed_and_moved_stays_so(home):
    steps = home / "out" / "case_pipeline" / "steps"
    step(home, "clean").rename(steps / "tidy.py")
    edit(steps / "tidy.py", ("def clean", "def tidy"))
    pipeline = home / "out" / "case_pipeline" / "pipeline.py"
    edit(pipeline, ("steps.clean import clean", "steps.tidy import tidy"), ("= clean(", "= tidy("))
    notebook(home, ("n % 2", "n % 3"), ("print(len(odd))", "print(len(odd), odd[0])"))
    done = api.sync(home / "out")
    assert done.renamed == {"clean": "tidy"}
    assert done.holds
    assert done.proof.verdict == "equal"
    assert not (steps / "clean.py").exists()
    text = (steps / "tidy.py").read_text()
    assert "def tidy(" in text
    assert "n % 3" in text
    assert names(home) == ["make", "tidy", "count", "show"]
    assert "[`tidy`](case_pipeline/steps/tidy.py)" in (home / "out" / "README.md").read_text()
    again = api.sync(home / "out", dry_run=True)
    assert again.renamed == {}
    assert again.holds


def test_a_dry_run_shows_what_would_change_and_writes_nothing(home, capsys):
    notebook(home, ("n % 2", "n % 3"))
    before = {p: p.read_bytes() for p in (home / "out").rglob("*") if p.is_file()}
    assert main(["sync", str(home / "out"), "--dry-run", "--quiet"]) == 0
    out = capsys.readouterr().out
    assert "U updated  case_pipeline/steps/clean.py" in out
    assert "-    odd = [n for n in rows if n % 2]\n+    odd = [n for n in rows if n % 3]" in out
    assert {p: p.read_bytes() for p in (home / "out").rglob("*") if p.is_file()} == before
    assert main(["sync", str(home / "out"), "--dry-run", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["written"], record["conflicts"], record["proof"]) == (False, [], None)
    assert {
        "path": "case_pipeline/steps/clean.py",
        "action": "updated",
        "conflicts": 0,
        "note": "",
    } in (record["files"])


def test_a_step_that_vanished_goes_unless_you_edited_it(home):
    edit(step(home, "count"), ("total =", "total = 0 +"))
    text = PROGRAM[: PROGRAM.index("# %% Count")]
    write_program(home, text)
    done = api.sync(home / "out", verify=False)
    found = actions(done)
    assert (found["show.py"], found["count.py"]) == ("removed", "conflict")
    assert not step(home, "show").exists()
    assert "total = 0 +" in step(home, "count").read_text()
    assert names(home) == ["make", "clean"]
    assert "count.py" not in actions(api.sync(home / "out", verify=False))


def test_a_notebook_that_moved_is_asked_for(home):
    shutil.move(home / "case.ipynb", home / "moved.ipynb")
    with pytest.raises(ProjectError, match="not where it was") as caught:
        api.sync(home / "out")
    assert "--source" in caught.value.fix
    done = api.sync(home / "out", source=home / "moved.ipynb", verify=False)
    assert done.holds
    assert load_manifest(home / "out").source.origin == "../moved.ipynb"
    assert not (home / "out" / "source" / "case.ipynb").exists()


def test_a_project_with_edits_is_cut_otherwise(home):
    edit(step(home, "clean"), ("print(len(odd))", "print(len(odd))  # how many"))
    asked = Asked(merge=("count,show",), rename=("clean=tidy",))
    done = api.sync(home / "out", asked=asked)
    assert done.holds
    assert done.proof.verdict == "equal"
    assert not step(home, "clean").exists()
    assert "# how many" in step(home, "tidy").read_text()
    assert names(home)[:2] == ["make", "tidy"]
    assert len(names(home)) == 3
    assert len(load_manifest(home / "out").overrides) == 2


def test_a_merged_project_that_does_not_run_says_so(home, capsys):
    edit(step(home, "show"), ("max(counts)", "max(counts.nothing)"))
    notebook(home, ("n % 2", "n % 3"))
    assert main(["sync", str(home / "out"), "--json"]) == 1
    record = json.loads(capsys.readouterr().out)
    assert record["proof"] is None
    assert "nothing" in record["problem"]["what"]
    assert record["conflicts"] == []


def test_without_the_generated_text_nothing_is_touched(home):
    (home / "out" / "source" / "generated.zip").unlink()
    with pytest.raises(ProjectError, match="no record of the text"):
        api.sync(home / "out")
