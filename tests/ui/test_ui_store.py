"""`lineage`, `diff`, `gc`, `reproduce`: what they print, as records and for people."""

from __future__ import annotations

import json
import os
import re
import time

import pytest

from thruway.kit.project import load_project
from thruway.run.lineage.lineage import Lineage
from thruway.ui.main import main

FLOW = """
from pathlib import Path
from typing import NamedTuple
from thruway import map_over, pipeline, step


class Parts(NamedTuple):
    train: list
    test: list


@step
def load(csv: str = "x.csv") -> list:
    return [int(word) for word in Path(csv).read_text().split()]


@step
def split(rows: list, share: float = 0.5) -> Parts:
    at = int(len(rows) * share)
    return Parts(rows[:at], rows[at:])


@step
def score(train: list, test: list) -> dict:
    Path("report.txt").write_text(f"{train} {test}")
    return {"mean": sum(train) / len(train), "n": len(test)}


@pipeline
def flow(share: float = 0.5):
    rows = load()
    train, test = split(rows, share)
    metrics = score(train, test)
    return metrics
"""


class Project:
    def __init__(self, folder, capsys):
        self.dir, self.capsys = folder / "project", capsys
        self.dir.mkdir()
        (self.dir / "toy.py").write_text(FLOW)
        (self.dir / "x.csv").write_text("1 2 3 4")
        (self.dir / "pyproject.toml").write_text('[tool.thruway]\npipeline = "toy:flow"\n')
        self.runs: list[str] = []

    def edit(self, old: str, new: str) -> None:
        file = self.dir / "toy.py"
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new))

    def __call__(self, verb: str, *words: str, status: int = 0) -> str:
        """What a command prints on standard output; ids and addresses as `<1>`, `<#>`."""
        assert main([verb, str(self.dir), *words]) == status
        self.out, self.err = self.capsys.readouterr()
        return self.masked(self.out)

    def json(self, verb: str, *words: str, status: int = 0):
        assert main([verb, str(self.dir), *words, "--json"]) == status
        return json.loads(self.capsys.readouterr().out)

    def run(self, *words: str) -> None:
        self.runs.append(self.json("run", *words)["run"])

    def masked(self, text: str) -> str:
        for number, run in enumerate(self.runs, 1):
            text = text.replace(run, f"<{number}>")
        text = re.sub(r"\b\d+\.\d\d s\b", "0.00 s", text)
        text = re.sub(r"\b\d{8}-\d{6}-[0-9a-f]{6}\b", "<new>", text)
        return re.sub(r"\b[0-9a-f]{12}\b", "<#>", text.replace(str(self.dir), "<dir>")).rstrip()

    def age(self) -> None:
        with (
            Lineage(load_project(self.dir).storage) as lineage,
            lineage.database.transaction() as db,
        ):
            db.run("UPDATE context SET started = started - 3600")
        for path in (self.dir / ".thruway" / "objects").rglob("*"):
            if path.is_file():
                os.utime(path, (time.time() - 3600,) * 2)


@pytest.fixture
def project(tmp_path, capsys):
    made = Project(tmp_path, capsys)
    made.run()
    return made


UP = """\
dict  <#>/return  {'mean': 1.5, 'n': 2}
└─ score  COMPLETE  0.00 s  run <1>
   │ code toy.score, toy.Path (import)
   ├─ train: list  <#>/train  [1, 2]
   │  └─ split  COMPLETE  0.00 s  run <1>
   │     │ share = 0.5
   │     │ code toy.Parts, toy.split
   │     └─ rows: list  <#>/return  [1, 2, 3, 4]
   │        └─ load  COMPLETE  0.00 s  run <1>
   │           │ reads x.csv  <#>
   │           │ code toy.load, toy.Path (import)
   └─ test: list  <#>/test  [3, 4]
      └─ split  (seen above)"""
DOWN = """\
list  <#>/return  [1, 2, 3, 4]
└─ split  COMPLETE  0.00 s  run <1>
   ├─ train: list  <#>/train  [1, 2]
   │  └─ score  COMPLETE  0.00 s  run <1>
   │     ├─ return: dict  <#>/return  {'mean': 1.5, 'n': 2}
   │     └─ report.txt: file  <#>/report.txt  report.txt
   └─ test: list  <#>/test  [3, 4]
      └─ score  COMPLETE  0.00 s  run <1>
         ├─ return: dict  <#>/return  {'mean': 1.5, 'n': 2}  (seen above)
         └─ report.txt: file  <#>/report.txt  report.txt  (seen above)"""
# Words of the command → the tree.
TREES = {
    "up": (["score"], UP),
    "of a port": (["split.test", "--depth", "1"], """\
list  <#>/test  [3, 4]
└─ split  COMPLETE  0.00 s  run <1>
   │ share = 0.5
   │ code toy.Parts, toy.split
   └─ rows: list  <#>/return  [1, 2, 3, 4]  …"""),
    "of a file": (["score.report.txt", "--depth", "1"], """\
file  <#>/report.txt  report.txt
└─ score  COMPLETE  0.00 s  run <1>
   │ code toy.score, toy.Path (import)
   ├─ train: list  <#>/train  [1, 2]  …
   └─ test: list  <#>/test  [3, 4]  …"""),
    "down": (["load.return", "--down"], DOWN),
    "down one": (["load", "--down", "--depth", "1"], """\
list  <#>/return  [1, 2, 3, 4]
└─ split  COMPLETE  0.00 s  run <1>
   ├─ train: list  <#>/train  [1, 2]  …
   └─ test: list  <#>/test  [3, 4]  …"""),
    "down from the end": (["score.return", "--down"], "dict  <#>/return  {'mean': 1.5, 'n': 2}"),
}  # fmt: skip


@pytest.mark.parametrize("name", TREES)
def test_the_tree_of_an_artifact(project, name):
    words, expected = TREES[name]
    assert project("lineage", *words) == expected


def test_artifacts_are_called_by_run_and_by_hash(project):
    project.run("-p", "share=0.25")
    first = project.json("lineage", f"{project.runs[0]}:split.train")
    assert first["preview"] == "[1, 2]"
    assert first["by"]["run"] == project.runs[0]
    assert project.json("lineage", "split.train")["preview"] == "[1]"
    assert project.json("lineage", "previous:split.train") == first
    by_hash = project.json("lineage", f"{first['hash'][:8]}/train")
    assert (by_hash["hash"], by_hash["by"]["step"]) == (first["hash"], "split")
    assert by_hash["by"]["parameters"] == {"share": "float:0.5"}
    used = project.json("lineage", "load", "--down")["used"]
    assert [(step["step"], step["runs"]) for step in used] == [("split", 1), ("split", 1)]
    assert main(["lineage", str(project.dir), "nothing.x"]) == 2


def test_an_answer_from_the_cache_has_its_whole_tree(project):
    project.run()
    found = project.json("lineage", "latest:score")
    assert (found["by"]["state"], found["by"]["run"]) == ("CACHED", project.runs[1])
    assert (
        project("lineage", "latest:score").replace("<2>", "<1>").replace("CACHED", "COMPLETE") == UP
    )
    (used,) = project.json("lineage", "load", "--down")["used"]
    assert used["runs"] == 2  # both did the same


def test_two_runs_that_differ_in_nothing(project):
    project.run()
    record = project.json("diff", "previous", "latest")
    assert record["same"]
    assert [run["run"] for run in record["runs"]] == project.runs
    assert (
        project("diff", "previous", "latest")
        == """\
from run <1> (COMPLETE) to run <2> (CACHED)
results
  5 the same
seconds
  load  0.00 s complete → 0.00 s cached
  split  0.00 s complete → 0.00 s cached
  score  0.00 s complete → 0.00 s cached"""
    )


CODE = """\
from run <1> (COMPLETE) to run <2> (COMPLETE)
code
  score: toy.score  changed
results
  score.return  DIFFERS at ['mean']: 1.5 → 2.5
  4 the same
metrics
  score[mean]  1.5 → 2.5  +1
seconds"""
DATA = """\
from run <1> (COMPLETE) to run <2> (COMPLETE)
files read
  x.csv  changed
results
  load.return  DIFFERS at [3]: 4 → 5
  split.test  DIFFERS at [1]: 4 → 5
  score.report.txt  DIFFERS: 13 bytes → 13 bytes
  2 the same
seconds"""
PARAMETER = """\
from run <1> (COMPLETE) to run <2> (COMPLETE)
parameters
  share  0.5 → 0.25
results
  split.train  DIFFERS: 2 elements → 1 elements  (length)
  split.test  DIFFERS: 2 elements → 3 elements  (length)
  score.return  DIFFERS at ['mean']: 1.5 → 1.0
  score.report.txt  DIFFERS: 13 bytes → 13 bytes
  1 the same
metrics
  score[mean]  1.5 → 1  -0.5
  score[n]     2 → 3  +1
seconds"""
CHANGES = {
    "code": (lambda project: project.edit('{"mean": sum', '{"mean": 1 + sum'), [], CODE),
    "data": (lambda project: (project.dir / "x.csv").write_text("1 2 3 5"), [], DATA),
    "a parameter": (lambda _: None, ["-p", "share=0.25"], PARAMETER),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_differs_between_two_runs(project, name):
    change, words, expected = CHANGES[name]
    change(project)
    project.run(*words)
    assert project("diff", project.runs[0], "latest").partition("\n  load  0.")[0] == expected
    assert not project.json("diff", "previous", "latest")["same"]


def test_steps_and_results_that_are_new(project):
    project.edit("return metrics\n", "more = load('y.csv')\n    return metrics, more\n")
    (project.dir / "y.csv").write_text("7")
    project.run()
    record = project.json("diff", "previous", "latest")
    new = [each["step"] for each in record["artifacts"] if each["reason"] == "only in the newer"]
    assert new == ["load_2"]
    assert record["reads"] == {"file:y.csv": ["", record["reads"]["file:y.csv"][1]]}
    assert main(["diff", str(project.dir), "latest", "nothing"]) == 2


def test_packages_are_compared(project):
    project.run()
    with (
        Lineage(load_project(project.dir).storage) as lineage,
        lineage.database.transaction() as db,
    ):
        for version, run in zip(("1.0", "2.0"), project.runs, strict=True):
            db.run(
                "UPDATE execution SET ingredients = :found WHERE step = 'score' AND context ="
                " (SELECT id FROM context WHERE run = :run)",
                found=json.dumps({"package:pandas": version, "python:": "3.11.0"}),
                run=run,
            )
    found = project.json("diff", "previous", "latest")["packages"]
    assert found["pandas"] == ["1.0", "2.0"]


# --- gc -----------------------------------------------------------------------------------------


def test_gc_says_what_it_would_remove_and_removes_it(project):
    project.run("-p", "share=0.25")
    project.age()
    assert (
        project("gc")
        == """\
removed 0 runs, 0 objects and 0 leftovers of killed runs: 0 bytes
kept 2 runs: 182 bytes"""
    )
    would = project("gc", "--keep", "1", "--dry-run")
    assert (
        would
        == """\
  run <1>
would remove 1 run, 4 objects and 0 leftovers of killed runs: 79 bytes
kept 1 run: 103 bytes"""
    )
    assert len(project.json("runs")) == 2
    assert project("gc", "--keep", "1") == would.replace("would remove", "removed")
    assert [run["run"] for run in project.json("runs")] == project.runs[1:]
    assert project.json("gc") == {
        "runs": [], "objects": 0, "leftovers": 0, "bytes": 0, "kept_runs": 1, "kept_bytes": 103,
        "dry": False,
    }  # fmt: skip
    project("lineage", "score.return")  # what is kept has its whole tree


# --- reproduce ----------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_run_comes_out_again(project):
    assert (
        project("reproduce", "latest", "-q")
        == """\
  load.return  same
  split.train  same
  split.test  same
  score.return  same
  score.report.txt  same
run <1> was reproduced by run <new>: 5 the same, 0 differ, 0 not compared"""
    )
    states = [run["state"] for run in project.json("runs")]
    assert states == ["COMPLETE", "COMPLETE"]


@pytest.mark.slow
def test_parameters_and_seed_are_those_of_the_run(project):
    project.edit("return Parts(", "import random\n    random.shuffle(rows)\n    return Parts(")
    project.run("-p", "share=0.25", "--seed", "11")
    project.run("-p", "share=0.75", "--seed", "12")
    record = project.json("reproduce", "previous")
    assert record["holds"]
    assert record["run"] == project.runs[1]
    again = next(run for run in project.json("runs") if run["run"] == record["again"])
    assert (again["params"], again["seed"]) == ({"share": "0.25"}, 11)


@pytest.mark.slow
def test_a_run_that_does_not_come_out_again(project):
    project.edit('"n": len(test)}', '"n": __import__("os").urandom(8).hex()}')
    project.run()
    out = project("reproduce", "latest", "-q", status=1)
    assert "  split.train  same\n" in out
    assert re.search(r"  score.return  DIFFERS at \['n'\]: '\w+' → '\w+'", out)
    assert out.endswith(
        "run <2> was NOT reproduced by run <new>: 4 the same, 1 differ, 0 not compared"
    )


@pytest.mark.slow
def test_other_code_is_refused_unless_anyway(project):
    project.edit("sum(train) / len(train)", "sum(train)")
    project("reproduce", "latest", status=2)
    assert project.err.splitlines() == [
        f"error: code or packages are not those of run {project.runs[0]}",
        f"  at: {project.dir}",
        "  do: go back to them, or compare all the same with --anyway",
        "score: the code of `toy.score` changed",
    ]
    assert len(project.json("runs")) == 1
    record = project.json("reproduce", "latest", "--anyway", status=1)
    assert record["differences"] == ["score: the code of `toy.score` changed"]
    assert {
        each["port"]: each["verdict"] for each in record["outputs"] if each["step"] == "score"
    } == {
        "return": "differs",
        "report.txt": "same",
    }


def test_other_packages_are_refused(project):
    with Lineage(load_project(project.dir).storage) as lineage:
        (row,) = lineage.query("SELECT ingredients FROM execution WHERE step = 'load'")
        found = {**json.loads(row["ingredients"]), "package:pandas": "0.1", "python:": "3.10.1"}
        with lineage.database.transaction() as db:
            db.run(
                "UPDATE execution SET ingredients = :found WHERE step = 'load'",
                found=json.dumps(found),
            )
    project("reproduce", "latest", status=2)
    assert "load: package pandas is gone" in project.err
    assert "load: the Python version was 3.10.1, is " in project.err


@pytest.mark.slow
def test_other_data_is_told(project):
    (project.dir / "x.csv").write_text("1 2 3 5")
    out = project("reproduce", "latest", "-q", status=1)
    assert out.splitlines()[0] == "  the file `x.csv` is another than then"
    assert "  load.return  DIFFERS at [3]: 4 → 5" in out


VERBS = ["lineage", "diff", "gc", "reproduce"]


@pytest.mark.parametrize("verb", VERBS)
def test_help_shows_an_example(verb, capsys):
    assert main([verb, "--help"]) == 0
    assert f"thruway {verb} churn" in " ".join(capsys.readouterr().out.split())


def test_without_a_run(tmp_path, capsys):
    project = Project(tmp_path, capsys)
    for words in (["lineage", "score"], ["diff", "latest", "previous"], ["reproduce", "latest"]):
        project(*words, status=2)
        assert project.err.startswith("error: no ")
    assert project("gc").startswith("removed 0 runs")
    assert not (project.dir / ".thruway").exists()
