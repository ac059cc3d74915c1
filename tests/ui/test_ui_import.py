"""`thruway import` and `thruway compile --to tfx` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from thruway.ui.main import main

pytest.importorskip("yaml")

SAMPLES = Path(__file__).resolve().parents[1] / "api" / "imported"


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "flow.py").write_text(
        "from thruway import pipeline, step\n\n@step\ndef one(n: int) -> int:\n    return n\n\n"
        "@pipeline\ndef flow(n: int = 1):\n    return one(n)\n"
    )
    (tmp_path / "pyproject.toml").write_text('[tool.thruway]\npipeline = "flow:flow"\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_it_says_what_was_written_and_how_to_use_it(project, capsys):
    assert main(["import", str(SAMPLES / "fit_line.yaml"), "--name", "Fit It"]) == 0
    told = capsys.readouterr().out
    assert "do: " not in told
    assert told.endswith("use it:\n  from steps.imported.fit_it import fit_it\n")
    assert (project / "steps/imported/fit_it.py").is_file()


def test_as_json(project, capsys):
    assert main(["import", str(SAMPLES / "weigh_rows.yaml"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["step"], told["module"]) == ("weigh_rows_csv", "steps.imported.weigh_rows_csv")
    folder = project / "steps/imported"
    assert told["files"] == [str(folder / f"weigh_rows_csv.{end}") for end in ("py", "yaml")]


@pytest.mark.usefixtures("project")
def test_what_is_none_ends_with_an_error(capsys):
    assert main(["import", "missing.yaml"]) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_a_pipeline_is_compiled_to_tfx(project, capsys):
    words = ["compile", ".", "--to", "tfx", "--into", "out", "--project-at", "/srv/flow"]
    assert main([*words, "-o", "pipeline-root=/srv/tfx"]) == 0
    assert capsys.readouterr().out.startswith(
        "wrote out/flow_pipeline.py\nwrote out/flow_runner.py\n"
    )
    assert 'PIPELINE_ROOT = "/srv/tfx"' in (project / "out/flow_pipeline.py").read_text()
