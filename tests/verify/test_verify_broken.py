"""A proof that cannot fail proves nothing: a step broken by hand is found, and named."""

from __future__ import annotations

import json
import shutil

import pytest
from observed import write_program

from thruway.ui.main import main

PROGRAM = """
# %% Make
x = [n * n for n in range(4)]
# %% Change
y = [v + 1 for v in x]
print("total", sum(y))
with open("y.txt", "w") as f:
    f.write(str(y))
# %% End
z = max(y)
"""


@pytest.fixture(scope="module")
def proven(tmp_path_factory):
    home = tmp_path_factory.mktemp("proven")
    write_program(home, PROGRAM)
    words = [
        "migrate",
        str(home / "case.ipynb"),
        "-o",
        str(home / "out"),
        "--cut",
        "cells",
        "--quiet",
    ]
    assert main(words) == 0
    return home


@pytest.fixture
def project(proven, tmp_path):
    return shutil.copytree(proven, tmp_path / "copy") / "out"


def broken(project, old, new):
    step = project / "case_pipeline" / "steps" / "change.py"
    text = step.read_text()
    assert old in text
    step.write_text(text.replace(old, new))


@pytest.mark.slow
def test_an_untouched_project_is_equal(project, capsys):
    assert main(["verify", str(project), "--quiet"]) == 0
    assert "proof: equal" in capsys.readouterr().out


@pytest.mark.slow
def test_a_changed_constant_differs(project, capsys):
    broken(project, "v + 1", "v + 2")
    assert main(["verify", str(project), "--quiet"]) == 1
    out = capsys.readouterr().out
    first = next(line for line in out.splitlines() if "differs" in line and "change" in line)
    assert "proof: differs" in out
    assert first.split(":")[0].strip() == "change"
    assert " y" in first
    assert "[0]" in first
    assert "1 ≠ 2" in first


@pytest.mark.slow
def test_everything_that_follows_differs_too_and_nothing_before(project, capsys):
    broken(project, "v + 1", "v + 2")
    assert main(["verify", str(project), "--json"]) == 1
    record = json.loads(capsys.readouterr().out)
    assert (record["verdict"], record["holds"], record["original_runs"]) == ("differs", False, 2)
    differs = {
        (c["step"], c["name"] or c["what"]) for c in record["checks"] if c["verdict"] == "differs"
    }
    assert differs == {("change", "y"), ("change", "stdout"), ("change", "y.txt"), ("end", "z")}
    first = next(c for c in record["checks"] if c["verdict"] == "differs")
    assert (first["step"], first["path"], first["expected"], first["actual"]) == (
        "change",
        "[0]",
        "1",
        "2",
    )
    assert first["place"] == "case.ipynb, cell 4, line 1"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "what"),
    [('"total"', '"sum"', "stdout"), ("str(y)", 'str(y) + "!"', "file")],
)
def test_other_text_and_other_files_differ(project, old, new, what, capsys):
    broken(project, old, new)
    assert main(["verify", str(project), "--json"]) == 1
    record = json.loads(capsys.readouterr().out)
    assert {c["what"] for c in record["checks"] if c["verdict"] == "differs"} == {what}


@pytest.mark.slow
def test_a_step_that_raises_is_named(project, capsys):
    broken(project, "v + 1", "v + None")
    assert main(["verify", str(project), "--quiet"]) == 6
    err = capsys.readouterr().err
    assert "TypeError" in err
    assert "change" in err


@pytest.mark.slow
def test_an_original_that_was_changed_since_is_compared_as_it_was(project):
    changed = write_program(project.parent, PROGRAM.replace("v + 1", "v + 3"))
    assert main(["verify", str(project), "--quiet"]) == 0
    assert main(["verify", str(project), "--source", str(changed), "--quiet"]) == 2


def test_a_copy_of_the_original_that_was_edited_is_no_witness(project, capsys):
    (project / "source" / "case.ipynb").write_text("{}")
    assert main(["verify", str(project), "--quiet"]) == 2
    assert capsys.readouterr().err.startswith("error: ")
