"""What the documentation shows is what happens: its Python runs, its excerpts are in the files."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from docs_pages import DOCS, PAGES, ROOT, Block, blocks, name, rows

if TYPE_CHECKING:
    from pathlib import Path

MARK = "-- block"


def is_example(block: Block) -> bool:
    return block.title.startswith("cancer")


def is_run(block: Block) -> bool:
    return block.language == "python" and not is_example(block)


def as_program(page: Path, folder: Path) -> tuple[str, dict[int, str]]:
    """The page's untitled blocks as one program, and what its blocks should print."""
    parts, outputs = [], {}
    for number, block in enumerate(blocks(page)):
        if is_run(block) and not block.title:
            parts += [f'print("{MARK} {number}")', block.body]
            last = number
        elif is_run(block) and "/" not in block.title:
            (folder / block.title).write_text(block.body, encoding="utf-8")
        elif block.title == "output":
            outputs[last] = block.body.strip()
    return "\n".join(parts), outputs


def printed(text: str) -> dict[int, str]:
    parts = re.split(rf"^{MARK} (\d+)\n", text, flags=re.MULTILINE)
    return {
        int(number): body.strip() for number, body in zip(parts[1::2], parts[2::2], strict=True)
    }


@pytest.mark.parametrize(
    "page", [page for page in PAGES if any(map(is_run, blocks(page)))], ids=name
)
def test_the_code_of_a_page_runs(page: Path, tmp_path: Path) -> None:
    program, outputs = as_program(page, tmp_path)
    (tmp_path / "of_the_page.py").write_text(program, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "of_the_page.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = printed(done.stdout)
    assert {number: found[number] for number in outputs} == outputs
    for block in blocks(page):
        if is_run(block) and "/" in block.title:
            assert block.body.rstrip() in (tmp_path / block.title).read_text(encoding="utf-8"), (
                block.title
            )


@pytest.mark.slow
def test_the_example_is_as_shown(tmp_path: Path) -> None:
    """One migration for all that is said about it: excerpts, output, and the project's layout."""
    shutil.copytree(ROOT / "examples" / "cancer", tmp_path / "cancer")
    words = ["migrate", "cancer/cancer.ipynb", "-o", "pipeline", "--quiet"]
    done = subprocess.run(
        [sys.executable, "-m", "thruway.ui.main", *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    project = tmp_path / "pipeline"
    wrong = [
        f"{name(page)}: {why}"
        for page in PAGES
        for block in blocks(page)
        if (why := not_as_shown(block, project, done.stdout))
    ]
    assert wrong == []
    assert documented_files() == written_files(project)


def not_as_shown(block: Block, project: Path, output: str) -> str:
    if block.title == "cancer.ipynb":
        cells = json.loads((project / "source" / "cancer.ipynb").read_text(encoding="utf-8"))[
            "cells"
        ]
        source = "\n".join("".join(cell["source"]) for cell in cells)
        return "" if block.body.strip() in source else block.title
    if is_example(block):
        text = (project / block.title).read_text(encoding="utf-8")
        return "" if block.body.rstrip() in text else f"{block.title} is not like that any more"
    if block.language == "text" and block.body.startswith("Which biopsies"):
        return "" if block.body.strip() in output else f"`migrate` prints now:\n{output}"
    return ""


def documented_files() -> set[str]:
    page = DOCS / "reference" / "project-layout.md"
    paths = {row[0] for row in rows(page) if "/" in row[0] or "." in row[0]}
    return {path for path in paths if path not in {".thruway/", "outputs/"}}


def written_files(project: Path) -> set[str]:
    files = {file.relative_to(project).as_posix() for file in project.rglob("*") if file.is_file()}
    files = {
        file for file in files if not file.startswith(".thruway/") and "__pycache__" not in file
    }
    return {"cancer/steps/" if file.startswith("cancer/steps/") else file for file in files}
