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
    assert "proof: differs" in out
    lines = out.splitlines()
    first = lines.index("  change: differs (edited)") + 1
    assert lines[first] == "    port y: differs; first at [0]: 1 ≠ 2"


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


# --- steps that were changed on purpose ---------------------------------------------------------


@pytest.mark.slow
def test_what_only_follows_says_of_what(project, capsys):
    broken(project, "v + 1", "v + 2")
    assert main(["verify", str(project), "--json"]) == 1
    record = json.loads(capsys.readouterr().out)
    assert record["differing"] == {
        "change": {
            "edited": True,
            "downstream_of": "",
            "accepted": False,
            "values": ["port y", "stdout", "file y.txt"],
        },
        "end": {
            "edited": False,
            "downstream_of": "change.y",
            "accepted": False,
            "values": ["name z"],
        },
    }
    assert main(["verify", str(project), "--quiet"]) == 1
    out = capsys.readouterr().out
    assert "  change: differs (edited)\n    port y: differs; first at [0]: 1 ≠ 2" in out
    assert "  end: differs (downstream of change.y)\n" in out


@pytest.mark.slow
def test_an_accepted_change_is_the_new_reference_until_something_else_changes(project, capsys):
    broken(project, "v + 1", "v + 2")
    assert main(["verify", str(project), "--accept", "--quiet"]) == 0
    assert main(["verify", str(project), "--json"]) == 0
    record = json.loads(capsys.readouterr().out.partition("\n{")[2].join(["{", ""]))
    assert record["verdict"].startswith("equal but for what was accepted on 20")
    assert record["original_runs"] == 1
    assert record["counts"]["accepted"] == 4
    broken(project, "v + 2", "v + 3")
    assert main(["verify", str(project), "--quiet"]) == 1
    assert "the pipeline gives something else than what was accepted on" in capsys.readouterr().out
    broken(project, "v + 3", "v + 1")
    assert main(["verify", str(project), "--quiet"]) == 0
    assert "proof: equal (" in capsys.readouterr().out


@pytest.mark.slow
def test_one_step_is_accepted_and_the_rest_still_differs(project, capsys):
    broken(project, "v + 1", "v + 2")
    assert main(["verify", str(project), "--step", "change", "--quiet"]) == 1
    out = capsys.readouterr().out
    assert "  change: as accepted (edited): port y, stdout, file y.txt\n" in out
    assert "  end: differs (downstream of change.y)" in out
    assert main(["verify", str(project), "--step", "none", "--quiet"]) == 2
    assert "has no step `none`" in capsys.readouterr().err


@pytest.mark.slow
def test_a_step_and_a_variable_with_other_names_are_compared_all_the_same(project, capsys):
    package = project / "case_pipeline"
    for file in (package / "pipeline.py", package / "steps" / "change.py"):
        text = file.read_text().replace("change", "alter")
        file.write_text(text.replace("steps.alter", "steps.change"))
    broken(project, "y = [v + 1 for v in x]", "w = [v + 1 for v in x]")
    broken(project, "sum(y)", "sum(w)")
    broken(project, "str(y)", "str(w)")
    broken(project, "return y", "return w")
    assert main(["verify", str(project), "--json"]) == 0
    checks = json.loads(capsys.readouterr().out)["checks"]
    assert {(c["what"], c["name"], c["verdict"]) for c in checks if c["step"] == "alter"} == {
        ("port", "y", "equal"),
        ("name", "f", "not compared"),
        ("stdout", "", "equal"),
        ("figures", "0 drawn", "equal"),
        ("file", "y.txt", "equal"),
    }


@pytest.mark.slow
def test_a_step_that_is_gone_differs(project, capsys):
    pipeline = project / "case_pipeline" / "pipeline.py"
    text = pipeline.read_text()
    lines = [line for line in text.splitlines() if "end" not in line and "return" not in line]
    pipeline.write_text("\n".join(lines).replace("-> int", "") + "\n")
    assert main(["verify", str(project), "--quiet"]) == 1
    assert "step end: differs (the pipeline has no such step)" in capsys.readouterr().out
