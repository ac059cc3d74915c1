"""Each hazard, cut at every cell and run one process a step, gives the same or is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from hazard_cases import CASES, cells

HERE = Path(__file__).parent


def write_notebook(path: Path, name: str) -> None:
    book = nbformat.v4.new_notebook()
    for (heading, _), code in zip(
        [("Setup", ""), *CASES[name], ("Result", "")], cells(name), strict=True
    ):
        book.cells += [
            nbformat.v4.new_markdown_cell(f"## {heading}"),
            nbformat.v4.new_code_cell(code),
        ]
    for number, cell in enumerate(book.cells):
        cell.id = f"c{number}"
    nbformat.write(book, path)


def result_of(text: str) -> object:
    lines = [line for line in text.splitlines() if line.startswith("RESULT=")]
    return json.loads(lines[-1].removeprefix("RESULT=")) if lines else None


def plain_result(name: str, folder: Path) -> object:
    """What the cells give when they are run as one script, magics left out and streams seeded."""
    code = "\n".join(cells(name)).replace("%matplotlib inline", "")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True
    )
    return result_of(done.stdout)


def thruway(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "thruway.ui.main", *words],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_same_as_the_notebook(name: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    write_notebook(home / "case.ipynb", name)
    expected = plain_result(name, tmp_path)

    migrated = thruway("migrate", "case.ipynb", "-o", "out", "--cut", "cells", "--json", cwd=home)
    assert migrated.returncode == 0, migrated.stdout + migrated.stderr
    record = json.loads(migrated.stdout)
    assert record["proof"]["holds"]
    assert record["proof"]["counts"].get("equal", 0) > 0

    ran = thruway("run", "out", "--isolate", "--logs", "--no-cache", "--quiet", cwd=home)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert result_of(ran.stdout) == expected
