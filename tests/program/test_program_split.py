"""Program text → statements with their comments, places, headings; what is opened up."""

from __future__ import annotations

import ast
import io
import json
import tokenize
from pathlib import Path

import pytest

from thruway.errors import MigrationRefused
from thruway.program import Program, read_program
from thruway.source import read_source

SPLIT = {
    "semicolons": ("a = 1; b = 2;  # two\nc = 3", ["a = 1", "b = 2  # two", "c = 3"]),
    "comment behind": ("a = 1  # one", ["a = 1  # one"]),
    "comment above": ("# top\n\n# more\na = 1", ["# top\n\n# more|a = 1"]),
    "all text between": ("a = 1\n# x\n\n\n# y\nb = 2", ["a = 1", "# x\n\n# y|b = 2"]),
    "comment at the end": ("a = 1\n# end", ["# end|a = 1"]),
    "comment inside": ("f(  # why\n    1,\n)", ["f(  # why\n    1,\n)"]),
    "indented comment after": (
        "for i in x:\n    f(i)\n    # inner\n# outer\nb = 1",
        ["for i in x:\n    f(i)\n    # inner", "# outer|b = 1"],
    ),
    "decorated": ("# d\n@a\n@b(1)\ndef f():\n    pass", ["# d|@a\n@b(1)\ndef f():\n    pass"]),
    "strings": ("s = '''a\n# no\n   b'''; t = 1", ["s = '''a\n# no\n   b'''", "t = 1"]),
    "not ASCII": ("é = 'ü'; b = f('ä')  # ö", ["é = 'ü'", "b = f('ä')  # ö"]),
    "hash in a string": ("a = '#'; b = '# x'", ["a = '#'", "b = '# x'"]),
    "guard": (
        "# start\nif __name__ == '__main__':  # go\n    # first\n    a = '''x\n    y'''\n    b = (1,\n         2)\n",
        ["# start\n# go\n# first|a = '''x\n    y'''", "b = (1,\n     2)"],
    ),
    "guard on a line": ("if '__main__' == __name__: a = 1; b = 2", ["a = 1", "b = 2"]),
    "guard with else stays": (
        "if __name__ == '__main__':\n    a = 1\nelse:\n    a = 2",
        ["if __name__ == '__main__':\n    a = 1\nelse:\n    a = 2"],
    ),
    "main": (
        "import os\n\n# all of it\ndef main():\n    # one\n    a = 1\n    return\n\n\nif __name__ == '__main__':\n    main()",
        ["import os", "# all of it\n# one|a = 1"],
    ),
    "bare main": ("def main():\n    '''Doc.'''\n    a = 1\nmain()", ["# Doc.|a = 1"]),
}


def program(folder: Path, text: str) -> Program:
    path = folder / "prog.py"
    path.write_text(text, encoding="utf-8")
    return read_program(read_source(path))


def notebook(folder: Path, *cells: str) -> Program:
    records = [
        {
            "cell_type": "markdown" if cell.startswith("#!") else "code",
            "source": cell.removeprefix("#!"),
        }
        for cell in cells
    ]
    path = folder / "nb.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "metadata": {}, "cells": records}))
    return read_program(read_source(path))


@pytest.mark.parametrize("case", SPLIT)
def test_text_is_split_and_nothing_is_lost(case: str, tmp_path: Path) -> None:
    text, expected = SPLIT[case]
    found = program(tmp_path, text).statements
    assert [f"{s.comment}|{s.code}" if s.comment else s.code for s in found] == expected


def test_main_may_import_what_the_module_imports(tmp_path: Path) -> None:
    text = "import os\ndef main():\n    import os\n    a = os.sep\nmain()"
    assert [s.code for s in program(tmp_path, text).statements] == [
        "import os",
        "import os",
        "a = os.sep",
    ]


def test_places_are_the_authors(tmp_path: Path) -> None:
    found = notebook(
        tmp_path, "# c\n%matplotlib inline\na = 1\n\nb = (1,\n     2)", "#!# Title", "c = 1"
    )
    places = [(str(s.place), s.end_line) for s in found.statements]
    assert places == [
        ("nb.ipynb, cell 1, line 3", 3),
        ("nb.ipynb, cell 1, line 5", 6),
        ("nb.ipynb, cell 3, line 1", 1),
    ]
    assert found.statements[0].comment == "# c\n# %matplotlib inline"
    assert [s.heading for s in found.statements] == ["", "", "Title"]
    assert [s.last_in_cell for s in found.statements] == [False, True, True]


def test_comments_of_empty_cells_go_to_the_next_statement(tmp_path: Path) -> None:
    found = notebook(tmp_path, "# one", "a = 1", "# two")
    assert found.statements[0].comment == "# one\n\n# two"


DISPLAYS = {
    "x": True,
    "x;": False,
    "x  # shown": True,
    "x;  # quiet": False,
    "x = 1": False,
    "x\n# comment": True,
    "x\n%timeit 1": False,
    "%time x": True,
    "if x:\n    x": False,
}


@pytest.mark.parametrize("text", DISPLAYS)
def test_what_a_notebook_displays(text: str, tmp_path: Path) -> None:
    found = notebook(tmp_path, "x = 1", text).statements[-1]
    assert found.displays == DISPLAYS[text]


def test_all_expressions_are_displayed_when_asked_for(tmp_path: Path) -> None:
    cells = ("InteractiveShell.ast_node_interactivity = 'all'\n1\n2", "3\n4;")
    found = notebook(tmp_path, *cells).statements
    assert [s.displays for s in found] == [False, False, True, True, False]


def test_scripts_display_nothing(tmp_path: Path) -> None:
    assert not program(tmp_path, "x = 1\nx").statements[-1].displays


@pytest.mark.parametrize("name", ["Out[1]", "_3", "_oh", "__"])
def test_history_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(
        MigrationRefused, match=r"IPython's history(.|\n)*nb\.ipynb, cell 2, line 1"
    ):
        notebook(tmp_path, "x = 1", f"y = {name}")


BANNERS = {
    "# ---- Load data ----": ("Load data", 3),
    "# ## Title": ("Title", 2),
    "########## Title ##########": ("Title", 2),
    "#######\n# Title\n#######": ("Title", 2),
    "# 1. Load data": ("1. Load data", 4),
    "# Step 2: Train": ("Step 2: Train", 4),
    "# Train ----------": ("Train", 3),
    "## Train": ("Train", 4),
    "# load the data": ("", 0),
    "# ----------": ("", 0),
    "## x = 1": ("", 0),
    "# why\n# 1. first reason": ("", 0),
}


@pytest.mark.parametrize("text", BANNERS)
def test_banner_comments_are_headings_of_scripts(text: str, tmp_path: Path) -> None:
    found = program(tmp_path, f"import os\n\n{text}\na = 1\nb = 2").statements
    assert [(s.heading, s.heading_level) for s in found] == [("", 0), BANNERS[text], BANNERS[text]]


def _comments(text: str) -> list[str]:
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return sorted(t.string for t in tokens if t.type == tokenize.COMMENT)


@pytest.mark.parametrize("module", ["ast", "textwrap", "heapq", "calendar", "csv"])
def test_the_statements_of_a_module_make_the_module(module: str) -> None:
    path = Path(ast.__file__).parent / f"{module}.py"
    text = path.read_text(encoding="utf-8")
    found = read_program(read_source(path), open=False).statements
    again = "\n".join(f"{s.comment}\n{s.code}" for s in found) + "\n"
    before = {ast.dump(node) for node in ast.walk(ast.parse(text)) if isinstance(node, ast.stmt)}
    assert {ast.dump(node) for node in ast.parse(again).body} <= before
    assert _comments(again) == _comments(text)
