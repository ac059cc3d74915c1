"""Bad input is named: three lines, an exit status, nothing written."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest
from observed import notebook_text, write_program

from thruway.ui.main import main
from thruway.version import __version__

RAISES = """
# %%
x = [1]
# %%
print("before")
y = x[0] + 1
z = x["no"]
# %%
w = 3
"""
R_NOTEBOOK = notebook_text("x = 1").replace(
    '"name": "python3", "language": "python"', '"name": "ir", "language": "R"'
)

# name → (file name, content, exit status, words of the message)
BAD = {
    "missing": ("none.ipynb", None, 2, ["There is no such file", "none.ipynb"]),
    "another kind of file": ("a.txt", "x = 1", 2, [".ipynb", "a.txt"]),
    "not JSON": ("a.ipynb", "{", 2, ["a.ipynb"]),
    "JSON, no notebook": ("a.ipynb", "[]", 2, ["a.ipynb"]),
    "another language": ("a.ipynb", R_NOTEBOOK, 2, ["R", "a.ipynb"]),
    "a syntax error": ("a.ipynb", notebook_text("# %%\nx = 1\n# %%\ny = 2\nz = = 3"), 2, ["cell 2", "line 2"]),
    "a syntax error in a script": ("a.py", "x = 1\ny = = 2\n", 2, ["a.py", "line 2"]),
    "no cells": ("a.ipynb", notebook_text(""), 2, ["empty"]),
    "only comments": ("a.py", "# nothing\n", 2, ["empty"]),
    "an unknown magic": ("a.ipynb", notebook_text("%%cython\nx = 1"), 4, ["cell 1"]),
}  # fmt: skip


@pytest.mark.parametrize("verb", ["explain", "migrate"])
@pytest.mark.parametrize("name", BAD)
def test_a_source_that_cannot_be_read(name, verb, tmp_path, monkeypatch, capsys):
    file, content, status, words = BAD[name]
    monkeypatch.chdir(tmp_path)
    if content is not None:
        (tmp_path / file).write_text(content)
    before = sorted(tmp_path.iterdir())
    assert main([verb, file, "--quiet"]) == status
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert "Traceback" not in err
    assert all(word in err for word in words)
    assert len(err.strip().splitlines()) <= 5
    assert sorted(tmp_path.iterdir()) == before


def test_a_folder(tmp_path, capsys):
    assert main(["explain", str(tmp_path)]) == 2
    assert "folder" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["missing", "not JSON", "a syntax error"])
def test_errors_as_json(name, tmp_path, capsys):
    file, content, status, _ = BAD[name]
    if content is not None:
        (tmp_path / file).write_text(content)
    assert main(["migrate", str(tmp_path / file), "--json"]) == status
    out, err = capsys.readouterr()
    assert err == ""
    record = json.loads(out)
    assert record["error"] == "SourceError"
    assert {"what", "where", "fix"} <= set(record)


@pytest.mark.slow
def test_a_program_without_a_step(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "case.py").write_text("import math\n\n\ndef half(r):\n    return r / 2\n")
    assert main(["migrate", "case.py", "--quiet"]) == 4
    assert "only defines" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["case.py"]


@pytest.mark.slow
def test_a_program_that_raises_is_the_user_s(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_program(tmp_path, RAISES)
    assert main(["migrate", "case.ipynb", "--quiet"]) == 3
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("error: your program raised TypeError")
    assert "case.ipynb, cell 2, line 3" in lines[1]
    assert "--until 1" in lines[2]
    assert lines[-1].startswith("TypeError")
    assert any('z = x["no"]' in line for line in lines)
    assert not any("thruway/" in line for line in lines)
    assert [path.name for path in tmp_path.iterdir()] == ["case.ipynb"]


@pytest.mark.slow
def test_until_takes_what_comes_before(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_program(tmp_path, RAISES.replace("x = [1]", "x = [sum([1])]"))
    assert main(["migrate", "case.ipynb", "-o", "out", "--until", "1", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["proof"]["holds"]
    assert {n for step in record["steps"] for n in step["statements"]} == {1}


CHILDREN = {
    "os._exit": ("import os\nx = 1\n# %%\nos._exit(0)", ["ended with status 0", "cell 2"]),
    "a signal": (
        "import os\nx = 1\n# %%\nos.kill(os.getpid(), 9)",
        ["SIGKILL", "cell 2", "memory"],
    ),
    "a crash": ("import os\n# %%\nos.kill(os.getpid(), 11)", ["SIGSEGV", "cell 2"]),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CHILDREN)
def test_a_child_that_dies_is_named(name, tmp_path, monkeypatch, capsys):
    text, words = CHILDREN[name]
    monkeypatch.chdir(tmp_path)
    write_program(tmp_path, text)
    assert main(["migrate", "case.ipynb", "--quiet"]) == 8
    err = capsys.readouterr().err
    assert all(word in err for word in words), err
    assert [path.name for path in tmp_path.iterdir()] == ["case.ipynb"]


def test_an_interpreter_that_is_none(tmp_path, capsys):
    path = write_program(tmp_path, "x = 1")
    assert main(["explain", str(path), "--python", str(tmp_path / "python9"), "--quiet"]) == 8
    assert "python9" in capsys.readouterr().err


# --- folders that are in the way ----------------------------------------------------------------


def test_a_folder_with_other_work_is_refused_before_anything_runs(tmp_path, capsys):
    path = write_program(tmp_path, "open('ran', 'w').close()\nx = 1")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("mine")
    assert main(["migrate", str(path), "-o", str(tmp_path / "out"), "--quiet"]) == 2
    assert "other work" in capsys.readouterr().err
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["thesis.txt"]


def test_a_folder_with_other_work_is_refused_by_force_too(tmp_path, capsys):
    path = write_program(tmp_path, "x = 1")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("mine")
    assert main(["migrate", str(path), "-o", str(tmp_path / "out"), "--force", "--quiet"]) == 2
    assert "other work" in capsys.readouterr().err


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A migrated program, not proven: `home/case.ipynb` and `home/out`."""
    home = tmp_path_factory.mktemp("project")
    text = """
    # %% Load
    LIMIT = 2
    x = [sum([1, 2]), 3]
    print("loaded")
    # %% Count
    n = len(x) + LIMIT
    """
    write_program(home, text)
    assert (
        main(
            [
                "migrate",
                str(home / "case.ipynb"),
                "-o",
                str(home / "out"),
                "--cut",
                "cells",
                "--no-verify",
                "--quiet",
            ]
        )
        == 0
    )
    return home


@pytest.fixture
def copy(project, tmp_path):
    """A copy of the migrated program that a test may change."""
    return shutil.copytree(project, tmp_path / "copy")


@pytest.mark.slow
def test_a_project_that_was_edited_is_kept_without_force(copy, capsys):
    step = copy / "out" / "case_pipeline" / "steps" / "count.py"
    step.write_text(step.read_text() + "# mine\n")
    again = [
        "migrate",
        str(copy / "case.ipynb"),
        "-o",
        str(copy / "out"),
        "--cut",
        "cells",
        "--no-verify",
        "--quiet",
    ]
    assert main(again) == 2
    err = capsys.readouterr().err
    assert "edited" in err
    assert "count.py" in err
    assert step.read_text().endswith("# mine\n")
    assert main([*again, "--force"]) == 0
    assert "# mine" not in step.read_text()


@pytest.mark.slow
def test_an_untouched_project_is_written_again(copy):
    again = ["migrate", str(copy / "case.ipynb"), "-o", str(copy / "out"), "--no-verify", "--quiet"]
    assert main(again) == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-p", "LIMITS=3"], ["LIMITS=3", "LIMIT"]),
        (["-p", "LIMIT"], ["-p LIMIT", "name=value"]),
        (["-p", "LIMIT=three"], ["three", "int"]),
        (["--only", "none"], ["none"]),
        (["--from", "none"], ["none"]),
    ],
)
def test_arguments_that_make_no_sense(copy, words, said, capsys):
    assert main(["run", str(copy / "out"), "--quiet", *words]) == 2
    err = capsys.readouterr().err
    assert all(word in err for word in said), err


def test_a_folder_that_is_no_project(tmp_path, capsys):
    for verb in (["run"], ["verify"], ["runs"]):
        assert main([*verb, str(tmp_path)]) == 2
        assert capsys.readouterr().err.startswith("error: ")
    assert list(tmp_path.iterdir()) == []


def test_what_is_neither_run_nor_artifact(copy, capsys):
    assert main(["show", str(copy / "out"), "zzz"]) == 2
    assert "zzz" in capsys.readouterr().err


def test_an_unknown_option_and_an_unknown_verb(capsys):
    assert main(["run", "--nonsense"]) == 2
    assert main(["nonsense"]) == 2
    assert "nonsense" in capsys.readouterr().err


# --- what every command has -----------------------------------------------------------------


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == __version__


@pytest.mark.parametrize("verb", ["migrate", "explain", "verify", "run", "runs", "show"])
def test_help_of_every_verb_has_json(verb, capsys):
    assert main([verb, "--help"]) == 0
    assert "--json" in capsys.readouterr().out


@pytest.mark.slow
def test_the_json_of_every_command_parses(copy, capsys):
    project = str(copy / "out")

    def record(*words):
        assert main([*words, "--json"]) == 0
        out, err = capsys.readouterr()
        assert err == ""
        return json.loads(out)

    source = str(copy / "case.ipynb")
    assert len(record("explain", source, "--cut", "cells")["steps"]) == 2
    ran = record("run", project)
    assert ran["state"] == "COMPLETE"
    assert [r["run"] for r in record("runs", project)] == [ran["run"]]
    assert record("show", project, ran["run"])["kind"] == "run"
    address = next(ref["hash"] for ref in ran["results"].values())
    assert record("show", project, address[:12])["kind"] == "artifact"
    assert record("verify", project)["verdict"] == "equal"
    assert record("migrate", source, "-o", str(copy / "other"), "--no-verify")["proof"] is None


@pytest.mark.slow
def test_explain_writes_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_program(
        tmp_path, "# %% Make\nx = [sum([1])]\n# %% Count\ny = len(x)\nopen('made.txt', 'w').close()"
    )
    assert main(["explain", "case.ipynb", "--quiet"]) == 0
    out = capsys.readouterr().out
    for word in ("statements", "dependences", "steps", "needs x of 1", "both"):
        assert word in out
    assert [path.name for path in tmp_path.iterdir()] == ["case.ipynb"]


@pytest.mark.slow
def test_no_colour_where_nobody_looks(copy):
    done = subprocess.run(
        [sys.executable, "-m", "thruway.ui.main", "run", str(copy / "out"), "--logs"],
        capture_output=True, text=True, check=True, env={**__import__("os").environ, "NO_COLOR": "1"},
    )  # fmt: skip
    assert "loaded\n" in done.stdout
    assert "\x1b" not in done.stdout + done.stderr
