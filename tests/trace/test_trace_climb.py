"""How far above its own folder a program reaches."""

from __future__ import annotations

import pytest

from thruway.program.read import read_program
from thruway.source import read_source
from thruway.trace.climb import climb, reach_above

CASES = [
    (["pd.read_csv('a.csv')"], 0),
    (["pd.read_csv('../data/a.csv')"], 1),
    (["pd.read_csv('./../../a.csv')"], 2),
    (["pd.read_csv(f'../{name}')"], 1),
    (["os.path.join('..', '..', 'data')"], 2),
    (["pd.read_csv('..\\\\data\\\\a.csv')"], 1),
    (["x = 'and so on ...'", "y = '...'", "z = '..hidden'"], 0),
    (["here = Path(__file__).parent"], 0),
    (["here = Path(__file__).parent", "root = here.parent"], 1),
    (["root = Path(__file__).absolute().parents[1]"], 1),
    (["root = os.path.dirname(os.path.dirname(__file__))"], 1),
    (["root = Path.cwd().parent"], 1),
    (["x = '../../../../../../../../etc'"], 6),
]


@pytest.mark.parametrize(("codes", "levels"), CASES)
def test_climb(codes, levels):
    assert climb(codes) == levels


MODULES = {
    "a module": ("import config", {"config.py": "DATA = '../input/a.csv'"}, 1),
    "a module of a module": (
        "from config import DATA",
        {"config.py": "import places\nDATA = places.DATA", "places.py": "DATA = '../../a.csv'"},
        2,
    ),
    "a package": ("import tools", {"tools/__init__.py": "", "tools/io.py": "D = '../a.csv'"}, 1),
    "one that is not imported": ("import math", {"config.py": "DATA = '../a.csv'"}, 0),
    "one that is no Python": ("import config", {"config.py": "DATA = = '../a.csv'"}, 0),
    "two that import one another": (
        "import one",
        {"one.py": "import two", "two.py": "import one"},
        0,
    ),
}


@pytest.mark.parametrize("name", MODULES)
def test_modules_beside_the_program_count(name, tmp_path):
    text, files, levels = MODULES[name]
    for file, content in {"program.py": text, **files}.items():
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(content, encoding="utf-8")
    program = read_program(read_source(tmp_path / "program.py"))
    assert reach_above(tmp_path, program.statements) == levels
