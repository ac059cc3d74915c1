"""Notebook features, modules beside the program and files: the same as in IPython, or refused.

Every case is cut at each of its cells. The proof of a migration runs each step in a process of its
own, so its log tells what the pipeline gave; what the notebook gives is asked of IPython.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import nbformat
import pytest
from file_cases import CASES as FILES
from local_cases import CASES as LOCAL
from note_cases import CASES as NOTES
from note_cases import Case

from thruway import api
from thruway.errors import ThruwayError
from thruway.kit.project import load_project
from thruway.run import describe_run
from thruway.run.engine.execute import run_project
from thruway.run.types import RunOptions

if TYPE_CHECKING:
    from pathlib import Path

ASK_IPYTHON = """
import json, os, sys
sys.path.insert(0, os.getcwd())
from traitlets.config import Config
from IPython.core.interactiveshell import InteractiveShell
class Shell(InteractiveShell):
    def enable_gui(self, gui=None): pass
    def enable_matplotlib(self, gui=None): return gui, None
config = Config()
config.HistoryManager.enabled = False
shell = Shell.instance(config=config)
shell.register_magic_function(lambda line: None, "line", "store")
for cell in json.load(sys.stdin):
    done = shell.run_cell(cell, store_history=True)
    if not done.success:
        raise SystemExit(repr(done.error_in_exec or done.error_before_exec))
"""


def cells_of(case: Case, home: Path) -> list[str]:
    """Return the code of the cells, the last one printing `RESULT=<json>`."""
    codes = [*case.cells, 'import json\nprint("RESULT=" + json.dumps(RESULT))']
    outside = home.parent / "outside"
    outside.mkdir(exist_ok=True)
    return [code.replace("@HOME@", str(home)).replace("@OUTSIDE@", str(outside)) for code in codes]


def put(case: Case, home: Path) -> Path:
    """Write the files of a case, and the notebook."""
    home.mkdir(parents=True)
    for name, text in case.files.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    book = nbformat.v4.new_notebook()
    for number, code in enumerate(cells_of(case, home)):
        cell = nbformat.v4.new_code_cell(code)
        cell.id = f"c{number}"
        if number < len(case.counts):
            cell.execution_count = case.counts[number]
        book.cells.append(cell)
    nbformat.write(book, home / "case.ipynb")
    return home / "case.ipynb"


def result_of(text: str) -> object:
    lines = [line for line in text.splitlines() if "RESULT=" in line]
    assert lines, text
    return json.loads(lines[-1].partition("RESULT=")[2])


def asked_of_ipython(case: Case, home: Path) -> object:
    put(case, home)
    done = subprocess.run(
        [sys.executable, "-c", ASK_IPYTHON],
        input=json.dumps(cells_of(case, home)),
        cwd=home,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return result_of(done.stdout)


def content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "out" not in path.relative_to(folder).parts
    }


def check(case: Case, folder: Path) -> None:
    book = put(case, folder / "home" / "work")
    before = content(folder / "home")
    if case.refused:
        with pytest.raises(ThruwayError, match=re.escape(case.refused)) as error:
            api.migrate(book, output=book.parent / "out", cut="cells")
        assert error.value.fix
        return
    done = api.migrate(book, output=book.parent / "out", cut="cells")
    assert done.proof is not None
    assert done.proof.holds, [str(each) for each in done.proof.checks if each.verdict == "differs"]
    codes = {finding.code for finding in done.findings}
    assert "TW203" not in codes
    assert not case.finding or case.finding in codes
    run = describe_run(book.parent / "out" / ".thruway", done.proof.run)
    printed = "\n".join(step["stdout"] for step in run["executions"])
    assert result_of(printed) == asked_of_ipython(case, folder / "asked" / "work")
    assert case.outside or content(folder / "home") == before


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTES)
def test_what_only_notebooks_have(name: str, tmp_path: Path) -> None:
    check(NOTES[name], tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", LOCAL)
def test_modules_beside_the_program(name: str, tmp_path: Path) -> None:
    check(LOCAL[name], tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_files_between_cells(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    check(FILES[name], tmp_path)


def value_of(project: Path, options: RunOptions) -> int:
    return run_project(load_project(project), options).load("RESULT")


@pytest.mark.slow
def test_the_copies_are_what_runs_and_what_keys_are_made_from(tmp_path: Path) -> None:
    case = Case(
        ("import sys\nsys.path.append('src')", "from mylib import f", "y = f(2)", "RESULT = y + 1"),
        files={
            "src/mylib.py": "import other\n\ndef f(x):\n    return x + other.K\n",
            "src/other.py": "K = 1\n",
        },
    )
    home = tmp_path / "home" / "work"
    project = home / "out"
    api.migrate(put(case, home), output=project, cut="cells")
    shutil.rmtree(home / "src")
    isolated, here = RunOptions(isolate=True), RunOptions()
    assert [value_of(project, isolated), value_of(project, here)] == [4, 4]
    (project / "local" / "src" / "other.py").write_text("K = 10\n", encoding="utf-8")
    assert [value_of(project, here), value_of(project, isolated)] == [13, 13]
    code = "from case_pipeline.pipeline import case_pipeline; print(case_pipeline())"
    done = subprocess.run([sys.executable, "-c", code], cwd=project, capture_output=True, text=True)  # noqa: PLW1510 - its errors are shown
    assert done.stdout.splitlines()[-1:] == ["13"], done.stderr
