"""The field trial finds what it is there to find: see `docs/how-to/field-trial.md`."""

import json
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"
sys.path.append(str(TOOLS))

import field_trial  # noqa: E402 - the tools are not a package
from trial import one, table  # noqa: E402


@pytest.mark.parametrize(
    ("name", "generic"),
    [
        ("step_3", True),
        ("explore", True),
        ("explore_2", True),
        ("prepare_data", True),
        ("scale_fares_2", True),
        ("scale_fares", False),
        ("explore_age", False),
        ("pca_2d", False),
    ],
)
def test_generic_names(name: str, generic: bool) -> None:
    assert table.is_generic(name) is generic


FILES = [
    # written twice by the original, by the pipeline → what is said
    ({"a.csv": "1"}, {"a.csv": "1"}, {"a.csv": "1"}, []),
    ({"a.csv": "1"}, {"a.csv": "1"}, {"a.csv": "2"}, ["file a.csv differs"]),
    ({"a.csv": "1"}, {"a.csv": "2"}, {"a.csv": "3"}, []),
    ({"a.csv": "1"}, {"a.csv": "1"}, {}, ["file a.csv is not written"]),
    ({"m.pkl": "1"}, {"m.pkl": "1"}, {"m.pkl": "2"}, []),
]


@pytest.mark.parametrize(("first", "second", "piped", "notes"), FILES)
def test_files(tmp_path: Path, first: dict, second: dict, piped: dict, notes: list) -> None:
    def plain(files: dict) -> one.Plain:
        digests = {name: one.sha256(body.encode()).hexdigest() for name, body in files.items()}
        return one.Plain(one.Ran(0, "", "", 1.0), "", 1.0, digests)

    for name, body in piped.items():
        (tmp_path / name).write_text(body, encoding="utf-8")
    steps = [{"files": list(piped)}]
    assert one._file_differences([plain(first), plain(second)], tmp_path, steps) == notes


NOTEBOOK = [
    "%matplotlib inline\nimport random, time, numpy as np",
    "%%time\nx = np.random.rand()\nprint(f'{x:.3f}')",
    "!echo hello\nx",
    "display(x)\nprint(x, time.time_ns())",
    "open('x.txt', 'w').write(f'{random.random():.3f}');",
]
SCRIPT = """\
import random


def main():
    print(__name__, f"{random.random():.3f}")


if __name__ == "__main__":
    main()
"""


@pytest.mark.slow
def test_a_trial(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cells = [{"cell_type": "code", "source": cell, "metadata": {}} for cell in NOTEBOOK]
    notebook = json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4})
    programs = {
        "note": ("n/note.ipynb", notebook),
        "script": ("script.py", SCRIPT),
        "made": ("made.py", "get_ipython().run_line_magic('matplotlib', 'inline')\nprint(1)\n"),
        "broken": ("broken.py", "raise ValueError('no')\n"),
        "ends": ("ends.py", "import os\nprint(1)\nos._exit(0)\n"),
    }
    index = []
    for name, (path, body) in programs.items():
        file = tmp_path / name / path
        file.parent.mkdir(parents=True)
        file.write_text(body, encoding="utf-8")
        common = {"repo": "me/mine", "path": path, "env": "", "seconds_plain": 1}
        index.append({"name": name, "file": f"{name}/{path}", **common})
    (tmp_path / "INDEX.json").write_text(json.dumps(index), encoding="utf-8")

    words = [str(tmp_path), "--out", str(tmp_path / "out"), "--jobs", "2", "--timeout", "120"]
    assert field_trial.main(words) == 0

    rows = {row["name"]: row for row in json.loads((tmp_path / "out/trial.json").read_text())}
    assert {name: row["verdict"] for name, row in rows.items()} == {
        "note": "equal",
        "script": "equal",
        "made": "equal",
        "broken": "original fails",
        "ends": "refused",
    }
    assert rows["note"]["stdout"] == "same"
    assert rows["note"]["lines"] == 4  # two of %%time
    assert rows["note"]["unstable_lines"] >= 1
    assert rows["note"]["printed_past_python"] == len("hello\n")
    assert rows["broken"]["reason"] == "ValueError: no"
    assert rows["note"]["observed_to_plain"] > 0
    assert "5 programs of 1 repositories: 3 equal" in (tmp_path / "out/trial.md").read_text()
    assert not list((tmp_path / "out/work").iterdir())

    assert field_trial.main([*words, "--resume"]) == 0
    assert capsys.readouterr().out.count("script: equal") == 1
